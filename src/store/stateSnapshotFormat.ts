/**
 * Bytes of a state snapshot's file, integers big-endian:
 *
 *      0   8  magic "EDGSTATE"
 *      8   2  format, 1
 *     10   2  length of a leaf's record, 128
 *     12   4  leaves of a full chunk
 *     16   8  height
 *     24   8  number of leaves
 *     32  32  root
 *     64  16  name of the hash in ASCII, filled up with zeros: "keccak256", "sm3"
 *     80   4  CRC-32 of the 80 bytes before
 *     84      per chunk: CRC-32 of its number (4 bytes) and its records, 4 bytes; the records (`ledger/state/snapshot.ts`)
 *
 * All chunks but the last are full and nothing follows the last, so the header fixes the length of the file. Checksums
 * find decay, not attackers; the root is compared when the tree is built, and `StateTree.verify` proves all of it.
 */
import { readdirSync } from "node:fs";
import { crc32 } from "node:zlib";
import { anyCode } from "./engineErrors.js";
import { StoreError, type StoreProblem } from "./problems.js";

/** Largest chunk that is read into memory at once. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 16_777_216;
export const SNAPSHOT_HEADER_BYTES = 84;
export const SNAPSHOT_SUM_BYTES = 4;
/** Length of a leaf's record. */
export const SNAPSHOT_LEAF_BYTES = 128;

const CHUNK_LEAVES_MAX = SNAPSHOT_CHUNK_BYTES_MAX / SNAPSHOT_LEAF_BYTES;
const HASH_NAME_BYTES = 16;
const ROOT_BYTES = 32;
const MAGIC = Buffer.from("EDGSTATE", "latin1");
const FORMAT = 1;
const SUMMED_BYTES = SNAPSHOT_HEADER_BYTES - SNAPSHOT_SUM_BYTES;
/** Padded, so that folders list the files by height. */
const NAME = /^state-(\d{16})\.snapshot$/;

/** What the file says before its chunks. */
export interface SnapshotInfo {
  readonly height: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly leafCount: number;
  /** Leaves of a full chunk. */
  readonly chunkLeaves: number;
  /** Printable ASCII, 1..16 characters: the hash of the chain's suite. */
  readonly hashName: string;
}

/** The name of the snapshot of a height. */
export function snapshotName(height: number): string {
  return `state-${String(height).padStart(16, "0")}.snapshot`;
}

/** Heights of the snapshots in a folder, newest first. @throws StoreError `STORE_CANNOT_OPEN`, `STORE_IO` */
export function snapshotHeights(folder: string): number[] {
  const names = trySnapshot(folder, () => readdirSync(folder));
  const heights = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  return heights.sort((a, b) => b - a);
}

/** Bytes of the whole file. */
export function snapshotBytes({ leafCount, chunkLeaves }: SnapshotInfo): number {
  const chunks = Math.ceil(leafCount / chunkLeaves);
  return SNAPSHOT_HEADER_BYTES + chunks * SNAPSHOT_SUM_BYTES + leafCount * SNAPSHOT_LEAF_BYTES;
}

/** With its number, so that a chunk in another's place is found. */
export function chunkSum(number: number, chunk: Uint8Array): number {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(number);
  return crc32(chunk, crc32(prefix));
}

/** @throws StoreError `STORE_WRITE_INVALID` for what no snapshot can be. */
export function encodeSnapshotHeader(info: SnapshotInfo): Buffer {
  const problem = infoProblem(info);
  if (problem !== undefined) refuseWrite(problem.what, problem.value, problem.limit);
  const bytes = Buffer.alloc(SNAPSHOT_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes.writeUInt16BE(FORMAT, 8);
  bytes.writeUInt16BE(SNAPSHOT_LEAF_BYTES, 10);
  bytes.writeUInt32BE(info.chunkLeaves, 12);
  bytes.writeBigUInt64BE(BigInt(info.height), 16);
  bytes.writeBigUInt64BE(BigInt(info.leafCount), 24);
  bytes.set(info.root, 32);
  bytes.write(info.hashName, 64, "latin1");
  bytes.writeUInt32BE(crc32(bytes.subarray(0, SUMMED_BYTES)), SUMMED_BYTES);
  return bytes;
}

/** `path` is for the error. @throws StoreError `STORE_SNAPSHOT_DAMAGED`, `STORE_SNAPSHOT_FORMAT` */
export function decodeSnapshotHeader(bytes: Buffer, path: string): SnapshotInfo {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) refuseDamage(path, "magic");
  // Before the format: a format that decay wrote is none.
  if (bytes.readUInt32BE(SUMMED_BYTES) !== crc32(bytes.subarray(0, SUMMED_BYTES))) refuseDamage(path, "header");
  const format = bytes.readUInt16BE(8);
  if (format !== FORMAT || bytes.readUInt16BE(10) !== SNAPSHOT_LEAF_BYTES) {
    throw new StoreError({ code: "STORE_SNAPSHOT_FORMAT", path, format });
  }
  const info: SnapshotInfo = {
    chunkLeaves: bytes.readUInt32BE(12),
    height: Number(bytes.readBigUInt64BE(16)),
    leafCount: Number(bytes.readBigUInt64BE(24)),
    root: new Uint8Array(bytes.subarray(32, 32 + ROOT_BYTES)),
    hashName: bytes.toString("latin1", 64, 64 + HASH_NAME_BYTES).replace(/\0+$/, ""),
  };
  const problem = infoProblem(info);
  if (problem !== undefined) refuseDamage(path, problem.what);
  return info;
}

/** The first field that no snapshot can have so. */
function infoProblem(info: SnapshotInfo): { what: string; value: number; limit: number } | undefined {
  const { height, leafCount, chunkLeaves, root, hashName } = info;
  if (!isCount(height)) return { what: "snapshot height", value: height, limit: Number.MAX_SAFE_INTEGER };
  if (!isCount(leafCount)) return { what: "snapshot leaves", value: leafCount, limit: Number.MAX_SAFE_INTEGER };
  if (!isCount(chunkLeaves) || chunkLeaves < 1 || chunkLeaves > CHUNK_LEAVES_MAX) {
    return { what: "snapshot chunk leaves", value: chunkLeaves, limit: CHUNK_LEAVES_MAX };
  }
  if (root.length !== ROOT_BYTES) return { what: "snapshot root bytes", value: root.length, limit: ROOT_BYTES };
  if (!/^[\x21-\x7e]{1,16}$/.test(hashName)) {
    return { what: "snapshot hash name bytes", value: hashName.length, limit: HASH_NAME_BYTES };
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function refuseWrite(what: string, value: number, limit: number): never {
  throw new StoreError({ code: "STORE_WRITE_INVALID", what, value, limit });
}

export function refuseDamage(path: string, place: string): never {
  throw new StoreError({ code: "STORE_SNAPSHOT_DAMAGED", path, place });
}

/** `work` with what the system throws turned into a StoreError about `path`. */
export function trySnapshot<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof StoreError) throw thrown;
    throw new StoreError(problemOf(anyCode(thrown), path), { cause: thrown });
  }
}

function problemOf(engineCode: string, path: string): StoreProblem {
  if (engineCode === "ENOSPC" || engineCode === "EDQUOT") return { code: "STORE_FULL", path, engineCode };
  if (engineCode === "EROFS") return { code: "STORE_READ_ONLY", path, engineCode };
  if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(engineCode)) {
    return { code: "STORE_CANNOT_OPEN", path, engineCode };
  }
  return { code: "STORE_IO", path, engineCode };
}
