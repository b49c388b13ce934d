/** A gateway's store on disk, over either SQLite engine: one `apply` is one transaction and one sync. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Clock } from "../../base/clock.js";
import type { GatewayWrite } from "../../device/gateway/messages.js";
import type {
  GatewayContent,
  GatewayStore,
  GatewayUsage,
  OutboxEntry,
  StoredHead,
  StoredReceipt,
  TelemetryBlock,
  WhenFull,
  WrittenDay,
} from "../../device/gateway/store.js";
import { sumOf } from "../checksum.js";
import type { SqlDatabase, SqlEngine, SqlRow, SqlStatement } from "../driver.js";
import { asStoreError } from "../engineErrors.js";
import { type DatabaseSizes, openDatabase } from "../openDatabase.js";
import { loadEngine } from "../openStore.js";
import { DurableFile } from "./durableFile.js";
import {
  checkGatewayWrites,
  dayOf,
  GATEWAY_STORE_LIMITS,
  type GatewayStoreLimits,
  RECEIPTS_PER_READ_MAX,
  VALUE_BYTES_MAX,
  WRITTEN_DAYS_MAX,
  WRITTEN_FLUSH_MS,
} from "./limits.js";
import { bytesOf, integerBytes, integerIn, integerOf, itemSum, keyBytes, textOf } from "./rows.js";
import { BRIEF_KINDS, GATEWAY_MIGRATIONS, ITEM_KINDS, type ItemKind } from "./schema.js";
import { SqliteOutbox } from "./sqliteOutbox.js";
import { SqliteRing } from "./sqliteRing.js";

export const GATEWAY_FILE = "gateway.db";
/** Small pages: a commit changes one or two short rows, and writes a page for each place that changed. */
export const GATEWAY_SIZES: DatabaseSizes = { pageBytes: 1_024, cacheKib: 2_048 };
/** Frames of the log after which it is copied into the database: what changes often is copied once for all of them. */
export const GATEWAY_LOG_FRAMES_MAX = 4_000;

const DAY_MS = 86_400_000;

function prepareAll(database: SqlDatabase) {
  return {
    brief: prepareItems(database, "brief"),
    lasting: prepareItems(database, "lasting"),
    lastReceipt: database.prepare("SELECT max(sequence) AS sequence FROM receipt"),
    receipts: database.prepare(
      "SELECT receipt.sequence, hash, receipt.sum AS sum, receipt.bytes AS bytes, input.at, input.sum AS input_sum, " +
        "input.bytes AS inputs FROM receipt LEFT JOIN input ON input.sequence = receipt.sequence " +
        "WHERE receipt.sequence >= ? ORDER BY receipt.sequence LIMIT ?",
    ),
    addReceipt: database.prepare("INSERT INTO receipt (sequence, hash, sum, bytes) VALUES (?, ?, ?, ?)"),
    heads: database.prepare("SELECT sequence, sum, bytes FROM head WHERE sequence >= ? ORDER BY sequence LIMIT ?"),
    lastHead: database.prepare("SELECT max(sequence) AS sequence FROM head"),
    addHead: database.prepare("INSERT INTO head (sequence, sum, bytes) VALUES (?, ?, ?)"),
    addInput: database.prepare("INSERT INTO input (sequence, at, sum, bytes) VALUES (?, ?, ?, ?)"),
    addTelemetry: database.prepare(
      "INSERT INTO telemetry (id, from_ms, to_ms, readings, sum, bytes) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    telemetry: database.prepare(
      "SELECT id, from_ms, to_ms, readings, sum, bytes FROM telemetry WHERE id > ? AND to_ms >= ? AND from_ms <= ? " +
        "ORDER BY id LIMIT 1",
    ),
    firstTelemetry: database.prepare("SELECT min(id) AS id FROM telemetry WHERE to_ms >= ?"),
    lastTelemetry: database.prepare("SELECT max(id) AS id FROM telemetry"),
    days: database.prepare("SELECT day, bytes FROM written ORDER BY day"),
    setDay: database.prepare(
      "INSERT INTO written (day, bytes) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET bytes = excluded.bytes",
    ),
    dropDay: database.prepare("DELETE FROM written WHERE day = ?"),
  };
}

