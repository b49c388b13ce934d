/** Why a rule that was triggered did not run, or one of its actions was left out; the codes of `RuleRefusal`. */
export type RuleRefusalProblem = { readonly rule: string; readonly action?: number } & (
  | { readonly code: "RULE_POLICY_DENIES" }
  | { readonly code: "RULE_POLICY_ASKS" }
  | { readonly code: "RULE_LIMIT_SPENT" }
  | { readonly code: "RULE_HEADER_OLD" }
  | { readonly code: "RULE_READING_STALE" }
  | { readonly code: "RULE_BUSY" }
  | { readonly code: "RULE_STORM" }
  | { readonly code: "RULE_CHAIN_DEPTH" }
  | { readonly code: "RULE_OUTRANKED" }
  | { readonly code: "RULE_DEVICE_FROZEN" }
  | { readonly code: "RULE_DEVICE_UNFIT" }
  | { readonly code: "RULE_COSIGNER_MISSING" }
  | { readonly code: "RULE_NOT_ABSOLUTE" }
  | { readonly code: "RULE_VALUE_RANGE" }
  | { readonly code: "RULE_VALUE_TYPE" }
  | { readonly code: "RULE_EXPRESSION_OVERFLOW" }
  | { readonly code: "RULE_EXPRESSION_DIVISION" }
  | { readonly code: "RULE_STATE_DAMAGED" }
  | { readonly code: "RULE_MALFORMED" }
);
