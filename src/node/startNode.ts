/** From a configuration to a running node. Only what the role needs is loaded. */
import { equalBytes, fromHex, to0x, utf8Bytes } from "../base/bytes.js";
import type { Logger } from "../base/logger.js";
import { type Anchor, anchorFromJson, anchorToJson } from "../chain/anchor.js";
import type { WatchedEvent } from "../chain/eventEvidence.js";
import type { LightStatus } from "../chain/lightClient.js";
import type { LightOutput } from "../chain/lightMessages.js";
import type { GenesisConfig } from "../codec/fisco/genesis.js";
import { parseJson } from "../codec/json.js";
import { loadSuite } from "../crypto/backend/select.js";
import type { Suite, SuiteName } from "../crypto/suite.js";
import type { GatewayOutput } from "../device/gateway/messages.js";
import { mqttLink } from "../link/mqttLink.js";
import { type OpenedStore, openChainStore } from "../store/openStore.js";
import type { ChainSetup, SyncSettings } from "./chainSetup.js";
import { readBrokerAccess } from "./config/files.js";
import type { BrokerConfig, Config } from "./config.js";
import { configuredRpc } from "./configuredRpc.js";
import type { NodeStatus, RunningNode } from "./control/runningNode.js";
import type { DataDir } from "./dataDir.js";
import { gatewayReporter } from "./gateway/reporter.js";
import type { JsonObject } from "./jsonObject.js";
import { makeLightNode } from "./lightNode.js";
import { NodeError } from "./problems.js";
import { clockIsSet, systemClock, systemRandom } from "./systemClock.js";

export const ANCHOR_RECORD = "anchor";
const DAY_MS = 24 * 3_600_000;

interface Service {
  start(): void;
  stop(): Promise<void>;
  status(): LightStatus;
  acceptSealers(number: number, hash: Uint8Array): boolean;
  /** Of a gateway: a question about its devices. */
  gateway?(request: JsonObject): Promise<unknown>;
}

export interface StartHooks {
  /** The store failed: the process must end. */
  readonly onFailure: (error: unknown) => void;
  /** Of a gateway: everything that it says of its devices and rules, after it was stored. */
  readonly onGateway?: (output: GatewayOutput) => void;
}

/**
 * @throws NodeError `NODE_NO_ANCHOR`, `NODE_NO_BROKER`, `NODE_NO_ENDPOINT`; ConfigError, StoreError, LinkError
 */
