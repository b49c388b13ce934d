/**
 * What a transaction and its receipt, proven to lie in one certified block, are worth.
 *
 * A receipt's hash does not fix where the output ends and the logs begin, and a transaction's does not fix where nonce, `to`
 * and input meet: a stranger's contract can *return* bytes that read as another contract's event. So an event counts as
 * evidence only where nobody but the named publisher could have built it (docs/architecture.md, "Evidence"); everything
 * else whose hashes fit is `hash-consistent` and must not reach rules or registration.
 */
import { equalBytes, fromHex, toHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import type { Receipt } from "../codec/fisco/receipt.js";
import { receiptHash } from "../codec/fisco/receiptHash.js";
import { checkReceipt } from "../codec/fisco/receiptRules.js";
import { decodeReceipt } from "../codec/fisco/receiptTars.js";
import { TRANSACTION_TYPE_FISCO, type Transaction } from "../codec/fisco/transaction.js";
import { transactionHash } from "../codec/fisco/transactionHash.js";
import { checkTransaction } from "../codec/fisco/transactionRules.js";
import { transactionSender } from "../codec/fisco/transactionSender.js";
import { decodeTransaction } from "../codec/fisco/transactionTars.js";
import type { EventMessage } from "../codec/wire/eventMessage.js";
import { type MerklePosition, sameMerklePlace, verifyMerkleProof } from "../crypto/merkle.js";
import type { Suite } from "../crypto/suite.js";
import type { Anchor } from "./anchor.js";
import { ChainError } from "./problems.js";
import type { RecentHeader } from "./recentHeaders.js";

/** An event whose size never varies: its contract, first topic, number of topics, bytes of data. */
export interface WatchedEvent {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes. */
  readonly topic: Uint8Array;
  readonly topics: number;
  readonly dataBytes: number;
}

/** Why a proven event is not evidence; empty for evidence. */
export type EventDoubt =
  | "SENDER_NOT_NAMED"
  | "NOT_A_WATCHED_EVENT"
  | "TRANSACTION_FAILED"
  | "CREATES_CONTRACT"
  | "OUTPUT_NOT_EMPTY"
  | "NOT_THE_ONLY_LOG"
  | "NOT_A_FISCO_TRANSACTION";

export interface EventVerdict {
  readonly level: "evidence" | "hash-consistent";
  readonly doubts: readonly EventDoubt[];
  readonly number: number;
  /** Position in the block. */
  readonly index: number;
  readonly transactionHash: Uint8Array;
  readonly receiptHash: Uint8Array;
  readonly sender: Uint8Array;
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

export interface EventInput {
  readonly event: EventMessage;
  /** Certified, or linked by hash to a certified one. */
  readonly header: RecentHeader;
  readonly suite: Suite;
  readonly anchor: Anchor;
  readonly watched: readonly WatchedEvent[];
}

/** @throws ChainError CHAIN_PROOF_INVALID; TarsError, TransactionError, ReceiptError for what is no transaction or receipt */
export function checkEvent({ event, header, suite, anchor, watched }: EventInput): EventVerdict {
  const { number } = event;
  const { transaction } = decodeTransaction(event.transaction);
  const { receipt } = decodeReceipt(event.receipt);
  if (suite.name !== "ecdsa" && transaction.type !== TRANSACTION_TYPE_FISCO) {
    invalid(number, "a Web3 transaction cannot be checked on this suite");
  }
  const suites = { chain: suite, web3: suite };
  checkTransaction(transaction, { chainId: anchor.chainId, groupId: anchor.groupId, suite: suite.name });
  checkReceipt(receipt);
  if (receipt.blockNumber !== number) invalid(number, "the receipt names another block");
  const transactionLeaf = transactionHash(suites, transaction);
  const receiptLeaf = receiptHash(suite.hash, receipt);
  const place = provenPlace(
    suite,
    transactionLeaf,
    header.transactionsRoot,
    event.transactionProof,
    number,
    "transaction",
  );
  const receiptPlace = provenPlace(suite, receiptLeaf, header.receiptsRoot, event.receiptProof, number, "receipt");
  // A receipt hash does not name its transaction: only the equal place in two trees of equal size binds them.
  if (!sameMerklePlace(place, receiptPlace)) invalid(number, "transaction and receipt stand at different places");
  const sender = transactionSender(suites, transaction);
  const doubts = doubtsOf(transaction, receipt, sender, anchor, watched);
  return {
    level: doubts.length === 0 ? "evidence" : "hash-consistent",
    doubts,
    number,
    index: place.index,
    transactionHash: transactionLeaf,
    receiptHash: receiptLeaf,
    sender,
    transaction,
    receipt,
  };
}

function provenPlace(
  suite: Suite,
  leaf: Uint8Array,
  root: Uint8Array,
  proof: EventMessage["transactionProof"],
  number: number,
  what: string,
): MerklePosition {
  return (
    verifyMerkleProof(suite.hash, leaf, root, proof) ?? invalid(number, `the ${what} proof does not lead to its root`)
  );
}

function doubtsOf(
  transaction: Transaction,
  receipt: Receipt,
  sender: Uint8Array,
  anchor: Anchor,
  watched: readonly WatchedEvent[],
): EventDoubt[] {
  const doubts: EventDoubt[] = [];
  const [log] = receipt.logs;
  if (transaction.type !== TRANSACTION_TYPE_FISCO) doubts.push("NOT_A_FISCO_TRANSACTION");
  if (!anchor.publishers.some((account) => equalBytes(account, sender))) doubts.push("SENDER_NOT_NAMED");
  if (receipt.status !== 0) doubts.push("TRANSACTION_FAILED");
  if (receipt.contractAddress !== "") doubts.push("CREATES_CONTRACT");
  if (receipt.output.length > 0) doubts.push("OUTPUT_NOT_EMPTY");
  if (log === undefined || receipt.logs.length !== 1) doubts.push("NOT_THE_ONLY_LOG");
  const called = addressOf(transaction.data.to);
  const known = watched.some(
    ({ address, topic, topics, dataBytes }) =>
      called === toHex(address) &&
      log !== undefined &&
      log.address.toLowerCase() === called &&
      log.topics.length === topics &&
      equalBytes(log.topics[0] ?? new Uint8Array(0), topic) &&
      log.data.length === dataBytes,
  );
  if (!known) doubts.push("NOT_A_WATCHED_EVENT");
  return doubts;
}

function addressOf(to: string): string {
  try {
    return toHex(fromHex(to));
  } catch (thrown) {
    return codeOf(thrown);
  }
}

function invalid(height: number, reason: string): never {
  throw new ChainError({ code: "CHAIN_PROOF_INVALID", height, reason });
}
