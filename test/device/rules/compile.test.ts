// biome-ignore-all lint/suspicious/noThenProperty: `then` is the word that people write in rules; no promise.
import { describe, expect, test } from "vitest";
import type { Catalog } from "../../../src/device/rules/compile/catalog.js";
import { compilePolicy, compileRule, compileScene } from "../../../src/device/rules/compile/compile.js";
import { durationOf, windowOf } from "../../../src/device/rules/compile/quantities.js";
import type { RuleText } from "../../../src/device/rules/compile/text.js";
import { hash, PROFILES, profile, property } from "./world.js";

const COARSE = profile("acme/coarse", "climate", [
  property("setpoint", "climate.setpoint", { type: { kind: "number", decimals: 0, min: 5, max: 30, unit: "°C" } }),
]);

const CATALOG: Catalog = {
  devices: [
    { id: "lamp1", groups: ["hall"], profile: PROFILES.lamp },
    { id: "lock1", groups: [], profile: PROFILES.lock },
    { id: "thermo1", groups: ["heating"], profile: PROFILES.thermostat },
    { id: "coarse1", groups: ["heating"], profile: COARSE },
    { id: "button1", groups: [], profile: PROFILES.button },
    { id: "phone1", groups: [], profile: PROFILES.phone },
  ],
  scenes: new Set(["away"]),
};

const GOOD: RuleText = {
  rule: "r",
  when: [{ device: "thermo1", property: "temperature", above: 21.5, hysteresis: "0.5 ", for: "5 min" }],
  then: [{ device: "lamp1", set: { on: "off" } }],
};

function compiled(text: Partial<RuleText>) {
  const outcome = compileRule({ ...GOOD, ...text }, CATALOG, hash);
  if (!outcome.ok) throw new TypeError(JSON.stringify(outcome.problems));
  return outcome.value.rule;
}

