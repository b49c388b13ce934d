import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.js";
import { run } from "../../src/cli/program.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { headOf } from "../../src/device/rules/receiptBatch.js";
import { headSigningBytes, signedHeadBytes } from "../../src/device/rules/signedHead.js";
import { verifyReceipts } from "../../src/device/rules/verifyReceipts.js";
import { openSqliteGatewayStore } from "../../src/store/gateway/sqliteGatewayStore.js";
import { answer, command, engineOf, House, hear, PROFILES, rule, trigger } from "../device/rules/world.js";

const HOME = resolve(import.meta.dirname, "../../docs/examples/smart-home");

async function edgeseal(...words: string[]): Promise<{ code: number; out: string; error: string }> {
  let out = "";
  let error = "";
  const code = await run(words, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    environment: {},
  });
  return { code, out, error };
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rule-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("edgeseal rule", () => {
  test("check says yes to the example, and no with line and column to a rule that is dangerous", async () => {
    expect((await edgeseal("rule", "check", HOME)).code).toBe(0);
    const file = join(folder, "open.yaml");
    writeFileSync(
      file,
      "rule: open\nwhen:\n  - { device: motion-hall, property: motion, is: true }\nthen:\n  - { device: lock-front, set: { locked: false } }\n",
    );
    const { code, out } = await edgeseal("rule", "check", file, "--home", HOME);
    expect(code).toBe(1);
    expect(out).toContain(`${file}:5:5: error: "locked" of lock-front has safety class 2`);
    const json = await edgeseal("rule", "check", file, "--home", HOME, "--json");
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, rules: [{ id: "open", status: "PAUSED" }] });
  });

  test("check says where devices are looked for", async () => {
    const { code, error } = await edgeseal("rule", "check", join(folder, "nothing.yaml"));
    expect(code).toBe(1);
    expect(error).toContain("RULE_HOME_MISSING");
  });

  test("explain tells in sentences what a rule does", async () => {
    const { code, out } = await edgeseal("rule", "explain", HOME);
    expect(code).toBe(0);
    expect(out).toContain("When smoke of smoke-kitchen becomes true:");
    expect(out).toContain("falls below 18.5 and stays so for 5 min");
    expect(out).toMatch(/gas-valve +read by nobody; set by smoke-kitchen/);
  });

  test("run prints the commands that readings lead to, delayed ones at their time", async () => {
    const inputs = join(folder, "in.jsonl");
    writeFileSync(
      inputs,
      [
        { at: 0, device: "lamp-hall", property: "lit", value: false },
        { at: 1, device: "motion-hall", property: "motion", value: true },
        { at: 2, device: "thermostat-living", property: "temperature", value: 18.2 },
      ]
        .map((line) => JSON.stringify(line))
        .join("\n"),
    );
    const { out } = await edgeseal("rule", "run", HOME, "--inputs", inputs);
    expect(out.split("\n").map((line) => line.trim())).toEqual([
      "1.000 s  lamp-hall.lit = true",
      "301.000 s  lamp-hall.lit = false",
      "302.000 s  thermostat-living.setpoint = 20.2",
      "",
    ]);
    writeFileSync(inputs, '{"at": 0, "device": "lamp-hall", "property": "level", "value": 101.5}\n');
    const bad = await edgeseal("rule", "run", HOME, "--inputs", inputs);
    expect([bad.code, bad.error]).toEqual([1, expect.stringContaining("RULE_INPUT_LINE")]);
  });

  test("simulate gives the same days for the same seed, and a page", async () => {
    const report = join(folder, "days.html");
    const one = await edgeseal("rule", "simulate", HOME, "--days", "1", "--seed", "3", "--json", "--report", report);
    const two = await edgeseal("rule", "simulate", HOME, "--days", "1", "--seed", "3", "--json");
    const other = await edgeseal("rule", "simulate", HOME, "--days", "1", "--seed", "4", "--json");
    expect(one.out).toBe(two.out);
    expect(one.out).not.toBe(other.out);
    expect(JSON.parse(one.out).readings).toBeGreaterThan(1_000);
    expect(readFileSync(report, "utf8")).toContain("<svg");
  });
});

describe("edgeseal receipt", () => {
  test("lists and verifies what a gateway's store holds, and notices a receipt that was left out", async () => {
    const house = new House().add("smoke1", PROFILES.smoke).add("valve1", PROFILES.valve);
    const engine = engineOf(house, [
      rule("smoke", [trigger("smoke1", "smoke", "eq", { value: true })], [command("valve1", "open", false)]),
    ]);
    const dataDir = mkdtempSync(join(folder, "data-"));
    const store = await openSqliteGatewayStore(join(dataDir, "gateway.db"), { clock: { now: () => house.now.wallMs } });
    const lines: string[] = [];
    for (let i = 0; i < 3; i++) {
      house.pass(1_000);
      hear(house, engine, "smoke1", "smoke", false);
      const results = hear(house, engine, "smoke1", "smoke", true);
      const { writes } = answer(house, engine, results.commands, "done");
      const receipts = writes.filter((write) => write.kind === "receipt");
      store.apply([...receipts]);
      for (const { bytes, inputs } of receipts)
        lines.push(JSON.stringify({ bytes: toHex(bytes), inputs: toHex(inputs) }));
    }
    const suite = referenceSuite("ecdsa");
    const signer = softSigner("ecdsa");
    const secret = new Uint8Array(32).fill(5);
    const checked = verifyReceipts((data) => suite.hash(data), store.receipts(0, 10));
    const chain = new Uint8Array(32).fill(1);
    const head = headOf((data) => suite.hash(data), 1, 1, checked.hashes.slice(0, 2));
    const signature = signer.signHeader(secret, suite.hash(headSigningBytes(chain, head)));
    const signed = { gateway: "gw", chain, head, publicKey: signer.publicKey(secret), signature };
    store.apply([{ kind: "head", sequence: 2, bytes: signedHeadBytes(signed) }]);
    store.close();
    const listed = await edgeseal("receipt", "list", "--data-dir", dataDir);
    expect(listed.out.split("\n").filter((line) => line.includes("smoke: valve1.open done"))).toHaveLength(3);
    const verified = await edgeseal("receipt", "verify", "--data-dir", dataDir);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining("2 of them under signed heads")]);
    const forged = await openSqliteGatewayStore(join(dataDir, "gateway.db"), {
      clock: { now: () => house.now.wallMs },
    });
    const other = { ...signed, head: { ...head, fromSequence: 3, toSequence: 3, count: 1 } };
    forged.apply([{ kind: "head", sequence: 3, bytes: signedHeadBytes(other) }]);
    forged.close();
    const bad = await edgeseal("receipt", "verify", "--data-dir", dataDir);
    expect([bad.code, bad.out]).toEqual([1, expect.stringContaining("RECEIPTS_HEAD")]);
    const file = join(folder, "receipts.jsonl");
    writeFileSync(file, lines.join("\n"));
    expect((await edgeseal("receipt", "verify", file)).code).toBe(0);
    writeFileSync(file, [lines[0], lines[2]].join("\n"));
    const { code, out } = await edgeseal("receipt", "verify", file);
    expect(code).toBe(1);
    expect(out).toContain("Receipt 3 stands where 2 is due. [RECEIPTS_GAP]");
    expect((await edgeseal("receipt", "verify", join(folder, "nothing"))).error).toContain("RECEIPTS_NONE");
  });
});
