import { describe, expect, test } from "vitest";
import { judge, type Truth } from "../../../src/device/rules/conditions.js";
import type { Condition } from "../../../src/device/rules/language.js";
import { Directory, LiveFacts } from "../../../src/device/rules/liveFacts.js";
import { ANY, device, House, PROFILES } from "./world.js";

const MONDAY_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;

function truthOf(home: House, condition: Condition, zoneMinutes = 0): Truth {
  const context = {
    view: home,
    directory: new Directory(home),
    counter: () => 3,
    sceneActive: (scene: string) => scene === "away",
    sceneArmed: () => true,
    rateSpent: () => false,
  };
  return judge(condition, new LiveFacts(context, home.now, home.chain, zoneMinutes));
}

function house(): House {
  const home = new House()
    .add("thermo1", PROFILES.thermostat)
    .add("phone1", PROFILES.phone)
    .add("phone2", PROFILES.phone);
  home.put("thermo1", "temperature", 2_150);
  home.put("phone1", "home", false);
  home.put("phone2", "home", true);
  return home;
}

const WARM: Condition = {
  kind: "numeric",
  source: device("thermo1"),
  name: "sensor.temp",
  decimals: 2,
  min: 2_150,
  max: 2_150,
  quantifier: "every",
};
const COLD: Condition = { ...WARM, min: 0, max: 2_149 };
const UNKNOWN: Condition = { ...WARM, source: device("nobody") };

describe("conditions", () => {
  test("combine true, false and unknown as Kleene's logic does", () => {
    const home = house();
    const of: [Truth, Condition][] = [
      [true, WARM],
      [false, COLD],
      [undefined, UNKNOWN],
    ];
    for (const [left, one] of of) {
      expect(truthOf(home, one)).toBe(left);
      expect(truthOf(home, { kind: "not", of: one })).toBe(left === undefined ? undefined : !left);
      for (const [right, other] of of) {
        const both = left === false || right === false ? false : left && right;
        const either = left === true || right === true ? true : left === false && right === false ? false : undefined;
        expect(truthOf(home, { kind: "all", of: [one, other] })).toBe(both);
        expect(truthOf(home, { kind: "any", of: [one, other] })).toBe(either);
      }
    }
  });

  test("on a reading that has grown stale, or of a device that is offline, are unknown", () => {
    const home = house();
    home.pass(60_001);
    expect(truthOf(home, WARM)).toBeUndefined();
    expect(truthOf(home, { ...WARM, assume: true })).toBe(true);
    const fresh = house();
    const facts = fresh.device("thermo1");
    if (facts !== undefined) facts.availability = "offline";
    expect(truthOf(fresh, WARM)).toBeUndefined();
  });

  const night: Condition = { kind: "time", fromMinute: 22 * 60, toMinute: 6 * 60, days: 1 };
  const times: [string, number, number, Truth][] = [
    ["Monday 21:59", 22 * HOUR_MS - 60_000, 0, false],
    ["Monday 22:00", 22 * HOUR_MS, 0, true],
    ["Tuesday 05:59, begun on Monday", 30 * HOUR_MS - 60_000, 0, true],
    ["Tuesday 06:00", 30 * HOUR_MS, 0, false],
    ["Monday 05:00, begun on Sunday", 5 * HOUR_MS, 0, false],
    ["Monday 20:00 where it is 22:00 already", 20 * HOUR_MS, 120, true],
  ];
  for (const [name, afterMs, zone, wanted] of times) {
    test(`a window over midnight on Mondays: ${name} is ${wanted === true ? "" : "not "}within`, () => {
      const home = house();
      home.now = { wallMs: MONDAY_MS + afterMs, wallSet: true, monotonicMs: 0 };
      expect(truthOf(home, night, zone)).toBe(wanted);
    });
  }

  test("on the time of day are unknown while the clock is not set", () => {
    const home = house();
    home.now = { ...home.now, wallSet: false };
    expect(truthOf(home, night)).toBeUndefined();
    expect(truthOf(home, { kind: "not", of: night })).toBeUndefined();
  });

  test("on presence, scenes, counters and the chain", () => {
    const home = house();
    expect(truthOf(home, { kind: "presence", source: ANY, present: true })).toBe(true);
    expect(truthOf(home, { kind: "presence", source: device("phone1"), present: false })).toBe(true);
    expect(truthOf(home, { kind: "mode", scene: "away", active: true })).toBe(true);
    expect(truthOf(home, { kind: "counter", counter: "hour", below: 3 })).toBe(false);
    expect(truthOf(home, { kind: "counter", counter: "hour", below: 4 })).toBe(true);
    expect(truthOf(home, { kind: "headerAge", maxS: 1 })).toBe(true);
    expect(truthOf(home, { kind: "headerAge", maxS: 0 })).toBe(false);
    home.chain = { ...home.chain, headerAgeMs: undefined };
    expect(truthOf(home, { kind: "headerAge", maxS: 1_000_000 })).toBe(false);
  });
});
