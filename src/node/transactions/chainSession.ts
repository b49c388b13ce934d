/**
 * A short visit to the chain: follow the newest header from what is trusted already, send transactions, and believe what
 * became of them only with a proof from a certified header. Nothing is stored.
 */
import { equalBytes, to0x } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import { codeOf, DomainError } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { Random } from "../../base/random.js";
import type { Anchor } from "../../chain/anchor.js";
import { checkEvent, type EventVerdict } from "../../chain/eventEvidence.js";
import type { LightOutput, LightState } from "../../chain/lightMessages.js";
import { provenValue } from "../../codec/edgeseal/stateAnswer.js";
import type { SignedTransaction } from "../../codec/fisco/transactionBuild.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import { isAncestor } from "../../codec/wire/ancestorMessage.js";
import type { EventMessage } from "../../codec/wire/eventMessage.js";
import type { Suite } from "../../crypto/suite.js";
import { MemoryStore } from "../../store/memoryStore.js";
import { clientOptionsOf, type SyncSettings } from "../chainSetup.js";
import { LightService } from "../lightService.js";
import type { Carrier } from "./carrier.js";
import { CertifiedHeaders, type HeaderWays, recentOf } from "./certifiedHeaders.js";
import { Pauses } from "./pauses.js";
import { SendError } from "./problems.js";
import { checkSize } from "./signTransaction.js";

export interface ChainSessionOptions {
  /** Where trust starts. */
  readonly start: TrustStart;
  readonly suite: Suite;
  /** Tried in this order. */
  readonly carriers: readonly Carrier[];
  readonly sync: SyncSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface TrustStart {
  readonly anchor: Anchor;
  /** The anchor's own header, where it was to be had: a transaction sent again may lie in its block. */
  readonly header?: HashedHeader;
}

export interface ProvenReceipt {
  /** Hash, receipt, and the reasons why an event in it is no evidence. */
  readonly verdict: EventVerdict;
  /** Hash of the block, certified or linked to a certified one. */
  readonly blockHash: Uint8Array;
}

export interface ProvenRecord {
  /** Undefined where it is proven that there is no such record. */
  readonly value: Uint8Array | undefined;
  readonly number: number;
  /** Hash of the block, certified or linked to a certified one. */
  readonly blockHash: Uint8Array;
  readonly proofBytes: number;
}

/** How far an answer about the newest state may lag behind the newest certified header. */
export const STATE_LAG_HEIGHTS_MAX = 8;
/** Pause before the same transaction is sent once more. */
const AGAIN_PAUSE_MS = 500;
/** How long the header of an answer may lag behind it. */
const HEADER_WAIT_MS = 10_000;
/** In these nothing more can be expected without an operator. */
const STUCK: ReadonlySet<LightState> = new Set(["FORKED", "SEALERS_UNPROVEN", "TRUST_EXPIRED", "CLOCK_UNSET"]);

export class ChainSession {
  readonly #options: ChainSessionOptions;
  readonly #service: LightService;
  readonly #headers = new CertifiedHeaders();
  readonly #pauses = new Pauses();
  readonly #stateWaits = new Set<(state: LightState) => void>();
  #state: LightState = "OFFLINE";

