/**
 * Status of accounts. Table `s_account`, key: address in hex. A status set in block N holds from block N+1 on (FISCO's
 * AccountPrecompiled::getAccountStatus), so the record keeps the one before it:
 *
 *     u8 status (0 normal, 1 frozen, 2 abolished) || u64 block it was set in || u8 status before that block
 */
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { addressKey } from "./addresses.js";
import { LIFE } from "./contractRecords.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const ACCOUNT_TABLE = "s_account";

interface AccountRecord {
  readonly status: number;
  readonly changedIn: number;
  readonly before: number;
}

/** The status that holds in block `number`. */
export function accountStatusAt(state: StateReader, account: Uint8Array, number: number): number {
  const record = readAccount(state, account);
  if (record === undefined) return LIFE.normal;
  return number > record.changedIn ? record.status : record.before;
}

/** The newest status, which may hold only from the next block on. */
export function latestAccountStatus(state: StateReader, account: Uint8Array): number {
  return readAccount(state, account)?.status ?? LIFE.normal;
}

/** Sets a status in block `number`, to hold from the next one on. */
export function changeAccountStatus(state: StateOverlay, account: Uint8Array, status: number, number: number): void {
  const before = accountStatusAt(state, account, number);
  const record = new LayoutWriter().u8(status).u64(number).u8(before).done();
  state.set(ACCOUNT_TABLE, addressKey(account), record);
}

function readAccount(state: StateReader, account: Uint8Array): AccountRecord | undefined {
  const key = addressKey(account);
  const record = state.get(ACCOUNT_TABLE, key);
  if (record === undefined) return undefined;
  const reader = new LayoutReader(record, ACCOUNT_TABLE, key);
  const status = reader.u8();
  const changedIn = reader.u64();
  const before = reader.u8();
  reader.end();
  return { status, changedIn, before };
}
