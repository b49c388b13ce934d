/** The call of a transaction, from the words of a command line. */
import { fromHex } from "../../base/bytes.js";
import { codeOf } from "../../base/error.js";
import type { Anchor } from "../../chain/anchor.js";
import { encodeAbiCall } from "../../codec/abi/call.js";
import { type AbiType, type AbiValue, parseAbiSignature } from "../../codec/abi/types.js";
import type { TransactionCall } from "../../codec/fisco/transactionBuild.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { usage } from "./sign.js";

/** As words of a command line; empty and absent are the same. */
export interface CallWords {
  readonly to?: string;
  readonly input?: string;
  /** Signature of the called method, in place of `input`. */
  readonly call?: string;
  /** Its arguments, in order. */
  readonly arg?: readonly string[];
  readonly abi?: string;
  readonly txVersion?: string;
  readonly value?: string;
  readonly gasPrice?: string;
  readonly gasLimit?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
  readonly extension?: string;
}

const UINT64 = /^\d{1,18}$/;
const ADDRESS = /^(?:0x)?[0-9a-fA-F]{40}$/;

/**
 * @param hash of the chain: a method's selector is made with it.
 * @throws CommandError `COMMAND_USAGE`, BytesError
 */
export function callOf(words: CallWords, hash: HashFunction): TransactionCall {
  const { to, txVersion, gasLimit, extension } = words;
  if (to !== undefined && !ADDRESS.test(to)) usage("--to takes 40 hex digits, with or without 0x");
  if (txVersion !== undefined && !/^[012]$/.test(txVersion)) usage("--tx-version takes 0, 1 or 2");
  if (gasLimit !== undefined && !UINT64.test(gasLimit)) usage("--gas-limit takes a decimal number");
  const texts = pick(words, ["abi", "value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"]);
  return {
    ...texts,
    input: inputOf(words, hash),
    ...(to === undefined ? {} : { to: fromHex(to) }),
    ...(txVersion === undefined ? {} : { version: Number(txVersion) }),
    ...(gasLimit === undefined ? {} : { gasLimit: BigInt(gasLimit) }),
    ...(extension === undefined ? {} : { extension: bytesOf(extension, "--extension") }),
  };
}

function bytesOf(word: string, option: string): Uint8Array {
  return /^(?:0x)?(?:[0-9a-fA-F]{2})*$/.test(word)
    ? fromHex(word)
    : usage(`${option} takes an even number of hex digits`);
}

function pick<K extends Exclude<keyof CallWords, "arg">>(words: CallWords, names: readonly K[]): { [N in K]?: string } {
  const picked: { [N in K]?: string } = {};
  for (const name of names) {
    const value = words[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** For the chain of an anchor. @throws as `callOf` */
export async function callOnChain(words: CallWords, { profile }: Anchor): Promise<TransactionCall> {
  return callOf(words, (await loadSuite(profile.suite)).hash);
}

function inputOf({ input, call, arg = [] }: CallWords, hash: HashFunction): Uint8Array {
  if (call === undefined) return arg.length > 0 ? usage("--arg goes with --call") : bytesOf(input ?? "", "--input");
  if (input !== undefined) usage("Give either --input or --call");
  try {
    const types = parseAbiSignature(call);
    if (types.length !== arg.length) usage(`${call} takes ${types.length} --arg, not ${arg.length}`);
    return encodeAbiCall(
      hash,
      call,
      types.map((type, i) => argumentOf(type, arg[i] ?? "")),
    );
  } catch (thrown) {
    if (codeOf(thrown).startsWith("ABI_")) usage(`--call and --arg do not fit each other (${codeOf(thrown)})`);
    throw thrown;
  }
}

/** Lists as JSON, numbers in decimal, bytes and addresses in hex, everything else as it stands. */
function argumentOf(type: AbiType, word: string): AbiValue {
  switch (type.kind) {
    case "uint":
    case "int":
      return /^-?\d{1,78}$/.test(word) ? BigInt(word) : usage(`"${word}" is no decimal number`);
    case "bool":
      return /^(?:true|false)$/.test(word) ? word === "true" : usage(`"${word}" is neither true nor false`);
    case "string":
      return word;
    case "address":
    case "bytes":
    case "fixedBytes":
      return bytesOf(word, "--arg");
    case "array":
    case "tuple":
      return listOf(type, word);
  }
}

function listOf(type: Extract<AbiType, { kind: "array" | "tuple" }>, word: string): AbiValue {
  let items: unknown;
  try {
    items = JSON.parse(word);
  } catch {
    usage(`"${word}" is no JSON list`);
  }
  if (!Array.isArray(items)) return usage(`"${word}" is no JSON list`);
  return items.map((item, i) => {
    const itemType = type.kind === "array" ? type.item : type.items[i];
    if (itemType === undefined) return usage(`"${word}" has too many items`);
    return argumentOf(itemType, typeof item === "string" ? item : JSON.stringify(item));
  });
}
