/**
 * Solidity ABI bytes to values, the canonical encoding only: every tail stands where the one before it ended, padding is
 * zero, nothing follows. Compilers and SDKs write exactly this form; with it, equal values have equal bytes, and no offset
 * can point back or make two values share bytes.
 */
import { copyBytes, isZeroBytes, toHex } from "../../base/bytes.js";
import { AbiError } from "../problems.js";
import { ABI_WORD_BYTES, type AbiType, type AbiValue, headBytes, isDynamic } from "./types.js";

export const ABI_BYTES_MAX = 1024 * 1024;
/** Values of all kinds in one encoding, arrays and tuples included. */
export const ABI_ITEMS_MAX = 16_384;

const ADDRESS_BYTES = 20;
/** Lowest bytes of a word that a number holds exactly. */
const SMALL_BYTES = 6;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The values of a list of types: the arguments of a function behind its selector, or its results.
 * @throws AbiError
 */
export function decodeAbi(types: readonly AbiType[], bytes: Uint8Array): AbiValue[] {
  if (bytes.length > ABI_BYTES_MAX) {
    throw new AbiError({ code: "ABI_TOO_LARGE", length: bytes.length, max: ABI_BYTES_MAX });
  }
  const reader = new AbiReader(bytes);
  const { values, end } = reader.list(types, 0);
  if (end !== bytes.length) throw new AbiError({ code: "ABI_TRAILING", offset: end });
  return values;
}

interface Read<T> {
  readonly values: T;
  /** First byte behind what was read. */
  readonly end: number;
}

class AbiReader {
  readonly #bytes: Uint8Array;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Heads from `base` on, then the tails of the dynamic ones in order. */
  list(types: readonly AbiType[], base: number): Read<AbiValue[]> {
    let head = base;
    let tail = base + types.reduce((sum, type) => sum + headBytes(type), 0);
    this.#need(base, tail - base);
    const values: AbiValue[] = [];
    for (const type of types) {
      if (isDynamic(type)) {
        const offset = this.#uint(head);
        if (offset !== BigInt(tail - base)) throw new AbiError({ code: "ABI_OFFSET", offset: head });
        const { values: value, end } = this.#dynamic(type, tail);
        values.push(value);
        tail = end;
      } else {
        values.push(this.#static(type, head));
      }
      head += headBytes(type);
    }
    return { values, end: tail };
  }

  #dynamic(type: AbiType, at: number): Read<AbiValue> {
    this.#count(at);
    switch (type.kind) {
      case "bytes":
        return this.#tailBytes(at);
      case "string": {
        const { values: bytes, end } = this.#tailBytes(at);
        try {
          return { values: UTF8.decode(bytes), end };
        } catch (cause) {
          throw new AbiError({ code: "ABI_TEXT_NOT_UTF8", offset: at }, { cause });
        }
      }
      case "array": {
        if (type.length !== undefined) {
          this.#room(at, type.length);
          return this.list(Array<AbiType>(type.length).fill(type.item), at);
        }
        const length = this.#length(at);
        const start = at + ABI_WORD_BYTES;
        this.#need(start, length * headBytes(type.item));
        this.#room(start, length);
        return this.list(Array<AbiType>(length).fill(type.item), start);
      }
      case "tuple":
        return this.list(type.items, at);
      default:
        return { values: this.#word(type, at), end: at + ABI_WORD_BYTES };
    }
  }

  #static(type: AbiType, at: number): AbiValue {
    this.#count(at);
    switch (type.kind) {
      case "array": {
        this.#room(at, type.length ?? 0);
        return this.list(Array<AbiType>(type.length ?? 0).fill(type.item), at).values;
      }
      case "tuple":
        return this.list(type.items, at).values;
      default:
        return this.#word(type, at);
    }
  }

  #word(type: AbiType, at: number): AbiValue {
    const word = this.#bytes.subarray(at, at + ABI_WORD_BYTES);
    switch (type.kind) {
      case "uint": {
        const value = this.#uint(at);
        if (value >> BigInt(type.bits) !== 0n) throw new AbiError({ code: "ABI_RANGE", offset: at });
        return value;
      }
      case "int": {
        const value = BigInt.asIntN(256, this.#uint(at));
        if (BigInt.asIntN(type.bits, value) !== value) throw new AbiError({ code: "ABI_RANGE", offset: at });
        return value;
      }
      case "bool": {
        const value = this.#uint(at);
        if (value > 1n) throw new AbiError({ code: "ABI_RANGE", offset: at });
        return value === 1n;
      }
      case "address":
        this.#zeros(at, ABI_WORD_BYTES - ADDRESS_BYTES);
        return copyBytes(word.subarray(ABI_WORD_BYTES - ADDRESS_BYTES));
      case "fixedBytes":
        this.#zeros(at + type.size, ABI_WORD_BYTES - type.size);
        return copyBytes(word.subarray(0, type.size));
      default:
        throw new AbiError({ code: "ABI_TYPE", text: type.kind });
    }
  }

  #tailBytes(at: number): Read<Uint8Array> {
    const length = this.#length(at);
    const start = at + ABI_WORD_BYTES;
    const padded = Math.ceil(length / ABI_WORD_BYTES) * ABI_WORD_BYTES;
    this.#need(start, padded);
    this.#zeros(start + length, padded - length);
    return { values: copyBytes(this.#bytes.subarray(start, start + length)), end: start + padded };
  }

  #length(at: number): number {
    this.#need(at, ABI_WORD_BYTES);
    const length = this.#uint(at);
    // More than the whole input has cannot follow; the exact room is checked by whoever knows the item's size.
    if (length > BigInt(this.#bytes.length)) throw new AbiError({ code: "ABI_CUT_SHORT", offset: at });
    return Number(length);
  }

  #uint(at: number): bigint {
    const low = at + ABI_WORD_BYTES - SMALL_BYTES;
    let first = at;
    while (first < low && this.#bytes[first] === 0) first++;
    // Offsets, lengths and most amounts; a number on the way costs a tenth of a hex text.
    if (first === low) {
      let small = 0;
      for (let i = low; i < at + ABI_WORD_BYTES; i++) small = small * 256 + (this.#bytes[i] ?? 0);
      return BigInt(small);
    }
    return BigInt(`0x${toHex(this.#bytes.subarray(at, at + ABI_WORD_BYTES))}`);
  }

  #need(at: number, length: number): void {
    if (length > this.#bytes.length - at) throw new AbiError({ code: "ABI_CUT_SHORT", offset: at });
  }

  #zeros(at: number, length: number): void {
    if (!isZeroBytes(this.#bytes.subarray(at, at + length))) throw new AbiError({ code: "ABI_PADDING", offset: at });
  }

  #room(at: number, items: number): void {
    if (items > ABI_ITEMS_MAX - this.#items) {
      throw new AbiError({ code: "ABI_TOO_MANY_ITEMS", offset: at, max: ABI_ITEMS_MAX });
    }
  }

  #count(at: number): void {
    this.#room(at, 1);
    this.#items++;
  }
}
