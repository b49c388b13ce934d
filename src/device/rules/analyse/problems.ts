/** What the analyser finds. `error`: the rule may not become active. `warning`: somebody should look. */
export type Finding = {
  readonly level: "error" | "warning";
  readonly rule: string;
  /** Place in the rule: `actions[0]`. */
  readonly path: string;
} & FindingDetail;

export type FindingDetail =
  | { readonly code: "RULE_CYCLE"; readonly through: string }
  | { readonly code: "RULE_WRITERS_CONFLICT"; readonly other: string; readonly target: string }
  | { readonly code: "RULE_CONDITION_NEVER"; readonly why: string }
  | { readonly code: "RULE_CONDITION_ALWAYS"; readonly why: string }
  | { readonly code: "RULE_VALUE_OUTSIDE"; readonly value: number; readonly min: number; readonly max: number }
  | { readonly code: "RULE_ACTION_NOT_ABSOLUTE"; readonly device: string; readonly name: string }
  | { readonly code: "RULE_NEEDS_COSIGNER"; readonly device: string; readonly name: string; readonly class: number }
  | { readonly code: "RULE_FUEL"; readonly steps: number; readonly max: number }
  | { readonly code: "RULE_TARGETS_NOTHING"; readonly selector: string; readonly name: string }
  | { readonly code: "RULE_SOURCE_NOTHING"; readonly selector: string; readonly name: string }
  | { readonly code: "RULE_NOT_REVERTIBLE"; readonly device: string; readonly name: string }
  | { readonly code: "RULE_FORM"; readonly what: string };
