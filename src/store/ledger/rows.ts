/**
 * Bytes inside the rows of the ledger's database.
 *
 *     list      u32 count, then for each entry u32 length and its bytes
 *     body      list of transactions, list of senders, list of receipts; all of one length
 *     diffs     list of (table, key, before, after); before and after begin with 1 where there is a value, else are one 0
 *     proposal  list of (u64 number, f64 timestamp, u32 sealer), list of transactions, list of senders; the last two of
 *               one length
 */
import { utf8Bytes } from "../../base/bytes.js";
import type { RecordDiff, StoredBody, StoredProposal } from "../../ledger/store.js";

const LENGTH_BYTES = 4;
const PROPOSAL_FIELDS_BYTES = 20;
const TIMESTAMP_AT = 8;
const SEALER_AT = 16;
const PRESENT = 1;
const ABSENT = 0;
const FIELDS_PER_DIFF = 4;
/** A key that begins with U+FEFF keeps it. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

export function textOf(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

export function encodeList(entries: readonly Uint8Array[]): Uint8Array {
  let length = LENGTH_BYTES;
  for (const entry of entries) length += LENGTH_BYTES + entry.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entries.length);
  let at = LENGTH_BYTES;
  for (const entry of entries) {
    view.setUint32(at, entry.length);
    bytes.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.length;
  }
  return bytes;
}

/** Undefined for anything that `encodeList` has not written. Entries are views. */
export function decodeList(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0);
  const entries: Uint8Array[] = [];
  let at = LENGTH_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + LENGTH_BYTES > bytes.length) return undefined;
    const end = at + LENGTH_BYTES + view.getUint32(at);
    if (end > bytes.length) return undefined;
    entries.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return at === bytes.length ? entries : undefined;
}

export function encodeBody({ transactions, senders, receipts }: StoredBody): Uint8Array {
  return encodeList([encodeList(transactions), encodeList(senders), encodeList(receipts)]);
}

export function decodeBody(bytes: Uint8Array): StoredBody | undefined {
  const lists = (decodeList(bytes) ?? []).map(decodeList);
  const [transactions, senders, receipts, ...rest] = lists;
  if (transactions === undefined || senders === undefined || receipts === undefined || rest.length > 0)
    return undefined;
  const fits = transactions.length === receipts.length && senders.length === receipts.length;
  return fits ? { transactions, senders, receipts } : undefined;
}

export function encodeProposal({ number, timestamp, sealer, transactions, senders }: StoredProposal): Uint8Array {
  const fields = new Uint8Array(PROPOSAL_FIELDS_BYTES);
  const view = new DataView(fields.buffer);
  view.setBigUint64(0, BigInt(number));
  view.setFloat64(TIMESTAMP_AT, timestamp);
  view.setUint32(SEALER_AT, sealer);
  return encodeList([fields, encodeList(transactions), encodeList(senders)]);
}

export function decodeProposal(bytes: Uint8Array): StoredProposal | undefined {
  const [fields, ...lists] = decodeList(bytes) ?? [];
  const [transactions, senders, ...rest] = lists.map(decodeList);
  if (fields?.length !== PROPOSAL_FIELDS_BYTES || transactions === undefined || senders === undefined) return undefined;
  if (transactions.length !== senders.length || rest.length > 0) return undefined;
  const view = new DataView(fields.buffer, fields.byteOffset, fields.length);
  return {
    number: Number(view.getBigUint64(0)),
    timestamp: view.getFloat64(TIMESTAMP_AT),
    sealer: view.getUint32(SEALER_AT),
    transactions,
    senders,
  };
}

export function encodeDiffs(diffs: readonly RecordDiff[]): Uint8Array {
  return encodeList(
    diffs.flatMap(({ table, key, before, after }) => [
      utf8Bytes(table),
      utf8Bytes(key),
      encodeValue(before),
      encodeValue(after),
    ]),
  );
}

export function decodeDiffs(bytes: Uint8Array): RecordDiff[] | undefined {
  const fields = decodeList(bytes);
  if (fields === undefined || fields.length % FIELDS_PER_DIFF !== 0) return undefined;
  const diffs: RecordDiff[] = [];
  for (let i = 0; i < fields.length; i += FIELDS_PER_DIFF) {
    const [table, key, before, after] = fields.slice(i, i + FIELDS_PER_DIFF) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    diffs.push({
      table: textOf(table),
      key: textOf(key),
      before: decodeValue(before),
      after: decodeValue(after),
    });
  }
  return diffs;
}

function encodeValue(value: Uint8Array | undefined): Uint8Array {
  if (value === undefined) return Uint8Array.of(ABSENT);
  const bytes = new Uint8Array(1 + value.length);
  bytes[0] = PRESENT;
  bytes.set(value, 1);
  return bytes;
}

function decodeValue(bytes: Uint8Array): Uint8Array | undefined {
  return bytes[0] === PRESENT ? bytes.slice(1) : undefined;
}
