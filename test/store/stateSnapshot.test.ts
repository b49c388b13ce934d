/** Snapshots of the state as files: whole or not there, damage named, the older one taken. */
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSuite } from "../../src/crypto/backend/select.js";
import { StateError } from "../../src/ledger/state/problems.js";
import type { StateSnapshot } from "../../src/ledger/state/snapshot.js";
import { StateTree } from "../../src/ledger/state/stateTree.js";
import { type LoadedState, loadStateSnapshot, type StoredSnapshot } from "../../src/store/stateSnapshotReader.js";
import { SnapshotWriter, saveStateSnapshot } from "../../src/store/stateSnapshotWriter.js";

const hash = (await loadSuite("sm")).hash;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-snapshot-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keyOf(i: number): Uint8Array {
  return hash(Uint8Array.of(i >>> 8, i & 255));
}

/** A tree at a height whose every value depends on it. */
function treeAt(height: number, leaves = 20): StateTree {
  const tree = StateTree.empty(hash);
  for (let h = 0; h <= height; h++) {
    tree.apply(
      h,
      Array.from({ length: leaves }, (_, i) => ({ key: keyOf(i), valueHash: keyOf(1_000 * h + i) })),
    );
  }
  return tree;
}

/** In small chunks, so that little trees have several. */
function snapshotOf(tree: StateTree, chunkLeaves = 8): StateSnapshot {
  const records = Buffer.concat([...tree.snapshot().chunks]);
  const chunks = [];
  for (let at = 0; at < records.length; at += chunkLeaves * 128)
    chunks.push(records.subarray(at, at + chunkLeaves * 128));
  return { ...tree.snapshot(), chunkLeaves, chunks };
}

function save(height: number): void {
  saveStateSnapshot(folder, snapshotOf(treeAt(height)), "sm3");
}

function load(): LoadedState<StateTree> {
  return loadStateSnapshot(folder, (snapshot) => StateTree.restore(hash, snapshot));
}

/** Loaded tree is exactly the one of that height; what was passed over has these codes. */
function expectLoaded(height: number | undefined, refused: readonly string[] = []): void {
  const loaded = load();
  expect(loaded.refused.map(({ code }) => code)).toEqual(refused);
  expect(loaded.state?.height).toBe(height);
  if (height === undefined) return;
  expect(loaded.state?.root()).toEqual(treeAt(height).root());
  expect(loaded.state?.verify()).toBe(true);
}

function pathOf(height: number): string {
  return join(folder, `state-${String(height).padStart(16, "0")}.snapshot`);
}

describe("a saved snapshot", () => {
  test("comes back as it was, with what it says of itself", () => {
    save(3);
    expectLoaded(3);
    let seen: StoredSnapshot | undefined;
    loadStateSnapshot(folder, (snapshot) => {
      seen = snapshot;
    });
    const root = treeAt(3).root();
    expect(seen).toMatchObject({ height: 3, root, leafCount: 20, chunkLeaves: 8, hashName: "sm3" });
    expect(readFileSync(pathOf(3))).toHaveLength(84 + 3 * 4 + 20 * 128);
  });

  test("of the tree's own chunks, of one leaf and of none as well", () => {
    for (const leaves of [9_000, 1, 0]) {
      const tree = treeAt(0, leaves);
      saveStateSnapshot(folder, tree.snapshot(), "sm3");
      const { state, refused } = load();
      expect(refused).toEqual([]);
      expect([state?.leafCount, state?.root(), state?.verify()]).toEqual([leaves, tree.root(), true]);
    }
  });

  test("stands beside the one before it; older ones go, and so do those above it", () => {
    expectLoaded(undefined);
    for (const height of [1, 2, 3]) save(height);
    expect(readdirSync(folder).sort()).toEqual([2, 3].map((height) => pathOf(height).slice(folder.length + 1)));
    expectLoaded(3);
    save(3);
    expectLoaded(3);
    // The chain was put back to an older copy and goes on from there.
    save(1);
    expect(readdirSync(folder)).toHaveLength(1);
    expectLoaded(1);
  });

  test("is passed over where the caller has a reason, and the older one is offered", () => {
    save(1);
    save(2);
    const offered: number[] = [];
    const loaded = loadStateSnapshot(folder, ({ height }) => {
      offered.push(height);
      if (height === 2) throw new StateError({ code: "STATE_SNAPSHOT_ROOT", height });
      return height;
    });
    expect(offered).toEqual([2, 1]);
    expect(loaded).toMatchObject({ state: 1, refused: [{ code: "STATE_SNAPSHOT_ROOT" }] });
    const bug = (): never => {
      throw new TypeError("a bug");
    };
    expect(() => loadStateSnapshot(folder, bug)).toThrow("a bug");
  });
});

