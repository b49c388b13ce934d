import { describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { equalBytes } from "../../src/base/bytes.js";
import type { Profile } from "../../src/codec/profile.js";
import { encodeSegment } from "../../src/codec/wire/segment.js";
import { anchorAt, FISCO, makeChain, rulesOf, wireOf } from "../support/chains.js";
import { SeededWorld } from "../support/seededWorld.js";

const EDGESEAL: Profile = { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" };
const SM: Profile = { suite: "sm", layout: "fisco", faultModel: "bft" };

/** Node id of a sealer of the next block. */
function sealer(chain: ChainIssuer, index: number): Uint8Array {
  return chain.sealers(chain.height + 1).nodeIds[index] as Uint8Array;
}

/** Every height is stored, and every stored header is the chain's own. */
function expectComplete(world: SeededWorld, chain: ChainIssuer, from = 1): void {
  let next = from;
  for (const span of world.store.spans()) {
    expect(span.start).toBe(next);
    next = span.start + span.count;
  }
  expect(next).toBe(chain.height + 1);
}

function expectTruth(world: SeededWorld, chain: ChainIssuer): void {
  for (const output of world.outputs) {
    if (output.kind !== "accepted") continue;
    expect(equalBytes(output.header.hash, chain.header(output.header.header.number).hash)).toBe(true);
  }
}

describe.each([
  ["fisco", FISCO],
  ["edgeseal", EDGESEAL],
  ["sm", SM],
])("a light client on a %s chain", (_, profile) => {
  test("skips to the tip, then fills the past in", async () => {
    const chain = await makeChain({ profile });
    chain.issueMany(100);
    const world = new SeededWorld({ chain, seed: 1 });
    world.run(100);
    expect(world.outputs.filter((output) => output.kind === "accepted")).toHaveLength(1);
    world.run(5_000);
    expect(world.height).toBe(100);
    expect(world.client.status().state).toBe("FOLLOWING");
    expect(world.client.status().missing).toBe(0);
    expectComplete(world, chain);
    expectTruth(world, chain);
    expect(world.refused).toEqual({});
  });

  test("follows sealer changes: added, removed, re-weighted, several at once", async () => {
    const chain = await makeChain({ profile });
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "add" }] });
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "add" }, { kind: "add" }] });
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "remove", nodeId: sealer(chain, 0) }] });
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "weight", nodeId: sealer(chain, 1), weight: 2n }] });
    chain.issueMany(10);
    for (const mode of ["skip", "forward"] as const) {
      const world = new SeededWorld({ chain, seed: 2, client: { mode } });
      world.run(20_000);
      expect(world.height).toBe(chain.height);
      expect(world.client.status()).toMatchObject({ state: "FOLLOWING", missing: 0 });
      expectComplete(world, chain);
      expectTruth(world, chain);
    }
  });

  test("forward mode certifies every header", async () => {
    const chain = await makeChain({ profile });
    chain.issueMany(50);
    const world = new SeededWorld({ chain, seed: 3, client: { mode: "forward" } });
    world.run(5_000);
    expect(world.client.status().counters.HEADERS_CERTIFIED).toBe(50);
    expect(world.store.spans().every(({ status }) => status === "certified")).toBe(true);
  });
});

