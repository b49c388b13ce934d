/**
 * Proof of a sealer-set change on a chain without committed sets: all transactions and receipts of the trusted block N,
 * replayed for their direct calls to the consensus precompile. What block N executes takes effect in header N+1
 * (FISCO bcos-executor ConsensusPrecompiled, enableNumber).
 *
 * The hashes of transactions leave open where `to` ends and input begins, so anybody could build a transaction that can be
 * read as such a call. Calls count only from accounts that the anchor names as governors: what these sign, they answer for.
 * Changes made through a committee contract (auth mode) or by rPBFT rotation do not show here; for these the
 * operator's `anchor accept` remains.
 */
import { equalBytes, isZeroBytes, toHex } from "../base/bytes.js";
import { CONSENSUS_PRECOMPILE_ADDRESS, type ConsensusCall, decodeConsensusCall } from "../codec/fisco/consensusCall.js";
import type { SealerSet } from "../codec/fisco/header.js";
import type { Receipt } from "../codec/fisco/receipt.js";
import { receiptHash } from "../codec/fisco/receiptHash.js";
import { checkReceipt } from "../codec/fisco/receiptRules.js";
import { decodeReceipt } from "../codec/fisco/receiptTars.js";
import { TRANSACTION_TYPE_FISCO, type Transaction } from "../codec/fisco/transaction.js";
import { transactionHash } from "../codec/fisco/transactionHash.js";
import { checkTransaction, type TransactionChain } from "../codec/fisco/transactionRules.js";
import { transactionSender } from "../codec/fisco/transactionSender.js";
import { decodeTransaction } from "../codec/fisco/transactionTars.js";
import type { BlockBody } from "../codec/wire/eventMessage.js";
import { merkleRoot } from "../crypto/merkle.js";
import type { Suite } from "../crypto/suite.js";
import { ChainError } from "./problems.js";
import type { Trusted } from "./verify.js";

export interface SealerChangeInput {
  readonly trusted: Trusted;
  readonly body: BlockBody;
  readonly suite: Suite;
  /** Whose transactions these must be. */
  readonly chain: TransactionChain;
  readonly governors: readonly Uint8Array[];
}

/**
 * The set of header N+1.
 * @throws ChainError CHAIN_CHANGE_UNPROVEN with the reason; TarsError, TransactionError, ReceiptError, ConsensusCallError
 */
export function proveSealerChange({ trusted, body, suite, chain, governors }: SealerChangeInput): SealerSet {
  const { roots, number } = trusted;
  if (roots === undefined) unproven(number, "the roots of the trusted block are not known");
  if (body.transactions.length !== body.receipts.length) unproven(number, "transactions and receipts differ in number");
  const transactions = body.transactions.map((bytes) => decodeTransaction(bytes).transaction);
  const receipts = body.receipts.map((bytes) => decodeReceipt(bytes).receipt);
  const suites = { chain: suite, web3: suite };
  if (suite.name !== "ecdsa" && transactions.some(({ type }) => type !== TRANSACTION_TYPE_FISCO)) {
    unproven(number, "a Web3 transaction cannot be checked on this suite");
  }
  const transactionHashes = transactions.map((transaction) => transactionHash(suites, transaction));
  if (!equalBytes(merkleRoot(suite.hash, transactionHashes), roots.transactions)) {
    unproven(number, "the transactions are not those of the block");
  }
  const receiptHashes = receipts.map((receipt) => receiptHash(suite.hash, receipt));
  if (!equalBytes(merkleRoot(suite.hash, receiptHashes), roots.receipts)) {
    unproven(number, "the receipts are not those of the block");
  }
  const weights = new Map(trusted.sealers.nodeIds.map((id, i) => [toHex(id), trusted.sealers.weights[i] as bigint]));
  const nodeIds = new Map(trusted.sealers.nodeIds.map((id) => [toHex(id), id]));
  let changes = 0;
  transactions.forEach((transaction, i) => {
    // The same bytes, cut elsewhere, may be a call that somebody wants us not to see.
    if (transaction.data.nonce.toLowerCase().includes(CONSENSUS_PRECOMPILE_ADDRESS)) {
      unproven(number, "a nonce holds the address of the consensus precompile");
    }
    if (!callsConsensus(transaction)) return;
    const receipt = receipts[i] as Receipt;
    if (!succeeded(receipt)) return;
    checkTransaction(transaction, chain);
    const sender = transactionSender(suites, transaction);
    if (!governors.some((account) => equalBytes(account, sender))) {
      unproven(number, `the call comes from 0x${toHex(sender)}, which the anchor does not name as a governor`);
    }
    replay(decodeConsensusCall(suite.hash, transaction.data.input), weights, nodeIds, number);
    changes++;
  });
  if (changes === 0) unproven(number, "no direct call to the consensus precompile is in the block");
  const ids = [...weights.keys()].sort();
  return {
    nodeIds: ids.map((id) => nodeIds.get(id) as Uint8Array),
    weights: ids.map((id) => weights.get(id) as bigint),
  };
}

function callsConsensus({ type, data }: Transaction): boolean {
  return type === TRANSACTION_TYPE_FISCO && data.to.toLowerCase().replace(/^0x/, "") === CONSENSUS_PRECOMPILE_ADDRESS;
}

/** Status 0 is not enough: the precompile reports its own errors as a non-zero int256 output. */
function succeeded(receipt: Receipt): boolean {
  checkReceipt(receipt);
  return (
    receipt.status === 0 && receipt.output.length === 32 && isZeroBytes(receipt.output) && receipt.logs.length === 0
  );
}

function replay(
  call: ConsensusCall,
  weights: Map<string, bigint>,
  nodeIds: Map<string, Uint8Array>,
  number: number,
): void {
  const id = toHex(call.nodeId);
  switch (call.method) {
    case "addSealer":
      weights.set(id, call.weight);
      nodeIds.set(id, call.nodeId);
      return;
    case "setWeight":
      if (!weights.has(id)) unproven(number, "the weight of a node that is no sealer is set");
      weights.set(id, call.weight);
      return;
    case "remove":
    case "addObserver":
      weights.delete(id);
      return;
    case "setTermWeight":
      unproven(number, "term weights belong to rotating sealers, which cannot be replayed");
  }
}

function unproven(height: number, reason: string): never {
  throw new ChainError({ code: "CHAIN_CHANGE_UNPROVEN", height, reason });
}
