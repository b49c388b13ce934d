/** Transactions signed by a user of a simulated chain, as a client would send them. */
import { type CallRequest, signCall } from "../../simulator/chain/blockContent.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import type { Transaction } from "../../src/codec/fisco/transaction.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { encodeTransaction } from "../../src/codec/fisco/transactionTars.js";

export interface SampleTransaction {
  readonly transaction: Transaction;
  readonly hash: Uint8Array;
  /** Tars. */
  readonly bytes: Uint8Array;
}

/** Of version 0 and new each time, unless `changed` says otherwise. */
export function sampleTransaction(chain: ChainIssuer, changed: Partial<CallRequest> = {}): SampleTransaction {
  const from = chain.users[0];
  if (from === undefined) throw new TypeError("a chain without users");
  const transaction = signCall(
    { from, to: new Uint8Array(20).fill(0x11), input: new Uint8Array(4), ...changed },
    { ...chain.executionContext(chain.height + 1, 0), random: chain.random },
  );
  const hash = transactionDataHash(chain.suite.hash, transaction.data);
  return { transaction, hash, bytes: encodeTransaction(transaction, hash) };
}
