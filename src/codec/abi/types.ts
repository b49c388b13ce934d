/**
 * Types of the Solidity ABI as values, read from their text form. Source: "Contract ABI Specification" of the Solidity
 * documentation, sections "Types" and "Formal Specification of the Encoding".
 */
import { AbiError } from "../problems.js";

export type AbiType =
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "bool" | "address" | "bytes" | "string" }
  | { readonly kind: "fixedBytes"; readonly size: number }
  /** Without `length` the array carries its own count. */
  | { readonly kind: "array"; readonly item: AbiType; readonly length?: number }
  | { readonly kind: "tuple"; readonly items: readonly AbiType[] };

/**
 * uint and int: bigint; bool: boolean; address: 20 bytes; fixed bytes and bytes: Uint8Array; string: text; arrays and
 * tuples: the values of their items in order.
 */
export type AbiValue = bigint | boolean | string | Uint8Array | readonly AbiValue[];

/** Arrays and tuples in each other. */
export const ABI_DEPTH_MAX = 8;
/** Length of a text that names types. */
export const ABI_TYPE_CHARACTERS_MAX = 512;
export const ABI_WORD_BYTES = 32;

const ARRAY_LENGTH_MAX = 65_535;
const ELEMENTARY = /^(?:(uint|int)(\d{1,3})|bytes(\d{1,2})|bool|address|bytes|string)$/;
const SIGNATURE = /^[A-Za-z_$][A-Za-z0-9_$]{0,63}(\(.*\))$/;

/** @throws AbiError `ABI_TYPE` for a text that is no type, or only an alias of one (`uint`, `int`). */
export function parseAbiType(text: string): AbiType {
  const parser = new TypeParser(text);
  const type = parser.type(0);
  parser.end();
  return type;
}

/**
 * The items of a list in parentheses: "(string,uint256)".
 * @throws AbiError `ABI_TYPE`
 */
export function parseAbiTypes(text: string): readonly AbiType[] {
  if (text === "()") return [];
  const type = parseAbiType(text);
  if (type.kind !== "tuple") throw new AbiError({ code: "ABI_TYPE", text });
  return type.items;
}

/**
 * The arguments of a function in canonical form: "setWeight(string,uint256)".
 * @throws AbiError `ABI_TYPE`
 */
export function parseAbiSignature(signature: string): readonly AbiType[] {
  const list = signature.length > ABI_TYPE_CHARACTERS_MAX ? undefined : SIGNATURE.exec(signature)?.[1];
  if (list === undefined) throw new AbiError({ code: "ABI_TYPE", text: signature.slice(0, ABI_TYPE_CHARACTERS_MAX) });
  return parseAbiTypes(list);
}

/** Whether the length of an encoded value depends on the value. */
export function isDynamic(type: AbiType): boolean {
  switch (type.kind) {
    case "bytes":
    case "string":
      return true;
    case "array":
      return type.length === undefined || isDynamic(type.item);
    case "tuple":
      return type.items.some(isDynamic);
    default:
      return false;
  }
}

/** Bytes a value takes in the head of what it is part of. */
export function headBytes(type: AbiType): number {
  if (isDynamic(type)) return ABI_WORD_BYTES;
  if (type.kind === "array") return (type.length ?? 0) * headBytes(type.item);
  if (type.kind === "tuple") return type.items.reduce((sum, item) => sum + headBytes(item), 0);
  return ABI_WORD_BYTES;
}

class TypeParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > ABI_TYPE_CHARACTERS_MAX) throw this.#wrong();
  }

  type(depth: number): AbiType {
    if (depth > ABI_DEPTH_MAX) throw this.#wrong();
    let type = this.#text[this.#at] === "(" ? this.#tuple(depth) : this.#elementary();
    for (let arrays = depth + 1; this.#text[this.#at] === "["; arrays++) {
      if (arrays > ABI_DEPTH_MAX) throw this.#wrong();
      type = this.#array(type);
    }
    return type;
  }

  end(): void {
    if (this.#at !== this.#text.length) throw this.#wrong();
  }

  #tuple(depth: number): AbiType {
    const items: AbiType[] = [];
    do {
      this.#at++;
      items.push(this.type(depth + 1));
    } while (this.#text[this.#at] === ",");
    if (this.#text[this.#at] !== ")") throw this.#wrong();
    this.#at++;
    return { kind: "tuple", items };
  }

  #array(item: AbiType): AbiType {
    const close = this.#text.indexOf("]", this.#at);
    if (close < 0) throw this.#wrong();
    const digits = this.#text.slice(this.#at + 1, close);
    this.#at = close + 1;
    if (digits === "") return { kind: "array", item };
    const length = Number(digits);
    // An array of no items would take no room, so any number of them would fit anywhere.
    if (!/^[1-9]\d{0,4}$/.test(digits) || length > ARRAY_LENGTH_MAX) throw this.#wrong();
    return { kind: "array", item, length };
  }

  #elementary(): AbiType {
    const word = /^[a-z0-9]*/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    const [, integer, bits, size] = ELEMENTARY.exec(word) ?? [];
    this.#at += word.length;
    if (integer !== undefined) {
      const width = Number(bits);
      if (width % 8 !== 0 || width < 8 || width > 256 || bits !== String(width)) throw this.#wrong();
      return { kind: integer as "uint" | "int", bits: width };
    }
    if (size !== undefined) {
      const length = Number(size);
      if (length < 1 || length > ABI_WORD_BYTES || size !== String(length)) throw this.#wrong();
      return { kind: "fixedBytes", size: length };
    }
    if (word === "bool" || word === "address" || word === "bytes" || word === "string") return { kind: word };
    throw this.#wrong();
  }

  #wrong(): AbiError {
    return new AbiError({ code: "ABI_TYPE", text: this.#text.slice(0, ABI_TYPE_CHARACTERS_MAX) });
  }
}