function prepareItems(database: SqlDatabase, table: "brief" | "lasting") {
  return {
    all: database.prepare(`SELECT key, sum, bytes FROM ${table} WHERE kind = ? ORDER BY key`),
    set: database.prepare(
      `INSERT INTO ${table} (kind, key, sum, bytes) VALUES (?, ?, ?, ?) ` +
        "ON CONFLICT (kind, key) DO UPDATE SET sum = excluded.sum, bytes = excluded.bytes",
    ),
    drop: database.prepare(`DELETE FROM ${table} WHERE kind = ? AND key = ?`),
  } satisfies Record<string, SqlStatement>;
}

export class SqliteGatewayStore implements GatewayStore {
  readonly place: string;
  readonly #file: DurableFile;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #clock: Clock;
  readonly #limits: GatewayStoreLimits;
  readonly #outbox: SqliteOutbox;
  readonly #receipts: SqliteRing;
  readonly #heads: SqliteRing;
  readonly #inputs: SqliteRing;
  readonly #telemetry: SqliteRing;
  readonly #days: Map<string, number>;
  #lastReceipt: { readonly sequence: number; readonly hash: Uint8Array } | undefined;
  #lastTelemetry: number;
  /** Bytes already put to a day's account. */
  #counted = 0;
  #daysKeptAt: number;

  constructor(file: DurableFile, database: SqlDatabase, clock: Clock, limits: GatewayStoreLimits) {
    this.place = file.path;
    this.#file = file;
    this.#clock = clock;
    this.#limits = limits;
    this.#statements = prepareAll(database);
    this.#outbox = new SqliteOutbox(file, database, limits);
    this.#receipts = new SqliteRing(file, database, "receipt", "sequence", "sequence");
    this.#heads = new SqliteRing(file, database, "head", "sequence", "sequence");
    this.#inputs = new SqliteRing(file, database, "input", "sequence", "at");
    this.#telemetry = new SqliteRing(file, database, "telemetry", "id", "to_ms");
    this.#days = new Map(file.read("days", () => this.#statements.days.all()).map(dayRow));
    this.#daysKeptAt = clock.now();
    this.#lastTelemetry = integerOf(file.read("telemetry", () => this.#statements.lastTelemetry.get())?.id) ?? 0;
    this.#lastReceipt = this.#readLastReceipt();
  }

