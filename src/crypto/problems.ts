/** What can be wrong with a call of the crypto room. Hostile signatures and proofs are verdicts, not problems. */
import { DomainError, type ErrorFamily } from "../base/error.js";
import type { SuiteName } from "./suite.js";

export type CryptoInputProblem =
  /** Not 32 bytes, zero, or not below the group order (SM2: order - 1). Says nothing about the bytes themselves. */
  | { readonly code: "CRYPTO_SECRET_KEY_INVALID"; readonly suite: SuiteName; readonly length: number }
  | { readonly code: "CRYPTO_DIGEST_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "CRYPTO_LEAF_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "CRYPTO_LEAF_INDEX"; readonly index: number; readonly count: number }
  | { readonly code: "CRYPTO_MOUNTAIN_FULL"; readonly count: number }
  | {
      readonly code: "CRYPTO_MOUNTAIN_PEAKS";
      readonly count: number;
      readonly peaks: number;
      readonly expected: number;
    }
  | { readonly code: "CRYPTO_MOUNTAIN_NODE_MISSING"; readonly level: number; readonly index: number };

export type CryptoBackendProblem =
  /** No back end among the allowed ones is present and passes its self-test. */
  | {
      readonly code: "CRYPTO_BACKEND_NONE";
      readonly suite: SuiteName;
      readonly part: "hash" | "signature";
      readonly only: readonly string[];
    }
  /** An allowed name that no back end of any suite bears. */
  | { readonly code: "CRYPTO_BACKEND_UNKNOWN"; readonly name: string };

export type CryptoProblem = CryptoInputProblem | CryptoBackendProblem;

export class CryptoError extends DomainError<CryptoInputProblem> {
  readonly family: ErrorFamily = "input";
}

export class CryptoBackendError extends DomainError<CryptoBackendProblem> {
  readonly family: ErrorFamily = "operating";
}
