/** Filters and searches for logs: what they tell, once, in order, and within limits. */
import { describe, expect, it } from "vitest";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { fromHex, to0x } from "../../../src/base/bytes.js";
import { FILTER_BLOCKS_MAX } from "../../../src/node/rpc/filters.js";
import { FILTER_IDLE_MAX_MS, FILTERS_MAX } from "../../../src/node/rpc/filterTable.js";
import type { RpcAnswerer } from "../../../src/node/rpc/jsonRpc.js";
import { LOG_BLOCKS_MAX, LOGS_MAX } from "../../../src/node/rpc/logSearch.js";
import { SEARCH_TURN_MS, SEARCHES_AT_ONCE_MAX, SEARCHES_WAITING_MAX } from "../../../src/node/rpc/searches.js";
import { makeChain } from "../../support/chains.js";
import { ask, GROUP, refusalOf, rpcOver, viewOf } from "../../support/rpcView.js";
import { sampleTransaction } from "../../support/sampleTransaction.js";

const RED = new Uint8Array(32).fill(1);
const BLUE = new Uint8Array(32).fill(2);
const CONTRACT = "11".repeat(20);

interface Logged {
  readonly topics: readonly Uint8Array[];
  readonly to?: Uint8Array;
  readonly status?: number;
}

function issueLogs(chain: ChainIssuer, logged: readonly Logged[]): void {
  const transactions = logged.map(({ topics, to, status }) => ({
    ...sampleTransaction(chain, to === undefined ? {} : { to }),
    outcome: {
      status: status ?? 0,
      logs: [
        { topics, data: new Uint8Array(1) },
        { topics: [], data: new Uint8Array(2) },
      ],
    },
  }));
  chain.issue({ transactions });
}

async function chainWithLogs(): Promise<{ chain: ChainIssuer; rpc: RpcAnswerer }> {
  const chain = await makeChain();
  issueLogs(chain, [{ topics: [RED] }, { topics: [BLUE, RED] }]);
  issueLogs(chain, [
    { topics: [RED], to: new Uint8Array(20).fill(0x22) },
    { topics: [RED], status: 16 },
  ]);
  chain.issue({ transactions: [] });
  return { chain, rpc: rpcOver(chain) };
}

async function places(rpc: RpcAnswerer, query: object): Promise<string[]> {
  const logs = await ask(rpc, "getLogs", GROUP, query);
  return logs.map(
    (log: Record<string, string>) => `${log.blockNumber}/${log.transactionIndex}/${log.logIndex}`,
  ) as string[];
}

