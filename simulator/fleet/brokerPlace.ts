/** Where a fleet's broker is, as a person says it, and as its sockets need it. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isLoopback } from "../../src/link/loopback.js";
import { socketReason } from "../../src/link/socketReason.js";
import { secureContextOf } from "../../src/link/tlsOptions.js";
import type { BrokerAddress } from "./brokerCarrier.js";
import { FleetError } from "./problems.js";

const PORT = 1_883;
const PORT_TLS = 8_883;
/** Source addresses 127.0.1.1, 127.0.1.2...; systems with one loopback address only take the first process's default. */
const LOCAL_NETWORK = "127.0.1.";

export interface BrokerPlace {
  /** `mqtt://host[:port]` or `mqtts://host[:port]`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca?: string;
}

/** @throws FleetError `FLEET_OPTION`, `FLEET_BROKER_UNREACHABLE` when the name is not known. */
export async function brokerAddress(place: BrokerPlace, process: number): Promise<BrokerAddress> {
  const { host, port, secure } = parseBrokerUrl(place.url);
  const context = secure ? secureContextOf(place.ca === undefined ? {} : { ca: place.ca }) : undefined;
  if (secure && context === undefined) {
    throw new FleetError({ code: "FLEET_OPTION", option: "--ca", reason: "it holds no certificates" });
  }
  const ip = await addressOf(host, place.url);
  return {
    ip,
    port,
    ...(context === undefined ? {} : { tls: { context, serverName: isIP(host) === 0 ? host : "" } }),
    ...(place.username === undefined ? {} : { username: place.username }),
    ...(place.password === undefined ? {} : { password: place.password }),
    ...(process > 0 && isLoopback(ip) && isIP(ip) === 4 ? { localAddress: `${LOCAL_NETWORK}${process}` } : {}),
  };
}

/** @throws FleetError `FLEET_OPTION` */
export function parseBrokerUrl(url: string): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
} {
  const reason = "mqtt://host[:port] or mqtts://host[:port], without user and password";
  if (!/^mqtts?:\/\/[^/@\s]+\/?$/.test(url) || !URL.canParse(url)) {
    throw new FleetError({ code: "FLEET_OPTION", option: "--broker", reason });
  }
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "mqtts:";
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? PORT_TLS : PORT) : Number(port),
    secure,
  };
}

async function addressOf(host: string, broker: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (thrown) {
    throw new FleetError({ code: "FLEET_BROKER_UNREACHABLE", broker, reason: socketReason(thrown) }, { cause: thrown });
  }
}
