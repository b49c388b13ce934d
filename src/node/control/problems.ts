import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What can go wrong between a command and the running node. */
export type ControlProblem =
  | { readonly code: "CONTROL_LISTEN_FAILED"; readonly path: string; readonly reason: string }
  | { readonly code: "CONTROL_REQUEST_INVALID"; readonly reason: string }
  | { readonly code: "CONTROL_REQUEST_TOO_LARGE"; readonly limit: number }
  | { readonly code: "CONTROL_BUSY"; readonly limit: number }
  | { readonly code: "CONTROL_ANSWER_INVALID"; readonly reason: string }
  | { readonly code: "CONTROL_TIMEOUT"; readonly timeoutMs: number }
  /** The node's own answer: the command failed there with this code. */
  | { readonly code: "CONTROL_COMMAND_FAILED"; readonly command: string; readonly cause: string };

const INPUT_CODES: ReadonlySet<string> = new Set(["CONTROL_REQUEST_INVALID", "CONTROL_REQUEST_TOO_LARGE"]);

export class ControlError extends DomainError<ControlProblem> {
  readonly family: ErrorFamily = INPUT_CODES.has(this.problem.code) ? "input" : "operating";
}
