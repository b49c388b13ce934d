import { describe, expect, test } from "vitest";
import { readReceipt } from "../../../src/device/rules/receipt.js";
import { answer, command, engineOf, House, hear, PROFILES, rule, said, taken, trigger, wait } from "./world.js";

function house(): House {
  return new House()
    .add("smoke1", PROFILES.smoke)
    .add("valve1", PROFILES.valve)
    .add("window1", PROFILES.window)
    .add("lamp1", PROFILES.lamp, ["hall"])
    .add("lamp2", PROFILES.lamp, ["hall"])
    .add("lock1", PROFILES.lock)
    .add("thermo1", PROFILES.thermostat)
    .add("button1", PROFILES.button);
}

const SMOKE = rule(
  "smoke",
  [trigger("smoke1", "smoke", "eq", { value: true })],
  [
    command("valve1", "valve.open", false),
    command("window1", "open", true),
    command("lamp1", "on", true),
    { kind: "notify", text: "Smoke!", delayMs: 0 },
  ],
);

describe("a rule", () => {
  test("turns smoke into commands and a notice, and its receipt is complete when all have answered", () => {
    const home = house();
    const engine = engineOf(home, [SMOKE]);
    expect(hear(home, engine, "smoke1", "smoke", false).commands).toEqual([]);
    const results = hear(home, engine, "smoke1", "smoke", true);
    expect(said(results.commands)).toEqual(["valve1.open=false", "window1.open=true", "lamp1.on=true"]);
    expect(results.notices).toEqual([{ rule: "smoke", text: "Smoke!", run: 1 }]);
    expect(results.writes.map(({ kind }) => kind)).toEqual(["ruleState"]);
    const end = answer(home, engine, results.commands, "done");
    const written = end.writes.find((write) => write.kind === "receipt");
    const receipt = readReceipt(written?.kind === "receipt" ? written.bytes : new Uint8Array());
    expect(receipt.sequence).toBe(1);
    expect(receipt.actions.map(({ result }) => result)).toEqual(["done", "done", "done", "noticed"]);
    expect(receipt.actions[0]?.latencyUs).toBe(1_500);
  });

  test("does not run again while what set it off lasts, and runs again when it comes anew", () => {
    const home = house();
    const engine = engineOf(home, [SMOKE]);
    answer(home, engine, hear(home, engine, "smoke1", "smoke", true).commands, "done");
    expect(hear(home, engine, "smoke1", "smoke", true).commands).toEqual([]);
    hear(home, engine, "smoke1", "smoke", false);
    expect(hear(home, engine, "smoke1", "smoke", true).commands).toHaveLength(3);
  });

  test("gives up on answers that never come, and says so in the receipt", () => {
    const home = house();
    const engine = engineOf(home, [SMOKE]);
    hear(home, engine, "smoke1", "smoke", true);
    const later = wait(home, engine, 60_000);
    const written = later.writes.find((write) => write.kind === "receipt");
    const receipt = readReceipt(written?.kind === "receipt" ? written.bytes : new Uint8Array());
    expect(receipt.actions.map(({ result }) => result)).toEqual(["expired", "expired", "expired", "noticed"]);
    expect(engine.nextMs).toBeUndefined();
  });

  test("waits between actions as long as it is told", () => {
    const home = house();
    const off = command("lamp1", "on", false, { delayMs: 60_000 });
    const engine = engineOf(home, [
      rule("blink", [trigger("button1", "pressed", "event")], [command("lamp1", "on", true), off]),
    ]);
    engine.event({ device: "button1", event: "pressed", sequence: 1 }, home.now);
    const first = taken(engine).commands;
    expect(said(first)).toEqual(["lamp1.on=true"]);
    answer(home, engine, first, "done");
    expect(wait(home, engine, 59_999).commands).toEqual([]);
    expect(said(wait(home, engine, 1).commands)).toEqual(["lamp1.on=false"]);
  });
});
