/**
 * What the thread that holds the ledger's database is asked for. One piece of memory travels better than thousands of small
 * ones, so bodies, diffs and proposals travel encoded.
 */
import type { RecordName } from "../../../ledger/records.js";
import type { StoreProblem } from "../../problems.js";
import type { BlockRows } from "../blockRows.js";
import { decodeDiffs, encodeBody, encodeDiffs, encodeProposal } from "../rows.js";
import type { SqliteLedgerStore } from "../sqliteLedgerStore.js";

export function callsOn(store: SqliteLedgerStore) {
  return {
    header: (number: number) => store.header(number),
    body: (number: number) => mapped(store.body(number), encodeBody),
    numberOf: (blockHash: Uint8Array) => store.numberOf(blockHash),
    placeOf: (transactionHash: Uint8Array) => store.placeOf(transactionHash),
    record: (table: string, key: string) => store.record(table, key),
    recordsAfter: (last: RecordName) => store.recordsAfter(last),
    diffs: (number: number) => mapped(store.diffs(number), encodeDiffs),
    mountainNode: (level: number, index: number) => store.mountainNode(level, index),
    proposal: () => mapped(store.proposal(), encodeProposal),
    keepProposal: (bytes: Uint8Array) => store.keepEncodedProposal(bytes),
    // Whoever encoded them was this program, a moment ago.
    commit: (rows: BlockRows) => store.commitRows(rows, decodeDiffs(rows.diffs) ?? []),
    close: () => store.close(),
  };
}

export type LedgerCalls = ReturnType<typeof callsOn>;

export interface CallMessage {
  readonly id: number;
  readonly name: keyof LedgerCalls;
  readonly args: readonly unknown[];
}

/** The answer to the call of the same number: a value, or why there is none. */
export interface AnswerMessage {
  readonly id: number;
  readonly value?: unknown;
  readonly problem?: StoreProblem;
}

function mapped<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}
