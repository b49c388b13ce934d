/** The main job over real brokers: a chain, its publisher, light nodes, and everything that goes wrong between them. */
import { afterEach, describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { equalBytes, toHex } from "../../src/base/bytes.js";
import type { Profile } from "../../src/codec/profile.js";
import { encodeHead } from "../../src/codec/wire/headMessage.js";
import { topicsOf } from "../../src/codec/wire/topics.js";
import { startBroker } from "../support/broker.js";
import { FISCO, makeChain, wireOf } from "../support/chains.js";
import { until } from "../support/linkContract.js";
import { startMosquitto } from "../support/mosquitto.js";
import { type Broker, connectTo, type RunningLight, runLight, runPublisher } from "../support/network.js";
import { makeTlsMaterial } from "../support/tls.js";

const ending: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function aedes(): Promise<Broker> {
  const { broker, port } = await startBroker();
  ending.push(() => broker.stop());
  return { url: `mqtt://127.0.0.1:${port}` };
}

async function mosquitto(protocolVersion: 4 | 5): Promise<Broker> {
  const broker = await startMosquitto();
  ending.push(() => broker.stop());
  return { url: `mqtt://127.0.0.1:${broker.port}`, options: { protocolVersion } };
}

async function secureMosquitto(): Promise<Broker> {
  const tls = makeTlsMaterial();
  const login = { username: "edge", password: "correct horse" };
  const broker = await startMosquitto({ listeners: [{ tls: tls.right }], password: login });
  ending.push(() => tls.remove());
  ending.push(() => broker.stop());
  return {
    url: `mqtts://localhost:${broker.port}`,
    options: { protocolVersion: 5, ...login, tls: { ca: tls.ca } },
  };
}

async function publish(chain: ChainIssuer, broker: Broker, options = {}) {
  const publisher = await runPublisher(chain, broker, options);
  ending.push(() => publisher.stop());
  return publisher;
}

function follow(chain: ChainIssuer, brokers: readonly Broker[], options = {}): RunningLight {
  const light = runLight(chain, brokers, options);
  ending.push(() => light.stop());
  return light;
}

async function reached(light: RunningLight, height: number): Promise<void> {
  await until(() => light.service.status().height === height, `height ${height}`);
}

describe.each([
  ["embedded aedes, MQTT 3.1.1", aedes],
  ["Mosquitto, MQTT 3.1.1", () => mosquitto(4)],
  ["Mosquitto, MQTT 5", () => mosquitto(5)],
  ["Mosquitto, MQTT 5, TLS and password", secureMosquitto],
])("over %s", (_, start) => {
  test("a light node skips to the tip, follows live, fills the past", async () => {
    const broker = await start();
    const chain = await makeChain();
    chain.issueMany(300);
    chain.issue({ sealers: [{ kind: "add" }] });
    chain.issueMany(10);
    await publish(chain, broker);
    const light = follow(chain, [broker]);
    await reached(light, 311);
    await until(() => light.service.status().missing === 0, "the past filled in");
    for (let i = 0; i < 5; i++) {
      chain.issue();
      await reached(light, 312 + i);
    }
    for (const output of light.outputs) {
      if (output.kind !== "accepted") continue;
      expect(equalBytes(output.header.hash, chain.header(output.header.header.number).hash)).toBe(true);
    }
    expect(light.outputs.filter((output) => output.kind === "refused")).toEqual([]);
    expect(light.service.status().state).toBe("FOLLOWING");
  });
});

describe.each<[string, Profile]>([
  ["edgeseal layout", { ...FISCO, layout: "edgeseal" }],
  ["sm suite", { ...FISCO, suite: "sm" }],
  ["crash fault model", { ...FISCO, faultModel: "crash", layout: "edgeseal" }],
])("a chain of the %s", (_, profile) => {
  test("is published and followed through sealer changes", async () => {
    const broker = await aedes();
    const chain = await makeChain({ profile });
    chain.issueMany(40);
    for (let i = 0; i < 3; i++) {
      chain.issue({ sealers: [{ kind: "add" }] });
      chain.issueMany(20);
    }
    await publish(chain, broker);
    const light = follow(chain, [broker]);
    await reached(light, chain.height);
    await until(() => light.service.status().missing === 0, "the past filled in");
  });
});

describe("what goes wrong on the way", () => {
  test("a broker that dies and forgets everything: the publisher restores it, nobody restarts", async () => {
    const broker = await startMosquitto();
    ending.push(() => broker.stop());
    const where = { url: `mqtt://127.0.0.1:${broker.port}` };
    const chain = await makeChain();
    chain.issueMany(300);
    await publish(chain, where);
    const light = follow(chain, [where]);
    await reached(light, 300);
    await broker.kill();
    chain.issueMany(3);
    await broker.restart();
    await reached(light, 303);
    const late = follow(chain, [where]);
    await reached(late, 303);
    await until(() => late.service.status().missing === 0, "the late client's past");
  });

  test("a broker that dies and remembers: nothing is published again", async () => {
    const broker = await startMosquitto({ persistence: true });
    ending.push(() => broker.stop());
    const where = { url: `mqtt://127.0.0.1:${broker.port}` };
    const chain = await makeChain();
    chain.issueMany(300);
    const publisher = await publish(chain, where);
    const light = follow(chain, [where]);
    await reached(light, 300);
    await until(() => publisher.node.status().published?.head === 300, "head published");
    broker.save();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = publisher.node.status().counters.PUBLISHED ?? 0;
    await broker.kill();
    await broker.restart();
    await until(() => publisher.node.status().published?.head === 300, "head settled again");
    // The record, the change index and the head come again; the two full segments do not.
    expect((publisher.node.status().counters.PUBLISHED ?? 0) - before).toBeLessThanOrEqual(3);
    chain.issue();
    await reached(light, 301);
  });

  test("poisoned retained messages cost counters and nothing else", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    chain.issueMany(300);
    const publisher = await publish(chain, broker);
    await until(() => publisher.node.status().published?.head === 300, "head published");
    const poison = connectTo(broker, "poison");
    const gone: string[] = [];
    poison.start({ connected: () => gone.push("up"), disconnected: () => {}, message: () => {}, dropped: () => {} });
    ending.push(() => poison.stop());
    await until(() => gone.length > 0, "the stranger connected");
    const topics = topicsOf("chain0", "group0");
    const forged = await makeChain({ seed: 666 });
    forged.issueMany(400);
    const retain = { retain: true, qos: 1 } as const;
    const garbage = new Uint8Array(5_000).fill(0x9f);
    await poison.publish(topics.name({ kind: "segment", start: 128 }), garbage, retain);
    await poison.publish(topics.name({ kind: "changes" }), garbage, retain);
    await poison.publish(topics.name({ kind: "head" }), encodeHead(forged.head, wireOf(forged)), retain);
    const light = follow(chain, [broker]);
    chain.issue();
    await reached(light, 301);
    await until(() => light.service.status().missing === 0, "the past filled in around the bad segment");
    const { counters } = light.service.status();
    expect(counters.WIRE_UNEXPECTED_TYPE).toBeGreaterThan(0);
    // Somebody asked for the bad segment by range: the publisher looked and put the right one back.
    await until(() => (publisher.node.status().counters.RETAINED_RESTORED ?? 0) > 0, "the segment restored");
    const late = follow(chain, [broker]);
    await reached(late, 301);
    await until(() => late.service.status().missing === 0, "the late client's past");
  });

  test("a flood of garbage does not stop the next header", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    chain.issueMany(20);
    await publish(chain, broker);
    const light = follow(chain, [broker]);
    await reached(light, 20);
    const flood = connectTo(broker, "flood");
    const up: string[] = [];
    flood.start({ connected: () => up.push("up"), disconnected: () => {}, message: () => {}, dropped: () => {} });
    ending.push(() => flood.stop());
    await until(() => up.length > 0, "the stranger connected");
    const topics = topicsOf("chain0", "group0");
    for (let i = 0; i < 3_000; i++) {
      const payload = new Uint8Array(50).fill(i);
      const subject = i % 2 === 0 ? ({ kind: "head" } as const) : ({ kind: "record" } as const);
      await flood.publish(topics.name(subject), payload, { retain: false, qos: 0 });
    }
    chain.issueMany(2);
    await reached(light, 22);
    const { counters } = light.service.status();
    const refused = Object.entries(counters).filter(([code]) => code.startsWith("WIRE_") || code.startsWith("LINK_"));
    expect(refused.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(100);
  });

  test("a publisher that restarts goes on where it stopped", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    chain.issueMany(200);
    const first = await runPublisher(chain, broker);
    await until(() => first.node.status().published?.head === 200, "head published");
    await first.stop();
    chain.issueMany(100);
    const second = await publish(chain, broker, { store: first.store });
    const light = follow(chain, [broker]);
    await reached(light, 300);
    await until(() => light.service.status().missing === 0, "the past filled in");
    expect(second.node.status().counters.HEADERS_CERTIFIED).toBe(100);
  });

  test("more segments than may stay retained: the oldest come on request", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    chain.issueMany(700);
    const publisher = await publish(chain, broker, { retainedBytesMax: 100_000 });
    const light = follow(chain, [broker]);
    await reached(light, 700);
    await until(() => light.service.status().missing === 0, "the past filled in");
    expect(publisher.node.status().published?.retainedFrom).toBeGreaterThan(128);
    expect(publisher.node.status().counters.REQUESTS_ANSWERED).toBeGreaterThan(0);
  });

  test("a node that lies over JSON-RPC is not published", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    const forged = await makeChain({ seed: 4_242 });
    chain.issueMany(30);
    forged.issueMany(60);
    const publisher = await runPublisher(forged, broker);
    ending.push(() => publisher.stop());
    const honest = await publish(chain, broker);
    const light = follow(chain, [broker]);
    await until(() => honest.node.status().height === 30, "the honest publisher at the tip");
    chain.issue();
    await reached(light, 31);
  });
});

