/**
 * A strict pull reader for deterministic CBOR (RFC 8949 section 4.2): the caller names what must come next, and anything
 * else is refused at its first byte.
 *
 * There is no generic "decode whatever this is": nesting is as deep as the caller's own code, so depth bombs, duplicate
 * keys, tags, floats, indefinite lengths and `__proto__` keys have no way in. Lengths are compared with the bytes that are
 * really there before anything is allocated. Byte strings come back as views of the payload; copy what you keep.
 */
import { WireError } from "./problems.js";

const MAJOR_UINT = 0;
const MAJOR_NEGATIVE = 1;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const NULL_BYTE = 0xf6;
const TWO_POW_32 = 0x1_0000_0000;
/** Highest upper half of a 64-bit integer that is still a safe JavaScript integer. */
const SAFE_HIGH_WORD_MAX = 0x1f_ffff;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class CborReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  /** @param offset where to start, for going on in bytes that were read before. */
  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Refuses anything after the last item. */
  end(): void {
    const extra = this.#bytes.length - this.#offset;
    if (extra > 0) throw new WireError({ code: "WIRE_TRAILING_BYTES", offset: this.#offset, extra });
  }

  /** Whether the next item is null; consumes it when it is. */
  tryNull(): boolean {
    if (this.#bytes[this.#offset] !== NULL_BYTE) return false;
    this.#offset++;
    return true;
  }

  /** Whether the next item is an array (else it is something the caller reads another way). */
  get atArray(): boolean {
    return (this.#bytes[this.#offset] ?? 0) >> 5 === MAJOR_ARRAY;
  }

  /** Whether the next item is text (else it is something the caller reads another way). */
  get atText(): boolean {
    return (this.#bytes[this.#offset] ?? 0) >> 5 === MAJOR_TEXT;
  }

  /** Number of items of the array that starts here, at most `max`. */
  array(field: string, max: number): number {
    const at = this.#offset;
    const count = this.#head(MAJOR_ARRAY, "array");
    // Every item takes at least one byte: a larger claim is a lie before it is anything else.
    if (count > max || count > this.#bytes.length - this.#offset) {
      throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got: count });
    }
    return count;
  }

  /** An array of exactly `count` items. */
  fixedArray(field: string, count: number): void {
    const at = this.#offset;
    const got = this.#head(MAJOR_ARRAY, "array");
    if (got !== count) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got });
  }

  /** Unsigned integer up to 2^53 - 1. */
  uint(field: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#head(MAJOR_UINT, "unsigned integer");
    if (value > max) throw new WireError({ code: "WIRE_RANGE", field, got: String(value) });
    return value;
  }

  /** Integer between -(2^53 - 1) and 2^53 - 1. */
  int(field: string): number {
    const first = this.#bytes[this.#offset] ?? 0;
    if (first >> 5 !== MAJOR_NEGATIVE) return this.uint(field);
    const value = -1 - this.#head(MAJOR_NEGATIVE, "integer");
    if (!Number.isSafeInteger(value)) throw new WireError({ code: "WIRE_RANGE", field, got: "below -(2^53 - 1)" });
    return value;
  }

  /** Unsigned integer up to 2^64 - 1. */
  bigUint(): bigint {
    const at = this.#offset;
    const first = this.#bytes[at] ?? 0;
    if (first !== 0x1b) return BigInt(this.#head(MAJOR_UINT, "unsigned integer"));
    this.#need(9);
    let value = 0n;
    for (let i = 1; i <= 8; i++) value = (value << 8n) | BigInt(this.#bytes[at + i] as number);
    if (value < BigInt(TWO_POW_32)) throw new WireError({ code: "WIRE_NOT_MINIMAL", offset: at });
    this.#offset = at + 9;
    return value;
  }

  /** Unsigned integer up to 2^64 - 1 as decimal text. */
  decimal(): string {
    const first = this.#bytes[this.#offset] ?? 0;
    // Nearly all are small: a bigint on the way would be the costliest part of a row.
    return first === 0x1b ? this.bigUint().toString() : String(this.#head(MAJOR_UINT, "unsigned integer"));
  }

  /** Enters a byte string of exactly `length` bytes, whose parts are then read with `part`. */
  enterBytes(field: string, length: number): void {
    const at = this.#offset;
    const got = this.#head(MAJOR_BYTES, "byte string");
    if (got !== length) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got });
    this.#need(length);
  }

  /** The next `length` bytes of the byte string that was entered, as a view. */
  part(length: number): Uint8Array {
    return this.#take(length);
  }

  /** Byte string of exactly `length` bytes, as a view. */
  fixedBytes(field: string, length: number): Uint8Array {
    const at = this.#offset;
    const got = this.#head(MAJOR_BYTES, "byte string");
    if (got !== length) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got });
    return this.#take(length);
  }

  /** Byte string of at most `max` bytes, as a view. */
  bytes(field: string, max: number): Uint8Array {
    const at = this.#offset;
    const length = this.#head(MAJOR_BYTES, "byte string");
    if (length > max) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got: length });
    return this.#take(length);
  }

  /** Printable ASCII text of at most `max` characters. */
  text(field: string, max: number): string {
    const at = this.#offset;
    const length = this.#head(MAJOR_TEXT, "text");
    if (length > max) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got: length });
    let text = "";
    for (const byte of this.#take(length)) {
      if (byte < 0x20 || byte > 0x7e) throw new WireError({ code: "WIRE_NAME", field });
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Text of any script in at most `bytesMax` bytes of well-formed UTF-8. */
  utf8(field: string, bytesMax: number): string {
    const at = this.#offset;
    const length = this.#head(MAJOR_TEXT, "text");
    if (length > bytesMax) throw new WireError({ code: "WIRE_LENGTH", offset: at, field, got: length });
    try {
      return UTF8.decode(this.#take(length));
    } catch (thrown) {
      if (thrown instanceof WireError) throw thrown;
      throw new WireError({ code: "WIRE_TEXT", field });
    }
  }

  #need(length: number): void {
    const missing = this.#offset + length - this.#bytes.length;
    if (missing > 0) throw new WireError({ code: "WIRE_TRUNCATED", offset: this.#bytes.length, need: missing });
  }

  #take(length: number): Uint8Array {
    this.#need(length);
    const start = this.#offset;
    this.#offset = start + length;
    return this.#bytes.subarray(start, this.#offset);
  }

  /** The argument of an item head of the given major type (RFC 8949 section 3), shortest form only. */
  #head(major: number, expected: string): number {
    const at = this.#offset;
    this.#need(1);
    const first = this.#bytes[at] as number;
    const info = first & 31;
    if (first >> 5 !== major || info > 27) {
      throw new WireError({ code: "WIRE_UNEXPECTED_TYPE", offset: at, expected, byte: first });
    }
    if (info < 24) {
      this.#offset = at + 1;
      return info;
    }
    const width = 1 << (info - 24);
    this.#need(1 + width);
    let value = 0;
    for (let i = 1; i <= width; i++) {
      value = value * 256 + (this.#bytes[at + i] as number);
      if (width === 8 && i === 4 && value > SAFE_HIGH_WORD_MAX) {
        throw new WireError({ code: "WIRE_RANGE", field: expected, got: "beyond 2^53 - 1" });
      }
    }
    const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x1_0000 : TWO_POW_32;
    if (value < least) throw new WireError({ code: "WIRE_NOT_MINIMAL", offset: at });
    this.#offset = at + 1 + width;
    return value;
  }
}
