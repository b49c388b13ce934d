/**
 * Transactions on one database file, each on the disk when it returns. After an error of the engine nothing is written any
 * more until the file is opened anew; reading goes on. A failed fsync is never repeated: the kernel may have dropped the
 * pages and would report success the second time (Rebello et al., "Can Applications Recover from fsync Failures?",
 * USENIX ATC 2020).
 */
import { statSync } from "node:fs";
import type { SqlDatabase, SqlEngine, SqlStatement } from "../driver.js";
import { readPragma } from "../driver.js";
import { asStoreError } from "../engineErrors.js";
import { LogMeter } from "../logMeter.js";
import { findNotDurable } from "../openDatabase.js";
import { StoreError } from "../problems.js";

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export class DurableFile {
  readonly path: string;
  readonly #engine: SqlEngine;
  readonly #database: SqlDatabase;
  readonly #meter: LogMeter;
  /** The log is copied into the database by the first transaction that finds it this long. */
  readonly #logFramesMax: number;
  readonly #begin: SqlStatement;
  readonly #commit: SqlStatement;
  readonly #rollback: SqlStatement;
  readonly #copyLogNow: SqlStatement;
  #commits = 0;
  #open = true;
  /** Why nothing is written any more. */
  #stopped: string | undefined;

  constructor(engine: SqlEngine, path: string, database: SqlDatabase, logFramesMax: number) {
    this.path = path;
    this.#engine = engine;
    this.#database = database;
    this.#logFramesMax = logFramesMax;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
    this.#copyLogNow = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    this.#meter = new LogMeter(`${path}-wal`, Number(readPragma(database, "page_size")));
  }

  get commits(): number {
    return this.#commits;
  }

  /**
   * Frames put into the log and pages copied from it since the file was opened. Not counted: opening and closing, the file
   * system's own journal, and frames of a transaction that was taken back.
   */
  get bytesWritten(): number {
    return this.#meter.bytes;
  }

  get bytesOnDisk(): number {
    return fileBytes(this.path) + fileBytes(`${this.path}-wal`);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get stopped(): string | undefined {
    return this.#stopped;
  }

  assertOpen(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: this.path });
  }

  assertWriting(): void {
    this.assertOpen();
    if (this.#stopped === undefined) return;
    throw new StoreError({ code: "STORE_STOPPED", path: this.path, cause: this.#stopped });
  }

  /**
   * @throws StoreError `STORE_CLOSED` (a bug), `STORE_STOPPED`: nothing is changed. `STORE_FULL`, `STORE_IO`,
   * `STORE_CORRUPT`, `STORE_READ_ONLY`: writing has ended, and these writes may or may not be found when it is opened anew.
   */
  transact(work: () => void): void {
    this.assertWriting();
    this.#guard("file", () => {
      if (this.#meter.frames >= this.#logFramesMax) this.#copyLog();
      this.#begin.run();
      try {
        work();
        this.#commit.run();
      } catch (thrown) {
        this.#rollBack(thrown);
        throw thrown;
      }
      this.#meter.read();
    });
    this.#commits += 1;
  }

  /** `place` is for the error. @throws StoreError `STORE_CORRUPT`, `STORE_IO`, `STORE_CLOSED` */
  read<T>(place: string, work: () => T): T {
    this.assertOpen();
    return this.#guard(place, work);
  }

  damaged(place: string, engineCode: "CHECKSUM" | "SHAPE"): never {
    throw new StoreError({ code: "STORE_CORRUPT", path: this.path, place, engineCode });
  }

  /** Reads the whole file with the engine's own eyes. */
  checkFile(codes: Set<string>): void {
    if (this.#stopped !== undefined) codes.add(this.#stopped);
    this.note(codes, () => {
      if (findNotDurable(this.#database) !== undefined) codes.add("STORE_NOT_DURABLE");
      if (readPragma(this.#database, "quick_check(1)") !== "ok") codes.add("STORE_CORRUPT");
    });
  }

  note(codes: Set<string>, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      codes.add(asStoreError(this.#engine, thrown, this.path, "file").code);
    }
  }

  /**
   * Copies the log into the database and closes both; the engine's own close would keep quiet about a failure.
   * @throws StoreError; the file is closed all the same, and nothing acknowledged is lost.
   */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (this.#stopped === undefined) this.#guard("file", () => this.#copyLog());
    } finally {
      this.#guard("file", () => {
        this.#meter.close();
        this.#database.close();
      });
    }
  }

  /** Errors of the engine end all writing; our own (a damaged row, a caller's mistake) do not. */
  #guard<T>(place: string, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      const error = asStoreError(this.#engine, thrown, this.path, place);
      if (error !== thrown) this.#stopped ??= error.code;
      throw error;
    }
  }

  #copyLog(): void {
    const row = this.#copyLogNow.get();
    if (row !== undefined && row.log === row.checkpointed) this.#meter.copied();
  }

  /** The engine may have taken the transaction back already; asking again then fails, which is fine. */
  #rollBack(cause: unknown): void {
    try {
      this.#rollback.run();
    } catch (thrown) {
      if (cause instanceof StoreError) throw thrown;
    }
  }
}
