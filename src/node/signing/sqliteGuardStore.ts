/**
 * The guard's memory on disk: a file of its own, signing.db, write-ahead log, every commit synced (asked for and read back
 * by `openDatabase`), one process at a time.
 *
 * Every row carries a checksum over its key and content. One damaged row makes the whole history unknown: which slots it
 * held cannot be told.
 */
import { crc32 } from "node:zlib";
import { toHex } from "../../base/bytes.js";
import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement } from "../../store/driver.js";
import { asStoreError } from "../../store/engineErrors.js";
import { openDatabase } from "../../store/openDatabase.js";
import { loadEngine } from "../../store/openStore.js";
import type { Migration } from "../../store/schema.js";
import type { FilledSlot } from "./guardRules.js";
import { type GuardStore, type GuardWrite, type KeyId, type KeyMarks, type KeyRecord, keyName } from "./guardStore.js";
import { COMMITS_PER_LOG_COPY } from "./limits.js";
import { marksFromJson, marksToJson } from "./marksJson.js";
import { reasonOf, SigningError } from "./problems.js";
import { slotName, slotOfName } from "./slots.js";

export const SIGNING_FILE = "signing.db";
const DIGEST_BYTES = 32;

const createTables: Migration = {
  version: 1,
  migrate(database) {
    database.exec(`
      CREATE TABLE guard_key (
        chain BLOB NOT NULL,
        public_key BLOB NOT NULL,
        marks TEXT NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (chain, public_key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE guard_slot (
        chain BLOB NOT NULL,
        public_key BLOB NOT NULL,
        slot TEXT NOT NULL,
        digest BLOB NOT NULL,
        signature BLOB,
        sum INTEGER NOT NULL,
        PRIMARY KEY (chain, public_key, slot),
        FOREIGN KEY (chain, public_key) REFERENCES guard_key (chain, public_key)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER guard_slot_filled_once BEFORE UPDATE OF chain, public_key, slot, digest ON guard_slot
      BEGIN
        SELECT RAISE(ABORT, 'a slot is filled once');
      END;
    `);
  },
};

function marksSum(name: string, marks: string): number {
  return crc32(`marks ${name} ${marks}`);
}

function slotSum(name: string, filled: FilledSlot): number {
  const signature = filled.signature === undefined ? "none" : toHex(filled.signature);
  return crc32(`slot ${name} ${slotName(filled.slot)} ${toHex(filled.digest)} ${signature}`);
}

function prepareAll(database: SqlDatabase) {
  const ofKey = "WHERE chain = ? AND public_key = ?";
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    copyLog: database.prepare("PRAGMA wal_checkpoint(PASSIVE)"),
    keys: database.prepare("SELECT chain, public_key, marks, sum FROM guard_key"),
    key: database.prepare(`SELECT chain, public_key, marks, sum FROM guard_key ${ofKey}`),
    slots: database.prepare(`SELECT slot, digest, signature, sum FROM guard_slot ${ofKey}`),
    taken: database.prepare(`SELECT 1 AS one FROM guard_slot ${ofKey} AND slot = ?`),
    marks: database.prepare(
      "INSERT INTO guard_key (chain, public_key, marks, sum) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT (chain, public_key) DO UPDATE SET marks = excluded.marks, sum = excluded.sum",
    ),
    fill: database.prepare(
      "INSERT INTO guard_slot (chain, public_key, slot, digest, signature, sum) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    signature: database.prepare(`UPDATE guard_slot SET signature = ?, sum = ? ${ofKey} AND slot = ? AND digest = ?`),
    forget: database.prepare(`DELETE FROM guard_slot ${ofKey} AND slot = ?`),
  } satisfies Record<string, SqlStatement>;
}

/** An engine may hand out Buffers, whose `slice` shares memory. */
function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
}

export class SqliteGuardStore implements GuardStore {
  readonly place: string;
  readonly #engine: SqlEngine;
  readonly #database: SqlDatabase;
  readonly #statements: ReturnType<typeof prepareAll>;
  #commits = 0;
  #open = true;
  /** Why nothing is written any more. */
  #stopped: string | undefined;

  constructor(engine: SqlEngine, path: string, database: SqlDatabase) {
    this.place = path;
    this.#engine = engine;
    this.#database = database;
    database.exec("PRAGMA foreign_keys = ON");
    this.#statements = prepareAll(database);
  }

  keys(): KeyRecord[] {
    return this.#guard(() => this.#statements.keys.all().map((row) => this.#recordOf(row)));
  }

