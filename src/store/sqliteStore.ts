/**
 * The chain store on disk, over either SQLite engine.
 *
 * One `apply` is one immediate transaction, on the disk when it returns. After an error of the engine nothing is written
 * any more until the store is opened anew; reading goes on. In particular a failed fsync is never repeated: the kernel may
 * have dropped the pages and would report success the second time (Rebello et al., "Can Applications Recover from fsync
 * Failures?", USENIX ATC 2020).
 */
import { statSync } from "node:fs";
import type { ChainStore, ChainWrite, HeaderRun, HeaderStatus, RunSpan, StoreUsage } from "../chain/store.js";
import { recordSum, runSum, spanSum } from "./checksum.js";
import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement } from "./driver.js";
import { readPragma } from "./driver.js";
import { asStoreError } from "./engineErrors.js";
import { checkWrites } from "./limits.js";
import { LogMeter } from "./logMeter.js";
import { findNotDurable, openDatabase } from "./openDatabase.js";
import { StoreError } from "./problems.js";
import { type Migration, STORE_MIGRATIONS } from "./schema.js";

/**
 * The log is copied into the database when it is this long, 4 MiB: hot pages are then written once for some hundred
 * commits, and a start after power loss has little to read. The log is at most this plus one transaction.
 */
export const LOG_FRAMES_MAX = 1000;

const STATUS_NUMBERS: Readonly<Record<HeaderStatus, number>> = { certified: 1, linked: 2 };

/** Above every printable ASCII character, of which names consist. */
const AFTER_NAME_CHARACTERS = "\x7f";

interface Statements {
  readonly begin: SqlStatement;
  readonly commit: SqlStatement;
  readonly rollback: SqlStatement;
  readonly copyLog: SqlStatement;
  readonly setRecord: SqlStatement;
  readonly forget: SqlStatement;
  readonly record: SqlStatement;
  readonly recordNames: SqlStatement;
  readonly lastStarting: SqlStatement;
  readonly dropRuns: SqlStatement;
  readonly addRun: SqlStatement;
  readonly prune: SqlStatement;
  readonly run: SqlStatement;
  readonly spans: SqlStatement;
}

function prepareAll(database: SqlDatabase): Statements {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    copyLog: database.prepare("PRAGMA wal_checkpoint(PASSIVE)"),
    setRecord: database.prepare(
      "INSERT INTO record (name, sum, bytes) VALUES (?, ?, ?) " +
        "ON CONFLICT (name) DO UPDATE SET sum = excluded.sum, bytes = excluded.bytes",
    ),
    forget: database.prepare("DELETE FROM record WHERE name = ?"),
    record: database.prepare("SELECT sum, bytes FROM record WHERE name = ?"),
    recordNames: database.prepare("SELECT name FROM record WHERE name >= ? AND name < ? ORDER BY name"),
    lastStarting: database.prepare("SELECT start, count FROM run WHERE start <= ? ORDER BY start DESC LIMIT 1"),
    dropRuns: database.prepare("DELETE FROM run WHERE start BETWEEN ? AND ?"),
    addRun: database.prepare("INSERT INTO run (start, count, status, span_sum, sum, bytes) VALUES (?, ?, ?, ?, ?, ?)"),
    prune: database.prepare("DELETE FROM run WHERE start < ? AND start + count <= ?"),
    run: database.prepare(
      "SELECT start, count, status, span_sum, sum, bytes FROM run WHERE start <= ? ORDER BY start DESC LIMIT 1",
    ),
    spans: database.prepare("SELECT start, count, status, span_sum FROM run ORDER BY start"),
  };
}

const STATUS_NAMES: ReadonlyMap<unknown, HeaderStatus> = new Map([
  [STATUS_NUMBERS.certified, "certified"],
  [STATUS_NUMBERS.linked, "linked"],
]);

