/**
 * Names of contracts with versions (CNS). Nothing is ever changed or removed, as in FISCO.
 *
 * - `s_cns`, key: name "," version. The address (20 bytes), then the ABI as text up to the end.
 * - `s_cns_version`, key: name. u32 number of versions. Key: name "," index. The version that came at this place, as text.
 *
 * Neither name nor version holds a comma.
 */
import { utf8Bytes } from "../../base/bytes.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import { type StateReader, VALUE_BYTES_MAX } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const CNS_TABLE = "s_cns";
export const CNS_VERSION_TABLE = "s_cns_version";
/** CNS_CONTRACT_NAME_MAX_LENGTH and CNS_VERSION_MAX_LENGTH of version 2 and 3.0.0-rc. */
export const CNS_NAME_BYTES_MAX = 128;
export const CNS_VERSION_BYTES_MAX = 128;
/** What a record leaves for the ABI. */
export const CNS_ABI_BYTES_MAX = VALUE_BYTES_MAX - ADDRESS_BYTES;

export interface CnsEntry {
  readonly address: Uint8Array;
  readonly abi: string;
}

/** Key of the record of a name and version, for devices that prove one. */
export function cnsKey(name: string, version: string): string {
  return `${name},${version}`;
}

export function cnsEntry(state: StateReader, name: string, version: string): CnsEntry | undefined {
  // What cannot have been written is not there, and too long for a key perhaps.
  if (!isCnsPart(name, CNS_NAME_BYTES_MAX) || !isCnsPart(version, CNS_VERSION_BYTES_MAX)) return undefined;
  const key = cnsKey(name, version);
  const record = state.get(CNS_TABLE, key);
  return record === undefined ? undefined : readCnsEntry(record, key);
}

/** The value of a record of `s_cns`; `key` only names it in an error. @throws LedgerError `LEDGER_RECORD_DAMAGED` */
export function readCnsEntry(record: Uint8Array, key: string): CnsEntry {
  const reader = new LayoutReader(record, CNS_TABLE, key);
  return { address: reader.bytes(ADDRESS_BYTES), abi: reader.rest() };
}

export function cnsVersionCount(state: StateReader, name: string): number {
  if (!isCnsPart(name, CNS_NAME_BYTES_MAX)) return 0;
  const record = state.get(CNS_VERSION_TABLE, name);
  if (record === undefined) return 0;
  const reader = new LayoutReader(record, CNS_VERSION_TABLE, name);
  const count = reader.u32();
  reader.end();
  return count;
}

/** The version that came `index`th under a name. */
export function cnsVersionAt(state: StateReader, name: string, index: number): string {
  const key = `${name},${index}`;
  const record = state.get(CNS_VERSION_TABLE, key);
  const reader = new LayoutReader(record ?? new Uint8Array(), CNS_VERSION_TABLE, key);
  if (record === undefined) throw reader.damaged();
  return reader.rest();
}

/** For a name and version that are not there yet, within their limits. */
export function addCnsEntry(state: StateOverlay, name: string, version: string, { address, abi }: CnsEntry): void {
  const count = cnsVersionCount(state, name);
  state.set(CNS_TABLE, cnsKey(name, version), new LayoutWriter().bytes(address).bytes(utf8Bytes(abi)).done());
  state.set(CNS_VERSION_TABLE, `${name},${count}`, utf8Bytes(version));
  state.set(CNS_VERSION_TABLE, name, new LayoutWriter().u32(count + 1).done());
}

function isCnsPart(text: string, bytesMax: number): boolean {
  return !text.includes(",") && utf8Bytes(text).length <= bytesMax;
}
