/**
 * One height of the tree as a list of leaves in key order, and back.
 *
 * A set of keys has exactly one tree, so a snapshot holds no shape: the branch between two neighbouring leaves decides the
 * first bit in which their keys differ. What is read back is therefore always a tree made by the rules, whatever the
 * medium did to it; only hashes can be wrong, and `verifyTree` finds that out.
 *
 * Record of a leaf, 128 bytes: key 32 | value hash 32 | leaf hash 32 | hash of the branch between this leaf and the one before
 * it 32 (zeros in the first record). The hashes are there so that a start does not have to compute them again.
 */
import { equalBytes, isZeroBytes } from "../../base/bytes.js";
import { emptyStateRoot } from "../../codec/edgeseal/stateHash.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { compareKeys, copyAt, firstDifferentBit } from "./keyBytes.js";
import { SNAPSHOT_CHUNK_LEAVES } from "./limits.js";
import { isLeaf, NONE, type NodeArena, type NodeReader, RECORD_BYTES, SECOND_AT } from "./nodeArena.js";
import { StateError } from "./problems.js";

export const SNAPSHOT_RECORD_BYTES = RECORD_BYTES + 2 * HASH_BYTES;
const LEAF_HASH_AT = RECORD_BYTES;
const BRANCH_HASH_AT = RECORD_BYTES + HASH_BYTES;

export interface StateSnapshot {
  readonly height: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly leafCount: number;
  /** Records in every chunk but the last, which has the rest. */
  readonly chunkLeaves: number;
  /** To be gone through once; whoever gets a chunk may keep it. */
  readonly chunks: Iterable<Uint8Array>;
}

/** A node of the tree being read and the place of its hash: a part of its parent's record, or with the root. */
interface PlacedNode {
  readonly node: number;
  readonly parent: number;
  readonly part: 0 | typeof SECOND_AT;
}

/**
 * The records below `root`, chunk by chunk. `readerNow` is asked anew for each of them, because the tree may have become
 * an older one; it may throw.
 */
export function* snapshotChunks(
  readerNow: () => NodeReader,
  root: number,
  rootHash: Uint8Array,
  leafCount: number,
): Generator<Uint8Array> {
  /** Branches whose left side is done or under way. */
  const open: PlacedNode[] = [];
  let next: PlacedNode = { node: root, parent: NONE, part: 0 };
  let before: PlacedNode | undefined;
  for (let left = leafCount; left > 0; ) {
    const reader = readerNow();
    const records = new Uint8Array(Math.min(left, SNAPSHOT_CHUNK_LEAVES) * SNAPSHOT_RECORD_BYTES);
    const copyHash = ({ parent, part }: PlacedNode, at: number): void => {
      if (parent === NONE) records.set(rootHash, at);
      else copyAt(reader.recordPage(parent), reader.recordAt(parent) + part, records, at, HASH_BYTES);
    };
    for (let at = 0; at < records.length; at += SNAPSHOT_RECORD_BYTES) {
      for (; !isLeaf(next.node); next = { node: reader.left(next.node), parent: next.node, part: 0 }) open.push(next);
      copyAt(reader.recordPage(next.node), reader.recordAt(next.node), records, at, RECORD_BYTES);
      copyHash(next, at + LEAF_HASH_AT);
      if (before !== undefined) copyHash(before, at + BRANCH_HASH_AT);
      before = open.pop();
      if (before !== undefined) next = { node: reader.right(before.node), parent: before.node, part: SECOND_AT };
    }
    left -= records.length / SNAPSHOT_RECORD_BYTES;
    yield records;
  }
}

/**
 * Builds the tree of a snapshot in an empty arena and gives back its root node. Hashes are believed but for the root's, which
 * must be the one the snapshot names.
 * @throws StateError `STATE_SNAPSHOT_SHAPE`, `STATE_SNAPSHOT_ROOT`, `STATE_TREE_FULL`; whatever the chunks throw.
 */
export function importSnapshot(arena: NodeArena, snapshot: StateSnapshot): number {
  const builder = new TreeBuilder(arena, snapshot.leafCount);
  for (const chunk of snapshot.chunks) builder.addRecords(chunk);
  const { node, hash } = builder.finish();
  if (!equalBytes(hash, snapshot.root)) {
    throw new StateError({ code: "STATE_SNAPSHOT_ROOT", height: snapshot.height });
  }
  return node;
}

/** A node and a view of its hash in the chunk it came in. */
interface HashedNode {
  readonly node: number;
  readonly hash: Uint8Array;
}

interface OpenBranch extends HashedNode {
  readonly left: HashedNode;
}

/** Takes leaves in key order and keeps the branches on the way to the last of them open at their right side. */
class TreeBuilder {
  readonly #arena: NodeArena;
  readonly #leafCount: number;
  /** From the root down; every one still lacks its right child. */
  readonly #open: OpenBranch[] = [];
  /** The leaf that came last, not yet below any branch. */
  #last: HashedNode = { node: NONE, hash: emptyStateRoot() };
  #leaves = 0;

  constructor(arena: NodeArena, leafCount: number) {
    this.#arena = arena;
    this.#leafCount = leafCount;
  }

  addRecords(records: Uint8Array): void {
    const count = records.length / SNAPSHOT_RECORD_BYTES;
    if (!Number.isInteger(count) || this.#leaves + count > this.#leafCount) this.#refuse();
    for (let at = 0; at < records.length; at += SNAPSHOT_RECORD_BYTES) this.#add(records, at);
  }

  finish(): HashedNode {
    if (this.#leaves !== this.#leafCount) this.#refuse();
    return this.#close(-1);
  }

  #add(records: Uint8Array, at: number): void {
    const arena = this.#arena;
    const hash = records.subarray(at + BRANCH_HASH_AT, at + SNAPSHOT_RECORD_BYTES);
    if (this.#last.node === NONE) {
      if (!isZeroBytes(hash)) this.#refuse();
    } else {
      const page = arena.recordPage(this.#last.node);
      const lastAt = arena.recordAt(this.#last.node);
      if (compareKeys(page, lastAt, records, at) >= 0) this.#refuse();
      const bit = firstDifferentBit(page, lastAt, records, at);
      // Deeper branches end before this leaf; what they hold is this branch's left side.
      const left = this.#close(bit);
      this.#open.push({ node: arena.newBranch(bit), hash, left });
    }
    const leaf = arena.newLeaf();
    copyAt(records, at, arena.recordPage(leaf), arena.recordAt(leaf), RECORD_BYTES);
    this.#last = { node: leaf, hash: records.subarray(at + LEAF_HASH_AT, at + BRANCH_HASH_AT) };
    this.#leaves++;
  }

  /** Closes the open branches of bits above `bit`, deepest first; the tree they make with the last leaf. */
  #close(bit: number): HashedNode {
    const arena = this.#arena;
    let right = this.#last;
    for (let top = this.#open.at(-1); top !== undefined && arena.bit(top.node) > bit; top = this.#open.at(-1)) {
      this.#open.pop();
      arena.link(top.node, top.left.node, right.node);
      const page = arena.recordPage(top.node);
      const at = arena.recordAt(top.node);
      page.set(top.left.hash, at);
      page.set(right.hash, at + SECOND_AT);
      right = top;
    }
    return right;
  }

  #refuse(): never {
    throw new StateError({ code: "STATE_SNAPSHOT_SHAPE", leaf: this.#leaves, leafCount: this.#leafCount });
  }
}
