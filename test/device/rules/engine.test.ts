import { describe, expect, test } from "vitest";
import type { RunMode } from "../../../src/device/rules/language.js";
import type { RuleResults } from "../../../src/device/rules/port.js";
import { readReceipt } from "../../../src/device/rules/receipt.js";
import {
  allow,
  answer,
  command,
  device,
  engineOf,
  group,
  House,
  hear,
  heldPolicy,
  PROFILES,
  rule,
  said,
  scene,
  sceneStep,
  taken,
  trigger,
  wait,
} from "./world.js";

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

describe("rules that are read again", () => {
  const LAMP = rule("lamp", [trigger("smoke1", "smoke", "eq", { value: true })], [command("lamp1", "on", true)]);
  const PATIENT = rule(
    "patient",
    [trigger("smoke1", "smoke", "eq", { value: true, forMs: 60_000 })],
    [command("lamp2", "on", true)],
  );
  const OTHER = rule("other", [trigger("button1", "single", "event")], [command("lamp2", "on", false)]);

  test("do not act once more on what they have acted on", () => {
    const home = house();
    const before = engineOf(home, [LAMP]);
    expect(said(hear(home, before, "smoke1", "smoke", true).commands)).toEqual(["lamp1.on=true"]);
    const after = engineOf(home, [OTHER, LAMP], { before });
    expect(hear(home, after, "smoke1", "smoke", true).commands).toEqual([]);
    hear(home, after, "smoke1", "smoke", false);
    expect(said(hear(home, after, "smoke1", "smoke", true).commands)).toEqual(["lamp1.on=true"]);
  });

  test("go on waiting where they waited", () => {
    const home = house();
    const before = engineOf(home, [PATIENT]);
    hear(home, before, "smoke1", "smoke", true);
    wait(home, before, 40_000);
    const after = engineOf(home, [OTHER, PATIENT], { before });
    expect(said(wait(home, after, 19_000).commands)).toEqual([]);
    expect(said(wait(home, after, 2_000).commands)).toEqual(["lamp2.on=true"]);
  });

  test("begin anew where they were changed", () => {
    const home = house();
    const before = engineOf(home, [LAMP]);
    hear(home, before, "smoke1", "smoke", true);
    const changed = rule("lamp", [trigger("smoke1", "smoke", "eq", { value: true })], [command("lamp2", "on", true)]);
    const after = engineOf(home, [changed], { before });
    expect(said(hear(home, after, "smoke1", "smoke", true).commands)).toEqual(["lamp2.on=true"]);
  });
});

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

function press(home: House, engine: ReturnType<typeof engineOf>): RuleResults {
  engine.event({ device: "button1", event: "pressed", sequence: 1 }, home.now);
  return taken(engine);
}

const PRESSED = trigger("button1", "pressed", "event");
const codes = (results: RuleResults): string[] => results.refusals.map(({ code }) => code);

