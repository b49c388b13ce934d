/**
 * The tables of the gateway's store, as numbered steps. A step that has been released is never changed; a new one is added.
 *
 * What changes most stands together in `item`, in the order of `ITEM_KINDS`: a commit with a command and the number that it
 * used then writes one page.
 */
import type { Migration } from "../schema.js";

/** Kinds of rows in `item`. Commands and counters are few and neighbours. */
export const ITEM_KINDS = { command: 1, counter: 2, ruleState: 3, device: 4, shadow: 5 } as const;
export type ItemKind = keyof typeof ITEM_KINDS;

const createTables: Migration = {
  version: 1,
  migrate(database) {
    database.exec(`
      CREATE TABLE item (
        kind INTEGER NOT NULL,
        key BLOB NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (kind, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE receipt (
        sequence INTEGER PRIMARY KEY,
        hash BLOB NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE TABLE input (
        sequence INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE TABLE telemetry (
        id INTEGER PRIMARY KEY,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        readings INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE INDEX telemetry_to ON telemetry (to_ms);
      CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY,
        name BLOB NOT NULL,
        ordered INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;
      CREATE TABLE written (
        day TEXT PRIMARY KEY,
        bytes INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tally (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
};

export const GATEWAY_MIGRATIONS: readonly Migration[] = [createTables];
