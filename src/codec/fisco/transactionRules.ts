/**
 * Structural rules for transactions. The hash joins chainID, groupID, blockLimit, nonce, to, input and abi without
 * lengths (TarsHashable.h), so `to` can be cut into nonce or input and the hash stays. What no honest client writes is
 * refused; what honest clients do write, but could be read in another way, is reported as an ambiguity. A result of no
 * ambiguity is no proof that the sender did not build one on purpose.
 */
import { equalBytes, toHex } from "../../base/bytes.js";
import type { SuiteName } from "../../crypto/suite.js";
import { parseJson } from "../json.js";
import { JsonError, TransactionError } from "../problems.js";
import {
  TRANSACTION_TYPE_FISCO,
  TRANSACTION_TYPE_WEB3,
  TRANSACTION_VERSION_MAX,
  type Transaction,
  type TransactionData,
} from "./transaction.js";
import { decodeWeb3Bytes } from "./web3Transaction.js";

/** The chain a transaction must be for. */
export interface TransactionChain {
  readonly chainId: string;
  readonly groupId: string;
  readonly suite: SuiteName;
}

export type TransactionAmbiguity =
  /** The nonce is not made of 0-9a-f only, so part of `to` may be hidden in it. */
  | "NONCE_UNUSUAL"
  /**
   * A deployment whose nonce ends in 40 hex digits, which may be a `to` without 0x: also that of the contract
   * 0x...1003.
   */
  | "NONCE_MAY_HOLD_TO"
  /** `to` has no 0x, so its border with the nonce is not marked. */
  | "TO_WITHOUT_PREFIX"
  /** A call that carries an ABI, which may be the end of its input. */
  | "ABI_IN_CALL"
  /** No ABI, and an input that ends like one. */
  | "INPUT_ENDS_AS_ABI"
  /** Version 1 and later: value and gas texts stand next to each other. */
  | "VALUE_FIELDS_JOINED"
  /** Version 1 and later: no ABI and no value, and an input that ends like a number. */
  | "INPUT_ENDS_AS_VALUE"
  /** Version 2: the extension may hold the end of the fee texts, or the other way round. */
  | "EXTENSION_PRESENT";

const SIGNATURE_BYTES = { ecdsa: 65, sm: 128 } as const;
const RECOVERY_MAX = 3;
const TO = /^(?:|(?:0x)?[0-9a-fA-F]{40})$/;
const PLAIN_NONCE = /^[0-9a-f]*$/;
const NONCE_ENDS_IN_TO = /0x[0-9a-fA-F]{40}$/;
const NONCE_ENDS_IN_40 = /[0-9a-fA-F]{40}$/;
/** A 256-bit number has at most 78 digits. */
const VALUE = /^(?:|0x[0-9a-fA-F]{0,64}|[0-9]{1,78})$/;
const ADDRESS_DIGITS = 40;
const ABI_DEPTH_MAX = 32;
const NONE: readonly TransactionAmbiguity[] = [];

/**
 * @returns what may also be read in another way; empty for most calls made with the Java SDK, never for its
 * deployments.
 * @throws TransactionError; for type 1 also RlpError
 */
export function checkTransaction(transaction: Transaction, chain: TransactionChain): readonly TransactionAmbiguity[] {
  const { type, data, signature } = transaction;
  if (type === TRANSACTION_TYPE_WEB3) return checkWeb3(transaction);
  if (type !== TRANSACTION_TYPE_FISCO) throw new TransactionError({ code: "TRANSACTION_TYPE", type });
  if (transaction.web3Bytes.length > 0) throw new TransactionError({ code: "TRANSACTION_EXTRA_BYTES" });
  const { version } = data;
  if (!Number.isInteger(version) || version < 0 || version > TRANSACTION_VERSION_MAX) {
    throw new TransactionError({ code: "TRANSACTION_VERSION", version });
  }
  if (data.chainId !== chain.chainId) {
    throw new TransactionError({ code: "TRANSACTION_CHAIN_ID", found: data.chainId, expected: chain.chainId });
  }
  if (data.groupId !== chain.groupId) {
    throw new TransactionError({ code: "TRANSACTION_GROUP_ID", found: data.groupId, expected: chain.groupId });
  }
  if (!Number.isSafeInteger(data.blockLimit) || data.blockLimit < 0) {
    throw new TransactionError({ code: "TRANSACTION_BLOCK_LIMIT", blockLimit: data.blockLimit });
  }
  if (!TO.test(data.to)) throw new TransactionError({ code: "TRANSACTION_TO" });
  if (!isAbi(data.abi)) throw new TransactionError({ code: "TRANSACTION_ABI" });
  if (data.to === "") checkDeployment(data);
  checkValueFields(data);
  checkSignature(signature, chain.suite);
  return ambiguities(data);
}

