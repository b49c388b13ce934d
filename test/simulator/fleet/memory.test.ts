import { describe, expect, test } from "vitest";
import type { FleetResult } from "../../../simulator/fleet/result.js";
import { runFleet } from "../../../simulator/fleet/runFleet.js";
import type { Scenario } from "../../../simulator/fleet/scenario/schema.js";
import { tryScenario } from "./tryScenario.js";

const run = (scenario: Scenario, seed = 1): Promise<FleetResult> =>
  runFleet({ scenario, place: { kind: "memory" }, seed });

const withFault = async (fault: string, more = "") => run(await tryScenario(`[${fault}]`, more));

describe("a fleet in memory", () => {
  test("does the same again from the same seed, and something else from another", async () => {
    const scenario = await tryScenario(
      "[{ kind: drop, at: 30%, share: 20%, away: 5s }, { kind: malicious, share: 5%, does: forger, every: 1s }]",
      "network: { least: 1ms, most: 50ms, loss: 1% }\ncommands: { every: 1s }\nsigned: 10%",
    );
    const [first, again, other] = [await run(scenario, 5), await run(scenario, 5), await run(scenario, 6)];
    expect(first.trace).toMatch(/^[0-9a-f]{16}$/);
    expect(again.trace).toBe(first.trace);
    expect(again.counts).toEqual(first.counts);
    expect(again.latency).toEqual(first.latency);
    expect(other.trace).not.toBe(first.trace);
  });

  test("without faults loses, refuses and doubts nothing", async () => {
    const { counts, connectedMost, latency } = await run(await tryScenario("[]", "commands: { every: 500ms }"));
    expect(connectedMost).toBe(100);
    expect(Object.keys(counts).filter((name) => /^(refused|lost|injected|device|connects\.failed)/.test(name))).toEqual(
      [],
    );
    expect(counts.losses ?? 0).toBe(0);
    expect(counts["readings.astray"] ?? 0).toBe(0);
    expect(counts.births).toBe(100);
    // Every second of about 59 each, and the ones after connecting.
    expect(counts.readings).toBeGreaterThan(5_700);
    expect(counts["acks.done"]).toBeGreaterThan(110);
    // Only the newest reading of a device on its way is timed.
    expect(latency.count).toBeGreaterThan((counts.readings ?? 0) * 0.99);
    expect(latency.p99Ms).toBeLessThanOrEqual(20);
  });

  test("loses messages where the network does", async () => {
    const { counts } = await run(await tryScenario("[]", "network: { least: 1ms, most: 5ms, loss: 10% }"));
    expect(counts["network.lost"]).toBeGreaterThan(400);
    expect((counts.readings ?? 0) + (counts["network.lost"] ?? 0)).toBeGreaterThan(5_700);
  });

  test("runs a day of a thousand devices, in less than a day", async () => {
    const scenario = { ...(await tryScenario()), duration: 86_400_000 };
    const rare = { ...scenario, home: scenario.home.map((kind) => ({ ...kind, every: 900_000 })) };
    const result = await runFleet({ scenario: rare, place: { kind: "memory" }, devices: 1_000 });
    expect(result.durationMs).toBe(86_400_000);
    expect(result.samples.length).toBe(300);
    expect(result.counts.readings).toBeGreaterThan(95_000);
  });

  test("ends early when it is told to, and says how far it came", async () => {
    const abort = new AbortController();
    const scenario = await tryScenario();
    const result = await runFleet({
      ...{ scenario, place: { kind: "memory" }, signal: abort.signal },
      onProgress: ({ atMs }) => {
        if (atMs >= 5_000) abort.abort();
      },
    });
    expect(result.durationMs).toBe(5_000);
  });
});

