/** Where a participant keeps its chain: the port, implemented on SQLite and in memory. */
import type { RecordName } from "./records.js";

/** One record before and after a block. */
export interface RecordDiff extends RecordName {
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

export interface MountainNode {
  readonly level: number;
  readonly index: number;
  readonly node: Uint8Array;
}

export interface BlockWrite {
  readonly number: number;
  readonly hash: Uint8Array;
  /** Tars, with its signatures. */
  readonly header: Uint8Array;
  /** Tars, in block order; as many as there are receipts. */
  readonly transactions: readonly Uint8Array[];
  readonly transactionHashes: readonly Uint8Array[];
  /** 20 bytes each, recovered. */
  readonly senders: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
  /** How many of the receipts have a status other than 0. */
  readonly failed: number;
  readonly diffs: readonly RecordDiff[];
  /** Of the mountain range over the headers, with this header as its last leaf. */
  readonly mountainNodes: readonly MountainNode[];
  /** Diffs of blocks below this height may go. */
  readonly diffsFrom: number;
}

export interface StoredBody {
  readonly transactions: readonly Uint8Array[];
  readonly senders: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
}

/** What a sealer is about to sign: enough to make the very same block again. */
export interface StoredProposal {
  readonly number: number;
  /** Milliseconds. */
  readonly timestamp: number;
  /** Index of the proposer in the list of the block. */
  readonly sealer: number;
  /** Tars, in block order. */
  readonly transactions: readonly Uint8Array[];
  /** 20 bytes each, as many as there are transactions. */
  readonly senders: readonly Uint8Array[];
}

export interface StoredPlace {
  readonly number: number;
  readonly index: number;
}

export interface LedgerCounts {
  readonly transactions: number;
  readonly failed: number;
}

/** All reads give copies or bytes nobody changes. Every call may throw a StoreError; damage is named, never returned. */
export interface LedgerStore {
  /** For people: the file. */
  readonly place: string;
  /** Number of the newest block, undefined before block 0. */
  head(): number | undefined;
  header(number: number): Uint8Array | undefined;
  body(number: number): StoredBody | undefined;
  numberOf(blockHash: Uint8Array): number | undefined;
  placeOf(transactionHash: Uint8Array): StoredPlace | undefined;
  record(table: string, key: string): Uint8Array | undefined;
  /** Every record of the newest state, in no particular order. */
  records(): Iterable<RecordName & { readonly value: Uint8Array }>;
  /** Undefined where they are not kept (any more). */
  diffs(number: number): readonly RecordDiff[] | undefined;
  mountainNode(level: number, index: number): Uint8Array | undefined;
  /** Of all blocks. */
  counts(): LedgerCounts;
  /** The last one that was kept; its block may be committed. */
  proposal(): StoredProposal | undefined;
  /** In the place of the last one, on the disk when it returns. */
  keepProposal(proposal: StoredProposal): void;
  /** The block above the head, the whole of it or nothing, on the disk when it returns. */
  commit(block: BlockWrite): void;
  close(): void;
}
