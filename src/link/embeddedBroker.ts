/**
 * A small broker for one gateway and its devices, on aedes. It speaks MQTT 3.1.1 only: aedes answers MQTT 5 with
 * "unacceptable protocol version". It keeps everything in memory and every session clean, so a restart forgets the
 * retained values (publishers read theirs back and restore them). For more, use a broker of its own.
 */
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Aedes, AedesOptions, Client } from "aedes";
import { Counters } from "../base/counters.js";
import { type Logger, SILENT_LOGGER } from "../base/logger.js";
import { BrokerConnection } from "./brokerConnection.js";
import { AccessRules, type BrokerAccess, type BrokerClient, RetainedBudget } from "./brokerHooks.js";
import { PACKET_OVERHEAD_BYTES, PAYLOAD_BYTES_MAX } from "./limits.js";
import { isLoopback } from "./loopback.js";
import { type BrokerCountCode, BrokerError } from "./problems.js";
import { socketReason } from "./socketReason.js";
import { TOPIC_LEVELS_MAX } from "./topics.js";

export const BROKER_CONNECTIONS_MAX = 1_024;
export const BROKER_RETAINED_BYTES_MAX = 96 * 1024 * 1024;
export const BROKER_SUBSCRIPTIONS_PER_CLIENT_MAX = 16_384;
export const BROKER_CLIENT_ID_CHARACTERS_MAX = 128;
/** A connection on which nothing moves at all; clients that promise a keepalive are held to that instead. */
export const BROKER_IDLE_MAX_MS = 600_000;
export const BROKER_LOGIN_TIMEOUT_MS = 10_000;
/** How long a client that does not read may hold up the others. */
export const BROKER_DRAIN_TIMEOUT_MS = 5_000;
/** QoS 2 messages per client between PUBLISH and PUBREL; each may be of full size. */
const QOS2_IN_FLIGHT_MAX = 16;
/** Before the login only a CONNECT with a small will is expected. */
const LOGIN_PACKET_BYTES_MAX = 16_384;
const STOP_GRACE_MS = 1_500;
const CONNACK_BAD_LOGIN = 4;
const CONNACK_BAD_VERSION = 1;

export interface EmbeddedBrokerOptions extends BrokerAccess {
  /** Default 127.0.0.1. Anything that is not loopback needs TLS and a login, or `insecure`. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM texts. `clientCa` asks clients for certificates of that authority. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
  readonly insecure?: boolean;
  readonly connectionsMax?: number;
  readonly packetBytesMax?: number;
  readonly retainedBytesMax?: number;
  readonly idleMaxMs?: number;
  /**
   * A client came with the id of one that is still connected, which is thus cut off (MQTT 3.1.1 section 3.1.4). Once it
   * may be a device whose old connection nobody has noticed to be gone; again and again it is two with one id.
   */
  readonly clientTakenOver?: (clientId: string) => void;
  readonly logger?: Logger;
}

export interface EmbeddedBroker {
  /** @throws BrokerError `BROKER_LISTEN_FAILED`, `BROKER_RUNNING`. */
  start(): Promise<{ readonly port: number }>;
  /** Ends all connections; done within two seconds. */
  stop(): Promise<void>;
  readonly counters: Counters;
  readonly status: { readonly connections: number; readonly retainedBytes: number };
}

/** @throws BrokerError `BROKER_INSECURE`, `BROKER_OPTION_INVALID`. */
export function embeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  return new EmbeddedBrokerRunner(options);
}

class EmbeddedBrokerRunner implements EmbeddedBroker {
  readonly counters = new Counters();
  readonly #options: EmbeddedBrokerOptions;
  readonly #rules: AccessRules;
  readonly #sockets = new Set<Socket>();
  readonly #usernames = new WeakMap<Client, string>();
  readonly #subscriptions = new WeakMap<Client, Set<string>>();
  /** The connected client of each id; as many as there are connections. */
  readonly #clients = new Map<string, Client>();
  #retained: RetainedBudget;
  #server: Server | undefined;
  #aedes: Aedes | undefined;

