/** Profiles of devices for tests, written down in few words. */
import type { DeviceRecord } from "../../src/device/device.js";
import type { ActionSpec, DeviceProfile, EventSpec, PropertySpec } from "../../src/device/profile.js";
import type { ValueType } from "../../src/device/value.js";

export const BOOLEAN: ValueType = { kind: "boolean" };
export const number = (min: number, max: number, decimals = 0, unit?: string): ValueType => ({
  ...{ kind: "number", min, max, decimals },
  ...(unit === undefined ? {} : { unit }),
});
export const choice = (...choices: string[]): ValueType => ({ kind: "choice", choices });

/** `rw`: may be read, written or both. */
export function property(
  name: string,
  capability: string,
  type: ValueType,
  rw: "r" | "w" | "rw",
  rest: Partial<PropertySpec> = {},
): PropertySpec {
  const [readable, writable] = [rw.includes("r"), rw.includes("w")];
  return { name, capability, type, readable, writable, safetyClass: 0, ...rest };
}

export function action(name: string, capability: string, rest: Partial<ActionSpec> = {}): ActionSpec {
  return { name, capability, safetyClass: 0, safe: false, idempotent: true, ...rest };
}

export function event(name: string, capability: string, data?: ValueType): EventSpec {
  return { name, capability, ...(data === undefined ? {} : { data }) };
}

export interface ProfileParts {
  readonly deviceClass?: string;
  readonly properties?: readonly PropertySpec[];
  readonly actions?: readonly ActionSpec[];
  readonly events?: readonly EventSpec[];
}

export function profile(id: string, parts: ProfileParts): DeviceProfile {
  const [vendor = "", model = ""] = id.split("/");
  const byName = <T extends { readonly name: string }>(list: readonly T[] = []) =>
    new Map(list.map((each) => [each.name, each] as const));
  return {
    ...{ id, vendor, model, title: `Test ${model}`, deviceClass: parts.deviceClass ?? "sensor" },
    safetyClass: 0,
    properties: byName(parts.properties),
    actions: byName(parts.actions),
    events: byName(parts.events),
    binding: { protocol: "edgeseal" },
  };
}

export function record(id: string, of: DeviceProfile): DeviceRecord {
  return {
    ...{ id, profile: of.id, link: "mqtt", address: id, name: `The ${id}`, groups: [] },
    voucher: { kind: "gateway" },
    joinedAt: 0,
  };
}
