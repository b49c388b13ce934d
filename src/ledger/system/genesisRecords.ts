/** The state after block 0: everything that block 0's text says, as the system contracts keep it. */
import { concatBytes } from "../../base/bytes.js";
import { type GenesisConfig, genesisSealers } from "../../codec/fisco/genesis.js";
import { GenesisError } from "../../codec/problems.js";
import type { RecordChange, StateReader } from "../records.js";
import { StateOverlay } from "../stateOverlay.js";
import {
  ACCOUNT_MANAGER_ADDRESS,
  addressOf,
  BFS_ADDRESS,
  CNS_ADDRESS,
  CONSENSUS_ADDRESS,
  CONTRACT_AUTH_ADDRESS,
  CRYPTO_ADDRESS,
  KV_TABLE_ADDRESS,
  POINTS_ADDRESS,
  SYSTEM_CONFIG_ADDRESS,
  TABLE_MANAGER_ADDRESS,
  ZERO_ADDRESS,
} from "./addresses.js";
import { addBfsLeaf, makeBfsDirectory } from "./bfsTree.js";
import { GOVERNORS_KEY, GOVERNORS_TABLE } from "./governors.js";
import { CONSENSUS_TABLE, encodeObservers, encodeSealers, OBSERVERS_KEY, SEALERS_KEY } from "./nodes.js";
import { encodeSetting, SETTING, SETTINGS_TABLE } from "./settings.js";
import { compatibilityNumber, VERSION_3_6 } from "./versions.js";

const NOTHING: StateReader = { get: () => undefined };

/** FISCO's directories (FS_ROOT_SUBS of bcos-tool/BfsFileFactory.h) in the order a listing shows them. */
const DIRECTORIES = ["/apps", "/sys", "/tables", "/usr"] as const;

/** Names as in PrecompiledTypeDef.h; cns and points are ours. */
const SYSTEM_LINKS: readonly (readonly [string, string])[] = [
  ["account_manager", ACCOUNT_MANAGER_ADDRESS],
  ["auth", CONTRACT_AUTH_ADDRESS],
  ["bfs", BFS_ADDRESS],
  ["cns", CNS_ADDRESS],
  ["consensus", CONSENSUS_ADDRESS],
  ["crypto_tools", CRYPTO_ADDRESS],
  ["kv_storage", KV_TABLE_ADDRESS],
  ["points", POINTS_ADDRESS],
  ["status", SYSTEM_CONFIG_ADDRESS],
  ["table_manager", TABLE_MANAGER_ADDRESS],
];

/**
 * @throws GenesisError `GENESIS_SEALERS` for a node listed twice, `GENESIS_VALUE` where authority is checked and the admin
 * account is no address
 */
export function genesisRecords(config: GenesisConfig): RecordChange[] {
  const state = new StateOverlay(NOTHING);
  for (const [key, value] of settingsOf(config)) state.set(SETTINGS_TABLE, key, encodeSetting({ value, from: 0 }));
  const { nodeIds, weights } = genesisSealers(config);
  const sealers = nodeIds.map((nodeId, index) => ({ nodeId, weight: weights[index] as bigint, termWeight: 0n }));
  state.set(CONSENSUS_TABLE, SEALERS_KEY, encodeSealers(0, sealers));
  state.set(CONSENSUS_TABLE, OBSERVERS_KEY, encodeObservers(0, []));
  if (config.isAuthCheck) state.set(GOVERNORS_TABLE, GOVERNORS_KEY, concatBytes([adminOf(config)]));
  for (const path of DIRECTORIES) makeBfsDirectory(state, path);
  for (const [name, address] of SYSTEM_LINKS) {
    addBfsLeaf(state, `/sys/${name}`, { type: "link", address: addressOf(address) ?? ZERO_ADDRESS, abi: "" });
  }
  return state.changes();
}

/** Ledger::buildGenesisBlock writes the same rows; auth_check_status here from every version on. */
function settingsOf(config: GenesisConfig): (readonly [string, string])[] {
  const { epochSealerNum, epochBlockNum, features } = config;
  const rows: (readonly [string, string])[] = [
    [SETTING.txCountLimit, String(config.blockTxCountLimit)],
    [SETTING.leaderPeriod, String(config.leaderPeriod)],
    [SETTING.txGasLimit, String(config.gasLimit)],
    [SETTING.compatibilityVersion, config.compatibilityVersion],
    [SETTING.authCheckStatus, config.isAuthCheck ? "1" : "0"],
  ];
  if ((compatibilityNumber(config.compatibilityVersion) ?? 0) >= VERSION_3_6) rows.push([SETTING.txGasPrice, "0x0"]);
  if (epochSealerNum !== undefined) rows.push([SETTING.epochSealerNum, String(epochSealerNum)]);
  if (epochBlockNum !== undefined) rows.push([SETTING.epochBlockNum, String(epochBlockNum)]);
  for (const { flag, value } of features) rows.push([flag, String(value)]);
  return rows;
}

function adminOf({ authAdminAccount }: GenesisConfig): Uint8Array {
  const admin = addressOf(authAdminAccount);
  if (admin === undefined) throw new GenesisError({ code: "GENESIS_VALUE", field: "authAdminAccount" });
  return admin;
}
