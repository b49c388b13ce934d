/** A gateway from its configuration: devices, links, rules and Home Assistant, beside the light client that follows the chain. */
import { join, resolve } from "node:path";
import type { LightStatus } from "../chain/lightClient.js";
import type { DeviceRecord } from "../device/device.js";
import type { GatewayInput, GatewayOutput } from "../device/gateway/messages.js";
import { deviceFrom } from "../device/gateway/records.js";
import type { GatewayStore } from "../device/gateway/store.js";
import { readSetTopic, statusTopic } from "../device/homeassistant/topics.js";
import type { DeviceProfile, SafetyClass } from "../device/profile.js";
import type { Now } from "../device/view.js";
import type { EmbeddedBroker } from "../link/embeddedBroker.js";
import { GATEWAY_FILE, openSqliteGatewayStore } from "../store/gateway/sqliteGatewayStore.js";
import type { ChainSetup } from "./chainSetup.js";
import type { Config } from "./config.js";
import type { DataDir } from "./dataDir.js";
import type { Carrier } from "./gateway/carrier.js";
import { CommandTopic } from "./gateway/commandTopic.js";
import { DeviceShelf } from "./gateway/deviceShelf.js";
import { GatewayService } from "./gateway/gatewayService.js";
import { HomeAssistantBridge, willOf } from "./gateway/homeAssistantBridge.js";
import { carrierOf, clientIdOf, type Guest, type LinkTools } from "./gateway/links.js";
import { type MqttCompanion, MqttDevices } from "./gateway/mqttDevices.js";
import { ReceiptDesk, receiptsTopic } from "./gateway/receiptDesk.js";
import { RuleShelf } from "./gateway/ruleShelf.js";
import { RunningGateway } from "./gateway/runningGateway.js";
import { loadProfiles } from "./profiles/library.js";
import type { HomeDevice } from "./rules/home.js";

