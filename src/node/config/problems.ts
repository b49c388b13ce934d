import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What is wrong with a configuration file. `field` is the dotted path of a value, such as `brokers[0].url`. */
export type ConfigProblem =
  | { readonly code: "CONFIG_NOT_FOUND"; readonly path: string }
  | { readonly code: "CONFIG_UNREADABLE"; readonly path: string; readonly reason: string }
  | { readonly code: "CONFIG_TOO_LARGE"; readonly path: string; readonly size: number; readonly limit: number }
  | { readonly code: "CONFIG_YAML"; readonly path: string; readonly line: number; readonly reason: string }
  | { readonly code: "CONFIG_KEY_UNKNOWN"; readonly path: string; readonly field: string; readonly nearest: string }
  | { readonly code: "CONFIG_VALUE"; readonly path: string; readonly field: string; readonly reason: string }
  | { readonly code: "CONFIG_FIELDS"; readonly path: string; readonly field: string; readonly reason: string }
  /** A file that the configuration names: a CA, a certificate, a key or a password. */
  | { readonly code: "CONFIG_FILE_UNREADABLE"; readonly field: string; readonly path: string; readonly reason: string }
  | { readonly code: "CONFIG_FILE_TOO_LARGE"; readonly field: string; readonly path: string; readonly limit: number }
  | { readonly code: "CONFIG_PASSWORD_EMPTY"; readonly field: string; readonly path: string };

export class ConfigError extends DomainError<ConfigProblem> {
  readonly family: ErrorFamily = "input";
}
