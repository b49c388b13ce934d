/**
 * The content network over MQTT: keeps one session alive, and keeps what it lets in and out within bounds.
 *
 * There is no offline queue. What is published while disconnected is refused at once, and whoever publishes keeps its own
 * (durable, latest-only) outbox; a queue in here would only flood the broker on return. Messages are acknowledged to the
 * broker when they arrive, before the handler has seen them. QoS 2 is neither used nor accepted.
 */
import { Counters } from "../base/counters.js";
import { codeOf } from "../base/error.js";
import type { Link, LinkHandlers, PublishOptions } from "../base/link.js";
import { SILENT_LOGGER } from "../base/logger.js";
import { Backoff } from "./backoff.js";
import { INBOX_LIMITS, Inbox } from "./inbox.js";
import { PACKET_OVERHEAD_BYTES, PAYLOAD_BYTES_MAX } from "./limits.js";
import { loadMqttClient } from "./mqttClient.js";
import { type MqttLinkOptions, targetOf } from "./mqttOptions.js";
import { type BrokerLimits, MqttSession, type SessionOptions } from "./mqttSession.js";
import { type LinkDropCode, LinkError, type LinkProblem } from "./problems.js";
import { Slots } from "./slots.js";
import { checkFilter, checkTopic, hasWildcard } from "./topics.js";

export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 60_000;
export const STABLE_AFTER_MS = 10_000;
export const KEEPALIVE_SECONDS = 30;
export const CONNECT_TIMEOUT_MS = 15_000;
export const ACKNOWLEDGE_TIMEOUT_MS = 30_000;
/** Publishes, subscribes and unsubscribes on the wire at once; fewer where an MQTT 5 broker says so. */
export const IN_FLIGHT_MAX = 64;
export const PUBLISH_WAITING_MAX = 1_024;
/** Payload bytes of publishes that are not settled yet, unless it is a single one. */
export const PUBLISH_WAITING_BYTES_MAX = 16 * 1024 * 1024;
export const SUBSCRIPTIONS_MAX = 16_384;
/** Subscriptions with `+`. */
export const FILTERS_MAX = 32;
/** Topics in one SUBSCRIBE packet: at most about 50 KiB. */
export const TOPICS_PER_PACKET_MAX = 100;
const STOP_GRACE_MS = 1_500;

export interface MqttLink extends Link {
  /** Why the last session or attempt ended; for `status` and `doctor`. */
  readonly lastProblem: LinkProblem | undefined;
  /** Drops, failures and reconnections by code. */
  readonly counters: Counters;
}

/**
 * A link to one broker; nothing happens before `start`.
 * @throws LinkError `LINK_OPTION_INVALID`, `LINK_TOPIC_INVALID`, or `LINK_INSECURE` for `mqtt://` to another machine.
 */
export function mqttLink(options: MqttLinkOptions): MqttLink {
  return new MqttLinkRunner(options);
}

