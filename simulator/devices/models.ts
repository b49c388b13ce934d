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
  | {
      readonly kind: "chance";
      readonly curve: CurveName;
      readonly perMille: number;
      readonly slotMs: number;
      /** False then, and true otherwise. */
      readonly inverted?: true;
    }
  /** True while one number is below `times` another, and a choice is not `off`. */
  | {
      readonly kind: "below";
      readonly number: string;
      readonly other: string;
      readonly times: number;
      readonly unless: { readonly choice: string; readonly is: string };
    }
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

/** Without an argument; changes a held property. */
export interface VirtualAction {
  readonly name: string;
  readonly sets: string;
  readonly to: DeviceValue | { readonly opposite: true };
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

export const MODEL_NAMES = [
  "smoke",
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
  smoke: modelOf("smoke", [
    measured("smoke", BOOLEAN, { kind: "alarm" }),
    measured("battery", PERCENT, { kind: "battery", full: 100, low: 5, perDay: 1 }),
  ]),
  "gas-valve": modelOf("gas-valve", [held("open", BOOLEAN, true)]),
  window: modelOf("window", [held("open", BOOLEAN, false)]),
  lamp: modelOf(
    "lamp",
    [held("lit", BOOLEAN, false), held("level", PERCENT, 100)],
    [{ name: "toggle", sets: "lit", to: { opposite: true } }],
  ),
  lock: modelOf("lock", [held("locked", BOOLEAN, true)]),
  meter: modelOf("meter", [
    measured("power", number(1, -200_000, 200_000, "W"), {
      ...{ kind: "curve", curve: "household", low: 600, high: 32_000 },
      ...{ offset: 2_000, noise: 900 },
    }),
    measured("energy", number(3, 0, 1_000_000_000, "kWh"), { kind: "counter", curve: "household", perHour: 3_200 }),
  ]),
  motion: modelOf("motion", [
    measured("motion", BOOLEAN, { kind: "chance", curve: "household", perMille: 400, slotMs: 60_000 }),
  ]),
  contact: modelOf("contact", [
    measured("closed", BOOLEAN, {
      ...{ kind: "chance", curve: "household", perMille: 120, slotMs: 120_000, inverted: true },
    }),
  ]),
  thermostat: modelOf("thermostat", [
    measured("temperature", number(2, -4_000, 8_500, "°C"), {
      ...{ kind: "curve", curve: "warmth", low: 1_850, high: 2_350 },
      ...{ offset: 60, noise: 12 },
    }),
    held("setpoint", number(1, 50, 300, "°C"), 200),
    held("mode", { kind: "choice", choices: ["off", "heat"] }, "heat"),
    measured("heating", BOOLEAN, {
      ...{ kind: "below", number: "temperature", other: "setpoint", times: 10 },
      unless: { choice: "mode", is: "off" },
    }),
  ]),
};

function modelOf(
  name: string,
  properties: readonly VirtualProperty[],
  actions: readonly VirtualAction[] = [],
): VirtualModel {
  return { profile: `virtual/${name}`, properties, actions, events: [] };
}
