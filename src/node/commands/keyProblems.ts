/** What can be wrong with a key as the configuration names it. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type KeyProblem =
  | { readonly code: "KEY_UNKNOWN"; readonly name: string; readonly known: readonly string[] }
  | { readonly code: "KEY_FIELD_MISSING"; readonly name: string; readonly backend: string; readonly field: string }
  | { readonly code: "KEY_NOT_A_FILE"; readonly name: string; readonly backend: string }
  | {
      readonly code: "KEY_ALGORITHM_OTHER";
      readonly name: string;
      readonly configured: string;
      readonly found: string;
    }
  | { readonly code: "KEY_SELFTEST_WRONG"; readonly name: string; readonly backend: string };

export class KeyError extends DomainError<KeyProblem> {
  readonly family: ErrorFamily = this.problem.code === "KEY_SELFTEST_WRONG" ? "operating" : "input";
}
