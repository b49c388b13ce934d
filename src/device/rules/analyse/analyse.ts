/**
 * The analyser: what must be known of a set of rules before one of them may become active. Pure; looks at rules, scenes and
 * the devices there are, and says what it found, with a digest of all of it.
 */
import { concatBytes, utf8Bytes } from "../../../base/bytes.js";
import { writeJson } from "../../../codec/json.js";
import type { HashFunction } from "../../../crypto/hashFunction.js";
import { type Catalog, type CatalogDevice, membersOf, selectorText } from "../compile/catalog.js";
import { affordanceOf } from "../direction.js";
import { checkSteps } from "../expression.js";
import { decimalsOf, propertyOf } from "../facts.js";
import {
  type CommandAction,
  type HeldRule,
  type HeldScene,
  type LinkageRule,
  rescale,
  type Setting,
} from "../language.js";
import { FUEL_STEPS_MAX } from "../limits.js";
import { findConflicts, findCycles } from "./graph.js";
import type { Finding, FindingDetail } from "./problems.js";
import { canBeFalse, canBeTrue, type RangeOf } from "./satisfiable.js";

export const ANALYSER = { tool: "edgeseal", version: 1 } as const;
const ANALYSIS_TAG = utf8Bytes("edgeseal/analys1");

export interface Analysis {
  readonly findings: readonly Finding[];
  /** Rules that may become active: no errors. */
  readonly passed: readonly string[];
  /** Over tool, version, hashes of the rules, and findings. */
  readonly digest: Uint8Array;
}

export function analyse(
  rules: readonly HeldRule[],
  scenes: readonly HeldScene[],
  catalog: Catalog,
  hash: HashFunction,
): Analysis {
  const findings: Finding[] = [];
  const rangeOf = rangesOf(catalog);
  for (const { rule } of rules) {
    const add: Add = (level, path, detail) => findings.push({ level, rule: rule.id, path, ...detail } as Finding);
    checkSources(rule, catalog, add);
    if (!canBeTrue(rule.condition, rangeOf)) {
      add("error", "condition", { code: "RULE_CONDITION_NEVER", why: "its parts contradict each other" });
    } else if (rule.condition !== undefined && !canBeFalse(rule.condition, rangeOf)) {
      add("warning", "condition", { code: "RULE_CONDITION_ALWAYS", why: "nothing makes it false" });
    }
    for (const [index, action] of rule.actions.entries()) {
      if (action.kind === "command") checkCommand(action, catalog, `actions[${index}]`, add);
    }
  }
  for (const { scene } of scenes) {
    const name = `scene/${scene.id}`;
    const add: Add = (level, path, detail) => findings.push({ level, rule: name, path, ...detail } as Finding);
    if (!canBeTrue(scene.precondition, rangeOf)) {
      add("error", "precondition", { code: "RULE_CONDITION_NEVER", why: "its parts contradict each other" });
    }
    for (const [index, step] of scene.steps.entries()) {
      const path = `steps[${index}]`;
      checkCommand({ kind: "command", delayMs: 0, ...step }, catalog, path, add);
      if (scene.atomicity === "ALL_OR_REVERT") checkRevertible(step.target, step.name, catalog, path, add);
    }
  }
  findings.push(...findCycles(rules, scenes, catalog), ...findConflicts(rules, scenes, catalog, rangeOf));
  const bad = new Set(findings.filter(({ level }) => level === "error").map(({ rule }) => rule));
  const summary = {
    ...ANALYSER,
    rules: rules.map(({ rule, hash: ruleHash }) => [rule.id, [...ruleHash]]),
    scenes: scenes.map(({ scene, hash: sceneHash }) => [scene.id, [...sceneHash]]),
    findings,
  };
  return {
    findings,
    passed: rules.map(({ rule }) => rule.id).filter((id) => !bad.has(id)),
    digest: hash(concatBytes([ANALYSIS_TAG, utf8Bytes(writeJson(summary))])),
  };
}

type Add = (level: Finding["level"], path: string, detail: FindingDetail) => void;

/** Ranges of properties, in the decimals that are asked for. */
function rangesOf(catalog: Catalog): RangeOf {
  const devices = new Map(catalog.devices.map((device) => [device.id, device]));
  return (device, name, decimals) => {
    const found = devices.get(device);
    const type = found === undefined ? undefined : propertyOf(found.profile, name)?.type;
    if (type?.kind !== "number") return undefined;
    const min = rescale(type.min, type.decimals, decimals);
    const max = rescale(type.max, type.decimals, decimals);
    return min === undefined || max === undefined ? undefined : { min, max };
  };
}

