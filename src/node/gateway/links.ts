/** From the configuration's links to what speaks to devices; serial ports and Modbus load with the first link that needs them. */
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { Random } from "../../base/random.js";
import { mqttLink } from "../../link/mqttLink.js";
import type { LastWill } from "../../link/mqttOptions.js";
import { readBrokerAccess } from "../config/files.js";
import type { Config } from "../config.js";
import type { Carrier } from "./carrier.js";
import { type MqttCompanion, MqttDevices } from "./mqttDevices.js";
import { ZigbeeBridge } from "./zigbeeBridge.js";

/** A list of some hundred Zigbee devices. */
const DEVICE_PAYLOAD_BYTES_MAX = 2 * 1024 * 1024;

export type LinkConfig = Config["gateway"]["links"][number];

export interface LinkTools {
  readonly config: Config;
  readonly gateway: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Who else uses a broker's connection, made with the link that it may publish on. */
export interface Guest {
  readonly will?: LastWill;
  readonly companion: (link: ReturnType<typeof mqttLink>) => MqttCompanion;
}

/** The chain has a connection of its own, perhaps to the same broker. */
export function clientIdOf({ client }: Config, link: string): string {
  return `${client.slice(0, 48)}-${link.slice(0, 15)}`;
}

/** @throws ConfigError, LinkError, LineError */
export async function carrierOf(
  link: LinkConfig,
  at: string,
  tools: LinkTools,
  guests: readonly Guest[],
): Promise<Carrier> {
  const { random, logger } = tools;
  if (link.protocol === "mqtt") return mqttCarrier(link, at, tools, guests);
  if (link.protocol === "serial") {
    const [{ serialLine }, { SerialDevices }] = await Promise.all([
      import("../../link/serialLine.js"),
      import("./serialDevices.js"),
    ]);
    const line = serialLine({ path: link.path ?? "", baudRate: link.baudRate, random, logger });
    return new SerialDevices(link.name, line, logger);
  }
  const [{ modbusLine }, { ModbusDevices }] = await Promise.all([
    import("../../link/modbusLine.js"),
    import("./modbusDevices.js"),
  ]);
  const { path, host, port, baudRate, parity, timeoutMs, name } = link;
  const transport =
    host === undefined
      ? ({ kind: "rtu", path: path ?? "", baudRate, parity } as const)
      : ({ kind: "tcp", host, port } as const);
  return new ModbusDevices(name, modbusLine({ name, transport, timeoutMs, random, logger }), logger);
}

function mqttCarrier(
  { name, broker, zigbee2mqtt }: LinkConfig,
  at: string,
  { config, gateway, environment, clock, random, logger }: LinkTools,
  guests: readonly Guest[],
): Carrier {
  const will = guests.find((guest) => guest.will !== undefined)?.will;
  const { url, protocolVersion, insecure } = broker as NonNullable<typeof broker>;
  const link = mqttLink({
    ...{ url, protocolVersion, insecure, random, logger, payloadBytesMax: DEVICE_PAYLOAD_BYTES_MAX },
    clientId: clientIdOf(config, name),
    ...readBrokerAccess(config, broker as NonNullable<typeof broker>, environment, `${at}.broker`),
    ...(will === undefined ? {} : { will }),
  });
  const bridges: readonly MqttCompanion[] = zigbee2mqtt.map((base) => {
    const publish = (topic: string, payload: Uint8Array): void => {
      // Without the broker nobody can join anyway; the window may be opened again.
      link.publish(topic, payload, { qos: 1, retain: false }).catch(() => bridge.counters.add("LINK_REQUEST_LOST"));
    };
    const bridge = new ZigbeeBridge(base, name, clock, logger, publish);
    return bridge;
  });
  const companions = [...bridges, ...guests.map(({ companion }) => companion(link))];
  return new MqttDevices({ name, gateway, link, logger, companions });
}
