/** What is wrong with a rule, a scene or a policy, and what the engine refuses to be asked. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type RuleProblem =
  | { readonly code: "SCENE_UNKNOWN"; readonly scene: string }
  | { readonly code: "SCENE_NOT_ARMED"; readonly scene: string }
  | { readonly code: "SCENE_PRECONDITION"; readonly scene: string }
  | { readonly code: "SCENE_DENIED"; readonly scene: string; readonly device: string; readonly reason: string }
  | { readonly code: "SCENE_BUSY"; readonly scene: string }
  /** More of something than `max`: rules, scenes, steps of a run. */
  | { readonly code: "RULES_TOO_MANY"; readonly what: string; readonly count: number; readonly max: number }
  | { readonly code: "RULE_ID_TWICE"; readonly rule: string };

/** A rule, scene or state that the engine was handed, or asked for, cannot be used. */
export class RuleError extends DomainError<RuleProblem> {
  readonly family: ErrorFamily = "input";
}
