/** Models that the Zigbee stand-in has, with the `exposes` that Zigbee2MQTT's documentation lists for such devices. */
import type { JsonValue } from "../../src/codec/json.js";

export type ZigbeeKind = "lamp" | "plug" | "contact" | "smoke" | "motion" | "lock" | "valve" | "siren" | "climate";

export interface ZigbeeModel {
  readonly vendor: string;
  readonly model: string;
  readonly description: string;
  readonly battery: boolean;
  readonly exposes: readonly JsonValue[];
  /** What it is when it has just joined. */
  readonly initial: Readonly<Record<string, JsonValue>>;
}

const binary = (name: string, access: number, on: JsonValue = true, off: JsonValue = false): JsonValue => ({
  type: "binary",
  name,
  property: name,
  access,
  value_on: on,
  value_off: off,
});
const numeric = (name: string, access: number, unit: string, max?: number): JsonValue => ({
  type: "numeric",
  name,
  property: name,
  access,
  ...(unit === "" ? {} : { unit }),
  ...(max === undefined ? {} : { value_min: 0, value_max: max }),
});
const state: JsonValue = {
  type: "binary",
  name: "state",
  property: "state",
  access: 7,
  value_on: "ON",
  value_off: "OFF",
  value_toggle: "TOGGLE",
};
const battery = numeric("battery", 1, "%", 100);
const model = (
  name: string,
  description: string,
  exposes: readonly JsonValue[],
  initial: Readonly<Record<string, JsonValue>>,
): ZigbeeModel => {
  const hasBattery = exposes.includes(battery);
  return {
    vendor: "Sample",
    model: name,
    description,
    battery: hasBattery,
    exposes,
    initial: { ...initial, ...(hasBattery ? { battery: 100 } : {}) },
  };
};

export const ZIGBEE_MODELS: Readonly<Record<ZigbeeKind, ZigbeeModel>> = {
  lamp: model("L-1", "Dimmable lamp", [{ type: "light", features: [state, numeric("brightness", 7, "", 254)] }], {
    state: "OFF",
    brightness: 254,
  }),
  plug: model(
    "P-1",
    "Smart plug",
    [{ type: "switch", features: [state] }, numeric("power", 5, "W"), numeric("energy", 5, "kWh")],
    { state: "OFF", power: 0, energy: 0 },
  ),
  contact: model("C-1", "Door and window contact", [binary("contact", 1, false, true), battery], { contact: true }),
  smoke: model("S-1", "Smoke alarm", [binary("smoke", 1), battery], { smoke: false }),
  motion: model("M-1", "Motion sensor", [binary("occupancy", 1), numeric("illuminance", 1, "lx"), battery], {
    occupancy: false,
    illuminance: 0,
  }),
  lock: model(
    "K-1",
    "Door lock",
    [
      {
        type: "lock",
        features: [
          binary("state", 7, "LOCK", "UNLOCK"),
          {
            type: "enum",
            name: "lock_state",
            property: "lock_state",
            access: 1,
            values: ["not_fully_locked", "locked", "unlocked"],
          },
        ],
      },
      battery,
    ],
    { state: "LOCK", lock_state: "locked" },
  ),
  valve: model("V-1", "Gas valve", [{ type: "switch", features: [state] }, battery], { state: "ON" }),
  siren: model("A-1", "Siren", [binary("alarm", 3), battery], { alarm: false }),
  climate: model(
    "T-1",
    "Temperature and humidity sensor",
    [numeric("temperature", 1, "°C"), numeric("humidity", 1, "%", 100), battery],
    { temperature: 21, humidity: 45 },
  ),
};
