/**
 * One MQTT connection from CONNECT to its end, on MQTT.js. It never reconnects: a new connection is a new session, so
 * nothing of an old one (queued packets, subscriptions, packet identifiers) can leak into it.
 */
import type { IClientOptions, MqttClient } from "mqtt";
import { PACKET_OVERHEAD_BYTES } from "./limits.js";
import type { LastWill } from "./mqttOptions.js";
import { MqttStream, type StreamTarget } from "./mqttStream.js";
import { LinkError, type LinkProblem, type LinkRequest } from "./problems.js";
import { socketReason } from "./socketReason.js";

/** MQTT 5.0 section 3.2.2.3.3: what holds when the broker names no Receive Maximum. */
const RECEIVE_MAXIMUM_UNSTATED = 65_535;
/** From here on a reason code is a refusal (MQTT 5.0 section 2.4); 128 is also the one refusal of a 3.1.1 SUBACK. */
const REASON_REFUSALS_FROM = 128;

export interface SessionOptions {
  readonly target: StreamTarget;
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly will?: LastWill;
  readonly keepaliveSeconds: number;
  readonly connectTimeoutMs: number;
  readonly acknowledgeTimeoutMs: number;
  readonly subscribeQos: 0 | 1;
  readonly payloadBytesMax: number;
}

/** What the broker allows us to send. */
export interface BrokerLimits {
  readonly inFlightMax: number;
  readonly packetBytesMax: number;
}

export interface SessionEvents {
  up(limits: BrokerLimits): void;
  message(topic: string, payload: Uint8Array, retained: boolean): void;
  oversized(size: number): void;
  /** Exactly once, last. */
  ended(problem: LinkProblem): void;
}

type MqttClientClass = new (streamBuilder: () => MqttStream, options: IClientOptions) => MqttClient;

interface Operation {
  readonly settle: (problem: LinkProblem | undefined) => void;
}

export class MqttSession {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #stream: MqttStream;
  readonly #client: MqttClient;
  readonly #operations = new Set<Operation>();
  readonly #connectTimer: NodeJS.Timeout;
  #up = false;
  #ended = false;
  #finishing: (() => void) | undefined;