  constructor(options: EmbeddedBrokerOptions) {
    checkOptions(options);
    this.#options = options;
    this.#rules = new AccessRules(options, this.counters);
    this.#retained = new RetainedBudget(options.retainedBytesMax ?? BROKER_RETAINED_BYTES_MAX);
  }

  get status(): { readonly connections: number; readonly retainedBytes: number } {
    return { connections: this.#sockets.size, retainedBytes: this.#retained.bytes };
  }

  async start(): Promise<{ readonly port: number }> {
    if (this.#server !== undefined) throw new BrokerError({ code: "BROKER_RUNNING" });
    this.#retained = new RetainedBudget(this.#options.retainedBytesMax ?? BROKER_RETAINED_BYTES_MAX);
    try {
      const server = this.#createServer();
      this.#server = server;
      const { Aedes } = await import("aedes");
      this.#aedes = await Aedes.createBroker(this.#aedesOptions());
      this.#listen(this.#aedes);
      return { port: await listenOn(server, this.#options.host ?? "127.0.0.1", this.#options.port) };
    } catch (thrown) {
      await this.stop();
      throw new BrokerError({ code: "BROKER_LISTEN_FAILED", reason: socketReason(thrown) }, { cause: thrown });
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = undefined;
    this.#aedes = undefined;
    this.#clients.clear();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
    });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_GRACE_MS);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      if (aedes === undefined) done();
      else aedes.close(done);
    });
    this.#destroySockets();
    await closed;
  }

