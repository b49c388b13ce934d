/**
 * What is to be sent and must not be forgotten: named entries of which only the newest counts, and ordered ones, in one
 * order. How many there are is known in memory.
 */
import type { OutboxEntry, WhenFull } from "../../device/gateway/store.js";
import { sumOf } from "../checksum.js";
import type { SqlDatabase, SqlStatement } from "../driver.js";
import type { DurableFile } from "./durableFile.js";
import { checkOutboxEntry, type GatewayStoreLimits } from "./limits.js";
import { bytesOf, integerOf, keyBytes, textOf } from "./rows.js";

const DROPPED = "outbox dropped";

interface Waiting {
  readonly name: string;
  readonly ordered: boolean;
  readonly size: number;
}

interface Standing {
  /** By sequence, ascending. */
  readonly waiting: Map<number, Waiting>;
  orderedBytes: number;
  next: number;
  dropped: number;
}

export class SqliteOutbox {
  readonly #file: DurableFile;
  readonly #limits: GatewayStoreLimits;
  readonly #statements: ReturnType<typeof prepareAll>;
  #now: Standing;

  constructor(file: DurableFile, database: SqlDatabase, limits: GatewayStoreLimits) {
    this.#file = file;
    this.#limits = limits;
    this.#statements = prepareAll(database);
    this.#now = this.#read();
  }

  get entries(): number {
    return this.#now.waiting.size;
  }

  get dropped(): number {
    return this.#now.dropped;
  }

  has(sequence: number): boolean {
    return this.#now.waiting.has(sequence);
  }

  /** After a transaction that was taken back: what the disk has. */
  undo(): void {
    this.#now = this.#read();
  }

  /** @throws StoreError `STORE_WRITE_INVALID` (a bug), `STORE_CLOSED`, `STORE_STOPPED` */
  check(name: string, bytes: Uint8Array): void {
    this.#file.assertWriting();
    checkOutboxEntry(name, bytes);
  }

  put(name: string, bytes: Uint8Array): void {
    for (const [sequence, each] of this.#now.waiting) {
      if (!each.ordered && each.name === name) this.#drop(sequence);
    }
    if (this.#count(false) >= this.#limits.outboxEntries) this.#dropOldest(false);
    this.#insert(name, bytes, false);
  }

  hasRoom(bytes: Uint8Array, whenFull: WhenFull): boolean {
    if (whenFull === "drop-oldest") return true;
    return !this.#isFull(bytes.length);
  }

  add(name: string, bytes: Uint8Array): void {
    while (this.#isFull(bytes.length) && this.#count(true) > 0) this.#dropOldest(true);
    this.#insert(name, bytes, true);
  }

  done(sequence: number): void {
    this.#drop(sequence);
  }

  next(after: number): OutboxEntry | undefined {
    const row = this.#file.read("outbox", () => this.#statements.next.get(after));
    if (row === undefined) return undefined;
    const sequence = integerOf(row.sequence) ?? this.#file.damaged("outbox", "SHAPE");
    const [name, bytes] = [bytesOf(row.name), bytesOf(row.bytes)];
    if (row.sum !== entrySum(sequence, name, bytes)) this.#file.damaged(`outbox ${sequence}`, "CHECKSUM");
    return { sequence, name: textOf(name), bytes };
  }

  #isFull(more: number): boolean {
    if (this.#count(true) >= this.#limits.outboxEntries) return true;
    return this.#now.orderedBytes + more > this.#limits.outboxBytes;
  }

  #count(ordered: boolean): number {
    let count = 0;
    for (const each of this.#now.waiting.values()) if (each.ordered === ordered) count += 1;
    return count;
  }

  #insert(name: string, bytes: Uint8Array, ordered: boolean): void {
    const sequence = this.#now.next;
    const key = keyBytes(name);
    this.#statements.add.run(sequence, key, ordered ? 1 : 0, entrySum(sequence, key, bytes), bytes);
    this.#now.next += 1;
    this.#now.waiting.set(sequence, { name, ordered, size: bytes.length });
    if (ordered) this.#now.orderedBytes += bytes.length;
  }

  #dropOldest(ordered: boolean): void {
    for (const [sequence, each] of this.#now.waiting) {
      if (each.ordered !== ordered) continue;
      this.#drop(sequence);
      this.#now.dropped += 1;
      this.#statements.setTally.run(DROPPED, this.#now.dropped);
      return;
    }
  }

  #drop(sequence: number): void {
    const entry = this.#now.waiting.get(sequence);
    if (entry === undefined) return;
    this.#statements.drop.run(sequence);
    this.#now.waiting.delete(sequence);
    if (entry.ordered) this.#now.orderedBytes -= entry.size;
  }

  #read(): Standing {
    const rows = this.#file.read("outbox", () => this.#statements.all.all());
    const tally = this.#file.read("tally", () => this.#statements.tally.get(DROPPED));
    const waiting = new Map<number, Waiting>();
    let orderedBytes = 0;
    let next = 1;
    for (const row of rows) {
      const [sequence, size] = [integerOf(row.sequence), integerOf(row.size)];
      if (sequence === undefined || size === undefined) return this.#file.damaged("outbox", "SHAPE");
      const ordered = row.ordered === 1;
      waiting.set(sequence, { name: textOf(bytesOf(row.name)), ordered, size });
      if (ordered) orderedBytes += size;
      next = sequence + 1;
    }
    return { waiting, orderedBytes, next, dropped: integerOf(tally?.value) ?? 0 };
  }
}

function prepareAll(database: SqlDatabase) {
  return {
    all: database.prepare("SELECT sequence, name, ordered, length(bytes) AS size FROM outbox ORDER BY sequence"),
    next: database.prepare(
      "SELECT sequence, name, sum, bytes FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT 1",
    ),
    add: database.prepare("INSERT INTO outbox (sequence, name, ordered, sum, bytes) VALUES (?, ?, ?, ?, ?)"),
    drop: database.prepare("DELETE FROM outbox WHERE sequence = ?"),
    tally: database.prepare("SELECT value FROM tally WHERE name = ?"),
    setTally: database.prepare(
      "INSERT INTO tally (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ),
  } satisfies Record<string, SqlStatement>;
}

function entrySum(sequence: number, name: Uint8Array, bytes: Uint8Array): number {
  return sumOf(`outbox ${sequence} ${sumOf("name ", name)} ${bytes.length} `, bytes);
}
