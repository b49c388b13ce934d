/** What goes through the pipe between the node and a process that holds foreign native code. */
import type { Millis } from "../../src/base/clock.js";

/** The node sends a list of these, what came up in one turn. */
export interface Call<Request> {
  readonly id: number;
  /** How long the caller will wait from when this arrives: the two clocks need not agree. */
  readonly timeLeftMs: Millis;
  readonly request: Request;
}

export type Answer<Problem> =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: Problem };

/** Said at once and unasked: how far the process has got, should it not come back from there. */
export interface Remark<Note> {
  readonly note: Note;
}

/** The process sends a list of these. */
export type Report<Problem, Note> = Answer<Problem> | Remark<Note>;
