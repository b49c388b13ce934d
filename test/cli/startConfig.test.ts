/** How `start` takes its configuration: with the same words as every other verb, and without keeping the parser. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CompiledCli, compileCli } from "./compiledCli.js";

let cli: CompiledCli;
let base: string;
let path: string;
let record: string;

beforeAll(() => {
  cli = compileCli();
  base = mkdtempSync(join(tmpdir(), "edgeseal-start-"));
  path = join(base, "edgeseal.yaml");
  record = join(base, "processes");
  // Runs in every Node process below: which program it was, and whether the parser (a CommonJS package) was loaded.
  const probe = `
    const { appendFileSync } = require("node:fs");
    process.on("exit", () => {
      const yaml = Object.keys(require.cache).some((file) => file.includes("/node_modules/yaml/"));
      const line = { program: process.argv[1].split("/").at(-1), yaml };
      appendFileSync(${JSON.stringify(record)}, JSON.stringify(line) + "\\n");
    });`;
  writeFileSync(join(base, "probe.cjs"), probe);
});
beforeEach(() => {
  rmSync(record, { force: true });
  rmSync(join(base, "data"), { recursive: true, force: true });
});
afterAll(() => {
  cli.remove();
  rmSync(base, { recursive: true, force: true });
});

const processes = (): unknown[] =>
  readFileSync(record, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a file that was not validated before", () => {
  it.each([
    ["no YAML", "brokers: [\n"],
    ["an unknown key", "brokerz: []\n"],
    ["a wrong value", "brokers: 7\n"],
    ["a broken rule between fields", "brokers: []\n"],
    ["too many bytes", `#${"x".repeat(256 * 1024)}\n`],
  ])("with %s is refused by start as by status", (_what, yaml) => {
    writeFileSync(path, yaml);
    for (const words of [[], ["--json"]]) {
      const start = cli.run(["start", "-c", path, ...words]);
      expect(start.exitCode).toBe(1);
      expect(start.out + start.error).toContain("CONFIG_");
      expect(start).toEqual(cli.run(["status", "-c", path, ...words]));
    }
  });

  it("is parsed by a child, and not again once it is recorded", () => {
    writeFileSync(path, "brokers:\n  - url: mqtt://127.0.0.1:1\n");
    mkdirSync(join(base, "data"), { mode: 0o700 });
    const env = { NODE_OPTIONS: `--require ${join(base, "probe.cjs")}` };
    // It ends for want of an anchor, after the configuration.
    expect(cli.run(["start", "-c", path], { env }).error).toContain("NODE_NO_ANCHOR");
    expect(processes()).toEqual([
      { program: "checkMain.js", yaml: true },
      { program: "main.js", yaml: false },
    ]);
    rmSync(record);
    expect(cli.run(["start", "-c", path], { env }).error).toContain("NODE_NO_ANCHOR");
    expect(processes()).toEqual([{ program: "main.js", yaml: false }]);
  });

  it("is parsed in place where the child does not answer", () => {
    writeFileSync(path, "brokers:\n  - url: mqtt://127.0.0.1:1\n# another file\n");
    const entry = join(cli.folder, "src/node/config/checkMain.js");
    const program = readFileSync(entry);
    try {
      for (const broken of [
        "process.exit(3);",
        'process.stdout.write("{");',
        "throw new Error();",
        'process.stdout.write("null");',
      ]) {
        writeFileSync(entry, broken);
        rmSync(join(base, "data"), { recursive: true, force: true });
        const { exitCode, error } = cli.run(["start", "-c", path]);
        expect({ exitCode, error }).toMatchObject({ exitCode: 1, error: expect.stringContaining("NODE_NO_ANCHOR") });
      }
    } finally {
      writeFileSync(entry, program);
    }
  });
});
