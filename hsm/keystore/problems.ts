/** What can be wrong with keys in files, and with the places secrets are read from. No problem carries secret bytes. */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type KeystoreProblem =
  | { readonly code: "KEYSTORE_UNREADABLE"; readonly path: string; readonly reason: string }
  | { readonly code: "KEYSTORE_UNWRITABLE"; readonly path: string; readonly reason: string }
  | { readonly code: "KEYSTORE_EXISTS"; readonly path: string }
  | { readonly code: "KEYSTORE_OPEN_TO_OTHERS"; readonly path: string; readonly mode: string }
  | { readonly code: "KEYSTORE_FORMAT"; readonly path: string; readonly field: string }
  | { readonly code: "KEYSTORE_NEWER"; readonly path: string; readonly found: number; readonly known: number }
  /** Wrong passphrase or changed file: which of the two cannot be told. */
  | { readonly code: "KEYSTORE_PASSPHRASE"; readonly path: string }
  | { readonly code: "KEYSTORE_KEY_INVALID"; readonly algorithm: string; readonly length: number }
  | { readonly code: "KEYSTORE_PEM_FORMAT"; readonly part: string }
  | { readonly code: "KEYSTORE_PEM_ENCRYPTED" }
  | { readonly code: "KEYSTORE_PEM_CURVE"; readonly curve: string }
  /** The public key beside the secret one is not its own. */
  | { readonly code: "KEYSTORE_PEM_KEYS_DIFFER" }
  | { readonly code: "KEYSTORE_DIGEST_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "KEYSTORE_TIMEOUT"; readonly timeoutMs: number }
  | { readonly code: "KEYSTORE_CLOSED"; readonly path: string };

export class KeystoreError extends DomainError<KeystoreProblem> {
  readonly family: ErrorFamily = this.problem.code === "KEYSTORE_DIGEST_LENGTH" ? "bug" : "operating";
}

export type SecretProblem =
  /** `source` names the place ("file /run/pin", "credential pin", "descriptor 3"), never the content. */
  | { readonly code: "SECRET_UNREADABLE"; readonly source: string; readonly reason: string }
  | { readonly code: "SECRET_OPEN_TO_OTHERS"; readonly source: string; readonly mode: string }
  | { readonly code: "SECRET_OWNER"; readonly source: string; readonly owner: number }
  | { readonly code: "SECRET_EMPTY"; readonly source: string }
  | { readonly code: "SECRET_TOO_LONG"; readonly source: string; readonly limit: number }
  | { readonly code: "SECRET_NO_CREDENTIALS"; readonly source: string };

export class SecretError extends DomainError<SecretProblem> {
  readonly family: ErrorFamily = "operating";
}

/** `ENOENT`, `EACCES`...; of anything else only its kind, for a message might quote what it choked on. */
export function systemReason(thrown: unknown): string {
  if (thrown instanceof Error && "code" in thrown && typeof thrown.code === "string") return thrown.code;
  return thrown instanceof Error ? thrown.name : "UNEXPECTED";
}
