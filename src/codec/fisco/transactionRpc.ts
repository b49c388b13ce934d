/** Type 0 transactions as JSON-RPC shows them (bcos-rpc/jsonrpc/JsonRpcImpl_2_0.cpp, toJsonResp). */
import { EMPTY_BYTES, equalBytes, fromHex, to0x, toHex, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { TransactionError } from "../problems.js";
import {
  join,
  optionalField,
  type RpcRecord,
  readBytes,
  readNumber,
  readRecord,
  readText,
  readTextOr,
  toBytes,
  toInt64,
  toNumber,
} from "./rpcFields.js";
import { TRANSACTION_TYPE_FISCO, type Transaction, type TransactionData } from "./transaction.js";
import { transactionDataHash } from "./transactionHash.js";

const SIGNATURE_BYTES_MAX = 256;
const NONCE_TEXT_MAX = 1024;
const SHORT_TEXT_MAX = 256;
const EVEN_HEX = /^(?:[0-9a-fA-F]{2})+$/;

export interface RpcTransaction {
  readonly transaction: Transaction;
  /** Computed, and equal to the hash the answer names. */
  readonly hash: Uint8Array;
}

/**
 * Nodes before 3.3.0 print the nonce itself, later ones the hex of its bytes; a decimal nonce reads as both. The
 * reading whose hash is the named one is meant. `to` is hashed exactly as the client wrote it and is taken as it
 * stands.
 *
 * Web3 transactions (type 1) cannot be rebuilt from this form, because their signed bytes are not in it; they and
 * everything that does not hash to what it claims are refused.
 * @throws RpcShapeError, TransactionError `TRANSACTION_HASH_MISMATCH`, `TRANSACTION_VERSION`
 */
export function transactionFromRpc(value: unknown, hash: HashFunction, path = "transaction"): RpcTransaction {
  const record = readRecord(value, path);
  const claimed = readBytes(record, "hash", path, HASH_BYTES);
  const shown = readText(record, "nonce", path, NONCE_TEXT_MAX);
  const rest = readDataWithoutNonce(record, path);
  for (const nonce of nonceReadings(shown)) {
    const data: TransactionData = { ...rest, nonce };
    const computed = transactionDataHash(hash, data);
    if (!equalBytes(computed, claimed)) continue;
    const transaction: Transaction = {
      data,
      signature: readBytes(record, "signature", path, SIGNATURE_BYTES_MAX),
      type: TRANSACTION_TYPE_FISCO,
      web3Bytes: EMPTY_BYTES,
      importTime: numberOr(record, "importTime", path, 0),
      attribute: 0,
      extraData: readTextOr(record, "extraData", path, ""),
    };
    return { transaction, hash: computed };
  }
  throw new TransactionError({ code: "TRANSACTION_HASH_MISMATCH", path });
}

function nonceReadings(shown: string): string[] {
  if (!EVEN_HEX.test(shown)) return [shown];
  // Bytes that are no text cannot be a nonce this node can hold; the comparison of hashes then fails.
  return [shown, new TextDecoder("utf-8", { ignoreBOM: true }).decode(fromHex(shown))];
}

function readDataWithoutNonce(record: RpcRecord, path: string): Omit<TransactionData, "nonce"> {
  const extension = optionalField(record, "extension") ?? "";
  return {
    version: readNumber(record, "version", path),
    chainId: readText(record, "chainID", path, SHORT_TEXT_MAX),
    groupId: readText(record, "groupID", path, SHORT_TEXT_MAX),
    blockLimit: readNumber(record, "blockLimit", path),
    to: readText(record, "to", path, SHORT_TEXT_MAX),
    input: readBytes(record, "input", path),
    abi: readTextOr(record, "abi", path, ""),
    value: readTextOr(record, "value", path, ""),
    gasPrice: readTextOr(record, "gasPrice", path, ""),
    gasLimit: toInt64(optionalField(record, "gasLimit") ?? 0, join(path, "gasLimit")),
    maxFeePerGas: readTextOr(record, "maxFeePerGas", path, ""),
    maxPriorityFeePerGas: readTextOr(record, "maxPriorityFeePerGas", path, ""),
    extension: toBytes(extension, join(path, "extension")),
  };
}

function numberOr(record: RpcRecord, name: string, path: string, missing: number): number {
  const value = optionalField(record, name);
  return value === undefined || value === null ? missing : toNumber(value, join(path, name));
}

/**
 * In the shape and key order of nodes from 3.3.0 on. The value fields appear from version 1 on, `extension` from 2 on.
 * @param proof flat proof list of proofRpc.ts, when one was asked for.
 */
export function transactionToRpc(
  transaction: Transaction,
  hash: Uint8Array,
  sender: Uint8Array,
  proof?: readonly string[],
): Record<string, unknown> {
  const { data } = transaction;
  const v1 = data.version >= 1;
  return {
    abi: data.abi,
    blockLimit: data.blockLimit,
    chainID: data.chainId,
    ...(data.version >= 2 ? { extension: to0x(data.extension) } : {}),
    extraData: transaction.extraData,
    from: to0x(sender),
    ...(v1 ? { gasLimit: data.gasLimit, gasPrice: data.gasPrice } : {}),
    groupID: data.groupId,
    hash: to0x(hash),
    importTime: transaction.importTime,
    input: to0x(data.input),
    ...(v1 ? { maxFeePerGas: data.maxFeePerGas, maxPriorityFeePerGas: data.maxPriorityFeePerGas } : {}),
    nonce: toHex(utf8Bytes(data.nonce)),
    signature: to0x(transaction.signature),
    to: data.to,
    ...(proof === undefined ? {} : { transactionProof: [], txProof: proof }),
    ...(v1 ? { value: data.value } : {}),
    version: data.version,
  };
}
