/** Numbers, durations and times as people write them, into integers. */
import { DECIMALS_MAX } from "../../value.js";
import { DURATION_MS_MAX } from "../limits.js";

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,6}))?$/;
const WITH_UNIT = /^(-?[\d.]+)\s*(\D.*)?$/;

export interface Decimal {
  /** All digits without the point. */
  readonly digits: number;
  readonly decimals: number;
}

/** `21.5`, or `21.5 °C` where that is the unit; undefined for anything else. */
export function decimalOf(value: number | string, unit: string | undefined): Decimal | undefined {
  const parts = WITH_UNIT.exec(String(value).trim());
  if (parts === null || (parts[2] !== undefined && parts[2].trim() !== unit)) return undefined;
  const match = DECIMAL.exec(parts[1] ?? "");
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  const trimmed = fraction.replace(/0+$/, "");
  const digits = Number(`${sign}${whole}${trimmed}`) + 0;
  return Number.isSafeInteger(digits) && trimmed.length <= DECIMALS_MAX
    ? { digits, decimals: trimmed.length }
    : undefined;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500 ms`, `5 min`, `1.5 h`, `1 h 30 min`: whole milliseconds, at most a week. */
export function durationOf(text: string): number | undefined {
  if (!/^\s*(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const factor = Object.hasOwn(UNITS_MS, unit) ? UNITS_MS[unit] : undefined;
    const quantity = decimalOf(number, undefined);
    if (factor === undefined || quantity === undefined) return undefined;
    const ms = (quantity.digits * factor) / 10 ** quantity.decimals;
    if (!Number.isSafeInteger(ms)) return undefined;
    total += ms;
  }
  return total <= DURATION_MS_MAX ? total : undefined;
}

/** `22:30-06:00` as minutes of the day. */
export function windowOf(text: string): { readonly from: number; readonly to: number } | undefined {
  const match = /^\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*$/.exec(text);
  if (match === null) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  if (fromHour > 23 || toHour > 24 || fromMinute > 59 || toMinute > 59) return undefined;
  const to = toHour * 60 + toMinute;
  return to > 1_440 ? undefined : { from: fromHour * 60 + fromMinute, to: to % 1_440 };
}
