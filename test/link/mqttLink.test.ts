import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import mqtt from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MqttLink, type MqttLinkOptions, mqttLink } from "../../src/link/index.js";
import { LinkError } from "../../src/link/problems.js";
import { startBroker } from "../support/broker.js";
import { bytesOf, codeOfRejection, Recorder, seededRandom, until } from "../support/linkContract.js";
import { freePort, type Mosquitto, startMosquitto } from "../support/mosquitto.js";
import { TcpProxy } from "../support/tcpProxy.js";
import { makeTlsMaterial, type TlsMaterial } from "../support/tls.js";

const random = seededRandom(7);
const FAST = { reconnectMinMs: 20, reconnectMaxMs: 100, random } as const;
let lastClient = 0;

function link(url: string, options: Partial<MqttLinkOptions> = {}): { link: MqttLink; seen: Recorder } {
  return { link: mqttLink({ url, clientId: `link-${++lastClient}`, ...FAST, ...options }), seen: new Recorder() };
}

async function started(url: string, options: Partial<MqttLinkOptions> = {}) {
  const both = link(url, options);
  both.link.start(both.seen);
  await until(() => both.link.connected, "the link");
  return both;
}

/** A server that does with each connection what the test says. */
async function fakeBroker(serve: (socket: Socket) => void): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: address.port, stop };
}

