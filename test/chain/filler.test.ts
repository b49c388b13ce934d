/** The way back through holes that a store was left with, and what does not fit into them. */
import { describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import type { LightInput } from "../../src/chain/lightMessages.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { decodeSegment, encodeSegment } from "../../src/codec/wire/segment.js";
import { makeChain, wireOf } from "../support/chains.js";
import { SeededWorld, type WorldOptions } from "../support/seededWorld.js";

async function worldWithHoles(changed: Partial<WorldOptions> = {}) {
  const chain = await makeChain();
  chain.issueMany(100);
  const world = new SeededWorld({ chain, seed: 3, ...changed });
  return { chain, world };
}

/** Puts runs on the disk behind the client's back and starts it again. */
function leave(chain: ChainIssuer, world: SeededWorld, runs: readonly (readonly [number, number])[]): void {
  for (const [start, end] of runs) {
    const bytes = encodeSegment(chain.headers(start, end), true, wireOf(chain));
    world.store.apply([{ kind: "run", run: { start, count: end - start + 1, status: "certified", bytes } }]);
  }
  world.crash();
}

/** Every height from 1 on is stored, once, with the chain's own hash. */
function expectWhole(chain: ChainIssuer, world: SeededWorld): void {
  let next = 1;
  for (const { start, count } of world.store.spans()) {
    expect(start).toBe(next);
    const { headers } = decodeSegment(world.store.run(start)!.bytes, wireOf(chain));
    for (const { header, hash } of headers) expect(hash).toEqual(chain.header(header.number).hash);
    next += count;
  }
  expect(next).toBe(chain.height + 1);
}

/** A header like the chain's own, but for its gas: the hash is another, the sealers have signed it or not. */
function forged(chain: ChainIssuer, number: number): HashedHeader {
  const header = { ...chain.header(number).header, gasUsed: "1" };
  return { header, hash: headerHash(chain.suite.hash, header), signatures: [] };
}

describe.each([true, false])("segments retained: %s", (retained) => {
  test("fills every hole of its store, newest first, and nothing twice", async () => {
    const { chain, world } = await worldWithHoles({ retained });
    leave(chain, world, [
      [1, 3],
      [10, 20],
      [33, 47],
      [49, 49],
    ]);
    expect(world.client.status().missing).toBe(6 + 12 + 1);
    world.run(8_000);
    expect(world.height).toBe(100);
    expect(world.client.status().missing).toBe(0);
    expectWhole(chain, world);
    const linked = world.outputs.flatMap((output) => (output.kind === "linked" ? [[output.from, output.to]] : []));
    const covered = linked.flatMap(([from, to]) => Array.from({ length: to! - from! + 1 }, (_, i) => from! + i));
    expect(new Set(covered).size).toBe(covered.length);
    expect(covered.indexOf(60)).toBeLessThan(covered.indexOf(5));
  });
});

describe("what does not fit", () => {
  /** Replaces what one of two sources answers about the past. */
  function lying(chain: ChainIssuer, lie: (headers: readonly HashedHeader[]) => HashedHeader[]) {
    return (source: string, input: LightInput): LightInput | undefined => {
      if (source !== "liar" || (input.kind !== "segment" && input.kind !== "headers")) return input;
      const bytes = encodeSegment(
        lie(chain.headers(input.stretch.headers[0]!.header.number, input.stretch.headers.at(-1)!.header.number)),
        true,
        wireOf(chain),
      );
      return { ...input, stretch: { ...decodeSegment(bytes, wireOf(chain)), bytes } };
    };
  }

  test.each<[string, (chain: ChainIssuer) => (headers: readonly HashedHeader[]) => HashedHeader[], string]>([
    [
      "a changed header",
      (chain) => (headers) => headers.with(1, forged(chain, headers[1]!.header.number)),
      "CHAIN_LINK_BROKEN",
    ],
    ["headers from elsewhere", (chain) => () => chain.headers(40, 42), "CHAIN_ANSWER_UNASKED"],
    [
      "the upper end missing",
      () => (headers) => headers.slice(0, Math.max(1, headers.length - 1)),
      "CHAIN_ANSWER_UNASKED",
    ],
  ])("%s costs the liar, and the honest source fills the hole", async (_, lie, code) => {
    const chain = await makeChain();
    chain.issueMany(100);
    const world = new SeededWorld({ chain, seed: 5, sources: ["liar", "honest"], tamper: lying(chain, lie(chain)) });
    world.run(60_000);
    expect(world.height).toBe(100);
    expect(world.client.status().missing).toBe(0);
    expect(world.client.status().state).toBe("FOLLOWING");
    expectWhole(chain, world);
    expect(world.refused[code] ?? 0).toBeGreaterThan(0);
  });

  test("a past that does not end in the certified header below is a fork", async () => {
    const { chain, world } = await worldWithHoles();
    const other = forged(chain, 10);
    const signatures = chain.sign(other.hash, other.header.sealers, [0, 1, 2, 3]);
    const bytes = encodeSegment([{ ...other, signatures }], true, wireOf(chain));
    world.store.apply([{ kind: "run", run: { start: 10, count: 1, status: "certified", bytes } }]);
    world.crash();
    world.run(8_000);
    expect(world.client.status().state).toBe("FORKED");
    const fork = world.outputs.find(({ kind }) => kind === "fork");
    expect(fork).toMatchObject({ evidence: { height: 10, kind: "ancestry", ours: other.hash } });
    expect(world.store.recordNames("fork/")).toHaveLength(1);
    world.crash();
    world.run(1_000);
    expect(world.client.status().state).toBe("FORKED");
  });
});
