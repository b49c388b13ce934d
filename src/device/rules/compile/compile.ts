/**
 * The compiler: from rules as people write them to rules as they are hashed and evaluated. Pure; takes what a YAML reader
 * and its schema have let through, answers with a rule or with problems and the paths to them.
 */
import { fromHex } from "../../../base/bytes.js";
import type { HashFunction } from "../../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../../crypto/suite.js";
import { DEVICE_ID } from "../../device.js";
import type { ValueType } from "../../value.js";
import { ruleHash, sceneHash } from "../bytes.js";
import { affordanceOf } from "../direction.js";
import { propertyOf } from "../facts.js";
import type { Action, HeldRule, HeldScene, LinkageRule, RuleStatus, Scene, SceneStep, Trigger } from "../language.js";
import { ACTIONS_MAX, RUNS_PER_RULE_MAX, SCENE_STEPS_MAX, TRIGGERS_MAX } from "../limits.js";
import { type HeldPolicy, type PolicyRule, policyHash, type SubjectSelector } from "../policy.js";
import { compileAction, type TriggerValue } from "./actions.js";
import { type Catalog, commonType, readValue, selectorOf, selectorText } from "./catalog.js";
import { compileCondition, readableType } from "./conditions.js";
import { type CompileProblem, Findings } from "./problems.js";
import { durationOf } from "./quantities.js";
import type { PolicyRuleText, PolicyText, RuleText, SceneText, StatusText, TriggerText } from "./text.js";

export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

const STATUS: Readonly<Record<StatusText, RuleStatus>> = {
  draft: "DRAFT",
  active: "ACTIVE",
  paused: "PAUSED",
  revoked: "REVOKED",
};
/** Of rules with commands of safety class 2 or 3, where they do not say it themselves. */
export const MAX_HEADER_AGE_DEFAULT_S = 86_400;

export function compileRule(text: RuleText, catalog: Catalog, hash: HashFunction): Compiled<HeldRule> {
  const findings = new Findings();
  checkId(text.rule, "rule", findings);
  checkCount("triggers", text.when.length, TRIGGERS_MAX, "when", findings);
  checkCount("actions", text.then.length, ACTIONS_MAX, "then", findings);
  const triggers = text.when.flatMap(
    (trigger, index) => compileTrigger(trigger, catalog, `when[${index}]`, findings) ?? [],
  );
  const condition = text.if === undefined ? undefined : compileCondition(text.if, catalog, "if", findings);
  const value = triggerValue(text.when, catalog);
  const actions = text.then.flatMap(
    (action, index) => compileAction(action, catalog, value, `then[${index}]`, findings) ?? [],
  );
  const mode = text.mode ?? "single";
  const many = mode === "queued" || mode === "parallel";
  const rule: LinkageRule = {
    id: text.rule,
    title: text.title ?? text.rule,
    version: text.version ?? 1,
    prevHash: text.previous === undefined ? new Uint8Array(HASH_BYTES) : fromHex(text.previous),
    author: text.author ?? "",
    triggers,
    ...(condition === undefined ? {} : { condition }),
    actions,
    mode,
    maxRuns: many ? (text.max_runs ?? RUNS_PER_RULE_MAX) : 1,
    limits: {
      minIntervalMs: optionalDuration(text.limits?.every, "limits.every", findings) ?? 0,
      maxPerHour: text.limits?.per_hour ?? 0,
      maxPerDay: text.limits?.per_day ?? 0,
    },
    offline: offlineOf(text, actions, catalog, findings),
    evidence: text.evidence === "none" ? "none" : text.evidence === "receipt" ? "receipt" : "receipt-readings",
    priority: text.priority ?? 50,
  };
  if (findings.problems.length > 0) return { ok: false, problems: findings.problems };
  return { ok: true, value: { rule, hash: ruleHash(hash, rule), status: STATUS[text.status ?? "active"] } };
}

