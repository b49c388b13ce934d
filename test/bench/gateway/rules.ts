/** Pure evaluation of rules: 200 devices, 500 rules, readings as they come; no store, no links. */

import type { HashFunction } from "../../../src/crypto/hashFunction.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { DeviceProfile, PropertySpec } from "../../../src/device/profile.js";
import { ruleHash } from "../../../src/device/rules/bytes.js";
import { LocalRuleEngine } from "../../../src/device/rules/engine.js";
import type { Condition, HeldRule, LinkageRule } from "../../../src/device/rules/language.js";
import { policyHash } from "../../../src/device/rules/policy.js";
import type { HomeDevice } from "../../../src/node/rules/home.js";
import { MemoryShadow } from "../../../src/node/rules/memoryShadow.js";

export interface RuleBenchOptions {
  readonly devices: number;
  readonly rules: number;
  readonly readings: number;
  /** Absent: the reference suite's, which is the slowest. */
  readonly hash?: HashFunction;
}

export const RULE_BENCH: RuleBenchOptions = { devices: 200, rules: 500, readings: 20_000 };

export interface RuleBenchResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly readings: number;
  readonly runs: number;
}

const UNIT = { kind: "number", decimals: 1, min: -400, max: 1_000 } as const;

function spec(name: string, capability: string, more: Partial<PropertySpec> = {}): PropertySpec {
  return { name, capability, type: { kind: "boolean" }, readable: true, writable: true, safetyClass: 0, ...more };
}

function modelOf(): DeviceProfile {
  const properties = [
    spec("on", "switch.on"),
    spec("temperature", "sensor.temp", { type: UNIT, writable: false }),
    spec("motion", "sensor.motion", { writable: false }),
  ];
  return {
    id: "bench/combined",
    vendor: "bench",
    model: "combined",
    title: "combined",
    deviceClass: "plug",
    safetyClass: 0,
    properties: new Map(properties.map((property) => [property.name, property])),
    actions: new Map(),
    events: new Map(),
    binding: { protocol: "edgeseal" },
  };
}

const device = (name: string) => ({ by: "device", name, not: false }) as const;

/** Every rule listens to one device, looks at three others and sets a fourth. */
function ruleOf(index: number, count: number, hash: HashFunction): HeldRule {
  const id = (offset: number) => `d${(index * 7 + offset) % count}`;
  const isWarm: Condition = {
    kind: "numeric",
    source: device(id(1)),
    name: "temperature",
    decimals: 1,
    max: 900,
    quantifier: "every",
  };
  const rule: LinkageRule = {
    id: `r${index}`,
    title: "",
    version: 1,
    prevHash: new Uint8Array(32),
    author: "",
    triggers: [
      index % 2 === 0
        ? {
            source: device(id(0)),
            name: "temperature",
            op: "crosses",
            value: 200,
            decimals: 1,
            forMs: 0,
            hysteresis: 5,
          }
        : { source: device(id(0)), name: "motion", op: "eq", value: true, decimals: 0, forMs: 0, hysteresis: 0 },
    ],
    condition: {
      kind: "all",
      of: [
        isWarm,
        { kind: "not", of: { ...isWarm, source: device(id(2)), min: 901, max: 1_000 } },
        {
          kind: "state",
          source: device(id(3)),
          name: "motion",
          equals: false,
          decimals: 0,
          quantifier: "every",
          assume: true,
        },
        { kind: "time", fromMinute: 0, toMinute: 1_439, days: 127 },
      ],
    },
    actions: [
      {
        kind: "command",
        target: device(id(4)),
        name: "on",
        set: { kind: "value", value: index % 3 === 0, decimals: 0 },
        delayMs: 0,
        onFail: "skip",
        retries: 0,
      },
    ],
    mode: "restart",
    maxRuns: 1,
    limits: { minIntervalMs: 0, maxPerHour: 0, maxPerDay: 0 },
    offline: { allow: true },
    evidence: "receipt-readings",
    priority: 50,
  };
  return { rule, hash: ruleHash(hash, rule), status: "ACTIVE" };
}

/** Time of `reading`, `take` and `settled` together, per reading. */
export function benchRules(options: RuleBenchOptions = RULE_BENCH): RuleBenchResult {
  const suite = referenceSuite("ecdsa");
  const hash = options.hash ?? ((data: Uint8Array) => suite.hash(data));
  const model = modelOf();
  const devices = Array.from({ length: options.devices }, (_, index): HomeDevice => {
    const id = `d${index}`;
    const record = { id, profile: model.id, link: "bench", address: id, name: id, groups: [], joinedAt: 0 };
    return {
      record: { ...record, voucher: { kind: "gateway" } },
      profile: model,
      registration: { verdict: "registered", trustTier: 1, evidence: { kind: "file", path: "" } },
    };
  });
  const shadow = new MemoryShadow(devices);
  const any = { by: "any", name: "", not: false } as const;
  const allow = { subject: { kind: "any", not: false }, object: any, capability: "*", effect: "ALLOW" } as const;
  const flags = { minTier: 0, priority: 50, log: false, receipt: false, notify: false };
  const policy = { id: "bench", version: 1, rules: [{ ...allow, ...flags }] };
  let nowMs = 0;
  const now = () => ({ wallMs: 1_767_571_200_000 + nowMs, wallSet: true, monotonicMs: nowMs });
  const engine = new LocalRuleEngine({
    hash,
    gateway: "bench",
    view: shadow,
    chain: () => ({ height: 1, headerHash: new Uint8Array(32), headerAgeMs: 0 }),
    rules: Array.from({ length: options.rules }, (_, index) => ruleOf(index, options.devices, hash)),
    scenes: [],
    policy: { policy, hash: policyHash(hash, policy) },
    restored: new Map(),
    now: now(),
  });
  const took: number[] = [];
  let runs = 0;
  let state = 7;
  for (let count = 0; count < options.readings; count++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const id = `d${(state >>> 8) % options.devices}`;
    nowMs += 50;
    const isTemperature = count % 2 === 0;
    const value = isTemperature ? (state >>> 16) % 1_000 : (state & 0x8000) !== 0;
    const input = shadow.put(id, isTemperature ? "temperature" : "motion", value, now());
    const began = performance.now();
    engine.reading(input, now());
    const results = engine.take();
    for (const { run, action } of results?.commands ?? []) engine.settled(run, action, "done", 100, now());
    engine.take();
    took.push(performance.now() - began);
    runs += results?.commands.length ?? 0;
  }
  took.sort((a, b) => a - b);
  const at = (part: number): number => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), readings: options.readings, runs };
}
