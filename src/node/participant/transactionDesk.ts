/**
 * Where transactions arrive: checked cheaply, their signatures recovered in batches, put into the pool, and whoever brought
 * one told what became of it. Arrivals of one turn of the event loop are one batch.
 */
import { toHex } from "../../base/bytes.js";
import type { Clock, Millis } from "../../base/clock.js";
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { SignedCall } from "../../ledger/execution.js";
import type { DecodedCall } from "../../ledger/pool/decodeCall.js";
import { isRefusal, type Refusal, refusal } from "../../ledger/pool/refusal.js";
import type { TransactionPool } from "../../ledger/pool/transactionPool.js";
import type { SubmitOutcome } from "./chainView.js";

/** Recovers senders; the order is kept. */
export interface Recoverer {
  recover(transactions: readonly DecodedCall[]): Promise<readonly (SignedCall | Refusal)[]>;
}

export interface TransactionDeskOptions {
  readonly pool: TransactionPool;
  readonly recoverer: Recoverer;
  readonly clock: Clock;
  /** A batch is in the pool or refused: something may wait for a block, and perhaps nothing more is on its way. */
  readonly onTaken: () => void;
}

/** Arrivals that wait for their turn at the recoverer. */
export const ARRIVALS_MAX = 4_096;
/** Signatures in one batch. */
export const BATCH_TRANSACTIONS_MAX = 256;
/** Batches at the recoverer at a time: the next is under way while one is admitted. */
const BATCHES_OPEN_MAX = 4;

/** FISCO's answer where no block came in time; the transaction may still get into one. */
const POOL_TIMEOUT = { code: 10_010, message: "TransactionPoolTimeout" } as const;

interface Arrival {
  readonly bytes: Uint8Array;
  readonly timeoutMs: Millis;
  readonly settle: (outcome: SubmitOutcome) => void;
}

export class TransactionDesk {
  /** Refusals by FISCO's name; what the recoverer or the disk refused, by code. */
  readonly counters = new Counters();
  readonly #options: TransactionDeskOptions;
  #arrivals: Arrival[] = [];
  #scheduled = false;
  #batches = 0;
  /** By transaction hash: who waits for its block. */
  readonly #waiting = new Map<string, ((outcome: SubmitOutcome) => void)[]>();

  constructor(options: TransactionDeskOptions) {
    this.#options = options;
  }

  /** Settles when the transaction is in a block or refused, within `timeoutMs`. Never rejects. */
  submit(bytes: Uint8Array, timeoutMs: Millis): Promise<SubmitOutcome> {
    return new Promise((settle) => {
      if (this.#arrivals.length >= ARRIVALS_MAX) {
        settle(this.#refused(refusal("TxPoolIsFull")));
        return;
      }
      this.#arrivals.push({ bytes, timeoutMs, settle });
      this.#schedule();
    });
  }

  /** Whatever has arrived is in the pool or refused. */
  get isIdle(): boolean {
    return this.#arrivals.length === 0 && this.#batches === 0;
  }

  /** The block with these transactions is on the disk. */
  committed(number: number, hashes: readonly Uint8Array[]): void {
    hashes.forEach((hash, index) => {
      const name = toHex(hash);
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) return;
      this.#waiting.delete(name);
      for (const settle of waiting) settle({ kind: "included", place: { number, index } });
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#arrivals.length === 0 || this.#batches >= BATCHES_OPEN_MAX) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#batches++;
      const batch = this.#arrivals.splice(0, BATCH_TRANSACTIONS_MAX);
      void this.#take(batch).finally(() => {
        this.#batches--;
        this.#options.onTaken();
        this.#schedule();
      });
      this.#schedule();
    });
  }

  async #take(batch: readonly Arrival[]): Promise<void> {
    const { pool, recoverer } = this.#options;
    const checked: Arrival[] = [];
    const decoded: DecodedCall[] = [];
    for (const arrival of batch) {
      const answer = pool.precheck(arrival.bytes);
      if (isRefusal(answer)) {
        arrival.settle(this.#refused(answer));
        continue;
      }
      checked.push(arrival);
      decoded.push(answer);
    }
    if (decoded.length === 0) return;
    let recovered: readonly (SignedCall | Refusal)[];
    try {
      recovered = await recoverer.recover(decoded);
    } catch (thrown) {
      this.counters.add(codeOf(thrown));
      for (const { settle } of checked) settle(this.#refused(refusal("TxPoolIsFull")));
      return;
    }
    checked.forEach((arrival, i) => {
      this.#admit(arrival, recovered[i] ?? refusal("InvalidSignature"));
    });
  }

  #admit({ timeoutMs, settle }: Arrival, call: SignedCall | Refusal): void {
    if (isRefusal(call)) {
      settle(this.#refused(call));
      return;
    }
    const refused = this.#options.pool.admit(call, this.#options.clock.now());
    if (refused === undefined) this.#await(toHex(call.hash), timeoutMs, settle);
    else settle(this.#refused(refused));
  }

  #await(name: string, timeoutMs: Millis, settle: (outcome: SubmitOutcome) => void): void {
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, waiting);
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(settled), 1);
      if (waiting.length === 0) this.#waiting.delete(name);
      settle(this.#refused(POOL_TIMEOUT));
    }, timeoutMs);
    const settled = (outcome: SubmitOutcome): void => {
      clearTimeout(timer);
      settle(outcome);
    };
    waiting.push(settled);
  }

  #refused({ code, message }: Refusal | typeof POOL_TIMEOUT): SubmitOutcome {
    this.counters.add(message);
    return { kind: "refused", code, message };
  }
}