export interface GatewayParts {
  readonly config: Config;
  readonly dataDir: DataDir;
  readonly setup: ChainSetup;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the light client says of itself. */
  readonly chain: () => LightStatus;
  readonly clockIsSet: (now: number) => boolean;
  readonly onOutput: (output: GatewayOutput) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Opens everything; nothing is listened to before `start`. @throws StoreError, ConfigError, LinkError, RuleError */
export async function openGateway(parts: GatewayParts): Promise<RunningGateway> {
  const store = await openSqliteGatewayStore(join(parts.dataDir.path, GATEWAY_FILE), { clock: parts.setup.clock });
  try {
    return await open(parts, store);
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

async function open(parts: GatewayParts, store: GatewayStore): Promise<RunningGateway> {
  // Clients come as soon as the broker is there, which is before the gateway is.
  let running: RunningGateway | undefined;
  const broker = await brokerOf(parts, (link, address) => running?.service.input({ kind: "takenOver", link, address }));
  try {
    running = await openParts(parts, store, broker);
  } catch (thrown) {
    await broker?.stop();
    throw thrown;
  }
  return running;
}

async function openParts(
  parts: GatewayParts,
  store: GatewayStore,
  broker: EmbeddedBroker | undefined,
): Promise<RunningGateway> {
  const { config, setup, environment } = parts;
  const { clock, random, logger, suite } = setup;
  const gateway = config.gateway.name ?? config.client;
  const profiles = await profilesOf(parts);
  const profileOf = (id: string): DeviceProfile | undefined => profiles.get(id);
  const hash = suite.hash.bind(suite);
  const now = (): Now => {
    const wallMs = clock.now();
    return { wallMs, wallSet: parts.clockIsSet(wallMs), monotonicMs: performance.now() };
  };
  const files = {
    devices: resolve(config.folder, config.gateway.devices),
    rules: resolve(config.folder, config.gateway.rules),
    scenes: resolve(config.folder, config.gateway.scenes),
    policy: resolve(config.folder, config.gateway.policy),
  };
  const devices = await DeviceShelf.open({ path: files.devices, profileOf, clock, logger });
  const { registrations, installed } = devices;
  const known = [...keptDevices(store, profileOf), ...installed].map(({ record, profile }): HomeDevice => {
    return { record, profile, registration: registrations.registration(record) };
  });
  const shelf = await RuleShelf.open({ files, gateway, hash, profileOf, store, now, logger }, unique(known));
  const tools: LinkTools = { config, gateway, environment, clock, random, logger };
  const home = homeAssistantOf(parts, gateway, (input) => running.service.input(input));
  const carriers: Carrier[] = [];
  const commandTopics: CommandTopic[] = [];
  for (const [i, link] of config.gateway.links.entries()) {
    const guests: Guest[] = [];
    if (link.protocol === "mqtt") guests.push(commandGuest(gateway, (topic) => commandTopics.push(topic)));
    if (home !== undefined && link.name === config.gateway.homeAssistant?.link) guests.push(home.guest);
    carriers.push(await carrierOf(link, `gateway.links[${i}]`, tools, guests));
  }
  const { registeredOnly, telemetry } = config.gateway;
  const core = { gateway, suite, random, registrations, registeredOnly, profileOf, telemetry, rules: shelf.engine };
  const receipts = await receiptDeskOf(parts, gateway, store, carriers);
  const running: RunningGateway = new RunningGateway(
    { ...parts, store, devices, shelf, home, receipts, broker, commandTopics },
    (onOutput) => {
      return new GatewayService({
        ...{ core, store, carriers, installed, clock, logger, onOutput },
        clockIsSet: parts.clockIsSet,
        onFailure: parts.onFailure,
      });
    },
  );
  return running;
}

/** The gateway's own broker, if it has one; it tells when somebody takes over a device's connection. */
async function brokerOf(
  { config, setup }: GatewayParts,
  takenOver: (link: string, address: string) => void,
): Promise<EmbeddedBroker | undefined> {
  const { broker, links } = config.gateway;
  if (broker === undefined) return undefined;
  const { host, port, restricted, trusted, below } = broker;
  const [{ embeddedBroker }, { deviceAccess }] = await Promise.all([
    import("../link/embeddedBroker.js"),
    import("../link/deviceAccess.js"),
  ]);
  const own = links.map(({ name }) => clientIdOf(config, name));
  const access = deviceAccess({
    trusted: new Set([config.client, ...own, ...trusted]),
    below: new Map(below.map(({ client, topics }) => [client, topics])),
  });
  const names = links.filter(({ protocol }) => protocol === "mqtt").map(({ name }) => name);
  const running = embeddedBroker({
    ...{ host, port, logger: setup.logger },
    ...(restricted ? access : {}),
    clientTakenOver: (client) => {
      for (const link of names) takenOver(link, client);
    },
  });
  await running.start();
  return running;
}

/** Undefined without a key: receipts are then chained to each other and signed by nobody. */
async function receiptDeskOf(
  { config, dataDir, setup, environment }: GatewayParts,
  gateway: string,
  store: GatewayStore,
  carriers: readonly Carrier[],
): Promise<ReceiptDesk | undefined> {
  const { key } = config.gateway;
  if (key === undefined) return undefined;
  const { anchor, suite, random, clock, logger } = setup;
  const { guardChainOf, openGuardStore, openKey } = await import("./signing/openKey.js");
  const guardStore = await openGuardStore(dataDir.path);
  const chain = guardChainOf(anchor, suite.hash);
  try {
    const place = { place: config, environment, random, name: key, suite, chain, store: guardStore };
    // Heads follow each other without a gap: after an unclean stop the key must go on at the very next one.
    const signer = await openKey({ ...place, reserve: "each" });
    const broker = carriers.find((carrier): carrier is MqttDevices => carrier instanceof MqttDevices);
    return new ReceiptDesk({
      ...{ gateway, chain: chain.id, hash: suite.hash, signer, store, clock, logger },
      publish: async (bytes) => (await broker?.publish(receiptsTopic(gateway), bytes)) ?? false,
      closed: async () => {
        await signer.close();
        guardStore.close();
      },
    });
  } catch (thrown) {
    guardStore.close();
    throw thrown;
  }
}

/** Other systems may command over each broker. */
function commandGuest(gateway: string, made: (topic: CommandTopic) => void): Guest {
  return {
    companion: (link) => {
      const publish = (topic: string, payload: Uint8Array): void => {
        // Who misses the answer asks again, with the same id and a higher number.
        link.publish(topic, payload, { qos: 1, retain: false }).catch(() => commands.counters.add("LINK_ACK_LOST"));
      };
      const commands = new CommandTopic(gateway, publish);
      made(commands);
      return commands;
    },
  };
}

async function profilesOf({ config, setup }: GatewayParts): Promise<ReadonlyMap<string, DeviceProfile>> {
  const own = config.gateway.profiles;
  const folder = own === undefined ? {} : { folder: resolve(config.folder, own) };
  const { profiles, mistakes } = await loadProfiles(folder);
  for (const { file, line, column, problem } of mistakes)
    setup.logger.error({ file, line, column, ...problem }, "a profile stays out");
  return profiles;
}

function keptDevices(store: GatewayStore, profileOf: (id: string) => DeviceProfile | undefined) {
  return store.load().devices.flatMap(([, bytes]) => {
    const record: DeviceRecord = deviceFrom(bytes);
    const profile = profileOf(record.profile);
    return profile === undefined ? [] : [{ record, profile }];
  });
}

/** The last of an id counts: the operator's file. */
function unique(devices: readonly HomeDevice[]): readonly HomeDevice[] {
  return [...new Map(devices.map((device) => [device.record.id, device])).values()];
}

interface HomeAssistant {
  readonly guest: Guest;
  /** There once its link has been made. */
  bridge: HomeAssistantBridge | undefined;
}

function homeAssistantOf(
  { config, setup }: GatewayParts,
  gateway: string,
  input: (input: GatewayInput) => void,
): HomeAssistant | undefined {
  const settings = config.gateway.homeAssistant;
  if (settings === undefined) return undefined;
  const names = { gateway, prefix: settings.discoveryPrefix, safetyClassMax: settings.controls as SafetyClass };
  const home: HomeAssistant = {
    bridge: undefined,
    guest: {
      will: willOf(names),
      companion: (link): MqttCompanion => {
        const send = (request: (GatewayInput & { kind: "command" })["request"]): void =>
          input({ kind: "command", request });
        const bridge = new HomeAssistantBridge({ link, names, send, logger: setup.logger });
        home.bridge = bridge;
        return {
          filters: [],
          connected: () => bridge.connected(),
          disconnected: () => bridge.disconnected(""),
          message: (message) => {
            const mine = message.topic === statusTopic(names) || readSetTopic(names, message.topic) !== undefined;
            if (mine) bridge.message(message);
            return mine;
          },
        };
      },
    },
  };
  return home;
}
