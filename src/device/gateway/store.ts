/** Where a gateway keeps what a crash must not take: the port, implemented on SQLite and in memory. */
import type { Millis } from "../../base/clock.js";
import type { DeviceId } from "../device.js";
import type { GatewayWrite } from "./messages.js";

/** Everything a gateway starts from. Bytes are as they were written; nobody else changes them. */
export interface GatewayContent {
  readonly devices: readonly (readonly [id: DeviceId, bytes: Uint8Array])[];
  readonly shadows: readonly (readonly [id: DeviceId, bytes: Uint8Array])[];
  readonly commands: readonly (readonly [id: Uint8Array, bytes: Uint8Array])[];
  readonly counters: ReadonlyMap<string, number>;
  readonly ruleStates: readonly (readonly [rule: string, bytes: Uint8Array])[];
  /** Absent: no receipt was ever written. */
  readonly lastReceipt?: { readonly sequence: number; readonly hash: Uint8Array };
}

export interface StoredReceipt {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  /** Absent: the time for disputes is over, or there were too many. */
  readonly inputs?: Uint8Array;
}

export interface StoredHead {
  /** Of the last receipt of its batch. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What one `telemetry` write brought. */
export interface TelemetryBlock {
  readonly from: Millis;
  readonly to: Millis;
  readonly readings: number;
  readonly bytes: Uint8Array;
}

export interface OutboxEntry {
  /** Grows; names the entry for `outboxDone`. */
  readonly sequence: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** May the oldest ordered entries make room for a new one, or is the new one refused? */
export type WhenFull = "drop-oldest" | "refuse";

export interface GatewayUsage {
  /** Bytes handed to the disk since the store was opened, overhead of pages and log included where the engine tells. */
  readonly bytesWritten: number;
  /** 0 in memory. */
  readonly bytesOnDisk: number;
  readonly commits: number;
  /** Of the newest days on which the gateway ran, ascending; a crash takes at most some minutes of them. */
  readonly days: readonly WrittenDay[];
  readonly telemetryBytes: number;
  readonly inputBytes: number;
  readonly receiptBytes: number;
  readonly outboxEntries: number;
  /** Ordered and named entries that had to make room before they were sent, since the file was made. */
  readonly outboxDropped: number;
}

export interface WrittenDay {
  /** UTC, `2026-11-22`. */
  readonly day: string;
  readonly bytes: number;
}

/**
 * Every call may throw a StoreError; damage is named, never returned. Whatever returns from a call that writes is on the
 * disk.
 */
export interface GatewayStore {
  /** For people: the file. */
  readonly place: string;
  load(): GatewayContent;
  /** All or nothing. A receipt that does not follow the last one is refused, and everything with it. */
  apply(writes: readonly GatewayWrite[]): void;
  receipt(sequence: number): StoredReceipt | undefined;
  /** Ascending from `from`, at most `count`. Oldest ones may be gone; what is there has no gaps. */
  receipts(from: number, count: number): StoredReceipt[];
  /** Signed heads whose batch ends at receipt `from` or later, ascending, at most `count`. */
  heads(from: number, count: number): StoredHead[];
  /** Sequence of the last receipt under a signed head; 0: none. */
  readonly signedTo: number;
  /** Blocks that touch this time, oldest first as they were written. Read piece by piece. */
  telemetry(from: Millis, to: Millis): Iterable<TelemetryBlock>;
  /** Replaces the entry of this name, which then goes to the end. Too many names: the oldest makes room and is counted. */
  outboxPut(name: string, bytes: Uint8Array): void;
  /** Behind everything else; never replaced. False: refused because it is full of entries that may not be dropped. */
  outboxAdd(name: string, bytes: Uint8Array, whenFull: WhenFull): boolean;
  /** The oldest, and after `sequence` where one is given. */
  outboxNext(after?: number): OutboxEntry | undefined;
  /** It has arrived. Nothing happens where it was replaced in the meantime. */
  outboxDone(sequence: number): void;
  readonly usage: GatewayUsage;
  /** Full check of the file and of every checksum; the codes of what is wrong, empty when sound. */
  check(): string[];
  close(): void;
}
