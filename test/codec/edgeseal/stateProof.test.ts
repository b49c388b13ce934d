import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import {
  emptyStateRoot,
  STATE_TABLE_NAME_BYTES_MAX,
  stateBranchHash,
  stateKey,
  stateLeafHash,
  stateValueHash,
} from "../../../src/codec/edgeseal/stateHash.js";
import {
  checkStateProof,
  decodeStateProof,
  encodeStateProof,
  STATE_PROOF_BYTES_MAX,
  type StateProof,
  type StateVerdict,
} from "../../../src/codec/edgeseal/stateProof.js";
import { REFERENCE_HASH } from "../../../src/crypto/referenceSuite.js";
import { type NaiveNode, naiveNodes, naiveProof, naiveRoot, naiveTree } from "../../support/naiveState.js";

const hash = REFERENCE_HASH.ecdsa.hash;

function keyOf(i: number): Uint8Array {
  return stateKey(hash, "t", Uint8Array.of(i));
}

function valueHashOf(i: number): Uint8Array {
  return stateValueHash(hash, Uint8Array.of(i));
}

const COUNT = 40;
const STATE = new Map(Array.from({ length: COUNT }, (_, i) => [toHex(keyOf(i)), toHex(valueHashOf(i))]));
const TREE = naiveTree(hash, STATE) as NaiveNode;
const ROOT = fromHex(naiveRoot(hash, STATE));

/** The verdict of bytes from a stranger: decoded, then checked; undefined when either refuses. */
function judge(root: Uint8Array, key: Uint8Array, bytes: Uint8Array): StateVerdict | undefined {
  let proof: StateProof;
  try {
    proof = decodeStateProof(bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^STATE_PROOF_(LENGTH|FORMAT|KIND)$/) });
    return undefined;
  }
  return checkStateProof(hash, root, key, proof);
}

function truth(key: Uint8Array): StateVerdict {
  const valueHash = STATE.get(toHex(key));
  return valueHash === undefined ? { present: false } : { present: true, valueHash: fromHex(valueHash) };
}

describe("hashes of the state", () => {
  test("are those of the written preimages, on both suites", () => {
    for (const suite of ["ecdsa", "sm"] as const) {
      const h = REFERENCE_HASH[suite].hash;
      const [a, b] = [new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0xbb)];
      const hex = (text: string): string => toHex(h(fromHex(text)));
      expect(toHex(stateKey(h, "ab", Uint8Array.of(9)))).toBe(hex("030002616209"));
      expect(toHex(stateKey(h, "é", new Uint8Array(0)))).toBe(hex("030002c3a9"));
      expect(toHex(stateValueHash(h, Uint8Array.of(7, 8)))).toBe(hex("020708"));
      expect(toHex(stateLeafHash(h, a, b))).toBe(hex(`00${"aa".repeat(32)}${"bb".repeat(32)}`));
      expect(toHex(stateBranchHash(h, 255, a, b))).toBe(hex(`0100ff${"aa".repeat(32)}${"bb".repeat(32)}`));
      expect(toHex(emptyStateRoot())).toBe("00".repeat(32));
    }
  });

  test("keep table and key apart, and names that are no text away", () => {
    expect(stateKey(hash, "a", utf8Bytes("bc"))).not.toEqual(stateKey(hash, "ab", utf8Bytes("c")));
    expect(() => stateKey(hash, "x".repeat(STATE_TABLE_NAME_BYTES_MAX), Uint8Array.of(1))).not.toThrow();
    expect(() => stateKey(hash, "é".repeat(128), Uint8Array.of(1))).toThrow("STATE_TABLE_NAME");
    expect(() => stateKey(hash, "\ud800", Uint8Array.of(1))).toThrow("STATE_TABLE_NAME");
    expect(() => stateKey(hash, "\u{1f600}", Uint8Array.of(1))).not.toThrow();
  });
});

