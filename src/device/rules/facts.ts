/**
 * What a decision may read, and nothing else: through this port the engine decides over the living devices, and a replay
 * over what was written down. `inputs.ts` stands between and writes down.
 */
import type { DeviceId, Registration } from "../device.js";
import type { DeviceProfile, PropertySpec } from "../profile.js";
import type { Availability, ChainFacts, Now, Reading } from "../view.js";
import type { CounterLeaf, Selector } from "./language.js";
import { rescale } from "./language.js";
import { SYNCED_HEADER_AGE_MS } from "./limits.js";

export type CounterName = CounterLeaf["counter"] | "sinceRunMs";

export interface DeviceStanding {
  readonly profile: string;
  readonly deviceClass: string;
  readonly groups: readonly string[];
  readonly owner?: string;
  readonly verdict: Registration["verdict"];
  readonly trustTier: number;
  readonly availability: Availability;
}

export interface ReadValue {
  readonly reading: Reading | undefined;
  /** Whether it still says something. */
  readonly fresh: boolean;
}

export interface Facts {
  readonly now: Now;
  readonly chain: ChainFacts;
  /** Minutes that local time is ahead of the universal one, for times of day. */
  readonly zoneMinutes: number;
  /** Profiles are fixed by their id and hold no state; they are not written down. */
  profile(id: string): DeviceProfile | undefined;
  /** In the order of ids. */
  members(selector: Selector): readonly DeviceId[];
  standing(device: DeviceId): DeviceStanding | undefined;
  reading(device: DeviceId, property: string): ReadValue;
  /** Of the rule that is decided; `sinceRunMs` is -1 before its first run. */
  counter(name: CounterName): number;
  sceneActive(scene: string): boolean;
  sceneArmed(scene: string): boolean;
  /** Whether the policy's rate of this rule of it is spent. */
  rateSpent(policyRule: number): boolean;
}

/** A property by its name, or by its capability where the name holds a full stop. */
export function propertyOf(profile: DeviceProfile, name: string): PropertySpec | undefined {
  const byName = profile.properties.get(name);
  if (byName !== undefined || !name.includes(".")) return byName;
  for (const property of profile.properties.values()) if (property.capability === name) return property;
  return undefined;
}

export function decimalsOf(property: PropertySpec): number {
  return property.type.kind === "number" ? property.type.decimals : 0;
}

/** A fresh number or boolean (as 0 and 1) in the decimals asked for. */
export function freshNumber(facts: Facts, device: DeviceId, name: string, decimals: number): number | undefined {
  const property = propertyOfDevice(facts, device, name);
  if (property === undefined) return undefined;
  const { reading, fresh } = facts.reading(device, property.name);
  if (reading === undefined || !fresh) return undefined;
  if (typeof reading.value === "boolean") return rescale(reading.value ? 1 : 0, 0, decimals);
  return typeof reading.value === "number" ? rescale(reading.value, decimalsOf(property), decimals) : undefined;
}

export function propertyOfDevice(facts: Facts, device: DeviceId, name: string): PropertySpec | undefined {
  const standing = facts.standing(device);
  const profile = standing === undefined ? undefined : facts.profile(standing.profile);
  return profile === undefined ? undefined : propertyOf(profile, name);
}

/** Whether the newest header is older than a limit; an unknown age is older than every limit. */
export function headerOlderThan(chain: ChainFacts, limitS: number): boolean {
  return chain.headerAgeMs === undefined || chain.headerAgeMs > limitS * 1_000;
}

export function isSynced(chain: ChainFacts): boolean {
  return chain.headerAgeMs !== undefined && chain.headerAgeMs <= SYNCED_HEADER_AGE_MS;
}

export function selects(selector: Selector, device: DeviceId, standing: Omit<DeviceStanding, "verdict">): boolean {
  return selector.not !== selectsPlainly(selector, device, standing);
}

function selectsPlainly({ by, name }: Selector, device: DeviceId, standing: Omit<DeviceStanding, "verdict">): boolean {
  switch (by) {
    case "any":
      return true;
    case "device":
      return device === name;
    case "group":
      return standing.groups.includes(name);
    case "class":
      return standing.deviceClass === name || standing.deviceClass.startsWith(`${name}.`);
    case "owner":
      return standing.owner === name;
  }
}
