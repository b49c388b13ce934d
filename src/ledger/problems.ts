/** What the ledger refuses, and what it finds wrong with what it keeps. */
import { DomainError, type ErrorFamily } from "../base/error.js";

export type LedgerProblem =
  /** An engine broke its promise; the block is not made. */
  | { readonly code: "LEDGER_RECORD_TABLE"; readonly table: string }
  | { readonly code: "LEDGER_RECORD_KEY"; readonly table: string; readonly length: number; readonly max: number }
  | { readonly code: "LEDGER_RECORD_VALUE"; readonly table: string; readonly length: number; readonly max: number }
  | { readonly code: "LEDGER_AMOUNT_RANGE"; readonly table: string; readonly key: string }
  /** What a contract finds in its own table is not what it writes there. */
  | { readonly code: "LEDGER_RECORD_DAMAGED"; readonly table: string; readonly key: string }
  /** Somebody handed on blocks in the wrong order. */
  | { readonly code: "LEDGER_BLOCK_ORDER"; readonly number: number; readonly height: number };

export type LedgerStateProblem =
  /** A record on the disk is not the one that the state root stands for. */
  | { readonly code: "LEDGER_RECORD_ALTERED"; readonly place: string; readonly table: string; readonly key: string }
  /** All records together do not make the newest header's state root. */
  | { readonly code: "LEDGER_STATE_DAMAGED"; readonly place: string; readonly number: number }
  | { readonly code: "LEDGER_BLOCK_DAMAGED"; readonly place: string; readonly number: number; readonly what: string }
  | { readonly code: "LEDGER_OTHER_CHAIN"; readonly place: string; readonly expected: string; readonly found: string };

/** Found on the disk: nothing of it is served. */
export class LedgerDamage extends DomainError<LedgerStateProblem> {
  readonly family: ErrorFamily = "operating";
}

export type LedgerOrderProblem =
  /** A block was to be made while another one waits to be sealed or abandoned, or does not follow the head. */
  | { readonly code: "LEDGER_PROPOSAL_ORDER"; readonly number: number; readonly expected: number }
  | { readonly code: "LEDGER_SEALER_UNKNOWN"; readonly number: number; readonly sealer: number };

export class LedgerError extends DomainError<LedgerProblem | LedgerOrderProblem> {
  readonly family: ErrorFamily = "bug";
}
