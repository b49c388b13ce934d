/**
 * Writes snapshots of a participant's state tree to files, so that a start reads a few hundred megabytes instead of
 * hashing every key again. They hold nothing that the ledger's database does not: a snapshot that is damaged, too old or
 * gone costs time, never data. Two generations are kept, so that a damaged newest one is not yet the long way.
 *
 * A file is whole or not there: written aside, synced, renamed, folder synced; only then are older ones removed.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { StateSnapshot } from "../ledger/state/snapshot.js";
import {
  chunkSum,
  encodeSnapshotHeader,
  refuseWrite,
  SNAPSHOT_LEAF_BYTES,
  SNAPSHOT_SUM_BYTES,
  type SnapshotInfo,
  snapshotHeights,
  snapshotName,
  trySnapshot,
} from "./stateSnapshotFormat.js";

/** Files kept; the newest may be damaged. */
export const SNAPSHOT_GENERATIONS = 2;

const OWNER_ONLY = 0o600;
const UNFINISHED = "state.unfinished";

/**
 * Writes one snapshot, chunk by chunk, so that the caller may do other things in between. For `loadStateSnapshot` nothing
 * is there before `commit`; whoever gives up calls `abort`. One writer per folder at a time.
 */
export class SnapshotWriter {
  readonly #folder: string;
  readonly #aside: string;
  readonly #info: SnapshotInfo;
  readonly #file: number;
  #chunks = 0;
  #leavesLeft: number;
  #isOpen = true;

  /**
   * What an interrupted writer left behind is removed.
   * @throws StoreError `STORE_WRITE_INVALID`, `STORE_CANNOT_OPEN`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_IO`
   */
  constructor(folder: string, info: SnapshotInfo) {
    this.#folder = folder;
    this.#aside = join(folder, UNFINISHED);
    this.#info = { ...info };
    this.#leavesLeft = info.leafCount;
    const header = encodeSnapshotHeader(info);
    this.#file = trySnapshot(this.#aside, () => {
      rmSync(this.#aside, { force: true });
      return openSync(this.#aside, "wx", OWNER_ONLY);
    });
    try {
      this.#write(header);
    } catch (thrown) {
      this.abort();
      throw thrown;
    }
  }

  /** @throws StoreError `STORE_WRITE_INVALID` for a chunk of another length than its turn asks for; as the constructor. */
  write(chunk: Uint8Array): void {
    const expected = Math.min(this.#leavesLeft, this.#info.chunkLeaves) * SNAPSHOT_LEAF_BYTES;
    if (chunk.length !== expected || expected === 0) refuseWrite("snapshot chunk bytes", chunk.length, expected);
    const sum = Buffer.alloc(SNAPSHOT_SUM_BYTES);
    sum.writeUInt32BE(chunkSum(this.#chunks, chunk));
    this.#write(sum);
    this.#write(chunk);
    this.#chunks++;
    this.#leavesLeft -= expected / SNAPSHOT_LEAF_BYTES;
  }

  /**
   * Makes the snapshot durable under its name. Of the others, the newest below it stay as older generations; those above
   * it are of heights that this chain does not have any more.
   * @throws StoreError `STORE_WRITE_INVALID` while chunks are missing; as the constructor.
   */
  commit(): void {
    if (this.#leavesLeft > 0) refuseWrite("snapshot leaves missing", this.#leavesLeft, 0);
    trySnapshot(this.#aside, () => {
      fsyncSync(this.#file);
      this.#close();
      renameSync(this.#aside, join(this.#folder, snapshotName(this.#info.height)));
      syncFolder(this.#folder);
    });
    // Only now: before, the new one might not have survived a power loss.
    const others = snapshotHeights(this.#folder).filter((height) => height !== this.#info.height);
    const older = others.filter((height) => height < this.#info.height).slice(0, SNAPSHOT_GENERATIONS - 1);
    for (const height of others.filter((each) => !older.includes(each))) {
      trySnapshot(this.#aside, () => rmSync(join(this.#folder, snapshotName(height)), { force: true }));
    }
  }

  /** Leaves no trace. Never throws. */
  abort(): void {
    if (this.#isOpen) this.#close();
    try {
      rmSync(this.#aside, { force: true });
    } catch {
      // The next writer removes it.
    }
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array): void {
    trySnapshot(this.#aside, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }
}

/**
 * Writes a whole snapshot in one go.
 * @throws StoreError as `SnapshotWriter`; whatever the chunks throw. The snapshots there were are there still.
 */
export function saveStateSnapshot(folder: string, snapshot: StateSnapshot, hashName: string): void {
  const writer = new SnapshotWriter(folder, { ...snapshot, hashName });
  try {
    for (const chunk of snapshot.chunks) writer.write(chunk);
    writer.commit();
  } catch (thrown) {
    writer.abort();
    throw thrown;
  }
}

function syncFolder(path: string): void {
  // Windows cannot open a folder; its file systems keep a rename in their journal.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
