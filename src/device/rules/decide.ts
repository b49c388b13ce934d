/**
 * The decision: from a rule, what set it off and the facts to the steps of a run. Pure and total; the engine and a replay
 * call the same function.
 */
import type { DeviceId } from "../device.js";
import type { DeviceValue, ValueType } from "../value.js";
import { judge, type Truth } from "./conditions.js";
import { type Affordance, affordanceOf, type Direction, directionOf } from "./direction.js";
import { evaluate } from "./expression.js";
import { type Facts, freshNumber, headerOlderThan, isSynced } from "./facts.js";
import type { Cause } from "./inputs.js";
import { type LinkageRule, type OnFail, rescale, type Scene, type Selector, type Setting } from "./language.js";
import { STEPS_PER_RUN_MAX } from "./limits.js";
import { askPolicy, type PolicySubject, type TrustPolicy } from "./policy.js";

export interface PlannedStep {
  /** Which action of the rule, or step of the scene. */
  readonly action: number;
  readonly kind: "command" | "scene" | "notify";
  /** Empty for scenes and notices. */
  readonly device: DeviceId;
  /** Property or action; the scene's id; empty for notices. */
  readonly target: string;
  /** In the property's integers; the text of a notice. */
  readonly value?: DeviceValue;
  /** After the step before. */
  readonly delayMs: number;
  readonly onFail: OnFail;
  readonly retries: number;
  readonly direction: Direction;
  /** Why it is left out. */
  readonly code?: string;
  /** Which rule of the policy decided, -1 for none. */
  readonly policyRule: number;
  readonly safetyClass: number;
}

export interface Decision {
  readonly truth: Truth;
  /** Why only safe commands are let through, where that is so. */
  readonly held?: string;
  readonly steps: readonly PlannedStep[];
}

const NO_COMMAND = { device: "", onFail: "skip", retries: 0, direction: "neutral", policyRule: -1 } as const;

export function decideRule(rule: LinkageRule, cause: Cause, policy: TrustPolicy, facts: Facts): Decision {
  const truth = judge(rule.condition, facts);
  if (truth !== true) return { truth, steps: [] };
  const held = cause.held ?? limitOf(rule, facts);
  const subject: PolicySubject = { kind: "rule", name: rule.id };
  const steps: PlannedStep[] = [];
  for (const [action, spec] of rule.actions.entries()) {
    const refused = held === undefined ? {} : { code: held };
    if (spec.kind === "command") {
      planCommands(steps, facts, policy, subject, cause, { ...spec, action }, held);
    } else if (spec.kind === "scene") {
      const { delayMs, scene } = spec;
      steps.push({ ...NO_COMMAND, action, kind: "scene", target: scene, delayMs, safetyClass: 0, ...refused });
    } else {
      const { delayMs, text } = spec;
      steps.push({
        ...NO_COMMAND,
        action,
        kind: "notify",
        target: "",
        value: text,
        delayMs,
        safetyClass: 0,
        ...refused,
      });
    }
  }
  return held === undefined ? { truth, steps } : { truth, held, steps };
}

export function decideScene(scene: Scene, cause: Cause, policy: TrustPolicy, facts: Facts): Decision {
  const truth = judge(scene.precondition, facts);
  if (truth !== true) return { truth, steps: [] };
  const steps: PlannedStep[] = [];
  const subject: PolicySubject = { kind: "scene", name: scene.id };
  for (const [action, step] of scene.steps.entries()) {
    planCommands(steps, facts, policy, subject, cause, { ...step, action, delayMs: 0 }, cause.held);
  }
  return { truth, steps };
}

/** The limit of the rule that is spent, if one is. */
function limitOf(rule: LinkageRule, facts: Facts): string | undefined {
  const { limits, offline } = rule;
  const since = facts.counter("sinceRunMs");
  if (limits.minIntervalMs > 0 && since >= 0 && since < limits.minIntervalMs) return "RULE_LIMIT_SPENT";
  if (limits.maxPerHour > 0 && facts.counter("hour") >= limits.maxPerHour) return "RULE_LIMIT_SPENT";
  if (limits.maxPerDay > 0 && facts.counter("day") >= limits.maxPerDay) return "RULE_LIMIT_SPENT";
  if (offline.maxHeaderAgeS !== undefined && headerOlderThan(facts.chain, offline.maxHeaderAgeS)) {
    return "RULE_HEADER_OLD";
  }
  if (isSynced(facts.chain)) return undefined;
  if (!offline.allow) return "RULE_HEADER_OLD";
  if (offline.maxRunsSinceSync !== undefined && facts.counter("sinceSync") >= offline.maxRunsSinceSync) {
    return "RULE_LIMIT_SPENT";
  }
  return undefined;
}

interface CommandSpec {
  readonly action: number;
  readonly target: Selector;
  readonly name: string;
  readonly set: Setting;
  readonly delayMs: number;
  readonly onFail: OnFail;
  readonly retries: number;
  readonly safetyMax?: number;
  readonly coSigner?: string;
}

function planCommands(
  steps: PlannedStep[],
  facts: Facts,
  policy: TrustPolicy,
  subject: PolicySubject,
  cause: Cause,
  spec: CommandSpec,
  held: string | undefined,
): void {
  let delayMs = spec.delayMs;
  const { by, name, not } = spec.target;
  const members = facts.members(spec.target);
  // A device that is named and is not there is told about; a group that is empty is empty.
  for (const device of members.length === 0 && by === "device" && !not ? [name] : members) {
    if (steps.length >= STEPS_PER_RUN_MAX) return;
    const step = planCommand(facts, policy, subject, cause, spec, device, held);
    // Devices of a group or class that do not have it are not meant.
    if (step === undefined) continue;
    steps.push({ ...step, delayMs });
    delayMs = 0;
  }
}

