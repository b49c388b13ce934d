import type { Logger } from "../base/logger.js";
import type { Random } from "../base/random.js";
import type { InboxLimits } from "./inbox.js";
import { isLoopback } from "./loopback.js";
import type { StreamTarget } from "./mqttStream.js";
import { LinkError } from "./problems.js";
import { secureContextOf, type TlsOptions } from "./tlsOptions.js";

export const CLIENT_ID_CHARACTERS_MAX = 64;
const CLIENT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const PORT_MQTT = 1883;
const PORT_MQTTS = 8883;

/** Published with QoS 1. */
export interface LastWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

export interface MqttLinkOptions {
  /** `mqtt://host[:port]` or `mqtts://host[:port]`; no credentials, no path. */
  readonly url: string;
  /** 4 is MQTT 3.1.1 (the default; our own embedded broker speaks nothing else), 5 is MQTT 5.0. */
  readonly protocolVersion?: 4 | 5;
  /** 1..64 letters, digits, `_` and `-`; two clients of one broker with the same id throw each other out. */
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** For `mqtts://` only. The server's certificate is always checked. */
  readonly tls?: TlsOptions;
  /** Allows `mqtt://` to a host that is not this one: everything, passwords included, then travels readable. */
  readonly insecure?: boolean;
  /** Seconds of silence after which the connection is probed; it is given up after half as many again. */
  readonly keepaliveSeconds?: number;
  /** What the broker publishes when the connection ends without a goodbye. */
  readonly will?: LastWill;
  /** For TCP, TLS and the broker's answer together. */
  readonly connectTimeoutMs?: number;
  /** For the acknowledgement of one publish, subscribe or unsubscribe. */
  readonly acknowledgeTimeoutMs?: number;
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
  /** How long a connection must last before the next failure waits the shortest time again. */
  readonly stableAfterMs?: number;
  /** Highest quality of service we ask the broker to deliver with. */
  readonly subscribeQos?: 0 | 1;
  readonly inbox?: Partial<InboxLimits>;
  /** Largest message that is taken in or sent; a bridge's list of devices is larger than anything of ours. */
  readonly payloadBytesMax?: number;
  readonly random: Random;
  readonly logger?: Logger;
}

function invalid(option: string, reason: string): LinkError {
  return new LinkError({ code: "LINK_OPTION_INVALID", option, reason });
}

/**
 * Where to connect to.
 * @throws LinkError `LINK_OPTION_INVALID`, or `LINK_INSECURE` for readable traffic to another machine.
 */
export function targetOf(options: MqttLinkOptions): StreamTarget {
  if (!CLIENT_ID.test(options.clientId)) throw invalid("clientId", "1..64 letters, digits, _ and -");
  if (!URL.canParse(options.url)) throw invalid("url", "not a URL");
  const url = new URL(options.url);
  if (url.username !== "" || url.password !== "") throw invalid("url", "credentials have options of their own");
  if (url.hostname === "" || !["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw invalid("url", "expected scheme, host and port only");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "mqtts:") {
    const context = secureContextOf(options.tls ?? {});
    if (context === undefined) throw invalid("tls", "certificates or key cannot be read");
    const tls = { context, serverName: options.tls?.serverName };
    return { host, port: url.port === "" ? PORT_MQTTS : Number(url.port), tls };
  }
  if (url.protocol !== "mqtt:") throw invalid("url", "the scheme is neither mqtt nor mqtts");
  if (options.tls !== undefined) throw invalid("tls", "needs an mqtts URL");
  if (!isLoopback(host) && options.insecure !== true) throw new LinkError({ code: "LINK_INSECURE", host });
  return { host, port: url.port === "" ? PORT_MQTT : Number(url.port) };
}
