/** A node's life from the command line: init, doctor, start, status, stop, kill -9; one process at a time. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompiledCli, compileCli, ROOT } from "./compiledCli.js";

let cli: CompiledCli;
let base: string;
let folder: string;
let config: string;
let bundle: string;

const HEADER = JSON.parse(readFileSync(join(ROOT, "test/vectors/fisco-headers.json"), "utf8")).cases[2].rpc;

beforeAll(() => {
  cli = compileCli();
  base = mkdtempSync(join(tmpdir(), "edgeseal-cli-"));
  folder = join(base, "node");
  config = join(folder, "edgeseal.yaml");
  bundle = join(base, "bundle.json");
  const anchor = {
    chain: "chain0",
    group: "group0",
    suite: "ecdsa",
    layout: "fisco",
    faultModel: "bft",
    height: HEADER.number,
    hash: HEADER.hash,
    sealers: HEADER.sealerList.map((nodeID: string) => ({ nodeID, weight: "1" })),
  };
  // Nobody listens on port 1 of this machine.
  const brokers = [{ url: "mqtt://127.0.0.1:1", username: "me", password: "very-secret" }];
  writeFileSync(bundle, JSON.stringify({ edgesealBundle: 1, anchor, brokers }));
});
afterAll(() => {
  cli.remove();
  rmSync(base, { recursive: true, force: true });
});

const json = (words: readonly string[], env: Record<string, string> = {}) => {
  const { exitCode, out } = cli.run([...words, "--json"], { env });
  return { exitCode, answer: JSON.parse(out) };
};

/** A started node, once it answers commands. */
async function started() {
  const child = cli.start(["start", "--config", config, "--json"]);
  const log: string[] = [];
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => log.push(text));
  await expect.poll(() => log.join(""), { timeout: 20_000 }).toContain('"message":"started"');
  return { child, log, ended: once(child, "exit") };
}

describe("before init", () => {
  it("every verb says what is missing", () => {
    for (const verb of [["start"], ["status"], ["stop"], ["anchor", "show"]]) {
      expect(json([...verb, "--config", join(base, "none.yaml")])).toMatchObject({
        exitCode: 1,
        answer: { code: "CONFIG_NOT_FOUND", advice: expect.stringContaining("init") },
      });
    }
    const { exitCode, answer } = json(["doctor", "--config", join(base, "none.yaml")]);
    expect(exitCode).toBe(1);
    expect(answer.well).toBe(false);
    expect(answer.findings.map(({ name }: { name: string }) => name)).toContain("ecdsa signature");
  });
});

