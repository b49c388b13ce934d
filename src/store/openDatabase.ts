/**
 * Opens a database file the one way this project trusts: write-ahead log, every commit on the disk before it returns, one
 * process at a time, our own file in a known schema. Each of these is asked of the engine and read back.
 */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readPragma, type SqlDatabase, type SqlEngine } from "./driver.js";
import { asStoreError } from "./engineErrors.js";
import { StoreError } from "./problems.js";
import { type Migration, STORE_APPLICATION_ID } from "./schema.js";

/** One block of ext4 and f2fs; a larger page would be written in full for a single header. */
export const PAGE_BYTES = 4096;
/** Small against 1 GB of memory; the reads of a light client have little locality beyond the newest pages. */
export const CACHE_KIB = 2048;
/** How long a starting process waits, blocking, for its predecessor to let go of the file. */
export const LOCK_WAIT_MS = 1000;
/** The log file is cut back to this after a transaction that made it longer. */
export const LOG_FILE_BYTES_MAX = 8_388_608;

/** Smallest page of the file format; the engine takes a file of one byte for a new one. */
const PAGE_BYTES_MIN = 512;

/** What a database of another use than the light client's may need otherwise. */
export interface DatabaseSizes {
  /**
   * Power of two, 512..65536; taken when the file is made, later ones keep what they have. Left out: PAGE_BYTES. Smaller
   * ones serve many small rows written at random places: a commit writes a page for each of them.
   */
  readonly pageBytes?: number;
  /** Memory for pages. Left out: CACHE_KIB. */
  readonly cacheKib?: number;
}

const COPY_SUFFIX = ".before-v";

/**
 * locking_mode before anything is read: the log's index then lives in memory, without a shared-memory file.
 * fullfsync: on macOS an ordinary fsync leaves data in the drive's cache; elsewhere it means nothing.
 * No auto_vacuum: pruned pages are reused by what comes next, so the file stays at its high-water mark, while a vacuum
 * would write a pointer-map page with nearly every commit and move pages just to shrink a file that grows again.
 */
const settings = ({ pageBytes = PAGE_BYTES, cacheKib = CACHE_KIB }: DatabaseSizes): string[] => [
  `busy_timeout = ${LOCK_WAIT_MS}`,
  "locking_mode = EXCLUSIVE",
  `page_size = ${pageBytes}`,
  `cache_size = -${cacheKib}`,
  "synchronous = FULL",
  "fullfsync = ON",
  "checkpoint_fullfsync = ON",
  "mmap_size = 0",
  "temp_store = MEMORY",
  "trusted_schema = OFF",
  "cell_size_check = ON",
];

/** What must be read back; a build of the engine may have other defaults or ignore a setting. */
const DURABLE: readonly (readonly [setting: string, value: string])[] = [
  ["journal_mode", "wal"],
  ["synchronous", "2"],
  ["locking_mode", "exclusive"],
];

/** The first durability setting that is not as demanded. */
export function findNotDurable(database: SqlDatabase): { setting: string; found: string } | undefined {
  for (const [setting, value] of DURABLE) {
    const found = readPragma(database, setting);
    if (found !== value) return { setting, found };
  }
  return undefined;
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The engine would start a new database, and delete the log, where the old file was lost; people want to know first. */
function assertNotLost(path: string): void {
  const bytes = fileBytes(path);
  if (bytes >= PAGE_BYTES_MIN) return;
  if (bytes > 0) throw new StoreError({ code: "STORE_CORRUPT", path, place: "file", engineCode: "SHAPE" });
  const log = `${path}-wal`;
  if (fileBytes(log) > 0) throw new StoreError({ code: "STORE_LOST", path, remains: log });
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) {
    throw new StoreError({ code: "STORE_CANNOT_OPEN", path, engineCode: "ENOENT" });
  }
  const copy = readdirSync(folder).find((name) => name.startsWith(basename(path) + COPY_SUFFIX));
  if (copy !== undefined) throw new StoreError({ code: "STORE_LOST", path, remains: join(folder, copy) });
}

/** Before anything is changed in the file. */
function assertOurs(database: SqlDatabase, path: string, known: number): void {
  const applicationId = Number(readPragma(database, "application_id"));
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  if (applicationId !== STORE_APPLICATION_ID && (applicationId !== 0 || tables?.tables !== 0)) {
    throw new StoreError({ code: "STORE_FOREIGN_FILE", path, applicationId });
  }
  const found = Number(readPragma(database, "user_version"));
  if (found > known) throw new StoreError({ code: "STORE_SCHEMA_NEWER", path, found, known });
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A complete copy under its final name, or none: written aside, synced, renamed, folder synced. */
function copyBefore(database: SqlDatabase, path: string, version: number): void {
  const copy = `${path}${COPY_SUFFIX}${version}`;
  const unfinished = `${path}.unfinished-copy`;
  rmSync(unfinished, { force: true });
  database.prepare("VACUUM INTO ?").run(unfinished);
  syncPath(unfinished);
  renameSync(unfinished, copy);
  // Windows cannot open a folder; its file systems keep a rename in their journal.
  if (process.platform !== "win32") syncPath(dirname(path));
}

/** When a step fails, closing the database takes its open transaction back. */
function migrateOne(database: SqlDatabase, migration: Migration): void {
  database.exec("BEGIN IMMEDIATE");
  migration.migrate(database);
  database.exec(`PRAGMA application_id = ${STORE_APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${migration.version}`);
  database.exec("COMMIT");
}

function migrate(database: SqlDatabase, path: string, migrations: readonly Migration[]): void {
  const found = Number(readPragma(database, "user_version"));
  const missing = migrations.filter((migration) => migration.version > found);
  const [first] = missing;
  if (first === undefined) return;
  if (found > 0) copyBefore(database, path, first.version);
  for (const migration of missing) migrateOne(database, migration);
}

function setUp(database: SqlDatabase, path: string, migrations: readonly Migration[], sizes: DatabaseSizes): void {
  for (const setting of settings(sizes)) database.exec(`PRAGMA ${setting}`);
  assertOurs(database, path, migrations.at(-1)?.version ?? 0);
  readPragma(database, "journal_mode = WAL");
  const weak = findNotDurable(database);
  if (weak !== undefined) throw new StoreError({ code: "STORE_NOT_DURABLE", path, ...weak });
  // The store moves the log into the database itself: the engine's automatic way hides I/O errors and tries again.
  database.exec("PRAGMA wal_autocheckpoint = 0");
  database.exec(`PRAGMA journal_size_limit = ${LOG_FILE_BYTES_MAX}`);
  migrate(database, path, migrations);
  database.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

/**
 * @throws StoreError `STORE_LOST`, `STORE_CANNOT_OPEN`, `STORE_IN_USE`, `STORE_CORRUPT`, `STORE_FOREIGN_FILE`,
 * `STORE_SCHEMA_NEWER`, `STORE_NOT_DURABLE`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_IO`. The file is closed then.
 */
export function openDatabase(
  engine: SqlEngine,
  path: string,
  migrations: readonly Migration[],
  sizes: DatabaseSizes = {},
): SqlDatabase {
  let database: SqlDatabase | undefined;
  try {
    assertNotLost(path);
    database = engine.open(path);
    setUp(database, path, migrations, sizes);
    return database;
  } catch (error) {
    const problem = asStoreError(engine, error, path, "file");
    database?.close();
    throw problem;
  }
}