describe("a damaged snapshot", () => {
  beforeEach(() => {
    save(1);
    save(2);
  });

  test("is named at any flipped byte, and the older one is taken", () => {
    const bytes = readFileSync(pathOf(2));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x10;
      writeFileSync(pathOf(2), changed);
      const { state, refused } = load();
      expect([at, state?.height]).toEqual([at, 1]);
      expect(refused).toMatchObject([{ code: "STORE_SNAPSHOT_DAMAGED", problem: { path: pathOf(2) } }]);
    }
    expectLoaded(1, ["STORE_SNAPSHOT_DAMAGED"]);
  });

  test("is named when it is cut short or lengthened anywhere", () => {
    const bytes = readFileSync(pathOf(2));
    for (let length = 0; length < bytes.length; length += 37) {
      writeFileSync(pathOf(2), bytes.subarray(0, length));
      expectLoaded(1, ["STORE_SNAPSHOT_DAMAGED"]);
    }
    writeFileSync(pathOf(2), Buffer.concat([bytes, Buffer.alloc(1)]));
    expectLoaded(1, ["STORE_SNAPSHOT_DAMAGED"]);
  });

  test("is named with two chunks exchanged, and under another height's name", () => {
    const bytes = readFileSync(pathOf(2));
    const chunk = 4 + 8 * 128;
    const [a, b] = [bytes.subarray(84, 84 + chunk), bytes.subarray(84 + chunk, 84 + 2 * chunk)];
    writeFileSync(pathOf(2), Buffer.concat([bytes.subarray(0, 84), b, a, bytes.subarray(84 + 2 * chunk)]));
    expectLoaded(1, ["STORE_SNAPSHOT_DAMAGED"]);
    writeFileSync(pathOf(2), readFileSync(pathOf(1)));
    expectLoaded(1, ["STORE_SNAPSHOT_DAMAGED"]);
  });

  test("of a newer format is named so; with both gone there is none", () => {
    const bytes = readFileSync(pathOf(2));
    bytes.writeUInt16BE(2, 8);
    bytes.writeUInt32BE(crc32Of(bytes.subarray(0, 80)), 80);
    writeFileSync(pathOf(2), bytes);
    expectLoaded(1, ["STORE_SNAPSHOT_FORMAT"]);
    writeFileSync(pathOf(1), "no snapshot");
    expectLoaded(undefined, ["STORE_SNAPSHOT_FORMAT", "STORE_SNAPSHOT_DAMAGED"]);
    rmSync(folder, { recursive: true });
    expect(load).toThrow("STORE_CANNOT_OPEN");
  });
});

