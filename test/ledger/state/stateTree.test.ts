/** The tree against its definition: any blocks, rollbacks and pruning, every kept height, roots, values and proof bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { checkStateProof, encodeStateProof } from "../../../src/codec/edgeseal/stateProof.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import type { HashFunction } from "../../../src/crypto/hashFunction.js";
import type { StateChange } from "../../../src/ledger/state/changeBatch.js";
import { STATE_CHANGES_MAX, STATE_HEIGHTS_MAX } from "../../../src/ledger/state/limits.js";
import { HEIGHT_BEFORE_GENESIS, StateTree } from "../../../src/ledger/state/stateTree.js";
import { naiveNodes, naiveProof, naiveRoot, naiveTree } from "../../support/naiveState.js";

const SUITES = { keccak256: (await loadSuite("ecdsa")).hash, sm3: (await loadSuite("sm")).hash };
const hash = SUITES.keccak256;

/** Keys near and far: unrelated ones, and ones that share all but their last bits with each other. */
const KEYS = [
  ...Array.from({ length: 24 }, (_, i) => toHex(hash(Uint8Array.of(i)))),
  ...[0, 1, 2, 3, 0x80, 0xff].map((last) => `${"00".repeat(31)}${last.toString(16).padStart(2, "0")}`),
  ...[0, 8, 127, 128, 200, 254, 255].map((bit) => {
    const key = new Uint8Array(32).fill(0xff);
    key[bit >> 3]! ^= 0x80 >> (bit & 7);
    return toHex(key);
  }),
];

function value(seed: number): string {
  return seed.toString(16).padStart(64, "0");
}

/** One change: place in KEYS, and a value or none. Few values, so that the same one is often written again. */
const change = fc.tuple(fc.nat(KEYS.length - 1), fc.option(fc.nat(3), { nil: undefined, freq: 3 }));
const block = fc.uniqueArray(change, { selector: ([key]) => key, maxLength: KEYS.length });
const step = fc.oneof(
  { weight: 6, arbitrary: block.map((changes) => ({ kind: "block" as const, changes })) },
  { weight: 2, arbitrary: fc.constant({ kind: "rollback" as const }) },
  { weight: 1, arbitrary: fc.nat(5).map((back) => ({ kind: "prune" as const, back })) },
);

type Model = Map<string, string>;

function changesOf(changes: readonly (readonly [number, number | undefined])[]): StateChange[] {
  return changes.map(([key, seed]) => ({
    key: fromHex(KEYS[key]!),
    valueHash: seed === undefined ? undefined : fromHex(value(seed)),
  }));
}

function changed(model: Model, changes: readonly (readonly [number, number | undefined])[]): Model {
  const next = new Map(model);
  for (const [key, seed] of changes) {
    if (seed === undefined) next.delete(KEYS[key]!);
    else next.set(KEYS[key]!, value(seed));
  }
  return next;
}

function expectLike(tree: StateTree, models: ReadonlyMap<number, Model>, h: HashFunction): void {
  for (const [height, model] of models) {
    const naive = naiveTree(h, model);
    const root = tree.root(height);
    expect(toHex(root)).toBe(naiveRoot(h, model));
    for (const key of KEYS) {
      const bytes = fromHex(key);
      const valueHash = tree.valueHash(bytes, height);
      expect(valueHash && toHex(valueHash)).toBe(model.get(key));
      const proof = tree.prove(bytes, height);
      expect(toHex(encodeStateProof(proof))).toBe(naiveProof(naive, bytes).toString("hex"));
      expect(checkStateProof(h, root, bytes, proof)).toEqual(
        valueHash === undefined ? { present: false } : { present: true, valueHash },
      );
    }
  }
}

function nodesOf(model: Model): number {
  return model.size === 0 ? 0 : 2 * model.size - 1;
}

