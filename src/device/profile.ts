/**
 * What a device model is able to: typed properties, actions and events, and how they are reached (`binding.ts`). A profile
 * is data, read from `device-profiles/<vendor>/<model>.yaml` or derived from what a bridge says of its devices.
 */
import type { Binding } from "./binding.js";
import type { DeviceValue, ValueType } from "./value.js";

/** 0 nothing can go wrong, 1 a nuisance, 2 harm to things or privacy (lock, heater), 3 harm to people (gas). */
export type SafetyClass = 0 | 1 | 2 | 3;

/**
 * Which way is the safe one: towards `values`, or for numbers downwards or upwards. A command that way is never refused
 * for the age of a header or a spent limit.
 */
export type SafeDirection =
  | { readonly kind: "values"; readonly values: readonly DeviceValue[] }
  | { readonly kind: "lower" }
  | { readonly kind: "higher" };

export interface PropertySpec {
  readonly name: string;
  /** Neutral name `class.affordance` of the vocabulary in `capability.ts`: `switch.on`, `sensor.smoke`. */
  readonly capability: string;
  readonly title?: string;
  readonly type: ValueType;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly safetyClass: SafetyClass;
  readonly safe?: SafeDirection;
  /** Age at which a reading says nothing any more; absent: as long as the device is available. */
  readonly staleAfterMs?: number;
}

export interface ActionSpec {
  readonly name: string;
  readonly capability: string;
  readonly title?: string;
  /** At most one argument. */
  readonly input?: ValueType;
  readonly safetyClass: SafetyClass;
  /** Whether any use of it goes the safe way. */
  readonly safe: boolean;
  /** Doing it twice is the same as doing it once. Others (toggle, step) are refused in rules. */
  readonly idempotent: boolean;
}

export interface EventSpec {
  readonly name: string;
  readonly capability: string;
  readonly title?: string;
  readonly data?: ValueType;
}

export interface DeviceProfile {
  /** `<vendor>/<model>`, each 1 to 64 of `a-z 0-9 - _`. */
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly title: string;
  readonly description?: string;
  /** What it is: `plug`, `lamp`, `lock`, `valve`, `sensor.smoke`, `meter`... */
  readonly deviceClass: string;
  /** The highest of its parts, or more where its maker says so. */
  readonly safetyClass: SafetyClass;
  readonly properties: ReadonlyMap<string, PropertySpec>;
  readonly actions: ReadonlyMap<string, ActionSpec>;
  readonly events: ReadonlyMap<string, EventSpec>;
  readonly binding: Binding;
}
