/**
 * Rows of one table of which only the newest stay. How many bytes there are is known in memory; on the disk nothing is
 * counted, so that keeping within the bound costs no page of its own. Pages of rows that went are used by what comes.
 */
import type { SqlDatabase, SqlStatement } from "../driver.js";
import type { DurableFile } from "./durableFile.js";
import { AGE_CHECK_MS, CLOCK_FLOOR_MS } from "./limits.js";
import { integerOf } from "./rows.js";

/** When there is too much, so much more goes than has to: not each row that comes then costs one that goes. */
const SPARE_DIVISOR = 64;

/** Where a ring stands, to go back to when its transaction fails. */
interface Standing {
  bytes: number;
  oldest: number | undefined;
  newest: number | undefined;
  /** When it was last looked for old rows. */
  checkedAt: number | undefined;
}

interface RingRow {
  readonly key: number;
  readonly size: number;
  readonly at: number;
}

export class SqliteRing {
  readonly #file: DurableFile;
  readonly #table: string;
  readonly #row: SqlStatement;
  readonly #drop: SqlStatement;
  #now: Standing;
  #before: Standing;

  /** Names are constants of ours: the table, its growing integer key, and the column with a row's time, ms. */
  constructor(file: DurableFile, database: SqlDatabase, table: string, key: string, at: string) {
    this.#file = file;
    this.#table = table;
    this.#row = database.prepare(
      `SELECT ${key} AS key, length(bytes) AS size, ${at} AS at FROM ${table} WHERE ${key} >= ? ORDER BY ${key} LIMIT 1`,
    );
    this.#drop = database.prepare(`DELETE FROM ${table} WHERE ${key} <= ?`);
    const all = database.prepare(
      `SELECT coalesce(sum(length(bytes)), 0) AS bytes, min(${key}) AS oldest, max(${key}) AS newest FROM ${table}`,
    );
    const sums = file.read(table, () => all.get());
    this.#now = {
      bytes: integerOf(sums?.bytes) ?? 0,
      oldest: integerOf(sums?.oldest),
      newest: integerOf(sums?.newest),
      checkedAt: undefined,
    };
    this.#before = this.#now;
  }

  get bytes(): number {
    return this.#now.bytes;
  }

  begin(): void {
    this.#before = { ...this.#now };
  }

  undo(): void {
    this.#now = this.#before;
  }

  /** A row with a higher key than all others was put in. */
  added(key: number, size: number): void {
    this.#now.bytes += size;
    this.#now.oldest ??= key;
    this.#now.newest = key;
  }

  /** The newest row always stays. */
  dropAbove(bytesMax: number): void {
    if (this.#now.bytes <= bytesMax) return;
    const target = bytesMax - Math.floor(bytesMax / SPARE_DIVISOR);
    let bytes = this.#now.bytes;
    this.#dropTo((row) => {
      if (bytes <= target) return "stop";
      bytes -= row.size;
      return "drop";
    });
  }

  /** Rows of a time before `limit`. Those of a clock that was not set go with the first later one that goes. */
  dropOlder(limit: number, now: number): void {
    const { checkedAt } = this.#now;
    if (checkedAt !== undefined && Math.abs(now - checkedAt) < AGE_CHECK_MS) return;
    this.#now.checkedAt = now;
    this.#dropTo((row) => (row.at >= limit ? "stop" : row.at < CLOCK_FLOOR_MS ? "pass" : "drop"));
  }

  /** Looks at rows from the oldest up and drops everything up to the last one that is to be dropped. */
  #dropTo(judge: (row: RingRow) => "drop" | "pass" | "stop"): void {
    let [dropped, last] = [0, -1];
    let passed = 0;
    for (let row = this.#rowFrom(this.#now.oldest ?? 0); row !== undefined; row = this.#rowFrom(row.key + 1)) {
      if (row.key === this.#now.newest) break;
      const verdict = judge(row);
      if (verdict === "stop") break;
      passed += row.size;
      if (verdict === "drop") [dropped, last] = [passed, row.key];
    }
    if (last < 0) return;
    this.#drop.run(last);
    this.#now.bytes -= dropped;
    this.#now.oldest = this.#rowFrom(last + 1)?.key;
  }

  #rowFrom(key: number): RingRow | undefined {
    const row = this.#row.get(key);
    if (row === undefined) return undefined;
    const [found, size, at] = [row.key, row.size, row.at].map(integerOf);
    if (found === undefined || size === undefined || at === undefined) return this.#file.damaged(this.#table, "SHAPE");
    return { key: found, size, at };
  }
}