describe("triggers", () => {
  const temperature = (op: "gt" | "lt" | "crosses" | "changed", hysteresis: number, forMs = 0) =>
    rule(
      "warm",
      [trigger("thermo1", "temperature", op, { value: 2_000, decimals: 2, hysteresis, forMs })],
      [{ kind: "notify", text: "x", delayMs: 0 }],
      { mode: "restart" },
    );
  const cases: [string, Parameters<typeof temperature>, number[], number[]][] = [
    [
      "gt fires when it rises above, not again until it was back by the hysteresis",
      ["gt", 100],
      [1_900, 2_001, 1_950, 2_100, 1_900, 2_001],
      [1, 5],
    ],
    ["gt fires at the first reading after a start", ["gt", 0], [2_001, 2_002], [0]],
    ["lt fires when it falls below", ["lt", 50], [2_100, 1_999, 2_049, 1_990, 2_050, 1_999], [1, 5]],
    [
      "crosses fires both ways, not within its band, not at the first reading",
      ["crosses", 10],
      [2_050, 1_995, 1_985, 2_005, 2_010],
      [2, 4],
    ],
    [
      "changed fires from the hysteresis on, against the value of the last time",
      ["changed", 100],
      [2_000, 2_099, 2_100, 2_101, 2_000],
      [2, 4],
    ],
  ];
  for (const [name, [op, hysteresis], values, fired] of cases) {
    test(name, () => {
      const home = house();
      const engine = engineOf(home, [temperature(op, hysteresis)]);
      const found = values.flatMap((value, index) =>
        hear(home, engine, "thermo1", "temperature", value).notices.length > 0 ? [index] : [],
      );
      expect(found).toEqual(fired);
    });
  }

  test("with `for` fire only when it has stayed so, and not on a reading that has grown stale", () => {
    const home = house();
    const engine = engineOf(home, [temperature("gt", 0, 30_000)]);
    hear(home, engine, "thermo1", "temperature", 2_100);
    expect(wait(home, engine, 20_000).notices).toEqual([]);
    hear(home, engine, "thermo1", "temperature", 1_900);
    expect(wait(home, engine, 60_000).notices).toEqual([]);
    hear(home, engine, "thermo1", "temperature", 2_100);
    expect(wait(home, engine, 30_000).notices).toHaveLength(1);

    const slow = engineOf(home, [temperature("gt", 0, 90_000)]);
    slow.reading(home.put("thermo1", "temperature", 2_100), home.now);
    const results = wait(home, slow, 100_000);
    expect(results.notices).toEqual([]);
    expect(codes(results)).toEqual(["RULE_READING_STALE"]);
  });

  test("of a device that is not registered are not heard", () => {
    const home = house();
    const engine = engineOf(home, [SMOKE]);
    const facts = home.device("smoke1");
    if (facts !== undefined) facts.registration = { verdict: "suspended" };
    const results = hear(home, engine, "smoke1", "smoke", true);
    expect(results.commands).toEqual([]);
    expect(codes(results)).toEqual(["RULE_DEVICE_FROZEN"]);
  });

  test("listen to devices that come later, and keep what they know of the others", () => {
    const home = house();
    const any = { by: "class", name: "sensor.smoke", not: false } as const;
    const engine = engineOf(home, [rule("any", [trigger(any, "smoke", "eq", { value: true })], SMOKE.rule.actions)]);
    expect(hear(home, engine, "smoke1", "smoke", true).commands).toHaveLength(3);
    home.add("smoke2", PROFILES.smoke);
    engine.devicesChanged(home.now);
    wait(home, engine, 60_000);
    expect(hear(home, engine, "smoke1", "smoke", true).commands).toEqual([]);
    expect(hear(home, engine, "smoke2", "smoke", true).commands).toHaveLength(3);
  });
});

describe("modes, as Home Assistant has them", () => {
  const slow = (mode: RunMode, maxRuns: number) =>
    rule("slow", [PRESSED], [command("lamp1", "on", true), command("lamp2", "on", true, { delayMs: 10_000 })], {
      mode,
      maxRuns,
    });
  const table: [RunMode, number, string[], string[], string[]][] = [
    ["single", 1, [], ["RULE_BUSY"], ["lamp2.on=true"]],
    ["restart", 1, ["lamp1.on=true"], [], ["lamp2.on=true"]],
    ["queued", 2, [], [], ["lamp2.on=true", "lamp1.on=true", "lamp2.on=true"]],
    ["queued", 1, [], ["RULE_BUSY"], ["lamp2.on=true"]],
    ["parallel", 2, ["lamp1.on=true"], [], ["lamp2.on=true", "lamp2.on=true"]],
  ];
  for (const [mode, maxRuns, second, refused, later] of table) {
    test(`${mode} with at most ${maxRuns}`, () => {
      const home = house();
      const engine = engineOf(home, [slow(mode, maxRuns)]);
      expect(said(press(home, engine).commands)).toEqual(["lamp1.on=true"]);
      home.pass(1_000);
      const again = press(home, engine);
      expect(said(again.commands)).toEqual(second);
      expect(codes(again)).toEqual(refused);
      expect(said(wait(home, engine, 25_000).commands)).toEqual(later);
    });
  }
});

describe("failures", () => {
  test("abort leaves out what comes after, retry sends the same again", () => {
    const home = house();
    const engine = engineOf(home, [
      rule("a", [PRESSED], [command("lamp1", "on", true, { onFail: "abort" }), command("lamp2", "on", true)]),
      rule("r", [PRESSED], [command("lock1", "locked", true, { onFail: "retry", retries: 1 })]),
    ]);
    const first = press(home, engine).commands;
    expect(said(first)).toEqual(["lamp1.on=true", "lock1.locked=true"]);
    const second = answer(home, engine, first, "failed");
    expect(said(second.commands)).toEqual(["lock1.locked=true"]);
    expect(second.commands[0]?.run).toBe(first[1]?.run);
    expect(answer(home, engine, second.commands, "failed").commands).toEqual([]);
  });

  test("abort goes on once the answer is good", () => {
    const home = house();
    const engine = engineOf(home, [
      rule("a", [PRESSED], [command("lamp1", "on", true, { onFail: "abort" }), command("lamp2", "on", true)]),
    ]);
    expect(said(answer(home, engine, press(home, engine).commands, "done").commands)).toEqual(["lamp2.on=true"]);
  });
});

