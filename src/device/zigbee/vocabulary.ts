/**
 * Which of our capabilities the names in Zigbee2MQTT's `exposes` stand for. The names are those of the Zigbee2MQTT
 * documentation, page "Exposes", and of the package zigbee-herdsman-converters.
 */
import { CAPABILITIES, type Capability } from "../capability.js";
import type { ValueType } from "../value.js";

/** A type that groups features, or `none` for those that stand alone. */
export type Group = "light" | "switch" | "cover" | "lock" | "climate" | "fan" | "none";

export const GROUPS: ReadonlySet<string> = new Set(["light", "switch", "cover", "lock", "climate", "fan"]);

const GROUPED: Readonly<Record<Group, Readonly<Record<string, string>>>> = {
  light: {
    state: "light.on",
    brightness: "light.level",
    color_temp: "light.color-temp",
    effect: "light.effect",
    x: "light.color",
    y: "light.color",
    hue: "light.color",
    saturation: "light.color",
  },
  switch: { state: "switch.on" },
  cover: { state: "cover.state", position: "cover.position", tilt: "cover.tilt" },
  lock: { state: "lock.state", lock_state: "lock.state" },
  climate: {
    occupied_heating_setpoint: "climate.setpoint",
    current_heating_setpoint: "climate.setpoint",
    unoccupied_heating_setpoint: "climate.setpoint",
    occupied_cooling_setpoint: "climate.setpoint",
    unoccupied_cooling_setpoint: "climate.setpoint",
    local_temperature: "sensor.temp",
    system_mode: "climate.mode",
    running_state: "climate.running",
    preset: "climate.preset",
  },
  fan: { state: "fan.on", mode: "fan.mode" },
  none: {},
};

const ALONE: Readonly<Record<string, string>> = {
  occupancy: "sensor.motion",
  presence: "sensor.motion",
  contact: "sensor.contact",
  smoke: "sensor.smoke",
  carbon_monoxide: "sensor.co",
  gas: "sensor.gas",
  water_leak: "sensor.leak",
  vibration: "sensor.vibration",
  tamper: "sensor.tamper",
  battery_low: "sensor.battery-low",
  alarm: "siren.on",
  temperature: "sensor.temp",
  device_temperature: "sensor.temp",
  local_temperature: "sensor.temp",
  humidity: "sensor.humidity",
  pressure: "sensor.pressure",
  illuminance: "sensor.illuminance",
  illuminance_lux: "sensor.illuminance",
  co: "sensor.co-level",
  co2: "sensor.co2",
  voc: "sensor.voc",
  pm25: "sensor.pm25",
  smoke_density: "sensor.smoke-level",
  power: "sensor.power",
  power_reactive: "sensor.reactive-power",
  power_apparent: "sensor.apparent-power",
  power_factor: "sensor.power-factor",
  voltage: "sensor.voltage",
  current: "sensor.current",
  ac_frequency: "sensor.frequency",
  energy: "meter.energy",
  produced_energy: "meter.energy",
  flow: "sensor.flow",
  water_consumed: "meter.volume",
  battery: "sensor.battery",
  linkquality: "sensor.link-quality",
  effect: "light.effect",
};

/** Of several units that one capability may have, the documentation writes some in another way. */
const UNITS: Readonly<Record<string, string>> = { "%RH": "%", ppm: "ppm", VAR: "var", kVAR: "kvar", lux: "lx" };

export function unitOf(unit: string | undefined): string | undefined {
  return unit === undefined ? undefined : (UNITS[unit] ?? unit);
}

/** A name's capability where value and use fit it, else undefined. */
export function knownCapability(
  group: Group,
  name: string,
  kind: ValueType["kind"],
  unit: string | undefined,
  use: "property" | "action",
): Capability | undefined {
  const found = own(GROUPED[group], name) ?? own(ALONE, name);
  const capability = found === undefined ? undefined : CAPABILITIES.get(found);
  if (capability === undefined || !capability.affordances.includes(use) || !capability.kinds.includes(kind)) {
    return undefined;
  }
  return kind === "number" && capability.units?.includes(unit ?? "") === false ? undefined : capability;
}

/** Names come from strangers; `constructor` is no entry. */
function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Features of `exposes` whose unit goes without saying there and not here. */
export function impliedUnit(group: Group, name: string): string | undefined {
  if (group === "light" && name === "color_temp") return "mired";
  return group === "cover" && (name === "position" || name === "tilt") ? "%" : undefined;
}
