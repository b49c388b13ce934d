/** Plain work on byte arrays that every room above needs. No lengths are guessed and nothing is padded silently. */
import { DomainError, type ErrorFamily } from "./error.js";

export type BytesProblem = { readonly code: "BYTES_NOT_HEX"; readonly length: number };

export class BytesError extends DomainError<BytesProblem> {
  readonly family: ErrorFamily = "input";
}

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** ASCII of the hex digits. */
const HEX_UNITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const ASCII_DECODER = new TextDecoder();
/** Digits of short byte strings are put together here. */
const HEX_SCRATCH = new Uint8Array(1_024);

/**
 * Lower-case hex without `0x`. The digits become a text in one go: a text grown digit by digit is a tree of small objects,
 * which costs the garbage collector and the first reader more than the digits do.
 */
export function toHex(bytes: Uint8Array): string {
  const length = 2 * bytes.length;
  const units = length <= HEX_SCRATCH.length ? HEX_SCRATCH : new Uint8Array(length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    units[2 * i] = HEX_UNITS[byte >> 4] as number;
    units[2 * i + 1] = HEX_UNITS[byte & 15] as number;
  }
  return ASCII_DECODER.decode(units.subarray(0, length));
}

/** Lower-case hex with `0x`, the way JSON-RPC shows bytes. */
export function to0x(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}

/** Value of a hex digit by its UTF-16 unit; -1 for other units below 128. */
const NIBBLES = Int8Array.from({ length: 128 }, (_, unit) => {
  const digit = String.fromCharCode(unit).toLowerCase();
  return "0123456789abcdef".indexOf(digit);
});

/**
 * Bytes of a hex text, with or without `0x`, upper or lower case.
 * @throws BytesError `BYTES_NOT_HEX` for an odd number of digits or any other character.
 */
export function fromHex(text: string): Uint8Array {
  const start = text.startsWith("0x") || text.startsWith("0X") ? 2 : 0;
  const digits = text.length - start;
  if (digits % 2 !== 0) throw new BytesError({ code: "BYTES_NOT_HEX", length: text.length });
  const bytes = new Uint8Array(digits / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = NIBBLES[text.charCodeAt(start + 2 * i)] ?? -1;
    const low = NIBBLES[text.charCodeAt(start + 2 * i + 1)] ?? -1;
    if (high < 0 || low < 0) throw new BytesError({ code: "BYTES_NOT_HEX", length: text.length });
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Byte-wise order, shorter first where one is a prefix of the other. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Big-endian, two's complement; other bits than the lowest 32 are dropped. */
export function int32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putInt32(bytes, 0, value);
  return bytes;
}

/** Big-endian, two's complement; of a safe integer or a bigint of 64 bits. */
export function int64Bytes(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  putInt64(bytes, 0, value);
  return bytes;
}

/** Shifts, because a DataView made for four bytes costs more than they do. */
export function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** As `int64Bytes`. */
export function putInt64(bytes: Uint8Array, at: number, value: number | bigint): void {
  if (typeof value === "bigint") {
    putInt32(bytes, at, Number(BigInt.asIntN(32, value >> 32n)));
    putInt32(bytes, at + 4, Number(BigInt.asIntN(32, value)));
    return;
  }
  putInt32(bytes, at, Math.floor(value / 2 ** 32));
  putInt32(bytes, at + 4, value);
}

/** A copy with memory of its own. `slice` is no safe way to one: on a Node Buffer it shares memory. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function isZeroBytes(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

const UTF8_ENCODER = new TextEncoder();
/** Up to here a loop over ASCII costs less than the call of the encoder does. */
const SHORT_TEXT_LENGTH_MAX = 64;

export function utf8Bytes(text: string): Uint8Array {
  if (text.length > SHORT_TEXT_LENGTH_MAX) return UTF8_ENCODER.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return UTF8_ENCODER.encode(text);
    bytes[i] = unit;
  }
  return bytes;
}
