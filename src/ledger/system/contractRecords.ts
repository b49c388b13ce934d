/**
 * What the chain knows of each contract that somebody created: table `s_contract`, key: address in hex.
 *
 *     u8 status (0 normal, 1 frozen, 2 abolished) || address of its admin (20)
 *
 * An engine that creates a contract registers it here; FISCO makes an access table at the same moment
 * (TransactionExecutive::creatAuthTable). System contracts have no admin and are always available.
 */
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { addressKey } from "./addresses.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const CONTRACT_TABLE = "s_contract";

/** Of contracts and of accounts (enum AccountStatus and StatusToString, bcos-executor/src/Common.h). */
export const LIFE = { normal: 0, frozen: 1, abolished: 2 } as const;

export interface ContractRecord {
  readonly status: number;
  /** 20 bytes: who decides about its status and who may call its methods. */
  readonly admin: Uint8Array;
}

/** @param address 40 hex digits */
export function contractRecord(state: StateReader, address: string): ContractRecord | undefined {
  const record = state.get(CONTRACT_TABLE, address);
  if (record === undefined) return undefined;
  const reader = new LayoutReader(record, CONTRACT_TABLE, address);
  const status = reader.u8();
  const admin = reader.bytes(ADDRESS_BYTES);
  reader.end();
  return { status, admin };
}

export function writeContractRecord(state: StateOverlay, address: string, record: ContractRecord): void {
  state.set(CONTRACT_TABLE, address, new LayoutWriter().u8(record.status).bytes(record.admin).done());
}

/** To be called by an engine that creates a contract; its admin is the account that signed the transaction. */
export function registerContract(state: StateOverlay, address: Uint8Array, admin: Uint8Array): void {
  writeContractRecord(state, addressKey(address), { status: LIFE.normal, admin });
}
