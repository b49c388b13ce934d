/**
 * The folder of one node's state: a format version, an exclusive lock, the store, and the socket on which the running
 * node takes commands. Nobody else's files lie in it and nobody else may look in.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadEngine } from "../store/openStore.js";
import { UNFINISHED_SUFFIX, writeFileDurably } from "./dataDir/files.js";
import { type DataDirLock, takeLock } from "./dataDir/lock.js";
import { DataDirError } from "./dataDir/problems.js";

export const DATA_DIR_FORMAT = 1;
export const FORMAT_FILE = "FORMAT";
export const STORE_FILE = "chain.db";

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
const FORMAT_LINE = /^edgeseal data directory, format (\d{1,9})\n$/;

export interface OpenDataDirOptions {
  /** Make it where it is missing. Commands that only look do not. */
  readonly create: boolean;
  /**
   * The lock needs an SQLite engine. A node that keeps everything in memory may run without one; two of them then only
   * find each other by the control socket.
   */
  readonly lock?: "needed" | "where possible";
}

export interface DataDir {
  /** Absolute. */
  readonly path: string;
  /** File of the chain store. */
  readonly storePath: string;
  readonly locked: boolean;
  /** Lets the lock go. */
  close(): void;
}

/**
 * @throws DataDirError, and StoreError `STORE_ENGINE_MISSING` where there is no engine for the lock.
 */
export async function openDataDir(path: string, options: OpenDataDirOptions): Promise<DataDir> {
  const folder = resolve(path);
  try {
    prepareFolder(folder, options.create);
  } catch (thrown) {
    throw asDataDirError(folder, thrown);
  }
  const lock = await lockFolder(folder, options.lock ?? "needed");
  return {
    path: folder,
    storePath: join(folder, STORE_FILE),
    locked: lock !== undefined,
    close: () => lock?.release(),
  };
}

async function lockFolder(folder: string, need: "needed" | "where possible"): Promise<DataDirLock | undefined> {
  if (need === "needed") return takeLock(await loadEngine(), folder);
  const engine = await loadEngine().catch(() => undefined);
  return engine === undefined ? undefined : takeLock(engine, folder);
}

function prepareFolder(folder: string, create: boolean): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) {
    if (!create) throw new DataDirError({ code: "DATA_DIR_MISSING", path: folder });
    mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  } else if (!found.isDirectory()) throw new DataDirError({ code: "DATA_DIR_NOT_A_FOLDER", path: folder });
  const format = readFormat(folder);
  if (format === undefined) {
    if (!create) throw new DataDirError({ code: "DATA_DIR_MISSING", path: folder });
    closeToOthers(folder);
    writeFileDurably(join(folder, FORMAT_FILE), `edgeseal data directory, format ${DATA_DIR_FORMAT}\n`);
  } else if (format > DATA_DIR_FORMAT) {
    throw new DataDirError({ code: "DATA_DIR_NEWER", path: folder, found: format, known: DATA_DIR_FORMAT });
  } else closeToOthers(folder);
}

/** Service managers like to make state folders with mode 0755; the owner narrows them, anybody else is told. */
function closeToOthers(folder: string): void {
  const { mode, uid } = statSync(folder);
  if (process.platform === "win32" || (mode & OTHERS) === 0) return;
  if (uid !== process.getuid?.()) {
    throw new DataDirError({ code: "DATA_DIR_OPEN_TO_OTHERS", path: folder, mode: (mode & 0o777).toString(8) });
  }
  chmodSync(folder, OWNER_ONLY);
}

/** An interrupted creation leaves the first, a file system of its own has the second. */
const IN_EMPTY_FOLDER: readonly string[] = [`${FORMAT_FILE}${UNFINISHED_SUFFIX}`, "lost+found"];

/** Undefined for an empty folder. */
function readFormat(folder: string): number | undefined {
  const names = readdirSync(folder).filter((name) => !IN_EMPTY_FOLDER.includes(name));
  const [first] = names;
  if (first === undefined) return undefined;
  if (!names.includes(FORMAT_FILE)) {
    throw new DataDirError({ code: "DATA_DIR_NOT_EMPTY", path: folder, found: first });
  }
  const [, digits] = FORMAT_LINE.exec(readFileSync(join(folder, FORMAT_FILE), "utf8")) ?? [];
  if (digits === undefined) throw new DataDirError({ code: "DATA_DIR_FORMAT", path: folder });
  return Number(digits);
}

function asDataDirError(path: string, thrown: unknown): DataDirError {
  if (thrown instanceof DataDirError) return thrown;
  const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
  return new DataDirError({ code: "DATA_DIR_ACCESS", path, reason }, { cause: thrown });
}
