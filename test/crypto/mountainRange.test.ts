import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, toHex } from "../../src/base/bytes.js";
import {
  MOUNTAIN_LEAVES_MAX,
  MountainRange,
  mountainProof,
  verifyMountainProof,
} from "../../src/crypto/mountainRange.js";
import { sm3 } from "../../src/crypto/sm3.js";

const hash = sm3;
const COUNT = 70;
const LEAVES = Array.from({ length: COUNT }, (_, i) => hash(Uint8Array.of(i)));

/** A full tree over 2^k leaves by its definition. */
function naivePeak(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return hash(concatBytes([Uint8Array.of(0), leaves[0]!]));
  const half = leaves.length / 2;
  return hash(concatBytes([Uint8Array.of(1), naivePeak(leaves.slice(0, half)), naivePeak(leaves.slice(half))]));
}

function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const peaks: Uint8Array[] = [];
  let start = 0;
  for (const digit of [64, 32, 16, 8, 4, 2, 1]) {
    if ((leaves.length & digit) === 0) continue;
    peaks.push(naivePeak(leaves.slice(start, start + digit)));
    start += digit;
  }
  return hash(concatBytes([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, leaves.length), ...peaks]));
}

function build(count: number): {
  range: MountainRange;
  read: (level: number, index: number) => Uint8Array | undefined;
} {
  const nodes = new Map<string, Uint8Array>();
  const range = MountainRange.empty(hash);
  for (const leaf of LEAVES.slice(0, count)) {
    range.append(leaf, (level, index, node) => {
      expect(nodes.has(`${level}/${index}`)).toBe(false);
      nodes.set(`${level}/${index}`, node);
    });
  }
  return { range, read: (level, index) => nodes.get(`${level}/${index}`) };
}

describe("a range", () => {
  test("has the root of the definition at every length, and no two alike", () => {
    const range = MountainRange.empty(hash);
    const roots = new Set<string>();
    for (let count = 0; count <= COUNT; count++) {
      expect(range.leafCount).toBe(count);
      expect(range.root()).toEqual(naiveRoot(LEAVES.slice(0, count)));
      roots.add(toHex(range.root()));
      if (count < COUNT) range.append(LEAVES[count]!);
    }
    expect(roots.size).toBe(COUNT + 1);
  });

  test("goes on from its peaks", () => {
    for (let count = 0; count < COUNT; count++) {
      const { range } = build(count);
      const restored = MountainRange.restore(
        hash,
        range.leafCount,
        range.peaks.map((peak) => Buffer.from(peak)),
      );
      expect(restored.root()).toEqual(range.root());
      restored.append(LEAVES[count]!);
      expect(restored.root()).toEqual(build(count + 1).range.root());
    }
  });

  test("hashes no more than twice per leaf on average", () => {
    let hashes = 0;
    const counting = (data: Uint8Array): Uint8Array => {
      hashes++;
      return hash(data);
    };
    const range = MountainRange.empty(counting);
    for (const leaf of LEAVES) range.append(leaf);
    expect(hashes).toBeLessThan(2 * COUNT);
  });

  test("refuses what cannot be", () => {
    const range = MountainRange.empty(hash);
    expect(() => range.append(new Uint8Array(31))).toThrow("CRYPTO_LEAF_LENGTH");
    const peak = LEAVES[0]!;
    for (const [count, peaks] of [
      [3, [peak]],
      [0, [peak]],
      [1, []],
      [1, [peak.subarray(1)]],
      [-1, []],
      [0.5, []],
      [Number.NaN, []],
      [MOUNTAIN_LEAVES_MAX + 1, [peak]],
      [MOUNTAIN_LEAVES_MAX * 2, [peak]],
    ] as const) {
      expect(() => MountainRange.restore(hash, count, peaks)).toThrow("CRYPTO_MOUNTAIN_PEAKS");
    }
  });

  test("is exact at the largest counts and full at the limit", () => {
    const peaks = Array.from({ length: 48 }, (_, i) => LEAVES[i]!);
    const range = MountainRange.restore(hash, MOUNTAIN_LEAVES_MAX - 1, peaks);
    range.append(LEAVES[0]!);
    expect(range.leafCount).toBe(MOUNTAIN_LEAVES_MAX);
    expect(range.peaks.length).toBe(1);
    expect(range.root()).toEqual(hash(concatBytes([Uint8Array.of(2, 0, 1, 0, 0, 0, 0, 0, 0), range.peaks[0]!])));
    expect(() => range.append(LEAVES[0]!)).toThrow("CRYPTO_MOUNTAIN_FULL");
  });
});

