/**
 * The state tree by its definition: recursion over a sorted list of keys as texts of 256 digits, nothing shared with src but
 * the hash function. Proofs are put together byte by byte from docs/protocol.md.
 */
import type { HashFunction } from "../../src/crypto/hashFunction.js";

/** Key in hex to value hash in hex. */
export type NaiveState = ReadonlyMap<string, string>;

interface NaiveLeaf {
  readonly bits: string;
  readonly key: Buffer;
  readonly valueHash: Buffer;
}

export interface NaiveNode {
  readonly hash: Buffer;
  readonly leaf?: NaiveLeaf;
  readonly branch?: { readonly bit: number; readonly left: NaiveNode; readonly right: NaiveNode };
}

function digitsOf(key: Buffer): string {
  return BigInt(`0x1${key.toString("hex")}`)
    .toString(2)
    .slice(1);
}

function nodeOf(hash: HashFunction, leaves: readonly NaiveLeaf[]): NaiveNode | undefined {
  const [first] = leaves;
  if (first === undefined) return undefined;
  if (leaves.length === 1) {
    return { hash: Buffer.from(hash(Buffer.concat([Buffer.from([0]), first.key, first.valueHash]))), leaf: first };
  }
  const last = leaves.at(-1)!;
  let bit = 0;
  while (first.bits[bit] === last.bits[bit]) bit++;
  const left = nodeOf(
    hash,
    leaves.filter(({ bits }) => bits[bit] === "0"),
  )!;
  const right = nodeOf(
    hash,
    leaves.filter(({ bits }) => bits[bit] === "1"),
  )!;
  const preimage = Buffer.concat([Buffer.from([1, bit >> 8, bit & 255]), left.hash, right.hash]);
  return { hash: Buffer.from(hash(preimage)), branch: { bit, left, right } };
}

export function naiveTree(hash: HashFunction, state: NaiveState): NaiveNode | undefined {
  const leaves = [...state].map(([key, valueHash]) => {
    const bytes = Buffer.from(key, "hex");
    return { bits: digitsOf(bytes), key: bytes, valueHash: Buffer.from(valueHash, "hex") };
  });
  leaves.sort((a, b) => (a.bits < b.bits ? -1 : 1));
  return nodeOf(hash, leaves);
}

export function naiveRoot(hash: HashFunction, state: NaiveState): string {
  return naiveTree(hash, state)?.hash.toString("hex") ?? "00".repeat(32);
}

/** All nodes of a tree, root first. */
export function naiveNodes(node: NaiveNode | undefined): NaiveNode[] {
  if (node === undefined) return [];
  const { branch } = node;
  return branch === undefined ? [node] : [node, ...naiveNodes(branch.left), ...naiveNodes(branch.right)];
}

/** The bytes of the proof about `key`. */
export function naiveProof(root: NaiveNode | undefined, key: Uint8Array): Buffer {
  if (root === undefined) return Buffer.from([1, 2]);
  const digits = digitsOf(Buffer.from(key));
  const bitmap = Buffer.alloc(32);
  const siblings: Buffer[] = [];
  let node = root;
  for (let branch = node.branch; branch !== undefined; branch = node.branch) {
    bitmap[branch.bit >> 3]! |= 0x80 >> (branch.bit & 7);
    const isRight = digits[branch.bit] === "1";
    siblings.push((isRight ? branch.left : branch.right).hash);
    node = isRight ? branch.right : branch.left;
  }
  const leaf = node.leaf!;
  const isOwn = leaf.key.equals(key);
  const fields = isOwn ? [leaf.valueHash] : [leaf.key, leaf.valueHash];
  return Buffer.concat([Buffer.from([1, isOwn ? 1 : 3]), ...fields, bitmap, ...siblings]);
}