/** CRC-32 by its definition (ISO 3309), bit by bit. */
function crc32Of(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let i = 0; i < 8; i++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

describe("a writer", () => {
  const info = { height: 4, root: new Uint8Array(32), leafCount: 3, chunkLeaves: 2, hashName: "keccak256" };

  test("refuses what no snapshot can be", () => {
    const make = (changed: Partial<typeof info>) => () => new SnapshotWriter(folder, { ...info, ...changed });
    for (const wrong of [
      { height: -1 },
      { height: 0.5 },
      { leafCount: -1 },
      { chunkLeaves: 0 },
      { chunkLeaves: 200_000 },
      { root: new Uint8Array(31) },
      { hashName: "" },
      { hashName: "a name of 17 char" },
      { hashName: "\u00e9" },
    ]) {
      expect(make(wrong)).toThrow("STORE_WRITE_INVALID");
    }
    const writer = make({})();
    expect(() => writer.write(new Uint8Array(128))).toThrow("STORE_WRITE_INVALID");
    writer.write(new Uint8Array(256));
    expect(() => writer.commit()).toThrow("STORE_WRITE_INVALID");
    writer.write(new Uint8Array(128));
    expect(() => writer.write(new Uint8Array(0))).toThrow("STORE_WRITE_INVALID");
    writer.abort();
    expect(readdirSync(folder)).toEqual([]);
    expect(() => new SnapshotWriter(join(folder, "nowhere"), info)).toThrow("STORE_CANNOT_OPEN");
  });

  test("leaves nothing behind when its chunks fail on the way", () => {
    save(1);
    function* chunks(): Generator<Uint8Array> {
      yield new Uint8Array(256);
      throw new StateError({ code: "STATE_SNAPSHOT_GONE", height: 4 });
    }
    expect(() => saveStateSnapshot(folder, { ...info, chunks: chunks() }, "sm3")).toThrow("STATE_SNAPSHOT_GONE");
    expect(readdirSync(folder)).toHaveLength(1);
    expectLoaded(1);
  });
});

type FileCall = "openSync" | "writeSync" | "fsyncSync" | "closeSync" | "renameSync" | "rmSync";
const FILE_CALLS: readonly FileCall[] = ["openSync", "writeSync", "fsyncSync", "closeSync", "renameSync", "rmSync"];

interface DiskStory {
  /** What was done: the call and the file's name, `folder` for the folder. */
  readonly calls: string[];
  readonly thrown: unknown;
}

/**
 * Runs `work` with the process's file calls counted. The `failAt`th throws `error` instead of being made; with `dead`, so do
 * all after it, as if the process had ended there.
 */
function withDisk(work: () => void, failAt: number, error: Error, dead: boolean): DiskStory {
  const real = { ...fs };
  const calls: string[] = [];
  const names = new Map<number, string>();
  const nameOf = (target: unknown): string => {
    if (typeof target === "number") return names.get(target) ?? "?";
    return target === folder ? "folder" : String(target).slice(folder.length + 1);
  };
  for (const call of FILE_CALLS) {
    const make = real[call] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [call]: (...args: unknown[]) => {
        calls.push(`${call} ${nameOf(args[0])}`);
        if (calls.length === failAt || (dead && calls.length > failAt)) throw error;
        const result = make(...args);
        if (call === "openSync") names.set(result as number, nameOf(args[0]));
        return result;
      },
    });
  }
  syncBuiltinESMExports();
  let thrown: unknown;
  try {
    work();
  } catch (caught) {
    thrown = caught;
  } finally {
    for (const call of FILE_CALLS) Object.assign(fs, { [call]: real[call] });
    syncBuiltinESMExports();
  }
  return { calls, thrown };
}

describe("writing", () => {
  const end = new Error("the process ends here");

  test("syncs the file before its name, the name before older ones go", () => {
    save(1);
    save(2);
    const { calls, thrown } = withDisk(() => save(3), Number.POSITIVE_INFINITY, end, false);
    expect(thrown).toBeUndefined();
    const nameOf = (height: number): string => pathOf(height).slice(folder.length + 1);
    expect(calls.filter((call) => !call.startsWith("writeSync"))).toEqual([
      "rmSync state.unfinished",
      "openSync state.unfinished",
      "fsyncSync state.unfinished",
      "closeSync state.unfinished",
      "renameSync state.unfinished",
      "openSync folder",
      "fsyncSync folder",
      "closeSync folder",
      `rmSync ${nameOf(1)}`,
    ]);
    const lastWrite = calls.lastIndexOf("writeSync state.unfinished");
    expect(lastWrite).toBeGreaterThan(0);
    expect(lastWrite).toBeLessThan(calls.indexOf("fsyncSync state.unfinished"));
  });

  test("may end at any step: the old one or the new one is there, and the next writer gets through", () => {
    const steps = withDisk(() => save(9), Number.POSITIVE_INFINITY, end, false).calls.length;
    expect(steps).toBeGreaterThan(12);
    const found = new Set<number | undefined>();
    for (let failAt = 1; failAt <= steps + 1; failAt++) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      save(1);
      save(2);
      withDisk(() => save(3), failAt, end, true);
      const { state, refused } = load();
      expect(refused).toEqual([]);
      expect([2, 3]).toContain(state?.height);
      expect(state?.verify()).toBe(true);
      found.add(state?.height);
      save(4);
      expectLoaded(4);
      expect(readdirSync(folder)).toHaveLength(2);
    }
    expect(found).toEqual(new Set([2, 3]));
  });

  test("may fail at any step: the error is named, what was there stays, nothing half is left", () => {
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    save(1);
    save(2);
    const steps = withDisk(() => save(2), Number.POSITIVE_INFINITY, full, false).calls.length;
    for (let failAt = 1; failAt <= steps; failAt++) {
      const { thrown } = withDisk(() => save(3), failAt, full, false);
      expect(thrown).toMatchObject({ code: "STORE_FULL", family: "operating" });
      const { state, refused } = load();
      expect(refused).toEqual([]);
      expect([2, 3]).toContain(state?.height);
      expect(readdirSync(folder)).not.toContain("state.unfinished");
      rmSync(pathOf(3), { force: true });
      save(2);
    }
  });
});
