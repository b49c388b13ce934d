/** Why a participant does not take part. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type ParticipantProblem =
  /** The node's key is not in the list of the next block. */
  | { readonly code: "PARTICIPANT_NOT_SEALER"; readonly number: number }
  /** A lone sealer cannot make the quorum of a longer list. */
  | { readonly code: "PARTICIPANT_NOT_ALONE"; readonly number: number; readonly sealers: number }
  | { readonly code: "PARTICIPANT_GENESIS"; readonly path: string; readonly reason: string };

export class ParticipantError extends DomainError<ParticipantProblem> {
  readonly family: ErrorFamily = "operating";
}
