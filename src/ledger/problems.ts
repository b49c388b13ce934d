/** What the ledger refuses, and what it finds wrong with what it keeps. */
import { DomainError, type ErrorFamily } from "../base/error.js";

export type LedgerProblem =
  /** An engine broke its promise; the block is not made. */
  | { readonly code: "LEDGER_RECORD_TABLE"; readonly table: string }
  | { readonly code: "LEDGER_RECORD_KEY"; readonly table: string; readonly length: number; readonly max: number }
  | { readonly code: "LEDGER_RECORD_VALUE"; readonly table: string; readonly length: number; readonly max: number }
  | { readonly code: "LEDGER_AMOUNT_RANGE"; readonly table: string; readonly key: string }
  /** Somebody handed on blocks in the wrong order. */
  | { readonly code: "LEDGER_BLOCK_ORDER"; readonly number: number; readonly height: number };

export class LedgerError extends DomainError<LedgerProblem> {
  readonly family: ErrorFamily = "bug";
}
