/**
 * The tables of the chain store, as numbered steps. A step that has been released is never changed; a new one is added.
 *
 * One table holds all runs, bytes included: a live header then costs one table page per commit. `spans()` pays for that by
 * touching one page per run, once at start.
 */
import type { SqlDatabase } from "./driver.js";

/** "ESL1" as a 32-bit number: tells our files from any other SQLite file (sqlite.org/pragma.html#pragma_application_id). */
export const STORE_APPLICATION_ID = 0x45534c31;

export interface Migration {
  /** The schema version that this step leads to. */
  readonly version: number;
  /** Runs inside one transaction. */
  readonly migrate: (database: SqlDatabase) => void;
}

const createTables: Migration = {
  version: 1,
  migrate(database) {
    database.exec(`
      CREATE TABLE record (
        name TEXT PRIMARY KEY,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE run (
        start INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        status INTEGER NOT NULL,
        span_sum INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
    `);
  },
};

/** Ascending by version, without gaps. */
export const STORE_MIGRATIONS: readonly Migration[] = [createTables];
