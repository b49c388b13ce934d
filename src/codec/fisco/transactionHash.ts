/**
 * Hashes of transactions (bcos-tars-protocol/impl/TarsHashable.h). Fields are joined without lengths: a hash means
 * something only after `checkTransaction` (transactionRules.ts), and some readings stay open even then.
 */
import { ScratchBytes } from "../../base/scratchBytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Suite } from "../../crypto/suite.js";
import { TransactionError } from "../problems.js";
import {
  TRANSACTION_TYPE_FISCO,
  TRANSACTION_TYPE_WEB3,
  TRANSACTION_VERSION_MAX,
  type Transaction,
  type TransactionData,
} from "./transaction.js";
import { signWeb3Bytes } from "./web3Transaction.js";

/** The chain's suite, and the `ecdsa` one for Web3 transactions, which use keccak256 and secp256k1 on every chain. */
export interface TransactionSuites {
  readonly chain: Suite;
  readonly web3: Suite;
}

/**
 * i32 version || chainID || groupID || i64 blockLimit || nonce || to || input || abi, from version 1 on followed by
 * value || gasPrice || i64 gasLimit || maxFeePerGas || maxPriorityFeePerGas, from version 2 on by extension.
 * @throws TransactionError `TRANSACTION_VERSION` for a version whose rule is not known.
 */
export function transactionPreimage(data: TransactionData): Uint8Array {
  return writePreimage(data).copy();
}

const SCRATCH = new ScratchBytes();

function writePreimage(data: TransactionData): ScratchBytes {
  const { version } = data;
  if (!Number.isInteger(version) || version < 0 || version > TRANSACTION_VERSION_MAX) {
    throw new TransactionError({ code: "TRANSACTION_VERSION", version });
  }
  SCRATCH.begin().int32(version).text(data.chainId).text(data.groupId).int64(data.blockLimit).text(data.nonce);
  SCRATCH.text(data.to).bytes(data.input).text(data.abi);
  if (version >= 1) {
    SCRATCH.text(data.value).text(data.gasPrice).int64(data.gasLimit);
    SCRATCH.text(data.maxFeePerGas).text(data.maxPriorityFeePerGas);
  }
  if (version >= 2) SCRATCH.bytes(data.extension);
  return SCRATCH;
}

/** Hash of a type 0 transaction. @throws TransactionError `TRANSACTION_VERSION` */
export function transactionDataHash(hash: HashFunction, data: TransactionData): Uint8Array {
  return hash(writePreimage(data).view());
}

/**
 * The 32 bytes that stand in txsRoot: for type 0 the data hash, for type 1 keccak256 of the signed RLP, which is what a
 * wallet sent (bcos-rpc/web3jsonrpc/endpoints/EthEndpoint.cpp, sendRawTransaction).
 * @throws TransactionError, RlpError
 */
export function transactionHash(suites: TransactionSuites, transaction: Transaction): Uint8Array {
  if (transaction.type === TRANSACTION_TYPE_FISCO) {
    return transactionDataHash((bytes) => suites.chain.hash(bytes), transaction.data);
  }
  if (transaction.type !== TRANSACTION_TYPE_WEB3) {
    throw new TransactionError({ code: "TRANSACTION_TYPE", type: transaction.type });
  }
  return suites.web3.hash(signWeb3Bytes(transaction.web3Bytes, transaction.signature));
}
