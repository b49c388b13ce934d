/** Random rules in random worlds: nothing throws, everything is bounded, repeatable, and can be checked afterwards. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRule, ruleBytes } from "../../../src/device/rules/bytes.js";
import type { LocalRuleEngine } from "../../../src/device/rules/engine.js";
import type { Action, Condition, HeldRule, Trigger } from "../../../src/device/rules/language.js";
import type { RuleCommand, RuleResults } from "../../../src/device/rules/port.js";
import { replayReceipt, type StoredReceipt, verifyReceipts } from "../../../src/device/rules/verifyReceipts.js";
import {
  ANY,
  allow,
  command,
  device,
  engineOf,
  group,
  House,
  hash,
  heldPolicy,
  PROFILES,
  rule,
  trigger,
} from "./world.js";

const DEVICES = {
  smoke1: "smoke",
  valve1: "valve",
  lamp1: "lamp",
  lamp2: "lamp",
  lock1: "lock",
  thermo1: "thermostat",
} as const;
const SOURCES = [
  ["smoke1", "smoke"],
  ["valve1", "open"],
  ["lamp1", "on"],
  ["lamp2", "on"],
  ["lock1", "locked"],
] as const;

const selector = fc.constantFrom(device("lamp1"), device("lamp2"), group("hall"), ANY, device("nobody"));
const triggers: fc.Arbitrary<Trigger> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...SOURCES), fc.boolean(), fc.constantFrom(0, 0, 700))
    .map(([[id, name], value, forMs]) => trigger(id, name, "eq", { value, forMs })),
  fc.constantFrom(...SOURCES).map(([id, name]) => trigger(id, name, "changed")),
  fc
    .tuple(fc.constantFrom("gt", "lt", "crosses"), fc.integer({ min: 0, max: 3_000 }), fc.nat(200))
    .map(([op, value, hysteresis]) =>
      trigger("thermo1", "temperature", op as "gt", { value, decimals: 2, hysteresis }),
    ),
);
const actions: fc.Arbitrary<Action> = fc.oneof(
  fc
    .tuple(selector, fc.boolean(), fc.constantFrom(0, 500, 5_000), fc.constantFrom("skip", "abort", "retry"))
    .map(([target, value, delayMs, onFail]) =>
      command(target, "on", value, { delayMs, onFail: onFail as "skip", retries: 1 }),
    ),
  fc.boolean().map((value) => command("valve1", "valve.open", value, { coSigner: "o" })),
  fc.boolean().map((value) => command("lock1", "locked", value)),
  fc.constant<Action>(
    command("lamp1", "level", 0, {
      set: {
        kind: "expression",
        reads: [{ device: "thermo1", name: "temperature", decimals: 2 }],
        steps: [
          ["read", 0],
          ["push", 7],
          ["div", 2],
        ],
        decimals: 2,
      },
    }),
  ),
  fc.constant<Action>({ kind: "notify", text: "n", delayMs: 0 }),
);
const conditions: fc.Arbitrary<Condition | undefined> = fc.option(
  fc.oneof(
    selector.map(
      (source): Condition => ({
        kind: "state",
        source,
        name: "on",
        equals: true,
        decimals: 0,
        quantifier: "some",
        assume: true,
      }),
    ),
    fc.integer({ min: 0, max: 3_000 }).map(
      (min): Condition => ({
        kind: "numeric",
        source: device("thermo1"),
        name: "temperature",
        decimals: 2,
        min,
        quantifier: "every",
      }),
    ),
    fc.nat(3).map((below): Condition => ({ kind: "not", of: { kind: "counter", counter: "hour", below } })),
  ),
  { nil: undefined },
);
const rules = fc
  .array(
    fc.record({
      triggers: fc.array(triggers, { minLength: 1, maxLength: 3 }),
      actions: fc.array(actions, { minLength: 1, maxLength: 4 }),
      condition: conditions,
      mode: fc.constantFrom("single" as const, "restart" as const, "queued" as const, "parallel" as const),
      maxRuns: fc.integer({ min: 1, max: 10 }),
      minIntervalMs: fc.constantFrom(0, 0, 2_000),
      maxHeaderAgeS: fc.constantFrom(undefined, 10),
      priority: fc.nat(100),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((specs) =>
    specs.map(
      ({ triggers: when, actions: then, condition, mode, maxRuns, minIntervalMs, maxHeaderAgeS, priority }, index) =>
        rule(`r${index}`, when, then, {
          ...(condition === undefined ? {} : { condition }),
          mode,
          maxRuns,
          limits: { minIntervalMs, maxPerHour: 0, maxPerDay: 0 },
          offline: { allow: true, ...(maxHeaderAgeS === undefined ? {} : { maxHeaderAgeS }) },
          priority,
        }),
    ),
  );

type Event =
  | { readonly do: "read"; readonly source: number; readonly value: boolean }
  | { readonly do: "warm"; readonly value: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "settle"; readonly result: "done" | "failed" | "sent" }
  | { readonly do: "age"; readonly ms: number | undefined }
  | { readonly do: "restart" };
const events = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("read" as const),
        source: fc.nat(SOURCES.length - 1),
        value: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("warm" as const), value: fc.integer({ min: -4_000, max: 10_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 300, 1_000, 40_000) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("settle" as const),
        result: fc.constantFrom("done" as const, "failed" as const, "sent" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("age" as const), ms: fc.constantFrom(undefined, 0, 1_000_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  ) as fc.Arbitrary<Event>,
  { minLength: 5, maxLength: 60 },
);

const POLICY = heldPolicy([allow(), allow({ effect: "DENY", capability: "lock.*", direction: "away" })]);

/** Plays the events; the world is not changed by commands, only by readings. */
function play(held: readonly HeldRule[], script: readonly Event[]) {
  const home = new House();
  for (const [id, kind] of Object.entries(DEVICES)) home.add(id, PROFILES[kind], kind === "lamp" ? ["hall"] : []);
  const states = new Map<string, Uint8Array>();
  const stored: StoredReceipt[] = [];
  const commands: RuleCommand[] = [];
  const log: RuleResults[] = [];
  let lastReceipt: { sequence: number; hash: Uint8Array } | undefined;
  let open: RuleCommand[] = [];
  const begin = (): LocalRuleEngine =>
    engineOf(home, held, { policy: POLICY, restored: states, ...(lastReceipt === undefined ? {} : { lastReceipt }) });
  let engine = begin();
  const take = (): void => {
    const results = engine.take();
    if (results === undefined) return;
    log.push(results);
    commands.push(...results.commands);
    open.push(...results.commands);
    for (const write of results.writes) {
      if (write.kind === "ruleState") states.set(write.rule, write.bytes);
      else {
        stored.push({ bytes: write.bytes, inputs: write.inputs });
        lastReceipt = { sequence: write.sequence, hash: write.hash };
      }
    }
  };
  for (const event of script) {
    if (event.do === "read") {
      const [id, name] = SOURCES[event.source] ?? SOURCES[0];
      engine.reading(home.put(id, name, event.value), home.now);
    } else if (event.do === "warm") engine.reading(home.put("thermo1", "temperature", event.value), home.now);
    else if (event.do === "wait") {
      home.pass(event.ms);
      engine.tick(home.now);
    } else if (event.do === "settle") {
      const [one, ...rest] = open;
      open = rest;
      if (one !== undefined) engine.settled(one.run, one.action, event.result, 5, home.now);
    } else if (event.do === "age") home.chain = { ...home.chain, headerAgeMs: event.ms };
    else {
      engine = begin();
      open = [];
    }
    take();
  }
  home.pass(10 * 60_000);
  for (let i = 0; i < 50 && engine.nextMs !== undefined; i++) {
    home.pass(40_000);
    engine.tick(home.now);
    take();
  }
  return { stored, commands, log, left: engine.nextMs };
}

