import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompiledCli, compileCli, ROOT } from "./compiledCli.js";

let cli: CompiledCli;
const folder = mkdtempSync(join(tmpdir(), "edgeseal-simulate-"));
beforeAll(() => {
  cli = compileCli();
});
afterAll(() => {
  cli.remove();
  rmSync(folder, { recursive: true, force: true });
});

const SCENARIO = join(ROOT, "simulator/fleet/scenarios/smart-home.yaml");

describe("edgeseal simulate fleet", () => {
  it("prints one JSON object, the same for the same seed", () => {
    const words = ["simulate", "fleet", "--scenario", SCENARIO, "--devices", "24", "--duration", "30s", "--json"];
    const [first, again] = [cli.run(words), cli.run(words)];
    expect(first).toMatchObject({ exitCode: 0, error: "" });
    const result = JSON.parse(first.out);
    expect(result).toMatchObject({ format: 1, devices: 24, durationMs: 30_000, connectedMost: 24 });
    expect(JSON.parse(again.out).trace).toBe(result.trace);
  });

  it("prints lines and writes a report", () => {
    const report = join(folder, "fleet.html");
    const ran = cli.run(["simulate", "fleet", "--scenario", SCENARIO, "--duration", "10s", "--report", report]);
    expect(ran).toMatchObject({ exitCode: 0, error: "" });
    expect(ran.out).toContain(`report     ${report}`);
    expect(readFileSync(report, "utf8")).toContain("<svg ");
  });

  it("runs at a broker of its own", () => {
    const words = ["simulate", "fleet", "--scenario", SCENARIO, "--broker", "embedded", "--devices", "24"];
    const ran = cli.run([...words, "--duration", "4s", "--json"]);
    expect(JSON.parse(ran.out)).toMatchObject({ carrier: "embedded broker", connectedMost: 24 });
  });

  it("names the place of a mistake in a scenario", () => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, readFileSync(SCENARIO, "utf8").replace("duration: 10m", "duration: soon"));
    const ran = cli.run(["simulate", "fleet", "--scenario", file]);
    expect(ran.exitCode).toBe(1);
    expect(ran.error).toContain("duration");
    expect(ran.error).toContain(file);
    expect(ran.error).toContain("[FLEET_SCENARIO_VALUE]");
  });
});