describe("a proof", () => {
  test("shows every key with its value, and absent keys as absent", () => {
    for (let i = 0; i < 2 * COUNT; i++) {
      const bytes = naiveProof(TREE, keyOf(i));
      expect(judge(ROOT, keyOf(i), bytes)).toEqual(truth(keyOf(i)));
      expect(toHex(encodeStateProof(decodeStateProof(bytes)))).toBe(bytes.toString("hex"));
    }
  });

  test("of a single leaf has no siblings; the empty tree has a root of its own", () => {
    const one = new Map([[toHex(keyOf(1)), toHex(valueHashOf(1))]]);
    const root = fromHex(naiveRoot(hash, one));
    expect(judge(root, keyOf(1), naiveProof(naiveTree(hash, one), keyOf(1)))).toEqual(truth(keyOf(1)));
    expect(judge(root, keyOf(2), naiveProof(naiveTree(hash, one), keyOf(2)))).toEqual({ present: false });
    expect(judge(emptyStateRoot(), keyOf(1), Uint8Array.of(1, 2))).toEqual({ present: false });
    expect(judge(root, keyOf(2), Uint8Array.of(1, 2))).toBeUndefined();
    expect(judge(new Uint8Array(31), keyOf(2), Uint8Array.of(1, 2))).toBeUndefined();
  });

  test("with any byte changed, cut short or lengthened shows nothing", () => {
    for (const i of [0, 5, COUNT, COUNT + 7]) {
      const bytes = naiveProof(TREE, keyOf(i));
      for (let at = 0; at < bytes.length; at++) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const changed = Uint8Array.from(bytes);
          changed[at]! ^= flip;
          expect(judge(ROOT, keyOf(i), changed)).toBeUndefined();
        }
      }
      for (let length = 0; length < bytes.length; length++) {
        expect(judge(ROOT, keyOf(i), bytes.subarray(0, length))).toBeUndefined();
      }
      for (const more of [1, 31, 32]) {
        expect(judge(ROOT, keyOf(i), Buffer.concat([bytes, Buffer.alloc(more)]))).toBeUndefined();
      }
    }
  });

  test("with siblings in another order, or without its way's last branches, shows nothing", () => {
    for (const i of [0, COUNT + 3]) {
      const proof = decodeStateProof(naiveProof(TREE, keyOf(i)));
      if (proof.kind === "empty") throw new TypeError("the tree has leaves");
      const { bits, siblings } = proof.path;
      for (let a = 0; a < siblings.length; a++) {
        for (let b = a + 1; b < siblings.length; b++) {
          const swapped = siblings.with(a, siblings[b]!).with(b, siblings[a]!);
          expect(
            checkStateProof(hash, ROOT, keyOf(i), { ...proof, path: { bits, siblings: swapped } }),
          ).toBeUndefined();
        }
        const shorter = { bits: bits.toSpliced(a, 1), siblings: siblings.toSpliced(a, 1) };
        expect(checkStateProof(hash, ROOT, keyOf(i), { ...proof, path: shorter })).toBeUndefined();
      }
    }
  });

  test("about one key says nothing about another", () => {
    for (let i = 0; i < COUNT + 5; i++) {
      const bytes = naiveProof(TREE, keyOf(i));
      for (let j = 0; j < COUNT + 5; j++) {
        if (i === j) continue;
        const verdict = judge(ROOT, keyOf(j), bytes);
        // Two absent keys whose ways end in the same leaf share a proof.
        if (verdict !== undefined) expect(verdict).toEqual(truth(keyOf(j)));
      }
    }
  });

  test("under the root of another state shows nothing", () => {
    const other = fromHex(naiveRoot(hash, new Map([...STATE].slice(1))));
    for (let i = 1; i < COUNT; i++) expect(judge(other, keyOf(i), naiveProof(TREE, keyOf(i)))).toBeUndefined();
  });
});

