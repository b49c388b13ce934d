/**
 * Who may call a method of a contract, and who may deploy contracts.
 *
 * - `s_method_auth`, key: contract ":" selector, both in hex. u8 type of the list in force: 1 allow, 2 deny.
 * - `s_method_list`, key: contract ":" selector ":" type. Accounts ascending, each: address (20) || u8 1 allowed, 0 denied.
 * - `s_deploy_auth`, key: `type`. u8 as above, or 0 for no list.
 * - `s_deploy_list`, key: type ":" account in hex. u8 1 allowed, 0 denied.
 *
 * Each type has its own list, as in FISCO (method_auth_white and method_auth_black).
 */
import { compareBytes, equalBytes, toHex } from "../../base/bytes.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { addressKey } from "./addresses.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const METHOD_AUTH_TABLE = "s_method_auth";
export const METHOD_LIST_TABLE = "s_method_list";
export const DEPLOY_AUTH_TABLE = "s_deploy_auth";
export const DEPLOY_LIST_TABLE = "s_deploy_list";
/** Accounts in one list of one method. */
export const METHOD_LIST_MAX = 1_000;

/** AuthType of precompiled/extension/ContractAuthMgrPrecompiled.h. */
export const LIST = { none: 0, allow: 1, deny: 2 } as const;

export interface ListEntry {
  readonly account: Uint8Array;
  readonly allowed: boolean;
}

const DEPLOY_TYPE_KEY = "type";

/** The type of list in force for a method; LIST.none where none was ever set. */
export function methodListType(state: StateReader, contract: string, selector: Uint8Array): number {
  return readType(state, METHOD_AUTH_TABLE, methodKey(contract, selector));
}

export function setMethodListType(state: StateOverlay, contract: string, selector: Uint8Array, type: number): void {
  state.set(METHOD_AUTH_TABLE, methodKey(contract, selector), Uint8Array.of(type));
}

export function methodList(state: StateReader, contract: string, selector: Uint8Array, type: number): ListEntry[] {
  const key = `${methodKey(contract, selector)}:${type}`;
  const record = state.get(METHOD_LIST_TABLE, key);
  const list: ListEntry[] = [];
  if (record === undefined) return list;
  const reader = new LayoutReader(record, METHOD_LIST_TABLE, key);
  while (reader.left > 0) list.push({ account: reader.bytes(ADDRESS_BYTES), allowed: reader.u8() === 1 });
  return list;
}

/** False where the list is full. */
export function setMethodListEntry(
  state: StateOverlay,
  contract: string,
  selector: Uint8Array,
  type: number,
  entry: ListEntry,
): boolean {
  const others = methodList(state, contract, selector, type).filter((each) => !equalBytes(each.account, entry.account));
  if (others.length >= METHOD_LIST_MAX) return false;
  const writer = new LayoutWriter();
  const sorted = [...others, entry].sort((a, b) => compareBytes(a.account, b.account));
  for (const { account, allowed } of sorted) writer.bytes(account).u8(allowed ? 1 : 0);
  state.set(METHOD_LIST_TABLE, `${methodKey(contract, selector)}:${type}`, writer.done());
  return true;
}

/** Whether the lists let an account call a method; where an account is not listed, the type of the list decides. */
export function mayCallMethod(
  state: StateReader,
  contract: string,
  selector: Uint8Array,
  account: Uint8Array,
): boolean {
  const type = methodListType(state, contract, selector);
  if (type === LIST.none) return true;
  const entry = methodList(state, contract, selector, type).find((each) => equalBytes(each.account, account));
  return entry?.allowed ?? type === LIST.deny;
}

export function deployListType(state: StateReader): number {
  return readType(state, DEPLOY_AUTH_TABLE, DEPLOY_TYPE_KEY);
}

export function setDeployListType(state: StateOverlay, type: number): void {
  state.set(DEPLOY_AUTH_TABLE, DEPLOY_TYPE_KEY, Uint8Array.of(type));
}

/** Into the list of the type in force. */
export function setDeployListEntry(state: StateOverlay, { account, allowed }: ListEntry): void {
  const key = `${deployListType(state)}:${addressKey(account)}`;
  state.set(DEPLOY_LIST_TABLE, key, Uint8Array.of(allowed ? 1 : 0));
}

export function mayDeploy(state: StateReader, account: Uint8Array): boolean {
  const type = deployListType(state);
  if (type === LIST.none) return true;
  const record = state.get(DEPLOY_LIST_TABLE, `${type}:${addressKey(account)}`);
  return record === undefined ? type === LIST.deny : record[0] === 1;
}

function methodKey(contract: string, selector: Uint8Array): string {
  return `${contract}:${toHex(selector)}`;
}

function readType(state: StateReader, table: string, key: string): number {
  return state.get(table, key)?.[0] ?? LIST.none;
}