export function compileScene(text: SceneText, catalog: Catalog, hash: HashFunction): Compiled<HeldScene> {
  const findings = new Findings();
  checkId(text.scene, "scene", findings);
  checkCount("steps", text.steps.length, SCENE_STEPS_MAX, "steps", findings);
  const steps = text.steps.flatMap((step, index): readonly SceneStep[] => {
    const path = `steps[${index}]`;
    const action = compileAction(step, catalog, undefined, path, findings);
    if (action === undefined) return [];
    if (action.kind !== "command") {
      findings.add(path, { code: "RULE_OPERATOR", found: 1, expected: "set or do" });
      return [];
    }
    const { target, name, set, onFail, retries, coSigner } = action;
    const signer = coSigner === undefined ? {} : { coSigner };
    return [{ target, name, set, transitionMs: action.delayMs, onFail, retries, ...signer }];
  });
  const precondition = text.if === undefined ? undefined : compileCondition(text.if, catalog, "if", findings);
  const armForMs = optionalDuration(text.arm, "arm", findings);
  const scene: Scene = {
    id: text.scene,
    title: text.title ?? text.scene,
    version: text.version ?? 1,
    steps,
    atomicity: text.atomicity === "all_or_revert" ? "ALL_OR_REVERT" : "BEST_EFFORT",
    ...(precondition === undefined ? {} : { precondition }),
    ...(text.exclusive_group === undefined ? {} : { exclusiveGroup: text.exclusive_group }),
    ...(armForMs === undefined ? {} : { armForMs }),
  };
  if (findings.problems.length > 0) return { ok: false, problems: findings.problems };
  return { ok: true, value: { scene, hash: sceneHash(hash, scene), status: STATUS[text.status ?? "active"] } };
}

export function compilePolicy(text: PolicyText, hash: HashFunction): Compiled<HeldPolicy> {
  const findings = new Findings();
  const rules = text.rules.flatMap((rule, index) => compilePolicyRule(rule, `rules[${index}]`, findings) ?? []);
  if (findings.problems.length > 0) return { ok: false, problems: findings.problems };
  const policy = { id: text.policy, version: text.version ?? 1, rules };
  return { ok: true, value: { policy, hash: policyHash(hash, policy) } };
}

const WHO = /^(rule|scene|person|any)(?::([A-Za-z0-9_.@-]{1,64}))?$/;

function compilePolicyRule(text: PolicyRuleText, path: string, findings: Findings): PolicyRule | undefined {
  const given = (["device", "group", "class", "owner", "any"] as const).filter((by) => text[by] !== undefined);
  if (given.length > 1) return findings.add(path, { code: "RULE_SELECTOR", found: given.length });
  const by = given[0] ?? "any";
  const who = WHO.exec(text.who ?? "any");
  if (who === null) return findings.add(`${path}.who`, { code: "RULE_WHO", text: text.who ?? "" });
  const name = who[2] === undefined ? {} : { name: who[2] };
  const age = optionalDuration(text.max_header_age, `${path}.max_header_age`, findings);
  const rateMs = optionalDuration(text.rate?.per, `${path}.rate.per`, findings);
  const has = (obligation: "log" | "receipt" | "notify"): boolean => text.obligations?.includes(obligation) === true;
  return {
    subject: { kind: who[1] as SubjectSelector["kind"], ...name, not: false },
    object: { by, name: by === "any" ? "" : (text[by] ?? ""), not: false },
    capability: text.capability ?? "*",
    ...(text.direction === undefined ? {} : { direction: text.direction }),
    effect: text.effect === "allow" ? "ALLOW" : text.effect === "deny" ? "DENY" : "ASK",
    minTier: text.min_tier ?? 0,
    ...(age === undefined ? {} : { maxHeaderAgeS: Math.ceil(age / 1_000) }),
    ...(text.co_signer === undefined ? {} : { coSigner: text.co_signer }),
    priority: text.priority ?? 50,
    log: has("log"),
    receipt: has("receipt"),
    notify: has("notify"),
    ...(text.rate === undefined || rateMs === undefined ? {} : { rateCount: text.rate.count, rateWindowMs: rateMs }),
  };
}

const OPERATORS = ["is", "above", "below", "crosses", "changes"] as const;
const TRIGGER_OPS = { is: "eq", above: "gt", below: "lt", crosses: "crosses", changes: "changed" } as const;

