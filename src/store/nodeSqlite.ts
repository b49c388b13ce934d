/** The engine `node:sqlite`, part of Node since 22.5; loaded only when asked for, so that older Nodes never meet it. */
import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement, SqlValue } from "./driver.js";

interface NodeStatement {
  run(...values: readonly SqlValue[]): unknown;
  get(...values: readonly SqlValue[]): unknown;
  all(...values: readonly SqlValue[]): unknown[];
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

type NodeConstructor = new (path: string) => NodeDatabase;

/** Primary result codes by number (sqlite.org/rescode.html); the extended code lies in the higher bits. */
const PRIMARY_CODES: ReadonlyMap<number, string> = new Map([
  [3, "SQLITE_PERM"],
  [5, "SQLITE_BUSY"],
  [6, "SQLITE_LOCKED"],
  [8, "SQLITE_READONLY"],
  [10, "SQLITE_IOERR"],
  [11, "SQLITE_CORRUPT"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
  [19, "SQLITE_CONSTRAINT"],
  [26, "SQLITE_NOTADB"],
]);

function wrapStatement(native: NodeStatement): SqlStatement {
  return {
    run(...values) {
      native.run(...values);
    },
    get: (...values) => native.get(...values) as SqlRow | undefined,
    all: (...values) => native.all(...values) as SqlRow[],
  };
}

function wrapDatabase(native: NodeDatabase): SqlDatabase {
  return {
    exec: (sql) => native.exec(sql),
    prepare: (sql) => wrapStatement(native.prepare(sql)),
    close: () => native.close(),
  };
}

/** Its errors carry the extended result code as a number in `errcode`. */
function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return undefined;
  const primary = PRIMARY_CODES.get(thrown.errcode & 0xff) ?? "SQLITE_ERROR";
  return `${primary}(${thrown.errcode})`;
}

/** @throws whatever the module loader throws on a Node that has no `node:sqlite`. */
export async function loadNodeSqlite(): Promise<SqlEngine> {
  const moduleName: string = "node:sqlite";
  const loaded = (await import(moduleName)) as { DatabaseSync: NodeConstructor };
  const Database = loaded.DatabaseSync;
  return { name: moduleName, open: (path) => wrapDatabase(new Database(path)), codeOf };
}