describe("absence of a present key cannot be shown", () => {
  const key = keyOf(3);
  const own = decodeStateProof(naiveProof(TREE, key)) as Extract<StateProof, { kind: "present" }>;

  test("by its own leaf", () => {
    const forged: StateProof = { kind: "other", otherKey: key, otherValueHash: own.valueHash, path: own.path };
    expect(checkStateProof(hash, ROOT, key, forged)).toBeUndefined();
  });

  test("by any other leaf with its own way", () => {
    for (let i = 0; i < COUNT; i++) {
      if (i === 3) continue;
      const other = decodeStateProof(naiveProof(TREE, keyOf(i))) as typeof own;
      for (const path of [own.path, other.path]) {
        const forged: StateProof = { kind: "other", otherKey: keyOf(i), otherValueHash: other.valueHash, path };
        expect(checkStateProof(hash, ROOT, key, forged)).toBeUndefined();
      }
    }
  });

  test("by bits out of order or twice, even under a root that was made so", () => {
    // A tree against the rules: bit 9 above bit 4. Whatever hangs below, nothing is shown under its root.
    const zero = new Uint8Array(32);
    const other = Uint8Array.from(zero).fill(0xff, 31);
    const leaf = stateLeafHash(hash, other, valueHashOf(1));
    const sibling = valueHashOf(2);
    for (const bits of [
      [9, 4],
      [4, 4],
    ]) {
      const inner = stateBranchHash(hash, bits[1]!, leaf, sibling);
      const root = stateBranchHash(hash, bits[0]!, inner, sibling);
      const forged: StateProof = {
        kind: "other",
        otherKey: other,
        otherValueHash: valueHashOf(1),
        path: { bits, siblings: [sibling, sibling] },
      };
      expect(checkStateProof(hash, root, zero, forged)).toBeUndefined();
      expect(() => encodeStateProof(forged)).toThrow("STATE_PROOF_BITS");
      const ordered = { ...forged, path: { ...forged.path, bits: [4, 9] } };
      expect(checkStateProof(hash, root, zero, ordered)).toBeUndefined();
    }
  });

  test("by a leaf off the wanted key's way, even under a root that was made so", () => {
    // The leaf of another key put by hand where the wanted key's bits lead.
    const zero = new Uint8Array(32);
    const other = new Uint8Array(32).fill(0xff);
    const sibling = valueHashOf(2);
    const root = stateBranchHash(hash, 0, stateLeafHash(hash, other, valueHashOf(1)), sibling);
    const forged: StateProof = {
      kind: "other",
      otherKey: other,
      otherValueHash: valueHashOf(1),
      path: { bits: [0], siblings: [sibling] },
    };
    expect(checkStateProof(hash, root, zero, forged)).toBeUndefined();
  });

  test("by anything put together from parts of the tree", () => {
    const nodes = naiveNodes(TREE);
    const hashes = nodes.map(({ hash: digest }) => Uint8Array.from(digest));
    const keys = Array.from({ length: 2 * COUNT }, (_, i) => keyOf(i));
    const part = fc.oneof(
      fc.constantFrom(...hashes),
      fc.constantFrom(...keys),
      fc.constantFrom(...keys.map((_, i) => valueHashOf(i))),
    );
    const usedBits = [...new Set(nodes.flatMap(({ branch }) => (branch === undefined ? [] : [branch.bit])))];
    const bit = fc.oneof(fc.constantFrom(...usedBits), fc.integer({ min: 0, max: 255 }));
    const path = fc.array(fc.tuple(bit, part), { maxLength: 9 }).map((steps) => {
      const sorted = steps.toSorted(([a], [b]) => a - b).filter(([b], i, all) => i === 0 || all[i - 1]![0] !== b);
      return { bits: sorted.map(([b]) => b), siblings: sorted.map(([, sibling]) => sibling) };
    });
    const honest = fc.constantFrom(...keys).map((each) => decodeStateProof(naiveProof(TREE, each)));
    const forged = fc.oneof(
      fc.record({ kind: fc.constant("present" as const), valueHash: part, path }),
      fc.record({ kind: fc.constant("other" as const), otherKey: part, otherValueHash: part, path }),
      // An honest proof with some of its fields exchanged.
      fc
        .tuple(honest, honest, fc.boolean())
        .map(([a, b, swap]) => ({ ...a, ...(swap && "path" in b ? { path: b.path } : b) }) as StateProof),
    );
    let shown = 0;
    fc.assert(
      fc.property(fc.constantFrom(...keys), forged, (wanted, proof) => {
        const verdict = checkStateProof(hash, ROOT, wanted, proof as StateProof);
        if (verdict === undefined) return;
        shown++;
        expect(verdict).toEqual(truth(wanted));
      }),
      { numRuns: 5_000 },
    );
    // Otherwise the property would hold for want of proofs.
    expect(shown).toBeGreaterThan(0);
  });
});

