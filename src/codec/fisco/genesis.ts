/**
 * Block 0 of FISCO chains from 3.1.0 on carries its configuration as text in extraData, LF after every line, in one
 * fixed order (bcos-tool/NodeConfig.cpp, generateGenesisData; the spellings "grouID" and "[consensys]" are theirs). So
 * the text proves the first sealers to whoever knows the genesis hash.
 */
import { compareBytes, fromHex, toHex, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { GenesisError } from "../problems.js";
import type { Header, SealerSet } from "./header.js";
import { headerHash } from "./headerHash.js";
import { GENESIS_EXTRA_DATA_BYTES_MAX, SEALERS_MAX } from "./headerRules.js";

export interface GenesisNode {
  /** 64-byte public key. */
  readonly nodeId: Uint8Array;
  readonly weight: bigint;
}

export interface GenesisConfig {
  readonly smCrypto: boolean;
  readonly chainId: string;
  readonly groupId: string;
  readonly consensusType: string;
  readonly blockTxCountLimit: bigint;
  readonly leaderPeriod: bigint;
  /** "3.1.0" or later. */
  readonly compatibilityVersion: string;
  readonly gasLimit: bigint;
  readonly isWasm: boolean;
  readonly isAuthCheck: boolean;
  readonly authAdminAccount: string;
  readonly isSerialExecute: boolean;
  /** Both from 3.5.0 on, and only then. */
  readonly epochSealerNum?: bigint;
  readonly epochBlockNum?: bigint;
  /** In the order of the text; may be empty. */
  readonly features: readonly { readonly flag: string; readonly value: bigint }[];
  /** In the order of the text, which is not always that of header lists. */
  readonly nodes: readonly GenesisNode[];
}

export const GENESIS_FEATURES_MAX = 256;

const VERSION = /^3\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const VERSION_WITH_EPOCHS = 0x0305_0000;
const VERSION_WITH_TEXT = 0x0301_0000;
const TEXT_VALUE = /^[\x21-\x7e][\x20-\x7e]{0,255}$/;
const EMPTY_OR_TEXT = /^(?:|[\x21-\x7e][\x20-\x7e]{0,255})$/;
const DECIMAL = /^(?:0|[1-9]\d{0,19})$/;
const FEATURE = /^([A-Za-z0-9_]{1,64}):(0|[1-9]\d{0,18})$/;
const NODE = /^([0-9a-f]{128}),([1-9]\d{0,18})$/;
const WEIGHT_MAX = 0x7fff_ffff_ffff_ffffn;

/**
 * The configuration in block 0's extraData. Every line must be the expected one.
 * @throws GenesisError
 */
export function readGenesis(extraData: Uint8Array): GenesisConfig {
  if (extraData.length > GENESIS_EXTRA_DATA_BYTES_MAX) {
    throw new GenesisError({
      code: "GENESIS_TOO_LARGE",
      length: extraData.length,
      max: GENESIS_EXTRA_DATA_BYTES_MAX,
    });
  }
  const lines = new GenesisLines(extraData);
  lines.section("[chain]");
  const smCrypto = lines.flag("sm_crypto:");
  const chainId = lines.text("chainID: ", TEXT_VALUE);
  const groupId = lines.text("grouID: ", TEXT_VALUE);
  lines.section("[consensys]");
  const consensusType = lines.text("consensus_type: ", TEXT_VALUE);
  const blockTxCountLimit = lines.integer("block_tx_count_limit:");
  const leaderPeriod = lines.integer("leader_period:");
  lines.section("[version]");
  const compatibilityVersion = lines.text("compatibility_version:", VERSION);
  const version = versionNumber(compatibilityVersion);
  lines.section("[tx]");
  const gasLimit = lines.integer("gaslimit:");
  lines.section("[executor]");
  const config = {
    smCrypto,
    chainId,
    groupId,
    consensusType,
    blockTxCountLimit,
    leaderPeriod,
    compatibilityVersion,
    gasLimit,
    isWasm: lines.flag("iswasm: "),
    isAuthCheck: lines.flag("isAuthCheck:"),
    authAdminAccount: lines.text("authAdminAccount:", EMPTY_OR_TEXT),
    isSerialExecute: lines.flag("isSerialExecute:"),
    ...(version >= VERSION_WITH_EPOCHS
      ? { epochSealerNum: lines.integer("epochSealerNum:"), epochBlockNum: lines.integer("epochBlockNum:") }
      : {}),
    features: lines.features(),
    nodes: lines.nodes(),
  };
  lines.end();
  return config;
}

class GenesisLines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(extraData: Uint8Array) {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(extraData);
    } catch (cause) {
      throw new GenesisError({ code: "GENESIS_NOT_TEXT" }, { cause });
    }
    this.#lines = text.split("\n");
  }

  section(name: string): void {
    if (this.#lines[this.#at] !== name) throw this.#wrong(name);
    this.#at++;
  }

  text(prefix: string, pattern: RegExp): string {
    const line = this.#lines[this.#at];
    const value = line?.startsWith(prefix) ? line.slice(prefix.length) : undefined;
    if (value === undefined || !pattern.test(value)) throw this.#wrong(prefix);
    this.#at++;
    return value;
  }

  flag(prefix: string): boolean {
    return this.text(prefix, /^[01]$/) === "1";
  }

  integer(prefix: string): bigint {
    return BigInt(this.text(prefix, DECIMAL));
  }

  features(): { flag: string; value: bigint }[] {
    const features: { flag: string; value: bigint }[] = [];
    if (this.#lines[this.#at] !== "[features]") return features;
    this.#at++;
    for (;;) {
      const [, flag, value] = FEATURE.exec(this.#lines[this.#at] ?? "") ?? [];
      if (flag === undefined || value === undefined) return features;
      if (features.length >= GENESIS_FEATURES_MAX) throw this.#wrong("node.0:");
      features.push({ flag, value: BigInt(value) });
      this.#at++;
    }
  }

  nodes(): GenesisNode[] {
    const nodes: GenesisNode[] = [];
    for (;;) {
      const prefix = `node.${nodes.length}:`;
      const line = this.#lines[this.#at];
      if (line === undefined || !line.startsWith(prefix)) break;
      const [, nodeId, weight] = NODE.exec(line.slice(prefix.length)) ?? [];
      if (nodeId === undefined || weight === undefined || BigInt(weight) > WEIGHT_MAX) throw this.#wrong(prefix);
      if (nodes.length >= SEALERS_MAX) throw new GenesisError({ code: "GENESIS_SEALERS", index: nodes.length });
      nodes.push({ nodeId: fromHex(nodeId), weight: BigInt(weight) });
      this.#at++;
    }
    if (nodes.length === 0) throw new GenesisError({ code: "GENESIS_NO_SEALERS" });
    return nodes;
  }

  /** Every line ends with LF, so the split leaves one empty rest. */
  end(): void {
    if (this.#at !== this.#lines.length - 1 || this.#lines[this.#at] !== "") throw this.#wrong("end");
  }

  #wrong(expected: string): GenesisError {
    return new GenesisError({ code: "GENESIS_LINE", line: this.#at + 1, expected });
  }
}

/**
 * The text of a configuration, as block 0's extraData.
 * @throws GenesisError where a value cannot stand in its line
 */
export function writeGenesis(config: GenesisConfig): Uint8Array {
  const { epochSealerNum, epochBlockNum, features, nodes } = config;
  const lines = [
    "[chain]",
    `sm_crypto:${flagText(config.smCrypto)}`,
    `chainID: ${config.chainId}`,
    `grouID: ${config.groupId}`,
    "[consensys]",
    `consensus_type: ${config.consensusType}`,
    `block_tx_count_limit:${config.blockTxCountLimit}`,
    `leader_period:${config.leaderPeriod}`,
    "[version]",
    `compatibility_version:${config.compatibilityVersion}`,
    "[tx]",
    `gaslimit:${config.gasLimit}`,
    "[executor]",
    `iswasm: ${flagText(config.isWasm)}`,
    `isAuthCheck:${flagText(config.isAuthCheck)}`,
    `authAdminAccount:${config.authAdminAccount}`,
    `isSerialExecute:${flagText(config.isSerialExecute)}`,
  ];
  if (epochSealerNum !== undefined && epochBlockNum !== undefined) {
    lines.push(`epochSealerNum:${epochSealerNum}`, `epochBlockNum:${epochBlockNum}`);
  }
  if (features.length > 0) lines.push("[features]", ...features.map(({ flag, value }) => `${flag}:${value}`));
  for (const [i, { nodeId, weight }] of nodes.entries()) lines.push(`node.${i}:${toHex(nodeId)},${weight}`);
  const extraData = utf8Bytes(`${lines.join("\n")}\n`);
  // Reading it back is the check: a value with a line feed in it would make another text than was meant.
  readGenesis(extraData);
  return extraData;
}

/** Header of block 0 for a configuration. @throws GenesisError */
export function genesisHeader(config: GenesisConfig): Header {
  const zeros = new Uint8Array(HASH_BYTES);
  return {
    version: versionNumber(config.compatibilityVersion),
    parents: [],
    txsRoot: zeros,
    receiptsRoot: zeros,
    stateRoot: zeros,
    number: 0,
    gasUsed: "0",
    timestamp: 0,
    sealer: 0,
    sealers: { nodeIds: [], weights: [] },
    extraData: writeGenesis(config),
  };
}

/** @throws GenesisError */
export function genesisHash(hash: HashFunction, config: GenesisConfig): Uint8Array {
  return headerHash(hash, genesisHeader(config));
}

/**
 * The sealer set that header 1 must carry: the text's nodes, ascending by node id.
 * @throws GenesisError `GENESIS_SEALERS` for a node that is listed twice.
 */
export function genesisSealers(config: GenesisConfig): SealerSet {
  const sorted = [...config.nodes].sort((a, b) => compareBytes(a.nodeId, b.nodeId));
  for (const [index, { nodeId }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && compareBytes(before.nodeId, nodeId) === 0) {
      throw new GenesisError({ code: "GENESIS_SEALERS", index });
    }
  }
  return { nodeIds: sorted.map((node) => node.nodeId), weights: sorted.map((node) => node.weight) };
}

function versionNumber(text: string): number {
  const [, minor, patch] = VERSION.exec(text) ?? [];
  const version = 0x0300_0000 + Number(minor) * 0x1_0000 + Number(patch) * 0x100;
  const fits = Number(minor) <= 255 && Number(patch) <= 255;
  // Before 3.1.0 block 0 had another text, which is not established.
  if (!fits || version < VERSION_WITH_TEXT) {
    throw new GenesisError({ code: "GENESIS_VALUE", field: "compatibility_version" });
  }
  return version;
}

function flagText(flag: boolean): string {
  return flag ? "1" : "0";
}