  load(id: KeyId): KeyRecord | undefined {
    return this.#guard(() => {
      const row = this.#statements.key.get(id.chain, id.publicKey);
      return row === undefined ? undefined : this.#recordOf(row);
    });
  }

  commit(writes: readonly GuardWrite[]): void {
    if (this.#stopped !== undefined) throw this.#failed(this.#stopped);
    if (writes.length === 0) return;
    this.#guard(() => {
      this.#statements.begin.run();
      try {
        for (const write of writes) this.#write(write);
        this.#statements.commit.run();
      } catch (thrown) {
        this.#rollBack();
        throw thrown;
      }
      this.#commits += 1;
      if (this.#commits % COMMITS_PER_LOG_COPY === 0) this.#statements.copyLog.get();
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#database.close();
  }

  #write(write: GuardWrite): void {
    const { chain, publicKey } = write.id;
    const name = keyName(write.id);
    const { marks, fill, signature, forget, taken } = this.#statements;
    if (write.kind === "marks") {
      const text = marksToJson(write.marks);
      marks.run(chain, publicKey, text, marksSum(name, text));
    } else if (write.kind === "forget") {
      for (const slot of write.names) forget.run(chain, publicKey, slot);
    } else {
      const { filled } = write;
      const slot = slotName(filled.slot);
      const sum = slotSum(name, filled);
      if (write.kind === "signature") {
        signature.run(write.filled.signature, sum, chain, publicKey, slot, filled.digest);
        return;
      }
      if (taken.get(chain, publicKey, slot) !== undefined)
        throw new SigningError({ code: "SIGN_SLOT_REWRITTEN", slot });
      fill.run(chain, publicKey, slot, filled.digest, filled.signature ?? null, sum);
    }
  }

  /** The engine has already taken the transaction back after some of its errors. */
  #rollBack(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // The error that led here says more.
    }
  }

  #recordOf(row: SqlRow): KeyRecord {
    const chain = bytesOf(row.chain);
    const publicKey = bytesOf(row.public_key);
    if (chain === undefined || publicKey === undefined || typeof row.marks !== "string") throw this.#failed("SHAPE");
    const id = { chain, publicKey };
    const name = keyName(id);
    if (marksSum(name, row.marks) !== row.sum) throw this.#failed("CHECKSUM");
    const marks: KeyMarks | undefined = marksFromJson(row.marks);
    if (marks === undefined) throw this.#failed("SHAPE");
    const slots = new Map<string, FilledSlot>();
    for (const slotRow of this.#statements.slots.all(chain, publicKey)) {
      const filled = this.#filledOf(slotRow);
      if (slotSum(name, filled) !== slotRow.sum) throw this.#failed("CHECKSUM");
      slots.set(slotName(filled.slot), filled);
    }
    return { id, marks, slots };
  }

  #filledOf(row: SqlRow): FilledSlot {
    const slot = slotOfName(String(row.slot));
    const digest = bytesOf(row.digest);
    const signature = bytesOf(row.signature);
    if (slot === undefined || digest?.length !== DIGEST_BYTES) throw this.#failed("SHAPE");
    return signature === undefined ? { slot, digest } : { slot, digest, signature };
  }

  #failed(reason: string, cause?: unknown): SigningError {
    return new SigningError({ code: "SIGN_STORE_FAILED", place: this.place, reason }, { cause });
  }

  /** A failed fsync is never repeated: the second one would report success for pages that were dropped. */
  #guard<Result>(action: () => Result): Result {
    if (!this.#open) throw this.#failed("STORE_CLOSED");
    try {
      return action();
    } catch (thrown) {
      if (thrown instanceof SigningError && thrown.code === "SIGN_SLOT_REWRITTEN") throw thrown;
      const error =
        thrown instanceof SigningError
          ? thrown
          : this.#failed(asStoreError(this.#engine, thrown, this.place, "file").code, thrown);
      this.#stopped ??= error.problem.code === "SIGN_STORE_FAILED" ? error.problem.reason : error.code;
      throw error;
    }
  }
}

/** @throws SigningError `SIGN_STORE_FAILED` with the store's code as reason: `STORE_IN_USE`, `STORE_READ_ONLY`, `STORE_FULL`... */
export async function openSqliteGuardStore(path: string, loaded?: SqlEngine): Promise<SqliteGuardStore> {
  let database: SqlDatabase | undefined;
  let engine: SqlEngine | undefined;
  try {
    engine = loaded ?? (await loadEngine());
    database = openDatabase(engine, path, [createTables]);
    return new SqliteGuardStore(engine, path, database);
  } catch (thrown) {
    database?.close();
    const { code } = engine === undefined ? { code: reasonOf(thrown) } : asStoreError(engine, thrown, path, "file");
    throw new SigningError({ code: "SIGN_STORE_FAILED", place: path, reason: code }, { cause: thrown });
  }
}