describe("proofs", () => {
  test("hold for every leaf of every length, under its own index, count and leaf only", () => {
    const { read } = build(COUNT);
    for (const count of [1, 2, 3, 4, 7, 8, 11, 31, 32, 33, 70]) {
      const root = naiveRoot(LEAVES.slice(0, count));
      for (let index = 0; index < count; index++) {
        const proof = mountainProof(read, count, index);
        const verify = (n: number, i: number, leaf: Uint8Array) => verifyMountainProof(hash, root, n, i, leaf, proof);
        expect(verify(count, index, LEAVES[index]!)).toBe(true);
        for (let other = 0; other < count; other++) {
          if (other !== index) expect(verify(count, other, LEAVES[index]!)).toBe(false);
        }
        expect(verify(count + 1, index, LEAVES[index]!)).toBe(false);
        expect(verify(count - 1, index, LEAVES[index]!)).toBe(false);
        expect(verify(count, index, LEAVES[(index + 1) % COUNT]!)).toBe(false);
      }
    }
  });

  test("any changed, dropped, added or resized entry is refused", () => {
    const count = 27;
    const { read, range } = build(count);
    const root = range.root();
    for (const index of [0, 5, 16, 23, 24, 26]) {
      const proof = mountainProof(read, count, index);
      const verify = (siblings: readonly Uint8Array[], peaks: readonly Uint8Array[]) =>
        verifyMountainProof(hash, root, count, index, LEAVES[index]!, { siblings, peaks });
      expect(verify(proof.siblings, proof.peaks)).toBe(true);
      for (const list of ["siblings", "peaks"] as const) {
        const check = (changed: Uint8Array[]) =>
          list === "siblings" ? verify(changed, proof.peaks) : verify(proof.siblings, changed);
        for (const [at, entry] of proof[list].entries()) {
          const flipped = new Uint8Array(entry);
          flipped[at % 32]! ^= 1;
          expect(check(proof[list].with(at, flipped))).toBe(false);
          expect(check(proof[list].with(at, entry.subarray(1)))).toBe(false);
          expect(check(proof[list].with(at, concatBytes([entry, entry])))).toBe(false);
          expect(check(proof[list].toSpliced(at, 1))).toBe(false);
        }
        expect(check([...proof[list], LEAVES[0]!])).toBe(false);
      }
    }
  });

  test("a proof of the wrong size is refused before anything is hashed", () => {
    const { read, range } = build(27);
    const proof = mountainProof(read, 27, 5);
    const noHash = (): Uint8Array => {
      throw new Error("hashed");
    };
    const many = new Array<Uint8Array>(1000).fill(LEAVES[0]!);
    for (const [siblings, peaks] of [
      [many, proof.peaks],
      [proof.siblings, many],
      [[], proof.peaks],
      [proof.siblings, []],
    ] as const) {
      expect(verifyMountainProof(noHash, range.root(), 27, 5, LEAVES[5]!, { siblings, peaks })).toBe(false);
    }
  });

  test("an inner node does not pass for a leaf", () => {
    const { read, range } = build(4);
    const proof = mountainProof(read, 4, 0);
    const shortened = { siblings: proof.siblings.slice(1), peaks: [] };
    for (const count of [1, 2, 4]) {
      expect(verifyMountainProof(hash, range.root(), count, 0, read(1, 0)!, shortened)).toBe(false);
    }
  });

  test("impossible places, counts and missing nodes", () => {
    const { read, range } = build(5);
    const proof = mountainProof(read, 5, 0);
    for (const [count, index] of [
      [5, 5],
      [5, -1],
      [5, 0.5],
      [0, 0],
      [-1, 0],
      [Number.NaN, 0],
      [5, Number.NaN],
      [2 ** 53, 0],
    ] as const) {
      expect(() => mountainProof(read, count, index)).toThrow("CRYPTO_LEAF_INDEX");
      expect(verifyMountainProof(hash, range.root(), count, index, LEAVES[0]!, proof)).toBe(false);
    }
    expect(verifyMountainProof(hash, range.root(), 5, 0, LEAVES[0]!.subarray(1), proof)).toBe(false);
    expect(() => mountainProof(() => undefined, 5, 0)).toThrow("CRYPTO_MOUNTAIN_NODE_MISSING");
  });

  test("random proofs never pass and never throw", () => {
    const { range } = build(21);
    const entries = fc.array(fc.uint8Array({ minLength: 31, maxLength: 33 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.integer(), fc.integer(), entries, entries, (count, index, siblings, peaks) => {
        expect(verifyMountainProof(hash, range.root(), count, index, LEAVES[0]!, { siblings, peaks })).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
