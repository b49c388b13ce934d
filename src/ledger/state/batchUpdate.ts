/**
 * One batch of changes made in a tree, in place: every changed node is saved to the journal once and hashed once.
 *
 * First each key goes down the old tree by its own bits to the leaf where its way ends (`findLeaves`). That leaf says what
 * the change is: the same key (new value, deletion, or nothing to do), or another one; then the first bit in which the
 * two differ is where the key leaves the tree's known prefixes, and it is new (or its deletion is nothing to do). Changes
 * that do nothing are dropped, so every node that the recursion reaches really changes.
 */
import { keyBit, STATE_KEY_BITS, STATE_KEY_BYTES } from "../../codec/edgeseal/stateHash.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { ChangeBatch } from "./changeBatch.js";
import type { JournalWriter } from "./journal.js";
import { compareKeys, copyAt, firstDifferentBit } from "./keyBytes.js";
import { isLeaf, NONE, type NodeArena, type NodeReader, SECOND_AT } from "./nodeArena.js";
import { NodeHasher } from "./nodeHasher.js";

export class BatchUpdate {
  readonly #arena: NodeArena;
  readonly #hasher: NodeHasher;
  readonly #journal: JournalWriter;
  readonly #batch: ChangeBatch;
  /** Places in the batch of the changes that do something, in key order. */
  readonly #places: Int32Array;
  /** For each of these: the first bit in which it differs from the leaf where its way ends, 256 for the same key. */
  readonly #differs: Int32Array;
  #count = 0;
  readonly #made: number[] = [];
  readonly #obsolete: number[] = [];
  #leafGain = 0;

  constructor(arena: NodeArena, hash: HashFunction, journal: JournalWriter, batch: ChangeBatch) {
    this.#arena = arena;
    this.#hasher = new NodeHasher(hash, arena);
    this.#journal = journal;
    this.#batch = batch;
    this.#places = new Int32Array(batch.count);
    this.#differs = new Int32Array(batch.count);
  }

  /** Nodes of the new tree that the old one does not have. */
  get made(): readonly number[] {
    return this.#made;
  }

  /** Nodes of the old tree that the new one does not have; they are as they were, or in the journal. */
  get obsolete(): readonly number[] {
    return this.#obsolete;
  }

  /** Keys added less keys taken out. */
  get leafGain(): number {
    return this.#leafGain;
  }

  /**
   * The root of the new tree. `rootHash` holds the hash of the old one and gets that of the new one (zeros when it is
   * empty). When it throws, the caller undoes what the journal has and frees what was made.
   * @throws StateError `STATE_TREE_FULL`
   */
  run(root: number, rootHash: Uint8Array): number {
    const leaves = findLeaves(this.#arena, root, this.#batch);
    for (let place = 0; place < this.#batch.count; place++) this.#look(leaves[place] as number, place);
    const made = this.#update(root, rootHash, 0, 0, this.#count);
    if (made === NONE) rootHash.fill(0);
    return made;
  }

  #look(leaf: number, place: number): void {
    const { keys, valueHashes, deletes } = this.#batch;
    const isDelete = deletes[place] === 1;
    const keyAt = place * STATE_KEY_BYTES;
    let differs = 0;
    if (leaf !== NONE) {
      const page = this.#arena.recordPage(leaf);
      const at = this.#arena.recordAt(leaf);
      differs = firstDifferentBit(keys, keyAt, page, at);
      const isSame = differs === STATE_KEY_BITS && !isDelete;
      if (isSame && compareKeys(valueHashes, place * HASH_BYTES, page, at + SECOND_AT) === 0) return;
    }
    if (isDelete && differs < STATE_KEY_BITS) return;
    this.#places[this.#count] = place;
    this.#differs[this.#count] = differs;
    this.#count++;
  }

  /**
   * The tree of `node` after the changes from..to-1, whose ways all lead to it. The 32 bytes at `at` of `page`, in general
   * a part of the parent's record, hold the hash of `node` and get that of the node given back.
   */
  #update(node: number, page: Uint8Array, at: number, from: number, to: number): number {
    if (from === to) return node;
    if (node === NONE) return this.#build(page, at, from, to);
    const bit = this.#arena.bit(node);
    const leaves = this.#firstToLeave(from, to);
    if (leaves < bit) return this.#splitAbove(node, leaves, page, at, from, to);
    if (isLeaf(node)) return this.#updateLeaf(node, page, at, from);
    this.#journal.save(this.#arena, node);
    const hashes = this.#arena.recordPage(node);
    const hashesAt = this.#arena.recordAt(node);
    const middle = this.#partition(from, to, bit);
    const left = this.#update(this.#arena.left(node), hashes, hashesAt, from, middle);
    const right = this.#update(this.#arena.right(node), hashes, hashesAt + SECOND_AT, middle, to);
    if (left === NONE || right === NONE) this.#obsolete.push(node);
    return this.#finish(node, left, right, page, at);
  }

