/** Questions to a publisher over a broker, beside the light client's own. */
import { copyBytes, toHex } from "../../base/bytes.js";
import { codeOf, DomainError } from "../../base/error.js";
import type { Link } from "../../base/link.js";
import type { Random } from "../../base/random.js";
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import { type AncestorAnswer, decodeAncestor } from "../../codec/wire/ancestorMessage.js";
import type { WireContext } from "../../codec/wire/context.js";
import { decodeEvent, type EventMessage } from "../../codec/wire/eventMessage.js";
import { REQUEST_ID_BYTES } from "../../codec/wire/limits.js";
import { decodeResponse, encodeRequest, type Question, type Response } from "../../codec/wire/requestMessage.js";
import { decodeSegment } from "../../codec/wire/segment.js";
import { decodeStateAnswer } from "../../codec/wire/stateMessage.js";
import { topicsOf } from "../../codec/wire/topics.js";
import { MqttSource } from "../mqttSource.js";
import type { SendOutcome } from "../upstream.js";
import type { Carrier } from "./carrier.js";
import { SharedLink } from "./sharedLink.js";

export interface MqttCarrierOptions {
  readonly name: string;
  readonly link: Link;
  readonly chainId: string;
  readonly groupId: string;
  /** Our name in questions; the light client's on the same connection gets another one. */
  readonly client: string;
  readonly wire: WireContext;
  readonly random: Random;
  /** For one answer; a publisher waits some seconds for a block. Default ANSWER_WAIT_MS. */
  readonly answerWaitMs?: number;
  count(code: string): void;
}

export const ANSWER_WAIT_MS = 15_000;
/** Behind the name under which the light client on the same connection asks. */
const LIGHT_SUFFIX = "-h";

export function mqttCarrier(options: MqttCarrierOptions): Carrier {
  return new MqttCarrier(options);
}

class MqttCarrier implements Carrier {
  readonly name: string;
  readonly #options: MqttCarrierOptions;
  readonly #link: SharedLink;
  readonly #answers = new Map<string, (response: Response | undefined) => void>();
  readonly #waitingForLink = new Set<(ready: boolean) => void>();
  #ready = false;
  #stopped = false;

  constructor(options: MqttCarrierOptions) {
    this.#options = options;
    this.name = options.name;
    const { link, chainId, groupId, client, count } = options;
    this.#link = new SharedLink({
      link,
      ownTopic: topicsOf(chainId, groupId).name({ kind: "response", client }),
      onOwn: ({ payload }) => this.#onAnswer(payload),
      onReady: (ready) => this.#onReady(ready),
      count,
    });
  }

  source(emit: Parameters<Carrier["source"]>[0], count: Parameters<Carrier["source"]>[1]): MqttSource {
    const { name, chainId, groupId, wire, client } = this.#options;
    return new MqttSource({
      name,
      link: this.#link,
      topics: topicsOf(chainId, groupId),
      chainId,
      groupId,
      client: `${client}${LIGHT_SUFFIX}`,
      wire,
      watch: [],
      emit,
      count,
    });
  }

  async headers(from: number, count: number): Promise<readonly HashedHeader[]> {
    const answer = await this.#ask({ what: "headers", from, count });
    if (answer?.body === undefined) return [];
    try {
      return decodeSegment(copyBytes(answer.body), this.#options.wire).headers;
    } catch (thrown) {
      return this.#undecodable(thrown, []);
    }
  }

  async send(transaction: Uint8Array): Promise<SendOutcome> {
    const answer = await this.#ask({ what: "send", transaction });
    if (answer?.status === "refused") return { status: "refused", code: "publisher" };
    if (answer?.body === undefined) return { status: "pending" };
    try {
      return { status: "proven", event: decodeEvent(answer.body) };
    } catch (thrown) {
      return this.#undecodable(thrown, { status: "pending" });
    }
  }

  async proof(transactionHash: Uint8Array): Promise<EventMessage | undefined> {
    const answer = await this.#ask({ what: "proof", transactionHash });
    if (answer?.body === undefined) return undefined;
    try {
      return decodeEvent(answer.body);
    } catch (thrown) {
      return this.#undecodable(thrown, undefined);
    }
  }

  async ancestor(number: number, below: number): Promise<AncestorAnswer | undefined> {
    const answer = await this.#ask({ what: "ancestor", number, below });
    if (answer?.body === undefined) return undefined;
    try {
      return decodeAncestor(answer.body, this.#options.wire);
    } catch (thrown) {
      return this.#undecodable(thrown, undefined);
    }
  }

  async stateProof(table: string, key: string, number: number | undefined): Promise<StateProofAnswer | undefined> {
    const answer = await this.#ask({ what: "state", table, key, number });
    if (answer?.body === undefined) return undefined;
    try {
      return decodeStateAnswer(answer.body);
    } catch (thrown) {
      return this.#undecodable(thrown, undefined);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#onReady(false);
    for (const settle of [...this.#waitingForLink]) settle(false);
    await this.#link.stop();
  }

  #undecodable<T>(thrown: unknown, instead: T): T {
    if (!(thrown instanceof DomainError)) throw thrown;
    this.#options.count(codeOf(thrown));
    return instead;
  }

  /** Undefined when no answer came. A lost connection ends the wait: the answer was for it. */
  async #ask(question: Question): Promise<Response | undefined> {
    const { link, chainId, groupId, client, random, count, answerWaitMs = ANSWER_WAIT_MS } = this.#options;
    if (this.#stopped || !(await this.#linked(answerWaitMs))) return undefined;
    const id = random.bytes(REQUEST_ID_BYTES);
    const key = toHex(id);
    const answer = new Promise<Response | undefined>((resolve) => {
      const timer = setTimeout(() => settle(undefined), answerWaitMs);
      const settle = (response: Response | undefined): void => {
        clearTimeout(timer);
        this.#answers.delete(key);
        resolve(response);
      };
      this.#answers.set(key, settle);
    });
    try {
      const topic = topicsOf(chainId, groupId).name({ kind: "request" });
      await link.publish(topic, encodeRequest({ id, client, question }), { retain: false, qos: 1 });
    } catch (thrown) {
      count(codeOf(thrown));
      this.#answers.get(key)?.(undefined);
    }
    return await answer;
  }

  #linked(waitMs: number): Promise<boolean> {
    if (this.#ready) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), waitMs);
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        this.#waitingForLink.delete(settle);
        resolve(ready);
      };
      this.#waitingForLink.add(settle);
    });
  }

  #onReady(ready: boolean): void {
    this.#ready = ready && !this.#stopped;
    if (this.#ready) for (const settle of [...this.#waitingForLink]) settle(true);
    else for (const settle of [...this.#answers.values()]) settle(undefined);
  }

  #onAnswer(payload: Uint8Array): void {
    try {
      const response = decodeResponse(payload);
      const settle = this.#answers.get(toHex(response.id));
      if (settle === undefined) this.#options.count("CHAIN_ANSWER_UNASKED");
      else settle(response);
    } catch (thrown) {
      this.#options.count(codeOf(thrown));
    }
  }
}
