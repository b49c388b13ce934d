/** 256-bit big-endian integers as bytes and as bigint. */
import { fromHex, toHex } from "../base/bytes.js";

export const INTEGER_BYTES = 32;

/** The unsigned big-endian value of `bytes`; 0 for none. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** 32 big-endian bytes of a value in 0..2^256-1. */
export function fromInteger(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * INTEGER_BYTES, "0"));
}
