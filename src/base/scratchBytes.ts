/**
 * Bytes put together only to be hashed or copied at once, in memory that is used again and again: a block hashes some ten
 * short texts for each of its transactions, and fresh memory for each costs more than the writing.
 */
import { putInt32, putInt64, utf8Bytes } from "./bytes.js";

const CAPACITY_START_BYTES = 1_024;
/** A larger buffer is not kept for the next ones. */
const CAPACITY_KEPT_BYTES_MAX = 64 * 1_024;

export class ScratchBytes {
  #bytes = new Uint8Array(CAPACITY_START_BYTES);
  #length = 0;

  /** Forgets what was written before. */
  begin(): this {
    this.#length = 0;
    if (this.#bytes.length > CAPACITY_KEPT_BYTES_MAX) this.#bytes = new Uint8Array(CAPACITY_START_BYTES);
    return this;
  }

  byte(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  /** Big-endian, two's complement. */
  int32(value: number): this {
    const at = this.#grow(4);
    putInt32(this.#bytes, at, value);
    return this;
  }

  /** Big-endian, two's complement; of a safe integer or a bigint of 64 bits. */
  int64(value: number | bigint): this {
    const at = this.#grow(8);
    putInt64(this.#bytes, at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** UTF-8. */
  text(value: string): this {
    const at = this.#grow(value.length);
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) {
        this.#length = at;
        return this.bytes(utf8Bytes(value));
      }
      this.#bytes[at + i] = unit;
    }
    return this;
  }

  /** What was written since `begin`, until the next `begin`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The same in memory of its own. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Offset of `length` more bytes. Must come before any use of `#bytes`, which it may replace. */
  #grow(length: number): number {
    const at = this.#length;
    this.#length = at + length;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      wider.set(this.#bytes.subarray(0, at));
      this.#bytes = wider;
    }
    return at;
  }
}
