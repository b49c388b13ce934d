/** Keys and hashes, 32 bytes each, compared and copied where they lie in bigger arrays. */
import { STATE_KEY_BITS, STATE_KEY_BYTES } from "../../codec/edgeseal/stateHash.js";

/** The first bit in which two keys differ, 256 when they are equal. */
export function firstDifferentBit(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  for (let i = 0; i < STATE_KEY_BYTES; i++) {
    const different = (a[aAt + i] as number) ^ (b[bAt + i] as number);
    if (different !== 0) return 8 * i + Math.clz32(different) - 24;
  }
  return STATE_KEY_BITS;
}

/** Byte-wise order of two keys: negative, zero or positive. */
export function compareKeys(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  for (let i = 0; i < STATE_KEY_BYTES; i++) {
    const difference = (a[aAt + i] as number) - (b[bAt + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Byte by byte: making a view for `set` costs more than 32 or 64 bytes do. */
export function copyAt(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as number;
}
