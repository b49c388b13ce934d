/** Profiles of the virtual models, made from the models themselves; what is dangerous is marked as in device-profiles/virtual. */
import { MODELS, type ModelName, type VirtualModel } from "../../simulator/devices/models.js";
import type { ActionSpec, DeviceProfile, PropertySpec, SafeDirection, SafetyClass } from "../../src/device/profile.js";

const CAPABILITIES: Readonly<Record<string, string>> = {
  "smoke.smoke": "sensor.smoke",
  "gas-valve.open": "valve.open",
  "window.position": "cover.position",
  "lamp.on": "switch.on",
  "lamp.level": "light.level",
  "lock.locked": "lock.state",
  "motion.motion": "sensor.motion",
  "contact.open": "sensor.contact",
  "thermostat.temperature": "sensor.temp",
  "thermostat.setpoint": "climate.setpoint",
};
const SAFETY: Readonly<Record<string, { readonly safetyClass: SafetyClass; readonly safe?: SafeDirection }>> = {
  "gas-valve.open": { safetyClass: 3, safe: { kind: "values", values: [false] } },
  "lock.locked": { safetyClass: 2, safe: { kind: "values", values: [true] } },
  "thermostat.setpoint": { safetyClass: 2, safe: { kind: "lower" } },
};
const STALE_AFTER_MS = 60_000;

export function virtualProfile(name: ModelName): DeviceProfile {
  const model: VirtualModel = MODELS[name];
  const properties = model.properties.map((property): [string, PropertySpec] => {
    const place = `${name}.${property.name}`;
    return [
      property.name,
      {
        name: property.name,
        capability: CAPABILITIES[place] ?? `sensor.${property.name}`,
        type: property.type,
        readable: true,
        writable: property.writable,
        safetyClass: 0,
        staleAfterMs: STALE_AFTER_MS,
        ...SAFETY[place],
      },
    ];
  });
  const actions = model.actions.map((action): [string, ActionSpec] => [
    action.name,
    { name: action.name, capability: "valve.open", safetyClass: 3, safe: true, idempotent: true },
  ]);
  return {
    id: model.profile,
    vendor: "virtual",
    model: name,
    title: name,
    deviceClass: name,
    safetyClass: 0,
    properties: new Map(properties),
    actions: new Map(actions),
    events: new Map(),
    binding: { protocol: "edgeseal" },
  };
}

export function virtualProfileOf(id: string): DeviceProfile | undefined {
  const name = id.replace("virtual/", "");
  return name in MODELS ? virtualProfile(name as ModelName) : undefined;
}
