/** The demonstration of the home: devices of several makers act, with the chain and without it, and what is shown is true. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Arrivals } from "../../simulator/demo/arrivals.js";
import { drawHome, homeLine } from "../../simulator/demo/homeScreen.js";
import { type HomeSnapshot, HomeWorld } from "../../simulator/demo/homeWorld.js";
import { HELP, readOptions } from "../../simulator/demo/options.js";
import { verifyRealHeaders } from "../../simulator/demo/realHeaders.js";
import { checkReceipts } from "../../src/node/commands/receipt.js";

/** Two rounds of the story. */
const LIMIT_MS = 60_000;
const LIES = 7;
const folder = mkdtempSync(join(tmpdir(), "edgeseal-test-demo-"));
const world = new HomeWorld();

beforeAll(() => world.start({ folder }), LIMIT_MS);
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

/** The first snapshot that fits. */
async function when(what: string, fits: (home: HomeSnapshot) => boolean): Promise<HomeSnapshot> {
  return await vi
    .waitUntil(
      () => {
        const home = world.snapshot();
        return fits(home) ? home : undefined;
      },
      { timeout: LIMIT_MS, interval: 20 },
    )
    .catch((thrown: unknown) => {
      throw new Error(`never: ${what}; ${homeLine(world.snapshot())}`, { cause: thrown });
    });
}

const done = ({ act }: HomeSnapshot): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    act.results
      .filter(({ result }) => result === "done" || result === "sent")
      .map(({ device, value }) => [device, value]),
  );

test("every device is there, and smoke closes the gas, opens the window and lights the way out", {
  timeout: LIMIT_MS,
}, async () => {
  const home = await when("smoke", (one) => one.act.title.startsWith("Smoke") && one.act.results.length === 3);
  expect(home.gateway).toMatchObject({ devices: 7, online: 7, rules: { active: 1, scenes: 3, mistakes: 0 } });
  expect(done(home)).toEqual({ "gas-valve": false, "window-kitchen": true, "light-hall": true });
  expect(home.truth).toMatchObject({ smoke: true, valveOpen: false, windowOpen: true, lampOn: true });
  expect(home.lastNotice).toContain("Smoke in the kitchen");
  expect(home.linkage.count).toBe(3);
  expect(home.linkage.lastMs).toBeGreaterThan(0);
  const believed = await when("the meter", (one) => one.believed.meter?.power !== undefined);
  expect(believed.believed.meter?.power).toBeGreaterThanOrEqual(2_300);
});

test("what smoke has set is put back, and whoever leaves leaves everything shut", { timeout: LIMIT_MS }, async () => {
  const clear = await when("all clear", (one) => one.act.title.includes("all-clear") && one.act.results.length === 3);
  expect(done(clear)).toEqual({ "gas-valve": true, "window-kitchen": false, "light-hall": false });
  const away = await when("leaving", (one) => one.act.title.includes("leaving") && one.act.results.length === 4);
  expect(done(away)).toEqual({ "light-hall": false, "gas-valve": false, "window-kitchen": false, "lock-door": true });
  expect(away.truth).toMatchObject({ valveOpen: false, windowOpen: false, doorLocked: true, lampOn: false });
});

test("rules and scenes go on while the chain is cut off, and the chain is followed again afterwards", {
  timeout: 3 * LIMIT_MS,
}, async () => {
  await world.toggleChain();
  const before = await when("the chain is missed", ({ cut, state }) => cut && state !== "FOLLOWING");
  const after = await when(
    "another smoke and another leaving",
    (one) =>
      one.smokes > before.smokes && one.leavings > before.leavings && one.linkage.count >= before.linkage.count + 3,
  );
  expect(after.height).toBe(before.height);
  expect(after.headerAgeMs).toBeGreaterThan(before.headerAgeMs as number);
  expect(after.receipts).toBeGreaterThan(before.receipts);
  expect(after.ruleRefusals).toBe(0);
  expect(drawHome(after, [], { colour: false, seconds: 1, keys: true }).join("\n")).toContain("CUT OFF");
  await world.toggleChain();
  await when("new headers", ({ state, height }) => state === "FOLLOWING" && (height ?? 0) > (before.height ?? 0));
});