describe("limits and the age of the chain", () => {
  const both = [command("valve1", "open", false), command("lamp1", "on", true)];

  test("a spent limit keeps back everything but the safe command", () => {
    const home = house();
    const limits = { minIntervalMs: 0, maxPerHour: 1, maxPerDay: 0 };
    const engine = engineOf(home, [rule("l", [PRESSED], both, { limits, mode: "restart" })]);
    expect(said(press(home, engine).commands)).toEqual(["valve1.open=false", "lamp1.on=true"]);
    home.pass(2_000);
    const again = press(home, engine);
    expect(said(again.commands)).toEqual(["valve1.open=false"]);
    expect(codes(again)).toEqual(["RULE_LIMIT_SPENT"]);
    wait(home, engine, 3_600_000);
    expect(said(press(home, engine).commands)).toEqual(["valve1.open=false", "lamp1.on=true"]);
  });

  test("what was kept back does not count: the time since the last run goes on", () => {
    const home = house();
    const limits = { minIntervalMs: 10_000, maxPerHour: 0, maxPerDay: 0 };
    const engine = engineOf(home, [rule("l", [PRESSED], both, { limits, mode: "restart" })]);
    press(home, engine);
    for (let i = 0; i < 3; i++) {
      home.pass(3_000);
      expect(said(press(home, engine).commands)).toEqual(["valve1.open=false"]);
    }
    home.pass(3_000);
    expect(said(press(home, engine).commands)).toEqual(["valve1.open=false", "lamp1.on=true"]);
  });

  test("limits survive a restart, and time that passed meanwhile counts where the clock was known", () => {
    const home = house();
    const limits = { minIntervalMs: 600_000, maxPerHour: 0, maxPerDay: 0 };
    const spec = rule("l", [PRESSED], [command("lamp1", "on", true)], { limits });
    const engine = engineOf(home, [spec]);
    const first = press(home, engine);
    const state = first.writes.find((write) => write.kind === "ruleState");
    const restored = new Map([["l", state?.kind === "ruleState" ? state.bytes : new Uint8Array()]]);
    const wallMs = home.now.wallMs + 60_000;
    home.now = { wallMs, wallSet: true, monotonicMs: 5 };
    const second = engineOf(home, [spec], { restored });
    expect(codes(press(home, second))).toContain("RULE_LIMIT_SPENT");
    home.now = { wallMs: wallMs + 600_000, wallSet: true, monotonicMs: 5 };
    const third = engineOf(home, [spec], { restored });
    const results = press(home, third);
    expect(said(results.commands)).toEqual(["lamp1.on=true"]);
    expect(results.commands[0]?.run).toBeGreaterThan(first.commands[0]?.run ?? 0);
    home.now = { wallMs: wallMs + 9e9, wallSet: false, monotonicMs: 5 };
    expect(codes(press(home, engineOf(home, [spec], { restored })))).toContain("RULE_LIMIT_SPENT");
  });

  const ages: [string, number | undefined, string[]][] = [
    ["a young header", 1_000, ["lock1.locked=false", "valve1.open=false"]],
    ["an old header", 3_600_001, ["valve1.open=false"]],
    ["a header of unknown age", undefined, ["valve1.open=false"]],
  ];
  for (const [name, headerAgeMs, wanted] of ages) {
    test(`${name}: ${wanted.length === 2 ? "both go out" : "only the safe one goes out"}`, () => {
      const home = house();
      home.chain = { ...home.chain, headerAgeMs };
      const unlock = command("lock1", "locked", false, { coSigner: "owner" });
      const engine = engineOf(home, [
        rule("u", [PRESSED], [unlock, command("valve1", "open", false)], {
          offline: { allow: true, maxHeaderAgeS: 3_600 },
        }),
      ]);
      expect(said(press(home, engine).commands)).toEqual(wanted);
    });
  }

  test("runs without the chain are counted, kept, and forgiven when it is back", () => {
    const home = house();
    home.chain = { ...home.chain, headerAgeMs: 1_000_000 };
    const spec = rule("o", [PRESSED], [command("lamp1", "on", true)], {
      mode: "restart",
      offline: { allow: true, maxRunsSinceSync: 2 },
    });
    let engine = engineOf(home, [spec]);
    press(home, engine);
    const kept = press(home, engine).writes.find((write) => write.kind === "ruleState");
    expect(codes(press(home, engine))).toEqual(["RULE_LIMIT_SPENT"]);
    engine = engineOf(home, [spec], {
      restored: new Map([["o", kept?.kind === "ruleState" ? kept.bytes : new Uint8Array()]]),
    });
    taken(engine);
    expect(codes(press(home, engine))).toEqual(["RULE_LIMIT_SPENT"]);
    home.chain = { ...home.chain, headerAgeMs: 0 };
    expect(press(home, engine).commands).toHaveLength(1);
  });

  test("without a co-signer nothing dangerous goes out", () => {
    const home = house();
    const results = press(home, engineOf(home, [rule("u", [PRESSED], [command("lock1", "locked", false)])]));
    expect(results.commands).toEqual([]);
    expect(codes(results)).toEqual(["RULE_COSIGNER_MISSING"]);
  });

  test("a state that cannot be read lets only safe commands through and is not written over", () => {
    const home = house();
    const engine = engineOf(home, [rule("l", [PRESSED], both)], { restored: new Map([["l", Uint8Array.of(0x83)]]) });
    expect(codes(taken(engine))).toEqual(["RULE_STATE_DAMAGED"]);
    const results = press(home, engine);
    expect(said(results.commands)).toEqual(["valve1.open=false"]);
    expect(results.writes.filter(({ kind }) => kind === "ruleState")).toEqual([]);
  });
});

