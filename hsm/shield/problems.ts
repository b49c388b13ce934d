/** What can go wrong with a serial U-shield. */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type ShieldProblem =
  /** The package for serial lines is not installed or does not load here. */
  | { readonly code: "SHIELD_SERIAL_MISSING"; readonly reason: string }
  /** `reason` is a system code such as ENOENT, or what the line's driver says. */
  | { readonly code: "SHIELD_LINE_DOWN"; readonly path: string; readonly reason: string }
  /** Nothing that answers as a shield does within `timeoutMs`. */
  | { readonly code: "SHIELD_SILENT"; readonly path: string; readonly timeoutMs: number }
  /** The shield is there, but the answer did not come in time; `waitingFor` is `line`, `turn`, `button` or `answer`. */
  | {
      readonly code: "SHIELD_TIMEOUT";
      readonly path: string;
      readonly timeoutMs: number;
      readonly waitingFor: ShieldWait;
    }
  | { readonly code: "SHIELD_BUSY"; readonly path: string; readonly waiting: number }
  | { readonly code: "SHIELD_NO_APPLICATION"; readonly path: string; readonly status: string }
  /** `what` names the answer that made no sense. */
  | { readonly code: "SHIELD_ANSWER_INVALID"; readonly path: string; readonly what: string; readonly length: number }
  | { readonly code: "SHIELD_STATUS"; readonly path: string; readonly command: string; readonly status: string }
  | { readonly code: "SHIELD_PIN_LENGTH"; readonly minimum: number; readonly maximum: number }
  | { readonly code: "SHIELD_PIN_WRONG"; readonly path: string; readonly triesLeft: number }
  | { readonly code: "SHIELD_PIN_LAST_TRY"; readonly path: string; readonly triesLeft: number }
  | { readonly code: "SHIELD_PIN_LOCKED"; readonly path: string }
  | { readonly code: "SHIELD_NOT_CONFIRMED"; readonly path: string }
  | { readonly code: "SHIELD_OTHER"; readonly path: string; readonly expected: string; readonly found: string }
  | {
      readonly code: "SHIELD_COUNTER_FALLS";
      readonly path: string;
      readonly session: number;
      readonly reserved: number;
    }
  | { readonly code: "SHIELD_DIGEST_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "SHIELD_CLOSED"; readonly path: string };

export type ShieldWait = "line" | "turn" | "button" | "answer";

const FAMILY: Readonly<Partial<Record<ShieldProblem["code"], ErrorFamily>>> = {
  SHIELD_DIGEST_LENGTH: "bug",
  SHIELD_CLOSED: "bug",
};

export class ShieldError extends DomainError<ShieldProblem> {
  readonly family: ErrorFamily = FAMILY[this.problem.code] ?? "operating";
}

/** Four hex digits, as data sheets print SW1 SW2. */
export function statusText(status: number): string {
  return status.toString(16).padStart(4, "0");
}