test("every lie of a stranger is refused by its own code", { timeout: LIMIT_MS }, async () => {
  for (let told = 1; told <= LIES; told++) {
    await when(`lie ${told}`, ({ lies }) => {
      if (lies.length < told) world.attack();
      return lies.length >= told && lies.every(({ refusedBy }) => refusedBy !== undefined);
    });
  }
  const { lies, gateway } = world.snapshot();
  expect(new Set(lies.map(({ refusedBy }) => refusedBy)).size).toBe(LIES);
  expect(gateway?.online).toBe(7);
});

test("the picture fits a small terminal, always has as many lines, and tells the latency", async () => {
  const home = world.snapshot();
  const lines = drawHome(home, await verifyRealHeaders(), {
    colour: false,
    seconds: 100_000,
    keys: true,
  });
  expect(lines).toHaveLength(24);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  const text = lines.join("\n");
  for (const maker of ["Zigbee2MQTT", "edgeseal", "Tasmota", "Modbus TCP"]) expect(text).toContain(maker);
  expect(text).toMatch(/sensor to command {2}last [\d.]+ ms {2}p50 [\d.]+ ms {2}p99 [\d.]+ ms {2}of \d+/);
  const empty = { ...home, act: { title: "x", results: [] }, believed: {}, gateway: undefined };
  expect(drawHome(empty, [], { colour: false, seconds: 1, keys: true })).toHaveLength(24);
  expect(homeLine(home)).toContain("sensor to command");
});

test("the receipts that it leaves behind are whole, in a row, fit their inputs, and stand under signed heads", {
  timeout: LIMIT_MS,
}, async () => {
  const { receipts, lastReceipt, signedTo } = world.snapshot();
  expect(signedTo).toBeGreaterThan(0);
  await world.stop();
  const checked = await checkReceipts({ dataDir: join(folder, "gateway", "data"), suite: "ecdsa" });
  expect(checked.faults).toEqual([]);
  expect(checked.signed).toBeGreaterThanOrEqual(signedTo);
  expect(checked.receipts.map(({ hash }) => hash)).toContain(lastReceipt);
  expect(checked.receipts.length).toBeGreaterThanOrEqual(receipts);
  expect(new Set(checked.receipts.map(({ rule }) => rule))).toContain("scene/leaving-home");
});

test("the home's files are shipped", () => {
  const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: string[] };
  expect(files).toContain("simulator/demo/home");
});

test("options: the home is the default, a node elsewhere means the chain alone, nonsense is refused", () => {
  expect(readOptions(["--plain"])).toMatchObject({ chainOnly: false, mode: "plain", cutChainAfterS: 0 });
  expect(readOptions(["--cut-chain-after", "9", "--json"])).toMatchObject({ cutChainAfterS: 9, mode: "json" });
  expect(readOptions(["--upstream", "http://127.0.0.1:1"])).toMatchObject({ chainOnly: true });
  expect(readOptions(["--chain-only", "--cut-chain-after", "9"])).toContain("are for the home");
  expect(readOptions(["--seconds", "many"])).toContain("take numbers");
  expect(readOptions(["--unknown"])).toContain("--unknown");
  expect(readOptions(["--help"])).toBe(HELP);
});

test("arrivals: the first command of each device counts, and what was not asked for does not", () => {
  const arrivals = new Arrivals();
  arrivals.arrived("valve", 5);
  arrivals.trigger(["valve", "lamp"], 100);
  arrivals.arrived("valve", 104);
  arrivals.arrived("valve", 150);
  expect(arrivals.missing).toEqual(["lamp"]);
  arrivals.arrived("lamp", 110);
  expect(arrivals.figures).toEqual({ count: 2, lastMs: 10, p50Ms: 4, p99Ms: 10 });
  arrivals.trigger(["valve"], 200);
  expect(arrivals.figures).toMatchObject({ count: 2, lastMs: undefined });
});
