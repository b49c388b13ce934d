/**
 * Results of single JSON-RPC methods as values, in the shapes that real nodes answer with. None of them is proved by
 * anything: they say where to look, not what is true. All throw RpcShapeError; those with JSON inside a text also JsonError.
 */
import type { SuiteName } from "../../crypto/suite.js";
import { HASH_BYTES, PUBLIC_KEY_BYTES } from "../../crypto/suite.js";
import { parseJson } from "../json.js";
import { RpcShapeError } from "../problems.js";
import { SEALERS_MAX } from "./headerRules.js";
import {
  optionalField,
  type RpcRecord,
  readBytes,
  readInt64,
  readList,
  readNumber,
  readRecord,
  readText,
  requiredField,
  toBytes,
  toInt64,
  toNumber,
  toText,
} from "./rpcFields.js";

const NODES_MAX = 1024;
const SHORT_TEXT_MAX = 256;
const INNER_JSON_LENGTH_MAX = 1024 * 1024;

/** getBlockNumber, getPbftView, getPendingTxSize */
export function numberFromRpc(value: unknown): number {
  return toNumber(value, "result");
}

/** getBlockHashByNumber: 32 bytes. */
export function hashFromRpc(value: unknown): Uint8Array {
  const bytes = toBytes(value, "result", HASH_BYTES);
  if (bytes.length === HASH_BYTES) return bytes;
  throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path: "result", length: bytes.length, max: HASH_BYTES });
}

export interface SealerEntry {
  readonly nodeId: Uint8Array;
  readonly weight: bigint;
  /** rPBFT only; absent in answers of older nodes. */
  readonly termWeight?: bigint;
}

/** getSealerList: the set of the *next* block, as the node sees it. */
export function sealerListFromRpc(value: unknown): SealerEntry[] {
  return readList({ sealers: value }, "sealers", "", readSealer, SEALERS_MAX);
}

function readSealer(value: unknown, path: string): SealerEntry {
  const record = readRecord(value, path);
  const entry = {
    nodeId: toNodeId(requiredField(record, "nodeID", path), `${path}.nodeID`),
    weight: readInt64(record, "weight", path),
  };
  const termWeight = optionalField(record, "termWeight");
  return termWeight === undefined ? entry : { ...entry, termWeight: toInt64(termWeight, `${path}.termWeight`) };
}

/** getObserverList, getGroupPeers: 64-byte node ids. */
export function nodeIdListFromRpc(value: unknown): Uint8Array[] {
  return readList({ nodes: value }, "nodes", "", toNodeId, NODES_MAX);
}

function toNodeId(value: unknown, path: string): Uint8Array {
  const bytes = toBytes(value, path, PUBLIC_KEY_BYTES);
  if (bytes.length === PUBLIC_KEY_BYTES) return bytes;
  throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path, length: bytes.length, max: PUBLIC_KEY_BYTES });
}

export interface GroupInfo {
  readonly chainId: string;
  readonly groupId: string;
  readonly nodes: readonly GroupNode[];
}

export interface GroupNode {
  readonly name: string;
  /** From the node's own configuration; undefined where it does not say. */
  readonly suite?: SuiteName;
  readonly compatibilityVersion?: number;
}

/** getGroupInfo */
export function groupInfoFromRpc(value: unknown): GroupInfo {
  const record = readRecord(value, "result");
  return {
    chainId: readText(record, "chainID", "", SHORT_TEXT_MAX),
    groupId: readText(record, "groupID", "", SHORT_TEXT_MAX),
    nodes: readList(record, "nodeList", "", readGroupNode, NODES_MAX),
  };
}

