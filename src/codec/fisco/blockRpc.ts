/**
 * Blocks as JSON-RPC shows them: a header with `transactions`, either hashes or whole (JsonRpcImpl_2_0.cpp,
 * toJsonResp).
 */
import { to0x } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { RpcShapeError } from "../problems.js";
import type { SignedHeader } from "./header.js";
import { type DecodedHeader, headerFromRpc, headerToRpc, type RpcHeader } from "./headerRpc.js";
import { readList, readRecord, toBytes } from "./rpcFields.js";
import type { SealerSets } from "./sealerSets.js";
import type { Transaction } from "./transaction.js";
import { transactionFromRpc } from "./transactionRpc.js";

/** Transactions of one block in an answer; FISCO's default limit is 1,000. */
export const BLOCK_TRANSACTIONS_MAX = 65_536;

export interface DecodedBlock extends DecodedHeader {
  /** One 32-byte hash per transaction in block order: computed where the answer held whole ones, else as claimed. */
  readonly transactionHashes: readonly Uint8Array[];
  /** Parallel to `transactionHashes`; absent when the answer held hashes. */
  readonly transactions?: readonly Transaction[];
}

/**
 * A block of `getBlockByNumber` with `onlyHeader` false. Whether the list is the block's is for the caller to check:
 * the hashes must rebuild txsRoot.
 * @param hash the suite's hash; it decides which reading of a transaction's nonce is meant.
 * @throws RpcShapeError, TransactionError
 */
export function blockFromRpc(value: unknown, hash: HashFunction, sets?: SealerSets): DecodedBlock {
  const decoded = headerFromRpc(value, sets);
  const transactions: Transaction[] = [];
  const readItem = (item: unknown, path: string): Uint8Array => {
    if (typeof item === "string") return readHash(item, path);
    const found = transactionFromRpc(item, hash, path);
    transactions.push(found.transaction);
    return found.hash;
  };
  const transactionHashes = readList(readRecord(value, "block"), "transactions", "", readItem, BLOCK_TRANSACTIONS_MAX);
  if (transactions.length === 0) return { ...decoded, transactionHashes };
  if (transactions.length !== transactionHashes.length) {
    throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path: "transactions", expected: "hashes or objects, not both" });
  }
  return { ...decoded, transactionHashes, transactions };
}

function readHash(item: string, path: string): Uint8Array {
  const bytes = toBytes(item, path, HASH_BYTES);
  if (bytes.length !== HASH_BYTES) {
    throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path, length: bytes.length, max: HASH_BYTES });
  }
  return bytes;
}

/** @param transactions 32-byte hashes, or what `transactionToRpc` made. */
export function blockToRpc(
  signed: SignedHeader,
  hash: Uint8Array,
  transactions: readonly (Uint8Array | Readonly<Record<string, unknown>>)[],
): RpcHeader {
  const listed = transactions.map((item) => (item instanceof Uint8Array ? to0x(item) : item));
  return headerToRpc(signed, hash, listed);
}
