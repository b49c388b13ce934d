import type { Random } from "../base/random.js";

const UINT32_VALUES = 2 ** 32;
/** 2^20 times the shortest wait is past any longest wait in use. */
const DOUBLINGS_MAX = 20;

/**
 * Waiting times that double their ceiling after each failure and are drawn evenly below it ("full jitter", M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog 2015), so that a fleet cut off at one moment does not return at
 * one moment. Unlike there, no wait is shorter than `minMs`.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(minMs: number, maxMs: number, random: Random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Counts one more failure and says how many milliseconds to wait after it. */
  next(): number {
    this.#failures++;
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, DOUBLINGS_MAX));
    return Math.round(this.#minMs + (ceiling - this.#minMs) * this.#fraction());
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Even in [0, 1). */
  #fraction(): number {
    let value = 0;
    for (const byte of this.#random.bytes(4)) value = value * 256 + byte;
    return value / UINT32_VALUES;
  }
}
