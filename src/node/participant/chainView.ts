/**
 * A chain as JSON-RPC and the publisher see it. A participant's ledger is one; the simulator's chains are another.
 * Everything is answered at once from what is committed, except a transaction that is submitted.
 */
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import type { GenesisConfig } from "../../codec/fisco/genesis.js";
import type { SealerSet } from "../../codec/fisco/header.js";
import type { Receipt } from "../../codec/fisco/receipt.js";
import type { Transaction } from "../../codec/fisco/transaction.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { Profile } from "../../codec/profile.js";
import type { MerkleGroup } from "../../crypto/merkle.js";
import type { MountainProof } from "../../crypto/mountainRange.js";
import type { Suite } from "../../crypto/suite.js";
import type { Outcome } from "../../ledger/engine.js";

export interface ChainIdentity {
  readonly chainId: string;
  readonly groupId: string;
  readonly profile: Profile;
  readonly suite: Suite;
  readonly genesis: GenesisConfig;
  /** X || Y of this node's own key. */
  readonly nodeId: Uint8Array;
}

export interface TransactionView {
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

export interface Place {
  readonly number: number;
  readonly index: number;
}

export type SubmitOutcome =
  | { readonly kind: "included"; readonly place: Place }
  /** FISCO's code and name: 10000 NonceCheckFail... */
  | { readonly kind: "refused"; readonly code: number; readonly message: string };

export interface ChainView {
  readonly identity: ChainIdentity;
  head(): HashedHeader;
  /** Undefined above the head, and for headers that are not kept. */
  header(number: number): HashedHeader | undefined;
  numberOf(blockHash: Uint8Array): number | undefined;
  /** Transactions with their receipts; empty for block 0, undefined where the block is not kept. */
  transactions(number: number): readonly TransactionView[] | undefined;
  place(transactionHash: Uint8Array): Place | undefined;
  /** Ways to the header's roots, bottom-up. The place must exist. */
  proofs(place: Place): {
    readonly transactionProof: readonly MerkleGroup[];
    readonly receiptProof: readonly MerkleGroup[];
  };
  /** Of the next block. */
  sealers(): SealerSet & { readonly termWeights: readonly bigint[] };
  observers(): readonly Uint8Array[];
  /** A setting of the system contract at 0x1000, with the height from which it holds. */
  setting(key: string): { readonly value: string; readonly from: number } | undefined;
  counts(): { readonly transactions: number; readonly failed: number; readonly pending: number };
  /** Carried out on the newest state; nothing of it stays. */
  call(to: string, input: Uint8Array, caller: Uint8Array | undefined): Outcome;
  /** Empty where there is no contract. */
  code(address: string): Uint8Array;
  /** Empty where there is none. */
  abi(address: string): string;
  /** Signed transaction in Tars form; settles when it is in a block or never will be, within `timeoutMs`. */
  submit(transaction: Uint8Array, timeoutMs: number): Promise<SubmitOutcome>;
  /** The way from header `number` to the commitment of header `below`; undefined where the two do not stand so. */
  ancestorProof(number: number, below: number): MountainProof | undefined;
  /** The record at the newest height, or at `number`; undefined where that height's state is not kept any more. */
  stateProof(table: string, key: string, number?: number): StateProofAnswer | undefined;
}
