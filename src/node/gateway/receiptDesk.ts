/**
 * Receipts on their way out: collected into batches, their heads signed through the guard, kept, and published. A head that
 * was not published, because the broker was away, stays in the store's outbox until it is.
 */
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { GatewayStore } from "../../device/gateway/store.js";
import { ReceiptBatcher, type ReceiptHead } from "../../device/rules/receiptBatch.js";
import { signedHeadBytes } from "../../device/rules/signedHead.js";
import type { GuardedSigner } from "../signing/port.js";

/** A key that cannot sign now (a token pulled out, a guard that refuses) is asked again after this. */
export const SIGN_AGAIN_MS = 30_000;
/** Of this gateway's counting of receipts; a store that was lost begins a new one with a new key. */
const EPOCH = 1;
const PER_READ = 500;
const OUTBOX_NAME = "head";

export interface ReceiptDeskOptions {
  readonly gateway: string;
  /** 32 bytes, as the guard has it. */
  readonly chain: Uint8Array;
  readonly hash: HashFunction;
  readonly signer: GuardedSigner;
  readonly store: GatewayStore;
  /** False: not now. */
  readonly publish: (bytes: Uint8Array) => Promise<boolean>;
  readonly logger: Logger;
  /** Gives back the key and its history. */
  readonly closed: () => Promise<void>;
}

/** Where signed heads are published, each once and not retained. */
export function receiptsTopic(gateway: string): string {
  return `edgeseal/1/gateway/${gateway}/receipts`;
}

export class ReceiptDesk {
  readonly counters = new Counters();
  readonly #options: ReceiptDeskOptions;
  readonly #batcher: ReceiptBatcher;
  #timer: NodeJS.Timeout | undefined;
  #dueMs: number | undefined;
  /** After a failure nothing is signed before this. */
  #restingUntilMs = 0;
  #working = false;
  #publishing = false;
  #stopped = false;

  constructor(options: ReceiptDeskOptions) {
    this.#options = options;
    const { store, hash } = options;
    const { signedTo } = store;
    this.#batcher = new ReceiptBatcher(hash, EPOCH, signedTo);
    for (let from = signedTo + 1; ; ) {
      const some = store.receipts(from, PER_READ);
      for (const receipt of some) this.#batcher.add(receipt.sequence, receipt.hash, performance.now());
      const last = some.at(-1);
      if (last === undefined) break;
      from = last.sequence + 1;
    }
  }

  start(): void {
    this.#plan();
    void this.publishWaiting();
  }

  /** Already kept by the store. */
  receipt(sequence: number, hash: Uint8Array): void {
    if (!this.#batcher.add(sequence, hash, performance.now())) {
      this.counters.add("RECEIPT_OUT_OF_ORDER");
      this.#options.logger.error({ sequence }, "a receipt does not follow the one before; a restart reads them again");
    }
    this.#plan();
  }

  /** Number of the last receipt under a signed head; 0: none. */
  get signedTo(): number {
    return this.#options.store.signedTo;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#options.closed();
  }

  /** Sends what waits, oldest first, until the broker takes no more. */
  async publishWaiting(): Promise<void> {
    const { store, publish } = this.#options;
    if (this.#publishing || this.#stopped) return;
    this.#publishing = true;
    try {
      for (let entry = store.outboxNext(); entry !== undefined && !this.#stopped; entry = store.outboxNext()) {
        if (!(await publish(entry.bytes))) break;
        store.outboxDone(entry.sequence);
        this.counters.add("RECEIPT_HEADS_PUBLISHED");
      }
    } catch (thrown) {
      this.counters.add(codeOf(thrown));
      this.#options.logger.error({ code: codeOf(thrown) }, "signed heads were not published");
    } finally {
      this.#publishing = false;
    }
  }

  /** An earlier moment takes the place of a later one: a batch that is full does not wait for its time. */
  #plan(againMs?: number): void {
    const now = performance.now();
    const dueMs = againMs === undefined ? this.#batcher.nextMs : now + againMs;
    if (dueMs === undefined || this.#stopped || this.#working || this.#restingUntilMs > now) return;
    if (this.#dueMs !== undefined && this.#dueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#dueMs = undefined;
        void this.#work();
      },
      Math.max(0, dueMs - now),
    );
  }

  async #work(): Promise<void> {
    if (this.#stopped) return;
    this.#working = true;
    let againMs: number | undefined;
    try {
      const head = this.#batcher.due(performance.now());
      if (head !== undefined) await this.#sign(head);
    } catch (thrown) {
      againMs = SIGN_AGAIN_MS;
      this.counters.add(codeOf(thrown));
      this.#options.logger.error({ code: codeOf(thrown) }, "receipts were not signed");
    } finally {
      this.#working = false;
    }
    this.#plan(againMs);
    if (againMs !== undefined) this.#restingUntilMs = performance.now() + againMs;
  }

  /** The guard signs one root for a place, whatever happens in between: the same head again is the same signature. */
  async #sign(head: ReceiptHead): Promise<void> {
    const { gateway, chain, signer, store } = this.#options;
    const { epoch, toSequence, root } = head;
    const { signature } = await signer.sign({ purpose: "receiptHead", epoch, sequence: toSequence, root });
    if (this.#stopped) return;
    const bytes = signedHeadBytes({ gateway, chain, head, publicKey: signer.publicKey, signature });
    store.apply([{ kind: "head", sequence: toSequence, bytes }]);
    store.outboxAdd(OUTBOX_NAME, bytes, "drop-oldest");
    this.#batcher.signed(toSequence, performance.now());
    this.counters.add("RECEIPT_HEADS_SIGNED");
    await this.publishWaiting();
  }
}