function isHeight(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** The same memory as a plain Uint8Array: an engine may hand out a Buffer, whose `slice` does not copy. */
function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export class SqliteStore implements ChainStore {
  readonly engine: string;
  readonly #engine: SqlEngine;
  readonly #path: string;
  readonly #database: SqlDatabase;
  readonly #statements: Statements;
  readonly #meter: LogMeter;
  readonly #logFramesMax: number;
  #commits = 0;
  #open = true;
  /** Why nothing is written any more. */
  #stopped: string | undefined;

  constructor(engine: SqlEngine, path: string, database: SqlDatabase, logFramesMax: number) {
    this.engine = engine.name;
    this.#logFramesMax = logFramesMax;
    this.#engine = engine;
    this.#path = path;
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#meter = new LogMeter(`${path}-wal`, Number(readPragma(database, "page_size")));
  }

  /**
   * @throws StoreError `STORE_WRITE_INVALID`, `STORE_RUN_OVERLAP`, `STORE_CLOSED` (bugs; nothing is changed),
   * `STORE_STOPPED` (nothing is changed), `STORE_FULL`, `STORE_IO`, `STORE_CORRUPT`, `STORE_READ_ONLY`: the store has
   * stopped writing, and these writes may or may not be found after it is opened anew.
   */
  apply(writes: readonly ChainWrite[]): void {
    this.#assertOpen();
    checkWrites(writes);
    if (this.#stopped !== undefined) {
      throw new StoreError({ code: "STORE_STOPPED", path: this.#path, cause: this.#stopped });
    }
    if (writes.length === 0) return;
    this.#guard("file", () => {
      if (this.#meter.frames >= this.#logFramesMax) this.#copyLog();
      this.#transact(writes);
      this.#meter.read();
    });
    this.#commits += 1;
  }

  /** @throws StoreError `STORE_CORRUPT`, `STORE_IO`, `STORE_CLOSED`. */
  record(name: string): Uint8Array | undefined {
    this.#assertOpen();
    const place = `record ${name}`;
    const row = this.#guard(place, () => this.#statements.record.get(name));
    if (row === undefined) return undefined;
    const bytes = bytesOf(row.bytes);
    if (bytes === undefined) throw this.#corrupt(place, "SHAPE");
    if (recordSum(name, bytes) !== row.sum) throw this.#corrupt(place, "CHECKSUM");
    return bytes;
  }

  /** @throws StoreError `STORE_CORRUPT`, `STORE_IO`, `STORE_CLOSED`. */
  recordNames(prefix: string): string[] {
    this.#assertOpen();
    const rows = this.#guard("records", () => this.#statements.recordNames.all(prefix, prefix + AFTER_NAME_CHARACTERS));
    return rows.map((row) => String(row.name));
  }

  /** @throws StoreError `STORE_CORRUPT`, `STORE_IO`, `STORE_CLOSED`. */
  run(height: number): HeaderRun | undefined {
    this.#assertOpen();
    const row = this.#guard(`run ${height}`, () => this.#statements.run.get(height));
    if (row === undefined) return undefined;
    const span = this.#spanOf(row);
    if (span.start + span.count <= height) return undefined;
    const place = `run ${span.start}`;
    const bytes = bytesOf(row.bytes);
    if (bytes === undefined) throw this.#corrupt(place, "SHAPE");
    if (runSum(span, bytes) !== row.sum) throw this.#corrupt(place, "CHECKSUM");
    return { ...span, bytes };
  }

  /** Touches one page per run. @throws StoreError `STORE_CORRUPT`, `STORE_IO`, `STORE_CLOSED`. */
  spans(): RunSpan[] {
    this.#assertOpen();
    const rows = this.#guard("runs", () => this.#statements.spans.all());
    return rows.map((row) => this.#spanOf(row));
  }

  /**
   * `bytesWritten`: frames put into the log and pages copied from it into the database since the store was opened. Not
   * counted: opening and closing, the file system's own journal, and frames of a transaction that was taken back.
   */
  get usage(): StoreUsage {
    return {
      bytesWritten: this.#meter.bytes,
      bytesOnDisk: fileBytes(this.#path) + fileBytes(`${this.#path}-wal`),
      commits: this.#commits,
    };
  }

  /** Reads the whole file. Never throws on damage: it names it. @throws StoreError `STORE_CLOSED`. */
  check(): string[] {
    this.#assertOpen();
    const codes = new Set<string>();
    if (this.#stopped !== undefined) codes.add(this.#stopped);
    this.#note(codes, () => this.#checkFile(codes));
    this.#note(codes, () => this.#checkRuns(codes));
    this.#note(codes, () => {
      for (const name of this.recordNames("")) this.#note(codes, () => this.record(name));
    });
    return [...codes].sort();
  }

  /**
   * Copies the log into the database and closes both. The engine's own close would do the same, but keep quiet when it
   * fails. It does so anyway after a failure, and that is safe even after a failed fsync: every page is written again from
   * the log, whose frames were all synced when they were acknowledged, and the log is kept unless the whole copy is synced.
   *
   * @throws StoreError `STORE_IO`, `STORE_FULL`...; the store is closed all the same and nothing acknowledged is lost.
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

  #assertOpen(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: this.#path });
  }

  /** Runs an action of the engine; its errors end all writing, our own (a bad row, a bug of the caller) do not. */
  #guard<Result>(place: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      const problem = asStoreError(this.#engine, error, this.#path, place);
      if (problem !== error) this.#stopped ??= problem.code;
      throw problem;
    }
  }

  #corrupt(place: string, engineCode: string): StoreError {
    return new StoreError({ code: "STORE_CORRUPT", path: this.#path, place, engineCode });
  }

  #spanOf(row: SqlRow): RunSpan {
    const { start, count } = row;
    const status = STATUS_NAMES.get(row.status);
    const place = `run ${start}`;
    if (!isHeight(start) || !isHeight(count) || status === undefined) throw this.#corrupt(place, "SHAPE");
    const span = { start, count, status };
    if (spanSum(span) !== row.span_sum) throw this.#corrupt(place, "CHECKSUM");
    return span;
  }

  #copyLog(): void {
    const row = this.#statements.copyLog.get();
    if (row !== undefined && row.log === row.checkpointed) this.#meter.copied();
  }

  #transact(writes: readonly ChainWrite[]): void {
    const { begin, commit } = this.#statements;
    begin.run();
    try {
      for (const write of writes) this.#applyOne(write);
      commit.run();
    } catch (error) {
      this.#rollBack(error);
      throw error;
    }
  }

  /** The engine has already taken the transaction back after some of its errors; asking again then fails, which is fine. */
  #rollBack(cause: unknown): void {
    try {
      this.#statements.rollback.run();
    } catch (error) {
      if (cause instanceof StoreError) throw error;
    }
  }

  #applyOne(write: ChainWrite): void {
    switch (write.kind) {
      case "record":
        this.#statements.setRecord.run(write.name, recordSum(write.name, write.bytes), write.bytes);
        break;
      case "forget":
        this.#statements.forget.run(write.name);
        break;
      case "run":
        this.#putRun(write.run);
        break;
      case "prune":
        this.#statements.prune.run(write.below, write.below);
        break;
    }
  }

  #putRun(run: HeaderRun): void {
    const { start, count, status, bytes } = run;
    const end = start + count;
    // Runs never overlap, so only the one that reaches in from below and the last one inside can stick out.
    for (const height of [start - 1, end - 1]) {
      const other = this.#statements.lastStarting.get(height);
      if (other === undefined) continue;
      const otherStart = Number(other.start);
      const otherEnd = otherStart + Number(other.count);
      if (otherEnd > start && (otherStart < start || otherEnd > end)) {
        throw new StoreError({ code: "STORE_RUN_OVERLAP", start, count, otherStart });
      }
    }
    this.#statements.dropRuns.run(start, end - 1);
    this.#statements.addRun.run(start, count, STATUS_NUMBERS[status], spanSum(run), runSum(run, bytes), bytes);
  }

  #note(codes: Set<string>, action: () => void): void {
    try {
      action();
    } catch (error) {
      codes.add(asStoreError(this.#engine, error, this.#path, "file").code);
    }
  }

  #checkFile(codes: Set<string>): void {
    if (findNotDurable(this.#database) !== undefined) codes.add("STORE_NOT_DURABLE");
    if (readPragma(this.#database, "quick_check(1)") !== "ok") codes.add("STORE_CORRUPT");
  }

  #checkRuns(codes: Set<string>): void {
    let end = 0;
    for (const { start, count } of this.spans()) {
      if (start < end || count < 1) codes.add("STORE_RUN_OVERLAP");
      end = start + count;
      this.#note(codes, () => this.run(start));
    }
  }
}

export interface SqliteStoreOptions {
  readonly migrations?: readonly Migration[];
  /** Frames of one page each; the log is copied into the database by the first `apply` that finds it this long. */
  readonly logFramesMax?: number;
}

/** Options other than the defaults serve tests. @throws StoreError, see `openDatabase`. */
export function openSqliteStore(engine: SqlEngine, path: string, options: SqliteStoreOptions = {}): SqliteStore {
  const database = openDatabase(engine, path, options.migrations ?? STORE_MIGRATIONS);
  try {
    return new SqliteStore(engine, path, database, options.logFramesMax ?? LOG_FRAMES_MAX);
  } catch (error) {
    const problem = asStoreError(engine, error, path, "file");
    database.close();
    throw problem;
  }
}
