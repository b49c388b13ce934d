/** What can go wrong in a command before or beside the rooms it calls. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type InputProblem =
  | { readonly code: "INPUT_UNREADABLE"; readonly name: string; readonly reason: string }
  | { readonly code: "INPUT_TOO_LARGE"; readonly name: string; readonly limit: number }
  | { readonly code: "INPUT_NOT_JSON"; readonly name: string; readonly reason: string }
  | { readonly code: "INPUT_NOT_OBJECT"; readonly name: string };

/** The file or stream somebody named does not hold a JSON object at all. */
export class InputError extends DomainError<InputProblem> {
  readonly family: ErrorFamily = "input";
}

export type VerifyProblem =
  | { readonly code: "VERIFY_HASH_MISMATCH"; readonly kind: string; readonly named: string; readonly computed: string }
  | { readonly code: "VERIFY_SENDER_MISMATCH"; readonly named: string; readonly computed: string }
  | { readonly code: "VERIFY_SUITE_MISMATCH"; readonly named: string; readonly asked: string }
  | { readonly code: "VERIFY_PROOF_INVALID" };

/** What was handed in for verification contradicts itself. */
export class VerifyError extends DomainError<VerifyProblem> {
  readonly family: ErrorFamily = "input";
}

export type CommandProblem =
  | { readonly code: "COMMAND_USAGE"; readonly reason: string }
  | { readonly code: "COMMAND_NODE_NOT_RUNNING"; readonly dataDir: string }
  /** The command is about devices; this node has none. */
  | { readonly code: "COMMAND_NOT_GATEWAY"; readonly path: string; readonly role: string }
  | { readonly code: "COMMAND_NODE_RUNNING"; readonly dataDir: string }
  | { readonly code: "COMMAND_SEALERS_NOT_TAKEN"; readonly number: number; readonly hash: string };

export class CommandError extends DomainError<CommandProblem> {
  readonly family: ErrorFamily = this.problem.code === "COMMAND_USAGE" ? "input" : "operating";
}
