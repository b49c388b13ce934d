/** A height of the tree as records, and back. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { encodeStateProof } from "../../../src/codec/edgeseal/stateProof.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import type { StateChange } from "../../../src/ledger/state/changeBatch.js";
import { SNAPSHOT_CHUNK_LEAVES } from "../../../src/ledger/state/limits.js";
import { SNAPSHOT_RECORD_BYTES, type StateSnapshot } from "../../../src/ledger/state/snapshot.js";
import { StateTree } from "../../../src/ledger/state/stateTree.js";

const hash = (await loadSuite("ecdsa")).hash;

function keyOf(i: number): Uint8Array {
  return hash(Uint8Array.of(i >>> 8, i & 255));
}

function treeOf(keys: readonly Uint8Array[]): StateTree {
  const tree = StateTree.empty(hash);
  tree.apply(
    0,
    keys.map((key) => ({ key, valueHash: hash(key) })),
  );
  return tree;
}

/** The snapshot with all its chunks read. */
function whole(snapshot: StateSnapshot): StateSnapshot & { readonly chunks: Uint8Array[] } {
  return { ...snapshot, chunks: [...snapshot.chunks] };
}

describe("a snapshot", () => {
  const key = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat(255).map((last) => Uint8Array.from(new Uint8Array(32).fill(0)).fill(last, 31)),
  );

  test("gives back the same tree, which goes on the same way", () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { selector: toHex, maxLength: 30 }), (keys) => {
        const tree = treeOf(keys);
        const restored = StateTree.restore(hash, tree.snapshot());
        expect([restored.height, restored.oldestHeight]).toEqual([0, 0]);
        expect([restored.root(), restored.leafCount]).toEqual([tree.root(), keys.length]);
        expect(restored.nodeCount).toBe(tree.nodeCount);
        expect(restored.verify()).toBe(true);
        for (const each of [...keys, keyOf(1)]) {
          expect(encodeStateProof(restored.prove(each))).toEqual(encodeStateProof(tree.prove(each)));
        }
        expect(whole(restored.snapshot())).toEqual(whole(tree.snapshot()));
        const changes = [...keys.slice(0, 5), keyOf(1)].map((each, i) => ({
          key: each,
          valueHash: i % 2 === 0 ? undefined : hash(Uint8Array.of(i)),
        }));
        expect(restored.apply(1, changes)).toEqual(tree.apply(1, changes));
        expect(restored.rollback()).toBe(0);
        expect(restored.root()).toEqual(tree.root(0));
      }),
    );
  });

  test("comes in chunks of the size it names", () => {
    const keys = Array.from({ length: SNAPSHOT_CHUNK_LEAVES + 3 }, (_, i) => keyOf(i));
    const snapshot = whole(treeOf(keys).snapshot());
    expect(snapshot.chunkLeaves).toBe(SNAPSHOT_CHUNK_LEAVES);
    expect(snapshot.chunks.map((chunk) => chunk.length / SNAPSHOT_RECORD_BYTES)).toEqual([SNAPSHOT_CHUNK_LEAVES, 3]);
    expect(StateTree.restore(hash, snapshot).verify()).toBe(true);
    // The cut between two chunks means nothing to the reader.
    const records = concatBytes(snapshot.chunks);
    const chunks = [records.subarray(0, 128), records.subarray(128)];
    expect(StateTree.restore(hash, { ...snapshot, chunks }).root()).toEqual(snapshot.root);
  });

  test("is of its height, whatever blocks and rollbacks come while it is read", () => {
    const keys = Array.from({ length: 2 * SNAPSHOT_CHUNK_LEAVES + 9 }, (_, i) => keyOf(i));
    const tree = treeOf(keys);
    const expected = whole(tree.snapshot());
    const snapshot = tree.snapshot();
    const chunks: Uint8Array[] = [];
    for (const chunk of snapshot.chunks) {
      chunks.push(chunk);
      const height = tree.height + 1;
      const changes = keys.flatMap((key, i): StateChange[] => {
        if (i % 5 === height) return [{ key, valueHash: undefined }];
        return i % 5 === height + 1 ? [{ key, valueHash: keyOf(height) }] : [];
      });
      tree.apply(height, [...changes, { key: keyOf(60_000 + height), valueHash: keyOf(1) }]);
      tree.apply(height + 1, [{ key: keyOf(7), valueHash: keyOf(height) }]);
      tree.rollback();
    }
    expect(Buffer.concat(chunks).equals(Buffer.concat(expected.chunks))).toBe(true);
    expect(StateTree.restore(hash, { ...snapshot, chunks }).verify()).toBe(true);
  });

  test("ends by name when its height is let go or rolled back", () => {
    const keys = Array.from({ length: SNAPSHOT_CHUNK_LEAVES + 5 }, (_, i) => keyOf(i));
    const pruned = treeOf(keys);
    const first = pruned.snapshot().chunks[Symbol.iterator]();
    expect(first.next().done).toBe(false);
    pruned.apply(1, [{ key: keyOf(1), valueHash: undefined }]);
    pruned.prune(1);
    expect(() => first.next()).toThrow("STATE_SNAPSHOT_GONE");

    const rolledBack = treeOf(keys);
    rolledBack.apply(1, [{ key: keyOf(1), valueHash: undefined }]);
    const second = rolledBack.snapshot().chunks[Symbol.iterator]();
    second.next();
    rolledBack.rollback();
    rolledBack.apply(1, [{ key: keyOf(2), valueHash: undefined }]);
    expect(() => second.next()).toThrow("STATE_SNAPSHOT_GONE");
  });
});