describe("a fault", () => {
  test("storm: more messages while it lasts", async () => {
    const { faults } = await withFault("{ kind: storm, at: 20s, for: 10s, share: 100%, factor: 3 }");
    const { publishesPerSecond = 0, publishesPerSecondBefore = 0 } = faults[0]?.effects ?? {};
    expect(publishesPerSecondBefore).toBeGreaterThan(95);
    expect(publishesPerSecond).toBeGreaterThan(3 * publishesPerSecondBefore);
  });

  test("drop: the will is said at once, and the devices come back newly born", async () => {
    const { faults, counts } = await withFault("{ kind: drop, at: 20s, share: 30%, away: 5s }");
    const [drop] = faults;
    expect(drop?.devices).toBeGreaterThan(15);
    expect(drop).toMatchObject({ injected: drop?.devices, effects: { deathsHeard: drop?.devices } });
    expect(drop?.effects.backAfterMs).toBeLessThanOrEqual(4_000);
    expect(counts.births).toBe(100 + (drop?.devices ?? 0));
    expect(counts.missed).toBeGreaterThan(4 * (drop?.devices ?? 0));
  });

  test("silent drop: the broker says the will when the keep alive is over, if they are not back before", async () => {
    const late = await withFault("{ kind: drop, at: 20s, share: 30%, away: 20s, how: silent }");
    const [drop] = late.faults;
    expect(drop?.effects.deathsHeard).toBe(drop?.devices);
    const deaths = late.samples.findIndex(({ atMs }) => atMs === 20_000);
    expect(late.samples[deaths + 3]?.connected).toBe(100 - (drop?.devices ?? 0));
  });

  test("restart of the broker: everybody is lost, and everybody returns, not at one moment", async () => {
    const scenario = await tryScenario("[{ kind: brokerRestart, at: 20s, down: 1s }]");
    const { faults, counts, samples } = await run({ ...scenario, reconnect: { spread: 10_000, max: 30_000 } });
    const effects: Record<string, number> = faults[0]?.effects ?? {};
    expect(effects.connectionsLost).toBe(101);
    expect(counts.births).toBe(200);
    expect(effects.peakOverMean).toBeLessThanOrEqual(3);
    expect(effects.meanConnectsPerSecond).toBeGreaterThan(5);
    expect(samples.at(-1)?.connected).toBe(100);
  });

  test("drift: the readings of these sensors, and of no others, leave the truth", async () => {
    const { faults } = await withFault("{ kind: drift, at: 10s, share: 20%, perHour: 1000000 }");
    const [drift] = faults;
    expect(drift?.devices).toBeGreaterThan(5);
    expect(drift?.effects.devicesAstray).toBe(drift?.devices);
  });

  test("alarm: smoke is heard of, only while there is any", async () => {
    const { faults, samples } = await withFault("{ kind: alarm, at: 20s, for: 10s, model: smoke, share: 50% }");
    const [alarm] = faults;
    expect(alarm?.effects.alarmingReadings).toBeGreaterThanOrEqual(10 * (alarm?.injected ?? 0));
    expect(alarm?.effects.alarmingReadings).toBeLessThanOrEqual(12 * (alarm?.injected ?? 0));
    expect(samples.length).toBe(60);
  });

  test.each([
    ["forger", ["DEVICE_UNKNOWN", "BIRTH_OTHER"]],
    ["replayer", ["SEQUENCE_OLD"]],
    ["outOfRange", ["VALUE_RANGE"]],
    ["wrongType", ["VALUE_TYPE"]],
    ["flooder", ["RATE_EXCEEDED"]],
    ["garbage", ["WIRE_UNEXPECTED_TYPE"]],
    ["clone", ["DEVICE_CLONED"]],
  ])("malicious %s: the gateway notices, and honest devices are heard", async (does, codes) => {
    const { faults, counts } = await withFault(`{ kind: malicious, at: 5s, share: 3%, does: ${does}, every: 1s }`);
    const [malice] = faults;
    expect(malice?.injected).toBeGreaterThan(0);
    for (const code of codes) expect(malice?.effects[code], code).toBeGreaterThan(0);
    // Ninety and more of a hundred go on undisturbed.
    expect(counts.readings).toBeGreaterThan(5_000);
  });
});
