/**
 * RLP, canonical only (Ethereum yellow paper, appendix B): one value, one encoding. Lengths use the fewest bytes, a
 * single byte below 0x80 stands for itself, nothing follows the value.
 */
import { RlpError } from "./problems.js";

export const RLP_BYTES_MAX = 1024 * 1024;
/** Lists in lists; an access list needs 4. */
export const RLP_DEPTH_MAX = 8;
export const RLP_ITEMS_MAX = 16_384;

export type RlpItem = Uint8Array | readonly RlpItem[];

const SHORT_TEXT = 0x80;
const LONG_TEXT = 0xb8;
const SHORT_LIST = 0xc0;
const LONG_LIST = 0xf8;
/** Longest payload whose length fits the first byte. */
const SHORT_MAX = 55;

/**
 * The one value that `bytes` encodes; byte strings are copies.
 * @throws RlpError
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  if (bytes.length > RLP_BYTES_MAX) {
    throw new RlpError({ code: "RLP_TOO_LARGE", length: bytes.length, max: RLP_BYTES_MAX });
  }
  const reader = new RlpReader(bytes);
  const item = reader.item(bytes.length, 0);
  if (reader.at !== bytes.length) throw new RlpError({ code: "RLP_TRAILING", offset: reader.at });
  return item;
}

class RlpReader {
  at = 0;
  readonly #bytes: Uint8Array;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The item at `at`, which must end at or before `end`. */
  item(end: number, depth: number): RlpItem {
    const start = this.at;
    this.#items++;
    if (this.#items > RLP_ITEMS_MAX) {
      throw new RlpError({ code: "RLP_TOO_MANY_ITEMS", offset: start, max: RLP_ITEMS_MAX });
    }
    const first = this.#byte(end);
    if (first < SHORT_TEXT) return new Uint8Array([first]);
    if (first < SHORT_LIST) {
      const length = this.#length(first, SHORT_TEXT, LONG_TEXT, end);
      const text = new Uint8Array(this.#bytes.subarray(this.at, this.at + length));
      if (length === 1 && (text[0] as number) < SHORT_TEXT) {
        throw new RlpError({ code: "RLP_NOT_CANONICAL", offset: start });
      }
      this.at += length;
      return text;
    }
    const length = this.#length(first, SHORT_LIST, LONG_LIST, end);
    if (depth >= RLP_DEPTH_MAX) throw new RlpError({ code: "RLP_TOO_DEEP", offset: start, max: RLP_DEPTH_MAX });
    const listEnd = this.at + length;
    const list: RlpItem[] = [];
    while (this.at < listEnd) list.push(this.item(listEnd, depth + 1));
    return list;
  }

  #byte(end: number): number {
    const byte = this.at < end ? this.#bytes[this.at] : undefined;
    if (byte === undefined) throw new RlpError({ code: "RLP_CUT_SHORT", offset: this.at });
    this.at++;
    return byte;
  }

  #length(first: number, shortBase: number, longBase: number, end: number): number {
    const start = this.at - 1;
    let length = first - shortBase;
    if (first >= longBase) {
      length = 0;
      for (let left = first - longBase + 1; left > 0; left--) {
        const byte = this.#byte(end);
        if (length === 0 && byte === 0) throw new RlpError({ code: "RLP_NOT_CANONICAL", offset: start });
        length = length * 256 + byte;
      }
      if (length <= SHORT_MAX) throw new RlpError({ code: "RLP_NOT_CANONICAL", offset: start });
    }
    if (length > end - this.at) throw new RlpError({ code: "RLP_CUT_SHORT", offset: this.at });
    return length;
  }
}

export function encodeRlp(item: RlpItem): Uint8Array {
  const bytes = new Uint8Array(encodedLength(item));
  write(bytes, 0, item);
  return bytes;
}

/** The minimal big-endian bytes of an integer >= 0; none for zero, as RLP writes integers. */
export function rlpInteger(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; left > 0n; left >>= 8n) bytes.unshift(Number(left & 0xffn));
  return new Uint8Array(bytes);
}

function isText(item: RlpItem): item is Uint8Array {
  return item instanceof Uint8Array;
}

function standsForItself(text: Uint8Array): boolean {
  return text.length === 1 && (text[0] as number) < SHORT_TEXT;
}

function payloadLength(item: RlpItem): number {
  if (isText(item)) return item.length;
  let length = 0;
  for (const part of item) length += encodedLength(part);
  return length;
}

function encodedLength(item: RlpItem): number {
  if (isText(item) && standsForItself(item)) return 1;
  const payload = payloadLength(item);
  return payload <= SHORT_MAX ? 1 + payload : 1 + rlpInteger(BigInt(payload)).length + payload;
}

/** Offset after the item. */
function write(target: Uint8Array, offset: number, item: RlpItem): number {
  let at = offset;
  if (isText(item) && standsForItself(item)) {
    target.set(item, at);
    return at + 1;
  }
  const payload = payloadLength(item);
  const shortBase = isText(item) ? SHORT_TEXT : SHORT_LIST;
  if (payload <= SHORT_MAX) target[at++] = shortBase + payload;
  else {
    const length = rlpInteger(BigInt(payload));
    target[at] = (isText(item) ? LONG_TEXT : LONG_LIST) + length.length - 1;
    target.set(length, at + 1);
    at += 1 + length.length;
  }
  if (isText(item)) {
    target.set(item, at);
    return at + payload;
  }
  for (const part of item) at = write(target, at, part);
  return at;
}
