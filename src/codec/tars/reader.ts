/**
 * Tars bytes from strangers: every length and count is checked against what is left before anything is allocated,
 * nesting and items are bounded, and unknown fields are skipped (newer FISCO releases add some).
 *
 * Stricter than TarsCpp where that keeps one value from having many encodings: tags of a struct must ascend, so a field
 * cannot come twice and nothing follows the last field; list items have tag 0. Integer widths are free, because
 * encoders in the field differ there (a zero may be type 12, `1 00 01` or left out).
 *
 * Usage: call `next()` until it is false and, for each field, one `read...` or `skip()`.
 */
import { TarsError } from "../problems.js";
import { TarsType, WIDE_TAG_MIN } from "./heads.js";

/** A whole message: enough for a header with 1,024 sealers and signatures and for large deployments. */
export const TARS_BYTES_MAX = 1024 * 1024;
/** Struct, list and map nesting; FISCO's deepest (block, receipt, log, topics) is 8. */
export const TARS_DEPTH_MAX = 16;
/** List items and map entries of one message together. */
export const TARS_ITEMS_MAX = 16_384;

export interface TarsLimits {
  readonly bytesMax?: number;
  readonly itemsMax?: number;
}

const TWO_POW_32 = 0x1_0000_0000;
// A byte order mark is part of the text: hashes are taken over its bytes.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class TarsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #itemsMax: number;
  #at = 0;
  #depth = 0;
  #items = 0;
  #tag = -1;
  #type = -1;
  #lastTag = -1;

  /** @throws TarsError `TARS_TOO_LARGE` */
  constructor(bytes: Uint8Array, limits: TarsLimits = {}) {
    const max = limits.bytesMax ?? TARS_BYTES_MAX;
    if (bytes.length > max) throw new TarsError({ code: "TARS_TOO_LARGE", length: bytes.length, max });
    // A Buffer's slice shares memory, a Uint8Array's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#itemsMax = limits.itemsMax ?? TARS_ITEMS_MAX;
  }

  /** Tag of the field that `next` has stopped at. */
  get tag(): number {
    return this.#tag;
  }

  /** Goes to the next field; false at the end of the struct (outermost: at the last byte). */
  next(): boolean {
    if (this.#at === this.#bytes.length) {
      if (this.#depth > 0) throw new TarsError({ code: "TARS_STRUCT_END", offset: this.#at });
      return false;
    }
    this.#head();
    if (this.#type === TarsType.structEnd) {
      if (this.#depth === 0) throw new TarsError({ code: "TARS_STRUCT_END", offset: this.#at });
      return false;
    }
    if (this.#tag <= this.#lastTag) {
      throw new TarsError({ code: "TARS_TAG_ORDER", offset: this.#at, tag: this.#tag });
    }
    this.#lastTag = this.#tag;
    return true;
  }

  /** An integer of any width that fits 32 bits, signed. */
  readInt32(): number {
    const value = this.readNumber();
    if (value !== (value | 0)) throw new TarsError({ code: "TARS_INTEGER_RANGE", offset: this.#at });
    return value;
  }

  /** An integer of any width that is a safe integer. */
  readNumber(): number {
    switch (this.#type) {
      case TarsType.zero:
        return 0;
      case TarsType.int8:
        return this.#view.getInt8(this.#take(1));
      case TarsType.int16:
        return this.#view.getInt16(this.#take(2));
      case TarsType.int32:
        return this.#view.getInt32(this.#take(4));
      case TarsType.int64: {
        const at = this.#take(8);
        const value = this.#view.getInt32(at) * TWO_POW_32 + this.#view.getUint32(at + 4);
        if (!Number.isSafeInteger(value)) throw new TarsError({ code: "TARS_INTEGER_RANGE", offset: at });
        return value;
      }
      default:
        throw this.#wrongType();
    }
  }

  /** An integer of any width, signed. */
  readInt64(): bigint {
    if (this.#type === TarsType.int64) return this.#view.getBigInt64(this.#take(8));
    return BigInt(this.readNumber());
  }

  /** @throws TarsError `TARS_TEXT_NOT_UTF8` also for bytes that would not come back the same. */
  readText(): string {
    const length = this.#textLength();
    const at = this.#take(length);
    if (length === 0) return "";
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new TarsError({ code: "TARS_TEXT_NOT_UTF8", offset: at }, { cause });
    }
  }

  /** A copy of a `vector<byte>`, which FISCO always writes as SimpleList. */
  readBytes(): Uint8Array {
    const length = this.#simpleListLength();
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  /** `readItem` is called once per item and must read exactly that item. */
  readList<T>(readItem: () => T): T[] {
    if (this.#type !== TarsType.list) throw this.#wrongType();
    const length = this.#count(1);
    this.#deeper();
    const items: T[] = [];
    for (let i = 0; i < length; i++) {
      this.#itemHead(0);
      items.push(readItem());
    }
    this.#depth--;
    return items;
  }

  /** `readFields` must call `next()` until it is false. */
  readStruct<T>(readFields: () => T): T {
    if (this.#type !== TarsType.structBegin) throw this.#wrongType();
    const lastTag = this.#lastTag;
    this.#deeper();
    this.#lastTag = -1;
    const value = readFields();
    this.#depth--;
    this.#lastTag = lastTag;
    return value;
  }

  /** Passes over the field, whatever its type. */
  skip(): void {
    switch (this.#type) {
      case TarsType.zero:
        return;
      case TarsType.int8:
        this.#take(1);
        return;
      case TarsType.int16:
        this.#take(2);
        return;
      case TarsType.int32:
      case TarsType.float:
        this.#take(4);
        return;
      case TarsType.int64:
      case TarsType.double:
        this.#take(8);
        return;
      case TarsType.shortText:
      case TarsType.longText:
        this.#take(this.#textLength());
        return;
      case TarsType.simpleList:
        this.#take(this.#simpleListLength());
        return;
      case TarsType.list:
        this.readList(() => this.skip());
        return;
      case TarsType.map:
        this.#skipMap();
        return;
      case TarsType.structBegin:
        this.readStruct(() => {
          while (this.next()) this.skip();
        });
        return;
      default:
        throw this.#wrongType();
    }
  }

  #skipMap(): void {
    const length = this.#count(2);
    this.#deeper();
    for (let i = 0; i < length; i++) {
      this.#itemHead(0);
      this.skip();
      this.#itemHead(1);
      this.skip();
    }
    this.#depth--;
  }

  #head(): void {
    const head = this.#view.getUint8(this.#take(1));
    this.#type = head & 15;
    const tag = head >> 4;
    this.#tag = tag === WIDE_TAG_MIN ? this.#view.getUint8(this.#take(1)) : tag;
  }

  /** The type of the next value, which must have this tag. */
  #itemHead(tag: number): number {
    this.#head();
    if (this.#tag !== tag) throw new TarsError({ code: "TARS_ITEM_TAG", offset: this.#at, tag: this.#tag });
    return this.#type;
  }

  /** Items of a list or entries of a map; each takes at least `bytesEach` of what is left. */
  #count(bytesEach: number): number {
    const length = this.#length();
    this.#items += length;
    if (this.#items > this.#itemsMax) {
      throw new TarsError({ code: "TARS_TOO_MANY_ITEMS", offset: this.#at, max: this.#itemsMax });
    }
    if (length * bytesEach > this.#bytes.length - this.#at) {
      throw new TarsError({ code: "TARS_LENGTH", offset: this.#at, length });
    }
    return length;
  }

  #length(): number {
    this.#itemHead(0);
    const length = this.readNumber();
    if (length < 0) throw new TarsError({ code: "TARS_LENGTH", offset: this.#at, length });
    return length;
  }

  #textLength(): number {
    if (this.#type === TarsType.shortText) return this.#view.getUint8(this.#take(1));
    if (this.#type === TarsType.longText) return this.#view.getUint32(this.#take(4));
    throw this.#wrongType();
  }

  #simpleListLength(): number {
    if (this.#type !== TarsType.simpleList) throw this.#wrongType();
    const elementType = this.#itemHead(0);
    if (elementType !== TarsType.int8) throw this.#wrongType();
    return this.#length();
  }

  /** Offset of the next `length` bytes, now consumed. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new TarsError({ code: "TARS_CUT_SHORT", offset: at });
    this.#at = at + length;
    return at;
  }

  #deeper(): void {
    this.#depth++;
    if (this.#depth > TARS_DEPTH_MAX) {
      throw new TarsError({ code: "TARS_TOO_DEEP", offset: this.#at, max: TARS_DEPTH_MAX });
    }
  }

  #wrongType(): TarsError {
    return new TarsError({ code: "TARS_TYPE", offset: this.#at, type: this.#type });
  }
}
