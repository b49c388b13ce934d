/**
 * The folder of a run: a chain as `edgeseal chain init` makes it, a gateway as `edgeseal init` makes it from the chain's
 * bundle, and the home's own files. Everything in it is what an operator would have, to be looked at while it runs.
 */
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { toHex } from "../../src/base/bytes.js";
import { type AnchorJson, anchorFromJson } from "../../src/chain/anchor.js";
import { initChain } from "../../src/node/commands/chainInit.js";
import { initNode } from "../../src/node/commands/init.js";
import { generateKey } from "../../src/node/commands/key.js";
import { advanceKeyHistory } from "../../src/node/commands/keyHistory.js";
import { loadConfig } from "../../src/node/config.js";
import { systemClock, systemRandom } from "../../src/node/systemClock.js";
import { SimulatorError } from "../chain/problems.js";

/** An empty block shows that the chain lives; a demonstration does not wait a minute for it. */
const IDLE_MS = 1_000;
const METER_TIMEOUT_MS = 500;
const RECEIPTS_KEY = "receipts";
const SECRET_FILE = `${RECEIPTS_KEY}.pass`;
const PASSPHRASE_BYTES = 24;
const SECRET_MODE = 0o600;
const HOME_FOLDER = "simulator/demo/home";

export interface HomePlan {
  /** Empty. */
  readonly folder: string;
  /** The home's broker. */
  readonly broker: string;
  readonly meterPort: number | undefined;
  /** Public keys to be filled in, by device. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/** Paths of the two configurations. */
export interface HomeFiles {
  readonly participant: string;
  readonly gateway: string;
}

/** @throws ChainInitError, BundleError, SimulatorError `SIMULATOR_OPTION` where a file of the home is missing */
export async function writeHome({ folder, broker, meterPort, keys }: HomePlan): Promise<HomeFiles> {
  const [rpcPort, mqttPort] = await freePorts();
  const chain = await initChain({
    ...{ nodes: 1, suite: "ecdsa", consensus: "solo", chainId: "chain0", groupId: "group0", sealerKeys: [] },
    ...{ folder: join(folder, "chain"), rpcPort, mqttPort, clock: systemClock, random: systemRandom },
    program: [process.execPath, resolve(packageFolder(), "dist/src/cli/main.js")],
  });
  const participant = join(chain.folder, "node0", "edgeseal.yaml");
  edit(participant, /^participant:$/m, `participant:\n  idleMs: ${IDLE_MS}\n  workers: 0`);
  const home = join(folder, "gateway");
  const bundle = readFileSync(chain.bundle);
  const { config, anchor } = await initNode({ bundle, bundleName: chain.bundle, folder: home, clock: systemClock });
  edit(config, /^role: light$/m, "role: gateway");
  appendFileSync(config, gatewaySection(broker, meterPort));
  cpSync(join(packageFolder(), HOME_FOLDER), home, { recursive: true });
  fillDevices(join(home, "devices.yaml"), keys, meterPort !== undefined);
  await makeReceiptsKey(config, anchor);
  return { participant, gateway: config };
}

function gatewaySection(broker: string, meterPort: number | undefined): string {
  const meter =
    meterPort === undefined
      ? []
      : [
          `    - { name: meter, protocol: modbus, host: 127.0.0.1, port: ${meterPort}, timeoutMs: ${METER_TIMEOUT_MS} }`,
        ];
  return [
    "",
    "# Devices, rules, scenes and the policy stand in files beside this one.",
    "gateway:",
    "  name: demo-home",
    `  key: ${RECEIPTS_KEY}`,
    "  links:",
    `    - { name: home, protocol: mqtt, broker: { url: "${broker}" } }`,
    ...meter,
    "",
    "# Signs heads of receipts. In a file here; real ones live on a token (docs/operating/keys.md).",
    "keys:",
    `  - { name: ${RECEIPTS_KEY}, family: device, algorithm: secp256k1, backend: keystore, secretFile: ${SECRET_FILE} }`,
    "",
  ].join("\n");
}

/** As `edgeseal key generate` and `key history advance` do; the key was made a moment ago and has signed nothing. */
async function makeReceiptsKey(path: string, anchor: AnchorJson): Promise<void> {
  const passphrase = toHex(systemRandom.bytes(PASSPHRASE_BYTES));
  writeFileSync(join(dirname(path), SECRET_FILE), passphrase, { mode: SECRET_MODE });
  const { config } = await loadConfig(path);
  const context = { place: config, environment: {}, random: systemRandom };
  await generateKey(context, RECEIPTS_KEY);
  const chain = { anchor: anchorFromJson(anchor, systemClock.now()), dataDir: config.dataDir };
  await advanceKeyHistory({ ...context, ...chain, name: RECEIPTS_KEY }, { receipt: 0 }, undefined);
}

/** Each device stands on a line of its own. */
function fillDevices(path: string, keys: ReadonlyMap<string, Uint8Array>, hasMeter: boolean): void {
  const lines = readFileSync(path, "utf8").split("\n");
  const filled = lines.flatMap((line) => {
    const id = /^- \{ id: ([a-z-]+),/.exec(line)?.[1];
    if (id === "meter" && !hasMeter) return [];
    const key = id === undefined ? undefined : keys.get(id);
    return key === undefined ? [line] : [line.replace(/ \}$/, `, publicKey: "${toHex(key)}" }`)];
  });
  writeFileSync(path, filled.join("\n"));
}

function edit(path: string, what: RegExp, by: string): void {
  const text = readFileSync(path, "utf8");
  if (!what.test(text)) throw new SimulatorError({ code: "SIMULATOR_OPTION", option: path, reason: String(what) });
  writeFileSync(path, text.replace(what, by));
}

/** Ports that nobody listens on now, for configurations that must name them before. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = await Promise.all([listen(), listen()]);
  const [one, two] = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return [one ?? 0, two ?? 0];
}

function listen(): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => done(server));
  });
}

/** The package that this file belongs to, wherever it was compiled to. */
function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, HOME_FOLDER))) return folder;
    if (dirname(folder) === folder)
      throw new SimulatorError({ code: "SIMULATOR_OPTION", option: HOME_FOLDER, reason: "not installed" });
  }
}
