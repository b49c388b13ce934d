/** A function's call: four bytes that name it, then its arguments. */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { encodeAbi } from "./encode.js";
import { type AbiValue, parseAbiSignature } from "./types.js";

export const SELECTOR_BYTES = 4;

/** First four bytes of the *chain's* hash over the canonical signature, so they differ between ecdsa and sm chains. */
export function selectorOf(hash: HashFunction, signature: string): Uint8Array {
  return hash(utf8Bytes(signature)).slice(0, SELECTOR_BYTES);
}

/**
 * Input of a call, for clients and tests: `encodeAbiCall(hash, "get(string)", ["key"])`.
 * @throws AbiError `ABI_TYPE`, `ABI_VALUE`
 */
export function encodeAbiCall(hash: HashFunction, signature: string, values: readonly AbiValue[]): Uint8Array {
  return concatBytes([selectorOf(hash, signature), encodeAbi(parseAbiSignature(signature), values)]);
}