describe("getLogs", () => {
  it("finds by range, address and topics at their places, and nothing of failed transactions", async () => {
    const { chain, rpc } = await chainWithLogs();
    const all = { fromBlock: "earliest", toBlock: "latest" };
    const everything = ["0x1/0x0/0x0", "0x1/0x0/0x1", "0x1/0x1/0x0", "0x1/0x1/0x1", "0x2/0x0/0x0", "0x2/0x0/0x1"];
    expect(await places(rpc, all)).toEqual(everything);
    expect(await places(rpc, { ...all, topics: [to0x(RED)] })).toEqual(["0x1/0x0/0x0", "0x2/0x0/0x0"]);
    expect(await places(rpc, { ...all, topics: [null, to0x(RED)] })).toEqual(["0x1/0x1/0x0"]);
    expect(await places(rpc, { ...all, topics: [[to0x(RED), to0x(BLUE)]] })).toHaveLength(3);
    expect(await places(rpc, { ...all, topics: [[]], address: `0x${CONTRACT}` })).toEqual([
      "0x1/0x0/0x0",
      "0x1/0x1/0x0",
    ]);
    expect(await places(rpc, { ...all, address: [CONTRACT.toUpperCase(), "22".repeat(20)] })).toEqual(everything);
    expect(await places(rpc, { ...all, address: [] })).toEqual(everything);
    expect(await places(rpc, { fromBlock: 2, toBlock: "0x2" })).toEqual(everything.slice(4));
    expect(await places(rpc, { fromBlock: "0x1", toBlock: 99 })).toEqual(everything);
    expect(await places(rpc, { fromBlock: 9 })).toEqual([]);
    expect(await places(rpc, {})).toEqual([]);
    expect(await places(rpc, { blockhash: to0x(chain.header(1).hash) })).toEqual(everything.slice(0, 4));
  });

  it("shows a log as FISCO's filters do", async () => {
    const { chain, rpc } = await chainWithLogs();
    const [log] = await ask(rpc, "getLogs", GROUP, { fromBlock: 1, toBlock: 1 });
    expect(log).toEqual({
      address: `0x${CONTRACT}`,
      blockHash: to0x(chain.header(1).hash),
      blockNumber: "0x1",
      data: "0x00",
      logIndex: "0x0",
      removed: false,
      topics: [to0x(RED)],
      transactionHash: to0x(chain.transactions(1)[0]!.hash),
      transactionIndex: "0x0",
    });
  });

  it("refuses what cannot be meant", async () => {
    const { rpc } = await chainWithLogs();
    const bad: readonly object[] = [
      { fromBlock: 2, toBlock: 1 },
      { fromBlock: "latest", toBlock: 1 },
      { fromBlock: -1 },
      { fromBlock: "12" },
      { fromBlock: "0x" },
      { fromBlock: "soon" },
      { fromBlock: {} },
      { toBlock: 2n ** 60n },
      { address: "0x11" },
      { address: 7 },
      { address: [null] },
      { address: Array.from({ length: 257 }, () => CONTRACT) },
      { topics: to0x(RED) },
      { topics: [RED] },
      { topics: ["0x11"] },
      { topics: [[null]] },
      { topics: [null, null, null, null, null] },
      { blockhash: to0x(new Uint8Array(32)) },
      { blockhash: "0x12" },
    ];
    for (const query of bad) {
      expect([query, (await refusalOf(rpc, "getLogs", GROUP, query))?.[0]]).toEqual([query, -32602]);
    }
    for (const query of [undefined, null, "x", 3, [], true]) {
      expect([query, (await refusalOf(rpc, "getLogs", GROUP, query))?.[0]]).toEqual([query, -32602]);
    }
  });

  it("looks at so many blocks and answers with so many logs", async () => {
    const chain = await makeChain();
    chain.issueMany(LOG_BLOCKS_MAX, { transactions: [] });
    const rpc = rpcOver(chain);
    expect(await places(rpc, { fromBlock: 1 })).toEqual([]);
    expect(await refusalOf(rpc, "getLogs", GROUP, { fromBlock: 0 })).toEqual([
      -32602,
      `Invalid params: at most ${LOG_BLOCKS_MAX} blocks may be searched at once.`,
    ]);
    const topics = [{ topics: [RED], data: new Uint8Array(0) }];
    const logs = Array.from({ length: LOGS_MAX }, () => topics).flat();
    chain.issue({ transactions: [{ ...sampleTransaction(chain), outcome: { logs } }] });
    const height = chain.height;
    expect(await places(rpc, { fromBlock: height })).toHaveLength(LOGS_MAX);
    issueLogs(chain, [{ topics: [RED] }]);
    const both = { fromBlock: height, toBlock: height + 1 };
    expect(await refusalOf(rpc, "getLogs", GROUP, both)).toEqual([-32602, expect.stringContaining("logs match")]);
  });
});