describe("a light client", () => {
  test("follows live headers and compacts them into full segments", async () => {
    const chain = await makeChain();
    chain.issueMany(3);
    const world = new SeededWorld({ chain, seed: 4 });
    for (let i = 0; i < 40; i++) {
      world.run(1_000);
      chain.issue();
      world.announce();
    }
    world.run(2_000);
    expect(world.height).toBe(43);
    expect(world.store.spans()).toContainEqual({ start: 16, count: 16, status: "certified" });
  });

  test("calls itself SYNCING all the way when no sealer of the anchor is left", async () => {
    const chain = await makeChain();
    for (let i = 0; i < 6; i++) {
      chain.issueMany(20);
      chain.issue({ sealers: [i % 2 === 0 ? { kind: "add" } : { kind: "remove", nodeId: sealer(chain, 0) }] });
    }
    const anchorSealers = new Set(chain.sealers(0).nodeIds.map(String));
    for (let i = 0; chain.sealers(chain.height + 1).nodeIds.some((id) => anchorSealers.has(String(id))); i++) {
      const old = chain.sealers(chain.height + 1).nodeIds.find((id) => anchorSealers.has(String(id))) as Uint8Array;
      chain.issue({ sealers: [i % 2 === 0 ? { kind: "add" } : { kind: "remove", nodeId: old }] });
      chain.issueMany(5);
    }
    for (const mode of ["forward", "skip"] as const) {
      const world = new SeededWorld({ chain, seed: 21, client: { mode } });
      world.run(20_000);
      const states = world.outputs.flatMap((output) => (output.kind === "state" ? [output.state] : []));
      expect(states).toEqual(["SYNCING", "FOLLOWING"]);
      expect(world.height).toBe(chain.height);
    }
  });

  test("climbs and fills by ranges that fit when the sealers have become many", async () => {
    const chain = await makeChain();
    for (let i = 0; i < 20; i++) chain.issue({ sealers: [{ kind: "add" }, { kind: "add" }] });
    chain.issueMany(150);
    for (const mode of ["forward", "skip"] as const) {
      const world = new SeededWorld({
        chain,
        seed: 22,
        segmentSize: 128,
        retained: false,
        client: { mode, segmentSize: 128 },
      });
      world.run(60_000);
      expect(world.height).toBe(chain.height);
      expect(world.client.status().missing).toBe(0);
      expectComplete(world, chain);
    }
  });

  test("that was fed another chain's headers once asks without haste and takes nothing", async () => {
    const chain = await makeChain();
    const other = await makeChain({ seed: 77 });
    chain.issueMany(100);
    other.issueMany(10);
    const world = new SeededWorld({ chain, seed: 23 });
    const bytes = encodeSegment([other.header(10)], true, wireOf(other));
    world.store.apply([{ kind: "run", run: { start: 10, count: 1, status: "certified", bytes } }]);
    world.crash();
    world.run(30_000);
    expect(world.height).toBe(10);
    expect(Object.values(world.refused).reduce((sum, count) => sum + count, 0)).toBeLessThan(200);
  });

  test("works without retained segments and without a change index, by bisection", async () => {
    const chain = await makeChain();
    for (let i = 0; i < 6; i++) {
      chain.issueMany(20);
      chain.issue({ sealers: [{ kind: "add" }] });
    }
    chain.issueMany(20);
    const world = new SeededWorld({
      chain,
      seed: 5,
      retained: false,
      tamper: (_, input) => (input.kind === "changeIndex" ? undefined : input),
    });
    world.run(60_000);
    expect(world.height).toBe(chain.height);
    expect(world.client.status()).toMatchObject({ state: "FOLLOWING", missing: 0 });
    expectTruth(world, chain);
  });

  test("crashes at any moment lose nothing that was acknowledged", async () => {
    const chain = await makeChain();
    for (let i = 0; i < 4; i++) {
      chain.issueMany(30);
      chain.issue({ sealers: [i % 2 === 0 ? { kind: "add" } : { kind: "remove", nodeId: sealer(chain, 0) }] });
    }
    chain.issueMany(30);
    for (let seed = 0; seed < 20; seed++) {
      const world = new SeededWorld({ chain, seed, faults: { lost: 0.1, repeated: 0.1, delayMs: 400 } });
      for (let crash = 0; crash < 5; crash++) {
        world.run(100 + 100 * ((seed + crash) % 7));
        const before = world.height ?? 0;
        world.crash();
        expect(world.height).toBeGreaterThanOrEqual(before);
      }
      for (let i = 0; i < 60 && (world.height !== chain.height || world.client.status().missing > 0); i++) {
        world.announce();
        world.run(5_000);
      }
      expect(world.height).toBe(chain.height);
      expectComplete(world, chain);
      expectTruth(world, chain);
    }
  });

  test("keeps only the window it is told to", async () => {
    const chain = await makeChain();
    chain.issueMany(200);
    const world = new SeededWorld({ chain, seed: 6, client: { windowHeaders: 64 } });
    world.run(10_000);
    for (let i = 0; i < 40; i++) {
      chain.issue();
      world.announce();
      world.run(1_000);
    }
    const [first] = world.store.spans();
    expect(first?.start).toBeGreaterThan(240 - 64 - 32);
    expect(world.client.status().missing).toBe(0);
  });

  test("starts from the hash of a block 0 that lists the sealers", async () => {
    const chain = await makeChain();
    chain.issueMany(30);
    const anchor = anchorAt(chain, 0, { sealers: undefined });
    const world = new SeededWorld({ chain, seed: 7, client: { anchor } });
    world.run(5_000);
    expect(world.height).toBe(30);
  });

  test("refuses an anchor hash that is not the chain's", async () => {
    const chain = await makeChain();
    const other = await makeChain({ seed: 99 });
    chain.issueMany(30);
    const anchor = anchorAt(other, 0, { sealers: undefined });
    const world = new SeededWorld({ chain, seed: 8, client: { anchor } });
    world.run(30_000);
    expect(world.height).toBeUndefined();
    expect(world.refused.CHAIN_ANSWER_UNASKED).toBeGreaterThan(0);
  });

  test("never says it follows while its only source is gone", async () => {
    const chain = await makeChain();
    chain.issueMany(5);
    const world = new SeededWorld({ chain, seed: 9 });
    world.run(1_000);
    world.client.step({ kind: "disconnected", source: "one" });
    expect(world.client.status().state).toBe("OFFLINE");
  });

  test("calls itself stale when no header comes for long", async () => {
    const chain = await makeChain();
    chain.issueMany(5);
    const world = new SeededWorld({ chain, seed: 10, client: { staleAfterMs: 60_000 } });
    world.run(1_000);
    expect(world.client.status().state).toBe("FOLLOWING");
    world.run(70_000);
    expect(world.client.status().state).toBe("STALE");
    chain.issue({ timestamp: world.now });
    world.announce();
    world.run(200);
    expect(world.client.status().state).toBe("FOLLOWING");
  });

  test("accepts nothing while the clock is not set", async () => {
    const chain = await makeChain();
    chain.issueMany(5);
    const world = new SeededWorld({ chain, seed: 11 });
    world.client.step({ kind: "clock", set: false });
    world.run(1_000);
    expect(world.height).toBe(0);
    expect(world.client.status().state).toBe("CLOCK_UNSET");
    world.client.step({ kind: "clock", set: true });
    world.announce();
    world.run(1_000);
    expect(world.height).toBe(5);
  });

  test("stops trusting a header that is older than the trusting period", async () => {
    const chain = await makeChain({ blockIntervalMs: 24 * 3_600_000 });
    chain.issueMany(40);
    const world = new SeededWorld({ chain, seed: 12 });
    world.run(1_000);
    expect(world.height).toBe(0);
    expect(world.client.status()).toMatchObject({ state: "TRUST_EXPIRED", problem: { code: "CHAIN_TRUST_EXPIRED" } });
  });

  test("two certified headers at one height: stops, keeps both, stays stopped after a restart", async () => {
    const chain = await makeChain();
    chain.issueMany(20);
    const world = new SeededWorld({ chain, seed: 13 });
    world.run(3_000);
    // The same sealers sign another block 20: only possible when more than a third of them lie.
    const twin = await makeChain();
    twin.issueMany(19);
    const other = twin.issue({ transactions: 1 });
    expect(equalBytes(other.hash, chain.header(20).hash)).toBe(false);
    world.send({ kind: "head", source: "one", header: other });
    world.run(200);
    expect(world.client.status()).toMatchObject({ state: "FORKED", problem: { code: "CHAIN_FORK", height: 20 } });
    chain.issueMany(5);
    world.announce();
    world.run(2_000);
    expect(world.height).toBe(20);
    world.crash();
    world.run(2_000);
    expect(world.client.status().state).toBe("FORKED");
    expect(world.height).toBe(20);
  });

  test("a sealer rotation too large for overlap: proven by the block that ordered it", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "replace", count: 3 }] });
    chain.issueMany(10);
    const world = new SeededWorld({ chain, seed: 14 });
    world.run(10_000);
    expect(world.outputs.some((output) => output.kind === "unproven")).toBe(true);
    expect(world.outputs.some((output) => output.kind === "accepted" && output.via === "change-proof")).toBe(true);
    expect(world.height).toBe(chain.height);
    expectTruth(world, chain);
  });

  test("the same rotation ordered by somebody the anchor does not name: stops and says what it needs", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "replace", count: 3 }] });
    chain.issueMany(10);
    const world = new SeededWorld({ chain, seed: 15, client: { anchor: anchorAt(chain, 0, { governors: [] }) } });
    world.run(10_000);
    expect(world.height).toBe(11);
    expect(world.client.status()).toMatchObject({
      state: "SEALERS_UNPROVEN",
      problem: { code: "CHAIN_CHANGE_UNPROVEN", height: 11 },
    });
    // A wrong hash is no acceptance; the right one is.
    world.client.step({ kind: "acceptSealers", number: 12, hash: new Uint8Array(32) });
    expect(world.height).toBe(11);
    world.client.step({ kind: "acceptSealers", number: 12, hash: chain.header(12).hash });
    world.carryOut();
    world.announce();
    world.run(5_000);
    expect(world.height).toBe(chain.height);
  });

  test("trust-level mode follows a larger change, and is refused on crash chains", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "replace", count: 2 }] });
    chain.issueMany(10);
    const rules = rulesOf(chain, { trustLevel: "third" });
    const world = new SeededWorld({
      chain,
      seed: 16,
      client: { rules, anchor: anchorAt(chain, 0, { governors: [] }) },
    });
    world.run(10_000);
    expect(world.height).toBe(chain.height);
    const crash = await makeChain({ profile: { ...FISCO, faultModel: "crash" } });
    crash.issueMany(3);
    expect(
      () => new SeededWorld({ chain: crash, seed: 17, client: { rules: rulesOf(crash, { trustLevel: "third" }) } }),
    ).toThrow("ANCHOR_TRUST_LEVEL_ON_CRASH");
  });

  test("one liar among three sources does not stop it", async () => {
    const chain = await makeChain();
    const forged = await makeChain({ seed: 1234 });
    chain.issueMany(60);
    forged.issueMany(90);
    const world = new SeededWorld({
      chain,
      seed: 18,
      sources: ["liar", "slow", "good"],
      tamper: (source, input) => {
        if (source === "slow") return undefined;
        if (source !== "liar") return input;
        if (input.kind === "head") return { ...input, header: forged.head };
        if (input.kind === "segment" || input.kind === "headers") {
          const from = input.stretch.headers[0]?.header.number ?? 1;
          const headers = forged.headers(from, from + input.stretch.headers.length - 1);
          return { ...input, stretch: { headers, signed: true, signedHeaders: () => headers } };
        }
        return input;
      },
    });
    world.run(120_000);
    expect(world.height).toBe(60);
    expect(world.client.status().missing).toBe(0);
    expectTruth(world, chain);
    const liar = world.client.status().sources.find(({ name }) => name === "liar");
    expect(liar?.score).toBeLessThan(100);
  });
});
