/** A second, plain reading of deterministic CBOR (RFC 8949 section 4.2): cbor-x reads, this writes. */
import { decode } from "cbor-x";
import { concatBytes, utf8Bytes } from "../../../src/base/bytes.js";

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;

/** An item's first bytes, in the shortest form unless a width of 1, 2, 4 or 8 bytes is asked for. */
export function head(major: number, argument: number | bigint, width?: 1 | 2 | 4 | 8): Uint8Array {
  const value = BigInt(argument);
  if (width === undefined && value < 24n) return Uint8Array.of((major << 5) | Number(value));
  const size = width ?? (value < 0x100n ? 1 : value < 0x1_0000n ? 2 : value < 0x1_0000_0000n ? 4 : 8);
  const bytes = new Uint8Array(1 + size);
  bytes[0] = (major << 5) | (24 + Math.log2(size));
  for (let i = 0; i < size; i++) bytes[size - i] = Number((value >> BigInt(8 * i)) & 255n);
  return bytes;
}

/** Integers, byte strings, text, null and arrays. */
export function canonical(value: unknown): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "number" || typeof value === "bigint") {
    const integer = BigInt(value);
    return integer < 0n ? head(NEGATIVE, -1n - integer) : head(UINT, integer);
  }
  if (typeof value === "string") return concatBytes([head(TEXT, value.length), utf8Bytes(value)]);
  if (value instanceof Uint8Array) return concatBytes([head(BYTES, value.length), value]);
  if (Array.isArray(value)) return concatBytes([head(ARRAY, value.length), ...value.map(canonical)]);
  throw new Error(`no wire value: ${typeof value}`);
}

/** What cbor-x makes of a payload; of a copy, because it leaves a property of its own on what it reads. */
export function wireValueOf(payload: Uint8Array): unknown[] {
  const value: unknown = decode(new Uint8Array(payload));
  if (!Array.isArray(value)) throw new Error("no array");
  return value;
}
