/** From what an engine throws to a StoreError. Result codes: sqlite.org/rescode.html. */
import type { SqlEngine } from "./driver.js";
import { StoreError, type StoreProblem } from "./problems.js";

/** Code of a value thrown by Node or the engine, for people to look up. */
export function anyCode(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string") {
    return thrown.code;
  }
  return thrown instanceof Error ? thrown.name : "UNKNOWN";
}

function problemOf(engineCode: string, path: string, place: string): StoreProblem {
  // ERR_OUT_OF_RANGE: node:sqlite met an integer that no write of ours can have put there.
  const damaged = engineCode.startsWith("SQLITE_CORRUPT") || engineCode.startsWith("SQLITE_NOTADB");
  if (damaged || engineCode === "ERR_OUT_OF_RANGE") {
    return { code: "STORE_CORRUPT", path, place, engineCode };
  }
  if (engineCode.startsWith("SQLITE_FULL") || engineCode === "ENOSPC" || engineCode === "EDQUOT") {
    return { code: "STORE_FULL", path, engineCode };
  }
  if (engineCode.startsWith("SQLITE_READONLY") || engineCode === "EROFS") {
    return { code: "STORE_READ_ONLY", path, engineCode };
  }
  if (engineCode.startsWith("SQLITE_BUSY") || engineCode.startsWith("SQLITE_LOCKED")) {
    return { code: "STORE_IN_USE", path, engineCode };
  }
  if (engineCode.startsWith("SQLITE_CANTOPEN")) return { code: "STORE_CANNOT_OPEN", path, engineCode };
  return { code: "STORE_IO", path, engineCode };
}

/** `place` says what was being read or written: `file`, `run 128`, `record head`. A StoreError passes unchanged. */
export function asStoreError(engine: SqlEngine, thrown: unknown, path: string, place: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const engineCode = engine.codeOf(thrown) ?? anyCode(thrown);
  return new StoreError(problemOf(engineCode, path, place), { cause: thrown });
}
