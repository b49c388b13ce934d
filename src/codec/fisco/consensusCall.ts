/**
 * Calls of the consensus precompile at 0x...1003, which change the sealer set of the next block
 * (bcos-executor/src/precompiled/ConsensusPrecompiled.cpp). Selectors are the first four bytes of the *chain's* hash
 * over the signature, so they differ between ecdsa and sm chains.
 *
 * Only the canonical ABI encoding is taken. A node also runs odd ones; then replaying stops with an error instead of
 * ending in another set than the chain's.
 */
import { BytesError, fromHex, isZeroBytes, toHex, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { ConsensusCallError } from "../problems.js";

/** 40 hex digits, as in a transaction's `to` after its 0x. */
export const CONSENSUS_PRECOMPILE_ADDRESS = "0000000000000000000000000000000000001003";

/** `nodeId` is a 64-byte public key. */
export type ConsensusCall =
  | { readonly method: "addSealer"; readonly nodeId: Uint8Array; readonly weight: bigint; readonly termWeight?: bigint }
  | { readonly method: "setWeight" | "setTermWeight"; readonly nodeId: Uint8Array; readonly weight: bigint }
  | { readonly method: "addObserver" | "remove"; readonly nodeId: Uint8Array };

const SELECTOR_BYTES = 4;
const WORD_BYTES = 32;
const NODE_ID_DIGITS = 128;
const WEIGHT_MAX = 0x7fff_ffff_ffff_ffffn;

const SIGNATURES = [
  "addSealer(string,uint256)",
  "addSealer(string,uint256,uint256)",
  "addObserver(string)",
  "remove(string)",
  "setWeight(string,uint256)",
  "setTermWeight(string,uint256)",
] as const;
type Signature = (typeof SIGNATURES)[number];

/** Selectors are asked for once per call of a replay; six hashes per suite are enough for good. */
const SELECTORS = new WeakMap<HashFunction, ReadonlyMap<string, Signature>>();

function selectorsOf(hash: HashFunction): ReadonlyMap<string, Signature> {
  const known = SELECTORS.get(hash);
  if (known !== undefined) return known;
  const made = new Map(SIGNATURES.map((signature) => [selectorText(hash, signature), signature]));
  SELECTORS.set(hash, made);
  return made;
}

function selectorText(hash: HashFunction, signature: Signature): string {
  return toHex(hash(utf8Bytes(signature)).subarray(0, SELECTOR_BYTES));
}

/**
 * @param input of a transaction to CONSENSUS_PRECOMPILE_ADDRESS.
 * @throws ConsensusCallError
 */
export function decodeConsensusCall(hash: HashFunction, input: Uint8Array): ConsensusCall {
  const selector = toHex(input.subarray(0, SELECTOR_BYTES));
  const signature = selectorsOf(hash).get(selector);
  if (signature === undefined) throw new ConsensusCallError({ code: "CONSENSUS_CALL_SELECTOR", selector });
  const args = input.subarray(SELECTOR_BYTES);
  switch (signature) {
    case "addObserver(string)":
      return { method: "addObserver", nodeId: readNodeId(args, 0) };
    case "remove(string)":
      return { method: "remove", nodeId: readNodeId(args, 0) };
    case "setWeight(string,uint256)":
      return { method: "setWeight", nodeId: readNodeId(args, 1), weight: readWeight(args, 1) };
    case "setTermWeight(string,uint256)":
      return { method: "setTermWeight", nodeId: readNodeId(args, 1), weight: readWeight(args, 1) };
    case "addSealer(string,uint256)":
      return { method: "addSealer", nodeId: readNodeId(args, 1), weight: readWeight(args, 1) };
    case "addSealer(string,uint256,uint256)":
      return {
        method: "addSealer",
        nodeId: readNodeId(args, 2),
        weight: readWeight(args, 1),
        termWeight: readWeight(args, 2),
      };
  }
}

/** Head: offset of the text, then `numbers` integers; tail: length 128 and the digits, which need no padding. */
function readNodeId(args: Uint8Array, numbers: number): Uint8Array {
  const headBytes = WORD_BYTES * (1 + numbers);
  if (args.length !== headBytes + WORD_BYTES + NODE_ID_DIGITS) {
    throw new ConsensusCallError({ code: "CONSENSUS_CALL_LENGTH", length: args.length + SELECTOR_BYTES });
  }
  if (readWord(args, 0) !== BigInt(headBytes) || readWord(args, headBytes) !== BigInt(NODE_ID_DIGITS)) {
    throw new ConsensusCallError({ code: "CONSENSUS_CALL_ARGUMENTS" });
  }
  let digits = "";
  for (const byte of args.subarray(headBytes + WORD_BYTES)) digits += String.fromCharCode(byte);
  try {
    const nodeId = fromHex(digits);
    // A leading 0x would pass as hex of 63 bytes.
    if (2 * nodeId.length === NODE_ID_DIGITS) return nodeId;
  } catch (thrown) {
    if (!(thrown instanceof BytesError)) throw thrown;
  }
  throw new ConsensusCallError({ code: "CONSENSUS_CALL_NODE_ID" });
}

function readWeight(args: Uint8Array, index: number): bigint {
  const weight = readWord(args, WORD_BYTES * index);
  if (weight > WEIGHT_MAX) throw new ConsensusCallError({ code: "CONSENSUS_CALL_WEIGHT" });
  return weight;
}

function readWord(args: Uint8Array, offset: number): bigint {
  const word = args.subarray(offset, offset + WORD_BYTES);
  if (isZeroBytes(word)) return 0n;
  return BigInt(`0x${toHex(word)}`);
}

/**
 * The input of a call, for tests and for the operator's own transactions.
 * @throws ConsensusCallError `CONSENSUS_CALL_WEIGHT`, `CONSENSUS_CALL_NODE_ID`
 */
export function encodeConsensusCall(hash: HashFunction, call: ConsensusCall): Uint8Array {
  const numbers = numbersOf(call);
  for (const number of numbers) {
    if (number < 0n || number > WEIGHT_MAX) throw new ConsensusCallError({ code: "CONSENSUS_CALL_WEIGHT" });
  }
  if (2 * call.nodeId.length !== NODE_ID_DIGITS) throw new ConsensusCallError({ code: "CONSENSUS_CALL_NODE_ID" });
  const headBytes = WORD_BYTES * (1 + numbers.length);
  const words = [BigInt(headBytes), ...numbers, BigInt(NODE_ID_DIGITS)];
  const body = words.map((word) => word.toString(16).padStart(2 * WORD_BYTES, "0")).join("");
  const text = toHex(utf8Bytes(toHex(call.nodeId)));
  return fromHex(`${selectorText(hash, signatureOf(call))}${body}${text}`);
}

function numbersOf(call: ConsensusCall): bigint[] {
  if (!("weight" in call)) return [];
  if (call.method === "addSealer" && call.termWeight !== undefined) return [call.weight, call.termWeight];
  return [call.weight];
}

function signatureOf(call: ConsensusCall): Signature {
  switch (call.method) {
    case "addSealer":
      return call.termWeight === undefined ? "addSealer(string,uint256)" : "addSealer(string,uint256,uint256)";
    case "addObserver":
    case "remove":
      return `${call.method}(string)`;
    case "setWeight":
    case "setTermWeight":
      return `${call.method}(string,uint256)`;
  }
}