test("whatever happens, receipts are a chain, every decision in them can be made again, and nothing stays open", () => {
  let receipts = 0;
  fc.assert(
    fc.property(rules, events, (held, script) => {
      const one = play(held, script);
      expect(play(held, script).log).toEqual(one.log);
      expect(one.left).toBeUndefined();
      const checked = verifyReceipts(hash, one.stored);
      expect(checked.faults).toEqual([]);
      for (const [index, receipt] of checked.receipts.entries()) {
        const source = held.find((candidate) => candidate.rule.id === receipt.rule);
        if (source === undefined) throw new TypeError(receipt.rule);
        const fault = replayReceipt(hash, receipt, {
          inputs: one.stored[index]?.inputs ?? new Uint8Array(),
          rule: readRule(ruleBytes(source.rule)),
          policy: POLICY.policy,
          profiles: (id) => Object.values(PROFILES).find((candidate) => candidate.id === id),
        });
        expect(fault).toBeUndefined();
        receipts++;
      }
      // The policy forbids it, whatever rules want.
      expect(one.commands.filter(({ device: id, value }) => id === "lock1" && value === false)).toEqual([]);
      // No command has the number of another one, over restarts too, unless it is sent again after a failure.
      const retries = new Set(one.commands.map(({ run, action, device: id }) => `${run}/${action}/${id}`));
      const numbers = new Set(one.commands.map(({ run, action }) => `${run}/${action}`));
      expect(retries.size).toBe(numbers.size);
    }),
    { numRuns: 300, seed: 7 },
  );
  expect(receipts).toBeGreaterThan(300);
});

test("a rule beyond the limits of the language is told about and never runs", () => {
  const home = new House().add("lamp1", PROFILES.lamp).add("lamp2", PROFILES.lamp);
  const nine = Array.from({ length: 9 }, () => trigger("lamp1", "on", "changed"));
  const engine = engineOf(home, [rule("nine", nine, [command("lamp2", "on", true)])]);
  expect(engine.take()?.refusals).toEqual([{ rule: "nine", code: "RULE_MALFORMED" }]);
  engine.reading(home.put("lamp1", "on", false), home.now);
  engine.reading(home.put("lamp1", "on", true), home.now);
  expect(engine.take()).toBeUndefined();
});