function checkDeployment(data: TransactionData): void {
  if (startsWithAddress(data.input)) throw new TransactionError({ code: "TRANSACTION_DEPLOY_INPUT" });
  if (NONCE_ENDS_IN_TO.test(data.nonce)) throw new TransactionError({ code: "TRANSACTION_DEPLOY_NONCE" });
}

/** Below version 1 these fields are not hashed, so a value in one of them is somebody else's addition. */
function checkValueFields(data: TransactionData): void {
  for (const field of ["value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"] as const) {
    const allowed = data.version >= 1 ? VALUE.test(data[field]) : data[field] === "";
    if (!allowed) throw new TransactionError({ code: "TRANSACTION_VALUE_FIELD", field });
  }
  if (data.gasLimit < 0n || (data.version < 1 && data.gasLimit !== 0n)) {
    throw new TransactionError({ code: "TRANSACTION_GAS_LIMIT" });
  }
  if (data.version < 2 && data.extension.length > 0) {
    throw new TransactionError({ code: "TRANSACTION_VALUE_FIELD", field: "extension" });
  }
}

function checkSignature(signature: Uint8Array, suite: SuiteName): void {
  const expected = SIGNATURE_BYTES[suite];
  if (signature.length !== expected) {
    throw new TransactionError({ code: "TRANSACTION_SIGNATURE_LENGTH", length: signature.length, expected });
  }
  const recovery = signature[64] as number;
  if (suite === "ecdsa" && recovery > RECOVERY_MAX) {
    throw new TransactionError({ code: "TRANSACTION_SIGNATURE_RECOVERY", byte: recovery });
  }
}

/**
 * RLP has lengths, so a Web3 transaction has one reading; but the fields a node executes stand beside the signed bytes
 * and must say the same. chainID and groupID belong to FISCO's own form and are not compared.
 */
function checkWeb3(transaction: Transaction): readonly TransactionAmbiguity[] {
  const { data, web3Bytes, signature } = transaction;
  checkSignature(signature, "ecdsa");
  const signed = decodeWeb3Bytes(web3Bytes);
  if (data.to.toLowerCase().replace(/^0x/, "") !== toHex(signed.to)) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_MISMATCH", field: "to" });
  }
  if (!equalBytes(data.input, signed.input)) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_MISMATCH", field: "input" });
  }
  if (!VALUE.test(data.value) || integerOf(data.value) !== signed.value) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_MISMATCH", field: "value" });
  }
  return NONE;
}

function ambiguities(data: TransactionData): readonly TransactionAmbiguity[] {
  const found: TransactionAmbiguity[] = [];
  const deploys = data.to === "";
  if (!PLAIN_NONCE.test(data.nonce)) found.push("NONCE_UNUSUAL");
  if (deploys && NONCE_ENDS_IN_40.test(data.nonce)) found.push("NONCE_MAY_HOLD_TO");
  if (!deploys && !data.to.startsWith("0x")) found.push("TO_WITHOUT_PREFIX");
  if (!deploys && data.abi !== "") found.push("ABI_IN_CALL");
  if (data.abi === "" && endsAsAbi(data.input)) found.push("INPUT_ENDS_AS_ABI");
  if (data.version >= 1) {
    const values = data.value + data.gasPrice;
    if (values !== "" || data.maxFeePerGas + data.maxPriorityFeePerGas !== "") found.push("VALUE_FIELDS_JOINED");
    if (values === "" && data.abi === "" && isHexDigit(data.input.at(-1))) found.push("INPUT_ENDS_AS_VALUE");
  }
  if (data.extension.length > 0) found.push("EXTENSION_PRESENT");
  return found.length === 0 ? NONE : found;
}

function isAbi(abi: string): boolean {
  if (abi === "") return true;
  // A bare number or word is JSON as well, but also the tail of many an input.
  if (!abi.startsWith("[") && !abi.startsWith("{")) return false;
  try {
    parseJson(abi, { depthMax: ABI_DEPTH_MAX });
    return true;
  } catch (thrown) {
    if (thrown instanceof JsonError) return false;
    throw thrown;
  }
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70);
}

/** Whether the input begins with the ASCII of 40 hex digits, with or without 0x. */
function startsWithAddress(input: Uint8Array): boolean {
  const start = input[0] === 48 && input[1] === 120 ? 2 : 0;
  return allHexDigits(input, 0) || (start === 2 && allHexDigits(input, start));
}

function allHexDigits(input: Uint8Array, start: number): boolean {
  for (let i = start; i < start + ADDRESS_DIGITS; i++) if (!isHexDigit(input[i])) return false;
  return true;
}

/** The last two bytes of a JSON array of objects, or of an empty one. */
function endsAsAbi(input: Uint8Array): boolean {
  const before = input.at(-2);
  return input.at(-1) === 0x5d && (before === 0x7d || before === 0x5b);
}

function integerOf(text: string): bigint {
  return text === "" || text === "0x" ? 0n : BigInt(text);
}
