/** The publisher in bad company: nodes that die, refuse and lie, clients that flood, brokers that carry anything. */
import { afterEach, describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import { toHex } from "../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import { checkEvent } from "../../src/chain/eventEvidence.js";
import { decodeBlockBody, decodeEvent } from "../../src/codec/wire/eventMessage.js";
import { decodeResponse, encodeRequest, type Question, type Response } from "../../src/codec/wire/requestMessage.js";
import { decodeSegment } from "../../src/codec/wire/segment.js";
import { topicsOf } from "../../src/codec/wire/topics.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { CLIENT_BURST_REQUESTS } from "../../src/node/requestDesk.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { startBroker } from "../support/broker.js";
import { anchorAt, makeChain, wireOf } from "../support/chains.js";
import { until } from "../support/linkContract.js";
import { type Broker, connectTo } from "../support/network.js";
import { NodeRefusal, type RpcHandler, startRpcStandIn } from "../support/rpcStandIn.js";

const topics = topicsOf("chain0", "group0");
const ending: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function startedBroker(): Promise<Broker> {
  const { broker, port } = await startBroker();
  ending.push(() => broker.stop());
  return { url: `mqtt://127.0.0.1:${port}` };
}

async function standIn(handler: RpcHandler) {
  const rpc = await startRpcStandIn({ handler });
  ending.push(() => rpc.stop().catch(() => {}));
  return rpc;
}

interface PublishOptions {
  readonly store?: MemoryStore;
  readonly watch?: readonly Uint8Array[];
  /** The time stands still, so that no allowance comes back. */
  readonly frozen?: boolean;
}

function publish(chain: ChainIssuer, broker: Broker, endpoints: readonly string[], options: PublishOptions = {}) {
  const started = Date.now();
  const clock = { now: () => chain.head.header.timestamp + 500 + (options.frozen === true ? 0 : Date.now() - started) };
  const node = new PublisherNode({
    anchor: anchorAt(chain),
    suite: chain.suite,
    store: options.store ?? new MemoryStore(),
    clock,
    random: systemRandom,
    logger: SILENT_LOGGER,
    sync: SYNC_DEFAULTS,
    source: rpcChainSource({
      rpc: chainRpc({ endpoints, random: systemRandom, timeoutMs: 500, clock: { now: () => Date.now() } }),
      pollMs: 20,
    }),
    link: connectTo(broker, "publisher"),
    retainedBytesMax: 64 * 1024 * 1024,
    watch: options.watch ?? [],
    onOutput: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  node.start();
  let stopped = false;
  const stop = async () => {
    if (!stopped) await node.stop();
    stopped = true;
  };
  ending.push(stop);
  return { node, stop };
}

const publishedHead = (node: PublisherNode) => node.status().published?.head;
const counterOf = (node: PublisherNode, code: string) => node.status().counters[code] ?? 0;

/** Somebody at the broker who asks and keeps what comes. */
async function asker(broker: Broker, name: string) {
  const link = connectTo(broker, name);
  const responses: Response[] = [];
  const received: { readonly topic: string; readonly payload: Uint8Array }[] = [];
  const own = topics.name({ kind: "response", client: name });
  link.start({
    connected: () => {},
    disconnected: () => {},
    dropped: () => {},
    message: ({ topic, payload }) => {
      received.push({ topic, payload });
      if (topic === own) responses.push(decodeResponse(payload));
    },
  });
  ending.push(() => link.stop());
  await until(() => link.connected, `${name} at the broker`);
  await link.subscribe([own]);
  const request = topics.name({ kind: "request" });
  const send = (payload: Uint8Array) => link.publish(request, payload, { retain: false, qos: 1 });
  const ask = async (question: Question): Promise<Response> => {
    const id = systemRandom.bytes(8);
    await send(encodeRequest({ id, client: name, question }));
    const answer = () => responses.find((response) => toHex(response.id) === toHex(id));
    await until(() => answer() !== undefined, `an answer to ${name}`);
    return answer()!;
  };
  return { link, responses, received, send, ask };
}

describe("nodes", () => {
  test("the first of two endpoints dies: the second one serves", async () => {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(20);
    const first = await standIn(simulatedNode(chain));
    const second = await standIn(simulatedNode(chain));
    const { node } = publish(chain, broker, [first.url, second.url]);
    await until(() => publishedHead(node) === 20, "height 20");
    await first.stop();
    const before = second.requests;
    chain.issueMany(5);
    await until(() => publishedHead(node) === 25, "height 25 by the second node");
    expect(second.requests).toBeGreaterThan(before);
  });

  test("a node that answers with errors, then serves", async () => {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(20);
    const good = simulatedNode(chain);
    let broken = true;
    const rpc = await standIn((method, params) => {
      if (broken) throw new NodeRefusal(-32_603, "internal error");
      return good(method, params);
    });
    const { node } = publish(chain, broker, [rpc.url]);
    await until(() => counterOf(node, "RPC_NODE_ERROR") > 1, "some errors");
    expect(publishedHead(node)).toBeUndefined();
    broken = false;
    await until(() => publishedHead(node) === 20, "height 20");
    rpc.setFault("status 500");
    chain.issue();
    const failures = () =>
      Object.entries(node.status().counters)
        .filter(([code]) => code.startsWith("RPC_"))
        .reduce((sum, [, n]) => sum + n, 0);
    const before = failures();
    await until(() => failures() > before, "another failure");
    rpc.setFault(undefined);
    await until(() => publishedHead(node) === 21, "height 21");
  });

  test("a node that lies about one header is not believed, and once it tells the truth the chain goes on", async () => {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(20);
    const good = simulatedNode(chain);
    let lies = true;
    const rpc = await standIn((method, params) => {
      const answer = structuredClone(good(method, params)) as Record<string, unknown>;
      if (lies && method === "getBlockByNumber" && params[2] === 13) answer.gasUsed = "1";
      return answer;
    });
    const { node } = publish(chain, broker, [rpc.url]);
    await until(() => counterOf(node, "CHAIN_HASH_MISMATCH") > 0, "the lie noticed");
    expect(publishedHead(node) ?? 0).toBeLessThan(13);
    lies = false;
    await until(() => publishedHead(node) === 20, "height 20, though no further block comes");
  });
});

describe("a chain whose sealers become many", () => {
  test("is still published to its tip, though a segment of the first size would be too large", async () => {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(2);
    chain.issue({ sealers: Array.from({ length: 60 }, () => ({ kind: "add" as const })) });
    chain.issueMany(260);
    const rpc = await standIn(simulatedNode(chain));
    const { node } = publish(chain, broker, [rpc.url]);
    await until(() => publishedHead(node) === chain.height, "the tip");
  });
});

describe("questions", () => {
  async function served(options: PublishOptions = {}) {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(10);
    chain.issue({ transactions: 5 });
    const rpc = await standIn(simulatedNode(chain));
    const { node } = publish(chain, broker, [rpc.url], options);
    await until(() => publishedHead(node) === 11, "height 11");
    return { broker, chain, node };
  }

  test("a transaction with its proofs, a whole block, headers; what there is not", async () => {
    const { broker, chain, node } = await served();
    const { ask } = await asker(broker, "curious");
    const { hash } = chain.transactions(11)[3]!;
    const proof = await ask({ what: "proof", transactionHash: hash });
    expect(proof.status).toBe("done");
    const event = decodeEvent(proof.body as Uint8Array);
    const { header, hash: own } = chain.header(11);
    const recent = { number: 11, hash: own, transactionsRoot: header.txsRoot, receiptsRoot: header.receiptsRoot };
    const verdict = checkEvent({
      event,
      header: { ...recent, sealers: header.sealers, status: "certified" },
      suite: chain.suite,
      anchor: anchorAt(chain),
      watched: [],
    });
    expect([verdict.index, toHex(verdict.transactionHash)]).toEqual([3, toHex(hash)]);

    const block = await ask({ what: "block", number: 11 });
    const body = decodeBlockBody(block.body as Uint8Array);
    expect([body.number, body.transactions.length, body.receipts.length]).toEqual([11, 5, 5]);

    const headers = await ask({ what: "headers", from: 4, count: 3 });
    const segment = decodeSegment(headers.body as Uint8Array, wireOf(chain));
    expect(segment.headers.map(({ hash: one }) => toHex(one))).toEqual(
      chain.headers(4, 6).map(({ hash: one }) => toHex(one)),
    );

    for (const question of [
      { what: "proof", transactionHash: new Uint8Array(32) } as const,
      { what: "block", number: 99 } as const,
      { what: "headers", from: 12, count: 8 } as const,
    ]) {
      expect(await ask(question)).toMatchObject({ status: "unavailable", body: undefined });
    }
    const send = { what: "send", transaction: new Uint8Array(10) } as const;
    expect(await ask(send)).toMatchObject({ status: "refused", body: undefined });
    expect(counterOf(node, "REQUESTS_ANSWERED")).toBe(3);
  });

  test("malformed ones are counted by their code and answered to nobody", async () => {
    const { broker, node } = await served();
    const { send, ask, responses } = await asker(broker, "sloppy");
    for (const payload of [[0x9f], [0x84, 6], [0x81, 0x07], [0x85, 0x02, 0x40, 0x40, 0x40, 0x40]]) {
      await send(Uint8Array.from(payload));
    }
    const wireCodes = () => Object.entries(node.status().counters).filter(([code]) => code.startsWith("WIRE_"));
    await until(() => wireCodes().reduce((sum, [, count]) => sum + count, 0) >= 4, "four refusals");
    expect(responses).toEqual([]);
    expect((await ask({ what: "headers", from: 1, count: 1 })).status).toBe("done");
  });

  test("one client is answered as often as it may be, one by one, and not once more", async () => {
    const { broker } = await served({ frozen: true });
    const eager = await asker(broker, "eager");
    const other = await asker(broker, "other");
    const question = { what: "headers", from: 1, count: 1 } as const;
    for (let i = 0; i < CLIENT_BURST_REQUESTS; i++) expect((await eager.ask(question)).status).toBe("done");
    expect((await eager.ask(question)).status).toBe("busy");
    expect((await other.ask(question)).status).toBe("done");
  });

  test("a flood from one client is told busy, while another is served", async () => {
    const { broker, node } = await served();
    const flood = await asker(broker, "flood");
    const patient = await asker(broker, "patient");
    const question = { what: "headers", from: 1, count: 8 } as const;
    const all = Array.from({ length: 300 }, () =>
      flood.send(encodeRequest({ id: systemRandom.bytes(8), client: "flood", question })),
    );
    // So many open answers may fill the desk for a moment; whoever asks again is served while the flood goes on.
    while ((await patient.ask(question)).status === "busy") expect(flood.responses.length).toBeLessThanOrEqual(300);
    await Promise.all(all);
    await until(() => flood.responses.length === 300, "every answer");
    const busy = flood.responses.filter(({ status }) => status === "busy").length;
    expect(busy).toBeGreaterThan(100);
    expect(300 - busy).toBeGreaterThanOrEqual(32);
    expect((await patient.ask(question)).status).toBe("done");
    expect(publishedHead(node)).toBe(11);
  });
});

describe("events", () => {
  test("of a watched contract come at least once, over a restart of the publisher, none left out", async () => {
    const broker = await startedBroker();
    const chain = await makeChain();
    chain.issueMany(3);
    const contract = chain.random.bytes(20);
    const rpc = await standIn(simulatedNode(chain));
    const store = new MemoryStore();
    const listener = await asker(broker, "listener");
    const topic = topics.name({ kind: "event", address: toHex(contract) });
    await listener.link.subscribe([topic]);
    const call = () =>
      chain.issue({ transactions: [{ from: chain.publisher, to: contract, input: chain.random.bytes(8) }] });
    const seen = () =>
      new Set(listener.received.filter((one) => one.topic === topic).map(({ payload }) => decodeEvent(payload).number));

    const first = publish(chain, broker, [rpc.url], { store, watch: [contract] });
    await until(() => publishedHead(first.node) === 3, "height 3");
    call();
    await until(() => seen().has(4), "the first event");
    await first.stop();
    call();
    chain.issue();
    call();
    const second = publish(chain, broker, [rpc.url], { store, watch: [contract] });
    await until(() => seen().has(5) && seen().has(7), "the events in between");
    call();
    await until(() => seen().has(8), "the event afterwards");
    expect([...seen()].sort()).toEqual([4, 5, 7, 8]);
    expect(counterOf(second.node, "EVENTS_PUBLISHED")).toBeGreaterThanOrEqual(3);
  });
});
