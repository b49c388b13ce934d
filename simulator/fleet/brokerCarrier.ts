/**
 * One very light MQTT 3.1.1 connection for each client, straight on a socket: no client library, no buffers and no timer
 * of its own. All sockets read into one buffer, one parser takes their whole packets apart, one wheel keeps them alive.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { generate, type Packet, type Parser, parser } from "mqtt-packet";
import type { Carrier, CarrierHandlers, ConnectRequest, PublishRequest } from "./carrier.js";
import { TimerWheel } from "./timerWheel.js";

const READ_BUFFER_BYTES = 65_536;
/** Nobody sends a virtual device more. */
const PACKET_BYTES_MAX = 65_536;
/** Bytes that wait for a socket before further messages are not taken. */
const JAM_BYTES = 262_144;
const CONNECT_LIMIT_MS = 30_000;
const CHECK_STEP_MS = 250;
/** Of the keep alive, without a packet of ours, until a ping; MQTT 3.1.1 section 3.1.2.10 ends a connection at 1.5. */
const PING_AFTER = 0.7;
const SILENCE_LIMIT = 1.5;
const FIXED_HEADER_BYTES_MAX = 5;
const PACKET_ID_MAX = 65_535;
const PROTOCOL_VERSION = 4;

export interface BrokerAddress {
  /** An IP address, looked up once for all. */
  readonly ip: string;
  readonly port: number;
  readonly tls?: { readonly context: SecureContext; readonly serverName: string };
  readonly username?: string;
  readonly password?: string;
  /** One source address has some 28,000 ports for one destination. */
  readonly localAddress?: string;
}

const PING = generate({ cmd: "pingreq" });
const DISCONNECT = generate({ cmd: "disconnect" });

export class BrokerCarrier implements Carrier {
  readonly #address: BrokerAddress;
  readonly #handlers: () => CarrierHandlers;
  readonly #clock: () => number;
  readonly #sockets: (Socket | undefined)[];
  /** Requests of connections that are not accepted yet. */
  readonly #opening = new Map<number, ConnectRequest>();
  /** The beginning of a packet whose end has not come yet. */
  readonly #rests = new Map<number, Uint8Array>();
  /** Sockets that have gone silent; the broker has to notice. */
  readonly #silent = new Map<number, Socket>();
  readonly #wroteAt: Float64Array;
  readonly #readAt: Float64Array;
  readonly #keepAliveMs: Float64Array;
  /** Whether a check of the client is in the wheel. */
  readonly #checked: Uint8Array;
  readonly #wheel = new TimerWheel(CHECK_STEP_MS);
  readonly #readBuffer = new Uint8Array(READ_BUFFER_BYTES);
  readonly #parser: Parser = parser({ protocolVersion: PROTOCOL_VERSION });
  #parsing = -1;
  #packetId = 0;
  /** QoS 1 messages sent and acknowledged, all clients together. */
  acknowledged = 0;
  #closing = false;

  /** @param clock ms of the run. */
  constructor(address: BrokerAddress, clients: number, handlers: () => CarrierHandlers, clock: () => number) {
    this.#address = address;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#sockets = new Array<Socket | undefined>(clients).fill(undefined);
    this.#wroteAt = new Float64Array(clients);
    this.#readAt = new Float64Array(clients);
    this.#keepAliveMs = new Float64Array(clients);
    this.#checked = new Uint8Array(clients);
    this.#parser.on("packet", (packet: Packet) => this.#packet(this.#parsing, packet));
    this.#parser.on("error", () => this.#fail(this.#parsing, "PROTOCOL"));
  }

  /** Pings and time limits. */
  advance(nowMs: number): void {
    this.#wheel.advance(nowMs, (client) => this.#check(client, nowMs));
  }