describe("reads of many blocks", () => {
  const BLOCKS = 60;
  const BLOCK_MS = 5;

  /** A chain whose blocks take a while to be read. */
  async function slowChain() {
    const chain = await makeChain();
    const view = viewOf(chain);
    const read: number[] = [];
    const rpc = rpcOver(chain, {
      view: {
        transactions: (number) => {
          read.push(number);
          const end = performance.now() + BLOCK_MS;
          while (performance.now() < end);
          return view.transactions(number);
        },
      },
    });
    const id: string = await ask(rpc, "newPendingTransactionFilter", GROUP);
    const logs: string = await ask(rpc, "newFilter", GROUP, { fromBlock: 1 });
    chain.issueMany(BLOCKS, { transactions: 1 });
    return { rpc, read, id, logs };
  }

  /** The most blocks that were read while nothing else could go on. */
  async function mostAtOnce(read: readonly number[], work: () => Promise<unknown>): Promise<number> {
    let [most, before] = [0, read.length];
    const look = (): void => {
      most = Math.max(most, read.length - before);
      before = read.length;
      next = setImmediate(look);
    };
    let next = setImmediate(look);
    await work();
    look();
    clearImmediate(next);
    return most;
  }

  for (const method of ["getFilterChanges", "getFilterLogs", "getLogs"] as const) {
    it(`let others have their turn, several at once: ${method}`, async () => {
      const { rpc, read, id, logs } = await slowChain();
      const asked = { getFilterChanges: id, getFilterLogs: logs, getLogs: { fromBlock: 1 } }[method];
      const other = { getFilterChanges: logs, getFilterLogs: logs, getLogs: { fromBlock: 1 } }[method];
      const both = () => Promise.all([ask(rpc, method, GROUP, asked), ask(rpc, method, GROUP, other)]);
      // The look may fall behind one of two turns.
      expect(await mostAtOnce(read, both)).toBeLessThanOrEqual(2 * Math.ceil(SEARCH_TURN_MS / BLOCK_MS));
      expect(read).toHaveLength(2 * BLOCKS);
    });
  }

  it("end when nobody waits for them, and the filter goes on where its client was last told", async () => {
    const { rpc, read, id } = await slowChain();
    const gone = new AbortController();
    const asked = rpc("getFilterChanges", [GROUP, id], gone.signal) as Promise<unknown>;
    await new Promise((resolve) => setTimeout(resolve, 10 * BLOCK_MS));
    gone.abort();
    await expect(asked).rejects.toMatchObject({ problem: { nodeCode: -32003 } });
    const count = read.length;
    expect(count).toBeLessThan(BLOCKS);
    await new Promise((resolve) => setTimeout(resolve, 4 * BLOCK_MS));
    expect(read.length).toBe(count);
    expect(await ask(rpc, "getFilterChanges", GROUP, id)).toHaveLength(BLOCKS);
  });

  it("of one filter tell each block once, also when they are asked for at the same time", async () => {
    const { rpc, id } = await slowChain();
    const told = await Promise.all([1, 2, 3].map(() => ask(rpc, "getFilterChanges", GROUP, id)));
    expect(new Set(told.flat()).size).toBe(BLOCKS);
    expect(told.flat()).toHaveLength(BLOCKS);
  });

  it("are refused beyond so many, and single blocks are not", async () => {
    const { rpc } = await slowChain();
    const searches = Array.from({ length: SEARCHES_AT_ONCE_MAX + SEARCHES_WAITING_MAX + 3 }, () =>
      refusalOf(rpc, "getLogs", GROUP, { fromBlock: BLOCKS }),
    );
    expect(await ask(rpc, "getBlockNumber", GROUP, "")).toBe(BLOCKS);
    const refused = (await Promise.all(searches)).filter((one) => one !== undefined);
    expect(refused).toEqual(Array.from({ length: 3 }, () => [-32003, "Too many searches are waiting; ask again."]));
  });
});

