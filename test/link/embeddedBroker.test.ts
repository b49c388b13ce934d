import { connect, type Socket } from "node:net";
import mqtt from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { embeddedBroker, mqttLink } from "../../src/link/index.js";
import { BrokerError } from "../../src/link/problems.js";
import { startBroker } from "../support/broker.js";
import { bytesOf, codeOfRejection, Recorder, seededRandom, until } from "../support/linkContract.js";
import { makeTlsMaterial } from "../support/tls.js";

const random = seededRandom(5);
const FAST = { reconnectMinMs: 20, reconnectMaxMs: 50, random } as const;
const LIVE = { retain: false, qos: 1 } as const;
const KEPT = { retain: true, qos: 1 } as const;

interface RawClient {
  readonly socket: Socket;
  readonly packets: mqtt.Packet[];
  readonly closed: () => boolean;
}

/** A client that sends what it is told and keeps what comes back. */
function rawClient(port: number): RawClient {
  const socket = connect(port, "127.0.0.1");
  const parser = mqtt.parser();
  const packets: mqtt.Packet[] = [];
  let closed = false;
  parser.on("packet", (packet) => packets.push(packet));
  socket.on("data", (chunk) => parser.parse(chunk));
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  return { socket, packets, closed: () => closed };
}

const hello = (clientId: string, clean = true, keepalive = 0) =>
  mqtt.generate({ cmd: "connect", clientId, protocolId: "MQTT", protocolVersion: 4, clean, keepalive });

async function started(port: number, options: object = {}) {
  const link = mqttLink({ url: `mqtt://127.0.0.1:${port}`, clientId: "device-1", ...FAST, ...options });
  const seen = new Recorder();
  link.start(seen);
  await until(() => link.connected || seen.ends.length > 0, "an answer");
  return { link, seen };
}

