/**
 * The virtual models of `device-profiles/virtual`: what each of their properties holds and measures. Names, types and
 * ranges are those of the profiles; test/simulator/devices compares the two.
 */
import type { DeviceValue, ValueType } from "../../src/device/value.js";
import type { CurveName } from "./curves.js";

export type Behaviour =
  /** Keeps what it was told; `initial` until then. */
  | { readonly kind: "held"; readonly initial: DeviceValue }
  /** A number on its way between `low` and `high` over the day, each device a little off, each reading a little more. */
  | {
      readonly kind: "curve";
      readonly curve: CurveName;
      readonly low: number;
      readonly high: number;
      /** How far a device may be off for good, and each reading of it once more. */
      readonly offset: number;
      readonly noise: number;
    }
  /** A number that only grows, `perHour` at the curve's top. */
  | { readonly kind: "counter"; readonly curve: CurveName; readonly perHour: number }
  /** True in a slot of `slotMs` with the curve's value x `perMille` / 1000 per mille. */
  | { readonly kind: "chance"; readonly curve: CurveName; readonly perMille: number; readonly slotMs: number }
  /** A battery: from `full` downwards, `perDay` a day, never below `low`. */
  | { readonly kind: "battery"; readonly full: number; readonly low: number; readonly perDay: number }
  /** True while something is wrong, which only the scenario says. */
  | { readonly kind: "alarm" };

export interface VirtualProperty {
  readonly name: string;
  readonly type: ValueType;
  readonly writable: boolean;
  readonly behaviour: Behaviour;
}

/** Without an argument; sets a held property. */
export interface VirtualAction {
  readonly name: string;
  readonly sets: string;
  readonly to: DeviceValue;
}

export interface VirtualModel {
  /** `virtual/<name>`. */
  readonly profile: string;
  readonly properties: readonly VirtualProperty[];
  readonly actions: readonly VirtualAction[];
  /** Said once when a property becomes true. */
  readonly events: readonly { readonly name: string; readonly when: string }[];
}

const BOOLEAN: ValueType = { kind: "boolean" };
const PERCENT: ValueType = { kind: "number", decimals: 0, min: 0, max: 100, unit: "%" };

const number = (decimals: number, min: number, max: number, unit: string): ValueType => ({
  kind: "number",
  decimals,
  min,
  max,
  unit,
});
const measured = (name: string, type: ValueType, behaviour: Behaviour): VirtualProperty => ({
  name,
  type,
  writable: false,
  behaviour,
});
const held = (name: string, type: ValueType, initial: DeviceValue): VirtualProperty => ({
  name,
  type,
  writable: true,
  behaviour: { kind: "held", initial },
});
const BATTERY = measured("battery", PERCENT, { kind: "battery", full: 100, low: 5, perDay: 1 });

export const MODEL_NAMES = [
  "smoke-sensor",
  "gas-valve",
  "window",
  "lamp",
  "lock",
  "meter",
  "motion",
  "contact",
  "thermostat",
] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

export const MODELS: Readonly<Record<ModelName, VirtualModel>> = {
  "smoke-sensor": {
    profile: "virtual/smoke-sensor",
    properties: [measured("smoke", BOOLEAN, { kind: "alarm" }), BATTERY],
    actions: [],
    events: [{ name: "alarm", when: "smoke" }],
  },
  "gas-valve": {
    profile: "virtual/gas-valve",
    properties: [held("open", BOOLEAN, true)],
    actions: [{ name: "close", sets: "open", to: false }],
    events: [],
  },
  window: {
    profile: "virtual/window",
    properties: [held("position", PERCENT, 0)],
    actions: [],
    events: [],
  },
  lamp: {
    profile: "virtual/lamp",
    properties: [held("on", BOOLEAN, false), held("level", PERCENT, 100)],
    actions: [],
    events: [],
  },
  lock: {
    profile: "virtual/lock",
    properties: [held("locked", BOOLEAN, true), BATTERY],
    actions: [],
    events: [],
  },
  meter: {
    profile: "virtual/meter",
    properties: [
      measured("power", number(1, 0, 250_000, "W"), {
        ...{ kind: "curve", curve: "household", low: 600, high: 32_000 },
        ...{ offset: 2_000, noise: 900 },
      }),
      measured("energy", number(3, 0, 999_999_999, "kWh"), { kind: "counter", curve: "household", perHour: 3_200 }),
      measured("voltage", number(1, 0, 5_000, "V"), {
        ...{ kind: "curve", curve: "flat", low: 2_290, high: 2_310 },
        ...{ offset: 15, noise: 8 },
      }),
    ],
    actions: [],
    events: [],
  },
  motion: {
    profile: "virtual/motion",
    properties: [
      measured("motion", BOOLEAN, { kind: "chance", curve: "household", perMille: 400, slotMs: 60_000 }),
      BATTERY,
    ],
    actions: [],
    events: [],
  },
  contact: {
    profile: "virtual/contact",
    properties: [
      measured("open", BOOLEAN, { kind: "chance", curve: "household", perMille: 120, slotMs: 120_000 }),
      BATTERY,
    ],
    actions: [],
    events: [],
  },
  thermostat: {
    profile: "virtual/thermostat",
    properties: [
      measured("temperature", number(2, -4_000, 8_000, "°C"), {
        ...{ kind: "curve", curve: "warmth", low: 1_850, high: 2_350 },
        ...{ offset: 60, noise: 12 },
      }),
      held("setpoint", number(2, 500, 3_500, "°C"), 2_000),
    ],
    actions: [],
    events: [],
  },
};
