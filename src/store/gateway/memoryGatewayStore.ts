/** A gateway's store in memory: the reference for what the port means, and the disk of simulated gateways. */
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
} from "../../device/gateway/store.js";
import { StoreError } from "../problems.js";
import {
  CLOCK_FLOOR_MS,
  checkGatewayWrites,
  checkOutboxEntry,
  dayOf,
  GATEWAY_STORE_LIMITS,
  type GatewayStoreLimits,
  RECEIPTS_PER_READ_MAX,
} from "./limits.js";

const PATH = "memory";
const DAY_MS = 86_400_000;

interface KeptInputs {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface KeptEntry extends OutboxEntry {
  readonly ordered: boolean;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

export class MemoryGatewayStore implements GatewayStore {
  readonly place = PATH;
  readonly #clock: Clock;
  readonly #limits: GatewayStoreLimits;
  readonly #devices = new Map<string, Uint8Array>();
  readonly #shadows = new Map<string, Uint8Array>();
  readonly #commands = new Map<string, readonly [Uint8Array, Uint8Array]>();
  readonly #counters = new Map<string, number>();
  readonly #ruleStates = new Map<string, Uint8Array>();
  /** Ascending, without gaps. */
  readonly #receipts = new Map<number, { readonly hash: Uint8Array; readonly bytes: Uint8Array }>();
  readonly #inputs = new Map<number, KeptInputs>();
  readonly #heads = new Map<number, { readonly bytes: Uint8Array }>();
  #telemetry: TelemetryBlock[] = [];
  #outbox: KeptEntry[] = [];
  readonly #days = new Map<string, number>();
  #lastReceipt: { readonly sequence: number; readonly hash: Uint8Array } | undefined;
  #outboxNext = 1;
  #outboxDropped = 0;
  #bytesWritten = 0;
  #commits = 0;
  #open = true;

  constructor(clock: Clock, limits: Partial<GatewayStoreLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...GATEWAY_STORE_LIMITS, ...limits };
  }

