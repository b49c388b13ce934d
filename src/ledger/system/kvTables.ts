/**
 * KV tables. FISCO makes a small contract for each and links it as /tables/<name>; so do we:
 *
 * - `s_kv_table`, key: address of the contract in hex. The path as text.
 * - `s_tables`, key: "u_" and the path. Names of key and value field as text, "key,value" (FISCO's table of tables).
 * - "u_" and the path is also the table of the rows (FISCO's getActualTableName). Key: the row's key; value: its bytes.
 *
 * FISCO derives the address from the place of the transaction in its block. Ours is made of the name alone, so that a
 * device can compute it: the last 20 bytes of H("edgeseal/kv-table" || path).
 */
import { utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { ADDRESS_BYTES, HASH_BYTES } from "../../crypto/suite.js";
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { addressKey } from "./addresses.js";
import { LayoutReader } from "./layout.js";

export const KV_TABLE_TABLE = "s_kv_table";
export const TABLES_TABLE = "s_tables";
/** USER_TABLE_KEY_VALUE_MAX_LENGTH of precompiled/common/Common.h. */
export const KV_KEY_BYTES_MAX = 255;

const ADDRESS_TAG = "edgeseal/kv-table";

/** Table of the rows of a KV table, for `StateReader.get(kvRowTable("/tables/t_test"), key)`. */
export function kvRowTable(path: string): string {
  return `u_${path}`;
}

/** Where the contract of a KV table lives; `path` like "/tables/t_test". */
export function kvTableAddress(hash: HashFunction, path: string): Uint8Array {
  return hash(utf8Bytes(`${ADDRESS_TAG}${path}`)).slice(HASH_BYTES - ADDRESS_BYTES);
}

/** Path of the KV table that lives at an address of 40 hex digits. */
export function kvTableAt(state: StateReader, address: string): string | undefined {
  const record = state.get(KV_TABLE_TABLE, address);
  return record === undefined ? undefined : new LayoutReader(record, KV_TABLE_TABLE, address).rest();
}

export function writeKvTable(state: StateOverlay, path: string, address: Uint8Array, fields: string): void {
  state.set(KV_TABLE_TABLE, addressKey(address), utf8Bytes(path));
  state.set(TABLES_TABLE, kvRowTable(path), utf8Bytes(fields));
}

/** Names of the key field and the value fields. */
export function tableFields(
  state: StateReader,
  path: string,
): { readonly key: string; readonly values: readonly string[] } | undefined {
  const name = kvRowTable(path);
  const record = state.get(TABLES_TABLE, name);
  if (record === undefined) return undefined;
  const [key = "", ...values] = new LayoutReader(record, TABLES_TABLE, name).rest().split(",");
  return { key, values };
}
