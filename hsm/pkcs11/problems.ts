/** What can go wrong with keys on a PKCS#11 token. No problem carries a PIN; `ckr` is the module's own return value. */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type Pkcs11Problem =
  | { readonly code: "PKCS11_LIBRARY_MISSING"; readonly reason: string }
  /** `place` is the file or folder that is at fault. */
  | {
      readonly code: "PKCS11_MODULE_REFUSED";
      readonly path: string;
      readonly why: "relative" | "missing" | "not-a-file" | "not-allowed" | "owner" | "writable";
      readonly place: string;
    }
  | { readonly code: "PKCS11_MODULE_FAILED"; readonly path: string; readonly reason: string }
  | { readonly code: "PKCS11_TOKEN_ABSENT"; readonly token: string; readonly found: readonly string[] }
  | { readonly code: "PKCS11_TOKEN_AMBIGUOUS"; readonly token: string; readonly count: number }
  /** Not tried again until the next start: every try may be the one that locks the token. */
  | { readonly code: "PKCS11_PIN_REFUSED"; readonly token: string; readonly ckr: string }
  | { readonly code: "PKCS11_PIN_LOCKED"; readonly token: string }
  /** The token says that the next wrong PIN locks it; nothing was tried. */
  | { readonly code: "PKCS11_PIN_FINAL_TRY"; readonly token: string }
  /** The PIN went out and no word on it came back: it may have cost a try, so it is not presented again. */
  | { readonly code: "PKCS11_LOGIN_UNANSWERED"; readonly token: string; readonly reason: string }
  | { readonly code: "PKCS11_KEY_ABSENT"; readonly keyId: string }
  | { readonly code: "PKCS11_KEY_AMBIGUOUS"; readonly keyId: string; readonly count: number }
  | { readonly code: "PKCS11_KEY_EXISTS"; readonly keyId: string }
  /** Another public key stands under the id than the one known. */
  | { readonly code: "PKCS11_KEY_CHANGED"; readonly keyId: string }
  | { readonly code: "PKCS11_KEY_NOT_PROTECTED"; readonly keyId: string; readonly attribute: string }
  | { readonly code: "PKCS11_KEY_UNSUITABLE"; readonly keyId: string; readonly attribute: string }
  | { readonly code: "PKCS11_MECHANISM_ABSENT"; readonly mechanism: string }
  | { readonly code: "PKCS11_DEVICE_GONE"; readonly call: string; readonly ckr: string }
  | { readonly code: "PKCS11_SESSION_LOST"; readonly call: string; readonly ckr: string }
  | { readonly code: "PKCS11_LOGIN_LOST"; readonly call: string; readonly ckr: string }
  | { readonly code: "PKCS11_CALL_FAILED"; readonly call: string; readonly ckr: string }
  | { readonly code: "PKCS11_ANSWER_INVALID"; readonly what: string; readonly length: number }
  | { readonly code: "PKCS11_TIMEOUT"; readonly call: string; readonly timeoutMs: number }
  /** The process that holds the module ended with calls open, or was ended because the module hung. */
  | { readonly code: "PKCS11_PROCESS_ENDED"; readonly reason: string }
  | { readonly code: "PKCS11_BUSY"; readonly limit: number }
  /** Left the queue unserved: the token could not have signed in time. */
  | { readonly code: "PKCS11_OVERLOADED"; readonly waitedMs: number }
  | { readonly code: "PKCS11_ANCHOR_LOWER"; readonly session: number; readonly reserved: number }
  | { readonly code: "PKCS11_ANCHOR_INVALID"; readonly length: number }
  | { readonly code: "PKCS11_DIGEST_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "PKCS11_OPTION"; readonly option: string }
  | { readonly code: "PKCS11_CLOSED" };

const BUG_CODES: ReadonlySet<string> = new Set(["PKCS11_DIGEST_LENGTH"]);

export class Pkcs11Error extends DomainError<Pkcs11Problem> {
  readonly family: ErrorFamily = BUG_CODES.has(this.problem.code) ? "bug" : "operating";
}

/** What no waiting mends: a person has to look before the token is tried again. */
const LASTING: ReadonlySet<string> = new Set([
  "PKCS11_PIN_REFUSED",
  "PKCS11_PIN_LOCKED",
  "PKCS11_PIN_FINAL_TRY",
  "PKCS11_LOGIN_UNANSWERED",
  "PKCS11_KEY_CHANGED",
  "PKCS11_KEY_NOT_PROTECTED",
]);

export function isLasting(problem: Pkcs11Problem): boolean {
  return LASTING.has(problem.code);
}

/** What says that handles, login or device are gone, so that only a fresh start of the module helps. */
const DEMANDS_RESTART: ReadonlySet<string> = new Set([
  "PKCS11_DEVICE_GONE",
  "PKCS11_SESSION_LOST",
  "PKCS11_LOGIN_LOST",
]);

export function demandsRestart(problem: Pkcs11Problem): boolean {
  return DEMANDS_RESTART.has(problem.code);
}
