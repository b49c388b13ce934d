/**
 * Heads of receipts, signed by the gateway's key through the guard and put into the outbox. Which receipts a head covers is kept
 * before the guard is asked: after a crash the same head is asked for again, and the guard gives the same signature.
 */
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { SuiteName } from "../../crypto/suite.js";
import type { GatewayStore } from "../../device/gateway/store.js";
import { headOf, RECEIPT_HEAD, ReceiptBatcher, type ReceiptHead } from "../../device/rules/receiptBatch.js";
import { bytesOf, encodeShape, record, type Shape } from "../../device/rules/shape.js";
import type { GuardedSigner } from "../signing/port.js";

/** Counters of the store: the last receipt under a signed head, and the last one of the head that was asked for. */
export const SIGNED_COUNTER = "receipts:signed";
export const ASKED_COUNTER = "receipts:asked";
/** Of the outbox, with the number of the head's last receipt. */
export const HEAD_ENTRY = "receiptHead/";

export const HEADS_LOOK_MS = 1_000;
/** After a key that could not be used. */
export const HEADS_RETRY_MS = 30_000;
const RECEIPTS_PER_READ = 500;
/** Of the one key that a gateway has; grows when the count of receipts begins anew. */
const EPOCH = 0;

export interface SignedHead {
  readonly head: ReceiptHead;
  /** Header form of the suite. */
  readonly signature: Uint8Array;
}

const SIGNATURE_BYTES: Readonly<Record<SuiteName, number>> = { ecdsa: 65, sm: 64 };

/** What stands in the outbox. */
export function signedHeadShape(suite: SuiteName): Shape<SignedHead> {
  return record<SignedHead>({ head: RECEIPT_HEAD, signature: bytesOf(SIGNATURE_BYTES[suite]) });
}

export interface HeadSignerOptions {
  readonly store: GatewayStore;
  readonly signer: Pick<GuardedSigner, "sign" | "suite">;
  readonly hash: HashFunction;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly logger: Logger;
}

export class HeadSigner {
  readonly #options: HeadSignerOptions;
  #batcher: ReceiptBatcher;
  #signedTo: number;
  /** The next receipt to be read. */
  #next: number;
  /** That has to be finished first. */
  #interrupted: ReceiptHead | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #restUntilMs = 0;

  constructor(options: HeadSignerOptions) {
    this.#options = options;
    const { store, hash, nowMs } = options;
    const { counters } = store.load();
    const signed = counters.get(SIGNED_COUNTER) ?? 0;
    const asked = counters.get(ASKED_COUNTER) ?? 0;
    // Receipts that are no longer there cannot be signed any more.
    const [oldest] = store.receipts(signed + 1, 1);
    this.#signedTo = oldest === undefined ? signed : oldest.sequence - 1;
    this.#next = this.#signedTo + 1;
    this.#batcher = new ReceiptBatcher(hash, EPOCH, this.#signedTo);
    if (asked > this.#signedTo && this.#signedTo === signed) {
      const batch = store.receipts(this.#next, asked - signed).map((receipt) => receipt.hash);
      if (batch.length === asked - signed) this.#interrupted = headOf(hash, EPOCH, this.#next, batch);
    }
    this.#read(nowMs());
  }

  /** Number of the last receipt under a signed head; 0: none. */
  get signedTo(): number {
    return this.#signedTo;
  }

  start(): void {
    this.#timer = setInterval(() => void this.turn(), HEADS_LOOK_MS);
  }

  /** Resolves when nothing is asked of the key any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  /** One look after another; each signs what is due. */
  turn(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#signDue());
    return this.#turn;
  }

  async #signDue(): Promise<void> {
    const { nowMs, logger } = this.#options;
    if (nowMs() < this.#restUntilMs) return;
    try {
      this.#read(nowMs());
      for (let head = this.#due(); head !== undefined; head = this.#due()) await this.#sign(head);
    } catch (thrown) {
      this.#restUntilMs = nowMs() + HEADS_RETRY_MS;
      logger.error({ code: codeOf(thrown), signedTo: this.#signedTo }, "receipts are not signed");
    }
  }

  #due(): ReceiptHead | undefined {
    return this.#interrupted ?? this.#batcher.due(this.#options.nowMs());
  }

  async #sign(head: ReceiptHead): Promise<void> {
    const { store, signer, nowMs, logger } = this.#options;
    const { epoch, toSequence, root } = head;
    store.apply([{ kind: "counter", name: ASKED_COUNTER, value: toSequence }]);
    const { signature } = await signer.sign({ purpose: "receiptHead", epoch, sequence: toSequence, root });
    const bytes = encodeShape(signedHeadShape(signer.suite), { head, signature });
    store.outboxPut(`${HEAD_ENTRY}${toSequence}`, bytes);
    store.apply([{ kind: "counter", name: SIGNED_COUNTER, value: toSequence }]);
    this.#signedTo = toSequence;
    // The one of an earlier run was finished before the batcher counts its own.
    if (this.#interrupted === undefined) this.#batcher.signed(toSequence, nowMs());
    else this.#begin(toSequence);
    logger.debug({ from: head.fromSequence, to: toSequence }, "receipts signed");
  }

  #begin(signedTo: number): void {
    this.#interrupted = undefined;
    this.#next = signedTo + 1;
    this.#batcher = new ReceiptBatcher(this.#options.hash, EPOCH, signedTo);
    this.#read(this.#options.nowMs());
  }

  #read(nowMs: number): void {
    const { store } = this.#options;
    for (;;) {
      const receipts = store.receipts(this.#next, RECEIPTS_PER_READ);
      for (const { sequence, hash } of receipts) {
        if (!this.#batcher.add(sequence, hash, nowMs)) return;
        this.#next = sequence + 1;
      }
      if (receipts.length < RECEIPTS_PER_READ) return;
    }
  }
}
