/** What somebody without any rights on the chain, or with rights long gone, can do to a client: cost counters. */
import { describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { makeChain } from "../support/chains.js";
import { SeededWorld } from "../support/seededWorld.js";

/** The chain's header `number` with other fields, signed by sealers of the list it carries. */
function resigned(
  chain: ChainIssuer,
  number: number,
  fields: Partial<HashedHeader["header"]>,
  signers: readonly number[],
) {
  const header = { ...chain.header(number).header, ...fields };
  const hash = headerHash(chain.suite.hash, header);
  return { header, hash, signatures: chain.sign(hash, header.sealers, signers) };
}

/** Another chain's sealers put themselves on top of this chain's header. */
function selfMade(chain: ChainIssuer, stranger: ChainIssuer, number: number): HashedHeader {
  const below = chain.header(number - 1);
  const sealers = stranger.sealers(1);
  const header = {
    ...chain.header(number).header,
    sealers,
    sealer: 0,
    parents: [{ number: number - 1, hash: below.hash }],
  };
  const hash = headerHash(stranger.suite.hash, header);
  return { header, hash, signatures: stranger.sign(hash, sealers, [0, 1, 2, 3]) };
}

describe("a stranger's own sealers", () => {
  test("right where the sealers really change: the proof decides, without a pause", async () => {
    const chain = await makeChain();
    const stranger = await makeChain({ seed: 31 });
    chain.issueMany(10);
    chain.issue({ sealers: [{ kind: "replace", count: 3 }] });
    const world = new SeededWorld({ chain, seed: 1 });
    world.run(3_000);
    expect(world.height).toBe(11);
    chain.issueMany(3);
    world.send({ kind: "head", source: "one", header: selfMade(chain, stranger, 12) });
    world.run(300);
    world.announce();
    world.run(5_000);
    expect(world.height).toBe(14);
    expect(world.refused.CHAIN_SEALERS_DIFFER).toBeGreaterThan(0);
  });

  test("where nothing changes: the next honest header is followed at once", async () => {
    const chain = await makeChain();
    const stranger = await makeChain({ seed: 32 });
    chain.issueMany(11);
    const world = new SeededWorld({ chain, seed: 2 });
    world.run(2_000);
    chain.issue();
    world.send({ kind: "head", source: "one", header: selfMade(chain, stranger, 12) });
    world.run(300);
    expect(world.height).toBe(11);
    world.announce();
    world.run(300);
    expect(world.height).toBe(12);
    expect(world.client.status().state).toBe("FOLLOWING");
  });
});

describe("a second header at a known height", () => {
  test("signed by sealers who have left since is refused, not a reason to stop", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    const world = new SeededWorld({ chain, seed: 3, client: { mode: "forward" } });
    world.run(2_000);
    for (let i = 0; i < 2; i++) {
      chain.issue({ sealers: [{ kind: "replace", count: 2 }] });
      chain.issueMany(3);
      world.announce();
      world.run(4_000);
    }
    expect(world.height).toBe(chain.height);
    const old = resigned(chain, 8, { gasUsed: "1" }, [0, 1, 2, 3]);
    world.send({ kind: "head", source: "one", header: old });
    world.run(300);
    expect(world.client.status().state).toBe("FOLLOWING");
    expect(world.refused.CHAIN_SEALERS_RETIRED).toBe(1);
  });

  test("signed by sealers in office stops the client", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    const world = new SeededWorld({ chain, seed: 4, client: { mode: "forward" } });
    world.run(2_000);
    world.send({ kind: "head", source: "one", header: resigned(chain, 8, { gasUsed: "1" }, [0, 1, 2]) });
    world.run(300);
    expect(world.client.status().state).toBe("FORKED");
  });

  test("signed by too few is refused", async () => {
    const chain = await makeChain();
    chain.issueMany(10);
    const world = new SeededWorld({ chain, seed: 5, client: { mode: "forward" } });
    world.run(2_000);
    world.send({ kind: "head", source: "one", header: resigned(chain, 8, { gasUsed: "1" }, [0, 1]) });
    world.run(300);
    expect(world.client.status().state).toBe("FOLLOWING");
    expect(world.refused.CHAIN_QUORUM).toBe(1);
  });
});

describe("a header from the future", () => {
  test("that the sealers really signed costs its source nothing and is reported", async () => {
    const chain = await makeChain();
    chain.issueMany(5);
    const world = new SeededWorld({ chain, seed: 6 });
    world.run(1_000);
    chain.issue({ timestamp: world.now + 3_600_000 });
    world.announce();
    world.run(300);
    expect(world.height).toBe(5);
    expect(world.client.status()).toMatchObject({ problem: { code: "CHAIN_HEADER_FROM_FUTURE", height: 6 } });
    expect(world.client.status().sources[0]?.score).toBe(100);
  });

  test("that nobody signed is a lie", async () => {
    const chain = await makeChain();
    chain.issueMany(6);
    const world = new SeededWorld({
      chain,
      seed: 7,
      tamper: (_, input) => (input.kind === "head" ? undefined : input),
    });
    world.run(1_000);
    const later = { timestamp: world.now + 3_600_000 };
    world.client.step({
      kind: "head",
      source: "one",
      header: { ...resigned(chain, 6, later, [0, 1, 2]), signatures: [] },
    });
    world.carryOut();
    expect(world.client.status().problem).toBeUndefined();
    expect(world.client.status().sources[0]?.score).toBeLessThan(100);
  });
});
