/**
 * A header that a real FISCO BCOS chain made, all the way: HTTP, JSON-RPC, publisher, broker, light node. The node's answers
 * are those of the FISCO documentation (test/vectors, each with its source); nothing in them was made by us.
 */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { fromHex, to0x } from "../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import { type Anchor, anchorFromJson } from "../../src/chain/anchor.js";
import type { LightOutput } from "../../src/chain/lightMessages.js";
import { genesisSealers, readGenesis } from "../../src/codec/fisco/genesis.js";
import { headerFromRpc } from "../../src/codec/fisco/headerRpc.js";
import { hashHeader } from "../../src/codec/hashedHeader.js";
import type { Profile } from "../../src/codec/profile.js";
import { encodeHead } from "../../src/codec/wire/headMessage.js";
import { topicsOf } from "../../src/codec/wire/topics.js";
import { loadSuite } from "../../src/crypto/backend/select.js";
import type { Suite } from "../../src/crypto/suite.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import { makeLightNode } from "../../src/node/lightNode.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { genesisRpc, HEADER_CASES } from "../codec/fisco/vectors.js";
import { startBroker } from "../support/broker.js";
import { until } from "../support/linkContract.js";
import { type Broker, connectTo } from "../support/network.js";
import { NodeRefusal, startRpcStandIn } from "../support/rpcStandIn.js";

// biome-ignore lint/suspicious/noExplicitAny: what a node answers; tests alter fields freely
type RpcHeader = any;

const SM: Profile = { suite: "sm", layout: "fisco", faultModel: "bft" };
const HEADER: RpcHeader = HEADER_CASES.find(({ crypto, rpc }) => crypto === "sm" && rpc.number === 2)?.rpc;
const GENESIS: RpcHeader = genesisRpc();
const topics = topicsOf("chain0", "group0");

const ending: (() => Promise<unknown> | unknown)[] = [];
let suite: Suite;

