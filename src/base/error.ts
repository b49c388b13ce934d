/**
 * Typed errors of the whole project.
 *
 * A problem is a plain value: a code and the data that belongs to it. An error carries one problem. Sentences for people
 * are made from the problem in `src/text`, so that logs, counters, JSON and translations all start from the same value.
 */

/**
 * - `input`: somebody sent something wrong; reject it, count it, go on.
 * - `operating`: the world does not help now (disk full, broker away); report, retry where that is safe.
 * - `bug`: our own promise is broken; stop.
 */
export type ErrorFamily = "input" | "operating" | "bug";

export interface Problem {
  /** SCREAMING_SNAKE, unique in the project, prefixed by its subject (`HEADER_`, `TARS_`, `STORE_`...). */
  readonly code: string;
}

export abstract class DomainError<P extends Problem> extends Error {
  abstract readonly family: ErrorFamily;
  readonly problem: P;

  constructor(problem: P, options?: ErrorOptions) {
    super(problem.code, options);
    this.name = new.target.name;
    this.problem = problem;
  }

  get code(): P["code"] {
    return this.problem.code;
  }
}

/** The code of any thrown value; what is not ours is counted as `UNEXPECTED`. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof DomainError ? thrown.code : "UNEXPECTED";
}
