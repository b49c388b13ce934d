/** What a header says about its block's content: of real transactions, or made up where nobody looks behind it. */
import { contentRoot } from "../../src/codec/edgeseal/commitment.js";
import type { Layout } from "../../src/codec/profile.js";
import type { HashFunction } from "../../src/crypto/hashFunction.js";
import { merkleRoot } from "../../src/crypto/merkle.js";
import { HASH_BYTES } from "../../src/crypto/suite.js";
import type { IssuedTransaction } from "./blockContent.js";
import type { SeededRandom } from "./seededRandom.js";

export interface BlockRoots {
  readonly txsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  /** Zeros in the `fisco` layout, which has none. */
  readonly contentRoot: Uint8Array;
  readonly gasUsed: string;
}

const ZERO_HASH = new Uint8Array(HASH_BYTES);

export function rootsOf(issued: readonly IssuedTransaction[], hash: HashFunction, layout: Layout): BlockRoots {
  const transactionBytes = issued.map(({ bytes }) => bytes);
  const receiptBytes = issued.map((one) => one.receiptBytes);
  const rootOver = (leaves: readonly Uint8Array[]) => merkleRoot(hash, leaves);
  return {
    txsRoot: rootOver(issued.map((one) => one.hash)),
    receiptsRoot: rootOver(issued.map((one) => one.receiptHash)),
    contentRoot: layout === "edgeseal" ? contentRoot(hash, transactionBytes, receiptBytes) : ZERO_HASH,
    gasUsed: String(issued.reduce((sum, { receipt }) => sum + BigInt(receipt.gasUsed), 0n)),
  };
}

export function randomRoots(random: SeededRandom, layout: Layout): BlockRoots {
  return {
    txsRoot: random.bytes(HASH_BYTES),
    receiptsRoot: random.bytes(HASH_BYTES),
    contentRoot: layout === "edgeseal" ? random.bytes(HASH_BYTES) : ZERO_HASH,
    gasUsed: String(random.between(21_000, 4_000_000)),
  };
}
