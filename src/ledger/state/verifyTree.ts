/** Whether a tree is what it says: every hash computed again, every branch where the rules put it. */
import { keyBit } from "../../codec/edgeseal/stateHash.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { compareKeys, firstDifferentBit } from "./keyBytes.js";
import { isLeaf, NONE, type NodeArena, SECOND_AT } from "./nodeArena.js";
import { NodeHasher } from "./nodeHasher.js";

/** Two hashes per key, all in one go. */
export function verifyTree(
  arena: NodeArena,
  hash: HashFunction,
  root: number,
  rootHash: Uint8Array,
  leafCount: number,
): boolean {
  const checker = new TreeChecker(arena, hash);
  return (root === NONE || checker.isRight(root, rootHash, 0)) && checker.leaves === leafCount;
}

class TreeChecker {
  leaves = 0;
  readonly #arena: NodeArena;
  readonly #hasher: NodeHasher;
  /** The leaf visited last, and the bit of the branch between it and the next one. */
  #last = NONE;
  #bit = 0;

  constructor(arena: NodeArena, hash: HashFunction) {
    this.#arena = arena;
    this.#hasher = new NodeHasher(hash, arena);
  }

  /** Whether all below `node` is right and has the hash at this place. At most 256 deep: bits must increase. */
  isRight(node: number, hashPage: Uint8Array, hashAt: number): boolean {
    const arena = this.#arena;
    const [page, at] = [arena.recordPage(node), arena.recordAt(node)];
    if (isLeaf(node)) {
      return this.#isInPlace(node, page, at) && compareKeys(this.#hasher.leaf(node), 0, hashPage, hashAt) === 0;
    }
    const [bit, left, right] = [arena.bit(node), arena.left(node), arena.right(node)];
    if (arena.bit(left) <= bit || arena.bit(right) <= bit || !this.isRight(left, page, at)) return false;
    this.#bit = bit;
    if (!this.isRight(right, page, at + SECOND_AT)) return false;
    return compareKeys(this.#hasher.branch(node), 0, hashPage, hashAt) === 0;
  }

  /** In key order, each leaf must part upwards from the one before at the bit of the branch between them. */
  #isInPlace(leaf: number, page: Uint8Array, at: number): boolean {
    const before = this.#last;
    this.#last = leaf;
    this.leaves++;
    if (before === NONE) return true;
    const bit = firstDifferentBit(this.#arena.recordPage(before), this.#arena.recordAt(before), page, at);
    return bit === this.#bit && keyBit(page, bit, at) === 1;
  }
}
