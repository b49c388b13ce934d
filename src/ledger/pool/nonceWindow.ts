/**
 * The nonces of the newest blocks. A nonce is used once on a chain, whoever signs; a transaction older than the window is
 * kept out by its block limit (FISCO: bcos-txpool/validator/LedgerNonceChecker.cpp).
 */
import { LedgerError } from "../problems.js";
import { BLOCK_LIMIT_RANGE_BLOCKS } from "./limits.js";

export class NonceWindow {
  readonly #range: number;
  readonly #blockOf = new Map<string, number>();
  /** In ascending order of the blocks. */
  readonly #nonces = new Map<number, readonly string[]>();
  #height: number;

  /**
   * Before anything is admitted, the newest `range` blocks have to be added.
   * @param height of the newest block that is not added any more: 0, or the one below the first block to be added.
   */
  constructor(height = 0, range = BLOCK_LIMIT_RANGE_BLOCKS) {
    this.#height = height;
    this.#range = range;
  }

  /** Of the newest block. */
  get height(): number {
    return this.#height;
  }

  /** Nonces kept. */
  get size(): number {
    return this.#blockOf.size;
  }

  has(nonce: string): boolean {
    return this.#blockOf.has(nonce);
  }

  /**
   * A committed block. Blocks may be left out, as after a snapshot.
   * @throws LedgerError where the number is not above `height`.
   */
  add(number: number, nonces: readonly string[]): void {
    if (!Number.isSafeInteger(number) || number <= this.#height) {
      throw new LedgerError({ code: "LEDGER_BLOCK_ORDER", number, height: this.#height });
    }
    this.#height = number;
    this.#nonces.set(number, [...nonces]);
    for (const nonce of nonces) this.#blockOf.set(nonce, number);
    for (const old of this.#nonces.keys()) {
      if (old > number - this.#range) break;
      this.#forget(old);
    }
  }

  #forget(number: number): void {
    for (const nonce of this.#nonces.get(number) ?? []) {
      if (this.#blockOf.get(nonce) === number) this.#blockOf.delete(nonce);
    }
    this.#nonces.delete(number);
  }
}