describe("filters", () => {
  it("tell new blocks, transactions and logs once", async () => {
    const { chain, rpc } = await chainWithLogs();
    const blocks = await ask(rpc, "newBlockFilter", GROUP);
    const transactions = await ask(rpc, "newPendingTransactionFilter", GROUP);
    const logs = await ask(rpc, "newFilter", GROUP, { topics: [to0x(RED)] });
    expect(new Set([blocks, transactions, logs]).size).toBe(3);
    for (const id of [blocks, transactions, logs]) expect(await ask(rpc, "getFilterChanges", GROUP, id)).toEqual([]);
    issueLogs(chain, [{ topics: [RED] }, { topics: [BLUE] }]);
    chain.issue({ transactions: [] });
    expect(await ask(rpc, "getFilterChanges", GROUP, blocks)).toEqual([4, 5].map((n) => to0x(chain.header(n).hash)));
    const hashes = chain.transactions(4).map(({ hash }) => to0x(hash));
    expect(await ask(rpc, "getFilterChanges", GROUP, transactions)).toEqual(hashes);
    const found = await ask(rpc, "getFilterChanges", GROUP, logs);
    expect(found).toMatchObject([{ blockNumber: "0x4", transactionIndex: "0x0" }]);
    for (const id of [blocks, transactions, logs]) expect(await ask(rpc, "getFilterChanges", GROUP, id)).toEqual([]);
  });

  it("of a range tell its blocks only, and all of their logs when asked for", async () => {
    const { chain, rpc } = await chainWithLogs();
    const id = await ask(rpc, "newFilter", GROUP, { fromBlock: 2, toBlock: 4 });
    expect(await ask(rpc, "getFilterLogs", GROUP, id)).toHaveLength(2);
    issueLogs(chain, [{ topics: [RED] }]);
    issueLogs(chain, [{ topics: [RED] }]);
    expect(await ask(rpc, "getFilterLogs", GROUP, id)).toHaveLength(4);
    const changes = await ask(rpc, "getFilterChanges", GROUP, id);
    expect(changes.map(({ blockNumber }: { blockNumber: string }) => blockNumber)).toEqual(["0x4", "0x4"]);
  });

  it("go on where they ended when there was more than one answer holds", async () => {
    const chain = await makeChain();
    const rpc = rpcOver(chain);
    const id = await ask(rpc, "newBlockFilter", GROUP);
    chain.issueMany(FILTER_BLOCKS_MAX + 2);
    const told = [await ask(rpc, "getFilterChanges", GROUP, id), await ask(rpc, "getFilterChanges", GROUP, id)];
    expect(told.map(({ length }) => length)).toEqual([FILTER_BLOCKS_MAX, 2]);
    expect(told.flat()).toEqual(chain.headers(1, chain.height).map(({ hash }) => to0x(hash)));
  });

  it("report a block that is not kept once, and go on behind it", async () => {
    const chain = await makeChain();
    const rpc = rpcOver(chain);
    const id = await ask(rpc, "newPendingTransactionFilter", GROUP);
    chain.issue();
    expect((await refusalOf(rpc, "getFilterChanges", GROUP, id))?.[0]).toBe(3008);
    chain.issue({ transactions: 1 });
    expect(await ask(rpc, "getFilterChanges", GROUP, id)).toHaveLength(1);
  });

  it("end when they are removed, or nobody asks for them, or the clock is set back", async () => {
    const chain = await makeChain();
    let now = 1_000_000;
    const rpc = rpcOver(chain, { now: () => now });
    const make = (): Promise<string> => ask(rpc, "newBlockFilter", GROUP);
    const gone = async (id: string): Promise<unknown> => (await refusalOf(rpc, "getFilterChanges", GROUP, id))?.[1];
    const removed = await make();
    expect(await ask(rpc, "uninstallFilter", GROUP, removed)).toBe(true);
    expect(await ask(rpc, "uninstallFilter", GROUP, removed)).toBe(false);
    expect(await gone(removed)).toBe("Invalid params: filter not found.");
    const [idle, used] = [await make(), await make()];
    now += FILTER_IDLE_MAX_MS;
    expect(await gone(used)).toBeUndefined();
    now += 1;
    expect(await gone(used)).toBeUndefined();
    expect(await gone(idle)).toBe("Invalid params: filter not found.");
    now = 5;
    expect(await gone(used)).toBe("Invalid params: filter not found.");
    expect((await refusalOf(rpc, "getFilterLogs", GROUP, await make()))?.[1]).toBe("Invalid params: filter not found.");
  });

  it("are so many and no more: a new one displaces the one that was not asked for the longest", async () => {
    const chain = await makeChain();
    const rpc = rpcOver(chain);
    const make = (): Promise<string> => ask(rpc, "newBlockFilter", GROUP);
    const isThere = async (id: string): Promise<boolean> =>
      (await refusalOf(rpc, "getFilterChanges", GROUP, id)) === undefined;
    const made: string[] = [];
    for (let i = 0; i < FILTERS_MAX; i++) made.push(await make());
    const [first, second, third] = made as [string, string, string];
    expect(await isThere(first)).toBe(true);
    const more = await make();
    expect(await Promise.all([first, second, third, more].map(isThere))).toEqual([true, false, true, true]);
    expect(fromHex(more.slice(2).padStart(16, "0"))).toHaveLength(8);
    for (let i = 0; i < FILTERS_MAX; i++) await make();
    expect(await isThere(more)).toBe(false);
  });
});
