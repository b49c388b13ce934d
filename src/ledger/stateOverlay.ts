/**
 * Changes on top of a state that is not touched: written by transactions, taken back to any checkpoint, and handed out as
 * the changes of a block.
 *
 * Amounts are 32-byte unsigned integers, big-endian. An addition to one is kept as an addition until somebody reads it, so
 * payments to one busy account do not depend on each other.
 */
import { equalBytes, fromHex, toHex, utf8Bytes } from "../base/bytes.js";
import { LedgerError } from "./problems.js";
import {
  KEY_BYTES_MAX,
  type RecordChange,
  type StateReader,
  TABLE_CHARACTERS_MAX,
  VALUE_BYTES_MAX,
} from "./records.js";
import type { RecordDiff } from "./store.js";

const TABLE = /^[\x21-\x7e]+$/;
const AMOUNT_BYTES = 32;
const AMOUNT_MAX = 2n ** 256n - 1n;

/** `delta` is an amount to be added to the state below. */
type Entry = { readonly value: Uint8Array | undefined } | { readonly delta: bigint };

interface Undo {
  readonly table: string;
  readonly key: string;
  readonly entry: Entry | undefined;
}

export class StateOverlay implements StateReader {
  readonly #below: StateReader;
  readonly #tables = new Map<string, Map<string, Entry>>();
  readonly #undo: Undo[] = [];
  #reads = 0;

  constructor(below: StateReader) {
    this.#below = below;
  }

  /** Records read since the beginning, whether they were there or not: what they cost is the engine's business. */
  get reads(): number {
    return this.#reads;
  }

  get(table: string, key: string): Uint8Array | undefined {
    this.#reads++;
    const entry = this.#tables.get(table)?.get(key);
    if (entry === undefined) return this.#below.get(table, key);
    if ("value" in entry) return entry.value;
    return encodeAmount(decodeAmount(this.#below.get(table, key)) + entry.delta);
  }

  /** @throws LedgerError where name or value pass a limit. */
  set(table: string, key: string, value: Uint8Array): void {
    if (value.length > VALUE_BYTES_MAX) {
      throw new LedgerError({ code: "LEDGER_RECORD_VALUE", table, length: value.length, max: VALUE_BYTES_MAX });
    }
    this.#put(table, key, { value });
  }

  delete(table: string, key: string): void {
    this.#put(table, key, { value: undefined });
  }

  /** 0 where there is no record. */
  amount(table: string, key: string): bigint {
    return decodeAmount(this.get(table, key));
  }

  setAmount(table: string, key: string, amount: bigint): void {
    if (amount < 0n || amount > AMOUNT_MAX) throw new LedgerError({ code: "LEDGER_AMOUNT_RANGE", table, key });
    this.#put(table, key, { value: encodeAmount(amount) });
  }

  /** Adds without looking: the owner of the table bounds the sum of all its amounts below 2^256. */
  addAmount(table: string, key: string, delta: bigint): void {
    if (delta < 0n || delta > AMOUNT_MAX) throw new LedgerError({ code: "LEDGER_AMOUNT_RANGE", table, key });
    const entry = this.#tables.get(table)?.get(key);
    if (entry === undefined) this.#put(table, key, { delta });
    else if ("delta" in entry) this.#put(table, key, { delta: entry.delta + delta });
    else this.#put(table, key, { value: encodeAmount(decodeAmount(entry.value) + delta) });
  }

  /** A place to come back to. */
  checkpoint(): number {
    return this.#undo.length;
  }

  /** Takes back everything since a checkpoint. */
  revert(checkpoint: number): void {
    while (this.#undo.length > checkpoint) {
      const { table, key, entry } = this.#undo.pop() as Undo;
      const entries = this.#tables.get(table);
      if (entry === undefined) entries?.delete(key);
      else entries?.set(key, entry);
    }
  }

  /** Everything that is different from the state below, each record once. */
  changes(): RecordChange[] {
    return this.diffs().map(({ table, key, after }) => ({ table, key, value: after }));
  }

  /** The same, with what was there before. */
  diffs(): RecordDiff[] {
    const diffs: RecordDiff[] = [];
    for (const [table, entries] of this.#tables) {
      for (const key of entries.keys()) {
        const after = this.get(table, key);
        const before = this.#below.get(table, key);
        const same = after === undefined ? before === undefined : before !== undefined && equalBytes(after, before);
        if (!same) diffs.push({ table, key, before, after });
      }
    }
    return diffs;
  }

  #put(table: string, key: string, entry: Entry): void {
    let entries = this.#tables.get(table);
    if (entries === undefined) {
      if (table.length > TABLE_CHARACTERS_MAX || !TABLE.test(table)) {
        throw new LedgerError({ code: "LEDGER_RECORD_TABLE", table });
      }
      entries = new Map();
      this.#tables.set(table, entries);
    }
    // A UTF-16 unit is three bytes at most, so short keys need no counting.
    const length = 3 * key.length <= KEY_BYTES_MAX ? 0 : utf8Bytes(key).length;
    if (length > KEY_BYTES_MAX) throw new LedgerError({ code: "LEDGER_RECORD_KEY", table, length, max: KEY_BYTES_MAX });
    this.#undo.push({ table, key, entry: entries.get(key) });
    entries.set(key, entry);
  }
}

function decodeAmount(bytes: Uint8Array | undefined): bigint {
  return bytes === undefined || bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

function encodeAmount(amount: bigint): Uint8Array {
  return fromHex(amount.toString(16).padStart(2 * AMOUNT_BYTES, "0"));
}
