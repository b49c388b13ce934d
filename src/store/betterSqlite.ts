/** The engine `better-sqlite3`: a native module, optional, loaded only when a store is opened. */

import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement, SqlValue } from "./driver.js";
import { StoreError } from "./problems.js";

interface NativeStatement {
  run(...values: readonly SqlValue[]): unknown;
  get(...values: readonly SqlValue[]): unknown;
  all(...values: readonly SqlValue[]): unknown[];
}

interface NativeDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): NativeStatement;
  close(): unknown;
}

type NativeConstructor = new (path: string) => NativeDatabase;

function wrapStatement(native: NativeStatement): SqlStatement {
  return {
    run(...values) {
      native.run(...values);
    },
    get: (...values) => native.get(...values) as SqlRow | undefined,
    all: (...values) => native.all(...values) as SqlRow[],
  };
}

function wrapDatabase(native: NativeDatabase): SqlDatabase {
  return {
    exec(sql) {
      native.exec(sql);
    },
    prepare: (sql) => wrapStatement(native.prepare(sql)),
    close() {
      native.close();
    },
  };
}

/** Its SqliteError carries the extended result code as a name. */
function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" && thrown.code.startsWith("SQLITE_") ? thrown.code : undefined;
}

/**
 * From Node 24 on, better-sqlite3 before 13 aborts the whole process when one of its objects is collected while no
 * JavaScript runs: its destructors reach for an environment that is not there (node::ObjectWrap since 24.19).
 */
export const NODE_MAJOR_TOO_NEW = 24;

/**
 * Loads the module and its native part.
 * @throws StoreError `STORE_ENGINE_UNSAFE`; whatever the module loader throws when either is missing or was built for another
 * Node.
 */
export async function loadBetterSqlite(): Promise<SqlEngine> {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= NODE_MAJOR_TOO_NEW) {
    throw new StoreError({ code: "STORE_ENGINE_UNSAFE", engine: "better-sqlite3", node });
  }
  // A variable, because the module is optional and the compiler must not ask for its types.
  const moduleName: string = "better-sqlite3";
  const loaded = (await import(moduleName)) as { default: NativeConstructor };
  const Database = loaded.default;
  // The native part is looked up only by the first database.
  new Database(":memory:").close();
  return { name: moduleName, open: (path) => wrapDatabase(new Database(path)), codeOf };
}
