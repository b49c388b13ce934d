/** A small house for tests of rules: devices as the gateway's shadow would hold them, a clock that is turned by hand. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { CommandResult } from "../../../src/device/command.js";
import type { DeviceRecord, Registration } from "../../../src/device/device.js";
import type { DeviceProfile, PropertySpec } from "../../../src/device/profile.js";
import { ruleHash, sceneHash } from "../../../src/device/rules/bytes.js";
import { type EngineOptions, LocalRuleEngine } from "../../../src/device/rules/engine.js";
import type {
  Action,
  CommandAction,
  HeldRule,
  HeldScene,
  LinkageRule,
  Scene,
  Selector,
  Trigger,
} from "../../../src/device/rules/language.js";
import { type PolicyRule, policyHash, type TrustPolicy } from "../../../src/device/rules/policy.js";
import type { RuleCommand, RuleResults } from "../../../src/device/rules/port.js";
import type { DeviceValue } from "../../../src/device/value.js";
import type { Availability, ChainFacts, DeviceFacts, DeviceView, Now, Reading } from "../../../src/device/view.js";

export const hash = (bytes: Uint8Array): Uint8Array => keccak_256(bytes);

export function property(name: string, capability: string, more: Partial<PropertySpec> = {}): PropertySpec {
  return {
    name,
    capability,
    type: { kind: "boolean" },
    readable: true,
    writable: true,
    safetyClass: 0,
    ...more,
  };
}

export function profile(
  id: string,
  deviceClass: string,
  properties: readonly PropertySpec[],
  more: Partial<DeviceProfile> = {},
): DeviceProfile {
  const [vendor = "", model = ""] = id.split("/");
  return {
    id,
    vendor,
    model,
    title: model,
    deviceClass,
    safetyClass: 0,
    properties: new Map(properties.map((spec) => [spec.name, spec])),
    actions: new Map(),
    events: new Map(),
    binding: { protocol: "edgeseal" },
    ...more,
  };
}

const NUMBER = { kind: "number", decimals: 1, min: 50, max: 300, unit: "°C" } as const;

export const PROFILES = {
  smoke: profile("acme/smoke", "sensor.smoke", [property("smoke", "sensor.smoke", { writable: false })]),
  valve: profile("acme/valve", "valve", [
    property("open", "valve.open", { safetyClass: 3, safe: { kind: "values", values: [false] } }),
  ]),
  window: profile("acme/window", "cover", [property("open", "cover.position", { safetyClass: 1 })]),
  lamp: profile("acme/lamp", "lamp", [
    property("on", "switch.on"),
    property("level", "light.level", { type: { kind: "number", decimals: 0, min: 0, max: 100 } }),
  ]),
  lock: profile("acme/lock", "lock", [
    property("locked", "lock.state", { safetyClass: 2, safe: { kind: "values", values: [true] } }),
  ]),
  thermostat: profile("acme/thermostat", "climate", [
    property("temperature", "sensor.temp", {
      writable: false,
      type: { kind: "number", decimals: 2, min: -4_000, max: 10_000 },
      staleAfterMs: 60_000,
    }),
    property("setpoint", "climate.setpoint", { type: NUMBER, safetyClass: 2, safe: { kind: "lower" } }),
  ]),
  button: profile("acme/button", "button", [], {
    events: new Map([["pressed", { name: "pressed", capability: "button.event" }]]),
  }),
  phone: profile("acme/phone", "phone", [property("home", "presence.home", { writable: false })]),
} as const;

interface Installed {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  registration: Registration;
  availability: Availability;
}

export class House implements DeviceView {
  readonly #devices = new Map<string, Installed>();
  readonly #readings = new Map<string, Reading>();
  now: Now = { wallMs: 1_700_000_000_000, wallSet: true, monotonicMs: 1_000 };
  chain: ChainFacts = { height: 7, headerHash: new Uint8Array(32).fill(7), headerAgeMs: 1_000 };

  add(id: string, spec: DeviceProfile, groups: readonly string[] = []): this {
    this.#devices.set(id, {
      record: {
        id,
        profile: spec.id,
        link: "memory",
        address: id,
        name: id,
        groups,
        voucher: { kind: "gateway" },
        joinedAt: 0,
      },
      profile: spec,
      registration: { verdict: "registered", trustTier: 2, evidence: { kind: "file", path: "devices.yaml" } },
      availability: "online",
    });
    return this;
  }

  devices(): Iterable<DeviceFacts> {
    return this.#devices.values();
  }

  device(id: string): Installed | undefined {
    return this.#devices.get(id);
  }

  reading(id: string, name: string): Reading | undefined {
    return this.#readings.get(`${id}/${name}`);
  }

  fresh(id: string, name: string, monotonicMs: number): boolean {
    const reading = this.reading(id, name);
    const device = this.#devices.get(id);
    if (reading === undefined || device === undefined || device.availability === "offline") return false;
    const limit = device.profile.properties.get(name)?.staleAfterMs;
    return limit === undefined || monotonicMs - reading.monotonicMs <= limit;
  }

  pass(ms: number): Now {
    const { wallMs, wallSet, monotonicMs } = this.now;
    this.now = { wallMs: wallMs + ms, wallSet, monotonicMs: monotonicMs + ms };
    return this.now;
  }

  /** Puts a reading into the shadow; @returns it with the one before, as the engine is told. */
  put(id: string, name: string, value: DeviceValue) {
    const previous = this.reading(id, name);
    const current: Reading = {
      value,
      at: this.now.wallMs,
      monotonicMs: this.now.monotonicMs,
      sequence: (previous?.sequence ?? 0) + 1,
    };
    this.#readings.set(`${id}/${name}`, current);
    return { device: id, property: name, current, ...(previous === undefined ? {} : { previous }) };
  }
}

