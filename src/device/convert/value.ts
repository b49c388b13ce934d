/** Between a device's own values and those of its profile. Total: whatever comes in, the answer is a value or a problem. */
import type { Conversion } from "../binding.js";
import type { DeviceValue, ValueType } from "../value.js";
import { type ConversionProblem, isProblem } from "./problems.js";

/** What devices and registers hold. */
export type RawValue = boolean | number | string;

/** Digits after the point that a device is told where its profile does not say how many it takes. */
export const RAW_DIGITS_DEFAULT = 6;
/** UTF-16 units of a stranger's text in a problem. */
const SHOWN_CHARACTERS = 64;
/** Half of a pair of UTF-16 is no character: it could be neither kept nor sent. */
const UNFIT_CHARACTER = /[\p{Cc}\p{Surrogate}]/u;

/**
 * A device's value as the profile has it.
 * @param raw anything: a member of a JSON message, a number from registers.
 */
export function convertIn(conversion: Conversion, type: ValueType, raw: unknown): DeviceValue | ConversionProblem {
  if (conversion.kind === "map") {
    const key = rawKey(raw);
    for (const [device, ours] of conversion.pairs) if (device === key) return checkValue(type, ours);
    return { code: "DEVICE_VALUE_UNKNOWN", value: shown(raw) };
  }
  if (type.kind !== "number") return checkValue(type, raw);
  // Integers beyond 2^53 arrive as bigint; no property reaches so far, and the problem says about where it was.
  const number = typeof raw === "bigint" ? Number(raw) : raw;
  if (typeof number !== "number" || !Number.isFinite(number)) return wrongType(type, raw);
  const inUnit =
    conversion.kind === "same" ? number : (number * conversion.multiply) / conversion.divide + conversion.offset;
  return checkValue(type, withoutMinusZero(Math.round(inUnit * 10 ** type.decimals)));
}

/** The profile's value as the device is told it. */
export function convertOut(conversion: Conversion, type: ValueType, value: DeviceValue): RawValue | ConversionProblem {
  const checked = checkValue(type, value);
  if (isProblem(checked)) return checked;
  if (conversion.kind === "map") {
    for (const [device, ours] of conversion.pairs) if (ours === checked) return JSON.parse(device) as RawValue;
    return { code: "DEVICE_VALUE_UNKNOWN", value: shown(checked) };
  }
  if (type.kind !== "number" || typeof checked !== "number") return checked;
  const inUnit = checked / 10 ** type.decimals;
  if (conversion.kind === "same") return inUnit;
  const scaled = ((inUnit - conversion.offset) * conversion.divide) / conversion.multiply;
  const digits = 10 ** (conversion.digits ?? RAW_DIGITS_DEFAULT);
  return withoutMinusZero(Math.round(scaled * digits) / digits);
}

/** Whether a value is one of the type, as the profile counts: numbers are integers of 10^-decimals. */
export function checkValue(type: ValueType, value: unknown): DeviceValue | ConversionProblem {
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean" ? value : wrongType(type, value);
    case "number": {
      if (typeof value !== "number" || !Number.isFinite(value)) return wrongType(type, value);
      const { min, max } = type;
      if (value < min || value > max) return { code: "DEVICE_VALUE_RANGE", value, min, max };
      return Number.isSafeInteger(value) ? value : wrongType(type, value);
    }
    case "choice":
      if (typeof value !== "string") return wrongType(type, value);
      return type.choices.includes(value) ? value : { code: "DEVICE_VALUE_UNKNOWN", value: shown(value) };
    case "text": {
      if (typeof value !== "string") return wrongType(type, value);
      if (value.length > type.charactersMax) {
        return { code: "DEVICE_VALUE_TEXT_LENGTH", length: value.length, max: type.charactersMax };
      }
      return UNFIT_CHARACTER.test(value) ? { code: "DEVICE_VALUE_TEXT_CONTROL" } : value;
    }
  }
}

/** Compact JSON of a scalar, the left side of a `map`; undefined for everything else, which no map has. */
export function rawKey(raw: unknown): string | undefined {
  if (typeof raw === "string" || typeof raw === "boolean") return JSON.stringify(raw);
  return typeof raw === "number" && Number.isFinite(raw) ? JSON.stringify(raw) : undefined;
}

function wrongType(type: ValueType, found: unknown): ConversionProblem {
  return { code: "DEVICE_VALUE_TYPE", expected: type.kind, found: kindOf(found) };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value.slice(0, SHOWN_CHARACTERS) : (rawKey(value) ?? kindOf(value));
}

function withoutMinusZero(value: number): number {
  return value === 0 ? 0 : value;
}
