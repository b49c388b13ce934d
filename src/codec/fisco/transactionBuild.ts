/**
 * Transactions of FISCO's own form (type 0), built so that their hash has one reading as far as the format allows, and put
 * together with a signature into the bytes that a node takes (bcos-rpc/jsonrpc/JsonRpcImpl_2_0.cpp, sendTransaction).
 *
 * Version 0 is accepted by every v3 node, 1 from 3.3.0 and 2 from 3.7.0 on.
 */
import { EMPTY_BYTES, equalBytes, to0x, toHex } from "../../base/bytes.js";
import { ADDRESS_BYTES, HASH_BYTES, type Suite } from "../../crypto/suite.js";
import { TransactionError } from "../problems.js";
import { TRANSACTION_TYPE_FISCO, type Transaction, type TransactionData } from "./transaction.js";
import { transactionDataHash } from "./transactionHash.js";
import { checkTransaction, type TransactionAmbiguity } from "./transactionRules.js";
import { transactionSender } from "./transactionSender.js";
import { encodeTransaction } from "./transactionTars.js";

/** Heights a transaction stays valid, as FISCO's SDKs count; nodes refuse more than 600 (block_limit in config.ini). */
export const BLOCK_LIMIT_AHEAD = 500;
/**
 * Random bytes of a nonce. As 32 hex digits it is shorter than an address, so a deployment's nonce cannot be read as one
 * with a `to` at its end.
 */
export const NONCE_BYTES = 16;

/** What somebody wants done; everything else has a default. */
export interface TransactionCall {
  /** 20 bytes; undefined deploys. */
  readonly to?: Uint8Array;
  readonly input: Uint8Array;
  /** ABI as JSON text, for deployments that publish it. */
  readonly abi?: string;
  /** 0 (default), 1 or 2. */
  readonly version?: number;
  /** The fields below are in the hash from version 1 on, `extension` from version 2 on; refused below that. */
  readonly value?: string;
  readonly gasPrice?: string;
  readonly gasLimit?: bigint;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
  readonly extension?: Uint8Array;
}

export interface TransactionFrame {
  readonly chainId: string;
  readonly groupId: string;
  /** Last height at which it may be in a block. */
  readonly blockLimit: number;
  /** NONCE_BYTES random bytes: a nonce is used once on a chain. */
  readonly nonce: Uint8Array;
}

/** The fields to be signed. `to` gets its 0x, which marks its border with the nonce in the hash. */
export function buildTransaction(call: TransactionCall, frame: TransactionFrame): TransactionData {
  const { to } = call;
  if (to !== undefined && to.length !== ADDRESS_BYTES) throw new TransactionError({ code: "TRANSACTION_TO" });
  return {
    version: call.version ?? 0,
    chainId: frame.chainId,
    groupId: frame.groupId,
    blockLimit: frame.blockLimit,
    nonce: toHex(frame.nonce),
    to: to === undefined ? "" : to0x(to),
    input: call.input,
    abi: call.abi ?? "",
    value: call.value ?? "",
    gasPrice: call.gasPrice ?? "",
    gasLimit: call.gasLimit ?? 0n,
    maxFeePerGas: call.maxFeePerGas ?? "",
    maxPriorityFeePerGas: call.maxPriorityFeePerGas ?? "",
    extension: call.extension ?? EMPTY_BYTES,
  };
}

export interface SignedTransaction {
  readonly transaction: Transaction;
  /** 32 bytes, also the digest that was signed. */
  readonly hash: Uint8Array;
  /** 20 bytes, recovered from the signature. */
  readonly sender: Uint8Array;
  /** Tars, for `sendTransaction` and the request `send`. */
  readonly bytes: Uint8Array;
  /** What of it may also be read in another way; empty for the usual call. */
  readonly ambiguities: readonly TransactionAmbiguity[];
}

/**
 * Checked as a receiver would: rules, and a signature that leads to an account.
 * @param signature transaction form of the suite: 65 or 128 bytes.
 * @throws TransactionError
 */
export function assembleTransaction(suite: Suite, data: TransactionData, signature: Uint8Array): SignedTransaction {
  const transaction: Transaction = {
    data,
    signature,
    type: TRANSACTION_TYPE_FISCO,
    web3Bytes: EMPTY_BYTES,
    importTime: 0,
    attribute: 0,
    extraData: "",
  };
  return checkedTransaction(suite, transaction);
}

/**
 * A type 0 transaction that somebody else has put together, with its computed hash and recovered sender.
 * @param claimedHash what the source says its hash is; compared.
 * @throws TransactionError
 */
export function checkedTransaction(
  suite: Suite,
  transaction: Transaction,
  claimedHash?: Uint8Array,
): SignedTransaction {
  const { data, type } = transaction;
  if (type !== TRANSACTION_TYPE_FISCO) throw new TransactionError({ code: "TRANSACTION_TYPE", type });
  const { chainId, groupId } = data;
  const ambiguities = checkTransaction(transaction, { chainId, groupId, suite: suite.name });
  const hash = transactionDataHash(suite.hash, data);
  if (claimedHash !== undefined && claimedHash.length === HASH_BYTES && !equalBytes(claimedHash, hash)) {
    throw new TransactionError({ code: "TRANSACTION_HASH_MISMATCH", path: "transaction" });
  }
  const sender = transactionSender({ chain: suite, web3: suite }, transaction);
  return { transaction, hash, sender, bytes: encodeTransaction(transaction, hash), ambiguities };
}