describe.each(Object.entries(SUITES))("with %s", (_, h) => {
  test("any history gives the roots, values and proofs of the definition at every kept height, and leaks no node", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), fc.integer({ min: 1, max: 5 }), (steps, heights) => {
        const tree = StateTree.empty(h, { heights });
        const models = new Map<number, Model>([[HEIGHT_BEFORE_GENESIS, new Map()]]);
        for (const each of steps) {
          if (each.kind === "block") {
            const model = changed(models.get(tree.height)!, each.changes);
            const root = tree.apply(tree.height + 1, changesOf(each.changes));
            expect(toHex(root)).toBe(naiveRoot(h, model));
            models.set(tree.height, model);
          } else if (each.kind === "prune") {
            tree.prune(tree.height - each.back);
          } else if (tree.oldestHeight < tree.height) {
            models.delete(tree.height);
            tree.rollback();
          } else {
            expect(() => tree.rollback()).toThrow("STATE_HEIGHT_UNKNOWN");
          }
          for (const height of models.keys()) if (height < tree.oldestHeight) models.delete(height);
          expect([...models.keys()].sort((a, b) => a - b)).toEqual(
            Array.from({ length: tree.height - tree.oldestHeight + 1 }, (__, i) => tree.oldestHeight + i),
          );
          expect(models.size).toBeLessThanOrEqual(heights);
        }
        expectLike(tree, models, h);
        expect(tree.verify()).toBe(true);
        expect(tree.leafCount).toBe(models.get(tree.height)!.size);
        tree.prune(tree.height);
        expect(tree.nodeCount).toBe(nodesOf(models.get(tree.height)!));
        expectLike(tree, new Map([[tree.height, models.get(tree.height)!]]), h);
      }),
      { numRuns: h === hash ? 150 : 40 },
    );
  });

  test("many random keys: built at once, changed block by block, taken out again", () => {
    const keys = Array.from({ length: 3_000 }, (__, i) => h(Uint8Array.of(i >> 8, i & 255)));
    const tree = StateTree.empty(h, { heights: 3 });
    const model: Model = new Map(keys.map((key, i) => [toHex(key), value(i)]));
    tree.apply(
      0,
      keys.map((key, i) => ({ key, valueHash: fromHex(value(i)) })),
    );
    for (let height = 1; height <= 6; height++) {
      const changes = keys
        .filter((__, i) => i % 7 === height)
        .map((key, i) => ({ key, valueHash: i % 3 === 0 ? undefined : fromHex(value(9_000 + height + i)) }));
      for (const { key, valueHash } of changes) {
        if (valueHash === undefined) model.delete(toHex(key));
        else model.set(toHex(key), toHex(valueHash));
      }
      expect(toHex(tree.apply(height, changes))).toBe(naiveRoot(h, model));
      expect(tree.verify()).toBe(true);
    }
    tree.apply(
      7,
      keys.map((key) => ({ key, valueHash: undefined })),
    );
    expect(toHex(tree.root())).toBe("00".repeat(32));
    expect(toHex(tree.root(6))).toBe(naiveRoot(h, model));
    tree.prune(7);
    expect(tree.nodeCount).toBe(0);
  });
});

describe("a block", () => {
  const all = KEYS.map((_, i) => [i, 1] as const);

  test("hashes each node that the new tree has and the old one has not once, and nothing else", () => {
    fc.assert(
      fc.property(block, block, (first, second) => {
        let hashes = 0;
        const tree = StateTree.empty((data) => {
          hashes++;
          return hash(data);
        });
        tree.apply(0, changesOf(first));
        hashes = 0;
        tree.apply(1, changesOf(second));
        const before = changed(new Map(), first);
        const old = new Set(naiveNodes(naiveTree(hash, before)).map(({ hash: digest }) => digest.toString("hex")));
        const now = naiveNodes(naiveTree(hash, changed(before, second)));
        expect(hashes).toBe(now.filter(({ hash: digest }) => !old.has(digest.toString("hex"))).length);
      }),
    );
  });

  test("without a real change gives the same root and makes no node", () => {
    const tree = StateTree.empty(hash);
    tree.apply(0, changesOf(all.slice(3)));
    const [root, nodes] = [tree.root(), tree.nodeCount];
    expect(tree.apply(1, [])).toEqual(root);
    expect(tree.apply(2, changesOf(all.slice(3)))).toEqual(root);
    expect(tree.apply(3, changesOf([0, 1, 2].map((key) => [key, undefined] as const)))).toEqual(root);
    expect(tree.nodeCount).toBe(nodes);
  });

  test("can be longer below than above: proofs of 256 siblings", () => {
    const key = new Uint8Array(32);
    const neighbours = Array.from({ length: 256 }, (_, bit) => {
      const neighbour = new Uint8Array(32);
      neighbour[bit >> 3] = 0x80 >> (bit & 7);
      return neighbour;
    });
    const tree = StateTree.empty(hash);
    const valueHash = fromHex(value(1));
    tree.apply(
      0,
      neighbours.map((each) => ({ key: each, valueHash })),
    );
    expect(checkStateProof(hash, tree.root(), key, tree.prove(key))).toEqual({ present: false });
    tree.apply(1, [{ key, valueHash }]);
    expect(tree.verify()).toBe(true);
    expect(tree.prove(key)).toMatchObject({ kind: "present", path: { siblings: { length: 256 } } });
    expect(checkStateProof(hash, tree.root(), key, tree.prove(key))).toEqual({ present: true, valueHash });
    expect(checkStateProof(hash, tree.root(0), key, tree.prove(key, 0))).toEqual({ present: false });
  });

  test("does not keep what it was given, nor give away what it keeps", () => {
    const tree = StateTree.empty(hash);
    const changes = changesOf(all);
    const root = toHex(tree.apply(0, changes));
    for (const { key, valueHash } of changes) {
      key.fill(1);
      valueHash?.fill(1);
    }
    tree.root().fill(9);
    tree.valueHash(fromHex(KEYS[0]!))?.fill(9);
    const proof = tree.prove(fromHex(KEYS[0]!));
    if (proof.kind !== "empty") for (const sibling of proof.path.siblings) sibling.fill(9);
    expect(toHex(tree.root())).toBe(root);
    expect(tree.verify()).toBe(true);
    expect(toHex(tree.valueHash(fromHex(KEYS[0]!))!)).toBe(value(1));
  });
});

