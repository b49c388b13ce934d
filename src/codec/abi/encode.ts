/** Values to Solidity ABI bytes in the canonical form that `decodeAbi` takes. */
import { concatBytes, fromHex, putInt32, utf8Bytes } from "../../base/bytes.js";
import { AbiError } from "../problems.js";
import { ABI_WORD_BYTES, type AbiType, type AbiValue, headBytes, isDynamic } from "./types.js";

const ADDRESS_BYTES = 20;
/** Of four bytes. */
const SMALL_MAX = 0xffff_ffffn;
const HALF_CHARACTER = /\p{Surrogate}/u;

/**
 * The encoding of a list of values: the arguments of a function without its selector, or its results.
 * @throws AbiError `ABI_VALUE` where a value is not of its type.
 */
export function encodeAbi(types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  if (values.length !== types.length) throw new AbiError({ code: "ABI_VALUE", kind: "tuple" });
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let tail = types.reduce((sum, type) => sum + headBytes(type), 0);
  for (const [index, type] of types.entries()) {
    const encoded = encodeOne(type, values[index] as AbiValue);
    if (isDynamic(type)) {
      heads.push(word(BigInt(tail)));
      tails.push(encoded);
      tail += encoded.length;
    } else {
      heads.push(encoded);
    }
  }
  return concatBytes([...heads, ...tails]);
}

function encodeOne(type: AbiType, value: AbiValue): Uint8Array {
  switch (type.kind) {
    case "uint":
      if (typeof value !== "bigint" || value < 0n || value >> BigInt(type.bits) !== 0n) throw wrong(type);
      return word(value);
    case "int":
      if (typeof value !== "bigint" || BigInt.asIntN(type.bits, value) !== value) throw wrong(type);
      return word(BigInt.asUintN(256, value));
    case "bool":
      if (typeof value !== "boolean") throw wrong(type);
      return word(value ? 1n : 0n);
    case "address":
      if (!(value instanceof Uint8Array) || value.length !== ADDRESS_BYTES) throw wrong(type);
      return concatBytes([new Uint8Array(ABI_WORD_BYTES - ADDRESS_BYTES), value]);
    case "fixedBytes":
      if (!(value instanceof Uint8Array) || value.length !== type.size) throw wrong(type);
      return concatBytes([value, new Uint8Array(ABI_WORD_BYTES - type.size)]);
    case "bytes":
      if (!(value instanceof Uint8Array)) throw wrong(type);
      return counted(value);
    case "string":
      if (typeof value !== "string" || HALF_CHARACTER.test(value)) throw wrong(type);
      return counted(utf8Bytes(value));
    case "array": {
      if (!Array.isArray(value) || (type.length !== undefined && value.length !== type.length)) throw wrong(type);
      const items = encodeAbi(Array<AbiType>(value.length).fill(type.item), value);
      return type.length === undefined ? concatBytes([word(BigInt(value.length)), items]) : items;
    }
    case "tuple":
      if (!Array.isArray(value)) throw wrong(type);
      return encodeAbi(type.items, value);
  }
}

function wrong({ kind }: AbiType): AbiError {
  return new AbiError({ code: "ABI_VALUE", kind });
}

/** Length, bytes, zeros up to the next word. */
function counted(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % ABI_WORD_BYTES;
  return concatBytes([word(BigInt(bytes.length)), bytes, new Uint8Array(rest === 0 ? 0 : ABI_WORD_BYTES - rest)]);
}

function word(value: bigint): Uint8Array {
  if (value <= SMALL_MAX) {
    const bytes = new Uint8Array(ABI_WORD_BYTES);
    putInt32(bytes, ABI_WORD_BYTES - 4, Number(value));
    return bytes;
  }
  return fromHex(value.toString(16).padStart(2 * ABI_WORD_BYTES, "0"));
}
