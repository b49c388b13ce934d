/** What a light client finds in its store: the newest certified header, the holes, and evidence of a fork. */
import { describe, expect, it, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { equalBytes, to0x, utf8Bytes } from "../../src/base/bytes.js";
import { type ForkEvidence, forkProblem, forkToJson } from "../../src/chain/forkEvidence.js";
import { restoreLightClient } from "../../src/chain/restore.js";
import { writeJson } from "../../src/codec/json.js";
import { encodeSegment } from "../../src/codec/wire/segment.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { codeThrownBy } from "../codec/fisco/vectors.js";
import { anchorAt, FISCO, makeChain, makeClient, nowOf, wireOf } from "../support/chains.js";

type Run = readonly [start: number, end: number, status?: "certified" | "linked"];

async function chainOf(height = 60): Promise<ChainIssuer> {
  const chain = await makeChain();
  chain.issueMany(height);
  return chain;
}

function storeOf(chain: ChainIssuer, runs: readonly Run[]): MemoryStore {
  const store = new MemoryStore();
  for (const [start, end, status = "certified"] of runs) {
    const bytes = encodeSegment(chain.headers(start, end), status === "certified", wireOf(chain));
    store.apply([{ kind: "run", run: { start, count: end - start + 1, status, bytes } }]);
  }
  return store;
}

const restored = (chain: ChainIssuer, runs: readonly Run[], height = 0) =>
  restoreLightClient(storeOf(chain, runs), anchorAt(chain, height), wireOf(chain), nowOf(chain));

describe("holes", () => {
  it.each<[string, Run[], number, [number, number][]]>([
    ["nothing stored", [], 0, []],
    [
      "everything stored",
      [
        [1, 16],
        [17, 40],
      ],
      0,
      [],
    ],
    ["a start above the anchor", [[30, 40]], 0, [[1, 29]]],
    [
      "holes between runs",
      [
        [1, 4],
        [10, 12],
        [20, 20],
      ],
      0,
      [
        [5, 9],
        [13, 19],
      ],
    ],
    [
      "holes around linked runs",
      [
        [1, 4],
        [10, 12, "linked"],
        [13, 20],
      ],
      0,
      [[5, 9]],
    ],
    [
      "an anchor in the middle",
      [
        [10, 20],
        [30, 40],
      ],
      5,
      [
        [6, 9],
        [21, 29],
      ],
    ],
    [
      "an anchor inside a run",
      [
        [1, 10],
        [11, 20],
        [30, 40],
      ],
      15,
      [[21, 29]],
    ],
    [
      "an anchor inside a hole",
      [
        [1, 10],
        [30, 40],
      ],
      20,
      [[21, 29]],
    ],
    [
      "an anchor right below a run",
      [
        [1, 10],
        [21, 40],
      ],
      20,
      [],
    ],
    [
      "an anchor above everything",
      [
        [1, 10],
        [20, 30],
      ],
      50,
      [],
    ],
    [
      "an anchor at the end of a run",
      [
        [1, 10],
        [12, 30],
      ],
      10,
      [[11, 11]],
    ],
  ])("%s", async (_, runs, anchor, holes) => {
    const chain = await chainOf();
    const { gaps } = restored(chain, runs, anchor);
    expect(gaps.map(({ low, high }) => [low, high])).toEqual(holes);
    for (const { low, high, expect: top, floorHash } of gaps) {
      expect(to0x(top)).toBe(to0x(chain.header(high).hash));
      expect(to0x(floorHash!)).toBe(to0x(chain.header(low - 1).hash));
    }
  });
});

describe("the newest certified header", () => {
  it.each<[string, Run[], number, number | undefined]>([
    ["of nothing", [], 0, undefined],
    ["of one run", [[1, 8]], 0, 8],
    [
      "of runs with a hole",
      [
        [1, 8],
        [20, 24],
      ],
      0,
      24,
    ],
    [
      "below linked ones",
      [
        [1, 8],
        [9, 12, "linked"],
      ],
      0,
      8,
    ],
    ["that is below the anchor", [[1, 8]], 20, undefined],
    ["that is the anchor", [[1, 8]], 8, undefined],
    ["one above the anchor", [[1, 8]], 7, 8],
  ])("%s", async (_, runs, anchor, newest) => {
    const chain = await chainOf();
    const { trusted } = restored(chain, runs, anchor);
    expect(trusted?.number).toBe(newest);
    if (trusted === undefined || newest === undefined) return;
    expect(equalBytes(trusted.hash, chain.header(newest).hash)).toBe(true);
    expect(trusted.vouchedAt).toBe(chain.header(newest).header.timestamp);
  });

  test("the headers in a row with it come back in order, a few hundred at most", async () => {
    const chain = await chainOf(700);
    const runs: Run[] = Array.from({ length: 10 }, (_, i) => [64 * i + 1, 64 * i + 64]);
    const numbers = restored(chain, runs).recent.map(({ header }) => header.number);
    expect(numbers.at(-1)).toBe(640);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 641 - numbers.length + i));
    expect(numbers.length).toBeGreaterThanOrEqual(256);
    expect(numbers.length).toBeLessThan(256 + 64);
    const holed = restored(chain, [
      [1, 64],
      [70, 80],
      [81, 90],
    ]).recent.map(({ header }) => header.number);
    expect([holed[0], holed.length]).toEqual([70, 21]);
  });

  test("a store of another chain, or a damaged run, is an error and no trust", async () => {
    const chain = await chainOf();
    const store = storeOf(chain, [[1, 8]]);
    const edgeseal = { suite: chain.suite, profile: { ...FISCO, layout: "edgeseal" } as const };
    expect(codeThrownBy(() => restoreLightClient(store, anchorAt(chain), edgeseal, nowOf(chain)))).toBe("WIRE_LENGTH");
    const broken = new MemoryStore();
    broken.apply([{ kind: "run", run: { start: 1, count: 1, status: "certified", bytes: new Uint8Array(3) } }]);
    expect(codeThrownBy(() => restoreLightClient(broken, anchorAt(chain), wireOf(chain), nowOf(chain)))).toMatch(
      /^WIRE_/,
    );
  });
});

describe("evidence of a fork", () => {
  test.each(["certified", "ancestry"] as const)("%s: comes back whole and keeps the client stopped", async (kind) => {
    const chain = await chainOf(20);
    const theirs = chain.header(9);
    const evidence: ForkEvidence = { height: 9, ours: chain.header(8).hash, theirs, kind, source: "broker one" };
    const store = storeOf(chain, [[1, 20]]);
    const name = `fork/9/${to0x(theirs.hash)}`;
    store.apply([{ kind: "record", name, bytes: utf8Bytes(writeJson(forkToJson(evidence))) }]);
    const found = restoreLightClient(store, anchorAt(chain), wireOf(chain), nowOf(chain));
    expect(found.fork).toEqual(evidence);
    expect(forkProblem(evidence)).toMatchObject({ code: "CHAIN_FORK", height: 9 });
    const client = makeClient(chain, {}, found);
    client.tick(nowOf(chain));
    expect(client.status().state).toBe("FORKED");
    const unforked = makeClient(
      chain,
      {},
      restoreLightClient(storeOf(chain, [[1, 20]]), anchorAt(chain), wireOf(chain), nowOf(chain)),
    );
    unforked.tick(nowOf(chain));
    expect(unforked.status().state).not.toBe("FORKED");
  });
});
