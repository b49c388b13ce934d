import { DomainError, type ErrorFamily } from "../base/error.js";

/** Why a header, a certificate, an anchor or a proof is not believed. Heights are block numbers, weights decimal text, times ms. */
export type ChainProblem =
  | { readonly code: "CHAIN_SIGNER_RANGE"; readonly height: number; readonly index: number; readonly sealers: number }
  | { readonly code: "CHAIN_SIGNER_DUPLICATE"; readonly height: number; readonly index: number }
  | { readonly code: "CHAIN_SIGNATURE_INVALID"; readonly height: number; readonly index: number }
  | { readonly code: "CHAIN_QUORUM"; readonly height: number; readonly got: string; readonly need: string }
  | { readonly code: "CHAIN_HASH_MISMATCH"; readonly height: number; readonly named: string; readonly computed: string }
  | { readonly code: "CHAIN_SEALERS_DIFFER"; readonly height: number }
  | { readonly code: "CHAIN_NOT_ADJACENT"; readonly height: number; readonly trusted: number }
  | { readonly code: "CHAIN_NOT_ABOVE"; readonly height: number; readonly trusted: number }
  | { readonly code: "CHAIN_PARENT_HASH"; readonly height: number; readonly named: string; readonly trusted: string }
  | {
      readonly code: "CHAIN_TRUST_SHORT";
      readonly height: number;
      readonly trusted: number;
      readonly got: string;
      readonly need: string;
    }
  | { readonly code: "CHAIN_SEALERS_NOT_COMMITTED"; readonly height: number }
  | { readonly code: "CHAIN_GENESIS_SEALERS"; readonly height: number }
  | {
      readonly code: "CHAIN_TRUST_EXPIRED";
      readonly trusted: number;
      readonly ageMs: number;
      readonly periodMs: number;
    }
  | { readonly code: "CHAIN_CLOCK_UNSET"; readonly now: number }
  | {
      readonly code: "CHAIN_HEADER_FROM_FUTURE";
      readonly height: number;
      readonly aheadMs: number;
      readonly driftMs: number;
    }
  | { readonly code: "CHAIN_TIME_DECREASING"; readonly height: number; readonly byMs: number }
  | { readonly code: "CHAIN_FORK"; readonly height: number; readonly ours: string; readonly theirs: string }
  | { readonly code: "CHAIN_SEALERS_RETIRED"; readonly height: number }
  | {
      readonly code: "CHAIN_LINK_BROKEN";
      readonly height: number;
      readonly expected: string;
      readonly computed: string;
    }
  | { readonly code: "CHAIN_SEGMENT_UNSIGNED"; readonly height: number }
  | { readonly code: "CHAIN_ANSWER_UNASKED"; readonly height: number }
  | { readonly code: "CHAIN_ANSWER_MISSING"; readonly height: number }
  | { readonly code: "CHAIN_ROLLBACK"; readonly height: number; readonly trusted: number }
  | { readonly code: "CHAIN_CHANGE_UNPROVEN"; readonly height: number; readonly reason: string }
  | { readonly code: "CHAIN_PROOF_UNANCHORED"; readonly height: number }
  | { readonly code: "CHAIN_PROOF_INVALID"; readonly height: number; readonly reason: string }
  | { readonly code: "ANCHOR_MALFORMED"; readonly field: string }
  | { readonly code: "ANCHOR_NEEDS_SEALERS"; readonly height: number }
  | { readonly code: "ANCHOR_TRUST_LEVEL_ON_CRASH" };

export class ChainError extends DomainError<ChainProblem> {
  readonly family: ErrorFamily = "input";
}
