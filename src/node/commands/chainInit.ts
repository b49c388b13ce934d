/** `edgeseal chain init`: everything that a new chain of participants needs, ready to run. */
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createKeyFile } from "../../../hsm/keystore/keystore.js";
import { to0x, utf8Bytes } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import { type Anchor, anchorToJson } from "../../chain/anchor.js";
import { type GenesisConfig, genesisHeader } from "../../codec/fisco/genesis.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { Suite, SuiteName } from "../../crypto/suite.js";
import { writeFileDurably } from "../dataDir/files.js";
import { openDataDir } from "../dataDir.js";
import { genesisAnchor } from "../participant/genesisAnchor.js";
import { advanceHistory } from "../signing/history.js";
import { guardChainOf, openGuardStore } from "../signing/openKey.js";
import { type Authority, makeAuthority } from "./chainInit/certificates.js";
import { configYaml, type NodePlan, startScript } from "./chainInit/nodeFiles.js";
import { ChainInitError } from "./chainInit/problems.js";
import { initNode } from "./init.js";

export type Consensus = "solo" | "raft" | "pbft";

export interface ChainInitOptions {
  readonly nodes: number;
  readonly suite: SuiteName;
  readonly consensus: Consensus;
  /** Created, or empty. */
  readonly folder: string;
  readonly chainId: string;
  readonly groupId: string;
  /** Sealer keys made elsewhere, X || Y of node0, node1...; the others get one in a file. */
  readonly sealerKeys: readonly Uint8Array[];
  /** Ports of node0; the others count up from there. */
  readonly rpcPort: number;
  readonly mqttPort: number;
  /** Words that run this program, for start scripts. */
  readonly program: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

export interface ChainInitResult {
  readonly folder: string;
  readonly genesisHash: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly nodeId: string;
    readonly rpc: string;
    readonly mqtt: string;
  }[];
  /** For `edgeseal init --bundle` on light nodes. */
  readonly bundle: string;
  /** Configuration with the key of the governor, for transactions: a running node keeps its own folder to itself. */
  readonly admin: string;
  readonly notes: readonly string[];
}

export const NODES_MAX = 100;
/** Version of the format that blocks carry; from here on block 0 has no epoch lines. */
const COMPATIBILITY_VERSION = "3.3.0";
const BLOCK_TX_COUNT_LIMIT = 1_000n;
const TX_GAS_LIMIT = 3_000_000_000n;
const FOLDER_MODE = 0o700;
const PUBLIC_MODE = 0o644;
const PROGRAM_MODE = 0o755;
const PASSPHRASE_BYTES = 24;
const TOKEN_BYTES = 32;

interface Node extends NodePlan {
  readonly folder: string;
  readonly publicKey: Uint8Array;
  readonly admin: Uint8Array;
}

/** @throws ChainInitError; KeystoreError, SigningError, StoreError of what is written */
export async function initChain(options: ChainInitOptions): Promise<ChainInitResult> {
  checkOptions(options);
  const folder = resolve(options.folder);
  const suite = await loadSuite(options.suite);
  checkSealerKeys(options, suite);
  prepareFolder(folder);
  const authority = await makeAuthority(options.chainId, options.clock.now());
  const nodes: Node[] = [];
  for (let index = 0; index < options.nodes; index++) nodes.push(await makeKeys(options, folder, index));
  const genesis = genesisOf(options, nodes, suite);
  const anchor = anchorOf(options, genesis, suite);
  writeFileDurably(join(folder, "ca.crt"), authority.certificate, PUBLIC_MODE);
  writeFileDurably(join(folder, "ca.key"), authority.key);
  for (const node of nodes) await writeNode(options, node, genesis, anchor, authority, suite);
  const bundle = join(folder, "light.bundle.json");
  const text = bundleText(anchor, nodes);
  writeFileDurably(bundle, text);
  const admin = await makeAdmin(folder, text, nodes, options.clock);
  return {
    folder,
    genesisHash: to0x(anchor.hash),
    nodes: nodes.map(({ name, publicKey, rpcPort, mqttPort }) => ({
      name,
      nodeId: to0x(publicKey),
      rpc: `http://127.0.0.1:${rpcPort}`,
      mqtt: `mqtt://127.0.0.1:${mqttPort}`,
    })),
    bundle,
    admin,
    notes: nodes.map(({ name, sealerOnToken }) =>
      sealerOnToken
        ? `${name}: fill in where the sealer's key lives, in ${name}/edgeseal.yaml under keys; then key history advance.`
        : `${name}: the sealer's key lies in a file (development: true): for real use make it on a token, docs/operating/keys.md.`,
    ),
  };
}

function checkOptions({ nodes, consensus, rpcPort, mqttPort }: ChainInitOptions): void {
  if (consensus !== "solo") throw new ChainInitError({ code: "CHAIN_INIT_CONSENSUS", consensus });
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) {
    throw new ChainInitError({ code: "CHAIN_INIT_NODES", nodes, most: NODES_MAX });
  }
  if (nodes !== 1) throw new ChainInitError({ code: "CHAIN_INIT_SOLO_NODES", nodes });
  for (const port of [rpcPort, mqttPort]) {
    if (!Number.isInteger(port) || port < 1 || port + nodes > 65_536)
      throw new ChainInitError({ code: "CHAIN_INIT_PORT", port });
  }
}

function checkSealerKeys({ sealerKeys, nodes }: ChainInitOptions, suite: Suite): void {
  if (sealerKeys.length > nodes) throw new ChainInitError({ code: "CHAIN_INIT_SEALER_KEY", index: nodes });
  const wrong = sealerKeys.findIndex((key) => suite.prepare(key) === undefined);
  if (wrong >= 0) throw new ChainInitError({ code: "CHAIN_INIT_SEALER_KEY", index: wrong });
}

function prepareFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new ChainInitError({ code: "CHAIN_INIT_FOLDER", folder, reason: "NOT_EMPTY" });
  }
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "UNEXPECTED";
    throw new ChainInitError({ code: "CHAIN_INIT_FOLDER", folder, reason }, { cause: thrown });
  }
}

/** The key that seals, and one that may govern. */
async function makeKeys(options: ChainInitOptions, parent: string, index: number): Promise<Node> {
  const name = `node${index}`;
  const folder = join(parent, name);
  mkdirSync(join(folder, "keys"), { recursive: true, mode: FOLDER_MODE });
  const algorithm = options.suite === "sm" ? "sm2" : "secp256k1";
  const make = async (key: string): Promise<Uint8Array> => {
    const passphrase = utf8Bytes(randomBytes(PASSPHRASE_BYTES).toString("base64url"));
    writeFileDurably(join(folder, `${key}.pass`), passphrase);
    return await createKeyFile(join(folder, "keys", `${key}.json`), algorithm, passphrase, options.random);
  };
  const [rpcPort, mqttPort] = [options.rpcPort + index, options.mqttPort + index];
  const given = options.sealerKeys[index];
  const publicKey = given ?? (await make("sealer"));
  const plan = { name, algorithm, rpcPort, mqttPort, sealerOnToken: given !== undefined } as const;
  return { ...plan, folder, publicKey, admin: await make("admin") };
}

function genesisOf(
  { chainId, groupId, suite: name }: ChainInitOptions,
  nodes: readonly Node[],
  suite: Suite,
): GenesisConfig {
  const [first] = nodes;
  return {
    smCrypto: name === "sm",
    chainId,
    groupId,
    // One sealer under the rules of PBFT: more can be added once that consensus is here.
    consensusType: "pbft",
    blockTxCountLimit: BLOCK_TX_COUNT_LIMIT,
    leaderPeriod: 1n,
    compatibilityVersion: COMPATIBILITY_VERSION,
    gasLimit: TX_GAS_LIMIT,
    isWasm: false,
    isAuthCheck: true,
    authAdminAccount: first === undefined ? "" : to0x(suite.address(first.admin)),
    isSerialExecute: true,
    features: [],
    nodes: nodes.map(({ publicKey }) => ({ nodeId: publicKey, weight: 1n })),
  };
}

function anchorOf({ clock }: ChainInitOptions, genesis: GenesisConfig, suite: Suite): Anchor {
  return genesisAnchor(genesis, suite, clock.now());
}

async function writeNode(
  options: ChainInitOptions,
  node: Node,
  genesis: GenesisConfig,
  anchor: Anchor,
  authority: Authority,
  suite: Suite,
): Promise<void> {
  const { folder, name, publicKey } = node;
  mkdirSync(join(folder, "tls"), { mode: FOLDER_MODE });
  const pair = await authority.issue(name, [name, "localhost", "127.0.0.1"]);
  writeFileDurably(join(folder, "tls/ca.crt"), authority.certificate, PUBLIC_MODE);
  writeFileDurably(join(folder, "tls/node.crt"), pair.certificate, PUBLIC_MODE);
  writeFileDurably(join(folder, "tls/node.key"), pair.key);
  writeFileDurably(join(folder, "rpc.token"), randomBytes(TOKEN_BYTES).toString("base64url"));
  writeFileDurably(join(folder, "genesis.txt"), genesisHeader(genesis).extraData, PUBLIC_MODE);
  if (!node.sealerOnToken) await vouch(folder, anchor, suite, publicKey);
  writeFileDurably(join(folder, "start.sh"), startScript(options.program), PROGRAM_MODE);
  // Last, so that a folder with a configuration is a complete one.
  writeFileDurably(join(folder, "edgeseal.yaml"), configYaml(node), PUBLIC_MODE);
}

/** The key was made a moment ago: nothing was ever signed with it. */
async function vouch(folder: string, anchor: Anchor, suite: Suite, publicKey: Uint8Array): Promise<void> {
  const dataDir = await openDataDir(join(folder, "data"), { create: true });
  try {
    const store = await openGuardStore(dataDir.path);
    try {
      const id = { chain: guardChainOf(anchor, suite.hash).id, publicKey };
      await advanceHistory(store, id, {
        suite: suite.name,
        family: "sealer",
        to: { height: 0 },
        anchor: undefined,
      });
    } finally {
      store.close();
    }
  } finally {
    dataDir.close();
  }
}

async function makeAdmin(parent: string, bundle: string, nodes: readonly Node[], clock: Clock): Promise<string> {
  const folder = join(parent, "admin");
  const { config } = await initNode({ bundle: utf8Bytes(bundle), bundleName: "bundle", folder, clock });
  const keys = nodes.slice(0, 1).map(({ name, algorithm }) => {
    const place = `file: ../${name}/keys/admin.json, secretFile: ../${name}/admin.pass`;
    return `  - { name: admin, algorithm: ${algorithm}, backend: keystore, ${place} }\n`;
  });
  appendFileSync(config, `\n# The governor named in block 0.\nkeys:\n${keys.join("")}`);
  return config;
}

function bundleText(anchor: Anchor, nodes: readonly Node[]): string {
  const brokers = nodes.map(({ mqttPort }) => ({ url: `mqtt://127.0.0.1:${mqttPort}` }));
  const rpc = { endpoints: nodes.map(({ rpcPort }) => `http://127.0.0.1:${rpcPort}`) };
  return `${JSON.stringify({ edgesealBundle: 1, anchor: anchorToJson(anchor), brokers, rpc }, undefined, 2)}\n`;
}
