/** Reads the snapshots that `stateSnapshotWriter.ts` wrote, newest first, and passes over what is damaged. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { DomainError } from "../base/error.js";
import type { StateSnapshot } from "../ledger/state/snapshot.js";
import {
  chunkSum,
  decodeSnapshotHeader,
  refuseDamage,
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_LEAF_BYTES,
  SNAPSHOT_SUM_BYTES,
  type SnapshotInfo,
  snapshotBytes,
  snapshotHeights,
  snapshotName,
  trySnapshot,
} from "./stateSnapshotFormat.js";

/** A snapshot as it lies in a file; its chunks are read and checked one by one while they are asked for, once. */
export type StoredSnapshot = StateSnapshot & SnapshotInfo;

export interface LoadedState<T> {
  /** What `restore` made of the newest snapshot that serves; undefined when none does. */
  readonly state: T | undefined;
  /** Why newer ones were passed over, newest first. */
  readonly refused: readonly DomainError<{ readonly code: string }>[];
}

/**
 * Hands the snapshots of a folder to `restore`, newest first, until it takes one. `restore` refuses one by throwing a typed
 * error, for instance because its root is not the one the ledger has at that height; damage that shows while it reads the
 * chunks comes out of it as StoreError `STORE_SNAPSHOT_DAMAGED`. Other errors pass through.
 * @throws StoreError `STORE_CANNOT_OPEN`, `STORE_IO` when the folder cannot be read.
 */
export function loadStateSnapshot<T>(folder: string, restore: (snapshot: StoredSnapshot) => T): LoadedState<T> {
  const refused: DomainError<{ readonly code: string }>[] = [];
  for (const height of snapshotHeights(folder)) {
    try {
      return { state: withSnapshot(join(folder, snapshotName(height)), height, restore), refused };
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      refused.push(thrown);
    }
  }
  return { state: undefined, refused };
}

function withSnapshot<T>(path: string, height: number, restore: (snapshot: StoredSnapshot) => T): T {
  const file = trySnapshot(path, () => openSync(path, "r"));
  try {
    const reader = new SnapshotReader(path, file);
    const info = reader.info();
    // A file under another file's name has another place in the order of generations than it deserves.
    if (info.height !== height) refuseDamage(path, "name");
    return restore({ ...info, chunks: reader.chunks(info) });
  } finally {
    closeSync(file);
  }
}

class SnapshotReader {
  readonly #path: string;
  readonly #file: number;

  constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  info(): SnapshotInfo {
    const info = decodeSnapshotHeader(this.#read(0, SNAPSHOT_HEADER_BYTES, "header"), this.#path);
    const size = trySnapshot(this.#path, () => fstatSync(this.#file).size);
    if (size !== snapshotBytes(info)) refuseDamage(this.#path, "length");
    return info;
  }

  *chunks({ leafCount, chunkLeaves }: SnapshotInfo): Generator<Uint8Array> {
    let at = SNAPSHOT_HEADER_BYTES;
    for (let number = 0, left = leafCount; left > 0; number++) {
      const leaves = Math.min(left, chunkLeaves);
      const place = `chunk ${number}`;
      const bytes = this.#read(at, SNAPSHOT_SUM_BYTES + leaves * SNAPSHOT_LEAF_BYTES, place);
      const chunk = bytes.subarray(SNAPSHOT_SUM_BYTES);
      if (bytes.readUInt32BE(0) !== chunkSum(number, chunk)) refuseDamage(this.#path, place);
      yield chunk;
      at += bytes.length;
      left -= leaves;
    }
  }

  #read(at: number, length: number, place: string): Buffer {
    const bytes = Buffer.alloc(length);
    for (let got = 0; got < length; ) {
      const more = trySnapshot(this.#path, () => readSync(this.#file, bytes, got, length - got, at + got));
      if (more === 0) refuseDamage(this.#path, place);
      got += more;
    }
    return bytes;
  }
}
