/** The ways to the chain that a configuration names, for a short visit. */
import { toHex } from "../../base/bytes.js";
import { SILENT_LOGGER } from "../../base/logger.js";
import type { Random } from "../../base/random.js";
import type { Anchor } from "../../chain/anchor.js";
import { NAME_CHARS_MAX } from "../../codec/wire/limits.js";
import { segmentSizeFor } from "../../codec/wire/segment.js";
import type { Suite } from "../../crypto/suite.js";
import { readBrokerAccess } from "../config/files.js";
import type { Config } from "../config.js";
import { configuredRpc } from "../configuredRpc.js";
import { NodeError } from "../problems.js";
import type { Environment } from "../signing/openKey.js";
import { systemClock } from "../systemClock.js";
import type { Carrier } from "../transactions/carrier.js";

export type Via = "mqtt" | "rpc";

export interface CarrierSetup {
  readonly config: Config;
  readonly anchor: Anchor;
  readonly suite: Suite;
  readonly environment: Environment;
  readonly random: Random;
}

/** Beside the running node's name, so that the broker throws neither of the two out; the rest makes room for it. */
const SUFFIX_BYTES = 3;
const SUFFIX_CHARACTERS_MAX = 12;
const SEALERS_ASSUMED = 4;

/** @throws NodeError `NODE_NO_BROKER`, `NODE_NO_ENDPOINT`; ConfigError, LinkError, RpcError */
export async function carriersOf(setup: CarrierSetup, via: Via | undefined): Promise<Carrier[]> {
  const { config } = setup;
  if (via === "rpc" || (via === undefined && config.role === "publisher")) return [await overRpc(setup)];
  if (config.brokers.length === 0) throw new NodeError({ code: "NODE_NO_BROKER", path: config.path });
  return await overMqtt(setup);
}

async function overMqtt({ config, anchor, suite, environment, random }: CarrierSetup): Promise<Carrier[]> {
  const [{ mqttCarrier }, { mqttLink }] = await Promise.all([
    import("../transactions/mqttCarrier.js"),
    import("../../link/mqttLink.js"),
  ]);
  const name = config.client.slice(0, NAME_CHARS_MAX - SUFFIX_CHARACTERS_MAX);
  const client = `${name}-tx${toHex(random.bytes(SUFFIX_BYTES))}`;
  return config.brokers.map((broker) => {
    const { url, protocolVersion, insecure } = broker;
    const access = readBrokerAccess(config, broker, environment);
    return mqttCarrier({
      name: url,
      link: mqttLink({ url, protocolVersion, insecure, clientId: client, ...access, random }),
      chainId: anchor.chainId,
      groupId: anchor.groupId,
      client,
      wire: { suite, profile: anchor.profile },
      random,
      count: () => {},
    });
  });
}

async function overRpc({ config, anchor, suite, environment, random }: CarrierSetup): Promise<Carrier> {
  const { rpcCarrier } = await import("../transactions/rpcCarrier.js");
  return rpcCarrier({
    name: "rpc",
    rpc: await configuredRpc(config, { environment, random, clock: systemClock }),
    chainId: anchor.chainId,
    groupId: anchor.groupId,
    wire: { suite, profile: anchor.profile },
    segmentSize: segmentSizeFor(anchor.sealers?.nodeIds.length ?? SEALERS_ASSUMED, suite.headerSignatureBytes, 0),
    pollMs: config.publisher.pollMs,
    logger: SILENT_LOGGER,
    count: () => {},
  });
}