describe("storms and loops", () => {
  test("two rules that set each other off end by themselves", () => {
    const home = house();
    const flip = (id: string, from: string, to: string, value: boolean) =>
      rule(id, [trigger(from, "on", "changed")], [command(to, "on", value)], { mode: "parallel", maxRuns: 10 });
    const engine = engineOf(home, [
      flip("a", "lamp1", "lamp2", true),
      flip("b", "lamp1", "lamp2", false),
      flip("c", "lamp2", "lamp1", true),
      flip("d", "lamp2", "lamp1", false),
    ]);
    home.put("lamp1", "on", false);
    engine.reading(home.put("lamp1", "on", false), home.now);
    engine.reading(home.put("lamp2", "on", false), home.now);
    let pending = hear(home, engine, "lamp1", "on", true).commands;
    let sent = 0;
    const seen = new Set<string>();
    for (let round = 0; round < 1_000 && pending.length > 0; round++) {
      const next: (typeof pending)[number][] = [];
      for (const one of pending) {
        sent++;
        engine.settled(one.run, one.action, "done", 1, home.now);
        engine.reading(home.put(one.device, one.target, one.value ?? false), home.now);
        const results = taken(engine);
        for (const code of codes(results)) seen.add(code);
        next.push(...results.commands);
      }
      pending = next;
    }
    expect(pending).toEqual([]);
    expect(sent).toBeLessThan(1_000);
    expect(seen.has("RULE_CHAIN_DEPTH") || seen.has("RULE_STORM")).toBe(true);
  });

  test("a slow loop ends too, after eight rules in a row", () => {
    const home = house();
    const step = (from: string, value: boolean, to: string, set: boolean) =>
      rule(`${from}-${value}`, [trigger(from, "on", "eq", { value })], [command(to, "on", set)]);
    const engine = engineOf(home, [
      step("lamp1", true, "lamp2", true),
      step("lamp2", true, "lamp1", false),
      step("lamp1", false, "lamp2", false),
      step("lamp2", false, "lamp1", true),
    ]);
    let results = hear(home, engine, "lamp1", "on", true);
    let sent = 0;
    while (results.commands.length > 0 && sent < 100) {
      sent++;
      home.pass(1_500);
      const [one] = results.commands;
      answer(home, engine, results.commands, "done");
      results = hear(home, engine, one?.device ?? "", "on", one?.value ?? false);
    }
    expect(sent).toBe(8);
    expect(codes(results)).toEqual(["RULE_CHAIN_DEPTH"]);
  });

  test("a flapping sensor does not run a rule more than ten times a second, and its safe command goes out every second", () => {
    const home = house();
    const engine = engineOf(home, [{ ...SMOKE, rule: { ...SMOKE.rule, mode: "restart" } }]);
    const sent: string[] = [];
    for (let i = 0; i < 300; i++) {
      const { commands } = hear(home, engine, "smoke1", "smoke", i % 2 === 0);
      sent.push(...said(commands));
      answer(home, engine, commands, "done");
      home.pass(10);
    }
    const count = (text: string): number => sent.filter((one) => one === text).length;
    expect(count("window1.open=true")).toBeLessThanOrEqual(30);
    expect(count("valve1.open=false")).toBeGreaterThanOrEqual(3);
    expect(count("valve1.open=false")).toBeLessThanOrEqual(33);
  });

  test("the more important rule wins where two set one thing", () => {
    const home = house();
    const engine = engineOf(home, [
      rule("low", [PRESSED], [command("lamp1", "on", false)], { priority: 10 }),
      rule("high", [PRESSED], [command("lamp1", "on", true)], { priority: 90 }),
    ]);
    const results = press(home, engine);
    expect(said(results.commands)).toEqual(["lamp1.on=true"]);
    expect(codes(results)).toEqual(["RULE_OUTRANKED"]);
  });
});

