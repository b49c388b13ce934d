/** Why a rule that was triggered did not run, or one of its actions was left out; the codes of `RuleRefusal`. */
type Refused<Code extends string> = { readonly code: Code; readonly rule: string; readonly action?: number };

export type RuleRefusalProblem =
  | Refused<"RULE_POLICY_DENIES">
  | Refused<"RULE_POLICY_ASKS">
  | Refused<"RULE_LIMIT_SPENT">
  | Refused<"RULE_HEADER_OLD">
  | Refused<"RULE_READING_STALE">
  | Refused<"RULE_BUSY">
  | Refused<"RULE_STORM">
  | Refused<"RULE_CHAIN_DEPTH">
  | Refused<"RULE_OUTRANKED">
  | Refused<"RULE_DEVICE_FROZEN">
  | Refused<"RULE_DEVICE_UNFIT">
  | Refused<"RULE_COSIGNER_MISSING">
  | Refused<"RULE_NOT_ABSOLUTE">
  | Refused<"RULE_VALUE_RANGE">
  | Refused<"RULE_VALUE_TYPE">
  | Refused<"RULE_EXPRESSION_OVERFLOW">
  | Refused<"RULE_EXPRESSION_DIVISION">
  | Refused<"RULE_STATE_DAMAGED">;
