/**
 * The tables of the gateway's store, as numbered steps. A step that has been released is never changed; a new one is added.
 *
 * Commands and counters come and go all the time and are short: they stand together in `brief`, so that a commit with a
 * command and the number that it used writes one page. A row there spills into a page of its own when it takes more than
 * about a quarter of a page (sqlite.org/fileformat2.html section 1.6, index b-trees). What is longer and stays is in
 * `lasting`, whose rows may fill a page, and whose index is not touched when a row changes.
 */
import type { Migration } from "../schema.js";

export const ITEM_KINDS = { command: 1, counter: 2, ruleState: 3, device: 4, shadow: 5 } as const;
export type ItemKind = keyof typeof ITEM_KINDS;

export const BRIEF_KINDS: ReadonlySet<ItemKind> = new Set(["command", "counter"]);

const createTables: Migration = {
  version: 1,
  migrate(database) {
    database.exec(`
      CREATE TABLE brief (
        kind INTEGER NOT NULL,
        key BLOB NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (kind, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE lasting (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        key BLOB NOT NULL,
        sum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (kind, key)
      ) STRICT;
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
      CREATE TABLE head (
        sequence INTEGER PRIMARY KEY,
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