describe("a snapshot that is not as it was made", () => {
  const tree = treeOf(Array.from({ length: 9 }, (_, i) => keyOf(i)));
  const snapshot = whole(tree.snapshot());
  const records = concatBytes(snapshot.chunks);
  const restore = (changed: Partial<StateSnapshot>) => () => StateTree.restore(hash, { ...snapshot, ...changed });

  test("in order, number or length is refused", () => {
    const record = (i: number): Uint8Array => records.slice(128 * i, 128 * i + 128);
    const swapped = [record(1), record(0), records.subarray(256)];
    expect(restore({ chunks: swapped })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(restore({ chunks: [record(0), record(0), records.subarray(256)] })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(restore({ chunks: [records.subarray(0, 8 * 128)] })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(restore({ chunks: [records, record(8)] })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(restore({ chunks: [records.subarray(0, 100)] })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(restore({ root: keyOf(1) })).toThrow("STATE_SNAPSHOT_ROOT");
    expect(restore({ leafCount: 0, chunks: [] })).toThrow("STATE_SNAPSHOT_ROOT");
    expect(restore({ chunks: [record(0).fill(1, 96), records.subarray(128)] })).toThrow("STATE_SNAPSHOT_SHAPE");
    expect(() => StateTree.restore(hash, snapshot, { nodesMax: 16 })).toThrow("STATE_TREE_FULL");
    expect(StateTree.restore(hash, { ...snapshot, chunks: [records] }).verify()).toBe(true);
  });

  test("in any bit of it is refused or does not verify", () => {
    for (let at = 0; at < records.length; at++) {
      const changed = records.slice();
      changed[at]! ^= 1 << (at % 8);
      let restored: StateTree;
      try {
        restored = StateTree.restore(hash, { ...snapshot, chunks: [changed] });
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^STATE_SNAPSHOT_(SHAPE|ROOT)$/) });
        continue;
      }
      expect([at, restored.verify()]).toEqual([at, false]);
    }
  });

  test("an empty one is the empty tree", () => {
    const empty = { height: 5, root: fromHex("00".repeat(32)), leafCount: 0, chunkLeaves: 1, chunks: [] };
    const restored = StateTree.restore(hash, empty);
    expect([restored.height, restored.nodeCount, restored.verify()]).toEqual([5, 0, true]);
    expect(restored.prove(keyOf(1))).toEqual({ kind: "empty" });
  });
});
