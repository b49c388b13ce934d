import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, fromHex } from "../../src/base/bytes.js";
import {
  MERKLE_DEPTH_MAX,
  type MerkleGroup,
  merkleProof,
  merkleRoot,
  sameMerklePlace,
  verifyMerkleProof,
} from "../../src/crypto/merkle.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { sm3 } from "../../src/crypto/sm3.js";
import { merkleVectors } from "./vectors.js";

const hash = sm3;
const LEAVES = Array.from({ length: 70 }, (_, i) => hash(Uint8Array.of(i)));

/** The definition, top down: the root of a range of leaves whose full width is 2^height. */
function naiveRoot(leaves: readonly Uint8Array[], height: number): Uint8Array {
  if (height === 0) return leaves[0]!;
  const half = 2 ** (height - 1);
  const left = naiveRoot(leaves.slice(0, half), height - 1);
  if (leaves.length <= half) return hash(left);
  return hash(concatBytes([left, naiveRoot(leaves.slice(half), height - 1)]));
}

function heightOf(count: number): number {
  let height = 0;
  while (2 ** height < count) height++;
  return height;
}

/** FISCO's flat list: a count in the first four bytes of an entry, then that many hashes. */
function groupsOf(flat: readonly string[]): MerkleGroup[] {
  if (flat.length === 1) return [[fromHex(flat[0]!)]];
  const groups: MerkleGroup[] = [];
  for (let at = 0; at < flat.length; ) {
    const count = Number.parseInt(flat[at]!.slice(0, 8), 16);
    groups.push(flat.slice(at + 1, at + 1 + count).map(fromHex));
    at += 1 + count;
  }
  return groups;
}

describe("trees of 1..70 leaves", () => {
  test("roots are those of the definition", () => {
    for (let count = 1; count <= LEAVES.length; count++) {
      const leaves = LEAVES.slice(0, count);
      expect(merkleRoot(hash, leaves)).toEqual(naiveRoot(leaves, heightOf(count)));
    }
    expect(merkleRoot(hash, [])).toEqual(new Uint8Array(32));
  });

  test("every leaf is proved at its place, and only there", () => {
    for (let count = 1; count <= LEAVES.length; count++) {
      const leaves = LEAVES.slice(0, count);
      const root = merkleRoot(hash, leaves);
      for (let index = 0; index < count; index++) {
        const proof = merkleProof(hash, leaves, index);
        const place = verifyMerkleProof(hash, leaves[index]!, root, proof);
        expect(place).toEqual({ index, groupSizes: proof.map((group) => group.length), equalLevels: [] });
        expect(verifyMerkleProof(hash, LEAVES[(index + 1) % LEAVES.length]!, root, proof)?.index).toBe(
          proof[0]!.length === 2 && index + 1 < count && index % 2 === 0 ? index + 1 : undefined,
        );
      }
    }
  });

  test("the results share no memory with the leaves", () => {
    const leaf = Buffer.from(LEAVES[0]!);
    const root = merkleRoot(hash, [leaf]);
    leaf.fill(0);
    expect(root).toEqual(LEAVES[0]);
  });

  test("bad leaves and places are errors", () => {
    expect(() => merkleRoot(hash, [new Uint8Array(31)])).toThrow("CRYPTO_LEAF_LENGTH");
    expect(() => merkleProof(hash, [new Uint8Array(33)], 0)).toThrow("CRYPTO_LEAF_LENGTH");
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expect(() => merkleProof(hash, LEAVES.slice(0, 3), index)).toThrow("CRYPTO_LEAF_INDEX");
    }
    expect(() => merkleProof(hash, [], 0)).toThrow("CRYPTO_LEAF_INDEX");
  });
});

describe("proofs of real FISCO chains", () => {
  for (const { crypto, what, leaf, root, proof } of merkleVectors.proofs) {
    test(what, () => {
      const suite = referenceSuite(crypto);
      const groups = groupsOf(proof);
      const place = verifyMerkleProof(suite.hash, fromHex(leaf), fromHex(root), groups);
      expect(place?.groupSizes).toEqual(groups.map((group) => group.length));
      const wrong = fromHex(root);
      wrong[0]! ^= 1;
      expect(verifyMerkleProof(suite.hash, fromHex(leaf), wrong, groups)).toBeUndefined();
    });
  }

  test("the place in block 60 is the one its groups say", () => {
    const { leaf, root, proof } = merkleVectors.proofs[0]!;
    const groups = groupsOf(proof);
    const place = verifyMerkleProof(referenceSuite("ecdsa").hash, fromHex(leaf), fromHex(root), groups);
    expect(place?.groupSizes).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 1, 2]);
    // Above the single entry the node must be the right one of the last pair.
    expect(Math.floor(place!.index / 2 ** 9)).toBe(1);
    expect(place!.index % 2).toBe(1);
  });
});