function compileTrigger(text: TriggerText, catalog: Catalog, path: string, findings: Findings): Trigger | undefined {
  const where = selectorOf(text, catalog, path, findings);
  const forMs = optionalDuration(text.for, `${path}.for`, findings) ?? 0;
  if (where === undefined) return undefined;
  const { selector: source, members } = where;
  const operators = OPERATORS.filter((operator) => text[operator] !== undefined);
  if ((text.property === undefined) === (text.event === undefined)) {
    return findings.add(path, { code: "RULE_OPERATOR", found: 0, expected: "property or event" });
  }
  if (text.event !== undefined) return compileEvent(text, where, path, findings);
  const name = text.property ?? "";
  const operator = operators[0];
  if (operators.length !== 1 || operator === undefined) {
    return findings.add(path, { code: "RULE_OPERATOR", found: operators.length, expected: OPERATORS.join(", ") });
  }
  const type = readableType(members, name, selectorText(source), `${path}.property`, findings);
  if (type === undefined) return undefined;
  const decimals = type.kind === "number" ? type.decimals : 0;
  const hysteresis =
    text.hysteresis === undefined ? 0 : readValue(text.hysteresis, type, `${path}.hysteresis`, findings);
  if (hysteresis === undefined) return undefined;
  if (typeof hysteresis !== "number" || hysteresis < 0) {
    return findings.add(`${path}.hysteresis`, { code: "RULE_OPERATOR", found: 1, expected: "a number above 0" });
  }
  const common = { source, name, op: TRIGGER_OPS[operator], decimals, forMs, hysteresis };
  if (operator === "changes") return common;
  if (operator !== "is" && type.kind !== "number") {
    return findings.add(path, { code: "RULE_OPERATOR", found: 1, expected: "is or changes" });
  }
  const value = readValue(text[operator] ?? false, type, `${path}.${operator}`, findings);
  return value === undefined ? undefined : { ...common, value };
}

function compileEvent(
  text: TriggerText,
  { selector, members }: NonNullable<ReturnType<typeof selectorOf>>,
  path: string,
  findings: Findings,
): Trigger | undefined {
  const name = text.event ?? "";
  const events = members.flatMap(({ profile }) =>
    [...profile.events.values()].filter((event) => event.name === name || event.capability === name),
  );
  if (events.length === 0) {
    const known = [...new Set(members.flatMap(({ profile }) => [...profile.events.keys()]))].join(", ");
    return findings.add(`${path}.event`, {
      code: "RULE_NAME_UNKNOWN",
      name,
      selector: selectorText(selector),
      known,
    });
  }
  const trigger = { source: selector, name, op: "event" as const, decimals: 0, forMs: 0, hysteresis: 0 };
  if (text.is === undefined) return trigger;
  const type = commonType(events.flatMap(({ data }): ValueType[] => (data === undefined ? [] : [data])));
  if (type === undefined)
    return findings.add(`${path}.is`, { code: "RULE_KINDS_DIFFER", name, selector: selectorText(selector) });
  const value = readValue(text.is, type, `${path}.is`, findings);
  if (value === undefined) return undefined;
  return { ...trigger, decimals: type.kind === "number" ? type.decimals : 0, value };
}

/** What `trigger` stands for in expressions: known where all triggers tell numbers, or all tell truths. */
function triggerValue(triggers: readonly TriggerText[], catalog: Catalog): TriggerValue | undefined {
  const types: ValueType[] = [];
  const silent = new Findings();
  for (const [index, text] of triggers.entries()) {
    const name = text.property;
    const members = selectorOf(text, catalog, `when[${index}]`, silent)?.members ?? [];
    if (name === undefined) return undefined;
    types.push(...members.flatMap(({ profile }) => propertyOf(profile, name)?.type ?? []));
  }
  const type = commonType(types);
  if (type?.kind === "number") return { kind: "number", decimals: type.decimals };
  return type?.kind === "boolean" ? { kind: "truth", decimals: 0 } : undefined;
}

function offlineOf(text: RuleText, actions: readonly Action[], catalog: Catalog, findings: Findings) {
  const { allow, max_header_age: age, max_runs: runs } = text.offline ?? {};
  const dangerous = actions.some(
    (action) =>
      action.kind === "command" &&
      catalog.devices.some(({ profile }) => (affordanceOf(profile, action.name)?.spec.safetyClass ?? 0) >= 2),
  );
  const given = age === "any" ? undefined : optionalDuration(age, "offline.max_header_age", findings);
  const maxHeaderAgeS =
    given !== undefined
      ? Math.ceil(given / 1_000)
      : age === undefined && dangerous
        ? MAX_HEADER_AGE_DEFAULT_S
        : undefined;
  return {
    allow: allow ?? true,
    ...(maxHeaderAgeS === undefined ? {} : { maxHeaderAgeS }),
    ...(runs === undefined ? {} : { maxRunsSinceSync: runs }),
  };
}

export function optionalDuration(text: string | undefined, path: string, findings: Findings): number | undefined {
  if (text === undefined) return undefined;
  return durationOf(text) ?? findings.add(path, { code: "RULE_DURATION", text });
}

function checkId(id: string, path: string, findings: Findings): void {
  if (!DEVICE_ID.test(id)) findings.add(path, { code: "RULE_ID_FORM", id });
}

function checkCount(what: string, count: number, max: number, path: string, findings: Findings): void {
  if (count < 1 || count > max) findings.add(path, { code: "RULE_TOO_MANY", what, count, max });
}