describe("bytes", () => {
  const bytes = naiveProof(TREE, keyOf(0));
  const decode = (changed: Uint8Array) => () => decodeStateProof(changed);

  test("are refused by name", () => {
    expect(decode(new Uint8Array(0))).toThrow("STATE_PROOF_LENGTH");
    expect(decode(Uint8Array.of(1))).toThrow("STATE_PROOF_LENGTH");
    expect(decode(Uint8Array.of(2, 1))).toThrow("STATE_PROOF_FORMAT");
    expect(decode(Uint8Array.of(1, 4))).toThrow("STATE_PROOF_KIND");
    expect(decode(Uint8Array.of(1, 0))).toThrow("STATE_PROOF_KIND");
    expect(decode(Uint8Array.of(1, 2, 0))).toThrow("STATE_PROOF_LENGTH");
    expect(decode(bytes.subarray(0, 65))).toThrow("STATE_PROOF_LENGTH");
    expect(decode(new Uint8Array(STATE_PROOF_BYTES_MAX + 1).fill(1))).toThrow("STATE_PROOF_LENGTH");
  });

  test("of the longest proof are as many as the limit says", () => {
    const siblings = Array.from({ length: 256 }, () => new Uint8Array(32));
    const path = { bits: siblings.map((_, i) => i), siblings };
    const field = new Uint8Array(32);
    const longest: StateProof = { kind: "other", otherKey: field, otherValueHash: field, path };
    expect(encodeStateProof(longest)).toHaveLength(STATE_PROOF_BYTES_MAX);
    expect(decodeStateProof(encodeStateProof(longest))).toEqual(longest);
  });

  test("are not made of values that are no proof", () => {
    const field = new Uint8Array(32);
    const make = (valueHash: Uint8Array, bits: number[], siblings: Uint8Array[]) => () =>
      encodeStateProof({ kind: "present", valueHash, path: { bits, siblings } });
    expect(make(field, [1], [field])).not.toThrow();
    expect(make(field.subarray(1), [], [])).toThrow("STATE_PROOF_FIELD_LENGTH");
    expect(make(field, [1], [field.subarray(1)])).toThrow("STATE_PROOF_FIELD_LENGTH");
    for (const bits of [[256], [-1], [1.5]]) expect(make(field, bits, [field])).toThrow("STATE_PROOF_BITS");
    expect(make(field, [1], [])).toThrow("STATE_PROOF_BITS");
  });

  test("of a decoded proof are copies", () => {
    const mutable = Buffer.from(bytes);
    const proof = decodeStateProof(mutable);
    mutable.fill(0, 2);
    expect(checkStateProof(hash, ROOT, keyOf(0), proof)).toEqual(truth(keyOf(0)));
  });

  test("values of wrong lengths show nothing", () => {
    const proof = decodeStateProof(bytes) as Extract<StateProof, { kind: "present" }>;
    expect(checkStateProof(hash, ROOT, keyOf(0).subarray(1), proof)).toBeUndefined();
    expect(checkStateProof(hash, ROOT, keyOf(0), { ...proof, valueHash: new Uint8Array(33) })).toBeUndefined();
    const siblings = proof.path.siblings.with(0, new Uint8Array(31));
    expect(checkStateProof(hash, ROOT, keyOf(0), { ...proof, path: { ...proof.path, siblings } })).toBeUndefined();
  });
});