describe("the policy", () => {
  const lock = rule("lock", [PRESSED], [command("lock1", "locked", false, { coSigner: "owner" })]);

  test("denies what nothing allows, to rules and to people", () => {
    const home = house();
    const engine = engineOf(home, [lock], { policy: heldPolicy([]) });
    expect(codes(press(home, engine))).toEqual(["RULE_POLICY_DENIES"]);
    expect(engine.allows("anna", "lamp1", "on", true, home.now)?.code).toBe("RULE_POLICY_DENIES");
  });

  test("a DENY stands before an ALLOW of any priority", () => {
    const home = house();
    const deny = allow({ effect: "DENY", capability: "lock.*", direction: "away", priority: 1 });
    const engine = engineOf(home, [lock], { policy: heldPolicy([allow({ priority: 100 }), deny]) });
    expect(codes(press(home, engine))).toEqual(["RULE_POLICY_DENIES"]);
    expect(engine.allows("anna", "lock1", "locked", true, home.now)).toBeUndefined();
    expect(engine.allows("anna", "lock1", "locked", false, home.now)?.code).toBe("RULE_POLICY_DENIES");
  });

  test("old headers and spent rates deny, but never the safe way", () => {
    const home = house();
    const strict = allow({ maxHeaderAgeS: 60, rateCount: 0, rateWindowMs: 1_000 });
    const engine = engineOf(home, [], { policy: heldPolicy([strict]) });
    expect(engine.allows("anna", "lock1", "locked", false, home.now)?.code).toBe("RULE_LIMIT_SPENT");
    home.chain = { ...home.chain, headerAgeMs: undefined };
    expect(engine.allows("anna", "lock1", "locked", false, home.now)?.code).toBe("RULE_HEADER_OLD");
    expect(engine.allows("anna", "lock1", "locked", true, home.now)).toBeUndefined();
  });

  test("is asked again when a delayed action's time has come", () => {
    const home = house();
    const engine = engineOf(home, [rule("d", [PRESSED], [command("lamp1", "on", true, { delayMs: 5_000 })])]);
    press(home, engine);
    const facts = home.device("lamp1");
    if (facts !== undefined) facts.registration = { verdict: "suspended" };
    const results = wait(home, engine, 6_000);
    expect(results.commands).toEqual([]);
    expect(codes(results)).toEqual(["RULE_DEVICE_FROZEN"]);
  });
});

