/**
 * Tars bytes the way FISCO's generated code writes them (TarsCpp tup/Tars.h): integers in the smallest width, zero as
 * type 12, short text up to 255 bytes, byte vectors as SimpleList. Optional fields that hold their default are left out
 * by the `...Unless` calls.
 */
import { EMPTY_BYTES, putInt32, putInt64, utf8Bytes } from "../../base/bytes.js";
import { TarsError } from "../problems.js";
import { TARS_TAG_MAX, TarsType, WIDE_TAG_MIN } from "./heads.js";

const CAPACITY_START_BYTES = 512;
const SHORT_TEXT_BYTES_MAX = 255;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Memory of the last writer that finished: most writers come one after the other and write a few hundred bytes. */
let spare: Uint8Array | undefined;

function takeSpare(): Uint8Array {
  const taken = spare ?? new Uint8Array(CAPACITY_START_BYTES);
  spare = undefined;
  return taken;
}

function giveBack(bytes: Uint8Array): void {
  if (bytes.length === CAPACITY_START_BYTES) spare = bytes;
}

export class TarsWriter {
  #bytes = takeSpare();
  #at = 0;

  /** A copy of everything written; the writer is empty then. */
  finish(): Uint8Array {
    const finished = this.#bytes.slice(0, this.#at);
    giveBack(this.#bytes);
    this.#bytes = EMPTY_BYTES;
    this.#at = 0;
    return finished;
  }

  /** @throws TarsError `TARS_NOT_WRITABLE` for what is no 64-bit integer. */
  integer(tag: number, value: number | bigint): void {
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new TarsError({ code: "TARS_NOT_WRITABLE", tag });
    }
    if (value < INT64_MIN || value > INT64_MAX) throw new TarsError({ code: "TARS_NOT_WRITABLE", tag });
    if (value >= -0x8000_0000 && value <= 0x7fff_ffff) this.#shortInteger(tag, Number(value));
    else {
      this.#head(tag, TarsType.int64);
      const at = this.#grow(8);
      putInt64(this.#bytes, at, value);
    }
  }

  integerUnlessZero(tag: number, value: number | bigint): void {
    if (Number(value) !== 0) this.integer(tag, value);
  }

  text(tag: number, value: string): void {
    const bytes = utf8Bytes(value);
    if (bytes.length <= SHORT_TEXT_BYTES_MAX) {
      this.#head(tag, TarsType.shortText);
      const at = this.#grow(1);
      this.#bytes[at] = bytes.length;
    } else {
      this.#head(tag, TarsType.longText);
      const at = this.#grow(4);
      putInt32(this.#bytes, at, bytes.length);
    }
    this.#raw(bytes);
  }

  textUnlessEmpty(tag: number, value: string): void {
    if (value !== "") this.text(tag, value);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#head(tag, TarsType.simpleList);
    this.#head(0, TarsType.int8);
    this.integer(0, value.length);
    this.#raw(value);
  }

  bytesUnlessEmpty(tag: number, value: Uint8Array): void {
    if (value.length > 0) this.bytes(tag, value);
  }

  /** `writeItem` must write exactly one value with tag 0. */
  list<T>(tag: number, items: readonly T[], writeItem: (item: T) => void): void {
    this.#head(tag, TarsType.list);
    this.integer(0, items.length);
    for (const item of items) writeItem(item);
  }

  listUnlessEmpty<T>(tag: number, items: readonly T[], writeItem: (item: T) => void): void {
    if (items.length > 0) this.list(tag, items, writeItem);
  }

  struct(tag: number, writeFields: () => void): void {
    this.#head(tag, TarsType.structBegin);
    writeFields();
    this.#head(0, TarsType.structEnd);
  }

  #shortInteger(tag: number, value: number): void {
    if (value === 0) this.#head(tag, TarsType.zero);
    else if (value >= -128 && value <= 127) {
      this.#head(tag, TarsType.int8);
      const at = this.#grow(1);
      this.#bytes[at] = value;
    } else if (value >= -32_768 && value <= 32_767) {
      this.#head(tag, TarsType.int16);
      const at = this.#grow(2);
      this.#bytes[at] = value >>> 8;
      this.#bytes[at + 1] = value;
    } else {
      this.#head(tag, TarsType.int32);
      const at = this.#grow(4);
      putInt32(this.#bytes, at, value);
    }
  }

  #head(tag: number, type: number): void {
    if (tag < 0 || tag > TARS_TAG_MAX) throw new TarsError({ code: "TARS_NOT_WRITABLE", tag });
    if (tag < WIDE_TAG_MIN) {
      const at = this.#grow(1);
      this.#bytes[at] = (tag << 4) | type;
    } else {
      const at = this.#grow(2);
      this.#bytes[at] = (WIDE_TAG_MIN << 4) | type;
      this.#bytes[at + 1] = tag;
    }
  }

  #raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Offset of `length` fresh bytes. Must come before any use of `#bytes`, which it may replace. */
  #grow(length: number): number {
    const at = this.#at;
    this.#at = at + length;
    if (this.#at > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at));
      wider.set(this.#bytes.subarray(0, at));
      this.#bytes = wider;
    }
    return at;
  }
}
