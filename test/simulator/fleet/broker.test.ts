import { createServer, type Socket } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { BrokerCarrier } from "../../../simulator/fleet/brokerCarrier.js";
import { restartByCommand, runFleet } from "../../../simulator/fleet/runFleet.js";
import { type CompiledModules, compileModules } from "../../support/compiledModules.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { makeTlsMaterial } from "../../support/tls.js";
import { tryScenario } from "./tryScenario.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function mosquitto(...options: Parameters<typeof startMosquitto>): Promise<Mosquitto> {
  const broker = await startMosquitto(...options);
  cleanups.push(() => broker.stop());
  return broker;
}

describe("a fleet at a broker", () => {
  test("of two hundred devices loses the embedded broker and comes back", async () => {
    const scenario = await tryScenario(
      "[{ kind: brokerRestart, at: 4s, down: 500ms }, { kind: malicious, share: 2%, does: outOfRange, every: 500ms }]",
      "commands: { every: 200ms }",
    );
    const quick = { ...scenario, reconnect: { spread: 1_000, max: 2_000 } };
    const result = await runFleet({ scenario: quick, place: { kind: "embedded" }, devices: 200, durationMs: 11_000 });
    expect(result.connectedMost).toBe(200);
    expect(result.samples.at(-1)?.connected).toBe(200);
    expect(result.faults[0]).toMatchObject({ injected: 1, effects: { connectionsLost: 201 } });
    expect(result.faults[1]?.effects.VALUE_RANGE).toBeGreaterThan(0);
    expect(result.counts.connects).toBeGreaterThanOrEqual(402);
    expect(result.counts["acks.done"]).toBeGreaterThan(10);
    expect(result.latency.count).toBeGreaterThan(200);
    expect(result.trace).toBe(undefined);
  });

  test("is heard by Mosquitto over TLS, with a password, and answers its pings", async () => {
    const material = makeTlsMaterial();
    cleanups.push(() => material.remove());
    const password = { username: "fleet", password: "secret" };
    const broker = await mosquitto({ listeners: [{ tls: material.right }], password });
    const scenario = {
      ...(await tryScenario("[{ kind: drop, at: 3s, share: 20%, away: 1s, how: silent }]")),
      keepAlive: 2_000,
    };
    const url = `mqtts://localhost:${broker.port}`;
    const place = { kind: "broker" as const, broker: { url, ...password, ca: material.ca } };
    const quiet = { ...scenario, home: scenario.home.map((kind) => ({ ...kind, every: 30_000 })) };
    const result = await runFleet({ scenario: quiet, place, devices: 40, durationMs: 9_000 });
    expect(result.connectedMost).toBe(40);
    expect(result.samples.at(-1)?.connected).toBe(40);
    // Nobody was thrown out for silence but those that were silent.
    expect(result.counts.losses ?? 0).toBe(0);
    expect(result.faults[0]?.effects.deathsHeard).toBe(result.faults[0]?.injected);
    const wrong = {
      kind: "broker" as const,
      broker: { url, username: "fleet", password: "wrong", ca: material.ca },
    };
    const refused = await runFleet({ scenario, place: wrong, devices: 5, durationMs: 2_000 });
    expect(refused.connectedMost).toBe(0);
    expect(refused.counts["lost.CONNACK_5"]).toBeGreaterThan(0);
    const strangers = { kind: "broker" as const, broker: { url, ...password } };
    const untrusted = await runFleet({ scenario, place: strangers, devices: 5, durationMs: 2_000 });
    expect(untrusted.connectedMost).toBe(0);
    expect(Object.keys(untrusted.counts).some((name) => /^lost\..*(CERT|SIGNED|SIGNATURE)/.test(name))).toBe(true);
  });

  test("in three processes adds up to the same fleet", async () => {
    const modules: CompiledModules = compileModules(["simulator/fleet/childMain"]);
    cleanups.push(() => modules.remove());
    const broker = await mosquitto();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const result = await runFleet({
      ...{ scenario: await tryScenario("[{ kind: drop, at: 50%, share: 10%, away: 1s }]"), durationMs: 6_000 },
      ...{ place: { kind: "broker", broker: { url } }, devices: 100, processes: 3 },
      childModule: modules.path("simulator/fleet/childMain"),
    });
    expect(result).toMatchObject({ processes: 3, devices: 100, connectedMost: 100, gateways: 3 });
    expect(result.counts["refused.DEVICE_UNKNOWN"] ?? 0).toBe(0);
    expect(result.counts.births).toBeGreaterThanOrEqual(100);
    expect(result.faults[0]?.injected).toBe(result.faults[0]?.devices);
    expect(result.latency.count).toBeGreaterThan(100);
  });

  test("restarts somebody's broker only by the operator's command, and says what became of it", async () => {
    const broker = await mosquitto();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const scenario = await tryScenario("[{ kind: brokerRestart, at: 1s, down: 100ms }]");
    const faultAfter = async (restart: { restart?: (downMs: number) => Promise<void> }) => {
      const place = { kind: "broker" as const, broker: { url }, ...restart };
      const { faults, counts } = await runFleet({ scenario, place, devices: 10, durationMs: 2_000 });
      return [faults[0]?.injected, counts["restart.failed"] ?? 0, (counts.losses ?? 0) > 0];
    };
    expect(await faultAfter({})).toEqual([0, 0, false]);
    expect(await faultAfter({ restart: restartByCommand("exit 3") })).toEqual([0, 1, false]);
    expect(await faultAfter({ restart: restartByCommand("true") })).toEqual([1, 0, false]);
    const killed = async () => {
      await broker.kill();
      await broker.restart();
    };
    expect(await faultAfter({ restart: killed })).toEqual([1, 0, true]);
  });

  test("ends early when it is told to, with what there is", async () => {
    const broker = await mosquitto();
    const place = { kind: "broker" as const, broker: { url: `mqtt://127.0.0.1:${broker.port}` } };
    const abort = new AbortController();
    const result = await runFleet({
      ...{ scenario: await tryScenario(), place, devices: 10, durationMs: 3_600_000, signal: abort.signal },
      onProgress: ({ connected }) => {
        if (connected === 10) abort.abort();
      },
    });
    expect(result).toMatchObject({ connectedMost: 10 });
    expect(result.durationMs).toBeLessThan(3_600_000);
  });

  test("leaves no births behind", async () => {
    const broker = await mosquitto();
    const place = { kind: "broker" as const, broker: { url: `mqtt://127.0.0.1:${broker.port}` } };
    const result = await runFleet({ scenario: await tryScenario(), place, devices: 30, durationMs: 5_000 });
    expect(result.counts.births).toBe(30);
    const topics: string[] = [];
    await new Promise<void>((resolve) => {
      const carrier: BrokerCarrier = new BrokerCarrier(
        { ip: "127.0.0.1", port: broker.port },
        1,
        () => ({
          connected: () => {
            carrier.subscribe(0, ["dev/+/birth"]);
            carrier.publish(0, { topic: "dev/last/birth", bytes: Uint8Array.of(1), qos: 0, retain: false });
          },
          message: (_client, topic) => {
            topics.push(topic);
            if (topic === "dev/last/birth") void carrier.close().then(resolve);
          },
          lost: (_client, code) => void topics.push(code),
        }),
        () => performance.now(),
      );
      carrier.connect(0, { clientId: "late", keepAliveMs: 60_000 });
    });
    expect(topics).toEqual(["dev/last/birth"]);
  });

  test("that does not answer is an error that names it", async () => {
    const broker = await mosquitto();
    await broker.kill();
    const place = { kind: "broker" as const, broker: { url: `mqtt://127.0.0.1:${broker.port}` } };
    await expect(runFleet({ scenario: await tryScenario(), place })).rejects.toMatchObject({
      problem: { code: "FLEET_BROKER_UNREACHABLE", broker: place.broker.url, reason: "ECONNREFUSED" },
    });
    const bad = { kind: "broker" as const, broker: { url: "http://localhost" } };
    await expect(runFleet({ scenario: await tryScenario(), place: bad })).rejects.toMatchObject({
      code: "FLEET_OPTION",
    });
  });
});