  load(): GatewayContent {
    return {
      devices: this.#items("device").map(([key, bytes]) => [textOf(key), bytes]),
      shadows: this.#items("shadow").map(([key, bytes]) => [textOf(key), bytes]),
      commands: this.#items("command"),
      counters: new Map(this.#items("counter").map(([key, bytes]) => this.#counter(textOf(key), bytes))),
      ruleStates: this.#items("ruleState").map(([key, bytes]) => [textOf(key), bytes]),
      ...(this.#lastReceipt === undefined ? {} : { lastReceipt: this.#lastReceipt }),
    };
  }

  /** @throws StoreError `STORE_WRITE_INVALID` (a bug) where nothing is changed; as `DurableFile.transact` */
  apply(writes: readonly GatewayWrite[]): void {
    this.#file.assertWriting();
    checkGatewayWrites(writes, this.#lastReceipt?.sequence);
    if (writes.length === 0) return;
    const now = this.#clock.now();
    this.#transact(now, () => {
      for (const write of writes) this.#write(write, now);
      this.#prune(now);
    });
    for (const write of writes) {
      if (write.kind === "receipt") this.#lastReceipt = { sequence: write.sequence, hash: new Uint8Array(write.hash) };
    }
  }

  receipt(sequence: number): StoredReceipt | undefined {
    const [first] = this.receipts(sequence, 1);
    return first?.sequence === sequence ? first : undefined;
  }

  get signedTo(): number {
    return integerOf(this.#file.read("heads", () => this.#statements.lastHead.get())?.sequence) ?? 0;
  }

  heads(from: number, count: number): StoredHead[] {
    const rows = this.#file.read("heads", () =>
      this.#statements.heads.all(from, Math.min(count, RECEIPTS_PER_READ_MAX)),
    );
    return rows.map((row) => {
      const sequence = integerOf(row.sequence) ?? this.#file.damaged("heads", "SHAPE");
      const bytes = bytesOf(row.bytes);
      if (row.sum !== headSum(sequence, bytes)) this.#file.damaged(`head ${sequence}`, "CHECKSUM");
      return { sequence, bytes };
    });
  }

  receipts(from: number, count: number): StoredReceipt[] {
    const atMost = Math.min(count, RECEIPTS_PER_READ_MAX);
    const rows = this.#file.read("receipts", () => this.#statements.receipts.all(from, atMost));
    return rows.map((row) => this.#receiptOf(row));
  }

  *telemetry(from: number, to: number): Generator<TelemetryBlock> {
    const first = integerOf(this.#file.read("telemetry", () => this.#statements.firstTelemetry.get(from))?.id);
    if (first === undefined) return;
    for (let id = first - 1; ; ) {
      const row = this.#file.read("telemetry", () => this.#statements.telemetry.get(id, from, to));
      if (row === undefined) return;
      id = integerOf(row.id) ?? this.#file.damaged("telemetry", "SHAPE");
      yield this.#blockOf(id, row);
    }
  }

  outboxPut(name: string, bytes: Uint8Array): void {
    this.#outbox.check(name, bytes);
    this.#transact(this.#clock.now(), () => this.#outbox.put(name, bytes));
  }

  outboxAdd(name: string, bytes: Uint8Array, whenFull: WhenFull): boolean {
    this.#outbox.check(name, bytes);
    if (!this.#outbox.hasRoom(bytes, whenFull)) return false;
    this.#transact(this.#clock.now(), () => this.#outbox.add(name, bytes));
    return true;
  }

  outboxNext(after = 0): OutboxEntry | undefined {
    return this.#outbox.next(after);
  }

  outboxDone(sequence: number): void {
    this.#file.assertWriting();
    if (!this.#outbox.has(sequence)) return;
    this.#transact(this.#clock.now(), () => this.#outbox.done(sequence));
  }

  get usage(): GatewayUsage {
    return {
      bytesWritten: this.#file.bytesWritten,
      bytesOnDisk: this.#file.bytesOnDisk,
      commits: this.#file.commits,
      days: this.#writtenDays(),
      telemetryBytes: this.#telemetry.bytes,
      inputBytes: this.#inputs.bytes,
      receiptBytes: this.#receipts.bytes,
      outboxEntries: this.#outbox.entries,
      outboxDropped: this.#outbox.dropped,
    };
  }

  check(): string[] {
    this.#file.assertOpen();
    const codes = new Set<string>();
    this.#file.checkFile(codes);
    for (const kind of Object.keys(ITEM_KINDS)) this.#file.note(codes, () => this.#items(kind as ItemKind));
    this.#file.note(codes, () => {
      for (let from = 0; ; ) {
        const found = this.receipts(from, RECEIPTS_PER_READ_MAX);
        const last = found.at(-1)?.sequence;
        if (last === undefined) return;
        if (found.some(({ sequence }, i) => i > 0 && sequence !== (found[i - 1]?.sequence ?? 0) + 1)) {
          this.#file.damaged("receipts", "SHAPE");
        }
        from = last + 1;
      }
    });
    this.#file.note(codes, () => {
      for (let from = 0, found = this.heads(0, RECEIPTS_PER_READ_MAX); found.length > 0; ) {
        from = (found.at(-1)?.sequence ?? from) + 1;
        found = this.heads(from, RECEIPTS_PER_READ_MAX);
      }
    });
    this.#file.note(codes, () => {
      for (const _ of this.telemetry(0, Number.MAX_SAFE_INTEGER));
    });
    this.#file.note(codes, () => {
      for (let entry = this.#outbox.next(0); entry !== undefined; ) entry = this.#outbox.next(entry.sequence);
    });
    return [...codes].sort();
  }

  close(): void {
    if (!this.#file.isOpen) return;
    try {
      if (this.#file.stopped === undefined && this.#file.commits > 0) this.#file.transact(() => this.#keepDays());
    } finally {
      this.#file.close();
    }
  }

  /** A transaction that takes the day's count along when it is time to. */
  #transact(now: number, work: () => void): void {
    const daysDue = Math.abs(now - this.#daysKeptAt) >= WRITTEN_FLUSH_MS;
    const rings = [this.#receipts, this.#heads, this.#inputs, this.#telemetry];
    for (const ring of rings) ring.begin();
    try {
      this.#file.transact(() => {
        work();
        if (daysDue) this.#keepDays();
      });
    } catch (thrown) {
      for (const ring of rings) ring.undo();
      this.#outbox.undo();
      throw thrown;
    }
    if (daysDue) this.#daysKeptAt = now;
    this.#countDay(now);
  }

  #write(write: GatewayWrite, now: number): void {
    switch (write.kind) {
      case "device":
      case "shadow":
      case "command":
        this.#setItem(write.kind, write.id, write.bytes);
        break;
      case "deviceGone":
        this.#dropItem("device", write.id);
        this.#dropItem("shadow", write.id);
        break;
      case "commandGone":
        this.#dropItem("command", write.id);
        break;
      case "counter":
        this.#setItem("counter", write.name, integerBytes(write.value));
        break;
      case "ruleState":
        this.#setItem("ruleState", write.rule, write.bytes);
        break;
      case "telemetry":
        this.#addTelemetry(write);
        break;
      case "head":
        this.#statements.addHead.run(write.sequence, headSum(write.sequence, write.bytes), write.bytes);
        this.#heads.added(write.sequence, write.bytes.length);
        break;
      case "receipt":
        this.#addReceipt(write, now);
        break;
    }
  }

  #setItem(kind: ItemKind, key: string | Uint8Array, bytes: Uint8Array): void {
    const keyed = keyBytes(key);
    this.#itemsOf(kind).set.run(ITEM_KINDS[kind], keyed, itemSum(kind, keyed, bytes), bytes);
  }

  #dropItem(kind: ItemKind, key: string | Uint8Array): void {
    this.#itemsOf(kind).drop.run(ITEM_KINDS[kind], keyBytes(key));
  }

  #itemsOf(kind: ItemKind): ReturnType<typeof prepareItems> {
    return BRIEF_KINDS.has(kind) ? this.#statements.brief : this.#statements.lasting;
  }

  #addReceipt(write: GatewayWrite & { readonly kind: "receipt" }, now: number): void {
    const { sequence, hash, bytes, inputs } = write;
    this.#statements.addReceipt.run(sequence, hash, receiptSum(sequence, hash, bytes), bytes);
    this.#receipts.added(sequence, bytes.length);
    this.#statements.addInput.run(sequence, Math.max(0, now), sumOf(`input ${sequence} `, inputs), inputs);
    this.#inputs.added(sequence, inputs.length);
  }

  #addTelemetry({ from, to, readings, bytes }: GatewayWrite & { readonly kind: "telemetry" }): void {
    this.#lastTelemetry += 1;
    const id = this.#lastTelemetry;
    // A piece repeats itself: names of a few devices, values near each other. It takes a third on the flash.
    const packed = deflateRawSync(bytes);
    this.#statements.addTelemetry.run(id, from, to, readings, telemetrySum(id, from, to, readings, packed), packed);
    this.#telemetry.added(id, packed.length);
  }

  #prune(now: number): void {
    const limits = this.#limits;
    this.#receipts.dropAbove(limits.receiptBytes);
    this.#heads.dropAbove(limits.headBytes);
    this.#inputs.dropAbove(limits.disputeInputBytes);
    this.#inputs.dropOlder(now - limits.disputeWindowMs, now);
    this.#telemetry.dropAbove(limits.telemetryBytes);
    this.#telemetry.dropOlder(now - limits.telemetryDays * DAY_MS, now);
  }

  #items(kind: ItemKind): [key: Uint8Array, bytes: Uint8Array][] {
    const rows = this.#file.read(kind, () => this.#itemsOf(kind).all.all(ITEM_KINDS[kind]));
    return rows.map((row) => {
      const [key, bytes] = [bytesOf(row.key), bytesOf(row.bytes)];
      if (row.sum !== itemSum(kind, key, bytes)) this.#file.damaged(`${kind} ${placeName(kind, key)}`, "CHECKSUM");
      return [key, bytes];
    });
  }

  #counter(name: string, bytes: Uint8Array): [string, number] {
    return [name, integerIn(bytes) ?? this.#file.damaged(`counter ${name}`, "SHAPE")];
  }

  #receiptOf(row: SqlRow): StoredReceipt {
    const sequence = integerOf(row.sequence) ?? this.#file.damaged("receipts", "SHAPE");
    const [hash, bytes] = [bytesOf(row.hash), bytesOf(row.bytes)];
    if (row.sum !== receiptSum(sequence, hash, bytes)) this.#file.damaged(`receipt ${sequence}`, "CHECKSUM");
    if (row.inputs === null) return { sequence, hash, bytes };
    const inputs = bytesOf(row.inputs);
    if (row.input_sum !== sumOf(`input ${sequence} `, inputs)) this.#file.damaged(`input ${sequence}`, "CHECKSUM");
    return { sequence, hash, bytes, inputs };
  }

  #blockOf(id: number, row: SqlRow): TelemetryBlock {
    const [from, to, readings] = [row.from_ms, row.to_ms, row.readings].map(integerOf);
    const packed = bytesOf(row.bytes);
    const place = `telemetry ${id}`;
    if (from === undefined || to === undefined || readings === undefined) return this.#file.damaged(place, "SHAPE");
    if (row.sum !== telemetrySum(id, from, to, readings, packed)) this.#file.damaged(place, "CHECKSUM");
    const bytes = new Uint8Array(inflateRawSync(packed, { maxOutputLength: VALUE_BYTES_MAX }));
    return { from, to, readings, bytes };
  }

  #readLastReceipt(): { sequence: number; hash: Uint8Array } | undefined {
    const sequence = integerOf(this.#file.read("receipts", () => this.#statements.lastReceipt.get())?.sequence);
    if (sequence === undefined) return undefined;
    const { hash } = this.receipt(sequence) ?? this.#file.damaged(`receipt ${sequence}`, "SHAPE");
    return { sequence, hash };
  }

  /** What was written since the last time goes to the account of this day. */
  #countDay(now: number): void {
    const fresh = this.#file.bytesWritten - this.#counted;
    this.#counted += fresh;
    const day = dayOf(now);
    this.#days.set(day, (this.#days.get(day) ?? 0) + fresh);
  }

  #keepDays(): void {
    const days = this.#writtenDays();
    for (const { day } of days.slice(0, Math.max(0, days.length - WRITTEN_DAYS_MAX))) {
      this.#days.delete(day);
      this.#statements.dropDay.run(day);
    }
    // Two, because midnight may have passed since the last time.
    for (const { day, bytes } of days.slice(-2)) this.#statements.setDay.run(day, bytes);
  }

  #writtenDays(): WrittenDay[] {
    return [...this.#days].map(([day, bytes]) => ({ day, bytes })).sort((a, b) => (a.day < b.day ? -1 : 1));
  }
}

