import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What can be wrong with bytes from a content network, before any meaning is looked at. `offset` is in bytes from the start. */
export type WireProblem =
  | { readonly code: "WIRE_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "WIRE_TRUNCATED"; readonly offset: number; readonly need: number }
  | { readonly code: "WIRE_TRAILING_BYTES"; readonly offset: number; readonly extra: number }
  | { readonly code: "WIRE_UNEXPECTED_TYPE"; readonly offset: number; readonly expected: string; readonly byte: number }
  | { readonly code: "WIRE_NOT_MINIMAL"; readonly offset: number }
  | { readonly code: "WIRE_LENGTH"; readonly offset: number; readonly field: string; readonly got: number }
  | { readonly code: "WIRE_RANGE"; readonly field: string; readonly got: string }
  | { readonly code: "WIRE_NAME"; readonly field: string }
  | { readonly code: "WIRE_TEXT"; readonly field: string }
  | { readonly code: "WIRE_KIND"; readonly expected: number; readonly got: number }
  | { readonly code: "WIRE_SIGNER_MAP"; readonly reason: string }
  | { readonly code: "WIRE_SEGMENT_SHAPE"; readonly reason: string }
  | { readonly code: "WIRE_PROFILE_MISMATCH"; readonly field: string; readonly ours: string; readonly theirs: string };

export class WireError extends DomainError<WireProblem> {
  readonly family: ErrorFamily = "input";
}
