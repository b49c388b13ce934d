/** Limits of the language that bytes could pass by: whoever hands rules over, the engine's work stays bounded. */
import { checkSteps } from "./expression.js";
import type { Condition, LinkageRule, Scene, Setting } from "./language.js";
import {
  ACTIONS_MAX,
  CONDITION_DEPTH_MAX,
  CONDITION_LEAVES_MAX,
  RUNS_PER_RULE_MAX,
  SCENE_STEPS_MAX,
  TRIGGERS_MAX,
} from "./limits.js";

export function isWellFormedRule(rule: LinkageRule): boolean {
  const { triggers, actions, condition, maxRuns } = rule;
  return (
    isBetween(triggers.length, 1, TRIGGERS_MAX) &&
    isBetween(actions.length, 1, ACTIONS_MAX) &&
    isBetween(maxRuns, 1, RUNS_PER_RULE_MAX) &&
    isWellFormedCondition(condition) &&
    actions.every((action) => action.kind !== "command" || isWellFormedSetting(action.set))
  );
}

export function isWellFormedScene(scene: Scene): boolean {
  return (
    isBetween(scene.steps.length, 1, SCENE_STEPS_MAX) &&
    isWellFormedCondition(scene.precondition) &&
    scene.steps.every(({ set }) => isWellFormedSetting(set))
  );
}

function isWellFormedSetting(set: Setting): boolean {
  return set.kind !== "expression" || checkSteps(set.steps, set.reads.length);
}

function isWellFormedCondition(condition: Condition | undefined): boolean {
  if (condition === undefined) return true;
  const { depth, leaves } = sizeOf(condition);
  return depth <= CONDITION_DEPTH_MAX && leaves <= CONDITION_LEAVES_MAX;
}

/** A leaf alone has depth 1. */
function sizeOf(condition: Condition): { readonly depth: number; readonly leaves: number } {
  if (condition.kind !== "all" && condition.kind !== "any" && condition.kind !== "not") return { depth: 1, leaves: 1 };
  const parts = (condition.kind === "not" ? [condition.of] : condition.of).map(sizeOf);
  return {
    depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)),
    leaves: parts.reduce((sum, { leaves }) => sum + leaves, 0),
  };
}

function isBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
