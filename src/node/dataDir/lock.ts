/**
 * One process at a time. The lock is SQLite's own on an empty database file: a record lock of the kernel, which ends with
 * the process that holds it, however it ends, and which containers that share the folder see as well. Nothing is written.
 *
 * POSIX drops a process's record locks on a file when it closes *any* descriptor of that file (fcntl(2)), so nobody may
 * open the lock file for another purpose; the holder's number stands in a file of its own.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SqlDatabase, SqlEngine } from "../../store/driver.js";
import { writeFileDurably } from "./files.js";
import { DataDirError } from "./problems.js";

export const LOCK_FILE = "lock";
export const PID_FILE = "pid";
/** How long a starting node waits, blocking, for a command that looks at the stopped node's state. */
export const DATA_DIR_WAIT_MS = 1_500;

export interface DataDirLock {
  release(): void;
}

/** @throws DataDirError `DATA_DIR_LOCKED`, `DATA_DIR_ACCESS` */
export function takeLock(engine: SqlEngine, dataDir: string): DataDirLock {
  let database: SqlDatabase | undefined;
  try {
    database = engine.open(join(dataDir, LOCK_FILE));
    database.exec(`PRAGMA busy_timeout = ${DATA_DIR_WAIT_MS}`);
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    writeFileDurably(join(dataDir, PID_FILE), `${process.pid}\n`);
  } catch (thrown) {
    database?.close();
    const code = engine.codeOf(thrown);
    if (code?.startsWith("SQLITE_BUSY")) {
      const problem = { code: "DATA_DIR_LOCKED", path: dataDir, pid: holderOf(dataDir) } as const;
      throw new DataDirError(problem, { cause: thrown });
    }
    const reason = code ?? (thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown");
    throw new DataDirError({ code: "DATA_DIR_ACCESS", path: dataDir, reason }, { cause: thrown });
  }
  const held = database;
  return { release: () => held.close() };
}

/** The process number that the last holder wrote down, 0 where there is none. */
export function holderOf(dataDir: string): number {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDir, PID_FILE), "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : 0;
  } catch {
    return 0;
  }
}