describe("what cannot be done", () => {
  const one = changesOf([[0, 1]]);

  test("is named and changes nothing", () => {
    const tree = StateTree.empty(hash);
    tree.apply(0, changesOf([[1, 1]]));
    const [root, nodes] = [tree.root(), tree.nodeCount];
    const twice = [...one, ...changesOf([[5, 1]]), ...changesOf([[0, 2]])];
    expect(() => tree.apply(0, one)).toThrow("STATE_HEIGHT_ORDER");
    expect(() => tree.apply(2, one)).toThrow("STATE_HEIGHT_ORDER");
    expect(() => tree.apply(1, twice)).toThrow("STATE_KEY_TWICE");
    expect(() => tree.apply(1, [{ key: new Uint8Array(31), valueHash: undefined }])).toThrow("STATE_FIELD_LENGTH");
    const long = { key: new Uint8Array(32), valueHash: new Uint8Array(33) };
    expect(() => tree.apply(1, [long])).toThrow("STATE_FIELD_LENGTH");
    expect(() => tree.apply(1, new Array(STATE_CHANGES_MAX + 1))).toThrow("STATE_CHANGES_TOO_MANY");
    expect(() => tree.valueHash(new Uint8Array(33))).toThrow("STATE_FIELD_LENGTH");
    expect(() => tree.prove(new Uint8Array(0))).toThrow("STATE_FIELD_LENGTH");
    for (const height of [1, -2, 0.5, Number.NaN]) {
      expect(() => tree.root(height)).toThrow("STATE_HEIGHT_UNKNOWN");
      expect(() => tree.prove(new Uint8Array(32), height)).toThrow("STATE_HEIGHT_UNKNOWN");
    }
    expect([tree.root(), tree.nodeCount, tree.height]).toEqual([root, nodes, 0]);
    tree.rollback();
    expect(() => tree.rollback()).toThrow("STATE_HEIGHT_UNKNOWN");
    expect(tree.height).toBe(HEIGHT_BEFORE_GENESIS);
  });

  test("a block that meets the node limit, or whose hash fails on the way, is taken back whole", () => {
    const start = KEYS.slice(0, 20).map((_, i) => [i, 1] as const);
    const rest = KEYS.map((_, i) => [i, i % 4 === 0 ? undefined : 2] as const);
    for (let failAt = 1; failAt <= 60; failAt++) {
      let hashes = Number.NEGATIVE_INFINITY;
      const failing: HashFunction = (data) => {
        if (++hashes === failAt) throw new RangeError("no more");
        return hash(data);
      };
      const tree = StateTree.empty(failing, { heights: 2 });
      tree.apply(0, changesOf(start));
      tree.apply(1, changesOf(start.slice(0, 5).map(([key]) => [key, 3] as const)));
      const [root, nodes, past] = [tree.root(), tree.nodeCount, tree.root(0)];
      hashes = 0;
      let thrown: unknown;
      try {
        tree.apply(2, changesOf(rest));
      } catch (error) {
        thrown = error;
      }
      hashes = Number.NEGATIVE_INFINITY;
      if (thrown === undefined) continue;
      expect([tree.height, tree.root(), tree.nodeCount, tree.root(0)]).toEqual([1, root, nodes, past]);
      expect(tree.verify()).toBe(true);
      tree.apply(2, changesOf(rest));
      expect(tree.verify()).toBe(true);
    }
    const small = StateTree.empty(hash, { nodesMax: 45 });
    small.apply(0, changesOf(start));
    const nodes = small.nodeCount;
    expect(() => small.apply(1, changesOf(KEYS.map((_, i) => [i, 2] as const)))).toThrow("STATE_TREE_FULL");
    expect([small.nodeCount, small.verify()]).toEqual([nodes, true]);
    small.apply(1, changesOf(start.map(([key]) => [key, undefined] as const)));
    small.prune(1);
    small.apply(2, changesOf(KEYS.slice(0, 22).map((_, i) => [i, 2] as const)));
    expect(small.verify()).toBe(true);
  });
});

test("as many heights as the limit says are kept, and a long life uses no more nodes than its window needs", () => {
  const tree = StateTree.empty(hash);
  let most = 0;
  for (let height = 0; height < 400; height++) {
    const changes = Array.from({ length: 10 }, (_, i) => {
      const key = hash(Uint8Array.of((height * 3 + i) % 200));
      return { key, valueHash: (height + i) % 4 === 0 ? undefined : hash(Uint8Array.of(height & 255, i)) };
    });
    tree.apply(height, changes);
    if (height === 199) most = tree.nodeCount;
  }
  expect([tree.oldestHeight, tree.height]).toEqual([400 - STATE_HEIGHTS_MAX, 399]);
  expect(tree.nodeCount).toBeLessThan(1.5 * most);
  tree.prune(399);
  expect(tree.nodeCount).toBe(2 * tree.leafCount - 1);
});
