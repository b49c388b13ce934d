/** What can go wrong when the chain's data is kept. */
import { DomainError, type ErrorFamily } from "../base/error.js";

export type StoreProblem =
  /** `place` is `file`, `run <start>` or `record <name>`; `engineCode` is the engine's code, `CHECKSUM` or `SHAPE`. */
  | { readonly code: "STORE_CORRUPT"; readonly path: string; readonly place: string; readonly engineCode: string }
  | { readonly code: "STORE_FULL"; readonly path: string; readonly engineCode: string }
  | { readonly code: "STORE_IO"; readonly path: string; readonly engineCode: string }
  | { readonly code: "STORE_READ_ONLY"; readonly path: string; readonly engineCode: string }
  /** Writing ended with `cause` earlier; nothing is written any more until the store is opened anew. */
  | { readonly code: "STORE_STOPPED"; readonly path: string; readonly cause: string }
  | { readonly code: "STORE_IN_USE"; readonly path: string; readonly engineCode: string }
  | { readonly code: "STORE_CANNOT_OPEN"; readonly path: string; readonly engineCode: string }
  | { readonly code: "STORE_FOREIGN_FILE"; readonly path: string; readonly applicationId: number }
  | { readonly code: "STORE_SCHEMA_NEWER"; readonly path: string; readonly found: number; readonly known: number }
  /** The database is gone or empty although `remains` shows that there was one. */
  | { readonly code: "STORE_LOST"; readonly path: string; readonly remains: string }
  | { readonly code: "STORE_NOT_DURABLE"; readonly path: string; readonly setting: string; readonly found: string }
  | { readonly code: "STORE_ENGINE_MISSING"; readonly tried: readonly EngineFailure[] }
  /** The engine is there, but does not work safely with this Node. */
  | { readonly code: "STORE_ENGINE_UNSAFE"; readonly engine: string; readonly node: string }
  | { readonly code: "STORE_RUN_OVERLAP"; readonly start: number; readonly count: number; readonly otherStart: number }
  | { readonly code: "STORE_WRITE_INVALID"; readonly what: string; readonly value: number; readonly limit: number }
  | { readonly code: "STORE_CLOSED"; readonly path: string }
  /** `place` is `magic`, `header`, `length`, `chunk <number>` or a field of the header. */
  | { readonly code: "STORE_SNAPSHOT_DAMAGED"; readonly path: string; readonly place: string }
  | { readonly code: "STORE_SNAPSHOT_FORMAT"; readonly path: string; readonly format: number };

export interface EngineFailure {
  readonly engine: string;
  /** Code of the failed load: `ERR_MODULE_NOT_FOUND`, `ERR_DLOPEN_FAILED`, `ERR_UNKNOWN_BUILTIN_MODULE`... */
  readonly reason: string;
}

const BUG_CODES: ReadonlySet<string> = new Set(["STORE_RUN_OVERLAP", "STORE_WRITE_INVALID", "STORE_CLOSED"]);

export class StoreError extends DomainError<StoreProblem> {
  readonly family: ErrorFamily = BUG_CODES.has(this.problem.code) ? "bug" : "operating";
}