function dayRow(row: SqlRow): [string, number] {
  return [String(row.day), integerOf(row.bytes) ?? 0];
}

function headSum(sequence: number, bytes: Uint8Array): number {
  return sumOf(`head ${sequence} `, bytes);
}

function receiptSum(sequence: number, hash: Uint8Array, bytes: Uint8Array): number {
  return sumOf(`receipt ${sequence} ${sumOf("hash ", hash)} `, bytes);
}

function telemetrySum(id: number, from: number, to: number, readings: number, bytes: Uint8Array): number {
  return sumOf(`telemetry ${id} ${from} ${to} ${readings} `, bytes);
}

/** For people: ids of commands are bytes, all other keys are text. */
function placeName(kind: ItemKind, key: Uint8Array): string {
  return kind === "command" ? Buffer.from(key).toString("hex") : textOf(key);
}

export interface GatewayStoreOptions {
  readonly clock: Clock;
  /** Left out: the best at hand. */
  readonly engine?: SqlEngine;
  /** For tests. */
  readonly limits?: Partial<GatewayStoreLimits>;
  readonly logFramesMax?: number;
  readonly sizes?: DatabaseSizes;
}

/** @throws StoreError, see `openDatabase` */
export async function openSqliteGatewayStore(path: string, options: GatewayStoreOptions): Promise<SqliteGatewayStore> {
  const engine = options.engine ?? (await loadEngine());
  const database = openDatabase(engine, path, GATEWAY_MIGRATIONS, options.sizes ?? GATEWAY_SIZES);
  try {
    const file = new DurableFile(engine, path, database, options.logFramesMax ?? GATEWAY_LOG_FRAMES_MAX);
    const limits = { ...GATEWAY_STORE_LIMITS, ...options.limits };
    return new SqliteGatewayStore(file, database, options.clock, limits);
  } catch (thrown) {
    database.close();
    throw asStoreError(engine, thrown, path, "file");
  }
}
