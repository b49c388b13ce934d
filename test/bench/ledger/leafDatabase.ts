/** The values of all keys in a database, the way a ledger keeps them: one durable transaction per block. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqlDatabase, SqlStatement } from "../../../src/store/driver.js";
import { LEDGER_SIZES } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { openDatabase } from "../../../src/store/openDatabase.js";
import { loadEngine } from "../../../src/store/openStore.js";
import type { Migration } from "../../../src/store/schema.js";

const TABLE: Migration = {
  version: 1,
  migrate(database) {
    database.exec("CREATE TABLE leaf (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID");
  },
};

export interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export class LeafDatabase {
  readonly #folder: string;
  readonly #database: SqlDatabase;
  readonly #upsert: SqlStatement;

  private constructor(folder: string, database: SqlDatabase) {
    this.#folder = folder;
    this.#database = database;
    // In a table without rowid and other indexes this overwrites in place, with one search less than an upsert clause.
    this.#upsert = database.prepare("INSERT OR REPLACE INTO leaf (key, value) VALUES (?, ?)");
  }

  static async open(): Promise<LeafDatabase> {
    const engine = await loadEngine();
    const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-"));
    return new LeafDatabase(folder, openDatabase(engine, join(folder, "leaves.db"), [TABLE], LEDGER_SIZES));
  }

  /** On the disk when it returns. */
  commit(leaves: Iterable<Leaf>): void {
    this.#database.exec("BEGIN IMMEDIATE");
    for (const { key, value } of leaves) this.#upsert.run(key, value);
    this.#database.exec("COMMIT");
  }

  /** Moves the log into the database. */
  checkpoint(): void {
    this.#database.prepare("PRAGMA wal_checkpoint(PASSIVE)").all();
  }

  close(): void {
    this.#database.close();
    rmSync(this.#folder, { recursive: true });
  }
}