describe("the compiler", () => {
  test("turns numbers as people write them into the property's integers", () => {
    expect(compiled({}).triggers[0]).toEqual({
      source: { by: "device", name: "thermo1", not: false },
      name: "temperature",
      op: "gt",
      value: 2_150,
      decimals: 2,
      hysteresis: 50,
      forMs: 300_000,
    });
    expect(compiled({}).actions[0]).toMatchObject({ set: { kind: "value", value: false, decimals: 0 } });
    const set = (value: number | string) =>
      compiled({ then: [{ device: "thermo1", set: { "climate.setpoint": value }, co_signer: "o" }] }).actions[0];
    expect(set("21.5 °C")).toMatchObject({ set: { value: 215, decimals: 1 }, coSigner: "o" });
    expect(set(-0)).toMatchObject({ set: { value: 0 } });
  });

  test("takes the finest decimals of a group, and leaves out of a run who cannot take the value", () => {
    const action = compiled({ then: [{ group: "heating", set: { setpoint: 21.5 }, co_signer: "o" }] }).actions[0];
    expect(action).toMatchObject({ target: { by: "group", name: "heating" }, set: { value: 215, decimals: 1 } });
  });

  test("gives dangerous rules a limit for the age of headers, others none, unless they say it", () => {
    const lock = [{ device: "lock1", set: { locked: true } }];
    expect(compiled({}).offline).toEqual({ allow: true });
    expect(compiled({ then: lock }).offline).toEqual({ allow: true, maxHeaderAgeS: 86_400 });
    expect(compiled({ then: lock, offline: { max_header_age: "any" } }).offline).toEqual({ allow: true });
    expect(compiled({ offline: { max_header_age: "90 s", allow: false, max_runs: 3 } }).offline).toEqual({
      allow: false,
      maxHeaderAgeS: 90,
      maxRunsSinceSync: 3,
    });
  });

  test("gives the same hash for the same rule, whatever the order of keys", () => {
    const hashOf = (text: RuleText) => {
      const outcome = compileRule(text, CATALOG, hash);
      return outcome.ok ? Buffer.from(outcome.value.hash).toString("hex") : "";
    };
    const { rule, when, then } = GOOD;
    expect(hashOf({ then, when, rule })).toBe(hashOf(GOOD));
    expect(hashOf({ ...GOOD, priority: 51 })).not.toBe(hashOf(GOOD));
    expect(hashOf({ ...GOOD, status: "paused" })).toBe(hashOf(GOOD));
  });

  const wrong: [string, Partial<RuleText>, string, string][] = [
    [
      "a device that is not there",
      { when: [{ device: "x", property: "on", is: true }] },
      "RULE_DEVICE_UNKNOWN",
      "when[0].device",
    ],
    ["no selector", { when: [{ property: "on", is: true }] }, "RULE_SELECTOR", "when[0]"],
    ["two selectors", { when: [{ device: "lamp1", any: true, property: "on", is: true }] }, "RULE_SELECTOR", "when[0]"],
    ["an empty group", { then: [{ group: "x", set: { on: true } }] }, "RULE_SELECTOR_EMPTY", "then[0]"],
    [
      "an unknown property",
      { when: [{ device: "lamp1", property: "of", is: true }] },
      "RULE_NAME_UNKNOWN",
      "when[0].property",
    ],
    ["an unknown event", { when: [{ device: "button1", event: "held" }] }, "RULE_NAME_UNKNOWN", "when[0].event"],
    [
      "setting what can only be read",
      { then: [{ device: "thermo1", set: { temperature: 20 } }] },
      "RULE_NAME_UNKNOWN",
      "then[0].set",
    ],
    ["doing what is to be set", { then: [{ device: "lamp1", do: "on" }] }, "RULE_NAME_UNKNOWN", "then[0].do"],
    ["too many decimals", { then: [{ device: "lamp1", set: { level: 20.5 } }] }, "RULE_VALUE_WRONG", "then[0].set"],
    [
      "another unit",
      { when: [{ device: "thermo1", property: "setpoint", above: "70 °F" }] },
      "RULE_VALUE_WRONG",
      "when[0].above",
    ],
    [
      "a number with an exponent",
      { when: [{ device: "thermo1", property: "setpoint", above: "1e3" }] },
      "RULE_VALUE_WRONG",
      "when[0].above",
    ],
    [
      "a truth that is none",
      { when: [{ device: "lamp1", property: "on", is: "maybe" }] },
      "RULE_VALUE_WRONG",
      "when[0].is",
    ],
    ["above for a truth", { when: [{ device: "lamp1", property: "on", above: 1 }] }, "RULE_OPERATOR", "when[0]"],
    [
      "two operators",
      { when: [{ device: "thermo1", property: "setpoint", above: 1, below: 2 }] },
      "RULE_OPERATOR",
      "when[0]",
    ],
    [
      "a hysteresis below zero",
      { when: [{ device: "thermo1", property: "setpoint", above: 20, hysteresis: -1 }] },
      "RULE_OPERATOR",
      "when[0].hysteresis",
    ],
    [
      "no length of time",
      { when: [{ device: "lamp1", property: "on", is: true, for: "soon" }] },
      "RULE_DURATION",
      "when[0].for",
    ],
    [
      "more than a week",
      { then: [{ device: "lamp1", set: { on: true }, after: "8 d" }] },
      "RULE_DURATION",
      "then[0].after",
    ],
    ["no time of day", { if: { time: "25:00-26:00" } }, "RULE_TIME_OF_DAY", "if.time"],
    ["an empty condition", { if: {} }, "RULE_OPERATOR", "if"],
    ["too many conditions", { if: { all: Array(17).fill({ time: "1:00-2:00" }) } }, "RULE_TOO_MANY", "if"],
    [
      "levels beyond four",
      { if: { all: [{ all: [{ all: [{ all: [{ time: "1:00-2:00" }] }] }] }] } },
      "RULE_TOO_MANY",
      "if.all[0].all[0].all[0].all[0]",
    ],
    ["an unknown scene", { then: [{ scene: "x" }] }, "RULE_SCENE_UNKNOWN", "then[0].scene"],
    ["a payment", { then: [{ pay: { amount: 1 } }] }, "RULE_PAY_NOT_YET", "then[0].pay"],
    [
      "an expression that ends early",
      { then: [{ device: "lamp1", set: { level: "=1 +" } }] },
      "RULE_EXPRESSION_SYNTAX",
      "then[0].set",
    ],
    [
      "a truth for a number",
      { then: [{ device: "lamp1", set: { level: "=1 < 2" } }] },
      "RULE_VALUE_WRONG",
      "then[0].set",
    ],
    [
      "an expression for a lock",
      { then: [{ device: "lock1", set: { locked: "=1" } }] },
      "RULE_VALUE_WRONG",
      "then[0].set",
    ],
    ["presence where nobody tells it", { if: { presence: "home", device: "lamp1" } }, "RULE_NAME_UNKNOWN", "if"],
    ["nine triggers", { when: Array(9).fill(GOOD.when[0]) }, "RULE_TOO_MANY", "when"],
    ["an id with a slash", { rule: "a/b" }, "RULE_ID_FORM", "rule"],
  ];
  for (const [name, text, code, path] of wrong) {
    test(`names the place of ${name}`, () => {
      const outcome = compileRule({ ...GOOD, ...text }, CATALOG, hash);
      expect(outcome.ok ? [] : outcome.problems.map((problem) => [problem.code, problem.path])).toContainEqual([
        code,
        path,
      ]);
    });
  }

  test("compiles scenes and policies", () => {
    const away = compileScene(
      { scene: "away", steps: [{ device: "lamp1", set: { on: false } }], atomicity: "all_or_revert", arm: "10 min" },
      CATALOG,
      hash,
    );
    expect(away).toMatchObject({ ok: true, value: { scene: { atomicity: "ALL_OR_REVERT", armForMs: 600_000 } } });
    const notice = compileScene({ scene: "n", steps: [{ notify: "x" }] }, CATALOG, hash);
    expect(notice).toMatchObject({ ok: false, problems: [{ code: "RULE_OPERATOR", path: "steps[0]" }] });
    const policy = compilePolicy(
      {
        policy: "p",
        rules: [{ effect: "deny", who: "person:guest", capability: "lock.*", rate: { count: 2, per: "1 min" } }],
      },
      hash,
    );
    expect(policy).toMatchObject({
      ok: true,
      value: {
        policy: { rules: [{ subject: { kind: "person", name: "guest" }, effect: "DENY", rateWindowMs: 60_000 }] },
      },
    });
    expect(compilePolicy({ policy: "p", rules: [{ effect: "allow", who: "robot:1" }] }, hash)).toMatchObject({
      ok: false,
      problems: [{ code: "RULE_WHO", path: "rules[0].who" }],
    });
  });
});

describe("lengths and windows of time", () => {
  const lengths: [string, number | undefined][] = [
    ["500 ms", 500],
    ["5 min", 300_000],
    ["1.5 h", 5_400_000],
    ["1 h 30 min", 5_400_000],
    ["7 d", 604_800_000],
    ["7 d 1 ms", undefined],
    ["0.0001 ms", undefined],
    ["5", undefined],
    ["-5 s", undefined],
    ["5 fortnights", undefined],
    ["5 constructor", undefined],
  ];
  for (const [text, ms] of lengths) test(`"${text}" is ${ms ?? "none"}`, () => expect(durationOf(text)).toBe(ms));

  test("windows of the day", () => {
    expect(windowOf("22:30-06:00")).toEqual({ from: 1_350, to: 360 });
    expect(windowOf("0:00-24:00")).toEqual({ from: 0, to: 0 });
    expect(windowOf("24:00-1:00")).toBeUndefined();
    expect(windowOf("1:60-2:00")).toBeUndefined();
    expect(windowOf("1:00")).toBeUndefined();
  });
});
