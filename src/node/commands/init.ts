/** `edgeseal init`: unpacks a provisioning bundle into a folder, once or as often as one likes. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { toHex } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import { type AnchorJson, anchorToJson } from "../../chain/anchor.js";
import { fingerprintOf, isFingerprint } from "../bundle/fingerprint.js";
import { BundleError } from "../bundle/problems.js";
import { firstConfigYaml } from "../bundle/writeYaml.js";
import { type Bundle, type BundleFiles, type BundleRole, readBundle } from "../bundle.js";
import { writeChecked } from "../config/checked.js";
import { CONFIG_FILE_DEFAULT, type Config, type LoadedConfig, loadConfig } from "../config.js";
import { writeFileDurably } from "../dataDir/files.js";
import { anchorName, anchorWrite, readAnchor, sameAnchor } from "./anchorRecord.js";
import { FIRST_FILES } from "./init/gatewayFiles.js";
import { openNodeState } from "./nodeState.js";
import { parseObject } from "./readInput.js";

export interface InitOptions {
  /** The bundle file's content; its name for error messages. */
  readonly bundle: Uint8Array;
  readonly bundleName: string;
  readonly folder: string;
  /** Fingerprint that the operator gave; anything else is refused before a byte is written. */
  readonly expect?: string;
  /** Instead of the bundle's. */
  readonly role?: string;
  readonly clock: Clock;
}

export interface InitResult {
  /** SHA-256 of the bundle in groups of four digits; to be compared with the operator's. */
  readonly fingerprint: string;
  readonly compared: boolean;
  readonly config: string;
  /** False: it was there already and was left as it is. */
  readonly configWritten: boolean;
  readonly dataDir: string;
  readonly anchor: AnchorJson;
  readonly anchorRecorded: boolean;
  readonly role: BundleRole;
  /** Names of the credential files written beside the configuration. */
  readonly files: readonly string[];
  /** Names of a gateway's first files; those that were there are left as they are. */
  readonly examples: readonly string[];
}

const CLIENT_RANDOM_BYTES = 4;
const FOLDER_MODE = 0o750;
const PUBLIC_MODE = 0o644;
const CONFIG_MODE = 0o640;
const SECRET_MODE = 0o600;

/** @throws BundleError, InputError, ChainError, ConfigError, DataDirError, StoreError */
export async function initNode(options: InitOptions): Promise<InitResult> {
  const { bundle: bytes, expect, clock } = options;
  const fingerprint = fingerprintOf(bytes);
  if (expect !== undefined && !isFingerprint(expect, fingerprint)) {
    throw new BundleError({ code: "BUNDLE_FINGERPRINT", computed: fingerprint, expected: expect.slice(0, 100) });
  }
  const named = parseObject(bytes, options.bundleName);
  const bundle = readBundle(options.role === undefined ? named : { ...named, role: options.role }, clock.now());
  const folder = resolve(options.folder);
  const configPath = join(folder, CONFIG_FILE_DEFAULT);
  const configFound = existsSync(configPath);
  const place = configFound ? (await loadConfig(configPath)).config : newPlace(folder);
  if (!configFound) await checkYaml(bundle, folder);

  makeFolder(folder);
  const state = await openNodeState(place, true);
  try {
    const before = readAnchor(state.store, clock.now());
    if (before !== undefined && !sameAnchor(before, bundle.anchor)) {
      throw new BundleError({
        code: "BUNDLE_ANCHOR_DIFFERS",
        path: place.dataDir,
        ours: anchorName(before),
        theirs: anchorName(bundle.anchor),
      });
    }
    const files = writeFiles(folder, bundle);
    if (before === undefined) state.store.apply([anchorWrite(bundle.anchor)]);
    const examples = bundle.role === "gateway" ? writeExamples(folder) : [];
    // Last, so that a folder with a configuration is a complete one.
    if (!configFound) write(configPath, yamlOf(bundle), CONFIG_MODE);
    rememberChecked(await loadConfig(configPath));
    return {
      fingerprint,
      compared: expect !== undefined,
      config: configPath,
      configWritten: !configFound,
      dataDir: place.dataDir,
      anchor: anchorToJson(before ?? bundle.anchor),
      anchorRecorded: before === undefined,
      role: bundle.role,
      files,
      examples,
    };
  } finally {
    state.close();
  }
}

