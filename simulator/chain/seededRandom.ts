/**
 * Repeatable randomness for simulators: xoshiro128** 1.1 (Blackman and Vigna, prng.di.unimi.it), seeded by splitmix32.
 * Good enough to look random, never for secrets outside a simulation.
 */
import type { Random } from "../../src/base/random.js";

const GOLDEN = 0x9e3779b9;
const TWO_POW_32 = 0x1_0000_0000;

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

export class SeededRandom implements Random {
  readonly #seed: number;
  readonly #state = new Int32Array(4);

  /** @param seed any safe integer; its low and high words both count. */
  constructor(seed: number) {
    this.#seed = (seed ^ Math.imul(Math.floor(seed / TWO_POW_32), GOLDEN)) | 0;
    let z = this.#seed;
    for (let i = 0; i < 4; i++) {
      z = (z + GOLDEN) | 0;
      let word = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
      this.#state[i] = word ^ (word >>> 16);
    }
  }

  /** Another stream that depends on this one's seed and the label only, not on what was drawn so far. */
  child(label: string): SeededRandom {
    let mixed = this.#seed ^ 0x811c9dc5;
    for (let i = 0; i < label.length; i++) mixed = Math.imul(mixed ^ label.charCodeAt(i), 0x01000193);
    return new SeededRandom(mixed >>> 0);
  }

  /** 0..2^32-1 */
  uint32(): number {
    const state = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9);
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result >>> 0;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.uint32();
      bytes[i] = word;
      bytes[i + 1] = word >>> 8;
      bytes[i + 2] = word >>> 16;
      bytes[i + 3] = word >>> 24;
    }
    return bytes;
  }

  /** An integer of 0..end-1 for an `end` of 1..2^32. */
  below(end: number): number {
    return Math.floor((this.uint32() / TWO_POW_32) * end);
  }

  /** An integer of low..high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One of the items; there must be one. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A copy in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }
}
