/** What can be wrong with the files of a gateway's rules. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { CompileProblem } from "../../device/rules/compile/problems.js";
import type { DeviceFileProblem } from "../gateway/deviceFileProblems.js";

export type RuleFileProblem =
  | { readonly code: "RULE_FILE_UNREADABLE"; readonly reason: string }
  | { readonly code: "RULE_FILE_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "RULE_FILE_YAML"; readonly reason: string }
  | { readonly code: "RULE_FILE_KIND" }
  | { readonly code: "RULE_FILE_KEY"; readonly field: string; readonly nearest: string }
  | { readonly code: "RULE_FILE_VALUE"; readonly field: string; readonly reason: string }
  | { readonly code: "RULE_FILE_TWICE"; readonly id: string; readonly other: string }
  | { readonly code: "RULE_PROFILE_UNKNOWN"; readonly device: string; readonly profile: string }
  | { readonly code: "RULE_FILES_TOO_MANY"; readonly folder: string; readonly max: number };

export type RuleCommandProblem =
  | { readonly code: "RULE_HOME_MISSING"; readonly folder: string }
  | { readonly code: "RULE_FILES_BAD"; readonly mistakes: number }
  | { readonly code: "RULE_INPUT_LINE"; readonly line: number; readonly reason: string }
  | { readonly code: "RECEIPTS_NONE"; readonly path: string }
  | { readonly code: "RECEIPTS_BAD"; readonly faults: number };

export class RuleFileError extends DomainError<RuleFileProblem | RuleCommandProblem> {
  readonly family: ErrorFamily = "input";
}

/** One mistake in a file. Lines and columns count from 1; 0 where there is none to point at. */
export interface RuleMistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly problem: RuleFileProblem | CompileProblem | DeviceFileProblem;
}
