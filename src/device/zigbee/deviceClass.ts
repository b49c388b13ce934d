/** What a Zigbee device is, by what it exposes. */
import type { JsonValue } from "../../codec/json.js";
import type { SafetyClass } from "../profile.js";
import { membersOf, textAt } from "./leaf.js";

/** Names of values that make a sensor what it is, the more serious first. */
const SENSORS: readonly (readonly [property: string, deviceClass: string])[] = [
  ["smoke", "sensor.smoke"],
  ["carbon_monoxide", "sensor.co"],
  ["gas", "sensor.gas"],
  ["water_leak", "sensor.leak"],
  ["contact", "sensor.contact"],
  ["occupancy", "sensor.motion"],
  ["presence", "sensor.motion"],
  ["vibration", "sensor.vibration"],
  ["temperature", "sensor.climate"],
  ["humidity", "sensor.climate"],
  ["illuminance", "sensor.illuminance"],
  ["energy", "meter"],
  ["power", "meter"],
  ["action", "button"],
];

/** Names of values that switch something, where they stand alone. */
const SWITCHED = ["state", "valve", "valve_state", "switch"];

/** Whether a value of this name switches what the device is for. */
export function isMainSwitch(group: string, name: string): boolean {
  return (group === "switch" && name === "state") || (group === "none" && SWITCHED.includes(name));
}

/** The more serious part of a device names it: a lock with a light is a lock. */
export function classOfDevice(exposes: readonly JsonValue[], about: string): string {
  const members = exposes.map(membersOf);
  const types = new Set(members.map((one) => textAt(one, "type")));
  const names = new Set(members.map((one) => textAt(one, "name") ?? textAt(one, "property")));
  if (types.has("lock")) return "lock";
  if (types.has("climate")) return "thermostat";
  // The bridge calls everything that is switched a switch; only the words tell what hangs on it.
  const switched = types.has("switch") || SWITCHED.some((name) => names.has(name));
  if (switched && /\bvalves?\b/i.test(about)) return "valve";
  if (switched && /\b(heaters?|heating|boilers?)\b/i.test(about)) return "heater";
  if (names.has("warning") || names.has("alarm")) return "siren";
  if (types.has("cover")) return "cover";
  if (types.has("light")) return "lamp";
  if (types.has("fan")) return "fan";
  if (types.has("switch")) return /\b(plug|outlet|socket)\b/i.test(about) || names.has("power") ? "plug" : "switch";
  const sensor = SENSORS.find(([property]) => names.has(property));
  return sensor === undefined ? "other" : sensor[1];
}

/** How much harm a setting of such a device may do that nobody here understands. */
export function seriousness(deviceClass: string): SafetyClass {
  if (deviceClass === "valve") return 3;
  return deviceClass === "lock" || deviceClass === "thermostat" || deviceClass === "heater" ? 2 : 1;
}