function readGroupNode(value: unknown, path: string): GroupNode {
  const record = readRecord(value, path);
  const config = innerRecord(optionalField(record, "iniConfig"), `${path}.iniConfig`);
  const smCrypto = config === undefined ? undefined : optionalField(config, "smCryptoType");
  const protocol = optionalField(record, "protocol");
  const version =
    protocol === undefined
      ? undefined
      : optionalField(readRecord(protocol, `${path}.protocol`), "compatibilityVersion");
  return {
    name: readText(record, "name", path, SHORT_TEXT_MAX),
    ...(typeof smCrypto === "boolean" ? { suite: smCrypto ? "sm" : "ecdsa" } : {}),
    ...(version === undefined ? {} : { compatibilityVersion: toNumber(version, `${path}.protocol`) }),
  };
}

/** Undefined for an absent or empty text. */
function innerRecord(value: unknown, path: string): RpcRecord | undefined {
  if (value === undefined || value === "") return undefined;
  const text = toText(value, path, INNER_JSON_LENGTH_MAX);
  return readRecord(parseJson(text, { lengthMax: INNER_JSON_LENGTH_MAX }), path);
}

export interface ConsensusStatus {
  readonly blockNumber: number;
  /** 32-byte hash of the newest block, by the node's word. */
  readonly hash: Uint8Array;
  readonly view: number;
}

/** getConsensusStatus, whose result is a JSON text inside JSON. */
export function consensusStatusFromRpc(value: unknown): ConsensusStatus {
  const record = innerOrFail(value);
  return {
    blockNumber: readNumber(record, "blockNumber", ""),
    hash: readBytes(record, "hash", "", HASH_BYTES),
    view: readNumber(record, "view", ""),
  };
}

export interface SyncStatus {
  readonly blockNumber: number;
  readonly genesisHash: Uint8Array;
  readonly latestHash: Uint8Array;
  readonly isSyncing: boolean;
}

/** getSyncStatus, whose result is a JSON text inside JSON. */
export function syncStatusFromRpc(value: unknown): SyncStatus {
  const record = innerOrFail(value);
  return {
    blockNumber: readNumber(record, "blockNumber", ""),
    genesisHash: readBytes(record, "genesisHash", "", HASH_BYTES),
    latestHash: readBytes(record, "latestHash", "", HASH_BYTES),
    isSyncing: optionalField(record, "isSyncing") === true,
  };
}

function innerOrFail(value: unknown): RpcRecord {
  const record = innerRecord(value, "result");
  if (record === undefined) throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path: "result", expected: "text" });
  return record;
}

export interface SystemConfig {
  /** Height since which the value holds. */
  readonly blockNumber: number;
  readonly value: string;
}

/** getSystemConfigByKey */
export function systemConfigFromRpc(value: unknown): SystemConfig {
  const record = readRecord(value, "result");
  return { blockNumber: readNumber(record, "blockNumber", ""), value: readText(record, "value", "") };
}

export interface TransactionCount {
  readonly blockNumber: number;
  readonly transactionCount: number;
  readonly failedTransactionCount: number;
}

/** getTotalTransactionCount */
export function transactionCountFromRpc(value: unknown): TransactionCount {
  const record = readRecord(value, "result");
  return {
    blockNumber: readNumber(record, "blockNumber", ""),
    transactionCount: readNumber(record, "transactionCount", ""),
    failedTransactionCount: readNumber(record, "failedTransactionCount", ""),
  };
}

export interface CallResult {
  readonly blockNumber: number;
  readonly status: number;
  readonly output: Uint8Array;
}

/** call */
export function callResultFromRpc(value: unknown): CallResult {
  const record = readRecord(value, "result");
  return {
    blockNumber: readNumber(record, "blockNumber", ""),
    status: readNumber(record, "status", ""),
    output: readBytes(record, "output", ""),
  };
}

/** getGroupList: `{code, groupList, msg}`. */
export function groupListFromRpc(value: unknown): string[] {
  return readList(
    readRecord(value, "result"),
    "groupList",
    "",
    (item, path) => toText(item, path, SHORT_TEXT_MAX),
    NODES_MAX,
  );
}
