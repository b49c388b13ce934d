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
import { GATEWAY_FILE, openSqliteGatewayStore } from "../store/gateway/sqliteGatewayStore.js";
import type { ChainSetup } from "./chainSetup.js";
import type { Config } from "./config.js";
import type { DataDir } from "./dataDir.js";
import type { Carrier } from "./gateway/carrier.js";
import { DeviceShelf } from "./gateway/deviceShelf.js";
import { GatewayService } from "./gateway/gatewayService.js";
import { HomeAssistantBridge, willOf } from "./gateway/homeAssistantBridge.js";
import { carrierOf, type Guest, type LinkTools } from "./gateway/links.js";
import type { MqttCompanion } from "./gateway/mqttDevices.js";
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
  for (const [i, link] of config.gateway.links.entries()) {
    const guest = link.name === config.gateway.homeAssistant?.link ? home?.guest : undefined;
    carriers.push(await carrierOf(link, `gateway.links[${i}]`, tools, guest));
  }
  const { registeredOnly, telemetry } = config.gateway;
  const core = { gateway, suite, random, registrations, registeredOnly, profileOf, telemetry, rules: shelf.engine };
  const receiptKey = await openReceiptKey(parts, store);
  const running: RunningGateway = new RunningGateway(
    { ...parts, ...receiptKey, store, devices, shelf, home },
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

async function profilesOf({ config, setup }: GatewayParts): Promise<ReadonlyMap<string, DeviceProfile>> {
  const own = config.gateway.profiles;
  const folder = own === undefined ? {} : { folder: resolve(config.folder, own) };
  const { profiles, mistakes } = await loadProfiles(folder);
  for (const { file, line, column, problem } of mistakes)
    setup.logger.error({ file, line, column, ...problem }, "a profile stays out");
  return profiles;
}

/** The key that signs heads of receipts, behind its guard. @throws KeyError, SecretError, SigningError */
async function openReceiptKey({ config, dataDir, setup, environment }: GatewayParts, store: GatewayStore) {
  const name = config.gateway.key;
  if (name === undefined) return { heads: undefined, closeKey: async () => {} };
  const [{ HeadSigner }, { guardChainOf, openGuardStore, openKey }] = await Promise.all([
    import("./gateway/headSigner.js"),
    import("./signing/openKey.js"),
  ]);
  const { anchor, suite, random, logger } = setup;
  const hash = suite.hash.bind(suite);
  const guard = await openGuardStore(dataDir.path);
  try {
    const chain = guardChainOf(anchor, hash);
    // After an unclean stop the very same head is asked for again.
    const options = { place: config, environment, random, name, suite, chain, store: guard };
    const signer = await openKey({ ...options, reserve: "each" });
    const closeKey = async (): Promise<void> => {
      await signer.close();
      guard.close();
    };
    return { heads: new HeadSigner({ store, signer, hash, nowMs: () => performance.now(), logger }), closeKey };
  } catch (thrown) {
    guard.close();
    throw thrown;
  }
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
