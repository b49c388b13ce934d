/**
 * The ledger on disk, over either SQLite engine. One block is one transaction, on the disk when `commit` returns.
 *
 * Headers, bodies, diffs and the proposal carry checksums, which find decay; a header is read and checked without its body.
 * Records carry none: the state tree knows the hash of every value, and the ledger compares (src/ledger/provenState.ts).
 */
import { crc32 } from "node:zlib";
import type {
  BlockWrite,
  LedgerCounts,
  LedgerStore,
  RecordDiff,
  StoredBody,
  StoredPlace,
  StoredProposal,
} from "../../ledger/store.js";
import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement } from "../driver.js";
import { asStoreError } from "../engineErrors.js";
import { type DatabaseSizes, openDatabase } from "../openDatabase.js";
import { loadEngine } from "../openStore.js";
import { StoreError } from "../problems.js";
import { assertNext } from "./order.js";
import { decodeBody, decodeDiffs, decodeProposal, encodeBody, encodeDiffs, encodeProposal, textOf } from "./rows.js";
import { LEDGER_MIGRATIONS } from "./schema.js";

export const LEDGER_FILE = "ledger.db";
/**
 * Small pages: a block changes many short records at random places, and writes a page for each. Memory for 128 MiB of them; a
 * light device's 2 MiB would make a participant read its disk for every call.
 */
export const LEDGER_SIZES: DatabaseSizes = { pageBytes: 1_024, cacheKib: 131_072 };
/** Commits after which the log is copied into the database. */
export const COMMITS_PER_LOG_COPY = 64;
/** A place is number * 2^20 + index in one integer. */
const PLACES_PER_BLOCK = 2 ** 20;
/** Its place in errors and in its checksum. */
const PROPOSAL = "proposal";
/** Records read in one go when all are asked for. */
const RECORDS_PER_READ = 4_096;

function prepareAll(database: SqlDatabase) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    copyLog: database.prepare("PRAGMA wal_checkpoint(PASSIVE)"),
    head: database.prepare("SELECT number FROM block ORDER BY number DESC LIMIT 1"),
    header: database.prepare("SELECT hash, transactions, failed, sum, header FROM block WHERE number = ?"),
    body: database.prepare("SELECT body_sum, body FROM block WHERE number = ?"),
    numberOf: database.prepare("SELECT number FROM block WHERE hash = ?"),
    place: database.prepare("SELECT place FROM place WHERE hash = ?"),
    record: database.prepare("SELECT value FROM record WHERE tab = ? AND key = ?"),
    // As a blob: node:sqlite ends a text where it holds a NUL, and keys are whatever a transaction says.
    records: database.prepare(
      "SELECT tab, CAST(key AS BLOB) AS key, value FROM record WHERE (tab, key) > (?, ?) ORDER BY tab, record.key LIMIT ?",
    ),
    diff: database.prepare("SELECT bytes, sum FROM diff WHERE number = ?"),
    mountain: database.prepare("SELECT node FROM mountain WHERE level = ? AND place = ?"),
    proposal: database.prepare("SELECT bytes, sum FROM proposal"),
    keepProposal: database.prepare(
      "INSERT INTO proposal (id, bytes, sum) VALUES (0, ?, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, sum = excluded.sum",
    ),
    addBlock: database.prepare(
      "INSERT INTO block (number, hash, transactions, failed, sum, header, body_sum, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    addPlace: database.prepare("INSERT INTO place (hash, place) VALUES (?, ?)"),
    setRecord: database.prepare("INSERT OR REPLACE INTO record (tab, key, value) VALUES (?, ?, ?)"),
    dropRecord: database.prepare("DELETE FROM record WHERE tab = ? AND key = ?"),
    addDiff: database.prepare("INSERT INTO diff (number, bytes, sum) VALUES (?, ?, ?)"),
    dropDiffs: database.prepare("DELETE FROM diff WHERE number < ?"),
    addMountain: database.prepare("INSERT INTO mountain (level, place, node) VALUES (?, ?, ?)"),
  } satisfies Record<string, SqlStatement>;
}

export class SqliteLedgerStore implements LedgerStore {
  readonly place: string;
  readonly #engine: SqlEngine;
  readonly #database: SqlDatabase;
  readonly #statements: ReturnType<typeof prepareAll>;
  #counts: LedgerCounts & { readonly head: number | undefined };
  #commits = 0;
  #open = true;
  /** Why nothing is written any more. */
  #stopped: string | undefined;

