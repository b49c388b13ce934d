/** Which commands go the safe way: valve closed, heater off. These are never held back for age or spent limits. */
import type { DeviceProfile, SafeDirection } from "./profile.js";
import type { DeviceValue } from "./value.js";

/**
 * Whether setting `target` to `value` goes the safe way. Downwards and upwards are judged against the present value; when that
 * is not known, only what cannot be less safe than anything else counts.
 */
export function goesSafe(
  profile: DeviceProfile,
  target: string,
  value: DeviceValue | undefined,
  present: DeviceValue | undefined,
): boolean {
  const action = profile.actions.get(target);
  if (action !== undefined) return action.safe;
  const property = profile.properties.get(target);
  if (property?.safe === undefined || value === undefined) return false;
  return isSafeValue(property.safe, value, present, property.type.kind === "number" ? property.type : undefined);
}

function isSafeValue(
  safe: SafeDirection,
  value: DeviceValue,
  present: DeviceValue | undefined,
  range: { readonly min: number; readonly max: number } | undefined,
): boolean {
  if (safe.kind === "values") return safe.values.includes(value);
  if (typeof value !== "number" || range === undefined) return false;
  const lowest = safe.kind === "lower";
  if (typeof present !== "number") return value === (lowest ? range.min : range.max);
  return lowest ? value <= present : value >= present;
}