function checkSources(rule: LinkageRule, catalog: Catalog, add: Add): void {
  for (const [index, trigger] of rule.triggers.entries()) {
    const path = `triggers[${index}]`;
    const { source, name, op, value, decimals } = trigger;
    const members = membersOf(catalog, source);
    if (op === "event") continue;
    const properties = members.flatMap(({ profile }) => propertyOf(profile, name) ?? []);
    if (properties.length === 0) {
      add("error", path, { code: "RULE_SOURCE_NOTHING", selector: selectorText(source), name });
      continue;
    }
    if (typeof value !== "number") continue;
    const reachable = properties.some((property) => {
      const { type } = property;
      const own = rescale(value, decimals, decimalsOf(property));
      if (type.kind !== "number" || own === undefined) return false;
      // A threshold at the very end of the range is never passed.
      if (op === "gt") return own >= type.min && own < type.max;
      if (op === "lt") return own > type.min && own <= type.max;
      return own >= type.min && own <= type.max;
    });
    const type = properties[0]?.type;
    if (!reachable && type?.kind === "number") {
      add("error", path, { code: "RULE_VALUE_OUTSIDE", value, min: type.min, max: type.max });
    }
  }
}

function checkCommand(action: CommandAction, catalog: Catalog, path: string, add: Add): void {
  const { target, name, set } = action;
  checkFuel(set, path, add);
  const pairs = membersOf(catalog, target).flatMap((device) => {
    const affordance = affordanceOf(device.profile, name);
    return affordance === undefined ? [] : [{ device, affordance }];
  });
  if (pairs.length === 0) add("error", path, { code: "RULE_TARGETS_NOTHING", selector: selectorText(target), name });
  for (const { device, affordance } of pairs) {
    const { spec } = affordance;
    if (affordance.kind === "action" && !affordance.spec.idempotent) {
      add("error", path, { code: "RULE_ACTION_NOT_ABSOLUTE", device: device.id, name: spec.name });
    }
    const type = affordance.kind === "property" ? affordance.spec.type : affordance.spec.input;
    if (type?.kind === "number" && set.kind === "value" && typeof set.value === "number") {
      const own = rescale(set.value, set.decimals, type.decimals);
      if (own === undefined || own < type.min || own > type.max) {
        add("error", path, { code: "RULE_VALUE_OUTSIDE", value: set.value, min: type.min, max: type.max });
      }
    }
    if (spec.safetyClass >= 2 && action.coSigner === undefined && !surelySafe(affordance, set)) {
      add("error", path, {
        code: "RULE_NEEDS_COSIGNER",
        device: device.id,
        name: spec.name,
        class: spec.safetyClass,
      });
    }
  }
}

/** Safe whatever the state of the device is. */
function surelySafe(affordance: NonNullable<ReturnType<typeof affordanceOf>>, set: Setting): boolean {
  if (affordance.kind === "action") return affordance.spec.safe;
  const { safe, type } = affordance.spec;
  if (safe === undefined || set.kind !== "value") return false;
  if (safe.kind === "values") return safe.values.includes(set.value);
  if (type.kind !== "number" || typeof set.value !== "number") return false;
  return rescale(set.value, set.decimals, type.decimals) === (safe.kind === "lower" ? type.min : type.max);
}

function checkFuel(set: Setting, path: string, add: Add): void {
  if (set.kind !== "expression") return;
  if (set.steps.length > FUEL_STEPS_MAX) {
    add("error", path, { code: "RULE_FUEL", steps: set.steps.length, max: FUEL_STEPS_MAX });
  } else if (!checkSteps(set.steps, set.reads.length)) {
    add("error", path, { code: "RULE_FORM", what: "its expression is none of the machine" });
  }
}

function checkRevertible(
  target: CommandAction["target"],
  name: string,
  catalog: Catalog,
  path: string,
  add: Add,
): void {
  for (const device of membersOf(catalog, target) as readonly CatalogDevice[]) {
    const affordance = affordanceOf(device.profile, name);
    if (affordance === undefined || (affordance.kind === "property" && affordance.spec.readable)) continue;
    add("error", path, { code: "RULE_NOT_REVERTIBLE", device: device.id, name });
  }
}
