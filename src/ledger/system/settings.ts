/**
 * Settings of the chain. Table `s_config`, key: name of the setting. A change made in block N holds from block N+1 on, so a
 * record keeps the value before it too:
 *
 *     u64 from || u32 length || value || [u64 from || u32 length || value of the time before]
 */
import type { StateReader } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { LayoutReader, LayoutWriter } from "./layout.js";

export const SETTINGS_TABLE = "s_config";

/** Names of FISCO's settings (bcos-framework/ledger/SystemConfigs.h). */
export const SETTING = {
  txCountLimit: "tx_count_limit",
  leaderPeriod: "consensus_leader_period",
  txGasLimit: "tx_gas_limit",
  txGasPrice: "tx_gas_price",
  compatibilityVersion: "compatibility_version",
  authCheckStatus: "auth_check_status",
  web3ChainId: "web3_chain_id",
  epochSealerNum: "feature_rpbft_epoch_sealer_num",
  epochBlockNum: "feature_rpbft_epoch_block_num",
} as const;

/** FISCO's defaults, for a state without the record (bcos-tool/NodeConfig.cpp). */
const TX_GAS_LIMIT_DEFAULT = 3_000_000_000;
const TX_COUNT_LIMIT_DEFAULT = 1_000;

export interface Setting {
  readonly value: string;
  /** First block it holds for. */
  readonly from: number;
}

/**
 * The value that holds for block `number`; undefined where there is none. The state after block h knows this for h and all
 * later ones, as far as no later transaction changes it.
 */
export function settingAt(state: StateReader, key: string, number: number): Setting | undefined {
  const { latest, before } = readSetting(state, key);
  return latest !== undefined && number < latest.from ? before : latest;
}

/** The newest value, which may hold only from the next block on. */
export function latestSetting(state: StateReader, key: string): Setting | undefined {
  return readSetting(state, key).latest;
}

/** Sets a value in block `number`, to hold from the next one on. */
export function changeSetting(state: StateOverlay, key: string, value: string, number: number): void {
  const { latest, before } = readSetting(state, key);
  const from = number + 1;
  // A second change in one block replaces the first; what holds in this block stays.
  const kept = latest?.from === from ? before : latest;
  state.set(SETTINGS_TABLE, key, encodeSetting({ value, from }, kept));
}

/** The record of a setting, `before` being what held until it. */
export function encodeSetting(latest: Setting, before?: Setting): Uint8Array {
  const writer = new LayoutWriter().u64(latest.from).text(latest.value);
  if (before !== undefined) writer.u64(before.from).text(before.value);
  return writer.done();
}

/** Gas that a transaction of block `number` may use up at most. */
export function txGasLimitAt(state: StateReader, number: number): number {
  return integerAt(state, SETTING.txGasLimit, number) ?? TX_GAS_LIMIT_DEFAULT;
}

/** Transactions that block `number` may hold at most. */
export function txCountLimitAt(state: StateReader, number: number): number {
  return integerAt(state, SETTING.txCountLimit, number) ?? TX_COUNT_LIMIT_DEFAULT;
}

/** Whether only governors may change the chain, in block `number`. */
export function authCheckAt(state: StateReader, number: number): boolean {
  return (integerAt(state, SETTING.authCheckStatus, number) ?? 0) !== 0;
}

function integerAt(state: StateReader, key: string, number: number): number | undefined {
  const setting = settingAt(state, key, number);
  // FISCO takes a sign and leading zeros; larger limits than a safe integer mean no limit.
  return setting === undefined ? undefined : Math.min(Number(setting.value), Number.MAX_SAFE_INTEGER);
}

function readSetting(state: StateReader, key: string): { latest?: Setting; before?: Setting } {
  const record = state.get(SETTINGS_TABLE, key);
  if (record === undefined) return {};
  const reader = new LayoutReader(record, SETTINGS_TABLE, key);
  const latest = readOne(reader);
  if (reader.left === 0) return { latest };
  const before = readOne(reader);
  reader.end();
  return { latest, before };
}

function readOne(reader: LayoutReader): Setting {
  const from = reader.u64();
  return { value: reader.text(), from };
}
