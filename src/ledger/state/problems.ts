/** What the state tree refuses. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type StateProblem =
  /** Nothing is kept of this height: too old, not there yet, or rolled back. */
  | { readonly code: "STATE_HEIGHT_UNKNOWN"; readonly height: number; readonly oldest: number; readonly newest: number }
  | { readonly code: "STATE_HEIGHT_ORDER"; readonly height: number; readonly expected: number }
  | { readonly code: "STATE_TREE_FULL"; readonly max: number }
  | { readonly code: "STATE_CHANGES_TOO_MANY"; readonly count: number; readonly max: number }
  /** `field` is `key` or `valueHash`. */
  | { readonly code: "STATE_FIELD_LENGTH"; readonly field: string; readonly length: number }
  | { readonly code: "STATE_KEY_TWICE"; readonly key: string }
  /** A snapshot was read on after its height left the window or was rolled back. */
  | { readonly code: "STATE_SNAPSHOT_GONE"; readonly height: number }
  /** `leaf` is the first that does not fit: a key not above the one before, a length, a leaf too many or too few. */
  | { readonly code: "STATE_SNAPSHOT_SHAPE"; readonly leaf: number; readonly leafCount: number }
  | { readonly code: "STATE_SNAPSHOT_ROOT"; readonly height: number };

/** The world's doing; everything else is a caller's mistake. */
const OPERATING_CODES: ReadonlySet<string> = new Set([
  "STATE_HEIGHT_UNKNOWN",
  "STATE_TREE_FULL",
  "STATE_SNAPSHOT_GONE",
  "STATE_SNAPSHOT_SHAPE",
  "STATE_SNAPSHOT_ROOT",
]);

export class StateError extends DomainError<StateProblem> {
  readonly family: ErrorFamily = OPERATING_CODES.has(this.problem.code) ? "operating" : "bug";
}
