import { DomainError, type ErrorFamily } from "../../../base/error.js";

export type RecoveryProblem =
  /** Whoever sends must wait; a batch above `max` by itself must be split. */
  | {
      readonly code: "RECOVERY_BUSY";
      readonly unit: "transactions" | "bytes";
      readonly asked: number;
      readonly max: number;
    }
  | { readonly code: "RECOVERY_CLOSED" };

/** Signatures are not recovered now. */
export class RecoveryError extends DomainError<RecoveryProblem> {
  readonly family: ErrorFamily = "operating";
}
