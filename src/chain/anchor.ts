/**
 * The anchor: what the operator vouches for, the start of all trust. A height, its hash and its sealers; or block 0's hash
 * alone where block 0 lists the sealers in its text (and block 1 must then carry exactly these).
 */
import { compareBytes, fromHex, to0x } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import { codeOf } from "../base/error.js";
import type { SealerSet } from "../codec/fisco/header.js";
import { checkSealerSet } from "../codec/fisco/headerRules.js";
import type { FaultModel, Layout, Profile } from "../codec/profile.js";
import { checkName } from "../codec/wire/topics.js";
import type { SuiteName } from "../crypto/suite.js";
import { ChainError } from "./problems.js";

export interface Anchor {
  readonly chainId: string;
  readonly groupId: string;
  readonly profile: Profile;
  readonly height: number;
  readonly hash: Uint8Array;
  /** In list order; undefined only at height 0. */
  readonly sealers: SealerSet | undefined;
  /** When the operator accepted it; trust ages from here. */
  readonly acceptedAt: Millis;
  /** 20-byte accounts whose transactions may carry events as evidence (docs/architecture.md, "Evidence"). */
  readonly publishers: readonly Uint8Array[];
  /** 20-byte accounts whose direct calls to the consensus precompile may prove a sealer-set change. */
  readonly governors: readonly Uint8Array[];
}

/** The same as plain JSON, as it stands in bundles and in the store. */
export interface AnchorJson {
  readonly chain: string;
  readonly group: string;
  readonly suite: SuiteName;
  readonly layout: Layout;
  readonly faultModel: FaultModel;
  readonly height: number;
  readonly hash: string;
  readonly sealers?: readonly { readonly nodeID: string; readonly weight: string }[];
  readonly acceptedAt?: number;
  readonly publishers?: readonly string[];
  readonly governors?: readonly string[];
}

const HASH_BYTES = 32;
const NODE_ID_BYTES = 64;
const ADDRESS_BYTES = 20;
const SEALERS_MAX = 1_024;
const ACCOUNTS_MAX = 256;

export function anchorToJson(anchor: Anchor): AnchorJson {
  const { profile, sealers } = anchor;
  return {
    chain: anchor.chainId,
    group: anchor.groupId,
    suite: profile.suite,
    layout: profile.layout,
    faultModel: profile.faultModel,
    height: anchor.height,
    hash: to0x(anchor.hash),
    ...(sealers === undefined ? {} : { sealers: sealersToJson(sealers) }),
    acceptedAt: anchor.acceptedAt,
    ...(anchor.publishers.length === 0 ? {} : { publishers: anchor.publishers.map(to0x) }),
    ...(anchor.governors.length === 0 ? {} : { governors: anchor.governors.map(to0x) }),
  };
}

export function sealersToJson(sealers: SealerSet): { nodeID: string; weight: string }[] {
  return sealers.nodeIds.map((id, i) => ({ nodeID: to0x(id), weight: String(sealers.weights[i]) }));
}

/**
 * @param now used as `acceptedAt` where the file has none.
 * @throws ChainError ANCHOR_MALFORMED naming the field, ANCHOR_NEEDS_SEALERS
 */
export function anchorFromJson(value: unknown, now: Millis): Anchor {
  const json = objectOf(value, "anchor");
  const height = field(json, "height");
  if (typeof height !== "number" || !Number.isSafeInteger(height) || height < 0) malformed("height");
  const sealers = json.sealers === undefined ? undefined : sealersFromJson(json.sealers);
  if (sealers === undefined && height !== 0) throw new ChainError({ code: "ANCHOR_NEEDS_SEALERS", height });
  const acceptedAt = json.acceptedAt ?? now;
  if (typeof acceptedAt !== "number" || !Number.isSafeInteger(acceptedAt) || acceptedAt < 0) malformed("acceptedAt");
  return {
    chainId: nameOf(json, "chain"),
    groupId: nameOf(json, "group"),
    profile: {
      suite: oneOf(json, "suite", ["ecdsa", "sm"]),
      layout: oneOf(json, "layout", ["fisco", "edgeseal"]),
      faultModel: oneOf(json, "faultModel", ["bft", "crash"]),
    },
    height,
    hash: hexOf(field(json, "hash"), "hash", HASH_BYTES),
    sealers,
    acceptedAt,
    publishers: accountsOf(json.publishers, "publishers"),
    governors: accountsOf(json.governors, "governors"),
  };
}

/**
 * `[{ "nodeID": "0x..", "weight": "1" }]`; weights may be numbers where they are safe integers.
 * @throws ChainError ANCHOR_MALFORMED
 */
export function sealersFromJson(value: unknown): SealerSet {
  if (!Array.isArray(value) || value.length === 0 || value.length > SEALERS_MAX) malformed("sealers");
  const entries = value.map((entry: unknown) => {
    const sealer = objectOf(entry, "sealers");
    return { nodeId: hexOf(field(sealer, "nodeID"), "nodeID", NODE_ID_BYTES), weight: weightOf(sealer.weight) };
  });
  // Operators copy lists from many places; headers list their sealers in ascending order (FISCO ConsensusConfig.cpp).
  entries.sort((a, b) => compareBytes(a.nodeId, b.nodeId));
  const set = { nodeIds: entries.map(({ nodeId }) => nodeId), weights: entries.map(({ weight }) => weight) };
  try {
    checkSealerSet(set, 0);
  } catch (thrown) {
    malformed(`sealers (${codeOf(thrown)})`);
  }
  return set;
}

function weightOf(value: unknown): bigint {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof value === "bigint") return value;
  if (typeof text !== "string" || !/^[1-9][0-9]{0,18}$/.test(text)) malformed("weight");
  return BigInt(text);
}

function accountsOf(value: unknown, name: string): Uint8Array[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > ACCOUNTS_MAX) malformed(name);
  return value.map((entry: unknown) => hexOf(entry, name, ADDRESS_BYTES));
}

function nameOf(json: Record<string, unknown>, name: string): string {
  const value = field(json, name);
  if (typeof value !== "string") malformed(name);
  try {
    return checkName(name, value);
  } catch {
    malformed(name);
  }
}

function oneOf<T extends string>(json: Record<string, unknown>, name: string, allowed: readonly T[]): T {
  const value = field(json, name);
  const known = allowed.find((option) => option === value);
  return known ?? malformed(name);
}

function hexOf(value: unknown, name: string, length: number): Uint8Array {
  if (typeof value !== "string") malformed(name);
  let bytes: Uint8Array;
  try {
    bytes = fromHex(value);
  } catch {
    malformed(name);
  }
  return bytes.length === length ? bytes : malformed(name);
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) malformed(name);
  return value as Record<string, unknown>;
}

function field(json: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(json, name) ? json[name] : malformed(name);
}

function malformed(name: string): never {
  throw new ChainError({ code: "ANCHOR_MALFORMED", field: name });
}