describe("the embedded broker", () => {
  it("refuses MQTT 5 and says so", async () => {
    const { broker, port } = await startBroker();
    const { link, seen } = await started(port, { protocolVersion: 5 });
    expect([seen.ends[0], link.lastProblem]).toEqual([
      "LINK_REFUSED",
      { code: "LINK_REFUSED", what: "connect", reason: 1 },
    ]);
    expect(broker.counters.get("BROKER_REFUSED_VERSION")).toBeGreaterThan(0);
    await link.stop();
    await broker.stop();
  });

  it("lets in users with their password only", async () => {
    const { broker, port } = await startBroker({ users: new Map([["gate", "secret"]]) });
    const good = await started(port, { username: "gate", password: "secret" });
    expect(good.link.connected).toBe(true);
    await good.link.stop();
    const bad = [
      { username: "gate", password: "Secret" },
      { username: "gate" },
      { username: "other", password: "secret" },
      {},
    ];
    bad.push({ username: "__proto__", password: "" }, { username: "gate", password: "" });
    for (const login of bad) {
      const { link, seen } = await started(port, login);
      expect([link.connected, seen.ends[0]]).toEqual([false, "LINK_REFUSED"]);
      expect(link.lastProblem).toMatchObject({ reason: 4 });
      await link.stop();
    }
    expect(broker.counters.get("BROKER_REFUSED_LOGIN")).toBeGreaterThanOrEqual(bad.length);
    await broker.stop();
  });

  it("asks the access hooks, and takes one that throws for a no", async () => {
    const asked: string[] = [];
    const { broker, port } = await startBroker({
      authenticate: ({ clientId }) => clientId === "device-1",
      mayPublish: (client, topic) => {
        asked.push(`${client.clientId} ${topic}`);
        if (topic === "throw") throw new Error("hook");
        return topic.startsWith(`dev/${client.clientId}/`);
      },
      maySubscribe: (_client, filter) => filter !== "closed",
    });
    const { link, seen } = await started(port);
    await link.publish("dev/device-1/t", bytesOf("x"), LIVE);
    expect(await codeOfRejection(link.subscribe(["closed"]))).toBe("LINK_REFUSED");
    await link.subscribe(["open"]);
    expect(await codeOfRejection(link.publish("dev/device-2/t", bytesOf("x"), LIVE))).toBe("LINK_CLOSED");
    await until(() => seen.connects === 2, "the second connection");
    expect(await codeOfRejection(link.publish("throw", bytesOf("x"), LIVE))).toBe("LINK_CLOSED");
    expect(broker.counters.snapshot()).toMatchObject({
      BROKER_HOOK_FAILED: 1,
      BROKER_REFUSED_PUBLISH: 2,
      BROKER_REFUSED_SUBSCRIBE: 1,
    });
    expect(asked).toContain("device-1 dev/device-1/t");
    await link.stop();
    await broker.stop();
  });

  it("keeps no more retained bytes than allowed, and frees what is cleared", async () => {
    const { broker, port } = await startBroker({ retainedBytesMax: 1_000 });
    const { link, seen } = await started(port);
    await link.publish("k/1", new Uint8Array(600), KEPT);
    await link.publish("k/2", new Uint8Array(600), KEPT);
    await link.publish("k/1", new Uint8Array(700), KEPT);
    await link.publish("k/3", bytesOf("x"), KEPT);
    expect(broker.counters.get("BROKER_RETAINED_FULL")).toBe(1);
    expect(broker.status.retainedBytes).toBe(703 + 4);
    await link.subscribe(["k/1", "k/2", "k/3"]);
    await until(() => seen.messages.length === 2, "two values");
    expect(seen.messages.map((m) => m.topic).sort()).toEqual(["k/1", "k/3"]);
    await link.publish("k/1", new Uint8Array(0), KEPT);
    expect(broker.status.retainedBytes).toBe(4);
    await link.publish("k/2", new Uint8Array(600), KEPT);
    expect(broker.counters.get("BROKER_RETAINED_FULL")).toBe(1);
    await link.stop();
    await broker.stop();
  });

  it("ends a client whose packet is too large, before it is gathered, and sooner before the login", async () => {
    const { broker, port } = await startBroker();
    const late = rawClient(port);
    late.socket.write(hello("late"));
    await until(() => late.packets.length === 1, "the CONNACK");
    late.socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1]));
    await until(late.closed, "the end");
    const early = rawClient(port);
    early.socket.write(Buffer.from([0x10, 0x81, 0x80, 0x01]));
    await until(early.closed, "the end");
    expect(broker.counters.get("BROKER_PACKET_TOO_LARGE")).toBe(2);
    await broker.stop();
  });

  it("accepts no more connections than allowed", async () => {
    const { broker, port } = await startBroker({ connectionsMax: 2 });
    const clients = [rawClient(port), rawClient(port)];
    await until(() => broker.status.connections === 2, "two connections");
    const third = rawClient(port);
    await until(third.closed, "the refusal");
    expect(broker.counters.get("BROKER_REFUSED_CONNECTION")).toBe(1);
    for (const client of clients) client.socket.destroy();
    await broker.stop();
  });

  it("ends clients that break their keepalive, and connections on which nothing moves", async () => {
    const { broker, port } = await startBroker({ idleMaxMs: 300 });
    const idle = rawClient(port);
    idle.socket.write(hello("idle"));
    await until(idle.closed, "the idle one's end");
    expect(broker.counters.get("BROKER_IDLE_CLOSED")).toBe(1);
    await broker.stop();
    const second = await startBroker();
    const silent = rawClient(second.port);
    silent.socket.write(hello("silent", true, 1));
    await until(silent.closed, "the silent one's end");
    expect(second.broker.counters.get("BROKER_KEEPALIVE_CLOSED")).toBe(1);
    await second.broker.stop();
  });

  it("keeps no session for an absent client", async () => {
    const { broker, port } = await startBroker();
    const first = rawClient(port);
    first.socket.write(hello("sleeper", false));
    first.socket.write(mqtt.generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "t", qos: 1 }] }));
    await until(() => first.packets.some((p) => p.cmd === "suback"), "the subscription");
    first.socket.destroy();
    await until(() => broker.status.connections === 0, "its end");
    const { link } = await started(port);
    await link.publish("t", bytesOf("unheard"), LIVE);
    const again = rawClient(port);
    again.socket.write(hello("sleeper", false));
    await until(() => again.packets.length > 0, "the CONNACK");
    expect(again.packets[0]).toMatchObject({ cmd: "connack", sessionPresent: false });
    again.socket.write(mqtt.generate({ cmd: "pingreq" }));
    await until(() => again.packets.some((p) => p.cmd === "pingresp"), "the answer");
    expect(again.packets.some((p) => p.cmd === "publish")).toBe(false);
    again.socket.destroy();
    await link.stop();
    await broker.stop();
  });

  it("survives garbage before and after a login", async () => {
    const { broker, port } = await startBroker();
    const { link, seen } = await started(port);
    const bytes = seededRandom(9);
    const byte = () => bytes.bytes(1)[0] as number;
    let done = 0;
    for (let round = 0; round < 150; round++) {
      const client = rawClient(port);
      if (round % 3 !== 0) client.socket.write(hello(`garbage-${round}`));
      for (let i = 0; i < 10; i++) {
        const body = bytes.bytes(byte() % 60);
        client.socket.write(
          round % 3 === 1 ? bytes.bytes(100) : Buffer.concat([Buffer.from([byte(), body.length]), body]),
        );
      }
      client.socket.end();
      client.socket.once("close", () => {
        done++;
      });
    }
    await until(() => done === 150, "all of them");
    await link.subscribe(["alive"]);
    await link.publish("alive", bytesOf("yes"), LIVE);
    await until(() => seen.texts("alive").length === 1, "the message");
    expect(seen.ends).toEqual([]);
    await link.stop();
    await broker.stop();
  });

  it("starts once, frees its port, forgets what it kept, and reports a port that is taken", async () => {
    const { broker, port } = await startBroker();
    await expect(broker.start()).rejects.toThrow("BROKER_RUNNING");
    await expect(embeddedBroker({ port }).start()).rejects.toMatchObject({
      problem: { code: "BROKER_LISTEN_FAILED", reason: "EADDRINUSE" },
    });
    const { link, seen } = await started(port);
    await link.publish("k", bytesOf("x"), KEPT);
    await broker.stop();
    await broker.stop();
    await until(() => seen.ends.length > 0, "the end");
    const again = embeddedBroker({ port });
    await again.start();
    await until(() => seen.connects === 2, "the second connection");
    expect(again.status.retainedBytes).toBe(0);
    await link.stop();
    await again.stop();
  });

  it("asks for client certificates where told to", async () => {
    const tls = makeTlsMaterial();
    const { certificate, key } = tls.right;
    const { broker, port } = await startBroker({ tls: { certificate, key, clientCa: tls.ca } });
    const url = `mqtts://127.0.0.1:${port}`;
    const own = { certificate: tls.client.certificate, key: tls.client.key };
    const good = await started(port, { url, tls: { ca: tls.ca, ...own } });
    expect(good.link.connected).toBe(true);
    const bad = await started(port, { url, tls: { ca: tls.ca } });
    expect([bad.link.connected, bad.seen.ends[0]]).toEqual([false, "LINK_TLS"]);
    await Promise.all([good.link.stop(), bad.link.stop()]);
    await broker.stop();
    await expect(startBroker({ tls: { certificate, key: "nonsense" } })).rejects.toBeInstanceOf(BrokerError);
    tls.remove();
  });

  it.each([
    [{ host: "0.0.0.0" }, { code: "BROKER_INSECURE", host: "0.0.0.0", missing: "tls" }],
    [
      { host: "::", tls: { certificate: "", key: "" } },
      { code: "BROKER_INSECURE", host: "::", missing: "authentication" },
    ],
    [{ port: 65_536 }, { code: "BROKER_OPTION_INVALID", option: "port", reason: "0..65535" }],
    [{ users: new Map(), authenticate: () => true }, { code: "BROKER_OPTION_INVALID" }],
  ])("does not start unsafe: %j", (options, problem) => {
    try {
      embeddedBroker({ port: 0, ...options });
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(BrokerError);
      expect((thrown as BrokerError).problem).toMatchObject(problem);
    }
  });
});