/** Answers CONNECT, SUBSCRIBE and PINGREQ honestly, then hands the socket over after the subscription. */
function honestUntilSubscribed(then: (socket: Socket) => void, onPacket: (packet: mqtt.Packet) => void = () => {}) {
  return (socket: Socket) => {
    const parser = mqtt.parser();
    parser.on("packet", (packet) => {
      onPacket(packet);
      if (packet.cmd === "connect")
        socket.write(mqtt.generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
      if (packet.cmd === "pingreq") socket.write(mqtt.generate({ cmd: "pingresp" }));
      if (packet.cmd === "subscribe") {
        socket.write(mqtt.generate({ cmd: "suback", messageId: packet.messageId as number, granted: [1] }));
        then(socket);
      }
    });
    socket.on("data", (chunk) => parser.parse(chunk));
  };
}

function publishPacket(topic: string, payload: Uint8Array, qos: 0 | 1 | 2 = 0, messageId = 1): Buffer {
  const packet = { cmd: "publish", topic, payload: Buffer.from(payload), qos, dup: false, retain: false } as const;
  return mqtt.generate(qos === 0 ? packet : { ...packet, messageId });
}

describe("certificates and passwords", () => {
  let tls: TlsMaterial;
  let mosquitto: Mosquitto;
  const names = ["right", "wrongName", "expired", "selfSigned"] as const;

  beforeAll(async () => {
    tls = makeTlsMaterial();
    mosquitto = await startMosquitto({
      listeners: [...names.map((name) => ({ tls: tls[name] })), { tls: tls.right, clientCaFile: tls.caFile }, {}],
      password: { username: "gate", password: "secret" },
      acl: ["user gate", "topic readwrite open/#"],
    });
  });
  afterAll(async () => {
    await mosquitto?.stop();
    tls?.remove();
  });

  const login = { username: "gate", password: "secret" };
  const tlsUrl = (index: number, host = "localhost") => `mqtts://${host}:${mosquitto.ports[index]}`;

  async function refusal(url: string, options: Partial<MqttLinkOptions>): Promise<MqttLink["lastProblem"]> {
    const { link: tried, seen } = link(url, options);
    tried.start(seen);
    await until(() => seen.ends.length >= 2, "two refusals, so that it kept trying");
    expect(seen.connects).toBe(0);
    expect(new Set(seen.ends).size).toBe(1);
    const problem = tried.lastProblem;
    await tried.stop();
    return problem;
  }

  it("accepts the right name by host name, by address and by serverName", async () => {
    const cases = [
      { url: tlsUrl(0), tls: { ca: tls.ca } },
      { url: tlsUrl(0, "127.0.0.1"), tls: { ca: tls.ca } },
      { url: tlsUrl(1), tls: { ca: tls.ca, serverName: "elsewhere.example" } },
    ];
    for (const { url, tls: options } of cases) {
      const { link: opened } = await started(url, { ...login, tls: options });
      await opened.stop();
    }
  });

  it.each([
    ["another name", 1, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["an expired certificate", 2, "CERT_HAS_EXPIRED"],
    ["a self-signed certificate", 3, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ])("refuses %s", async (_name, index, reason) => {
    expect(await refusal(tlsUrl(index), { ...login, tls: { ca: tls.ca } })).toEqual({ code: "LINK_TLS", reason });
  });

  it("refuses a certificate of another authority, and of none it knows", async () => {
    expect((await refusal(tlsUrl(0), { ...login, tls: { ca: tls.otherCa } }))?.code).toBe("LINK_TLS");
    expect((await refusal(tlsUrl(0), login))?.code).toBe("LINK_TLS");
  });

  it("refuses even when the environment asks for no check", async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    const warnings = process.listeners("warning");
    process.removeAllListeners("warning");
    try {
      expect((await refusal(tlsUrl(3), { ...login, tls: { ca: tls.ca } }))?.code).toBe("LINK_TLS");
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      for (const warning of warnings) process.on("warning", warning);
    }
  });

  it("sends not one byte of MQTT to a server it does not trust", async () => {
    let secrets = 0;
    const { certificate, key } = tls.selfSigned;
    const server = createTlsServer({ cert: certificate, key }, (socket) => {
      socket.on("data", (chunk) => {
        secrets += chunk.length;
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect((await refusal(`mqtts://127.0.0.1:${port}`, { ...login, tls: { ca: tls.ca } }))?.code).toBe("LINK_TLS");
    await new Promise((resolve) => server.close(resolve));
    expect(secrets).toBe(0);
  });

  it("reports TLS when the port speaks something else", async () => {
    const url = `mqtts://localhost:${mosquitto.ports[5]}`;
    expect((await refusal(url, { ...login, tls: { ca: tls.ca } }))?.code).toBe("LINK_TLS");
  });

  it("shows a client certificate where one is asked for, and reports its lack", async () => {
    const { certificate, key } = tls.client;
    const { link: opened } = await started(tlsUrl(4), { ...login, tls: { ca: tls.ca, certificate, key } });
    await opened.stop();
    expect((await refusal(tlsUrl(4), { ...login, tls: { ca: tls.ca } }))?.code).toBe("LINK_TLS");
  });

  it.each([
    [4, 5],
    [5, 135],
  ] as const)("reports a bad password as refused and keeps trying (version %i)", async (protocolVersion, reason) => {
    const url = `mqtt://127.0.0.1:${mosquitto.ports[5]}`;
    const problem = await refusal(url, { username: "gate", password: "wrong", protocolVersion });
    expect(problem).toEqual({ code: "LINK_REFUSED", what: "connect", reason });
  });

  it.each([4, 5] as const)("reports what the access rules refuse (version %i)", async (protocolVersion) => {
    const url = `mqtt://127.0.0.1:${mosquitto.ports[5]}`;
    const { link: opened } = await started(url, { ...login, protocolVersion });
    await opened.subscribe(["open/1"]);
    const answers = [];
    if (protocolVersion === 5) {
      answers.push(await codeOfRejection(opened.publish("closed/1", bytesOf("x"), { retain: false, qos: 1 })));
      expect(answers).toEqual(["LINK_REFUSED"]);
    }
    expect(opened.connected).toBe(true);
    await opened.stop();
  });
});

describe("a broker that goes away", () => {
  it.each([4, 5] as const)(
    "reconnects after kill -9, and finds retained values that were saved (version %i)",
    async (v) => {
      const mosquitto = await startMosquitto({
        persistence: true,
        settings: ["autosave_on_changes true", "autosave_interval 1"],
      });
      const { link: opened, seen } = await started(`mqtt://127.0.0.1:${mosquitto.port}`, { protocolVersion: v });
      await opened.publish("kept/1", bytesOf("value"), { retain: true, qos: 1 });
      await opened.publish("kept/2", bytesOf("value"), { retain: true, qos: 1 });
      mosquitto.save();
      await opened.publish("kept/3", bytesOf("after"), { retain: false, qos: 1 });
      await mosquitto.kill();
      await until(() => seen.ends.length > 0, "the end");
      expect(opened.connected).toBe(false);
      expect(await codeOfRejection(opened.publish("t", bytesOf("x"), { retain: false, qos: 1 }))).toBe(
        "LINK_NOT_CONNECTED",
      );
      await until(() => seen.ends.includes("LINK_UNREACHABLE"), "an attempt");
      await mosquitto.restart();
      await until(() => seen.connects === 2, "the second connection");
      await opened.subscribe(["kept/1"]);
      await until(() => seen.messages.length === 1, "the retained value");
      expect(seen.messages[0]).toMatchObject({ topic: "kept/1", retained: true });
      await opened.stop();
      await mosquitto.stop();
    },
  );

  it("subscribes to nothing by itself after reconnecting", async () => {
    const mosquitto = await startMosquitto();
    const proxy = new TcpProxy(mosquitto.port);
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${await proxy.start()}`);
    const { link: other } = await started(`mqtt://127.0.0.1:${mosquitto.port}`);
    await opened.subscribe(["again/1"]);
    proxy.cut();
    await until(() => seen.connects === 2, "the second connection");
    await opened.subscribe(["again/2"]);
    await other.publish("again/1", bytesOf("x"), { retain: false, qos: 1 });
    await other.publish("again/2", bytesOf("y"), { retain: false, qos: 1 });
    await until(() => seen.messages.length > 0, "a message");
    expect(seen.messages.map((m) => m.topic)).toEqual(["again/2"]);
    expect(seen.drops).toEqual([]);
    await Promise.all([opened.stop(), other.stop()]);
    await proxy.stop();
    await mosquitto.stop();
  });

  it("ends waiting publishes when the connection is cut, and takes no more than fits", async () => {
    const { broker, port } = await startBroker();
    const proxy = new TcpProxy(port);
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${await proxy.start()}`);
    proxy.freeze();
    const outcomes = Promise.all(
      Array.from({ length: 1_200 }, () =>
        codeOfRejection(opened.publish("q", bytesOf("x"), { retain: false, qos: 1 })),
      ),
    );
    await codeOfRejection(opened.publish("q", bytesOf("x"), { retain: false, qos: 1 }));
    proxy.thaw();
    const codes = await outcomes;
    expect(codes.filter((code) => code === "LINK_BUSY").length).toBe(1_200 - 64 - 1_024);
    expect(codes.filter((code) => code === "LINK_CLOSED").length).toBe(64 + 1_024);
    await until(() => seen.connects === 2, "the second connection");
    await opened.publish("q", bytesOf("x"), { retain: false, qos: 1 });
    await opened.stop();
    await proxy.stop();
    await broker.stop();
  });

  it("bounds the bytes that wait to be sent", async () => {
    const { broker, port } = await startBroker();
    const proxy = new TcpProxy(port);
    const { link: opened } = await started(`mqtt://127.0.0.1:${await proxy.start()}`);
    proxy.freeze();
    const payload = new Uint8Array(200_000);
    const outcomes = Array.from({ length: 100 }, () =>
      codeOfRejection(opened.publish("q", payload, { retain: false, qos: 0 })),
    );
    await opened.stop();
    const codes = await Promise.all(outcomes);
    expect(codes.filter((code) => code === "LINK_BUSY").length).toBe(100 - Math.floor((16 * 1024 * 1024) / 200_000));
    await proxy.stop();
    await broker.stop();
  });

  it("notices a half-open connection by its keepalive", async () => {
    const { broker, port } = await startBroker();
    const proxy = new TcpProxy(port);
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${await proxy.start()}`, {
      keepaliveSeconds: 1,
      connectTimeoutMs: 300,
    });
    proxy.freeze();
    await until(() => seen.ends.length >= 2, "the end and one attempt");
    expect(seen.ends[0]).toBe("LINK_TIMEOUT");
    await until(() => broker.counters.get("BROKER_KEEPALIVE_CLOSED") === 1, "the broker's side");
    proxy.thaw();
    await until(() => seen.connects === 2, "the second connection");
    await opened.stop();
    await proxy.stop();
    await broker.stop();
  });

  it("gives up a broker that accepts and says nothing, and one that is not there", async () => {
    const silent = await fakeBroker(() => {});
    const { link: waiting, seen } = link(`mqtt://127.0.0.1:${silent.port}`, { connectTimeoutMs: 100 });
    waiting.start(seen);
    await until(() => seen.ends.length >= 2, "two attempts");
    expect(waiting.lastProblem).toEqual({ code: "LINK_TIMEOUT", what: "connect", timeoutMs: 100 });
    await waiting.stop();
    await silent.stop();
    const { link: absent, seen: ends } = link(`mqtt://127.0.0.1:${await freePort()}`);
    absent.start(ends);
    await until(() => ends.ends.length >= 2, "two attempts");
    expect(absent.lastProblem).toEqual({ code: "LINK_UNREACHABLE", reason: "ECONNREFUSED" });
    await absent.stop();
  });

  it("stops although the broker hangs, and while it is connecting", async () => {
    const mosquitto = await startMosquitto();
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${mosquitto.port}`);
    mosquitto.pause();
    const stuck = codeOfRejection(opened.publish("t", bytesOf("x"), { retain: false, qos: 1 }));
    await opened.stop();
    expect(await stuck).toBe("LINK_CLOSED");
    expect(seen.ends).toEqual(["LINK_CLOSED"]);
    const { link: connecting } = link(`mqtt://127.0.0.1:${mosquitto.port}`);
    connecting.start(new Recorder());
    await connecting.stop();
    mosquitto.resume();
    await mosquitto.stop();
  });
});

describe("what comes in", () => {
  it("drops an oversized message, counts it, and keeps the connection and the broker's places free", async () => {
    const acknowledged: number[] = [];
    const big = new Uint8Array(3 * 1024 * 1024);
    const fake = await fakeBroker(
      honestUntilSubscribed(
        (socket) => {
          for (let id = 1; id <= 3; id++) socket.write(publishPacket("t", big, 1, id));
          socket.write(publishPacket("t", big));
          // Passes the packet limit but not the payload limit.
          socket.write(publishPacket("t", new Uint8Array(262_145)));
          socket.write(publishPacket("t", bytesOf("small"), 1, 9));
        },
        (packet) => {
          if (packet.cmd === "puback") acknowledged.push(packet.messageId as number);
        },
      ),
    );
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${fake.port}`);
    await opened.subscribe(["t"]);
    await until(() => seen.messages.length === 1, "the small message");
    expect(seen.texts("t")).toEqual(["small"]);
    expect(seen.drops).toEqual(Array.from({ length: 5 }, () => "LINK_PAYLOAD_TOO_LARGE"));
    expect(opened.counters.get("LINK_PAYLOAD_TOO_LARGE")).toBe(5);
    await until(() => acknowledged.length === 4, "the acknowledgements");
    expect(acknowledged).toEqual([1, 2, 3, 9]);
    expect(seen.ends).toEqual([]);
    await opened.stop();
    await fake.stop();
  });

  it("is not told of oversized retained messages by an MQTT 5 broker", async () => {
    const mosquitto = await startMosquitto();
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${mosquitto.port}`, { protocolVersion: 5 });
    const raw = mqtt.generate({
      cmd: "connect",
      clientId: "raw",
      protocolVersion: 4,
      protocolId: "MQTT",
      clean: true,
      keepalive: 0,
    });
    const { connect } = await import("node:net");
    const socket = connect(mosquitto.port, "127.0.0.1");
    socket.write(raw);
    await opened.subscribe(["t"]);
    socket.write(publishPacket("t", new Uint8Array(1_000_000)));
    socket.write(publishPacket("t", bytesOf("small")));
    await until(() => seen.messages.length === 1, "the small message");
    expect(seen.drops).toEqual([]);
    socket.destroy();
    await opened.stop();
    await mosquitto.stop();
  });

  it("drops QoS 2 senders, unasked topics and packets that never end", async () => {
    const attacks: [string, Buffer, string][] = [
      ["QoS 2", publishPacket("t", bytesOf("x"), 2), "quality of service"],
      ["endless length", Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]), "remaining length"],
      ["large CONNACK", Buffer.from([0x20, 0xff, 0xff, 0xff, 0x7f]), "packet too large"],
    ];
    for (const [, bytes, reason] of attacks) {
      const fake = await fakeBroker(honestUntilSubscribed((socket) => void socket.write(bytes)));
      const { link: opened, seen } = await started(`mqtt://127.0.0.1:${fake.port}`);
      await opened.subscribe(["t"]).catch(() => {});
      await until(() => seen.ends.length > 0, "the end");
      expect(opened.lastProblem).toEqual({ code: "LINK_PROTOCOL", reason });
      await opened.stop();
      await fake.stop();
    }
    const fake = await fakeBroker(
      honestUntilSubscribed((socket) => {
        socket.write(publishPacket("other", bytesOf("x")));
        socket.write(publishPacket("__proto__", bytesOf("x")));
        socket.write(publishPacket("t", bytesOf("y")));
      }),
    );
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${fake.port}`);
    await opened.subscribe(["t"]);
    await until(() => seen.messages.length === 1, "the message");
    expect(seen.drops).toEqual(["LINK_TOPIC_UNEXPECTED", "LINK_TOPIC_UNEXPECTED"]);
    await opened.stop();
    await fake.stop();
  });

  it("survives garbage in place of a broker, at once and after an honest start", async () => {
    const bytes = seededRandom(3);
    const packetLike = () => {
      const body = bytes.bytes(1 + (bytes.bytes(1)[0] as number) / 4);
      return Buffer.concat([Buffer.from([bytes.bytes(1)[0] as number, body.length]), body]);
    };
    for (const protocolVersion of [4, 5] as const) {
      let connections = 0;
      const spit = (socket: Socket) => {
        connections++;
        socket.on("data", () => {});
        for (let i = 0; i < 20; i++) socket.write(i % 5 === 4 ? bytes.bytes(300) : packetLike());
      };
      const connack = protocolVersion === 4 ? [0x20, 2, 0, 0] : [0x20, 3, 0, 0, 0];
      const later = (socket: Socket) => {
        socket.write(Buffer.from(connack));
        spit(socket);
      };
      for (const serve of [spit, later]) {
        connections = 0;
        const fake = await fakeBroker(serve);
        const { link: opened, seen } = link(`mqtt://127.0.0.1:${fake.port}`, {
          protocolVersion,
          reconnectMinMs: 1,
          reconnectMaxMs: 2,
          connectTimeoutMs: 200,
        });
        seen.onConnected = () => void opened.subscribe(["a", "b"]).catch(() => {});
        opened.start(seen);
        await until(() => connections >= 100, "a hundred connections");
        await opened.stop();
        await fake.stop();
      }
    }
  });

  it("lets a flood of 5,000 messages on one topic through at the bucket's pace only", async () => {
    const mosquitto = await startMosquitto({ settings: ["max_queued_messages 0", "max_inflight_messages 0"] });
    const url = `mqtt://127.0.0.1:${mosquitto.port}`;
    const { link: flooder } = await started(url);
    const { link: opened, seen } = await started(url, { inbox: { topicBurst: 500, topicPerSecond: 0 } });
    await opened.subscribe(["flood", "calm"]);
    const payload = bytesOf("x".repeat(600));
    for (let i = 0; i < 100; i++) {
      await Promise.all(Array.from({ length: 50 }, () => flooder.publish("flood", payload, { retain: false, qos: 1 })));
    }
    await flooder.publish("calm", bytesOf("still here"), { retain: false, qos: 1 });
    await until(() => seen.texts("calm").length === 1, "the calm topic");
    expect(seen.texts("flood").length).toBe(500);
    expect(opened.counters.get("LINK_TOPIC_FLOODED")).toBe(4_500);
    await Promise.all([opened.stop(), flooder.stop()]);
    await mosquitto.stop();
  });

  it("never lets more wait for the handler than the bound, and loses nothing while reading can be held", async () => {
    const fake = await fakeBroker(
      honestUntilSubscribed((socket) => {
        const piece = Buffer.concat(Array.from({ length: 50 }, () => publishPacket("t", new Uint8Array(1_000))));
        for (let i = 0; i < 100; i++) socket.write(piece);
      }),
    );
    const inbox = { topicBurst: 10_000, topicPerSecond: 0, messagesMax: 400 };
    const { link: opened, seen } = await started(`mqtt://127.0.0.1:${fake.port}`, { inbox });
    await opened.subscribe(["t"]);
    await until(() => seen.messages.length + seen.drops.length === 5_000, "all of them");
    expect(seen.drops).toEqual([]);
    await opened.stop();
    await fake.stop();
  });
});