export const device = (name: string): Selector => ({ by: "device", name, not: false });
export const group = (name: string): Selector => ({ by: "group", name, not: false });
export const ANY: Selector = { by: "any", name: "", not: false };

export function trigger(
  source: string | Selector,
  name: string,
  op: Trigger["op"],
  more: Partial<Trigger> = {},
): Trigger {
  const selector = typeof source === "string" ? device(source) : source;
  return { source: selector, name, op, decimals: 0, forMs: 0, hysteresis: 0, ...more };
}

export function command(
  target: string | Selector,
  name: string,
  value: DeviceValue,
  more: Partial<CommandAction> = {},
): CommandAction {
  return {
    kind: "command",
    target: typeof target === "string" ? device(target) : target,
    name,
    set: { kind: "value", value, decimals: 0 },
    delayMs: 0,
    onFail: "skip",
    retries: 0,
    ...more,
  };
}

export function rule(
  id: string,
  triggers: readonly Trigger[],
  actions: readonly Action[],
  more: Partial<LinkageRule> = {},
): HeldRule {
  const spec: LinkageRule = {
    id,
    title: id,
    version: 1,
    prevHash: new Uint8Array(32),
    author: "tests",
    triggers,
    actions,
    mode: "single",
    maxRuns: 1,
    limits: { minIntervalMs: 0, maxPerHour: 0, maxPerDay: 0 },
    offline: { allow: true },
    evidence: "receipt-readings",
    priority: 50,
    ...more,
  };
  return { rule: spec, hash: ruleHash(hash, spec), status: "ACTIVE" };
}

export function scene(id: string, spec: Pick<Scene, "steps"> & Partial<Scene>): HeldScene {
  const whole: Scene = { id, title: id, version: 1, atomicity: "BEST_EFFORT", ...spec };
  return { scene: whole, hash: sceneHash(hash, whole), status: "ACTIVE" };
}

export function sceneStep(target: string, name: string, value: DeviceValue) {
  const set = { kind: "value", value, decimals: 0 } as const;
  return { target: device(target), name, set, transitionMs: 0, onFail: "skip", retries: 0 } as const;
}

export function allow(more: Partial<PolicyRule> = {}): PolicyRule {
  return {
    subject: { kind: "any", not: false },
    object: ANY,
    capability: "*",
    effect: "ALLOW",
    minTier: 0,
    priority: 50,
    log: false,
    receipt: false,
    notify: false,
    ...more,
  };
}

export function heldPolicy(rules: readonly PolicyRule[]) {
  const policy: TrustPolicy = { id: "house", version: 1, rules };
  return { policy, hash: policyHash(hash, policy) };
}

export function engineOf(house: House, rules: readonly HeldRule[], more: Partial<EngineOptions> = {}): LocalRuleEngine {
  return new LocalRuleEngine({
    hash,
    gateway: "gw",
    view: house,
    chain: () => house.chain,
    rules,
    scenes: [],
    policy: heldPolicy([allow()]),
    restored: new Map(),
    now: house.now,
    ...more,
  });
}

/** A reading arrives. */
export function hear(house: House, engine: LocalRuleEngine, id: string, name: string, value: DeviceValue): RuleResults {
  engine.reading(house.put(id, name, value), house.now);
  return taken(engine);
}

export function taken(engine: LocalRuleEngine): RuleResults {
  return engine.take() ?? { commands: [], notices: [], refusals: [], writes: [] };
}

/** Time passes in the steps that the engine asks for. */
export function wait(house: House, engine: LocalRuleEngine, ms: number): RuleResults {
  const end = house.now.monotonicMs + ms;
  const all: { commands: RuleCommand[]; notices: RuleResults["notices"][number][] } & RuleResults = {
    commands: [],
    notices: [],
    refusals: [],
    writes: [],
  };
  const collect = (): void => {
    engine.tick(house.now);
    const some = taken(engine);
    for (const [name, list] of Object.entries(some)) (all as unknown as Record<string, unknown[]>)[name]?.push(...list);
  };
  for (let next = engine.nextMs; next !== undefined && next <= end; next = engine.nextMs) {
    house.pass(Math.max(0, next - house.now.monotonicMs));
    collect();
  }
  house.pass(end - house.now.monotonicMs);
  collect();
  return all;
}

export function answer(
  house: House,
  engine: LocalRuleEngine,
  commands: readonly RuleCommand[],
  result: CommandResult,
): RuleResults {
  for (const { run, action } of commands) engine.settled(run, action, result, 1_500, house.now);
  return taken(engine);
}

/** `device.target=value` of each command. */
export function said(commands: readonly RuleCommand[]): string[] {
  return commands.map((one) => `${one.device}.${one.target}=${one.value}`);
}