beforeAll(async () => {
  suite = await loadSuite("sm");
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** Vouches for block 1, of which the documentation shows no more than its hash, with the sealers that block 0 lists. */
function anchor(): Anchor {
  const sealers = genesisSealers(readGenesis(fromHex(GENESIS.extraData)));
  return anchorFromJson(
    {
      chain: "chain0",
      group: "group0",
      ...SM,
      height: 1,
      hash: HEADER.parentInfo[0].blockHash,
      sealers: sealers.nodeIds.map((id, i) => ({ nodeID: to0x(id), weight: String(sealers.weights[i]) })),
      acceptedAt: NOW,
    },
    0,
  );
}

/** The header is of April 2023, and no node believes a clock that shows a time before it was written itself. */
const NOW = Date.UTC(2026, 5, 1);
const SYNC = { ...SYNC_DEFAULTS, trustingPeriodMs: 10 * 365 * 24 * 3_600_000, staleAfterMs: 0 };

function setup() {
  const started = Date.now();
  const clock = { now: () => NOW + Date.now() - started };
  const store = new MemoryStore();
  return { anchor: anchor(), suite, store, clock, random: systemRandom, logger: SILENT_LOGGER };
}

async function startedBroker(): Promise<Broker> {
  const { broker, port } = await startBroker();
  ending.push(() => broker.stop());
  return { url: `mqtt://127.0.0.1:${port}` };
}

/** A publisher that follows a node whose block 2 is `shown`. */
async function publish(broker: Broker, shown: RpcHeader): Promise<PublisherNode> {
  const rpc = await startRpcStandIn({
    handler: (method, params) => {
      if (method === "getBlockNumber") return 2;
      if (method !== "getBlockByNumber") throw new NodeRefusal(-32601, "The method does not exist/is not available.");
      if (params[2] === 0) return GENESIS;
      if (params[2] === 2) return shown;
      throw new NodeRefusal(3_008, "getBlockDataByNumber failed");
    },
  });
  ending.push(() => rpc.stop());
  const clock = { now: () => Date.now() };
  const node = new PublisherNode({
    ...setup(),
    sync: SYNC,
    source: rpcChainSource({ rpc: chainRpc({ endpoints: [rpc.url], random: systemRandom, clock }), pollMs: 20 }),
    link: connectTo(broker, "real-publisher"),
    retainedBytesMax: 1024 * 1024,
    watch: [],
    onOutput: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  node.start();
  ending.push(() => node.stop());
  return node;
}

function follow(broker: Broker) {
  const outputs: LightOutput[] = [];
  const options = setup();
  const service = makeLightNode({
    ...options,
    sync: SYNC,
    client: "real-light",
    links: [{ name: "broker", link: connectTo(broker, "real-light") }],
    watch: [],
    onOutput: (output) => outputs.push(output),
    onFailure: (error) => {
      throw error;
    },
  });
  service.start();
  ending.push(() => service.stop());
  return { service, outputs, store: options.store };
}

/** Every field that the hash covers, and one signature, with one bit turned. */
const ALTERATIONS: readonly (readonly [field: string, alter: (header: RpcHeader) => void])[] = [
  ["version", (header) => (header.version ^= 1)],
  ["parent hash", (header) => (header.parentInfo[0].blockHash = turned(header.parentInfo[0].blockHash))],
  ["txsRoot", (header) => (header.txsRoot = turned(header.txsRoot))],
  ["receiptsRoot", (header) => (header.receiptsRoot = turned(header.receiptsRoot))],
  ["stateRoot", (header) => (header.stateRoot = turned(header.stateRoot))],
  ["number", (header) => (header.number ^= 1)],
  ["gasUsed", (header) => (header.gasUsed = String(Number(header.gasUsed) ^ 1))],
  ["timestamp", (header) => (header.timestamp += header.timestamp % 2 === 0 ? 1 : -1)],
  ["sealer", (header) => (header.sealer ^= 1)],
  ["sealerList", (header) => (header.sealerList[3] = turned(header.sealerList[3]))],
  ["consensusWeights", (header) => (header.consensusWeights[0] ^= 2)],
  ["extraData", (header) => (header.extraData = "0x01")],
  ["signature", (header) => (header.signatureList[1].signature = turned(header.signatureList[1].signature))],
];

/** Turns the lowest bit of the last byte. */
function turned(hex: string): string {
  return hex.slice(0, -1) + (Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16);
}

function copyWith(alter: (header: RpcHeader) => void): RpcHeader {
  const copy = structuredClone(HEADER);
  alter(copy);
  return copy;
}

/** As a liar would show it: with the hash that belongs to what it shows, where it has one. */
function withOwnHash(header: RpcHeader): RpcHeader {
  try {
    return { ...header, hash: to0x(hashHeader(headerFromRpc(header).signed, suite, SM).hash) };
  } catch {
    return header;
  }
}

describe("block 2 of a real chain with SM3 and SM2", () => {
  test("goes from its node's JSON-RPC to a light node, and is believed there", async () => {
    const broker = await startedBroker();
    const publisher = await publish(broker, HEADER);
    const { service, outputs, store } = follow(broker);
    await until(() => service.status().height === 2, "height 2");
    await until(() => service.status().state === "FOLLOWING", "the state FOLLOWING");
    const { hash, height, counters } = service.status();
    expect([height, to0x(hash as Uint8Array)]).toEqual([2, HEADER.hash]);
    expect(counters.HEADERS_CERTIFIED).toBe(1);
    expect(outputs.filter(({ kind }) => kind === "refused")).toEqual([]);
    expect(store.spans()).toEqual([{ start: 2, count: 1, status: "certified" }]);
    expect(publisher.status().published?.head).toBe(2);
  });

  test("a node that turns one bit of it is not published, whatever hash it names", async () => {
    const broker = await startedBroker();
    const light = follow(broker);
    const shown = ALTERATIONS.flatMap(([field, alter]) => {
      const copy = copyWith(alter);
      return [copy, withOwnHash(copy)].map((header) => ({ field, header }));
    });
    for (const { field, header } of shown) {
      const publisher = await publish(broker, header);
      const refusals = () => Object.keys(publisher.status().counters).filter((code) => /^(CHAIN|HEADER)_/.test(code));
      await until(() => refusals().length > 0, `a refusal of ${field}`);
      expect([field, publisher.status().height, publisher.status().published?.head]).toEqual([field, 1, undefined]);
      await publisher.stop();
    }
    expect(light.service.status().height).toBe(1);
  });

  test("a stranger who turns one bit of it on the broker is not believed, and the real one is afterwards", async () => {
    const broker = await startedBroker();
    const { service } = follow(broker);
    const stranger = connectTo(broker, "stranger");
    stranger.start({ connected: () => {}, disconnected: () => {}, message: () => {}, dropped: () => {} });
    ending.push(() => stranger.stop());
    await until(() => stranger.connected && service.status().sources[0]?.connected === true, "both at the broker");
    const head = (header: RpcHeader) => encodeHead(headerFromRpc(header).signed, { suite, profile: SM });
    const topic = topics.name({ kind: "head" });
    let told = 0;
    for (const [field, alter] of ALTERATIONS) {
      // extraData of this layout has no place on the wire.
      if (field === "extraData") continue;
      await stranger.publish(topic, head(copyWith(alter)), { retain: true, qos: 1 });
      told++;
    }
    const refused = () =>
      Object.entries(service.status().counters)
        .filter(([code]) => /^(CHAIN|HEADER|WIRE)_/.test(code))
        .reduce((sum, [, count]) => sum + count, 0);
    await until(() => refused() >= told, "every refusal");
    expect(service.status().height).toBe(1);
    await stranger.publish(topic, head(HEADER), { retain: true, qos: 1 });
    await until(() => service.status().height === 2, "the real header");
    expect(to0x(service.status().hash as Uint8Array)).toBe(HEADER.hash);
  });
});