  constructor(options: ChainSessionOptions) {
    this.#options = options;
    const { start, suite, carriers, sync, clock, random, logger } = options;
    const { anchor, header } = start;
    if (header !== undefined) this.#headers.add(header);
    const store = new MemoryStore();
    // An idle chain makes no blocks, so the age of its newest header says nothing here.
    const settings: SyncSettings = { ...sync, mode: "skip", fill: false, windowHeaders: 0, staleAfterMs: 0 };
    const client = clientOptionsOf({ anchor, suite, store, clock, random, logger }, settings);
    const recent = header === undefined ? [] : [header];
    this.#service = new LightService({
      // Without the header at its start the light client would take the same header for an old one.
      client: { ...client, restored: { trusted: undefined, gaps: [], fork: undefined, recent } },
      store,
      clock,
      logger,
      onOutput: (output) => this.#onOutput(output),
      onFailure: (error) => logger.error({ code: codeOf(error) }, "the light client failed"),
      sources: (emit, count) => carriers.map((carrier) => carrier.source(emit, count)),
    });
  }

  start(): void {
    this.#service.start();
  }

  async stop(): Promise<void> {
    this.#pauses.stop();
    await this.#service.stop();
    await Promise.all(this.#options.carriers.map((carrier) => carrier.stop()));
  }

  /** Height of the newest header, once the chain is followed. @throws SendError `SEND_NOT_SYNCED` */
  async height(timeoutMs: number): Promise<number> {
    const synced = new Promise<LightState>((resolve) => {
      const look = (state: LightState): void => {
        if (state !== "FOLLOWING" && !STUCK.has(state)) return;
        this.#stateWaits.delete(look);
        resolve(state);
      };
      this.#stateWaits.add(look);
      look(this.#state);
    });
    const state = await this.#within(synced, timeoutMs);
    if (state !== "FOLLOWING") throw new SendError({ code: "SEND_NOT_SYNCED", state: this.#state, timeoutMs });
    return this.#service.status().height ?? this.#options.start.anchor.height;
  }

  /**
   * Sends until somebody answers with a receipt that proves true. After `SEND_NO_ANSWER` and `SEND_ANSWER_UNPROVEN` the same
   * bytes may be sent again; `SEND_REFUSED` says that nobody has taken them.
   * @throws SendError
   */
  async send(signed: SignedTransaction, timeoutMs: number): Promise<ProvenReceipt> {
    checkSize(signed.bytes);
    const { carriers } = this.#options;
    const attempts = new Attempts();
    const work = (async () => {
      for (;;) {
        for (const carrier of carriers) {
          const receipt = await attempts.note(this.#sendBy(carrier, signed));
          if (receipt !== undefined) return receipt;
        }
        // With one way to the chain its refusal is the answer; a liar among several is outvoted by a proof.
        if (attempts.refused !== undefined && carriers.length === 1) throw attempts.refused;
        if (!(await this.#pauses.pause(AGAIN_PAUSE_MS))) return undefined;
      }
    })();
    const receipt = await this.#within(work, timeoutMs);
    if (receipt !== undefined) return receipt;
    throw attempts.problem ?? new SendError({ code: "SEND_NO_ANSWER", hash: to0x(signed.hash), timeoutMs });
  }

  /** A header, certified or linked to a certified one. @throws SendError `HEADER_NO_ANSWER` */
  async header(number: number, timeoutMs: number): Promise<HashedHeader> {
    const found = await this.#ask(timeoutMs, (carrier) => this.#headers.find(number, this.#ways(carrier)));
    if (found !== undefined) return found.header;
    throw new SendError({ code: "HEADER_NO_ANSWER", number, timeoutMs });
  }

  /**
   * A transaction and its receipt, proven from a certified header.
   * @throws SendError `PROOF_NO_ANSWER` where nobody proves anything in time, with the last thing that was wrong
   */
  async receipt(hash: Uint8Array, timeoutMs: number): Promise<ProvenReceipt> {
    let reason = "no answer";
    const proven = await this.#ask(timeoutMs, async (carrier) => {
      try {
        const event = await carrier.proof(hash);
        return event === undefined ? undefined : await this.#proven(carrier, hash, event);
      } catch (thrown) {
        if (!(thrown instanceof SendError)) throw thrown;
        reason = "reason" in thrown.problem ? thrown.problem.reason : thrown.code;
        return undefined;
      }
    });
    if (proven !== undefined) return proven;
    throw new SendError({ code: "PROOF_NO_ANSWER", hash: to0x(hash), timeoutMs, reason });
  }

  /**
   * A record of the state, proven from a certified header: its value, or that there is none.
   * @param number height, at most the newest certified one; left out: the newest that a carrier answers for.
   * @throws SendError `STATE_NO_ANSWER` where nobody proves anything in time, with the last thing that was wrong
   */
  async stateRecord(
    record: { readonly table: string; readonly key: string },
    number: number | undefined,
    timeoutMs: number,
  ): Promise<ProvenRecord> {
    let reason = "no answer";
    const proven = await this.#ask(timeoutMs, async (carrier) => {
      try {
        return await this.#recordBy(carrier, record, number);
      } catch (thrown) {
        if (!(thrown instanceof DomainError)) throw thrown;
        reason = codeOf(thrown);
        return undefined;
      }
    });
    if (proven !== undefined) return proven;
    throw new SendError({ code: "STATE_NO_ANSWER", ...record, timeoutMs, reason });
  }

  /** Asks one carrier after the other, again and again, until one gives something. */
  async #ask<T>(timeoutMs: number, ask: (carrier: Carrier) => Promise<T | undefined>): Promise<T | undefined> {
    const work = (async () => {
      for (;;) {
        for (const carrier of this.#options.carriers) {
          const given = await ask(carrier);
          if (given !== undefined) return given;
        }
        if (!(await this.#pauses.pause(AGAIN_PAUSE_MS))) return undefined;
      }
    })();
    return await this.#within(work, timeoutMs);
  }

  #ways(carrier: Carrier): HeaderWays {
    const { suite, start } = this.#options;
    const wire = { suite, profile: start.anchor.profile };
    return {
      headers: (from, count) => carrier.headers(from, count),
      async ancestor(number, certified) {
        const answer = await carrier.ancestor(number, certified.header.number);
        if (answer?.header.header.number !== number || !isAncestor(answer, certified, wire)) return undefined;
        return answer.header;
      },
    };
  }

  async #recordBy(
    carrier: Carrier,
    record: { readonly table: string; readonly key: string },
    number: number | undefined,
  ): Promise<ProvenRecord | undefined> {
    const answer = await carrier.stateProof(record.table, record.key, number);
    if (answer === undefined || (number !== undefined && answer.number !== number)) return undefined;
    // Proven, and long replaced: whoever asks for the newest state means what is newest now.
    if (number === undefined && answer.number < this.#headers.newest - STATE_LAG_HEIGHTS_MAX) {
      throw new SendError({ code: "STATE_TOO_OLD", number: answer.number, newest: this.#headers.newest });
    }
    const reached = this.#headers.reached(answer.number).then(() => true);
    if ((await this.#within(reached, HEADER_WAIT_MS)) === undefined) return undefined;
    const found = await this.#headers.find(answer.number, this.#ways(carrier));
    if (found === undefined) return undefined;
    const { header, hash } = found.header;
    const value = provenValue(this.#options.suite.hash, header, record, answer);
    return { value, number: answer.number, blockHash: hash, proofBytes: answer.proof.length };
  }

  async #sendBy(carrier: Carrier, signed: SignedTransaction): Promise<ProvenReceipt | undefined> {
    const hash = to0x(signed.hash);
    const outcome = await carrier.send(signed.bytes);
    if (outcome.status === "refused") throw new SendError({ code: "SEND_REFUSED", hash, reason: outcome.code });
    return outcome.status === "pending" ? undefined : await this.#proven(carrier, signed.hash, outcome.event);
  }

  async #proven(carrier: Carrier, hash: Uint8Array, event: EventMessage): Promise<ProvenReceipt> {
    const { suite, start } = this.#options;
    const unproven = (reason: string) => new SendError({ code: "SEND_ANSWER_UNPROVEN", hash: to0x(hash), reason });
    const reached = this.#headers.reached(event.number).then(() => true);
    if ((await this.#within(reached, HEADER_WAIT_MS)) === undefined)
      throw unproven(`header ${event.number} has not come`);
    const found = await this.#headers.find(event.number, this.#ways(carrier));
    if (found === undefined) throw unproven(`header ${event.number} is not to be had`);
    const header = recentOf(found);
    let verdict: EventVerdict;
    try {
      verdict = checkEvent({ event, header, suite, anchor: start.anchor, watched: [] });
    } catch (thrown) {
      if (thrown instanceof DomainError) throw unproven(codeOf(thrown));
      throw thrown;
    }
    if (!equalBytes(verdict.transactionHash, hash)) throw unproven("it is about another transaction");
    return { verdict, blockHash: header.hash };
  }

  /** Undefined when the time is over first. */
  async #within<T>(work: Promise<T>, timeoutMs: number): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    // What fails after the time is over interests nobody any more.
    work.catch(() => {});
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #onOutput(output: LightOutput): void {
    if (output.kind === "accepted") this.#headers.add(output.header);
    if (output.kind !== "state") return;
    this.#state = output.state;
    for (const look of [...this.#stateWaits]) look(output.state);
  }
}

/** What the attempts to send one transaction allow to say about its fate. */
class Attempts {
  #unproven: SendError | undefined;
  #refused: SendError | undefined;
  /** Somebody has taken it, or pretends to: no refusal undoes that. */
  #taken = false;

  /** The receipt, where there is one. */
  async note(attempt: Promise<ProvenReceipt | undefined>): Promise<ProvenReceipt | undefined> {
    try {
      const receipt = await attempt;
      this.#taken = true;
      return receipt;
    } catch (thrown) {
      if (!(thrown instanceof SendError)) throw thrown;
      if (thrown.code === "SEND_REFUSED") this.#refused = thrown;
      else this.#unproven = thrown;
      return undefined;
    }
  }

  /** Only where everybody who was asked has refused. */
  get refused(): SendError | undefined {
    return this.#taken || this.#unproven !== undefined ? undefined : this.#refused;
  }

  get problem(): SendError | undefined {
    return this.#unproven ?? this.refused;
  }
}

/**
 * A start at the newest header that this machine has certified before. Its sealers come from the header itself: the hash
 * binds them. Trust ages from the header's own time. Undefined when nobody has the header.
 */
export async function startAtTrusted(
  anchor: Anchor,
  trusted: { readonly number: number; readonly hash: Uint8Array },
  carriers: readonly Pick<Carrier, "headers">[],
): Promise<TrustStart | undefined> {
  const isAnchor = trusted.number <= anchor.height;
  const { number, hash } = isAnchor ? { number: anchor.height, hash: anchor.hash } : trusted;
  for (const carrier of carriers) {
    const [header] = await carrier.headers(number, 1);
    if (header === undefined || header.header.number !== number || !equalBytes(header.hash, hash)) continue;
    if (isAnchor) return { anchor, header };
    const { sealers, timestamp } = header.header;
    return { anchor: { ...anchor, height: number, hash, sealers, acceptedAt: timestamp }, header };
  }
  return isAnchor ? { anchor } : undefined;
}
