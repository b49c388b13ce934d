import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FleetPlan } from "../../../simulator/fleet/plan.js";
import { durationMs, sharePpm } from "../../../simulator/fleet/scenario/amounts.js";
import { loadScenario, parseScenario, scenarioNames } from "../../../simulator/fleet/scenario/load.js";
import { codeOf } from "../../../src/base/error.js";
import { describe as inWords } from "../../../src/text/describe.js";

const SHIPPED = ["apartment-block", "cold-chain", "factory-line", "smart-home"];
const GOOD = `
name: Try
duration: 60s
devices: 10
home:
  - { model: lamp, every: 1s }
`;
const folder = mkdtempSync(join(tmpdir(), "edgeseal-scenario-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(text: string): Promise<{ code: string; field?: string; line?: number; path?: string }> {
  try {
    await parseScenario("mine.yaml", text);
  } catch (thrown) {
    expect(inWords(thrown).sentence).toContain("mine.yaml");
    return { code: codeOf(thrown), ...(inWords(thrown).data as object) };
  }
  return { code: "none" };
}

describe("amounts", () => {
  test("are read as people write them", () => {
    expect(["250ms", "30s", "1.5h", "1d", "0s"].map(durationMs)).toEqual([250, 30_000, 5_400_000, 86_400_000, 0]);
    expect(["", "5", "5 m", "-1s", "1e3s", "32d"].map(durationMs)).toEqual(new Array(6).fill(undefined));
    expect(["5%", "0.25%", "100%"].map(sharePpm)).toEqual([50_000, 2_500, 1_000_000]);
    expect(["101%", "5", "%", "-5%"].map(sharePpm)).toEqual(new Array(4).fill(undefined));
  });
});

describe("the scenarios that come with the package", () => {
  test("are there, are read, and fit the published schema", async () => {
    expect(scenarioNames()).toEqual(SHIPPED);
    const schema = JSON.parse(readFileSync("simulator/fleet/scenario.schema.json", "utf8"));
    const validate = new Ajv2020().compile(schema);
    for (const name of SHIPPED) {
      const scenario = await loadScenario(name);
      expect(scenario.faults.length).toBeGreaterThan(2);
      const plain = parse(readFileSync(`simulator/fleet/scenarios/${name}.yaml`, "utf8"));
      expect(validate(plain), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...plain, colour: "red" })).toBe(false);
    }
  });
});

describe("a scenario file", () => {
  test("gets defaults, and amounts as numbers", async () => {
    const scenario = await parseScenario("mine.yaml", GOOD);
    expect(scenario).toMatchObject({ duration: 60_000, gateways: 1, joins: { over: { ppm: 100_000 } }, faults: [] });
    expect(scenario.home[0]).toMatchObject({ model: "lamp", count: 1, every: 1_000 });
  });

  test.each([
    ["a word that is no YAML", "name: [", { code: "FLEET_SCENARIO_YAML", line: 1 }],
    ["a key that is there twice", `${GOOD}name: Again\n`, { code: "FLEET_SCENARIO_YAML" }],
    ["nothing", "", { code: "FLEET_SCENARIO_VALUE", field: "" }],
    ["an unknown setting", `${GOOD}colour: red\n`, { code: "FLEET_SCENARIO_KEY_UNKNOWN", field: "colour" }],
    [
      "an unknown setting inside",
      GOOD.replace("every: 1s", "every: 1s, size: 3"),
      { code: "FLEET_SCENARIO_KEY_UNKNOWN", field: "home[0].size" },
    ],
    ["a bad duration", GOOD.replace("60s", "soon"), { code: "FLEET_SCENARIO_VALUE", field: "duration" }],
    ["an unknown model", GOOD.replace("lamp", "toaster"), { code: "FLEET_SCENARIO_VALUE", field: "home[0].model" }],
    ["too many devices", GOOD.replace("10", "999999999"), { code: "FLEET_SCENARIO_VALUE", field: "devices" }],
    [
      "an unknown fault",
      `${GOOD}faults:\n  - { kind: flood, at: 5% }\n`,
      { code: "FLEET_SCENARIO_VALUE", field: "faults[0].kind" },
    ],
    [
      "a share of more than the whole",
      `${GOOD}faults:\n  - { kind: drop, at: 5%, share: 300%, away: 1s }\n`,
      { code: "FLEET_SCENARIO_VALUE", field: "faults[0].share" },
    ],
    [
      "a fault after the end",
      `${GOOD}faults:\n  - { kind: drop, at: 2m, share: 3%, away: 1s }\n`,
      { code: "FLEET_SCENARIO_VALUE", field: "faults[0].at" },
    ],
    [
      "an alarm where nobody can smell it",
      `${GOOD}faults:\n  - { kind: alarm, at: 5%, for: 1s, model: smoke, share: 3% }\n`,
      { code: "FLEET_SCENARIO_VALUE", field: "faults[0].model" },
    ],
    [
      "a network that is fastest when slowest",
      `${GOOD}network: { least: 2s, most: 1s }\n`,
      { code: "FLEET_SCENARIO_VALUE", field: "network.least" },
    ],
    [
      "references without end",
      `${GOOD}about: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      { code: "FLEET_SCENARIO_YAML" },
    ],
  ])("with %s is refused, and the place is named", async (_what, text, expected) => {
    expect(await refusal(text)).toMatchObject({ ...expected, path: "mine.yaml" });
  });

  test("that is not there, too large or of an unknown name is refused", async () => {
    const large = join(folder, "large.yaml");
    writeFileSync(large, `${GOOD}${"#".repeat(300_000)}`);
    await expect(loadScenario(large)).rejects.toMatchObject({ code: "FLEET_SCENARIO_TOO_LARGE" });
    await expect(loadScenario(join(folder, "none.yaml"))).rejects.toMatchObject({ code: "FLEET_SCENARIO_UNREADABLE" });
    await expect(loadScenario("space-station")).rejects.toMatchObject({
      problem: { code: "FLEET_SCENARIO_UNKNOWN", known: SHIPPED },
    });
  });
});

describe("a plan", () => {
  test("gives ids that lead back to their devices, and nobody else's", async () => {
    const plan = new FleetPlan({ scenario: await parseScenario("m", GOOD), devices: 10, seed: 1, runMs: 60_000 });
    for (let index = 0; index < 10; index++) expect(plan.indexOf(plan.idOf(index))).toBe(index);
    for (const id of ["sim-000010", "sim-1", "sim-0000001", "other", "sim-00000x"]) {
      expect(plan.indexOf(id)).toBe(undefined);
    }
  });

  test("picks the same devices in one process and in several", async () => {
    const text = `${GOOD}faults:\n  - { kind: drop, at: 5%, share: 10%, away: 1s }\n`;
    const size = { scenario: await parseScenario("m", text), devices: 1_000, seed: 3, runMs: 60_000 };
    const whole = new FleetPlan(size).picked(0);
    const parts = [0, 400, 800].flatMap((first) => {
      const share = { first, count: Math.min(400, 1_000 - first) };
      return new FleetPlan({ ...size, share }).pickedHere(0).map((own) => own + first);
    });
    expect(parts).toEqual(whole);
    expect(whole.length).toBeGreaterThan(60);
    expect(whole.length).toBeLessThan(150);
  });
});
