/**
 * Headers and blocks as JSON-RPC shows them (FISCO-BCOS bcos-rpc/jsonrpc/JsonRpcImpl_2_0.cpp, toJsonResp).
 *
 * Shapes and types are checked here, meaning is not: `checkHeader` comes next, then the hash. Unknown fields are
 * ignored, because newer nodes add some.
 */
import { to0x } from "../../base/bytes.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { Header, HeaderSignature, ParentInfo, SignedHeader } from "./header.js";
import { GENESIS_EXTRA_DATA_BYTES_MAX, SEALERS_MAX } from "./headerRules.js";
import {
  optionalField,
  type RpcRecord,
  readBytes,
  readList,
  readNumber,
  readRecord,
  readText,
  toBytes,
  toInt64,
} from "./rpcFields.js";
import type { SealerSets } from "./sealerSets.js";

/** Longer than any node id or signature, so that a wrong length is the rules' finding and not a type error. */
const SMALL_BYTES_MAX = 256;
/** A block has one parent and FISCO never writes more. */
const PARENTS_MAX = 16;
const GAS_TEXT_MAX = 80;

export interface DecodedHeader {
  readonly signed: SignedHeader;
  /** What the source says the hash is. Never believed: compute it. */
  readonly claimedHash?: Uint8Array;
}

/**
 * @param sets pool that makes equal sealer sets one object; headers of one source should share it.
 * @throws RpcShapeError
 */
export function headerFromRpc(value: unknown, sets?: SealerSets): DecodedHeader {
  const record = readRecord(value, "header");
  const nodeIds = readList(record, "sealerList", "", (item, path) => toBytes(item, path, SMALL_BYTES_MAX), SEALERS_MAX);
  const set = { nodeIds, weights: readList(record, "consensusWeights", "", toInt64, SEALERS_MAX) };
  const header: Header = {
    version: readNumber(record, "version", ""),
    parents: readList(record, "parentInfo", "", readParent, PARENTS_MAX),
    txsRoot: readBytes(record, "txsRoot", "", SMALL_BYTES_MAX),
    receiptsRoot: readBytes(record, "receiptsRoot", "", SMALL_BYTES_MAX),
    stateRoot: readBytes(record, "stateRoot", "", SMALL_BYTES_MAX),
    number: readNumber(record, "number", ""),
    gasUsed: readText(record, "gasUsed", "", GAS_TEXT_MAX),
    timestamp: readNumber(record, "timestamp", ""),
    sealer: readNumber(record, "sealer", ""),
    sealers: sets === undefined ? set : sets.shared(set),
    extraData: readBytes(record, "extraData", "", GENESIS_EXTRA_DATA_BYTES_MAX),
  };
  const signatures = readList(record, "signatureList", "", readSignature, SEALERS_MAX);
  return withClaimedHash({ header, signatures }, claimedHashOf(record));
}

function withClaimedHash(signed: SignedHeader, claimedHash: Uint8Array | undefined): DecodedHeader {
  return claimedHash === undefined ? { signed } : { signed, claimedHash };
}

function claimedHashOf(record: RpcRecord): Uint8Array | undefined {
  const value = optionalField(record, "hash");
  if (value === undefined || value === null) return undefined;
  const bytes = toBytes(value, "hash", SMALL_BYTES_MAX);
  return bytes.length === HASH_BYTES ? bytes : undefined;
}

function readParent(value: unknown, path: string): ParentInfo {
  const record = readRecord(value, path);
  return {
    number: readNumber(record, "blockNumber", path),
    hash: readBytes(record, "blockHash", path, SMALL_BYTES_MAX),
  };
}

function readSignature(value: unknown, path: string): HeaderSignature {
  const record = readRecord(value, path);
  return {
    sealerIndex: readNumber(record, "sealerIndex", path),
    signature: readBytes(record, "signature", path, SMALL_BYTES_MAX),
  };
}

/**
 * In FISCO's shape and (alphabetical) key order; `transactions` only in blocks. Weights are numbers, or bigints where a
 * number would round: use `writeJson`.
 */
export interface RpcHeader {
  readonly consensusWeights: readonly (number | bigint)[];
  readonly extraData: string;
  readonly gasUsed: string;
  readonly hash: string;
  readonly number: number;
  readonly parentInfo: readonly { readonly blockHash: string; readonly blockNumber: number }[];
  readonly receiptsRoot: string;
  readonly sealer: number;
  readonly sealerList: readonly string[];
  readonly signatureList: readonly { readonly sealerIndex: number; readonly signature: string }[];
  readonly stateRoot: string;
  readonly timestamp: number;
  readonly transactions?: readonly unknown[];
  readonly txsRoot: string;
  readonly version: number;
}

/** @param transactions what a block's answer lists under that key; left out for a bare header. */
export function headerToRpc(signed: SignedHeader, hash: Uint8Array, transactions?: readonly unknown[]): RpcHeader {
  const { header, signatures } = signed;
  return {
    consensusWeights: header.sealers.weights.map(plainNumber),
    extraData: to0x(header.extraData),
    gasUsed: header.gasUsed,
    hash: to0x(hash),
    number: header.number,
    parentInfo: header.parents.map((parent) => ({ blockHash: to0x(parent.hash), blockNumber: parent.number })),
    receiptsRoot: to0x(header.receiptsRoot),
    sealer: header.sealer,
    sealerList: header.sealers.nodeIds.map(to0x),
    signatureList: signatures.map(({ sealerIndex, signature }) => ({ sealerIndex, signature: to0x(signature) })),
    stateRoot: to0x(header.stateRoot),
    timestamp: header.timestamp,
    ...(transactions === undefined ? {} : { transactions }),
    txsRoot: to0x(header.txsRoot),
    version: header.version,
  };
}

function plainNumber(wide: bigint): number | bigint {
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}
