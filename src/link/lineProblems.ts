import { DomainError, type ErrorFamily } from "../base/error.js";

/**
 * What can go wrong on a line to devices, serial or Modbus. `line` is its path or host and port; `reason` a system code,
 * never what a device sent.
 */
export type LineProblem =
  | { readonly code: "LINE_DOWN"; readonly line: string; readonly reason: string }
  | { readonly code: "LINE_STOPPED"; readonly line: string }
  | { readonly code: "LINE_BUSY"; readonly line: string; readonly waiting: number; readonly limit: number }
  | { readonly code: "LINE_SERIAL_MISSING"; readonly reason: string }
  | { readonly code: "LINE_OPTION_INVALID"; readonly option: string; readonly reason: string };

const LINE_OPERATING_CODES: ReadonlySet<LineProblem["code"]> = new Set([
  "LINE_DOWN",
  "LINE_STOPPED",
  "LINE_BUSY",
  "LINE_SERIAL_MISSING",
]);

export class LineError extends DomainError<LineProblem> {
  readonly family: ErrorFamily = LINE_OPERATING_CODES.has(this.problem.code) ? "operating" : "input";
}

/**
 * Codes handed to `dropped` of a line: counted, never thrown.
 * - `LINE_NOISE`: bytes that were no frame.
 * - `LINE_ECHO`: a frame that goes the other way, our own heard again or another gateway's.
 * - `LINE_HANDLER_FAILED`: our own handler threw; the line goes on.
 */
export type LineDropCode = "LINE_NOISE" | "LINE_ECHO" | "LINE_HANDLER_FAILED";