function planCommand(
  facts: Facts,
  policy: TrustPolicy,
  subject: PolicySubject,
  cause: Cause,
  spec: CommandSpec,
  device: DeviceId,
  held: string | undefined,
): PlannedStep | undefined {
  const standing = facts.standing(device);
  const profile = standing === undefined ? undefined : facts.profile(standing.profile);
  const affordance = profile === undefined ? undefined : affordanceOf(profile, spec.name);
  const common = {
    action: spec.action,
    kind: "command" as const,
    device,
    delayMs: 0,
    onFail: spec.onFail,
    retries: spec.retries,
  };
  if (standing === undefined || affordance === undefined) {
    if (spec.target.by !== "device") return undefined;
    const none = { target: spec.name, direction: "neutral" as const, policyRule: -1, safetyClass: 0 };
    return { ...common, ...none, code: "RULE_DEVICE_UNFIT" };
  }
  const { safetyClass, name: target } = affordance.spec;
  const settled = settle(facts, cause, spec, affordance);
  if ("code" in settled) {
    return { ...common, target, direction: "neutral", policyRule: -1, safetyClass, code: settled.code };
  }
  const direction = directionOf(facts, device, affordance, settled.value);
  const verdict = askPolicy(
    policy,
    {
      subject,
      device,
      standing,
      capability: affordance.spec.capability,
      direction,
      ...(spec.coSigner === undefined ? {} : { coSigner: spec.coSigner }),
    },
    facts,
  );
  const unsigned = safetyClass >= 2 && direction === "away" && spec.coSigner === undefined;
  const code =
    verdict.code ?? (direction === "safe" ? undefined : (held ?? (unsigned ? "RULE_COSIGNER_MISSING" : undefined)));
  return {
    ...common,
    target,
    direction,
    policyRule: verdict.rule,
    safetyClass,
    ...(settled.value === undefined ? {} : { value: settled.value }),
    ...(code === undefined ? {} : { code }),
  };
}

type Settled = { readonly value: DeviceValue | undefined } | { readonly code: string };

function settle(facts: Facts, cause: Cause, spec: CommandSpec, affordance: Affordance): Settled {
  const { set } = spec;
  if (affordance.kind === "action") {
    if (!affordance.spec.idempotent) return { code: "RULE_NOT_ABSOLUTE" };
    if (affordance.spec.input === undefined) return { value: undefined };
    return set.kind === "none" ? { code: "RULE_VALUE_TYPE" } : fitted(facts, cause, spec, affordance.spec.input);
  }
  return set.kind === "none" ? { code: "RULE_VALUE_TYPE" } : fitted(facts, cause, spec, affordance.spec.type);
}

function fitted(facts: Facts, cause: Cause, spec: CommandSpec, type: ValueType): Settled {
  const { set, safetyMax } = spec;
  if (set.kind === "none") return { code: "RULE_VALUE_TYPE" };
  if (set.kind === "value") {
    if (typeof set.value !== "number" || type.kind !== "number") return constantOf(set.value, type);
    const capped = safetyMax === undefined ? set.value : Math.min(set.value, safetyMax);
    const value = rescale(capped, set.decimals, type.decimals);
    return value === undefined || value < type.min || value > type.max ? { code: "RULE_VALUE_RANGE" } : { value };
  }
  const result = evaluate(
    set.steps,
    (index) => {
      const read = set.reads[index];
      return read === undefined ? undefined : freshNumber(facts, read.device, read.name, read.decimals);
    },
    triggerNumber(cause, set.decimals),
  );
  if (!result.ok) return { code: result.code };
  if (type.kind === "boolean") return { value: result.value !== 0 };
  if (type.kind !== "number") return { code: "RULE_VALUE_TYPE" };
  const capped = safetyMax === undefined ? result.value : Math.min(result.value, safetyMax);
  // An expression saturates: into the range of what it sets, decimals that it has not are cut off.
  const scaled = scaledDown(capped, set.decimals, type.decimals);
  return { value: Math.min(Math.max(scaled, type.min), type.max) + 0 };
}

function constantOf(value: DeviceValue, type: ValueType): Settled {
  const fits =
    (type.kind === "boolean" && typeof value === "boolean") ||
    (type.kind === "choice" && typeof value === "string" && type.choices.includes(value)) ||
    (type.kind === "text" && typeof value === "string" && value.length <= type.charactersMax);
  return fits ? { value } : { code: "RULE_VALUE_TYPE" };
}

function triggerNumber(cause: Cause, decimals: number): number | undefined {
  if (typeof cause.value === "boolean") return rescale(cause.value ? 1 : 0, 0, decimals);
  if (typeof cause.value !== "number") return undefined;
  const scaled = scaledDown(cause.value, cause.decimals, decimals);
  return Number.isSafeInteger(scaled) ? scaled : undefined;
}

/** Towards zero; a power of ten below one is no exact number, so it divides instead. */
function scaledDown(value: number, from: number, to: number): number {
  return to >= from ? value * 10 ** (to - from) : Math.trunc(value / 10 ** (from - to));
}
