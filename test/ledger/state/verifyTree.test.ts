/** Trees put together by hand whose hashes all fit, but not the places of their nodes: no import can make them. */
import { describe, expect, test } from "vitest";
import { stateBranchHash, stateLeafHash } from "../../../src/codec/edgeseal/stateHash.js";
import { REFERENCE_HASH } from "../../../src/crypto/referenceSuite.js";
import { NodeArena } from "../../../src/ledger/state/nodeArena.js";
import { verifyTree } from "../../../src/ledger/state/verifyTree.js";

const hash = REFERENCE_HASH.ecdsa.hash;
const VALUE = new Uint8Array(32).fill(7);

interface Built {
  readonly node: number;
  readonly hash: Uint8Array;
}

class ByHand {
  readonly arena = new NodeArena(100);

  /** A leaf whose key begins with this byte. */
  leaf(first: number): Built {
    const key = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 0));
    const node = this.arena.newLeaf();
    this.arena.recordPage(node).set([...key, ...VALUE], this.arena.recordAt(node));
    return { node, hash: stateLeafHash(hash, key, VALUE) };
  }

  branch(bit: number, left: Built, right: Built): Built {
    const node = this.arena.newBranch(bit);
    this.arena.link(node, left.node, right.node);
    this.arena.recordPage(node).set([...left.hash, ...right.hash], this.arena.recordAt(node));
    return { node, hash: stateBranchHash(hash, bit, left.hash, right.hash) };
  }

  verify(root: Built, leafCount: number): boolean {
    return verifyTree(this.arena, hash, root.node, root.hash, leafCount);
  }
}

describe("a tree whose hashes fit", () => {
  test("is right in the shape of the rules, with the number of leaves that is claimed", () => {
    const tree = new ByHand();
    const root = tree.branch(0, tree.branch(2, tree.leaf(0x00), tree.leaf(0x20)), tree.leaf(0x80));
    expect(tree.verify(root, 3)).toBe(true);
    expect(tree.verify(root, 2)).toBe(false);
    expect(tree.verify({ ...root, hash: VALUE }, 3)).toBe(false);
  });

  test("is wrong with a branch at another bit, sides exchanged, a key twice or bits that do not increase", () => {
    const shapes: ((tree: ByHand) => Built)[] = [
      (tree) => tree.branch(1, tree.leaf(0x00), tree.leaf(0x20)),
      (tree) => tree.branch(2, tree.leaf(0x20), tree.leaf(0x00)),
      (tree) => tree.branch(2, tree.leaf(0x20), tree.leaf(0x20)),
      (tree) => tree.branch(2, tree.branch(0, tree.leaf(0x00), tree.leaf(0x80)), tree.leaf(0xa0)),
      (tree) => tree.branch(2, tree.leaf(0x00), tree.branch(2, tree.leaf(0x20), tree.leaf(0x20))),
    ];
    for (const shape of shapes) {
      const tree = new ByHand();
      const root = shape(tree);
      expect(tree.verify(root, tree.arena.nodeCount / 2 + 0.5)).toBe(false);
    }
  });

  test("that goes round in a circle comes to an end", () => {
    const tree = new ByHand();
    const root = tree.branch(2, tree.leaf(0x00), tree.leaf(0x20));
    tree.arena.link(root.node, root.node, root.node);
    expect(tree.verify(root, 2)).toBe(false);
  });
});