  constructor(engine: SqlEngine, path: string, database: SqlDatabase) {
    this.place = path;
    this.#engine = engine;
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#counts = this.#readCounts();
  }

  head(): number | undefined {
    return this.#counts.head;
  }

  counts(): LedgerCounts {
    const { transactions, failed } = this.#counts;
    return { transactions, failed };
  }

  header(number: number): Uint8Array | undefined {
    const row = this.#headerRow(number);
    return row === undefined ? undefined : bytesOf(row.header);
  }

  body(number: number): StoredBody | undefined {
    const place = `body ${number}`;
    const row = this.#read(place, () => this.#statements.body.get(number));
    if (row === undefined) return undefined;
    const bytes = bytesOf(row.body);
    if (row.body_sum !== crc32(bytes, crc32(place))) this.#damaged(place, "CHECKSUM");
    return decodeBody(bytes) ?? this.#damaged(place, "SHAPE");
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    return this.#read("block", () => integerOf(this.#statements.numberOf.get(blockHash)?.number));
  }

  placeOf(transactionHash: Uint8Array): StoredPlace | undefined {
    const row = this.#read("place", () => this.#statements.place.get(transactionHash));
    if (row === undefined) return undefined;
    const place = integerOf(row.place) ?? this.#damaged("place", "SHAPE");
    return { number: Math.floor(place / PLACES_PER_BLOCK), index: place % PLACES_PER_BLOCK };
  }

  record(table: string, key: string): Uint8Array | undefined {
    const row = this.#read(`record ${table}`, () => this.#statements.record.get(table, key));
    return row === undefined ? undefined : bytesOf(row.value);
  }

  *records(): Iterable<{ readonly table: string; readonly key: string; readonly value: Uint8Array }> {
    let [table, key] = ["", ""];
    for (;;) {
      const rows = this.#read("record", () => this.#statements.records.all(table, key, RECORDS_PER_READ));
      for (const row of rows) {
        [table, key] = [String(row.tab), textOf(bytesOf(row.key))];
        yield { table, key, value: bytesOf(row.value) };
      }
      if (rows.length < RECORDS_PER_READ) return;
    }
  }

  diffs(number: number): readonly RecordDiff[] | undefined {
    const place = `diff ${number}`;
    const row = this.#read(place, () => this.#statements.diff.get(number));
    if (row === undefined) return undefined;
    const bytes = bytesOf(row.bytes);
    if (row.sum !== crc32(bytes, crc32(place))) this.#damaged(place, "CHECKSUM");
    return decodeDiffs(bytes) ?? this.#damaged(place, "SHAPE");
  }

  mountainNode(level: number, index: number): Uint8Array | undefined {
    const row = this.#read("mountain", () => this.#statements.mountain.get(level, index));
    return row === undefined ? undefined : bytesOf(row.node);
  }

  proposal(): StoredProposal | undefined {
    const row = this.#read(PROPOSAL, () => this.#statements.proposal.get());
    if (row === undefined) return undefined;
    const bytes = bytesOf(row.bytes);
    if (row.sum !== crc32(bytes, crc32(PROPOSAL))) this.#damaged(PROPOSAL, "CHECKSUM");
    return decodeProposal(bytes) ?? this.#damaged(PROPOSAL, "SHAPE");
  }

  /** @throws StoreError as `commit` */
  keepProposal(proposal: StoredProposal): void {
    this.#assertWriting();
    const bytes = encodeProposal(proposal);
    this.#written(PROPOSAL, () => this.#statements.keepProposal.run(bytes, crc32(bytes, crc32(PROPOSAL))));
  }

  /**
   * @throws StoreError `STORE_WRITE_INVALID`, `STORE_CLOSED` (bugs), `STORE_STOPPED`: nothing is changed. `STORE_FULL`,
   * `STORE_IO`, `STORE_CORRUPT`, `STORE_READ_ONLY`: the store has stopped writing, and the block may or may not be found
   * after it is opened anew.
   */
  commit(block: BlockWrite): void {
    const { head, transactions, failed } = this.#counts;
    this.#assertWriting();
    assertNext(block.number, head);
    const counts = {
      head: block.number,
      transactions: transactions + block.transactions.length,
      failed: failed + block.failed,
    };
    this.#written(`block ${block.number}`, () => this.#transact(block, counts));
    this.#counts = counts;
    this.#commits += 1;
    if (this.#commits % COMMITS_PER_LOG_COPY === 0) this.#copyLog();
  }

  /**
   * The engine's own close copies the log too, but keeps quiet when it fails.
   * @throws StoreError `STORE_IO`, `STORE_FULL`...; the store is closed all the same, and nothing committed is lost.
   */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (this.#stopped === undefined) this.#written("file", () => this.#statements.copyLog.get());
    } finally {
      this.#written("file", () => this.#database.close());
    }
  }

