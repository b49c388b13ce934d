/**
 * FISCO BCOS v3 block trees (bcos-crypto/bcos-crypto/merkle/Merkle.h, width 2).
 *
 * Leaves are 32-byte hashes in block order. A node is hash(left || right); a last child without a sibling is hashed alone,
 * hash(child), not promoted. One leaf is its own root; no leaf gives 32 zero bytes.
 *
 * Leaves and inner nodes are not told apart by the format: an inner node passes for a leaf with a shorter proof. So a leaf
 * must have been computed by the verifier from a decoded transaction or receipt, never taken from a message.
 */
import { equalBytes } from "../base/bytes.js";
import type { HashFunction } from "./hashFunction.js";
import { CryptoError } from "./problems.js";
import { HASH_BYTES } from "./suite.js";

/** Levels of a proof; 2^32 leaves are more than any block holds. */
export const MERKLE_DEPTH_MAX = 32;

/** One node with its sibling, or alone where it is an odd last one: 1 or 2 hashes in tree order. */
export type MerkleGroup = readonly Uint8Array[];

export interface MerklePosition {
  /** Place of the leaf in the block, from 0. Where `equalLevels` is not empty it is the lowest possible place. */
  readonly index: number;
  /** 1 or 2 per level, bottom up. */
  readonly groupSizes: readonly number[];
  /** Levels, from 0 at the bottom, whose two entries are the same hash: that bit of `index` may as well be 1. */
  readonly equalLevels: readonly number[];
}

function checkLeaves(leaves: readonly Uint8Array[]): void {
  for (const leaf of leaves) {
    if (leaf.length === HASH_BYTES) continue;
    throw new CryptoError({ code: "CRYPTO_LEAF_LENGTH", length: leaf.length, expected: HASH_BYTES });
  }
}

/** The nodes above one level. `pair` is 64 bytes of scratch space. */
function parents(hash: HashFunction, nodes: readonly Uint8Array[], pair: Uint8Array): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < nodes.length; i += 2) above.push(hashGroup(hash, nodes[i], nodes[i + 1], pair));
  return above;
}

function hashGroup(
  hash: HashFunction,
  first: Uint8Array | undefined,
  second: Uint8Array | undefined,
  pair: Uint8Array,
): Uint8Array {
  if (first === undefined) return hash(pair.subarray(0, 0));
  if (second === undefined) return hash(first);
  pair.set(first);
  pair.set(second, HASH_BYTES);
  return hash(pair);
}

/**
 * The 32-byte root over 32-byte leaves, in a fresh array.
 * @throws CryptoError `CRYPTO_LEAF_LENGTH`
 */
export function merkleRoot(hash: HashFunction, leaves: readonly Uint8Array[]): Uint8Array {
  checkLeaves(leaves);
  const pair = new Uint8Array(2 * HASH_BYTES);
  let level = leaves;
  while (level.length > 1) level = parents(hash, level, pair);
  const [top] = level;
  // Constructed, not sliced: `slice` of a Node Buffer shares its memory.
  return top === undefined ? new Uint8Array(HASH_BYTES) : new Uint8Array(top);
}

/**
 * The groups on the way from leaf `index` to the root, bottom up, the node itself included, the root left out; for a
 * one-leaf block the single group of that leaf.
 * @throws CryptoError `CRYPTO_LEAF_LENGTH`, `CRYPTO_LEAF_INDEX`
 */
export function merkleProof(hash: HashFunction, leaves: readonly Uint8Array[], index: number): MerkleGroup[] {
  checkLeaves(leaves);
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new CryptoError({ code: "CRYPTO_LEAF_INDEX", index, count: leaves.length });
  }
  if (leaves.length === 1) return [leaves.slice()];
  const pair = new Uint8Array(2 * HASH_BYTES);
  const groups: MerkleGroup[] = [];
  let place = index;
  for (let level = leaves; level.length > 1; level = parents(hash, level, pair)) {
    const start = place - (place % 2);
    groups.push(level.slice(start, start + 2));
    place = start / 2;
  }
  return groups;
}

function isGroupShape(group: MerkleGroup): boolean {
  if (group.length !== 1 && group.length !== 2) return false;
  return group.every((entry) => entry.length === HASH_BYTES);
}

/**
 * Where `leaf` stands under `root`, or undefined when the proof does not hold.
 *
 * Besides the hashes these shapes are refused, because no tree has them:
 * - no group, more than MERKLE_DEPTH_MAX groups, a group of another size than 1 or 2, an entry of another length than 32;
 * - a topmost group of one entry, unless it is the only group: a level of one node is the root itself. The only group with
 *   one entry is a one-leaf block, where leaf, entry and root are the same;
 * - above a group of one entry, a group of two with the node on the left. An only entry is the last node of its level, so
 *   every node above it is the last of its level too, and the last node of a pair is the right one.
 *
 * What is left is complete: for every accepted sequence of sizes and positions there is a leaf count that produces it.
 */
export function verifyMerkleProof(
  hash: HashFunction,
  leaf: Uint8Array,
  root: Uint8Array,
  groups: readonly MerkleGroup[],
): MerklePosition | undefined {
  if (leaf.length !== HASH_BYTES || root.length !== HASH_BYTES) return undefined;
  if (groups.length === 0 || groups.length > MERKLE_DEPTH_MAX || !groups.every(isGroupShape)) return undefined;
  if (groups.length === 1 && groups[0]?.length === 1) {
    const same = equalBytes(groups[0][0] as Uint8Array, leaf) && equalBytes(leaf, root);
    return same ? { index: 0, groupSizes: [1], equalLevels: [] } : undefined;
  }
  if (groups.at(-1)?.length === 1) return undefined;

  const pair = new Uint8Array(2 * HASH_BYTES);
  const equalLevels: number[] = [];
  let node = leaf;
  let index = 0;
  let lastOfLevel = false;
  for (const [level, group] of groups.entries()) {
    const position = group.findIndex((entry) => equalBytes(entry, node));
    if (position < 0) return undefined;
    if (group.length === 1) lastOfLevel = true;
    else if (lastOfLevel && position === 0) return undefined;
    else if (position === 0 && equalBytes(group[1] as Uint8Array, node)) equalLevels.push(level);
    index += position * 2 ** level;
    node = hashGroup(hash, group[0], group[1], pair);
  }
  return equalBytes(node, root) ? { index, groupSizes: groups.map((group) => group.length), equalLevels } : undefined;
}

/**
 * Whether two proofs (say of a transaction and of its receipt) may speak of the same place in trees of the same size.
 * Equal receipts stand side by side in real blocks, so a level where a proof cannot tell left from right fits both.
 */
export function sameMerklePlace(one: MerklePosition, other: MerklePosition): boolean {
  if (one.groupSizes.length !== other.groupSizes.length) return false;
  return one.groupSizes.every((size, level) => {
    if (size !== other.groupSizes[level]) return false;
    const bit = (place: MerklePosition): number => Math.floor(place.index / 2 ** level) % 2;
    return bit(one) === bit(other) || one.equalLevels.includes(level) || other.equalLevels.includes(level);
  });
}
