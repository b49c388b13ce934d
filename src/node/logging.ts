/**
 * Log lines: one JSON object each, with a fixed sentence and fields, on standard error (so that standard output stays the
 * answer of a command). The service manager keeps, rotates and limits them. Forty lines instead of a library, because the
 * library takes 2 MB and 10 ms on the way to the first verified header.
 */
import type { Logger } from "../base/logger.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line that would be longer loses its fields. */
export const LOG_LINE_CHARACTERS_MAX = 8_192;

/** Fields that are never written, whatever somebody puts there. */
const SECRET_FIELD = /password|secret|passphrase|token|pin$|^key$|privatekey/i;

/** @param write takes whole lines, line end included. */
export function jsonLogger(level: LogLevel, write: (line: string) => void, now: () => number = Date.now): Logger {
  const least = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => (fields: Readonly<Record<string, unknown>>, sentence: string) => {
    if (LOG_LEVELS.indexOf(name) < least) return;
    write(`${lineOf({ time: new Date(now()).toISOString(), level: name, message: sentence }, fields)}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function lineOf(head: Readonly<Record<string, string>>, fields: Readonly<Record<string, unknown>>): string {
  const line = attempt({ ...head, ...fields });
  if (line !== undefined && line.length <= LOG_LINE_CHARACTERS_MAX) return line;
  return JSON.stringify({ ...head, fieldsLeftOut: Object.keys(fields).length });
}

/** Undefined for what JSON cannot say, such as an object that contains itself. */
function attempt(record: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return JSON.stringify(record, plain);
  } catch {
    return undefined;
  }
}

function plain(key: string, value: unknown): unknown {
  if (SECRET_FIELD.test(key)) return "[secret]";
  if (typeof value === "bigint") return value.toString();
  return value;
}
