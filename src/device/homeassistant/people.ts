/** Numbers as people write them: `21.5` for 2150 with two decimals. Never through binary fractions on the way in. */
import type { DeviceValue, ValueType } from "../value.js";

/** Sign, digits before the point, digits after it. Longer ones are no number of a device. */
const DECIMAL = /^([+-]?)(\d{1,15})(?:\.(\d{1,20}))?$/;

/** Division of two integers below 2^53 is rounded once, so that the shortest text of the result is the exact decimal. */
export function toPeople(value: DeviceValue, type: ValueType): DeviceValue {
  return type.kind === "number" && typeof value === "number" ? scaled(value, type.decimals) : value;
}

export function scaled(value: number, decimals: number): number {
  return value / 10 ** decimals;
}

/** Rounded to `decimals`, half away from zero; undefined for anything that is no plain decimal number. */
export function fromPeople(text: string, decimals: number): number | undefined {
  const found = DECIMAL.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = ""] = found;
  const digits = fraction.padEnd(decimals + 1, "0");
  const up = Number(digits.charAt(decimals)) >= 5 ? 1 : 0;
  const value = Number(whole + digits.slice(0, decimals)) + up;
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === "-" && value !== 0 ? -value : value;
}
