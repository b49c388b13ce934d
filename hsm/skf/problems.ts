/** What can go wrong with a token behind an SKF library. `status` is the SAR code in hex, as vendors print it. */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type SkfProblem =
  | { readonly code: "SKF_BINDING_MISSING"; readonly reason: string }
  | { readonly code: "SKF_LIBRARY_PATH"; readonly module: string; readonly reason: SkfLibraryReason }
  | { readonly code: "SKF_LIBRARY_LOAD"; readonly module: string; readonly reason: string }
  | { readonly code: "SKF_NO_DEVICE"; readonly module: string; readonly wanted: string; readonly found: string }
  | { readonly code: "SKF_SEVERAL_DEVICES"; readonly module: string; readonly found: string }
  | { readonly code: "SKF_STATUS"; readonly call: string; readonly status: string }
  /** `call` could not be made, or failed outside the library; `reason` is the kind of the error. */
  | { readonly code: "SKF_CALL_FAILED"; readonly call: string; readonly reason: string }
  /** `call` has not returned; what hangs is ended with its process. */
  | { readonly code: "SKF_TIMEOUT"; readonly call: string; readonly timeoutMs: number }
  /** The process that holds the library ended with calls open, or was ended because the library hung. */
  | { readonly code: "SKF_PROCESS_ENDED"; readonly reason: string }
  | { readonly code: "SKF_BUSY"; readonly waiting: number }
  | { readonly code: "SKF_ANSWER_INVALID"; readonly call: string }
  | { readonly code: "SKF_PIN_LENGTH"; readonly minimum: number; readonly maximum: number }
  | { readonly code: "SKF_PIN_WRONG"; readonly triesLeft: number }
  | { readonly code: "SKF_PIN_LAST_TRY"; readonly triesLeft: number }
  | { readonly code: "SKF_PIN_LOCKED" }
  /** Whether it was counted is unknown. Not tried again until a person opens the token anew. */
  | { readonly code: "SKF_PIN_UNANSWERED"; readonly triesLeft: number }
  | { readonly code: "SKF_OTHER_TOKEN"; readonly expected: string; readonly found: string }
  | { readonly code: "SKF_DIGEST_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "SKF_CLOSED" };

export type SkfLibraryReason = "not absolute" | "missing" | "not a file" | "foreign owner" | "writable by others";

const BUG_CODES: ReadonlySet<string> = new Set(["SKF_DIGEST_LENGTH", "SKF_CLOSED"]);

export class SkfError extends DomainError<SkfProblem> {
  readonly family: ErrorFamily = BUG_CODES.has(this.problem.code) ? "bug" : "operating";
}

/** Return values that mean something to us. */
export const SAR = {
  ok: 0,
  pinIncorrect: 0x0a00_0024,
  pinLocked: 0x0a00_0025,
} as const;

export function sarText(status: number): string {
  return `0x${status.toString(16).toUpperCase().padStart(8, "0")}`;
}
