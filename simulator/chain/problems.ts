/**
 * What can be wrong with a call of the chain simulator. Its users are tests and demos, so most of these are mistakes
 * there.
 */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type SimulatorProblem =
  /** The option's or argument's name and why it cannot be. */
  | { readonly code: "SIMULATOR_OPTION"; readonly option: string; readonly reason: string }
  /** Not issued yet, or no longer kept. */
  | { readonly code: "SIMULATOR_NOT_KEPT"; readonly what: "header" | "body"; readonly number: number }
  /** No simulated key belongs to this node id. */
  | { readonly code: "SIMULATOR_KEY_UNKNOWN"; readonly nodeId: string }
  /** The chain at hand does not allow this attack (say, no sealer was ever removed). */
  | { readonly code: "SIMULATOR_ATTACK_IMPOSSIBLE"; readonly attack: string; readonly reason: string };

export class SimulatorError extends DomainError<SimulatorProblem> {
  readonly family: ErrorFamily = "input";
}
