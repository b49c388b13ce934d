/** Whether a command goes the safe way. Only what is known to go there counts as safe. */
import type { DeviceId } from "../device.js";
import type { ActionSpec, DeviceProfile, PropertySpec, SafetyClass } from "../profile.js";
import type { DeviceValue } from "../value.js";
import { type Facts, propertyOf } from "./facts.js";

/** `neutral`: neither way can do harm (safety class 0 or 1, no safe direction named). */
export type Direction = "safe" | "away" | "neutral";

export type Affordance =
  | { readonly kind: "property"; readonly spec: PropertySpec }
  | { readonly kind: "action"; readonly spec: ActionSpec };

/** Something of a device that a command may name. */
export function affordanceOf(profile: DeviceProfile, name: string): Affordance | undefined {
  const property = propertyOf(profile, name);
  if (property?.writable) return { kind: "property", spec: property };
  const action = profile.actions.get(name);
  if (action !== undefined) return { kind: "action", spec: action };
  if (!name.includes(".")) return undefined;
  for (const spec of profile.properties.values()) {
    if (spec.writable && spec.capability === name) return { kind: "property", spec };
  }
  for (const spec of profile.actions.values()) if (spec.capability === name) return { kind: "action", spec };
  return undefined;
}

export function safetyClassOf(affordance: Affordance): SafetyClass {
  return affordance.spec.safetyClass;
}

export function directionOf(
  facts: Facts,
  device: DeviceId,
  affordance: Affordance,
  value: DeviceValue | undefined,
): Direction {
  const { reading, fresh } =
    affordance.kind === "property" ? facts.reading(device, affordance.spec.name) : { reading: undefined, fresh: false };
  return directionTo(affordance, value, fresh ? reading?.value : undefined);
}

/** @param present what the property is now; undefined: nobody knows */
export function directionTo(
  affordance: Affordance,
  value: DeviceValue | undefined,
  present: DeviceValue | undefined,
): Direction {
  const fallback: Direction = affordance.spec.safetyClass >= 2 ? "away" : "neutral";
  if (affordance.kind === "action") return affordance.spec.safe ? "safe" : fallback;
  const { safe, type } = affordance.spec;
  if (safe === undefined || value === undefined) return fallback;
  if (safe.kind === "values") return safe.values.includes(value) ? "safe" : "away";
  if (typeof value !== "number") return "away";
  const lower = safe.kind === "lower";
  if (type.kind === "number" && value === (lower ? type.min : type.max)) return "safe";
  if (typeof present !== "number") return "away";
  return (lower ? value <= present : value >= present) ? "safe" : "away";
}