export async function startNode(
  config: Config,
  dataDir: DataDir,
  logger: Logger,
  hooks: StartHooks,
): Promise<RunningNode> {
  const { engine } = config.store;
  const store = await openChainStore({ path: dataDir.storePath, ...(engine === "auto" ? {} : { engine }) });
  try {
    const { anchor, suite, genesis } = await trustOf(config, dataDir, store);
    logger.info({ suite: suite.name, ...suite.backend, store: store.engine }, "back ends chosen");
    const setup: ChainSetup = { anchor, suite, store, clock: systemClock, random: systemRandom, logger };
    const onOutput = reporter(logger);
    const service = await makeService(config, dataDir, setup, genesis, { ...hooks, onOutput });
    service.start();
    return running(config, setup, store, service);
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

interface Trust {
  readonly anchor: Anchor;
  readonly suite: Suite;
  /** Of a participant. */
  readonly genesis?: GenesisConfig;
}

/** Where trust starts: what the operator has recorded; for a participant the block 0 of its own configuration. */
async function trustOf(config: Config, dataDir: DataDir, store: OpenedStore): Promise<Trust> {
  const { backends } = config.crypto;
  const suiteOf = (name: SuiteName) => loadSuite(name, backends.length === 0 ? {} : { only: backends });
  const stored = storedAnchor(store);
  if (config.role !== "participant") {
    const anchor = stored ?? missing({ code: "NODE_NO_ANCHOR", dataDir: dataDir.path });
    return { anchor, suite: await suiteOf(anchor.profile.suite) };
  }
  const [{ readGenesisFile }, { genesisAnchor }] = await Promise.all([
    import("./startParticipant.js"),
    import("./participant/genesisAnchor.js"),
  ]);
  const genesis = readGenesisFile(config);
  const suite = await suiteOf(genesis.smCrypto ? "sm" : "ecdsa");
  const own = genesisAnchor(genesis, suite, systemClock.now());
  if (stored === undefined) store.apply([{ kind: "record", name: ANCHOR_RECORD, bytes: anchorBytes(own) }]);
  else if (!equalBytes(stored.hash, own.hash)) {
    missing({
      code: "NODE_OTHER_CHAIN",
      dataDir: dataDir.path,
      recorded: to0x(stored.hash),
      configured: to0x(own.hash),
    });
  }
  return { anchor: stored ?? own, suite, genesis };
}

interface Hooks extends StartHooks {
  readonly onOutput: (output: LightOutput) => void;
}

async function makeService(
  config: Config,
  dataDir: DataDir,
  setup: ChainSetup,
  genesis: GenesisConfig | undefined,
  hooks: Hooks,
): Promise<Service> {
  const { onOutput, onFailure } = hooks;
  if (genesis !== undefined) {
    const { startParticipant } = await import("./startParticipant.js");
    const [broker] = linksOf(config, setup.logger);
    if (broker === undefined) return missing({ code: "NODE_NO_BROKER", path: config.path });
    return await startParticipant({
      ...{ config, dataDir, setup, genesis, onOutput, onFailure },
      ...{ sync: syncOf(config), link: broker.link, environment: process.env },
    });
  }
  if (config.role === "publisher") return await makePublisher(config, setup, onOutput, onFailure);
  if (config.role === "gateway") return await makeGateway(config, dataDir, setup, hooks);
  return makeLight(config, setup, hooks);
}

function makeLight(config: Config, setup: ChainSetup, { onOutput, onFailure }: Hooks): Service {
  return makeLightNode({
    ...setup,
    sync: syncOf(config),
    client: config.client,
    links: linksOf(config, setup.logger),
    watch: watchedAddresses(config),
    onOutput,
    onFailure,
  });
}

/** The light client first: a gateway believes of the chain what it has verified. */
async function makeGateway(config: Config, dataDir: DataDir, setup: ChainSetup, hooks: Hooks): Promise<Service> {
  const { openGateway } = await import("./startGateway.js");
  const light = makeLight(config, setup, {
    ...hooks,
    onOutput: (output) => {
      hooks.onOutput(output);
      if (output.kind === "accepted") gateway.chainMoved();
    },
  });
  const report = gatewayReporter(setup.logger);
  const gateway = await openGateway({
    ...{ config, dataDir, setup, environment: process.env },
    chain: () => light.status(),
    clockIsSet: (now) => clockIsSet(now, light.status().headerTime),
    onOutput: (output) => {
      report(output);
      hooks.onGateway?.(output);
    },
    onFailure: hooks.onFailure,
  });
  return {
    start() {
      light.start();
      gateway.start();
    },
    status: () => ({ ...light.status(), gateway: gateway.status() }),
    acceptSealers: (number, hash) => light.acceptSealers(number, hash),
    gateway: (request) => gateway.answer(request),
    async stop() {
      await gateway.stop();
      await light.stop();
    },
  };
}

export function storedAnchor(store: OpenedStore): Anchor | undefined {
  const bytes = store.record(ANCHOR_RECORD);
  return bytes === undefined
    ? undefined
    : anchorFromJson(parseJson(new TextDecoder().decode(bytes)), systemClock.now());
}

export function anchorBytes(anchor: Anchor): Uint8Array {
  return utf8Bytes(JSON.stringify(anchorToJson(anchor)));
}

async function makePublisher(
  config: Config,
  setup: ChainSetup,
  onOutput: (output: LightOutput) => void,
  onFailure: (error: unknown) => void,
): Promise<Service> {
  const [broker] = linksOf(config, setup.logger);
  if (broker === undefined) return missing({ code: "NODE_NO_BROKER", path: config.path });
  const { random, clock } = setup;
  const rpc = await configuredRpc(config, { environment: process.env, random, clock });
  const [{ PublisherNode }, { rpcChainSource }] = await Promise.all([
    import("./publisherNode.js"),
    import("./rpcSource.js"),
  ]);
  return new PublisherNode({
    ...setup,
    sync: syncOf(config),
    source: rpcChainSource({ rpc, pollMs: config.publisher.pollMs, logger: setup.logger }),
    link: broker.link,
    retainedBytesMax: config.publisher.retainedBytes,
    watch: config.watch.map(fromHex),
    onOutput,
    onFailure,
  });
}

function linksOf(config: Config, logger: Logger) {
  if (config.brokers.length === 0) missing({ code: "NODE_NO_BROKER", path: config.path });
  return config.brokers.map((broker) => ({ name: nameOf(broker), link: linkOf(config, broker, logger) }));
}

/** Sources are named by their address: what a person wrote is what a person recognises. */
function nameOf(broker: BrokerConfig): string {
  return broker.url.replace(/^mqtts?:\/\//, "").replace(/\/$/, "");
}

function linkOf(config: Config, broker: BrokerConfig, logger: Logger) {
  const { url, protocolVersion, insecure } = broker;
  return mqttLink({
    url,
    protocolVersion,
    insecure,
    clientId: config.client,
    ...readBrokerAccess(config, broker, process.env),
    random: systemRandom,
    logger,
  });
}

function syncOf({ sync, events }: Config): SyncSettings {
  const { trustingPeriodDays, ...rest } = sync;
  return { ...rest, trustingPeriodMs: trustingPeriodDays * DAY_MS, watched: events.map(watchedEvent) };
}

/** Contracts to listen to, each once. */
function watchedAddresses({ watch, events }: Config): Uint8Array[] {
  const addresses = [...watch, ...events.map(({ address }) => address)].map((address) => address.toLowerCase());
  return [...new Set(addresses)].map(fromHex);
}

function watchedEvent({ address, topic, topics, dataBytes }: Config["events"][number]): WatchedEvent {
  return { address: fromHex(address), topic: fromHex(topic), topics, dataBytes };
}

/** Tells the log about what a person wants to know: the first header, changes of sealers, events. */
function reporter(logger: Logger): (output: LightOutput) => void {
  let first = true;
  return (output) => {
    if (output.kind === "accepted") {
      const { number } = output.header.header;
      if (first) logger.info({ number, hash: to0x(output.header.hash), via: output.via }, "first header verified");
      first = false;
      if (output.sealersChanged)
        logger.info({ number, sealers: output.header.header.sealers.nodeIds.length }, "sealers changed");
    } else if (output.kind === "unproven") {
      logger.warn({ number: output.number, hash: to0x(output.hash) }, "sealers changed without proof");
    } else if (output.kind === "event") {
      const { level, number, transactionHash, doubts } = output.verdict;
      logger.info({ level, number, transaction: to0x(transactionHash), doubts }, "event");
    }
  };
}

function running(config: Config, setup: ChainSetup, store: OpenedStore, service: Service): RunningNode {
  return {
    status: () => nodeStatus(config, setup, store, service.status()),
    acceptSealers: (number, hash) => service.acceptSealers(number, hash),
    ...(service.gateway === undefined ? {} : { gateway: service.gateway }),
    stop: async () => {
      await service.stop();
      store.close();
    },
  };
}

function nodeStatus(
  config: Config,
  { anchor, suite, clock }: ChainSetup,
  store: OpenedStore,
  status: LightStatus,
): NodeStatus {
  const { headerTime, hash, ...rest } = status;
  return {
    role: config.role,
    running: true,
    chain: anchor.chainId,
    group: anchor.groupId,
    faultModel: anchor.profile.faultModel,
    anchor: anchorToJson(anchor),
    ...rest,
    hash: hash === undefined ? undefined : to0x(hash),
    headerAgeMs: headerTime === undefined ? undefined : clock.now() - headerTime,
    backends: suite.backend,
    store: { engine: store.engine, ...usageOf(store) },
    memoryBytes: process.memoryUsage.rss(),
    client: config.client,
    singleSource: status.sources.length === 1,
  };
}

/** Flash wears by what is written: shown as it would add up over a day. */
function usageOf(store: OpenedStore) {
  const { bytesWritten, bytesOnDisk, commits } = store.usage;
  const days = (process.uptime() * 1_000) / DAY_MS;
  return { bytesWritten, bytesOnDisk, commits, bytesWrittenPerDay: Math.round(bytesWritten / days) };
}

function missing(problem: ConstructorParameters<typeof NodeError>[0]): never {
  throw new NodeError(problem);
}