  load(): GatewayContent {
    this.#assertOpen();
    return {
      devices: sorted(this.#devices),
      shadows: sorted(this.#shadows),
      commands: [...this.#commands].sort(byKey).map(([, [id, bytes]]) => [copied(id), copied(bytes)]),
      counters: new Map(this.#counters),
      ruleStates: sorted(this.#ruleStates),
      ...(this.#lastReceipt === undefined ? {} : { lastReceipt: this.#lastReceipt }),
    };
  }

  apply(writes: readonly GatewayWrite[]): void {
    this.#assertOpen();
    const bytes = checkGatewayWrites(writes, this.#lastReceipt?.sequence);
    if (writes.length === 0) return;
    const now = this.#clock.now();
    for (const write of writes) this.#write(write, now);
    this.#prune(now);
    this.#count(bytes, now);
  }

  receipt(sequence: number): StoredReceipt | undefined {
    this.#assertOpen();
    const found = this.#receipts.get(sequence);
    if (found === undefined) return undefined;
    const inputs = this.#inputs.get(sequence);
    const receipt = { sequence, hash: copied(found.hash), bytes: copied(found.bytes) };
    return inputs === undefined ? receipt : { ...receipt, inputs: copied(inputs.bytes) };
  }

  get signedTo(): number {
    return [...this.#heads.keys()].at(-1) ?? 0;
  }

  heads(from: number, count: number): StoredHead[] {
    this.#assertOpen();
    const found = [...this.#heads].filter(([sequence]) => sequence >= from).slice(0, count);
    return found.map(([sequence, { bytes }]) => ({ sequence, bytes: copied(bytes) }));
  }

  receipts(from: number, count: number): StoredReceipt[] {
    this.#assertOpen();
    const found: StoredReceipt[] = [];
    for (const sequence of this.#receipts.keys()) {
      if (found.length >= Math.min(count, RECEIPTS_PER_READ_MAX)) break;
      const receipt = sequence < from ? undefined : this.receipt(sequence);
      if (receipt !== undefined) found.push(receipt);
    }
    return found;
  }

  *telemetry(from: number, to: number): Generator<TelemetryBlock> {
    this.#assertOpen();
    for (const block of [...this.#telemetry]) {
      if (block.to >= from && block.from <= to) yield { ...block, bytes: copied(block.bytes) };
    }
  }

  outboxPut(name: string, bytes: Uint8Array): void {
    this.#assertOpen();
    checkOutboxEntry(name, bytes);
    this.#outbox = this.#outbox.filter((entry) => entry.ordered || entry.name !== name);
    if (this.#waiting(false).length >= this.#limits.outboxEntries) this.#dropOldest(false);
    this.#insert(name, bytes, false);
  }

  outboxAdd(name: string, bytes: Uint8Array, whenFull: WhenFull): boolean {
    this.#assertOpen();
    checkOutboxEntry(name, bytes);
    if (whenFull === "refuse" && this.#isFull(bytes.length)) return false;
    while (this.#isFull(bytes.length) && this.#waiting(true).length > 0) this.#dropOldest(true);
    this.#insert(name, bytes, true);
    return true;
  }

  outboxNext(after = 0): OutboxEntry | undefined {
    this.#assertOpen();
    const entry = this.#outbox.find(({ sequence }) => sequence > after);
    return entry === undefined ? undefined : { sequence: entry.sequence, name: entry.name, bytes: copied(entry.bytes) };
  }

  outboxDone(sequence: number): void {
    this.#assertOpen();
    const kept = this.#outbox.filter((entry) => entry.sequence !== sequence);
    if (kept.length === this.#outbox.length) return;
    this.#outbox = kept;
    this.#count(0, this.#clock.now());
  }

  get usage(): GatewayUsage {
    return {
      bytesWritten: this.#bytesWritten,
      bytesOnDisk: 0,
      commits: this.#commits,
      days: [...this.#days].sort(byKey).map(([day, bytes]) => ({ day, bytes })),
      telemetryBytes: sizeOf(this.#telemetry),
      inputBytes: sizeOf(this.#inputs.values()),
      receiptBytes: sizeOf(this.#receipts.values()),
      outboxEntries: this.#outbox.length,
      outboxDropped: this.#outboxDropped,
    };
  }

  check(): string[] {
    this.#assertOpen();
    return [];
  }

  close(): void {
    this.#open = false;
  }

  #assertOpen(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: PATH });
  }

  #count(bytes: number, now: number): void {
    this.#bytesWritten += bytes;
    this.#commits += 1;
    const day = dayOf(now);
    this.#days.set(day, (this.#days.get(day) ?? 0) + bytes);
  }

  #write(write: GatewayWrite, now: number): void {
    switch (write.kind) {
      case "device":
        this.#devices.set(write.id, copied(write.bytes));
        return;
      case "deviceGone":
        this.#devices.delete(write.id);
        this.#shadows.delete(write.id);
        return;
      case "shadow":
        this.#shadows.set(write.id, copied(write.bytes));
        return;
      case "command":
        this.#commands.set(hex(write.id), [copied(write.id), copied(write.bytes)]);
        return;
      case "commandGone":
        this.#commands.delete(hex(write.id));
        return;
      case "counter":
        this.#counters.set(write.name, write.value);
        return;
      case "ruleState":
        this.#ruleStates.set(write.rule, copied(write.bytes));
        return;
      case "telemetry":
        this.#telemetry.push({
          from: write.from,
          to: write.to,
          readings: write.readings,
          bytes: copied(write.bytes),
        });
        return;
      case "head":
        this.#heads.set(write.sequence, { bytes: copied(write.bytes) });
        return;
      case "receipt":
        this.#receipts.set(write.sequence, { hash: copied(write.hash), bytes: copied(write.bytes) });
        this.#inputs.set(write.sequence, { at: Math.max(0, now), bytes: copied(write.inputs) });
        this.#lastReceipt = { sequence: write.sequence, hash: copied(write.hash) };
    }
  }

  #prune(now: number): void {
    const limits = this.#limits;
    while (sizeOf(this.#receipts.values()) > limits.receiptBytes && this.#receipts.size > 1) dropFirst(this.#receipts);
    while (sizeOf(this.#heads.values()) > limits.headBytes && this.#heads.size > 1) dropFirst(this.#heads);
    while (sizeOf(this.#inputs.values()) > limits.disputeInputBytes && this.#inputs.size > 1) dropFirst(this.#inputs);
    while (sizeOf(this.#telemetry) > limits.telemetryBytes && this.#telemetry.length > 1) this.#telemetry.shift();
    const inputs = [...this.#inputs].slice(0, -1);
    const old = countOld(inputs, ([, { at }]) => at, now - limits.disputeWindowMs);
    for (const [sequence] of inputs.slice(0, old)) this.#inputs.delete(sequence);
    const blocks = this.#telemetry.slice(0, -1);
    this.#telemetry.splice(
      0,
      countOld(blocks, ({ to }) => to, now - limits.telemetryDays * DAY_MS),
    );
  }

  #waiting(ordered: boolean): KeptEntry[] {
    return this.#outbox.filter((entry) => entry.ordered === ordered);
  }

  #isFull(more: number): boolean {
    const waiting = this.#waiting(true);
    return waiting.length >= this.#limits.outboxEntries || sizeOf(waiting) + more > this.#limits.outboxBytes;
  }

  #insert(name: string, bytes: Uint8Array, ordered: boolean): void {
    this.#outbox.push({ sequence: this.#outboxNext, name, bytes: copied(bytes), ordered });
    this.#outboxNext += 1;
    this.#count(bytes.length, this.#clock.now());
  }

  #dropOldest(ordered: boolean): void {
    this.#outbox.splice(
      this.#outbox.findIndex((entry) => entry.ordered === ordered),
      1,
    );
    this.#outboxDropped += 1;
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function sorted(map: ReadonlyMap<string, Uint8Array>): [string, Uint8Array][] {
  return [...map].sort(byKey).map(([key, bytes]) => [key, copied(bytes)]);
}

function sizeOf(rows: Iterable<{ readonly bytes: Uint8Array }>): number {
  let size = 0;
  for (const { bytes } of rows) size += bytes.length;
  return size;
}

function dropFirst(map: Map<number, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

/** How many rows from the first on go: up to the last that is too old; times of a clock that was not set say nothing. */
function countOld<T>(rows: readonly T[], at: (row: T) => number, limit: number): number {
  let count = 0;
  for (const [index, row] of rows.entries()) {
    if (at(row) >= limit) break;
    if (at(row) >= CLOCK_FLOOR_MS) count = index + 1;
  }
  return count;
}
