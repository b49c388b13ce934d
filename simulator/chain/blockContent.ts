/**
 * What stands in a simulated block: signed transactions, the receipts a node would have given them, and their
 * encodings.
 */
import { to0x, toHex } from "../../src/base/bytes.js";
import type { LogEntry, Receipt } from "../../src/codec/fisco/receipt.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { encodeReceipt } from "../../src/codec/fisco/receiptTars.js";
import type { Transaction, TransactionData } from "../../src/codec/fisco/transaction.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { transactionSender } from "../../src/codec/fisco/transactionSender.js";
import { encodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import type { SoftSigner, Suite } from "../../src/crypto/suite.js";
import type { Account } from "./accounts.js";
import type { SeededRandom } from "./seededRandom.js";

/** What a contract did. A log's `address` is the called contract where it is left out. */
export interface CallOutcome {
  readonly status?: number;
  readonly output?: Uint8Array;
  readonly logs?: readonly (Omit<LogEntry, "address"> & { readonly address?: string })[];
  readonly gasUsed?: string;
}

/** A call to be signed by a simulated account. */
export interface CallRequest {
  readonly from: Account;
  /** 20 bytes; written as 0x and 40 digits. */
  readonly to: Uint8Array;
  readonly input: Uint8Array;
  /** 0 (default), 1 or 2. */
  readonly version?: number;
  readonly outcome?: CallOutcome;
  /** The nonce text; by default 32 random hex digits. */
  readonly nonce?: string;
}

/** A transaction somebody else has signed. */
export interface SubmittedTransaction {
  readonly transaction: Transaction;
  readonly outcome?: CallOutcome;
}

export type TransactionRequest = CallRequest | SubmittedTransaction;

export interface IssuedTransaction {
  readonly transaction: Transaction;
  readonly hash: Uint8Array;
  /** 20 bytes. */
  readonly sender: Uint8Array;
  /** Tars. */
  readonly bytes: Uint8Array;
  readonly receipt: Receipt;
  readonly receiptHash: Uint8Array;
  /** Tars. */
  readonly receiptBytes: Uint8Array;
}

export interface ExecutionContext {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  readonly chainId: string;
  readonly groupId: string;
  /** Height of the block. */
  readonly number: number;
  /** Milliseconds; the node's own note of when a transaction came in. */
  readonly importTime: number;
  readonly random: SeededRandom;
}

/** Heights a transaction stays valid; FISCO's SDKs add 500. */
export const BLOCK_LIMIT_AHEAD = 500;
const EVM_ABI_CODEC = 1;
const EMPTY = new Uint8Array(0);
const ADDRESS_BYTES = 20;

/** The random calls that stand for "some traffic": storage updates with one log each. */
export function randomCalls(random: SeededRandom, accounts: readonly Account[], count: number): CallRequest[] {
  return Array.from({ length: count }, () => ({
    from: random.pick(accounts),
    to: random.bytes(ADDRESS_BYTES),
    input: random.bytes(4 + 32 * random.between(1, 4)),
    version: random.below(3),
    outcome: { logs: [{ topics: [random.bytes(32)], data: random.bytes(32 * random.between(1, 3)) }] },
  }));
}

export function executeRequest(request: TransactionRequest, context: ExecutionContext): IssuedTransaction {
  const { suite, number, random } = context;
  const submitted = "transaction" in request;
  const transaction = submitted ? request.transaction : signCall(request, context);
  const hash = transactionDataHash(suite.hash, transaction.data);
  const sender = submitted ? transactionSender({ chain: suite, web3: suite }, transaction) : request.from.address;
  const outcome = request.outcome ?? {};
  const called = transaction.data.to.replace(/^0x/, "").toLowerCase();
  const receipt: Receipt = {
    version: transaction.data.version,
    gasUsed: outcome.gasUsed ?? String(random.between(21_000, 400_000)),
    contractAddress: called === "" ? toHex(random.bytes(ADDRESS_BYTES)) : "",
    status: outcome.status ?? 0,
    output: outcome.output ?? EMPTY,
    logs: (outcome.logs ?? []).map((log) => ({ ...log, address: log.address ?? called })),
    blockNumber: number,
    effectiveGasPrice: transaction.data.version >= 1 ? "0x0" : "",
    message: "",
  };
  const receiptDigest = receiptHash(suite.hash, receipt);
  return {
    transaction,
    hash,
    sender,
    bytes: encodeTransaction(transaction, hash),
    receipt,
    receiptHash: receiptDigest,
    receiptBytes: encodeReceipt(receipt, receiptDigest),
  };
}

/** Signs a call the way an SDK does. */
export function signCall(request: CallRequest, context: ExecutionContext): Transaction {
  const { suite, signer, random, number } = context;
  const version = request.version ?? 0;
  const data: TransactionData = {
    version,
    chainId: context.chainId,
    groupId: context.groupId,
    blockLimit: number + BLOCK_LIMIT_AHEAD,
    nonce: request.nonce ?? toHex(random.bytes(16)),
    to: to0x(request.to),
    input: request.input,
    abi: "",
    value: "",
    gasPrice: "",
    gasLimit: 0n,
    maxFeePerGas: "",
    maxPriorityFeePerGas: "",
    extension: version >= 2 ? random.bytes(8) : EMPTY,
  };
  const digest = transactionDataHash(suite.hash, data);
  return {
    data,
    signature: signer.signTransaction(request.from.secretKey, digest),
    type: 0,
    web3Bytes: EMPTY,
    importTime: context.importTime,
    attribute: EVM_ABI_CODEC,
    extraData: "",
  };
}
