/** The demonstration does what it says: follows, is attacked, shows the truth. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import { startRpcServer } from "../../simulator/chain/rpcServer.js";
import { drawChain } from "../../simulator/demo/chainScreen.js";
import { ChainWorld } from "../../simulator/demo/chainWorld.js";
import { verifyRealHeaders } from "../../simulator/demo/realHeaders.js";
import { makeChain } from "../support/chains.js";
import { until } from "../support/linkContract.js";

const world = new ChainWorld();

beforeAll(() => world.start({ upstream: undefined, group: undefined }));
afterAll(() => world.stop());

test("catches up with the past and follows the living chain", async () => {
  await until(() => world.snapshot().state === "FOLLOWING" && (world.snapshot().height ?? 0) > 2_000, "the tip");
  const before = world.snapshot().height ?? 0;
  await until(() => (world.snapshot().height ?? 0) > before, "another block");
  const { verified, height, signers, lagMs } = world.snapshot();
  expect(verified).toBe(height);
  expect(signers.length).toBeGreaterThanOrEqual(3);
  expect(lagMs).toBeGreaterThan(0);
});

test("attacks are refused by a code, and the chain goes on", async () => {
  for (let i = 0; i < 25; i++) world.attack();
  await until(() => world.snapshot().attacks.every(({ refusedBy }) => refusedBy !== undefined), "all verdicts");
  const { attacks, state, height } = world.snapshot();
  expect(attacks).toHaveLength(25);
  for (const { refusedBy } of attacks) expect(refusedBy).not.toBe("WITHOUT_EFFECT");
  expect(state).toBe("FOLLOWING");
  await until(() => (world.snapshot().height ?? 0) > (height ?? 0), "another block after the attacks");
});

test("the real headers verify and the screen says so", async () => {
  const real = await verifyRealHeaders();
  expect(real.length).toBeGreaterThanOrEqual(3);
  expect(real.every(({ code }) => code === undefined)).toBe(true);
  const lines = drawChain(world.snapshot(), real, { colour: false, seconds: 7, keys: true }).join("\n");
  expect(lines).toContain(`${real.length} headers of real FISCO BCOS chains verified`);
  expect(lines).toContain("FOLLOWING");
  expect(lines).toContain("quorum 3 of 4");
  const broken = drawChain(world.snapshot(), [{ ...(real[0] as (typeof real)[number]), code: "CHAIN_QUORUM" }], {
    colour: false,
    seconds: 7,
    keys: false,
  });
  expect(broken.join("\n")).toContain("did not verify: CHAIN_QUORUM");
});

test("follows a node elsewhere by its JSON-RPC alone", async () => {
  const now = Date.now();
  const chain = await makeChain({
    profile: { suite: "sm", layout: "fisco", faultModel: "bft" },
    genesisTime: now - 60_000,
  });
  chain.issueMany(20);
  const server = await startRpcServer({ node: simulatedNode(chain) });
  const other = new ChainWorld();
  try {
    await other.start({ upstream: server.url, group: undefined });
    await until(() => other.snapshot().height === 20, "the tip of the node's chain");
    expect(other.snapshot()).toMatchObject({ suite: "sm", attacksKnown: 0 });
  } finally {
    await other.stop();
    await server.stop();
  }
});