describe("hostile proofs", () => {
  const leaf = LEAVES[4]!;
  const leaves = LEAVES.slice(0, 5);
  const root = merkleRoot(hash, leaves);
  const proof = merkleProof(hash, leaves, 4);

  test("any changed byte, dropped, added or swapped entry is refused", () => {
    expect(verifyMerkleProof(hash, leaf, root, proof)?.groupSizes).toEqual([1, 1, 2]);
    for (const [level, group] of proof.entries()) {
      for (const [at, entry] of group.entries()) {
        for (let byte = 0; byte < 32; byte++) {
          const changed = new Uint8Array(entry);
          changed[byte]! ^= 0x80;
          expect(verifyMerkleProof(hash, leaf, root, proof.with(level, group.with(at, changed)))).toBeUndefined();
        }
        for (const length of [0, 31, 33]) {
          const resized = new Uint8Array(length);
          expect(verifyMerkleProof(hash, leaf, root, proof.with(level, group.with(at, resized)))).toBeUndefined();
        }
      }
      const bad = [
        [],
        [...group, entryOf(9)],
        [...group].reverse(),
        [group[0]!, group[0]!],
        [...group, ...group, entryOf(3)],
      ];
      for (const other of bad) {
        if (other.length === 1 && group.length === 1) continue;
        expect(verifyMerkleProof(hash, leaf, root, proof.with(level, other))).toBeUndefined();
      }
      expect(verifyMerkleProof(hash, leaf, root, proof.toSpliced(level, 1))).toBeUndefined();
      expect(verifyMerkleProof(hash, leaf, root, proof.toSpliced(level, 0, group))).toBeUndefined();
    }
    expect(verifyMerkleProof(hash, leaf, root, [])).toBeUndefined();
    expect(verifyMerkleProof(hash, leaf.subarray(1), root, proof)).toBeUndefined();
    expect(verifyMerkleProof(hash, leaf, root.subarray(1), proof)).toBeUndefined();
  });

  function entryOf(i: number): Uint8Array {
    return LEAVES[i]!;
  }

  test("an entry of another length is refused even where the bytes hashed would be right", () => {
    const pair = [leaf, entryOf(0)];
    const over = (entry: Uint8Array): Uint8Array => concatBytes([entry, Uint8Array.of(1)]);
    const top = hash(concatBytes(pair));
    expect(verifyMerkleProof(hash, leaf, top, [pair])?.index).toBe(0);
    expect(verifyMerkleProof(hash, leaf, top, [[leaf, over(entryOf(0))]])).toBeUndefined();
    const mirrored = hash(concatBytes([entryOf(0), leaf]));
    expect(verifyMerkleProof(hash, leaf, mirrored, [[entryOf(0), leaf]])?.index).toBe(1);
    expect(verifyMerkleProof(hash, leaf, mirrored, [[over(entryOf(0)), leaf]])).toBeUndefined();
  });

  test("a single entry must be leaf and root at once", () => {
    expect(verifyMerkleProof(hash, leaf, leaf, [[leaf]])?.index).toBe(0);
    expect(verifyMerkleProof(hash, leaf, hash(leaf), [[leaf]])).toBeUndefined();
    expect(verifyMerkleProof(hash, leaf, leaf, [[entryOf(0)]])).toBeUndefined();
    expect(verifyMerkleProof(hash, leaf, entryOf(0), [[entryOf(0)]])).toBeUndefined();
    expect(verifyMerkleProof(hash, leaf, leaf, [[new Uint8Array(0)]])).toBeUndefined();
  });

  test("hashing chains no tree has are refused although every hash is right", () => {
    const once = hash(leaf);
    const twice = hash(once);
    expect(verifyMerkleProof(hash, leaf, twice, [[leaf], [once]])).toBeUndefined();
    // A lonely top above a pair.
    const pair = hash(concatBytes([leaf, entryOf(0)]));
    expect(verifyMerkleProof(hash, leaf, hash(pair), [[leaf, entryOf(0)], [pair]])).toBeUndefined();
    // A lonely entry is the last of its level, so nothing stands to the right above it.
    const left = hash(concatBytes([once, entryOf(0)]));
    expect(verifyMerkleProof(hash, leaf, left, [[leaf], [once, entryOf(0)]])).toBeUndefined();
    const right = hash(concatBytes([entryOf(0), once]));
    expect(verifyMerkleProof(hash, leaf, right, [[leaf], [entryOf(0), once]])?.index).toBe(2);
  });

  test("depth is limited", () => {
    const chain = (depth: number): { root: Uint8Array; groups: MerkleGroup[] } => {
      let node = leaf;
      const groups: MerkleGroup[] = [];
      for (let i = 0; i < depth; i++) {
        groups.push([node, entryOf(0)]);
        node = hash(concatBytes([node, entryOf(0)]));
      }
      return { root: node, groups };
    };
    const allowed = chain(MERKLE_DEPTH_MAX);
    expect(verifyMerkleProof(hash, leaf, allowed.root, allowed.groups)?.index).toBe(0);
    const deeper = chain(MERKLE_DEPTH_MAX + 1);
    expect(verifyMerkleProof(hash, leaf, deeper.root, deeper.groups)).toBeUndefined();
  });

  test("every accepted shape belongs to some leaf count: sizes and bits decide like an exhaustive search", () => {
    const depth = 4;
    const honest = new Set<string>();
    for (let count = 2; count <= 2 ** depth; count++) {
      for (let index = 0; index < count; index++) {
        const sizes = merkleProof(hash, LEAVES.slice(0, count), index).map((group) => group.length);
        if (sizes.length === depth) honest.add(`${sizes.join("")}/${index}`);
      }
    }
    const accepted = new Set<string>();
    for (let code = 0; code < 3 ** depth; code++) {
      let node = leaf;
      let index = 0;
      const groups: MerkleGroup[] = [];
      for (let level = 0; level < depth; level++) {
        const shape = Math.floor(code / 3 ** level) % 3;
        const group = shape === 0 ? [node] : shape === 1 ? [node, entryOf(0)] : [entryOf(0), node];
        if (shape === 2) index += 2 ** level;
        groups.push(group);
        node = hash(concatBytes(group));
      }
      const place = verifyMerkleProof(hash, leaf, node, groups);
      if (place === undefined) continue;
      expect(place.index).toBe(index);
      accepted.add(`${place.groupSizes.join("")}/${index}`);
    }
    expect([...accepted].sort()).toEqual([...honest].sort());
  });

  test("random groups never pass and never throw", () => {
    const entry = fc.uint8Array({ minLength: 30, maxLength: 34 });
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 3 }), { maxLength: 40 }), (groups) => {
        expect(verifyMerkleProof(hash, leaf, root, groups)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

describe("equal neighbours", () => {
  const [a, b] = [LEAVES[0]!, LEAVES[1]!];

  test("the lowest place is given, with the level that cannot be told", () => {
    const leaves = [a, b, b, b];
    const root = merkleRoot(hash, leaves);
    const place = verifyMerkleProof(hash, b, root, merkleProof(hash, leaves, 3));
    expect(place).toEqual({ index: 2, groupSizes: [2, 2], equalLevels: [0] });
  });

  test("a receipt that equals its neighbour fits the place of either transaction, no other", () => {
    const txs = LEAVES.slice(10, 15);
    const receipts = [a, a, b, a, b];
    const place = (leaves: Uint8Array[], index: number) =>
      verifyMerkleProof(hash, leaves[index]!, merkleRoot(hash, leaves), merkleProof(hash, leaves, index))!;
    const fits = (tx: number, receipt: number) => sameMerklePlace(place(txs, tx), place(receipts, receipt));
    for (let i = 0; i < 5; i++) expect(fits(i, i)).toBe(true);
    expect(fits(0, 1)).toBe(true);
    expect(fits(1, 0)).toBe(true);
    expect(fits(2, 3)).toBe(false);
    expect(fits(0, 3)).toBe(false);
    expect(fits(4, 0)).toBe(false);
    expect(sameMerklePlace(place(txs, 0), place(LEAVES.slice(0, 3), 0))).toBe(false);
  });
});
