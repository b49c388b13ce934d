import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What is wrong with a data directory. `reason` is a system code such as EACCES. */
export type DataDirProblem =
  | { readonly code: "DATA_DIR_MISSING"; readonly path: string }
  | { readonly code: "DATA_DIR_NOT_A_FOLDER"; readonly path: string }
  | { readonly code: "DATA_DIR_NOT_EMPTY"; readonly path: string; readonly found: string }
  | { readonly code: "DATA_DIR_FORMAT"; readonly path: string }
  | { readonly code: "DATA_DIR_NEWER"; readonly path: string; readonly found: number; readonly known: number }
  | { readonly code: "DATA_DIR_OPEN_TO_OTHERS"; readonly path: string; readonly mode: string }
  | { readonly code: "DATA_DIR_ACCESS"; readonly path: string; readonly reason: string }
  /** `pid` 0 where the holder could not be told. */
  | { readonly code: "DATA_DIR_LOCKED"; readonly path: string; readonly pid: number };

export class DataDirError extends DomainError<DataDirProblem> {
  readonly family: ErrorFamily = "operating";
}