  #createServer(): Server {
    const { tls } = this.#options;
    const accept = (socket: Socket) => this.#accept(socket);
    const server =
      tls === undefined
        ? createTcpServer({ noDelay: true, keepAlive: true }, accept)
        : createTlsServer(
            {
              cert: tls.certificate,
              key: tls.key,
              minVersion: "TLSv1.2",
              handshakeTimeout: BROKER_LOGIN_TIMEOUT_MS,
              ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
            },
            accept,
          );
    server.maxConnections = this.#options.connectionsMax ?? BROKER_CONNECTIONS_MAX;
    server.on("drop", () => this.#count("BROKER_REFUSED_CONNECTION"));
    server.on("tlsClientError", () => this.#count("BROKER_REFUSED_CONNECTION"));
    server.on("error", (error) => this.#logger.error({ reason: socketReason(error) }, "The broker's port failed."));
    return server;
  }

  #accept(socket: Socket): void {
    const aedes = this.#aedes;
    if (aedes === undefined) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.setTimeout(this.#options.idleMaxMs ?? BROKER_IDLE_MAX_MS, () => {
      this.#count("BROKER_IDLE_CLOSED");
      socket.destroy();
    });
    const limits = { packetBytesMax: Math.min(LOGIN_PACKET_BYTES_MAX, this.#packetBytesMax), qosMax: 2 as const };
    const connection = new BrokerConnection(socket, limits, (reason) => {
      this.#count("BROKER_PACKET_TOO_LARGE");
      this.#logger.warn({ reason }, "A client's packet broke the broker's limits.");
    });
    aedes.handle(connection);
  }

  #aedesOptions(): AedesOptions {
    return {
      connectTimeout: BROKER_LOGIN_TIMEOUT_MS,
      drainTimeout: BROKER_DRAIN_TIMEOUT_MS,
      maxInflightInbound: QOS2_IN_FLIGHT_MAX,
      maxTopicLevels: TOPIC_LEVELS_MAX,
      preConnect: (_client, packet, done) => {
        // A session kept for an absent client would queue without a bound.
        packet.clean = true;
        done(null, packet.clientId.length <= BROKER_CLIENT_ID_CHARACTERS_MAX);
      },
      authenticate: (client, username, password, done) => {
        if (username !== undefined) this.#usernames.set(client, username);
        if (this.#rules.login({ clientId: client.id, username, password })) {
          this.#noteTakeOver(client);
          if (client.conn instanceof BrokerConnection) client.conn.limitPackets(this.#packetBytesMax);
          done(null, true);
        } else {
          const refusal = new BrokerError({ code: "BROKER_REFUSED", what: "login" });
          done(Object.assign(refusal, { returnCode: CONNACK_BAD_LOGIN }), false);
        }
      },
      authorizePublish: (client, packet, done) => {
        const who = client === null ? { clientId: "", username: undefined } : this.#who(client);
        if (!this.#rules.publish(who, packet.topic)) {
          done(new BrokerError({ code: "BROKER_REFUSED", what: "publish" }));
          return;
        }
        if (packet.retain && !this.#retained.admit(packet.topic, packet.payload.length)) {
          this.#count("BROKER_RETAINED_FULL");
          packet.retain = false;
        }
        done(null);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const allowed = this.#roomForSubscription(client, subscription.topic);
        done(null, allowed && this.#rules.subscribe(this.#who(client), subscription.topic) ? subscription : null);
      },
    };
  }

  /** Before aedes cuts the older one off. */
  #noteTakeOver(client: Client): void {
    if (!this.#clients.has(client.id)) return;
    this.#count("BROKER_CLIENT_TAKEN_OVER");
    this.#logger.warn({ clientId: client.id }, "A client came with the id of another one that is connected.");
    try {
      this.#options.clientTakenOver?.(client.id);
    } catch {
      this.#count("BROKER_HOOK_FAILED");
    }
  }

  #listen(aedes: Aedes): void {
    aedes.on("client", (client) => this.#clients.set(client.id, client));
    aedes.on("clientDisconnect", (client) => {
      if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
    });
    aedes.on("keepaliveTimeout", () => this.#count("BROKER_KEEPALIVE_CLOSED"));
    aedes.on("clientError", () => this.#count("BROKER_CLIENT_FAILED"));
    aedes.on("connectionError", (_client, error) => {
      const refusedVersion = "errorCode" in error && error.errorCode === CONNACK_BAD_VERSION;
      this.#count(refusedVersion ? "BROKER_REFUSED_VERSION" : "BROKER_CLIENT_FAILED");
    });
    aedes.on("unsubscribe", (filters, client) => {
      for (const filter of filters) this.#subscriptions.get(client)?.delete(filter);
    });
    // Raised when the store of sessions fails; the one in memory does not.
    aedes.addListener("error", (error: unknown) => {
      this.#logger.error({ reason: socketReason(error) }, "The embedded broker failed.");
    });
  }

  #roomForSubscription(client: Client, filter: string): boolean {
    const filters = this.#subscriptions.get(client) ?? new Set<string>();
    this.#subscriptions.set(client, filters);
    if (!filters.has(filter) && filters.size >= BROKER_SUBSCRIPTIONS_PER_CLIENT_MAX) {
      this.#count("BROKER_REFUSED_SUBSCRIBE");
      return false;
    }
    filters.add(filter);
    return true;
  }

  #who(client: Client): BrokerClient {
    return { clientId: client.id, username: this.#usernames.get(client) };
  }

  get #packetBytesMax(): number {
    return this.#options.packetBytesMax ?? PAYLOAD_BYTES_MAX + PACKET_OVERHEAD_BYTES;
  }

  get #logger(): Logger {
    return this.#options.logger ?? SILENT_LOGGER;
  }

  #count(code: BrokerCountCode): void {
    this.counters.add(code);
  }

  #destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function checkOptions(options: EmbeddedBrokerOptions): void {
  const { port, host = "127.0.0.1", users, authenticate } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new BrokerError({ code: "BROKER_OPTION_INVALID", option: "port", reason: "0..65535" });
  }
  if (users !== undefined && authenticate !== undefined) {
    throw new BrokerError({ code: "BROKER_OPTION_INVALID", option: "users", reason: "excludes authenticate" });
  }
  if (isLoopback(host) || options.insecure === true) return;
  if (options.tls === undefined) throw new BrokerError({ code: "BROKER_INSECURE", host, missing: "tls" });
  if (users === undefined && authenticate === undefined && options.tls.clientCa === undefined) {
    throw new BrokerError({ code: "BROKER_INSECURE", host, missing: "authentication" });
  }
}
