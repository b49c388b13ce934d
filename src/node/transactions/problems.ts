/** Why a transaction was not sent, or its fate is not proven. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type SendProblem =
  /** Not one header could be verified in time: nobody to send to, or nobody to be believed. */
  | { readonly code: "SEND_NOT_SYNCED"; readonly state: string; readonly timeoutMs: number }
  /** The publisher or node refused it for good. */
  | { readonly code: "SEND_REFUSED"; readonly hash: string; readonly reason: string }
  /** It may have been carried out; the same bytes, in `file` where they were signed on the spot, may be sent again. */
  | { readonly code: "SEND_NO_ANSWER"; readonly hash: string; readonly timeoutMs: number; readonly file?: string }
  /** An answer about another transaction, or one whose proof does not hold. */
  | { readonly code: "SEND_ANSWER_UNPROVEN"; readonly hash: string; readonly reason: string; readonly file?: string }
  /** Its bytes could not be kept for a second try, so it was not sent. */
  | { readonly code: "SEND_NOT_KEPT"; readonly file: string; readonly reason: string }
  | { readonly code: "HEADER_NO_ANSWER"; readonly number: number; readonly timeoutMs: number }
  /** Nobody proved a transaction; `reason` is the last thing that was wrong. */
  | { readonly code: "PROOF_NO_ANSWER"; readonly hash: string; readonly timeoutMs: number; readonly reason: string }
  /** Nobody proved what the state holds; `reason` is the last thing that was wrong. */
  | {
      readonly code: "STATE_NO_ANSWER";
      readonly table: string;
      readonly key: string;
      readonly timeoutMs: number;
      readonly reason: string;
    }
  /** An answer about the newest state that is about an older one. */
  | { readonly code: "STATE_TOO_OLD"; readonly number: number; readonly newest: number }
  | { readonly code: "SEND_CHAIN"; readonly found: string; readonly expected: string }
  | { readonly code: "SEND_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "SEND_SIGNER_DIFFERS"; readonly signed: string; readonly key: string };

const INPUT: ReadonlySet<SendProblem["code"]> = new Set([
  "SEND_REFUSED",
  "SEND_ANSWER_UNPROVEN",
  "SEND_CHAIN",
  "SEND_TOO_LARGE",
]);

export class SendError extends DomainError<SendProblem> {
  readonly family: ErrorFamily =
    this.problem.code === "SEND_SIGNER_DIFFERS" ? "bug" : INPUT.has(this.problem.code) ? "input" : "operating";
}