/** The data directory that the first configuration names. */
function newPlace(folder: string): Pick<Config, "dataDir" | "store"> {
  return { dataDir: join(folder, "data"), store: { engine: "auto" } };
}

function rememberChecked({ config, fileId, fresh }: LoadedConfig): void {
  if (fresh !== undefined) writeChecked(config.dataDir, fileId, fresh);
}

/** A bundle whose configuration would not be valid is refused before anything is written. */
async function checkYaml(bundle: Bundle, folder: string): Promise<void> {
  const [{ parse }, { configProblems }] = await Promise.all([import("yaml"), import("../config/validate.js")]);
  const [problem] = configProblems(join(folder, CONFIG_FILE_DEFAULT), parse(yamlOf(bundle)));
  if (problem === undefined) return;
  const field = "field" in problem ? problem.field : "brokers";
  throw new BundleError({ code: "BUNDLE_FIELD", field, reason: "reason" in problem ? problem.reason : problem.code });
}

function yamlOf(bundle: Bundle): string {
  const { anchor, role, client, brokers, rpc, watch } = bundle;
  return firstConfigYaml({
    role,
    client: client ?? `${role}-${toHex(randomBytes(CLIENT_RANDOM_BYTES))}`,
    chain: `${anchor.chainId}, group ${anchor.groupId}`,
    brokers: brokers.map((broker, i) => ({ broker, files: filesOf(broker, i) })),
    endpoints: rpc.endpoints,
    rpcCaFile: rpc.ca === undefined ? undefined : RPC_CA_FILE,
    watch,
  });
}

const RPC_CA_FILE = "rpc.ca.pem";

function filesOf(broker: Bundle["brokers"][number], index: number): BundleFiles {
  const name = `broker-${index + 1}`;
  return {
    ...(broker.password === undefined ? {} : { password: `${name}.password` }),
    ...(broker.ca === undefined ? {} : { ca: `${name}.ca.pem` }),
    ...(broker.certificate === undefined ? {} : { certificate: `${name}.cert.pem` }),
    ...(broker.key === undefined ? {} : { key: `${name}.key.pem` }),
  };
}

function writeFiles(folder: string, { brokers, rpc }: Bundle): string[] {
  const written: string[] = [];
  const put = (name: string | undefined, content: string | undefined, mode: number): void => {
    if (name === undefined || content === undefined) return;
    write(join(folder, name), content, mode);
    written.push(name);
  };
  for (const [i, broker] of brokers.entries()) {
    const names = filesOf(broker, i);
    put(names.password, broker.password, SECRET_MODE);
    put(names.ca, broker.ca, PUBLIC_MODE);
    put(names.certificate, broker.certificate, PUBLIC_MODE);
    put(names.key, broker.key, SECRET_MODE);
  }
  put(RPC_CA_FILE, rpc.ca, PUBLIC_MODE);
  return written;
}

function writeExamples(folder: string): string[] {
  const missing = FIRST_FILES.filter(({ name }) => !existsSync(join(folder, name)));
  // Whoever has begun to write rules wants no examples among them.
  if (missing.length < FIRST_FILES.length) return [];
  for (const { name, text } of missing) {
    makeFolder(dirname(join(folder, name)));
    write(join(folder, name), text, PUBLIC_MODE);
  }
  return missing.map(({ name }) => name);
}

function makeFolder(path: string): void {
  attempt(path, () => mkdirSync(path, { recursive: true, mode: FOLDER_MODE }));
}

function write(path: string, content: string, mode: number): void {
  attempt(path, () => writeFileDurably(path, content, mode));
}

function attempt(path: string, work: () => void): void {
  try {
    work();
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
    throw new BundleError({ code: "BUNDLE_WRITE_FAILED", path, reason }, { cause: thrown });
  }
}
