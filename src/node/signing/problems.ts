/** Every reason for which the guard does not sign. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { KeyFamily } from "./port.js";

/** What a watermark counts: heights (headers and votes), Raft terms, receipt heads. */
export type Track = "height" | "term" | "receipt";

export type SignRefusal =
  /** `reason`: the code of the rule that does not hold. */
  | { readonly code: "SIGN_REQUEST_INVALID"; readonly purpose: string; readonly reason: string }
  | { readonly code: "SIGN_FIELD_INVALID"; readonly purpose: string; readonly field: string }
  | { readonly code: "SIGN_PURPOSE_UNKNOWN"; readonly purpose: string }
  | { readonly code: "SIGN_PURPOSE_FAMILY"; readonly purpose: string; readonly family: KeyFamily }
  /** The evidence: two digests for one slot, in hex. */
  | {
      readonly code: "SIGN_CONFLICT";
      readonly slot: string;
      readonly signedDigest: string;
      readonly refusedDigest: string;
    }
  | { readonly code: "SIGN_BELOW_WATERMARK"; readonly slot: string; readonly watermark: number }
  | { readonly code: "SIGN_VIEW_LOWER"; readonly slot: string; readonly highestView: number }
  | { readonly code: "SIGN_WINDOW_FULL"; readonly slot: string; readonly window: number }
  | { readonly code: "SIGN_BUSY"; readonly inFlight: number };

export type SignHistoryProblem =
  | { readonly code: "SIGN_HISTORY_UNKNOWN"; readonly key: string; readonly track: Track | "key" }
  | { readonly code: "SIGN_HISTORY_FILE"; readonly what: string }
  | { readonly code: "SIGN_HISTORY_CHECKSUM" }
  | { readonly code: "SIGN_HISTORY_CONFLICT"; readonly slot: string; readonly own: string; readonly imported: string }
  | { readonly code: "SIGN_ADVANCE_LOWER"; readonly track: string; readonly from: number; readonly to: number }
  | { readonly code: "SIGN_FAMILY_OTHER"; readonly family: KeyFamily; readonly recorded: KeyFamily };

export type SignKeyProblem =
  /** `database` and `anchor` are session numbers. */
  | { readonly code: "SIGN_SESSION_OTHER"; readonly database: number; readonly anchor: number }
  | { readonly code: "SIGN_ANCHOR_NEEDED"; readonly backend: string }
  | { readonly code: "SIGN_ANCHOR_MISSING"; readonly database: number }
  | { readonly code: "SIGN_ANCHOR_FAILED"; readonly action: "read" | "write"; readonly reason: string }
  | { readonly code: "SIGN_KEY_EXTRACTABLE"; readonly home: string }
  /** Imported, or made less protected than it is now: copies of it may exist. */
  | { readonly code: "SIGN_KEY_ONCE_EXTRACTABLE"; readonly home: string }
  | { readonly code: "SIGN_KEY_ALGORITHM"; readonly algorithm: string; readonly suite: string }
  | { readonly code: "SIGN_KEY_INVALID"; readonly home: string }
  | { readonly code: "SIGN_KEY_IN_USE"; readonly key: string }
  | { readonly code: "SIGN_BACKEND_FAILED"; readonly backend: string; readonly reason: string }
  | { readonly code: "SIGN_TIMEOUT"; readonly backend: string; readonly timeoutMs: number }
  | { readonly code: "SIGN_SIGNATURE_WRONG"; readonly backend: string };

export type SignStateProblem =
  | { readonly code: "SIGN_STORE_FAILED"; readonly place: string; readonly reason: string }
  | { readonly code: "SIGN_STOPPED"; readonly cause: string }
  | { readonly code: "SIGN_CLOSED" };

/** Mistakes of our own; each of them is refused as well. */
export type SignBug =
  /** The encoded bytes read as something else than what was asked for. */
  | { readonly code: "SIGN_PURPOSE_MISMATCH"; readonly purpose: string; readonly found: string }
  | { readonly code: "SIGN_SLOT_REWRITTEN"; readonly slot: string };

export type SigningProblem = SignRefusal | SignHistoryProblem | SignKeyProblem | SignStateProblem | SignBug;

const BUG_CODES: ReadonlySet<string> = new Set<SigningProblem["code"]>([
  "SIGN_PURPOSE_MISMATCH",
  "SIGN_SLOT_REWRITTEN",
  "SIGN_CLOSED",
]);
const INPUT_CODES: ReadonlySet<string> = new Set<SigningProblem["code"]>([
  "SIGN_REQUEST_INVALID",
  "SIGN_FIELD_INVALID",
  "SIGN_PURPOSE_UNKNOWN",
  "SIGN_PURPOSE_FAMILY",
  "SIGN_CONFLICT",
  "SIGN_BELOW_WATERMARK",
  "SIGN_VIEW_LOWER",
  "SIGN_WINDOW_FULL",
  "SIGN_HISTORY_FILE",
  "SIGN_HISTORY_CHECKSUM",
  "SIGN_ADVANCE_LOWER",
]);

function familyOf(code: string): ErrorFamily {
  if (BUG_CODES.has(code)) return "bug";
  return INPUT_CODES.has(code) ? "input" : "operating";
}

export class SigningError extends DomainError<SigningProblem> {
  readonly family: ErrorFamily = familyOf(this.problem.code);
}

/** The code of a typed or system error, for the `reason` of ours. */
export function reasonOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string") {
    return thrown.code;
  }
  return thrown instanceof Error ? thrown.name : "UNKNOWN";
}