describe("events of watched contracts", () => {
  test("come with proofs and are judged: evidence from the named publisher, hash-consistent from anybody else", async () => {
    const broker = await aedes();
    const chain = await makeChain();
    chain.issueMany(5);
    const contract = chain.random.bytes(20);
    const topic = chain.random.bytes(32);
    const watched = [{ address: contract, topic, topics: 1, dataBytes: 32 }];
    await publish(chain, broker, { watch: [contract] });
    const light = follow(chain, [broker], { sync: { watched }, watch: [contract] });
    await reached(light, 5);
    const log = { address: toHex(contract), topics: [topic], data: new Uint8Array(32).fill(1) };
    const call = { to: contract, input: new Uint8Array([1, 2, 3, 4]), outcome: { logs: [log] } };
    const stranger = chain.users[0] as (typeof chain.users)[number];
    chain.issue({
      transactions: [
        { ...call, from: chain.publisher },
        { ...call, from: stranger },
      ],
    });
    await until(() => light.outputs.filter(({ kind }) => kind === "event").length === 2, "two verdicts");
    const verdicts = light.outputs.flatMap((output) => (output.kind === "event" ? [output.verdict] : []));
    expect(verdicts.map(({ level }) => level).sort()).toEqual(["evidence", "hash-consistent"]);
    const doubted = verdicts.find(({ level }) => level === "hash-consistent");
    expect(doubted?.doubts).toEqual(["SENDER_NOT_NAMED"]);
  });
});