  constructor(clientClass: MqttClientClass, options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#stream = new MqttStream(
      options.target,
      { packetBytesMax: options.payloadBytesMax + PACKET_OVERHEAD_BYTES, oversizedPublish: "skip", qosMax: 1 },
      (size) => events.oversized(size),
    );
    this.#stream.on("error", () => this.#end({ code: "LINK_CLOSED", reason: "stream" }));
    this.#stream.once("close", () => this.#end({ code: "LINK_CLOSED", reason: "closed by the broker" }));
    this.#client = new clientClass(() => this.#stream, clientOptions(options));
    this.#listen();
    this.#connectTimer = setTimeout(() => {
      this.#end({ code: "LINK_TIMEOUT", what: "connect", timeoutMs: options.connectTimeoutMs });
    }, options.connectTimeoutMs);
  }

  get up(): boolean {
    return this.#up && !this.#ended;
  }

  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    return this.#stream.traffic;
  }

  hold(held: boolean): void {
    this.#stream.hold(held);
  }

  publish(topic: string, payload: Uint8Array, qos: 0 | 1, retain: boolean): Promise<void> {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    return this.#operate("publish", (done) => this.#client.publish(topic, bytes, { qos, retain }, done));
  }

  /** All topics in one packet. */
  subscribe(topics: readonly string[]): Promise<void> {
    const qos = this.#options.subscribeQos;
    return this.#operate("subscribe", (done) => this.#client.subscribe([...topics], { qos }, done));
  }

  unsubscribe(topics: readonly string[]): Promise<void> {
    return this.#operate("unsubscribe", (done) => this.#client.unsubscribe([...topics], done));
  }

  /** Says goodbye and waits for acknowledgements, at most `graceMs`; then the connection is gone in any case. */
  async finish(graceMs: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#end({ code: "LINK_CLOSED", reason: "stopped" }), graceMs);
      this.#finishing = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#up) this.#client.end(false);
      else this.#end({ code: "LINK_CLOSED", reason: "stopped" });
    });
  }

  #listen(): void {
    const client = this.#client;
    client.on("connect", (packet) => {
      if (this.#ended) return;
      clearTimeout(this.#connectTimer);
      this.#up = true;
      this.#events.up({
        inFlightMax: packet.properties?.receiveMaximum ?? RECEIVE_MAXIMUM_UNSTATED,
        packetBytesMax: packet.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
      });
    });
    client.on("message", (topic, payload, packet) => {
      if (this.#ended) return;
      const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
      this.#events.message(topic, bytes, packet.retain === true);
    });
    client.on("disconnect", (packet) => {
      this.#end({ code: "LINK_CLOSED", reason: `broker's reason ${packet.reasonCode ?? 0}` });
    });
    client.on("error", (error) => this.#end(this.#problemOf(error)));
    client.onKeepaliveTimeout = () => {
      this.#end({ code: "LINK_TIMEOUT", what: "keepalive", timeoutMs: this.#options.keepaliveSeconds * 1500 });
    };
  }

  #problemOf(error: Error): LinkProblem {
    const code: unknown = "code" in error ? error.code : undefined;
    if (!this.#up && typeof code === "number") return { code: "LINK_REFUSED", what: "connect", reason: code };
    return { code: "LINK_PROTOCOL", reason: socketReason(error) };
  }

  #end(problem: LinkProblem): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#connectTimer);
    this.#stream.fail(this.#stream.problem ?? problem);
    const reason = this.#stream.problem ?? problem;
    for (const operation of this.#operations) operation.settle(reason);
    this.#operations.clear();
    this.#events.ended(reason);
    this.#finishing?.();
  }

  /** Settles exactly once: when MQTT.js calls back, after the time limit, or when the session ends. */
  #operate(what: LinkRequest, send: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (!this.up) {
        reject(new LinkError({ code: "LINK_NOT_CONNECTED" }));
        return;
      }
      const timeoutMs = this.#options.acknowledgeTimeoutMs;
      const operation: Operation = {
        settle: (problem) => {
          clearTimeout(timer);
          this.#operations.delete(operation);
          if (problem === undefined) resolve();
          else reject(new LinkError(problem));
        },
      };
      const timer = setTimeout(() => operation.settle({ code: "LINK_TIMEOUT", what, timeoutMs }), timeoutMs);
      this.#operations.add(operation);
      send((error) => operation.settle(error ? refusalOf(what, error) : undefined));
    });
  }
}

function clientOptions(options: SessionOptions): IClientOptions {
  const { will } = options;
  return {
    clientId: options.clientId,
    protocolVersion: options.protocolVersion,
    clean: true,
    keepalive: options.keepaliveSeconds,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: "native",
    // The session has its own, shorter limit over TCP, TLS and CONNACK together.
    connectTimeout: options.connectTimeoutMs * 2,
    // MQTT.js would otherwise print packets, passwords included, when DEBUG is set.
    log: () => {},
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload), qos: 1 } }),
    ...(options.protocolVersion === 5
      ? { properties: { maximumPacketSize: options.payloadBytesMax + PACKET_OVERHEAD_BYTES } }
      : {}),
  };
}

function refusalOf(what: LinkRequest, error: Error): LinkProblem {
  if ("code" in error && typeof error.code === "number") return { code: "LINK_REFUSED", what, reason: error.code };
  const granted: unknown = packetOf(error)?.granted;
  if (Array.isArray(granted)) {
    const reason: unknown = granted.find((code: unknown) => typeof code === "number" && code >= REASON_REFUSALS_FROM);
    if (typeof reason === "number") return { code: "LINK_REFUSED", what, reason };
  }
  return { code: "LINK_CLOSED", reason: socketReason(error) };
}

/** MQTT.js hangs the SUBACK on the error of a refused subscription. */
function packetOf(error: Error): { readonly granted?: unknown } | undefined {
  if (!("packet" in error)) return undefined;
  return typeof error.packet === "object" && error.packet !== null ? error.packet : undefined;
}
