/**
 * The tables of the ledger's database, ledger.db, as numbered steps. A released step is never changed.
 *
 * A block's body is its last column: SQLite reads a row from its beginning, and no page of a body for what stands before it.
 */
import type { Migration } from "../schema.js";

const createTables: Migration = {
  version: 1,
  migrate(database) {
    database.exec(`
      CREATE TABLE block (
        number INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        transactions INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        header BLOB NOT NULL,
        body_sum INTEGER NOT NULL,
        body BLOB NOT NULL
      ) STRICT;
      CREATE TABLE place (
        hash BLOB PRIMARY KEY,
        place INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE record (
        tab TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (tab, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE diff (
        number INTEGER PRIMARY KEY,
        bytes BLOB NOT NULL,
        sum INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE mountain (
        level INTEGER NOT NULL,
        place INTEGER NOT NULL,
        node BLOB NOT NULL,
        PRIMARY KEY (level, place)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE proposal (
        id INTEGER PRIMARY KEY CHECK (id = 0),
        bytes BLOB NOT NULL,
        sum INTEGER NOT NULL
      ) STRICT;
    `);
  },
};

export const LEDGER_MIGRATIONS: readonly Migration[] = [createTables];