describe("a node", () => {
  it("is made by init, twice with the same result", () => {
    const first = cli.run(["init", "--bundle", bundle, "--dir", folder]);
    expect(first).toMatchObject({ exitCode: 0, error: "" });
    expect(first.out).toMatch(/^fingerprint {2}([0-9a-f]{4} ){15}[0-9a-f]{4}\n/);
    const { fingerprint } = json(["init", "-b", bundle, "--dir", folder]).answer;
    const compared = json(["init", "-b", bundle, "--dir", folder, "--expect", fingerprint.toUpperCase()]);
    expect(compared).toMatchObject({ exitCode: 0, answer: { compared: true, configWritten: false } });
    const refused = json(["init", "-b", bundle, "--dir", folder, "--expect", fingerprint.replace(/^./, "g")]);
    expect(refused).toMatchObject({ exitCode: 1, answer: { code: "BUNDLE_FINGERPRINT" } });
  });

  it("that does not run shows what it left in its store", () => {
    expect(json(["status", "-c", config])).toMatchObject({
      exitCode: 0,
      answer: { running: false, state: "STOPPED", height: 60, role: "light", faultModel: "bft", counters: {} },
    });
    expect(json(["stop", "-c", config]).answer.code).toBe("COMMAND_NODE_NOT_RUNNING");
    const accept = json(["anchor", "accept", "61", HEADER.hash, "-c", config]);
    expect(accept.answer.code).toBe("COMMAND_NODE_NOT_RUNNING");
    expect(cli.run(["status"], { env: { EDGESEAL_CONFIG: config } }).out).toMatch(/^role +light, not running\n/);
  });

  it("runs alone, answers commands, keeps its secrets and stops cleanly", async () => {
    const { child, log, ended } = await started();
    expect(json(["status", "-c", config]).answer).toMatchObject({
      running: true,
      role: "light",
      height: 60,
      anchor: { height: 60 },
      sources: [{ connected: false }],
    });
    expect(json(["start", "-c", config])).toMatchObject({ exitCode: 1, answer: { code: "DATA_DIR_LOCKED" } });
    const locked = cli.run(["init", "--bundle", bundle, "--dir", folder]);
    expect(locked).toMatchObject({ exitCode: 1, out: "" });
    expect(locked.error).toContain(`(${child.pid})`);
    expect(json(["anchor", "set", bundle, "-c", config]).answer.code).toBe("COMMAND_NODE_RUNNING");
    expect(json(["anchor", "show", "-c", config]).answer.height).toBe(60);
    expect(json(["anchor", "accept", "61", HEADER.hash, "-c", config]).answer.code).toBe("COMMAND_SEALERS_NOT_TAKEN");
    for (const [number, hash] of [
      ["61", "0x00"],
      ["6x", HEADER.hash],
      ["0", HEADER.hash],
    ]) {
      expect(cli.run(["anchor", "accept", String(number), hash, "-c", config]).exitCode).toBe(2);
    }
    const { answer } = json(["doctor", "-c", config]);
    const levels = answer.findings.map(({ name, level }: { name: string; level: string }) => `${name} ${level}`);
    expect(levels).toContain("lock ok");
    expect(levels).toContain("broker mqtt://127.0.0.1:1 fail");
    expect(json(["stop", "-c", config])).toEqual({ exitCode: 0, answer: { stopped: true } });
    expect(await ended).toEqual([0, null]);
    expect(log.join("")).not.toContain("very-secret");
  });

  it("starts again after kill -9, and ends with 0 on SIGTERM", async () => {
    const first = await started();
    first.child.kill("SIGKILL");
    await first.ended;
    expect(json(["status", "-c", config]).answer.running).toBe(false);
    const second = await started();
    second.child.kill("SIGTERM");
    expect(await second.ended).toEqual([0, null]);
  });

  it("refuses a debugger port", () => {
    const refused = cli.run(["start", "-c", config], { env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" } });
    expect(refused.exitCode).toBe(2);
    expect(refused.error).toContain("debugger");
  });
});

describe("the doctor", () => {
  it("finds the state well when nothing runs, and reports mistakes of the configuration", () => {
    const { answer } = json(["doctor", "-c", config]);
    const levelOf = (name: string) => answer.findings.find((each: { name: string }) => each.name === name)?.level;
    for (const name of ["config", "data directory", "lock", "store", "anchor", "clock"]) {
      expect(levelOf(name), name).toBe("ok");
    }
    const text = readFileSync(config, "utf8");
    writeFileSync(config, text.replace("level: info", "levle: info").replace("role: light", "role: heavy"));
    const mistaken = json(["doctor", "-c", config]).answer.findings.filter(
      ({ name }: { name: string }) => name === "config",
    );
    expect(mistaken.map(({ code }: { code: string }) => code).sort()).toEqual(["CONFIG_KEY_UNKNOWN", "CONFIG_VALUE"]);
    const unknown = cli.run(["status", "-c", config]);
    expect(unknown.exitCode).toBe(1);
    expect(unknown.error).toMatch(/^edgeseal: [^\n]+\n$/);
    writeFileSync(config, text);
  });
});

describe("the schema", () => {
  it("is printed as JSON", () => {
    const { exitCode, out } = cli.run(["config", "schema"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: "object", properties: { brokers: { type: "array" } } });
  });
});
