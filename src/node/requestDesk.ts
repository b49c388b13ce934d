/** Answers questions of light clients from the store and from the node the publisher follows. Fair and bounded per client. */
import type { Clock, Millis } from "../base/clock.js";
import { codeOf } from "../base/error.js";
import type { Link } from "../base/link.js";
import type { Committees } from "../chain/committee.js";
import type { ChainStore } from "../chain/store.js";
import { readCertified, reduceStretch } from "../chain/stretch.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { encodeAncestor } from "../codec/wire/ancestorMessage.js";
import type { WireContext } from "../codec/wire/context.js";
import { encodeBlockBody, encodeEvent } from "../codec/wire/eventMessage.js";
import { PAYLOAD_BYTES_MAX } from "../codec/wire/limits.js";
import {
  decodeRequest,
  encodeResponse,
  type Question,
  type Request,
  type ResponseStatus,
} from "../codec/wire/requestMessage.js";
import { encodeSegment } from "../codec/wire/segment.js";
import { encodeStateAnswer } from "../codec/wire/stateMessage.js";
import type { Topics } from "../codec/wire/topics.js";
import type { Upstream } from "./upstream.js";

export interface RequestDeskOptions {
  readonly link: Link;
  readonly topics: Topics;
  readonly wire: WireContext;
  readonly store: ChainStore;
  readonly segmentSize: number;
  readonly genesis: HashedHeader | undefined;
  readonly committees: Committees;
  readonly upstream: Upstream | undefined;
  readonly clock: Clock;
  count(code: string): void;
  /** Somebody wanted a whole segment by range. */
  askedForSegment(start: number): void;
}

/** Questions one client may ask at once, and how fast the allowance comes back. */
export const CLIENT_BURST_REQUESTS = 32;
export const CLIENT_REQUESTS_PER_SECOND = 32;
export const CLIENTS_KNOWN_MAX = 4_096;
/** Questions being answered at a time. */
export const ANSWERS_OPEN_MAX = 128;
/** Of these, transactions that wait for their block: a slow chain must not keep headers from anybody. */
export const SENDS_OPEN_MAX = 16;
/** Envelope around a body: id, status, item heads. */
const ENVELOPE_BYTES = 32;

/** A status without a body that is no failure of ours. */
type Declined = Exclude<ResponseStatus, "done">;

interface Allowance {
  left: number;
  at: Millis;
}

export class RequestDesk {
  readonly #options: RequestDeskOptions;
  readonly #allowances = new Map<string, Allowance>();
  #open = 0;
  #sends = 0;

  constructor(options: RequestDeskOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong is counted, and told to the client where it is known. */
  async serve(payload: Uint8Array): Promise<void> {
    const { count } = this.#options;
    let request: Request;
    try {
      request = decodeRequest(payload);
    } catch (thrown) {
      count(codeOf(thrown));
      return;
    }
    if (!this.#allowed(request.client) || this.#open >= ANSWERS_OPEN_MAX) {
      count("REQUESTS_BUSY");
      await this.#reply(request, "busy");
      return;
    }
    this.#open++;
    try {
      const body = await this.#answer(request.question);
      if (typeof body === "string") {
        await this.#reply(request, body);
        return;
      }
      const fits = body !== undefined && body.length + ENVELOPE_BYTES <= PAYLOAD_BYTES_MAX;
      count(fits ? "REQUESTS_ANSWERED" : "REQUESTS_UNAVAILABLE");
      await this.#reply(request, fits ? "done" : "unavailable", fits ? body : undefined);
    } catch (thrown) {
      count(codeOf(thrown));
      await this.#reply(request, "unavailable");
    } finally {
      this.#open--;
    }
  }

  async #reply({ id, client }: Request, status: ResponseStatus, body?: Uint8Array): Promise<void> {
    const { link, topics, count } = this.#options;
    try {
      const topic = topics.name({ kind: "response", client });
      await link.publish(topic, encodeResponse(id, status, body), { retain: false, qos: 1 });
    } catch (thrown) {
      count(codeOf(thrown));
    }
  }

  #allowed(client: string): boolean {
    const now = this.#options.clock.now();
    if (!this.#allowances.has(client) && this.#allowances.size >= CLIENTS_KNOWN_MAX) this.#allowances.clear();
    const allowance = this.#allowances.get(client) ?? { left: CLIENT_BURST_REQUESTS, at: now };
    const regained = (Math.max(0, now - allowance.at) / 1_000) * CLIENT_REQUESTS_PER_SECOND;
    allowance.left = Math.min(CLIENT_BURST_REQUESTS, allowance.left + regained);
    allowance.at = now;
    this.#allowances.set(client, allowance);
    if (allowance.left < 1) return false;
    allowance.left -= 1;
    return true;
  }

  async #answer(question: Question): Promise<Uint8Array | Declined | undefined> {
    const { upstream } = this.#options;
    switch (question.what) {
      case "headers":
        return this.#headers(question.from, question.count);
      case "block": {
        const body = await upstream?.block(question.number);
        return body === undefined ? undefined : encodeBlockBody(body);
      }
      case "proof": {
        const event = await upstream?.proof(question.transactionHash);
        return event === undefined ? undefined : encodeEvent(event);
      }
      case "send":
        return this.#send(question.transaction);
      case "ancestor": {
        const answer = await upstream?.ancestor?.(question.number, question.below);
        return answer === undefined ? undefined : encodeAncestor(answer, this.#options.wire);
      }
      case "state": {
        const answer = await upstream?.stateProof?.(question.table, question.key, question.number);
        return answer === undefined ? undefined : encodeStateAnswer(answer);
      }
    }
  }

  async #send(transaction: Uint8Array): Promise<Uint8Array | Declined | undefined> {
    const { upstream, count } = this.#options;
    if (upstream === undefined) return undefined;
    if (this.#sends >= SENDS_OPEN_MAX) {
      count("REQUESTS_BUSY");
      return "busy";
    }
    this.#sends++;
    try {
      const outcome = await upstream.sendTransaction(transaction);
      if (outcome.status === "proven") return encodeEvent(outcome.event);
      count(outcome.status === "refused" ? outcome.code : "REQUESTS_UNAVAILABLE");
      return outcome.status === "refused" ? "refused" : "unavailable";
    } finally {
      this.#sends--;
    }
  }

  /**
   * A stretch of headers, shorter than asked where it would be too large. A single header keeps all its signatures: it is
   * asked for where sealers changed, and the overlap with an older set may need every one of them.
   */
  #headers(from: number, count: number): Uint8Array | undefined {
    const { genesis, store, wire, segmentSize, committees, askedForSegment } = this.#options;
    if (genesis !== undefined && from === genesis.header.number) return encodeSegment([genesis], true, wire);
    if (count === segmentSize && from % segmentSize === 0) askedForSegment(from);
    const headers = readCertified(store, from, from + Math.min(count, segmentSize) - 1, wire);
    if (headers.length === 0) return undefined;
    if (headers.length === 1) return encodeSegment(headers, true, wire);
    const [before] = readCertified(store, from - 1, from - 1, wire);
    return encodeSegment(reduceStretch(headers, before, committees), true, wire);
  }
}
