/** A block as the database takes it: few large pieces of memory, which also move to another thread at no cost. */
import type { BlockWrite, MountainNode } from "../../ledger/store.js";
import { encodeBody, encodeDiffs } from "./rows.js";

const HASH_BYTES = 32;

export interface BlockRows {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
  /** How many. */
  readonly transactions: number;
  /** Their hashes, one after the other. */
  readonly hashes: Uint8Array<ArrayBuffer>;
  readonly failed: number;
  /** Of `encodeBody`. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Of `encodeDiffs`. */
  readonly diffs: Uint8Array<ArrayBuffer>;
  readonly mountainNodes: readonly MountainNode[];
  readonly diffsFrom: number;
}

/** The three large pieces own their memory. */
export function rowsOf(block: BlockWrite): BlockRows {
  const { number, hash, header, transactionHashes, failed, mountainNodes, diffsFrom } = block;
  const hashes = new Uint8Array(transactionHashes.length * HASH_BYTES);
  transactionHashes.forEach((each, i) => {
    hashes.set(each, i * HASH_BYTES);
  });
  const pieces = { hashes, body: encodeBody(block), diffs: encodeDiffs(block.diffs) };
  return { number, hash, header, transactions: transactionHashes.length, failed, ...pieces, mountainNodes, diffsFrom };
}

export function transactionHash({ hashes }: BlockRows, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