describe("scenes", () => {
  const away = scene("away", {
    steps: [sceneStep("lamp1", "on", false), sceneStep("lock1", "locked", true)],
    atomicity: "ALL_OR_REVERT",
    exclusiveGroup: "presence",
  });
  const back = scene("back", { steps: [sceneStep("lamp1", "on", true)], exclusiveGroup: "presence" });
  const lit = (home: House): House => {
    home.put("lamp1", "on", true);
    home.put("lock1", "locked", false);
    return home;
  };

  test("all or nothing: a step that fails puts back what was set, and the scene before is active again", () => {
    const home = lit(house());
    const guarded = rule("g", [PRESSED], [command("lamp2", "on", true)], {
      condition: { kind: "mode", scene: "back", active: true },
    });
    const engine = engineOf(home, [guarded], { scenes: [away, back] });
    engine.runScene("back", "anna", home.now);
    answer(home, engine, taken(engine).commands, "done");
    engine.runScene("away", "anna", home.now);
    const [lamp, lock] = taken(engine).commands;
    if (lamp === undefined || lock === undefined) throw new TypeError("two commands are wanted");
    answer(home, engine, [lamp], "done");
    const reverted = answer(home, engine, [lock], "failed");
    expect(said(reverted.commands)).toEqual(["lamp1.on=true"]);
    const end = answer(home, engine, reverted.commands, "done");
    const written = end.writes.find((write) => write.kind === "receipt");
    const receipt = readReceipt(written?.kind === "receipt" ? written.bytes : new Uint8Array());
    expect(receipt.actions.map(({ result }) => result)).toEqual(["done", "failed", "done"]);
    expect(said(press(home, engine).commands)).toEqual(["lamp2.on=true"]);
  });

  test("all or nothing: nothing is sent where a step is denied or a state before is not known", () => {
    const home = house();
    const engine = engineOf(home, [], { scenes: [away] });
    expect(() => engine.runScene("away", "anna", home.now)).toThrow(expect.objectContaining({ code: "SCENE_DENIED" }));
    expect(taken(engine).commands).toEqual([]);
  });

  test("all or nothing: a step that a more important rule forbids puts back the ones before it", () => {
    const home = lit(house());
    home.put("lamp2", "on", false);
    const both = scene("both", {
      steps: [sceneStep("lamp1", "on", false), sceneStep("lamp2", "on", true)],
      atomicity: "ALL_OR_REVERT",
    });
    const high = rule("high", [PRESSED], [command("lamp2", "on", false)], { priority: 90 });
    const engine = engineOf(home, [high], { scenes: [both] });
    press(home, engine);
    engine.runScene("both", "anna", home.now);
    expect(said(taken(engine).commands)).toEqual(["lamp1.on=false", "lamp1.on=true"]);
  });

  test("that must be armed run once, in time, and after a restart too", () => {
    const home = lit(house());
    const armed = scene("alarm", { steps: [sceneStep("lamp1", "on", true)], armForMs: 60_000 });
    const engine = engineOf(home, [], { scenes: [armed] });
    expect(() => engine.runScene("alarm", "anna", home.now)).toThrow(
      expect.objectContaining({ code: "SCENE_NOT_ARMED" }),
    );
    engine.armScene("alarm", "anna", home.now);
    const kept = taken(engine).writes[0];
    const restored = new Map(kept?.kind === "ruleState" ? [[kept.rule, kept.bytes]] : []);
    const other = engineOf(home, [], { scenes: [armed], restored });
    other.runScene("alarm", "anna", home.now);
    expect(taken(other).commands).toHaveLength(1);
    expect(() => other.runScene("alarm", "anna", home.now)).toThrow(
      expect.objectContaining({ code: "SCENE_NOT_ARMED" }),
    );
    home.pass(60_000);
    expect(() => engine.runScene("alarm", "anna", home.now)).toThrow(
      expect.objectContaining({ code: "SCENE_NOT_ARMED" }),
    );
  });

  test("are what a mode condition asks for, and only one of a group is active", () => {
    const home = lit(house());
    const guarded = rule("g", [PRESSED], [command("lamp2", "on", true)], {
      condition: { kind: "mode", scene: "away", active: true },
    });
    const engine = engineOf(home, [guarded], { scenes: [away, back] });
    expect(press(home, engine).commands).toEqual([]);
    engine.runScene("away", "anna", home.now);
    taken(engine);
    expect(said(press(home, engine).commands)).toEqual(["lamp2.on=true"]);
    engine.runScene("back", "anna", home.now);
    taken(engine);
    expect(press(home, engine).commands).toEqual([]);
  });
});

describe("groups", () => {
  test("become one command for each device that has what is set", () => {
    const home = house();
    const engine = engineOf(home, [
      rule("g", [PRESSED], [command(group("hall"), "on", true), command(device("nobody"), "on", true)]),
    ]);
    const results = press(home, engine);
    expect(said(results.commands)).toEqual(["lamp1.on=true", "lamp2.on=true"]);
    expect(codes(results)).toEqual(["RULE_DEVICE_UNFIT"]);
  });
});