describe("a light connection", () => {
  const CONNACK = [0x20, 2, 0, 0];
  const servers: ReturnType<typeof createServer>[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  /** What the client tells when a stranger's broker sends these chunks, each when the one before has been written. */
  async function hears(chunks: readonly (readonly number[])[]): Promise<string[]> {
    const server = createServer({ noDelay: true }, (socket: Socket) => {
      socket.on("error", () => undefined);
      socket.once("data", async () => {
        for (const chunk of chunks) {
          if (socket.destroyed) return;
          await new Promise<void>((resolve) => socket.write(Uint8Array.from(chunk), () => setImmediate(resolve)));
        }
        socket.end();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const told: string[] = [];
    return await new Promise((resolve) => {
      const carrier: BrokerCarrier = new BrokerCarrier(
        { ip: "127.0.0.1", port },
        1,
        () => ({
          connected: () => void told.push("connected"),
          message: (_client, topic, bytes, retained) => void told.push(`${topic}:${bytes.join()}:${retained}`),
          lost: (_client, code) => {
            told.push(code);
            void carrier.close().then(() => resolve(told));
          },
        }),
        () => performance.now(),
      );
      carrier.connect(0, { clientId: "one", keepAliveMs: 60_000 });
    });
  }

  /** Topic `a/b` with one byte, and two of them to be torn apart. */
  const publish = (byte: number, retain = 0) => [0x30 | retain, 6, 0, 3, 0x61, 0x2f, 0x62, byte];

  test("puts packets together, wherever the network tore them", async () => {
    const stream = [...CONNACK, ...publish(7), ...publish(8, 1)];
    const expected = ["connected", "a/b:7:false", "a/b:8:true", "CLOSED"];
    expect(await hears([stream])).toEqual(expected);
    expect(await hears(stream.map((byte) => [byte]))).toEqual(expected);
    for (const cut of [1, 5, 6, 9, 13])
      expect(await hears([stream.slice(0, cut), stream.slice(cut)])).toEqual(expected);
  });

  test("that goes silent stays open for the broker, until its device connects again", async () => {
    const sockets: Socket[] = [];
    const arrived: ((socket: Socket) => void)[] = [];
    const next = () => new Promise<Socket>((resolve) => arrived.push(resolve));
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write(Uint8Array.from(CONNACK));
        arrived.shift()?.(socket);
      });
      socket.resume();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const connected: ((client: number) => void)[] = [];
    const carrier: BrokerCarrier = new BrokerCarrier(
      { ip: "127.0.0.1", port },
      2,
      () => ({
        connected: (client) => connected.shift()?.(client),
        message: () => undefined,
        lost: (_client, code) => expect(code).toBe("nobody is lost"),
      }),
      () => performance.now(),
    );
    const connect = async (client: number): Promise<Socket> => {
      const accepted = new Promise((resolve) => connected.push(resolve));
      const socket = next();
      carrier.connect(client, { clientId: `c${client}`, keepAliveMs: 60_000 });
      await accepted;
      return await socket;
    };
    const first = await connect(0);
    const end = new Promise<void>((resolve) => first.once("close", () => resolve()));
    carrier.vanish(0, true);
    const other = await connect(1);
    expect([first.readableEnded, first.destroyed]).toEqual([false, false]);
    await connect(0);
    await end;
    const gone = new Promise<void>((resolve) => other.once("close", () => resolve()));
    carrier.vanish(1, false);
    await gone;
    await carrier.close();
  });

  test("ends at what is no MQTT, too large, or a refusal", async () => {
    expect(await hears([[0x20, 2, 0, 5]])).toEqual(["CONNACK_5"]);
    expect(await hears([[0x20, 0xff, 0xff, 0xff, 0xff, 0x01]])).toEqual(["PACKET_SIZE"]);
    expect(await hears([[0x30, 0xff, 0xff, 0x7f]])).toEqual(["PACKET_SIZE"]);
    expect(await hears([[...CONNACK, 0x36, 2, 0, 0]])).toEqual(["connected", "PROTOCOL"]);
    expect(await hears([[...CONNACK, ...CONNACK]])).toEqual(["connected", "PROTOCOL"]);
  });
});
