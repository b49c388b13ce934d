/**
 * Sealers and observers. Table `s_consensus`, keys `sealers` and `observers`. A change made in block N holds from block N+1
 * on, so a record keeps two lists, ascending by node id:
 *
 *     u64 from || list || list of the time before
 *     list of sealers:   u32 count || per sealer: node id (64) || i64 weight || i64 term weight
 *     list of observers: u32 count || per observer: node id (64)
 */
import { compareBytes, equalBytes } from "../../base/bytes.js";
import type { SealerSet } from "../../codec/fisco/header.js";
import { PUBLIC_KEY_BYTES } from "../../crypto/suite.js";
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const CONSENSUS_TABLE = "s_consensus";
export const SEALERS_KEY = "sealers";
export const OBSERVERS_KEY = "observers";
/** Two lists of them fit one record. */
export const OBSERVERS_MAX = 1_024;

export interface SealerNode {
  /** 64-byte public key. */
  readonly nodeId: Uint8Array;
  readonly weight: bigint;
  /** Kept and shown like FISCO's; it has no meaning without rPBFT. */
  readonly termWeight: bigint;
}

/** A list with the block it holds from, and the list of the time before. */
interface Periods<T> {
  readonly from: number;
  readonly latest: readonly T[];
  readonly before: readonly T[];
}

/**
 * The list that header `number` carries, ascending by node id. The state after block h knows it for h and h+1 (and for all
 * later ones, as far as no later transaction changes it).
 */
export function sealersAt(state: StateReader, number: number): SealerSet & { readonly termWeights: readonly bigint[] } {
  const sealers = listAt(readSealers(state), number);
  return {
    nodeIds: sealers.map(({ nodeId }) => nodeId),
    weights: sealers.map(({ weight }) => weight),
    termWeights: sealers.map(({ termWeight }) => termWeight),
  };
}

/** Node ids of the observers from block `number`'s point of view, ascending; known for the same heights as sealers. */
export function observersAt(state: StateReader, number: number): readonly Uint8Array[] {
  return listAt(readObservers(state), number);
}

/** The newest lists, which may hold only from the next block on. */
export function latestNodes(state: StateReader): {
  readonly sealers: readonly SealerNode[];
  readonly observers: readonly Uint8Array[];
} {
  return { sealers: readSealers(state).latest, observers: readObservers(state).latest };
}

/** Sets the sealers in block `number`, to hold from the next one on. */
export function changeSealers(state: StateOverlay, sealers: readonly SealerNode[], number: number): void {
  const periods = changed(readSealers(state), sealers, number);
  state.set(CONSENSUS_TABLE, SEALERS_KEY, encodeSealers(periods.from, periods.latest, periods.before));
}

/** Sets the observers in block `number`, to hold from the next one on. */
export function changeObservers(state: StateOverlay, observers: readonly Uint8Array[], number: number): void {
  const periods = changed(readObservers(state), observers, number);
  state.set(CONSENSUS_TABLE, OBSERVERS_KEY, encodeObservers(periods.from, periods.latest, periods.before));
}

/** The record `sealers`. */
export function encodeSealers(
  from: number,
  latest: readonly SealerNode[],
  before: readonly SealerNode[] = [],
): Uint8Array {
  const writer = new LayoutWriter().u64(from);
  for (const list of [latest, before]) {
    const sorted = [...list].sort((a, b) => compareBytes(a.nodeId, b.nodeId));
    writer.u32(sorted.length);
    for (const { nodeId, weight, termWeight } of sorted) writer.bytes(nodeId).i64(weight).i64(termWeight);
  }
  return writer.done();
}

/** The record `observers`. */
export function encodeObservers(
  from: number,
  latest: readonly Uint8Array[],
  before: readonly Uint8Array[] = [],
): Uint8Array {
  const writer = new LayoutWriter().u64(from);
  for (const list of [latest, before]) {
    writer.u32(list.length);
    for (const nodeId of [...list].sort(compareBytes)) writer.bytes(nodeId);
  }
  return writer.done();
}

export function hasNode(nodeIds: readonly Uint8Array[], nodeId: Uint8Array): boolean {
  return nodeIds.some((each) => equalBytes(each, nodeId));
}

function readSealers(state: StateReader): Periods<SealerNode> {
  return readPeriods(state, SEALERS_KEY, (reader) => ({
    nodeId: reader.bytes(PUBLIC_KEY_BYTES),
    weight: reader.i64(),
    termWeight: reader.i64(),
  }));
}

function readObservers(state: StateReader): Periods<Uint8Array> {
  return readPeriods(state, OBSERVERS_KEY, (reader) => reader.bytes(PUBLIC_KEY_BYTES));
}

function readPeriods<T>(state: StateReader, key: string, readOne: (reader: LayoutReader) => T): Periods<T> {
  const record = state.get(CONSENSUS_TABLE, key);
  if (record === undefined) return { from: 0, latest: [], before: [] };
  const reader = new LayoutReader(record, CONSENSUS_TABLE, key);
  const from = reader.u64();
  const lists = [0, 1].map(() => {
    const list: T[] = [];
    for (let left = reader.u32(); left > 0; left--) list.push(readOne(reader));
    return list;
  });
  reader.end();
  return { from, latest: lists[0] as T[], before: lists[1] as T[] };
}

function listAt<T>({ from, latest, before }: Periods<T>, number: number): readonly T[] {
  return number < from ? before : latest;
}

/** A second change in one block replaces the first; what holds in this block stays. */
function changed<T>(periods: Periods<T>, latest: readonly T[], number: number): Periods<T> {
  const from = number + 1;
  return { from, latest, before: periods.from === from ? periods.before : periods.latest };
}
