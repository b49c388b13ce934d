/**
 * How much a gateway keeps, and how much one write may ask for. Both stores check the same before they touch anything;
 * going over a bound of a write is our own mistake, never a device's.
 */
import type { GatewayWrite } from "../../device/gateway/messages.js";
import { StoreError } from "../problems.js";

const DAY_MS = 86_400_000;

/** A device's own words never get that long: an id has 64, a rule's name fewer than this. */
export const KEY_BYTES_MAX = 512;
/** One record of a device, shadow, command, rule or outbox. */
export const VALUE_BYTES_MAX = 1_048_576;
export const GATEWAY_WRITES_MAX = 65_536;
/** Bounds the write-ahead log: a transaction lies in it as a whole. */
export const GATEWAY_APPLY_BYTES_MAX = 16_777_216;
export const HASH_BYTES = 32;

/** Inputs of receipts are kept for so long, or until there are so many bytes of them: whichever comes first. */
export const DISPUTE_WINDOW_MS = 30 * DAY_MS;
export const DISPUTE_INPUT_BYTES_MAX = 64 * 1_048_576;
/** Some hundred thousand signed heads: those of all receipts that are kept, at least. */
export const HEAD_BYTES_MAX = 32 * 1024 * 1024;
/** Some hundred thousand receipts; then the oldest go. */
export const RECEIPT_BYTES_MAX = 256 * 1_048_576;
/** Readings: so many bytes or days, whichever comes first. */
export const TELEMETRY_BYTES_MAX = 64 * 1_048_576;
export const TELEMETRY_DAYS_MAX = 30;
/** Named entries and ordered ones, each. */
export const OUTBOX_ENTRIES_MAX = 1_024;
/** Of all ordered ones together. */
export const OUTBOX_BYTES_MAX = 4 * 1_048_576;
/** Rows of the list of days. */
export const WRITTEN_DAYS_MAX = 400;
/** How long the day's count of bytes may wait for a write that happens anyway. */
export const WRITTEN_FLUSH_MS = 5 * 60_000;
/** How often it is looked for rows that are too old. */
export const AGE_CHECK_MS = 10 * 60_000;
/** More are asked for in several calls. */
export const RECEIPTS_PER_READ_MAX = 1_000;
/** No correct clock shows an earlier time: what was written by one that was not set is never too old, only too much. */
export const CLOCK_FLOOR_MS = Date.UTC(2026, 0, 1);

/** What tests make smaller. */
export interface GatewayStoreLimits {
  readonly disputeWindowMs: number;
  readonly disputeInputBytes: number;
  readonly receiptBytes: number;
  readonly headBytes: number;
  readonly telemetryBytes: number;
  readonly telemetryDays: number;
  readonly outboxEntries: number;
  readonly outboxBytes: number;
}

export const GATEWAY_STORE_LIMITS: GatewayStoreLimits = {
  disputeWindowMs: DISPUTE_WINDOW_MS,
  disputeInputBytes: DISPUTE_INPUT_BYTES_MAX,
  receiptBytes: RECEIPT_BYTES_MAX,
  headBytes: HEAD_BYTES_MAX,
  telemetryBytes: TELEMETRY_BYTES_MAX,
  telemetryDays: TELEMETRY_DAYS_MAX,
  outboxEntries: OUTBOX_ENTRIES_MAX,
  outboxBytes: OUTBOX_BYTES_MAX,
};

export function refuse(what: string, value: number, limit: number): never {
  throw new StoreError({ code: "STORE_WRITE_INVALID", what, value, limit });
}

function atMost(what: string, value: number, limit: number): void {
  if (value > limit) refuse(what, value, limit);
}

function checkInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) refuse(what, value, Number.MAX_SAFE_INTEGER);
}

/** Of a key as text or bytes: a text may take three bytes a character. */
function checkKey(key: string | Uint8Array): void {
  const length = typeof key === "string" ? key.length * 3 : key.length;
  atMost("key bytes", length, KEY_BYTES_MAX);
  if (key.length === 0) refuse("key bytes", 0, KEY_BYTES_MAX);
}

/** @throws StoreError `STORE_WRITE_INVALID` */
export function checkOutboxEntry(name: string, bytes: Uint8Array): void {
  checkKey(name);
  atMost("record bytes", bytes.length, VALUE_BYTES_MAX);
}

/**
 * Checks shape, size and the order of receipts of one `apply`.
 * @param last sequence of the last receipt, undefined before the first, which may have any.
 * @returns the payload bytes in all.
 * @throws StoreError `STORE_WRITE_INVALID` (a bug).
 */
export function checkGatewayWrites(writes: readonly GatewayWrite[], last: number | undefined): number {
  atMost("writes", writes.length, GATEWAY_WRITES_MAX);
  let sum = 0;
  let sequence = last;
  for (const write of writes) {
    if (write.kind === "receipt") {
      checkInteger("receipt sequence", write.sequence);
      const next = sequence === undefined ? write.sequence : sequence + 1;
      if (write.sequence !== next) refuse("receipt sequence", write.sequence, next);
      sequence = write.sequence;
    }
    sum += sizeOf(write);
  }
  atMost("bytes in one transaction", sum, GATEWAY_APPLY_BYTES_MAX);
  return sum;
}

function sizeOf(write: GatewayWrite): number {
  switch (write.kind) {
    case "counter":
      checkKey(write.name);
      checkInteger("counter", write.value);
      return 8;
    case "deviceGone":
    case "commandGone":
      checkKey(write.id);
      return 0;
    case "receipt":
      if (write.hash.length !== HASH_BYTES) refuse("receipt hash bytes", write.hash.length, HASH_BYTES);
      atMost("record bytes", Math.max(write.bytes.length, write.inputs.length), VALUE_BYTES_MAX);
      return write.bytes.length + write.inputs.length;
    case "head":
      checkInteger("head sequence", write.sequence);
      break;
    case "telemetry":
      for (const time of [write.from, write.to, write.readings]) checkInteger("telemetry", time);
      atMost("telemetry time", write.from, write.to);
      break;
    case "ruleState":
      checkKey(write.rule);
      break;
    default:
      checkKey(write.id);
  }
  atMost("record bytes", write.bytes.length, VALUE_BYTES_MAX);
  return write.bytes.length;
}

/** UTC. */
export function dayOf(now: number): string {
  return new Date(Math.max(0, now)).toISOString().slice(0, 10);
}