  connect(client: number, request: ConnectRequest): void {
    this.#silent.get(client)?.destroy();
    this.#silent.delete(client);
    this.#opening.set(client, request);
    const nowMs = this.#clock();
    this.#readAt[client] = nowMs;
    this.#keepAliveMs[client] = request.keepAliveMs;
    const socket = this.#open(client);
    this.#sockets[client] = socket;
    socket.on("error", (error: NodeJS.ErrnoException) => this.#closed(client, socket, error.code ?? "ERROR"));
    socket.on("close", () => this.#closed(client, socket, "CLOSED"));
    socket.write(this.#connectPacket(request));
    if (this.#checked[client] === 0) {
      this.#checked[client] = 1;
      this.#planCheck(client, nowMs);
    }
  }

  subscribe(client: number, filters: readonly string[]): void {
    this.#packetId = (this.#packetId % PACKET_ID_MAX) + 1;
    const subscriptions = filters.map((topic) => ({ topic, qos: 0 as const }));
    this.#write(client, generate({ cmd: "subscribe", messageId: this.#packetId, subscriptions }));
  }

  publish(client: number, { topic, bytes, qos, retain }: PublishRequest): boolean {
    const socket = this.#sockets[client];
    if (socket === undefined || socket.writableLength > JAM_BYTES) return false;
    this.#packetId = (this.#packetId % PACKET_ID_MAX) + 1;
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = qos === 0 ? {} : { messageId: this.#packetId };
    this.#write(client, generate({ cmd: "publish", topic, payload, qos, retain, dup: false, ...id }));
    return true;
  }

  vanish(client: number, silent: boolean): void {
    const socket = this.#sockets[client];
    if (socket === undefined) return;
    this.#forget(client);
    if (!silent) {
      socket.destroy();
      return;
    }
    socket.pause();
    this.#silent.set(client, socket);
  }

  /** Says goodbye for everybody and resolves when all sockets are closed. */
  async close(): Promise<void> {
    this.#closing = true;
    const open = [...this.#sockets, ...this.#silent.values()].filter((socket) => socket !== undefined);
    for (const socket of this.#silent.values()) socket.destroy();
    const closed = open.map((socket) =>
      socket.closed ? undefined : new Promise<void>((resolve) => socket.once("close", () => resolve())),
    );
    for (const socket of this.#sockets) socket?.end(DISCONNECT, () => socket.destroy());
    const limit = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, CHECK_STEP_MS * 8);
    await Promise.all(closed);
    clearTimeout(limit);
  }

  #open(client: number): Socket {
    const { ip: host, port, tls, localAddress } = this.#address;
    const local = localAddress === undefined ? {} : { localAddress };
    if (tls !== undefined) {
      const socket = connectTls({
        ...{ host, port, secureContext: tls.context, servername: tls.serverName, minVersion: "TLSv1.2" },
        ...local,
      });
      socket.on("data", (bytes: Uint8Array) => this.#read(client, socket, bytes));
      return socket;
    }
    const socket: Socket = connectTcp({
      ...{ host, port, noDelay: true, ...local },
      onread: {
        buffer: this.#readBuffer,
        callback: (length, buffer) => {
          this.#read(client, socket, buffer.subarray(0, length));
          return true;
        },
      },
    });
    return socket;
  }

  #connectPacket({ clientId, keepAliveMs, will }: ConnectRequest): Buffer {
    const { username, password } = this.#address;
    return generate({
      ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: PROTOCOL_VERSION, clean: true, clientId },
      keepalive: Math.ceil(keepAliveMs / 1_000),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(will === undefined
        ? {}
        : { will: { topic: will.topic, payload: Buffer.from(will.bytes), qos: 1, retain: false } }),
    });
  }

  /** Cuts whole packets out of what came; the rest waits for its end. */
  #read(client: number, socket: Socket, chunk: Uint8Array): void {
    if (this.#sockets[client] !== socket) return;
    this.#readAt[client] = this.#clock();
    const rest = this.#rests.get(client);
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    const whole = wholePackets(bytes);
    if (whole < 0) {
      this.#fail(client, "PACKET_SIZE");
      return;
    }
    if (whole > 0) {
      this.#parsing = client;
      this.#parser.parse(Buffer.from(bytes.buffer, bytes.byteOffset, whole));
    }
    if (this.#sockets[client] !== socket) return;
    if (whole < bytes.length) this.#rests.set(client, bytes.slice(whole));
    else if (rest !== undefined) this.#rests.delete(client);
  }

  #packet(client: number, packet: Packet): void {
    // A packet before it in the same bytes may have ended the connection.
    if (this.#sockets[client] === undefined) return;
    const nowMs = this.#clock();
    switch (packet.cmd) {
      case "connack":
        if (packet.returnCode !== 0) {
          this.#fail(client, `CONNACK_${packet.returnCode}`);
          return;
        }
        if (!this.#opening.delete(client)) {
          this.#fail(client, "PROTOCOL");
          return;
        }
        this.#handlers().connected(client, nowMs);
        return;
      case "publish": {
        if (packet.qos === 1) this.#write(client, generate({ cmd: "puback", messageId: packet.messageId ?? 0 }));
        const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
        this.#handlers().message(client, packet.topic, payload, packet.retain, nowMs);
        return;
      }
      case "puback":
        this.acknowledged++;
        return;
      default:
        return;
    }
  }

  #check(client: number, nowMs: number): void {
    const socket = this.#sockets[client];
    if (socket === undefined) {
      this.#checked[client] = 0;
      return;
    }
    const keepAlive = this.#keepAliveMs[client] ?? 0;
    const silentMs = nowMs - (this.#readAt[client] ?? 0);
    if (this.#opening.has(client)) {
      if (silentMs > CONNECT_LIMIT_MS) {
        this.#fail(client, "TIMEOUT", true);
        return;
      }
    } else {
      // A device that only publishes with quality 0 hears nothing but answers to its pings.
      const quietMs = nowMs - (this.#wroteAt[client] ?? 0);
      if (silentMs > SILENCE_LIMIT * keepAlive) {
        this.#fail(client, "TIMEOUT", true);
        return;
      }
      if (quietMs > PING_AFTER * keepAlive || silentMs > PING_AFTER * keepAlive) this.#write(client, PING);
    }
    this.#planCheck(client, nowMs);
  }

  /** Four times in a keep alive; clients that came together are not asked together for long. */
  #planCheck(client: number, nowMs: number): void {
    const keepAlive = this.#keepAliveMs[client] ?? 0;
    this.#wheel.schedule(nowMs + keepAlive / 4 + (client % 16) * (keepAlive / 256), client);
  }

  #write(client: number, bytes: Uint8Array): void {
    this.#wroteAt[client] = this.#clock();
    this.#sockets[client]?.write(bytes);
  }

  #fail(client: number, code: string, planned = false): void {
    const socket = this.#sockets[client];
    if (planned) this.#checked[client] = 0;
    if (socket === undefined) return;
    this.#closed(client, socket, code);
    socket.destroy();
  }

  #closed(client: number, socket: Socket, code: string): void {
    if (this.#silent.get(client) === socket) this.#silent.delete(client);
    if (this.#sockets[client] !== socket) return;
    this.#forget(client);
    if (!this.#closing) this.#handlers().lost(client, code, this.#clock());
  }

  #forget(client: number): void {
    this.#sockets[client] = undefined;
    this.#rests.delete(client);
    this.#opening.delete(client);
  }
}

/** Length of the whole packets at the start of these bytes; -1 where one is longer than PACKET_BYTES_MAX or no packet. */
function wholePackets(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    let length = 0;
    let header = 1;
    for (; ; header++) {
      if (header >= FIXED_HEADER_BYTES_MAX) return -1;
      const byte = bytes[at + header];
      if (byte === undefined) return at;
      length += (byte & 0x7f) * 128 ** (header - 1);
      if (byte < 0x80) break;
    }
    const size = header + 1 + length;
    if (size > PACKET_BYTES_MAX) return -1;
    if (at + size > bytes.length) return at;
    at += size;
  }
  return at;
}
