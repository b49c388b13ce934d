/**
 * The little that the store asks of an SQLite engine. Two engines serve it: better-sqlite3 and node:sqlite.
 * All calls are synchronous; what an engine throws is turned into a StoreError by `engineErrors.ts`.
 */
export type SqlValue = number | string | Uint8Array | null;
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlStatement {
  run(...values: readonly SqlValue[]): void;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): SqlRow[];
}

export interface SqlDatabase {
  /** Runs SQL that returns nothing, one or more statements. */
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

export interface SqlEngine {
  readonly name: string;
  /** Opens or creates the file. */
  open(path: string): SqlDatabase;
  /** The engine's code of a thrown value (`SQLITE_FULL`, `SQLITE_IOERR_FSYNC`), undefined when it is not the engine's. */
  codeOf(thrown: unknown): string | undefined;
}

/** First column of the first row of a pragma, as text; empty when the engine gave no row. */
export function readPragma(database: SqlDatabase, pragma: string): string {
  const row = database.prepare(`PRAGMA ${pragma}`).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  return value === undefined || value === null ? "" : String(value);
}