  #assertWriting(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: this.place });
    if (this.#stopped === undefined) return;
    throw new StoreError({ code: "STORE_STOPPED", path: this.place, cause: this.#stopped });
  }

  /** A failed fsync is never repeated: the second one would report success for pages that were dropped. */
  #written(place: string, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      const error = asStoreError(this.#engine, thrown, this.place, place);
      this.#stopped = error.code;
      throw error;
    }
  }

  /** The block that was just committed is safe in the log, so a failure is the next one's. */
  #copyLog(): void {
    try {
      this.#written("file", () => this.#statements.copyLog.get());
    } catch {
      // `#stopped` tells whoever writes next.
    }
  }

  #transact(block: BlockWrite, counts: LedgerCounts): void {
    this.#statements.begin.run();
    try {
      this.#write(block, counts);
      this.#statements.commit.run();
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  #write(block: BlockWrite, counts: LedgerCounts): void {
    const s = this.#statements;
    const { number, hash, header } = block;
    const body = encodeBody(block);
    const bodySum = crc32(body, crc32(`body ${number}`));
    const { transactions, failed } = counts;
    const sum = headerSum({ number, transactions, failed, hash, header });
    s.addBlock.run(number, hash, transactions, failed, sum, header, bodySum, body);
    block.transactionHashes.forEach((transaction, index) => {
      s.addPlace.run(transaction, number * PLACES_PER_BLOCK + index);
    });
    for (const { table, key, after } of block.diffs) {
      if (after === undefined) s.dropRecord.run(table, key);
      else s.setRecord.run(table, key, after);
    }
    const diffs = encodeDiffs(block.diffs);
    s.addDiff.run(number, diffs, crc32(diffs, crc32(`diff ${number}`)));
    s.dropDiffs.run(block.diffsFrom);
    for (const { level, index, node } of block.mountainNodes) s.addMountain.run(level, index, node);
  }

  #rollBack(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // The engine has taken the transaction back already; the error that led here says more.
    }
  }

  #headerRow(number: number): SqlRow | undefined {
    const place = `block ${number}`;
    const row = this.#read(place, () => this.#statements.header.get(number));
    if (row === undefined) return undefined;
    const [hash, header] = [bytesOf(row.hash), bytesOf(row.header)];
    const sum = headerSum({ number, ...countsOf(row), hash, header });
    return row.sum === sum ? row : this.#damaged(place, "CHECKSUM");
  }

  #readCounts(): LedgerCounts & { readonly head: number | undefined } {
    const newest = this.#read("block", () => this.#statements.head.get());
    if (newest === undefined) return { head: undefined, transactions: 0, failed: 0 };
    const head = integerOf(newest.number) ?? this.#damaged("block", "SHAPE");
    const row = this.#headerRow(head) ?? this.#damaged(`block ${head}`, "SHAPE");
    return { head, ...countsOf(row) };
  }

  #read<T>(place: string, work: () => T): T {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: this.place });
    try {
      return work();
    } catch (thrown) {
      throw asStoreError(this.#engine, thrown, this.place, place);
    }
  }

  #damaged(place: string, engineCode: string): never {
    throw new StoreError({ code: "STORE_CORRUPT", path: this.place, place, engineCode });
  }
}

interface SummedHeader extends LedgerCounts {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
}

function headerSum({ number, transactions, failed, hash, header }: SummedHeader): number {
  return crc32(header, crc32(hash, crc32(`block ${number} ${transactions} ${failed}`)));
}

function countsOf(row: SqlRow): LedgerCounts {
  return { transactions: integerOf(row.transactions) ?? 0, failed: integerOf(row.failed) ?? 0 };
}

/** Engines may hand out Buffers, whose `slice` shares memory. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.length) : new Uint8Array(0);
}

function integerOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** @throws StoreError */
export async function openSqliteLedgerStore(path: string, loaded?: SqlEngine): Promise<SqliteLedgerStore> {
  const engine = loaded ?? (await loadEngine());
  const database = openDatabase(engine, path, LEDGER_MIGRATIONS, LEDGER_SIZES);
  try {
    return new SqliteLedgerStore(engine, path, database);
  } catch (thrown) {
    database.close();
    throw asStoreError(engine, thrown, path, "file");
  }
}
