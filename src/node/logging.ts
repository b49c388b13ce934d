/**
 * Log lines with a fixed sentence and fields, on standard error (so that standard output stays the answer of a command):
 * JSON for machines, text for people. The service manager keeps, rotates and limits them. A few lines instead of a
 * library, because the library takes 2 MB and 10 ms on the way to the first verified header.
 */
import type { Logger } from "../base/logger.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "json" | "text";

/** A line that would be longer loses its fields. */
export const LOG_LINE_CHARACTERS_MAX = 8_192;

/** Fields that are never written, whatever somebody puts there. */
const SECRET_FIELD = /password|secret|passphrase|token|^pin$|^key$|privatekey/i;
/** Fields quote what strangers sent; a line must stay one line and leave the terminal alone. */
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

type Fields = Readonly<Record<string, unknown>>;

/** @param write takes whole lines, line end included. */
export function lineLogger(
  format: LogFormat,
  level: LogLevel,
  write: (line: string) => void,
  now: () => number = Date.now,
): Logger {
  const least = LOG_LEVELS.indexOf(level);
  const lineOf = format === "json" ? jsonLine : textLine;
  const at = (name: LogLevel) => (fields: Fields, sentence: string) => {
    if (LOG_LEVELS.indexOf(name) < least) return;
    const head = { time: new Date(now()).toISOString(), level: name, message: sentence };
    const line = lineOf(head, fields);
    write(`${line.length <= LOG_LINE_CHARACTERS_MAX ? line : lineOf(head, { tooLong: line.length })}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface Head {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
}

function jsonLine(head: Head, fields: Fields): string {
  return jsonOf({ ...head, ...fields }) ?? JSON.stringify({ ...head, unwritable: true });
}

function textLine({ time, level, message }: Head, fields: Fields): string {
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${textOf(name, value)}`);
  return [time, level.toUpperCase().padEnd(5), message, ...shown].join(" ").replace(CONTROL_CHARACTERS, " ");
}

function textOf(name: string, value: unknown): string {
  const allowed = plain(name, value);
  return typeof allowed === "string" ? allowed : (jsonOf(allowed) ?? "?");
}

/** Undefined for what JSON cannot say, such as an object that contains itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, plain);
  } catch {
    return undefined;
  }
}

function plain(key: string, value: unknown): unknown {
  if (SECRET_FIELD.test(key)) return "[secret]";
  return typeof value === "bigint" ? value.toString() : value;
}