describe("what is not allowed", () => {
  it.each([
    [{ url: "mqtt://192.0.2.1" }, "LINK_INSECURE"],
    [{ url: "mqtt://localhost.example" }, "LINK_INSECURE"],
    [{ url: "mqtt://127.0.0.1.example" }, "LINK_INSECURE"],
    [{ url: "ws://localhost" }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://user:pass@localhost" }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://localhost/path" }, "LINK_OPTION_INVALID"],
    [{ url: "localhost" }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://localhost", tls: {} }, "LINK_OPTION_INVALID"],
    [{ url: "mqtts://localhost", tls: { certificate: "nonsense", key: "nonsense" } }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://localhost", clientId: "" }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://localhost", clientId: "a/b" }, "LINK_OPTION_INVALID"],
    [{ url: "mqtt://localhost", clientId: "x".repeat(65) }, "LINK_OPTION_INVALID"],
  ])("%j", (options, code) => {
    const make = () => mqttLink({ clientId: "c", random, ...options });
    expect(make).toThrow(LinkError);
    expect(make).toThrow(code);
  });

  it("allows readable traffic elsewhere only when told to", () => {
    expect(() => mqttLink({ url: "mqtt://192.0.2.1", clientId: "c", random, insecure: true })).not.toThrow();
    expect(() => mqttLink({ url: "mqtt://[::1]", clientId: "c", random })).not.toThrow();
  });
});
