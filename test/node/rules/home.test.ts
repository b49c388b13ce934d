import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadProfiles } from "../../../src/node/profiles/library.js";
import { filesIn, loadHome } from "../../../src/node/rules/home.js";
import { parseRuleFile } from "../../../src/node/rules/read.js";
import { hash } from "../../device/rules/world.js";

const EXAMPLES = resolve(import.meta.dirname, "../../../docs/examples");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

async function home(folder: string) {
  const { profiles } = await loadProfiles();
  return await loadHome({ files: filesIn(folder), hash, profile: (id) => profiles.get(id) });
}

describe("the examples", () => {
  for (const name of ["smart-home", "apartment-block", "factory-line", "cold-chain"]) {
    test(`${name}: everything compiles and the analyser lets it through`, async () => {
      const found = await home(join(EXAMPLES, name));
      expect(found.mistakes).toEqual([]);
      expect(found.analysis.findings.filter(({ level }) => level === "error")).toEqual([]);
      expect(found.rules.length).toBeGreaterThan(0);
      expect(found.rules.every(({ status }) => status === "ACTIVE")).toBe(true);
    });
  }
});

describe("mistakes in files", () => {
  test("of the devices are not hidden behind rules that cannot find them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rules-"));
    folders.push(folder);
    mkdirSync(join(folder, "rules"));
    const rule = (device: string): string =>
      `rule: r\nwhen:\n  - { device: ${device}, property: lit, is: true }\nthen:\n  - { device: ${device}, set: { level: 20 } }\n`;
    const device = (id: string): string => `- { id: "${id}", profile: virtual/lamp, link: home, address: lamp1 }\n`;
    const codes = async (): Promise<string[]> => (await home(folder)).mistakes.map(({ problem }) => problem.code);
    writeFileSync(join(folder, "rules", "r.yaml"), rule("lamp1"));
    writeFileSync(join(folder, "devices.yaml"), device("lamp+1"));
    expect(await codes()).toEqual(["DEVICES_VALUE"]);
    writeFileSync(join(folder, "devices.yaml"), device("lamp2"));
    expect(new Set(await codes())).toEqual(new Set(["RULE_DEVICE_UNKNOWN"]));
  });

  test("are named with line and column, and leave the other files in force", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rules-"));
    folders.push(folder);
    mkdirSync(join(folder, "rules"));
    writeFileSync(join(folder, "devices.yaml"), "- { id: lamp1, profile: virtual/lamp, link: home, address: lamp1 }\n");
    writeFileSync(
      join(folder, "rules", "bad.yaml"),
      "rule: bad\nwhen:\n  - { device: lamp1, property: lit, is: true }\nthen:\n  - { device: lamp1, set: { level: 20.5 } }\n",
    );
    writeFileSync(join(folder, "rules", "key.yaml"), "rule: key\nwhen: []\nthan: []\n");
    writeFileSync(
      join(folder, "rules", "good.yaml"),
      "rule: good\nwhen:\n  - { device: lamp1, property: lit, is: true }\nthen:\n  - { device: lamp1, set: { level: 20 } }\n",
    );
    const found = await home(folder);
    const told = found.mistakes.map(({ file, line, column, problem }) => [
      file.slice(folder.length + 7),
      line,
      column,
      problem.code,
    ]);
    expect(told).toContainEqual(["bad.yaml", 5, 27, "RULE_VALUE_WRONG"]);
    expect(told).toContainEqual(["key.yaml", 3, 1, "RULE_FILE_KEY"]);
    expect(found.rules.map(({ rule, status }) => [rule.id, status])).toEqual([["good", "ACTIVE"]]);
  });

  test("brackets without end are refused, not followed", async () => {
    const read = await parseRuleFile("deep.yaml", `rule: x\nif: ${"{not: ".repeat(20_000)}`);
    expect(read.found).toBeUndefined();
    expect(read.mistakes[0]?.problem.code).toBe("RULE_FILE_YAML");
  });
});
