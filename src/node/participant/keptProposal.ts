/** What a sealer is about to sign, on the disk before it is signed, and back again after a crash. */
import { transactionDataHash } from "../../codec/fisco/transactionHash.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Proposal } from "../../ledger/ledger.js";
import type { LedgerStore } from "../../ledger/store.js";

/** @throws StoreError */
export function keepProposal(store: LedgerStore, { number, timestamp, sealer, calls }: Proposal): void {
  const transactions = calls.map(({ bytes }) => bytes);
  store.keepProposal({ number, timestamp, sealer, transactions, senders: calls.map((call) => call.sender) });
}

/** The one for this height, if that is the last that was kept. @throws StoreError, TarsError */
export function keptProposal(store: LedgerStore, height: number, hash: HashFunction): Proposal | undefined {
  const kept = store.proposal();
  if (kept === undefined || kept.number !== height) return undefined;
  const { number, timestamp, sealer, transactions, senders } = kept;
  const calls = transactions.map((bytes, i) => {
    const { transaction } = decodeTransaction(bytes);
    return { transaction, bytes, hash: transactionDataHash(hash, transaction.data), sender: senders[i] as Uint8Array };
  });
  return { number, timestamp, sealer, calls };
}