  /** The one change at `index` is of this leaf's own key. */
  #updateLeaf(leaf: number, page: Uint8Array, at: number, index: number): number {
    if (this.#isDelete(index)) {
      this.#obsolete.push(leaf);
      this.#leafGain--;
      return NONE;
    }
    this.#journal.save(this.#arena, leaf);
    const valueAt = this.#arena.recordAt(leaf) + SECOND_AT;
    copyAt(this.#batch.valueHashes, this.#keyAt(index), this.#arena.recordPage(leaf), valueAt, HASH_BYTES);
    page.set(this.#hasher.leaf(leaf), at);
    return leaf;
  }

  /** Some keys part from the prefix of `node` at `bit`: they stand beside it under a new branch. */
  #splitAbove(node: number, bit: number, page: Uint8Array, at: number, from: number, to: number): number {
    const middle = this.#partition(from, to, bit);
    // Those that part at `bit` have that bit unlike the node, all others go on with the node: each side is of one kind.
    const newOnLeft = middle > from && this.#differs[from] === bit;
    const [keepFrom, keepTo] = newOnLeft ? [middle, to] : [from, middle];
    const kept = this.#update(node, page, at, keepFrom, keepTo);
    const [newFrom, newTo] = newOnLeft ? [from, middle] : [middle, to];
    // All that was below the node is gone: the new keys stand in its place.
    if (kept === NONE) return this.#build(page, at, newFrom, newTo);
    const branch = this.#newBranch(bit);
    const hashes = this.#arena.recordPage(branch);
    const leftAt = this.#arena.recordAt(branch);
    const rightAt = leftAt + SECOND_AT;
    copyAt(page, at, hashes, newOnLeft ? rightAt : leftAt, HASH_BYTES);
    const built = this.#build(hashes, newOnLeft ? leftAt : rightAt, newFrom, newTo);
    return this.#finish(branch, newOnLeft ? built : kept, newOnLeft ? kept : built, page, at);
  }

  /** A tree of new keys alone, at least one; its hash goes to `at` of `page`. */
  #build(page: Uint8Array, at: number, from: number, to: number): number {
    if (to - from === 1) {
      this.#leafGain++;
      return this.#makeLeaf(page, at, from);
    }
    const { keys } = this.#batch;
    const bit = firstDifferentBit(keys, this.#keyAt(from), keys, this.#keyAt(to - 1));
    const branch = this.#newBranch(bit);
    const hashes = this.#arena.recordPage(branch);
    const hashesAt = this.#arena.recordAt(branch);
    const middle = this.#partition(from, to, bit);
    const left = this.#build(hashes, hashesAt, from, middle);
    const right = this.#build(hashes, hashesAt + SECOND_AT, middle, to);
    return this.#finish(branch, left, right, page, at);
  }

  /** Links and hashes a branch whose record is right; with one child left, that child takes its place. */
  #finish(branch: number, left: number, right: number, page: Uint8Array, at: number): number {
    if (left !== NONE && right !== NONE) {
      this.#arena.link(branch, left, right);
      page.set(this.#hasher.branch(branch), at);
      return branch;
    }
    const hashesAt = this.#arena.recordAt(branch);
    copyAt(this.#arena.recordPage(branch), left === NONE ? hashesAt + SECOND_AT : hashesAt, page, at, HASH_BYTES);
    return left === NONE ? right : left;
  }

  #newBranch(bit: number): number {
    const branch = this.#arena.newBranch(bit);
    this.#made.push(branch);
    return branch;
  }

  #makeLeaf(page: Uint8Array, at: number, index: number): number {
    const leaf = this.#arena.newLeaf();
    this.#made.push(leaf);
    const record = this.#arena.recordPage(leaf);
    const recordAt = this.#arena.recordAt(leaf);
    const keyAt = this.#keyAt(index);
    copyAt(this.#batch.keys, keyAt, record, recordAt, STATE_KEY_BYTES);
    copyAt(this.#batch.valueHashes, keyAt, record, recordAt + SECOND_AT, HASH_BYTES);
    page.set(this.#hasher.leaf(leaf), at);
    return leaf;
  }

  /** The lowest bit at which one of the changes leaves the old tree's prefixes. */
  #firstToLeave(from: number, to: number): number {
    let lowest = STATE_KEY_BITS;
    for (let i = from; i < to; i++) lowest = Math.min(lowest, this.#differs[i] as number);
    return lowest;
  }

  /** The first of from..to-1 whose `bit` is 1, or `to`; the keys are in order and agree on all bits before. */
  #partition(from: number, to: number, bit: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keyBit(this.#batch.keys, bit, this.#keyAt(middle)) === 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keyAt(index: number): number {
    return (this.#places[index] as number) * STATE_KEY_BYTES;
  }

  #isDelete(index: number): boolean {
    return this.#batch.deletes[this.#places[index] as number] === 1;
  }
}

/** The leaf where the way of a key ends. */
export function findLeaf(reader: NodeReader, root: number, key: Uint8Array): number {
  let node = root;
  while (!isLeaf(node)) node = keyBit(key, reader.bit(node)) === 0 ? reader.left(node) : reader.right(node);
  return node;
}

/**
 * The same for all keys of a batch. They go down together, one branch each in turn: what one waits for from main memory,
 * the others wait for at the same time.
 */
function findLeaves(arena: NodeArena, root: number, { keys, count }: ChangeBatch): Int32Array {
  const nodes = new Int32Array(count).fill(root);
  if (root === NONE || isLeaf(root)) return nodes;
  const underWay = Int32Array.from(nodes, (_, place) => place);
  for (let left = count; left > 0; ) {
    let still = 0;
    for (let i = 0; i < left; i++) {
      const place = underWay[i] as number;
      const node = nodes[place] as number;
      const isRight = keyBit(keys, arena.bit(node), place * STATE_KEY_BYTES) === 1;
      const next = isRight ? arena.right(node) : arena.left(node);
      nodes[place] = next;
      if (!isLeaf(next)) underWay[still++] = place;
    }
    left = still;
  }
  return nodes;
}
