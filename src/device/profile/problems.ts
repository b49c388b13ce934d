/** What is wrong with a device profile. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

/** Where in the profile: names of members and places in lists, from the outside in. */
export type ProfilePath = readonly (string | number)[];

export type NumberFault =
  | "limits missing"
  | "min not below max"
  | "more digits than decimals"
  | "too large"
  | "decimals"
  | "only for numbers";
export type ChoiceFault = "none" | "too many" | "twice" | "length" | "only for choices";
export type SafeFault = "not in the type" | "no number" | "only read" | "no values";
export type TemplateFault =
  | "no address"
  | "unknown placeholder"
  | "wildcard"
  | "too long"
  | "value missing"
  | "value not wanted"
  | "not JSON";
export type ConversionFault =
  | "only for numbers"
  | "map and numbers"
  | "zero"
  | "digits"
  | "not in the type"
  | "no device value"
  | "device value twice"
  | "values not told"
  | "empty"
  | "too coarse";
export type RegisterFault =
  | "address"
  | "bit"
  | "read-only table"
  | "beyond the end"
  | "absent"
  | "poll"
  | "registers"
  | "action";

export type ProfileProblem = { readonly path: ProfilePath } & (
  | { readonly code: "PROFILE_ID"; readonly part: "vendor" | "model"; readonly value: string }
  | { readonly code: "PROFILE_NAME"; readonly name: string }
  /** A property, an action and an event of one profile have different names. */
  | { readonly code: "PROFILE_NAME_TWICE"; readonly name: string }
  | { readonly code: "PROFILE_TOO_MANY"; readonly what: string; readonly count: number; readonly max: number }
  | { readonly code: "PROFILE_TOO_LONG"; readonly what: string; readonly max: number }
  | { readonly code: "PROFILE_EMPTY" }
  | { readonly code: "PROFILE_CAPABILITY_UNKNOWN"; readonly capability: string }
  | { readonly code: "PROFILE_CAPABILITY_USE"; readonly capability: string; readonly use: string }
  | {
      readonly code: "PROFILE_CAPABILITY_TYPE";
      readonly capability: string;
      readonly found: string;
      readonly allowed: readonly string[];
    }
  | {
      readonly code: "PROFILE_CAPABILITY_UNIT";
      readonly capability: string;
      readonly found: string;
      readonly allowed: readonly string[];
    }
  | { readonly code: "PROFILE_NUMBER"; readonly fault: NumberFault }
  | { readonly code: "PROFILE_CHOICES"; readonly fault: ChoiceFault; readonly max: number }
  | { readonly code: "PROFILE_TEXT"; readonly max: number }
  | { readonly code: "PROFILE_SAFETY_LOWERED"; readonly least: number; readonly found: number }
  | { readonly code: "PROFILE_SAFE"; readonly fault: SafeFault }
  /** Toggles and steps do something else each time. */
  | { readonly code: "PROFILE_IDEMPOTENCE"; readonly capability: string }
  | { readonly code: "PROFILE_STALENESS"; readonly max: number }
  | { readonly code: "PROFILE_REFERENCE"; readonly name: string; readonly wanted: string }
  | { readonly code: "PROFILE_UNREACHED"; readonly name: string; readonly missing: "read" | "write" }
  | { readonly code: "PROFILE_WRITE_TWICE"; readonly name: string }
  | { readonly code: "PROFILE_TEMPLATE"; readonly fault: TemplateFault }
  | { readonly code: "PROFILE_CONVERSION"; readonly fault: ConversionFault }
  | { readonly code: "PROFILE_REGISTER"; readonly fault: RegisterFault }
);

export class ProfileError extends DomainError<ProfileProblem> {
  readonly family: ErrorFamily = "input";
}

/** Collects problems; a builder goes on after one, so that a person sees them all at once. */
export class ProblemList {
  readonly problems: ProfileProblem[] = [];

  add(problem: ProfileProblem): void {
    this.problems.push(problem);
  }
}