class MqttLinkRunner implements MqttLink {
  readonly counters = new Counters();
  readonly #options: MqttLinkOptions;
  readonly #sessionOptions: SessionOptions;
  readonly #backoff: Backoff;
  readonly #inbox: Inbox;
  readonly #slots = new Slots(
    IN_FLIGHT_MAX,
    PUBLISH_WAITING_MAX,
    (waiting, limit) => new LinkError({ code: "LINK_BUSY", waiting, limit }),
  );
  #handlers: LinkHandlers | undefined;
  #session: MqttSession | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #stableTimer: NodeJS.Timeout | undefined;
  /** Raised by `start` and `stop`; an attempt that finds another number was overtaken. */
  #run = 0;
  #packetBytesMax = Number.POSITIVE_INFINITY;
  #unsettledBytes = 0;
  #pastBytesIn = 0;
  #pastBytesOut = 0;
  #lastProblem: LinkProblem | undefined;

  constructor(options: MqttLinkOptions) {
    this.#options = options;
    this.#sessionOptions = sessionOptions(options);
    this.#backoff = new Backoff(
      options.reconnectMinMs ?? RECONNECT_MIN_MS,
      options.reconnectMaxMs ?? RECONNECT_MAX_MS,
      options.random,
    );
    this.#inbox = new Inbox(
      { ...INBOX_LIMITS, ...options.inbox },
      {
        deliver: (message) => this.#call((handlers) => handlers.message(message)),
        dropped: (code) => this.#drop(code),
        hold: (held) => this.#session?.hold(held),
        monotonicMs: () => performance.now(),
      },
    );
  }

  get connected(): boolean {
    return this.#session?.up ?? false;
  }

  get lastProblem(): LinkProblem | undefined {
    return this.#lastProblem;
  }

  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    const now = this.#session?.traffic;
    return {
      bytesIn: this.#pastBytesIn + (now?.bytesIn ?? 0),
      bytesOut: this.#pastBytesOut + (now?.bytesOut ?? 0),
    };
  }

  start(handlers: LinkHandlers): void {
    if (this.#handlers !== undefined) return;
    this.#handlers = handlers;
    this.#run++;
    this.#attempt(this.#run);
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void> {
    checkTopic(topic);
    const session = this.#demandSession();
    const size = payload.length;
    const limit = Math.max(
      0,
      Math.min(this.#sessionOptions.payloadBytesMax, this.#packetBytesMax - PACKET_OVERHEAD_BYTES),
    );
    if (size > limit) throw new LinkError({ code: "LINK_PAYLOAD_TOO_LARGE", size, limit });
    if (this.#unsettledBytes > 0 && this.#unsettledBytes + size > PUBLISH_WAITING_BYTES_MAX) {
      throw new LinkError({ code: "LINK_BUSY", waiting: this.#unsettledBytes, limit: PUBLISH_WAITING_BYTES_MAX });
    }
    this.#unsettledBytes += size;
    try {
      await this.#slots.run(() => session.publish(topic, payload, options.qos, options.retain));
    } finally {
      this.#unsettledBytes -= size;
    }
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) checkFilter(filter);
    const session = this.#demandSession();
    const wanted = [...new Set(filters)];
    const added = wanted.filter((filter) => !this.#inbox.has(filter));
    checkCount(this.#inbox.topicCount + added.length, SUBSCRIPTIONS_MAX);
    checkCount(this.#inbox.filterCount + added.filter(hasWildcard).length, FILTERS_MAX);
    // Before the packet goes out: a broker may send retained messages ahead of its answer.
    for (const filter of added) this.#inbox.open(filter);
    for (const part of partsOf(wanted)) await this.#slots.run(() => session.subscribe(part));
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) checkFilter(filter);
    const session = this.#demandSession();
    const wanted = [...new Set(filters)];
    for (const part of partsOf(wanted)) await this.#slots.run(() => session.unsubscribe(part));
    for (const filter of wanted) this.#inbox.close(filter);
  }

  async stop(): Promise<void> {
    this.#run++;
    clearTimeout(this.#retryTimer);
    await this.#session?.finish(STOP_GRACE_MS);
    clearTimeout(this.#stableTimer);
    this.#handlers = undefined;
    this.#inbox.clear();
  }

  /** The client library is loaded at the first attempt: a process without MQTT does not pay for it. */
  #attempt(run: number): void {
    loadMqttClient().then(
      (MqttClient) => {
        if (run !== this.#run) return;
        const session = new MqttSession(MqttClient, this.#sessionOptions, {
          up: (limits) => this.#up(run, limits),
          message: (topic, payload, retained) => this.#received(topic, payload, retained),
          oversized: () => this.#drop("LINK_PAYLOAD_TOO_LARGE"),
          ended: (problem) => this.#ended(run, problem),
        });
        this.#session = session;
      },
      (thrown: unknown) => {
        if (run === this.#run) this.#failed(run, { code: "LINK_UNREACHABLE", reason: codeOf(thrown) });
      },
    );
  }

  #up(run: number, limits: BrokerLimits): void {
    if (run !== this.#run) return;
    this.#packetBytesMax = limits.packetBytesMax;
    this.#slots.setLimit(Math.max(1, Math.min(IN_FLIGHT_MAX, limits.inFlightMax)));
    this.#stableTimer = setTimeout(() => this.#backoff.reset(), this.#options.stableAfterMs ?? STABLE_AFTER_MS);
    this.counters.add("LINK_CONNECTED");
    this.#call((handlers) => handlers.connected());
  }

  #received(topic: string, payload: Uint8Array, retained: boolean): void {
    if (payload.length > this.#sessionOptions.payloadBytesMax) this.#drop("LINK_PAYLOAD_TOO_LARGE");
    else this.#inbox.offer({ topic, payload, retained });
  }

  #ended(run: number, problem: LinkProblem): void {
    const traffic = this.traffic;
    this.#pastBytesIn = traffic.bytesIn;
    this.#pastBytesOut = traffic.bytesOut;
    this.#session = undefined;
    this.#inbox.clear();
    clearTimeout(this.#stableTimer);
    this.#slots.failWaiting(new LinkError(problem));
    this.#failed(run, problem);
  }

  #failed(run: number, problem: LinkProblem): void {
    this.#lastProblem = problem;
    this.counters.add(problem.code);
    this.#call((handlers) => handlers.disconnected(problem.code));
    if (run !== this.#run) return;
    const waitMs = this.#backoff.next();
    const logger = this.#options.logger ?? SILENT_LOGGER;
    logger.warn({ problem, waitMs, failures: this.#backoff.failures }, "The link to the broker is down.");
    this.#retryTimer = setTimeout(() => this.#attempt(run), waitMs);
  }

  #demandSession(): MqttSession {
    const session = this.#session;
    if (session === undefined || !session.up) throw new LinkError({ code: "LINK_NOT_CONNECTED" });
    return session;
  }

  #drop(code: LinkDropCode): void {
    this.counters.add(code);
    try {
      this.#handlers?.dropped(code);
    } catch {
      this.counters.add("LINK_HANDLER_FAILED");
    }
  }

  #call(call: (handlers: LinkHandlers) => void): void {
    if (this.#handlers === undefined) return;
    try {
      call(this.#handlers);
    } catch (thrown) {
      const logger = this.#options.logger ?? SILENT_LOGGER;
      logger.error({ code: codeOf(thrown) }, "A handler of the link threw.");
      this.#drop("LINK_HANDLER_FAILED");
    }
  }
}

function sessionOptions(options: MqttLinkOptions): SessionOptions {
  if (options.will !== undefined) checkTopic(options.will.topic);
  return {
    target: targetOf(options),
    protocolVersion: options.protocolVersion ?? 4,
    clientId: options.clientId,
    keepaliveSeconds: options.keepaliveSeconds ?? KEEPALIVE_SECONDS,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    acknowledgeTimeoutMs: options.acknowledgeTimeoutMs ?? ACKNOWLEDGE_TIMEOUT_MS,
    subscribeQos: options.subscribeQos ?? 1,
    payloadBytesMax: options.payloadBytesMax ?? PAYLOAD_BYTES_MAX,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.will === undefined ? {} : { will: options.will }),
  };
}

function checkCount(count: number, limit: number): void {
  if (count > limit) throw new LinkError({ code: "LINK_TOPICS_TOO_MANY", count, limit });
}

function partsOf(topics: readonly string[]): (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  for (let i = 0; i < topics.length; i += TOPICS_PER_PACKET_MAX) parts.push(topics.slice(i, i + TOPICS_PER_PACKET_MAX));
  return parts;
}
