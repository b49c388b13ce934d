/**
 * Governors: the accounts that may change the chain itself. Table `s_governors`, key `list`: addresses of 20 bytes, one
 * after the other. FISCO has a voting committee contract at 0x10001 in their place; we have no votes, a governor decides.
 */
import { equalBytes } from "../../base/bytes.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import type { StateReader } from "../records.js";
import { LayoutReader } from "./layout.js";
import { authCheckAt } from "./settings.js";

export const GOVERNORS_TABLE = "s_governors";
export const GOVERNORS_KEY = "list";

export function governors(state: StateReader): readonly Uint8Array[] {
  const record = state.get(GOVERNORS_TABLE, GOVERNORS_KEY);
  if (record === undefined) return [];
  const reader = new LayoutReader(record, GOVERNORS_TABLE, GOVERNORS_KEY);
  const list: Uint8Array[] = [];
  while (reader.left > 0) list.push(reader.bytes(ADDRESS_BYTES));
  return list;
}

export function isGovernor(state: StateReader, account: Uint8Array): boolean {
  return governors(state).some((each) => equalBytes(each, account));
}

/** Whether an account may change settings and nodes in block `number`: any may where authority is not checked. */
export function mayGovern(state: StateReader, account: Uint8Array, number: number): boolean {
  return !authCheckAt(state, number) || isGovernor(state, account);
}
