/** From plain data to a profile that everything else can rely on, or to all that is wrong with it. */
import { type Affordance, CAPABILITIES, type Capability, safeDirectionOf } from "../capability.js";
import type { ActionSpec, DeviceProfile, EventSpec, PropertySpec, SafetyClass } from "../profile.js";
import type { ValueType } from "../value.js";
import { buildBinding } from "./binding.js";
import { ProblemList, type ProfilePath, type ProfileProblem } from "./problems.js";
import type { ActionSource, EventSource, ProfileSource, PropertySource, TypeSource } from "./source.js";
import { buildSafe, buildType } from "./types.js";

export const PROPERTIES_MAX = 128;
export const ACTIONS_MAX = 64;
export const EVENTS_MAX = 64;
export const TITLE_CHARACTERS_MAX = 128;
export const DESCRIPTION_CHARACTERS_MAX = 1_024;
export const STALE_SECONDS_MAX = 31_536_000;
export const PROFILE_ID_PART = /^[a-z0-9_-]{1,64}$/;
export const PROFILE_PART_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const DEVICE_CLASS = /^[a-z][a-z0-9.-]{0,63}$/;

export type BuiltProfile =
  | { readonly profile: DeviceProfile; readonly problems?: undefined }
  | { readonly profile?: undefined; readonly problems: readonly [ProfileProblem, ...ProfileProblem[]] };

/**
 * @param source of the right shape: the schema of profile files sees to it, or whoever derives one.
 * @returns the profile, or every problem with its place in the source.
 */
export function buildProfile(source: ProfileSource): BuiltProfile {
  const list = new ProblemList();
  checkHead(source, list);
  const used = new Set<string>();
  const parts = {
    properties: partsOf(source.properties, "properties", PROPERTIES_MAX, used, list, propertyOf),
    actions: partsOf(source.actions, "actions", ACTIONS_MAX, used, list, actionOf),
    events: partsOf(source.events, "events", EVENTS_MAX, used, list, eventOf),
  };
  if (used.size === 0) list.add({ code: "PROFILE_EMPTY", path: [] });
  // A part that is wrong itself would be reported again by everything that names it.
  const broken = list.problems.some(({ path }) => path[0] !== "binding" && path.length >= 2);
  const binding = broken ? ({ protocol: "edgeseal" } as const) : buildBinding(source.binding, parts, list);
  const highest = highestClass(parts);
  const safetyClass = source.safetyClass ?? highest;
  if (safetyClass < highest) {
    list.add({ code: "PROFILE_SAFETY_LOWERED", path: ["safetyClass"], least: highest, found: safetyClass });
  }
  const [first, ...others] = list.problems;
  if (first !== undefined) return { problems: [first, ...others] };
  const { vendor, model, title, description } = source;
  return {
    profile: {
      id: `${vendor}/${model}`,
      vendor,
      model,
      title,
      ...(description === undefined ? {} : { description }),
      deviceClass: source.class,
      safetyClass,
      ...parts,
      binding,
    },
  };
}

function checkHead(source: ProfileSource, list: ProblemList): void {
  for (const part of ["vendor", "model"] as const) {
    if (!PROFILE_ID_PART.test(source[part])) list.add({ code: "PROFILE_ID", path: [part], part, value: source[part] });
  }
  if (!DEVICE_CLASS.test(source.class)) list.add({ code: "PROFILE_NAME", path: ["class"], name: source.class });
  if (source.title.length > TITLE_CHARACTERS_MAX) {
    list.add({ code: "PROFILE_TOO_LONG", path: ["title"], what: "title", max: TITLE_CHARACTERS_MAX });
  }
  if ((source.description ?? "").length > DESCRIPTION_CHARACTERS_MAX) {
    const max = DESCRIPTION_CHARACTERS_MAX;
    list.add({ code: "PROFILE_TOO_LONG", path: ["description"], what: "description", max });
  }
}

function partsOf<S, T>(
  sources: Readonly<Record<string, S>> | undefined,
  what: string,
  max: number,
  used: Set<string>,
  list: ProblemList,
  make: (name: string, source: S, path: ProfilePath, list: ProblemList) => T | undefined,
): Map<string, T> {
  const parts = new Map<string, T>();
  const entries = Object.entries(sources ?? {});
  if (entries.length > max) {
    list.add({ code: "PROFILE_TOO_MANY", path: [what], what, count: entries.length, max });
    return parts;
  }
  for (const [name, source] of entries) {
    const path = [what, name];
    if (!PROFILE_PART_NAME.test(name)) list.add({ code: "PROFILE_NAME", path, name });
    if (used.has(name)) list.add({ code: "PROFILE_NAME_TWICE", path, name });
    used.add(name);
    const part = make(name, source, path, list);
    if (part !== undefined) parts.set(name, part);
  }
  return parts;
}

function propertyOf(
  name: string,
  source: PropertySource,
  path: ProfilePath,
  list: ProblemList,
): PropertySpec | undefined {
  const type = buildType(source, path, list);
  const capability = capabilityOf(source.capability, "property", type, path, list);
  const title = titleOf(source, path, list);
  const readable = source.access !== "write";
  const writable = source.access !== "read";
  if (type === undefined || capability === undefined) return undefined;
  const least: SafetyClass = writable ? capability.safetyClass : 0;
  const safe = safeOf(source, capability, type, writable, path, list);
  const staleAfterMs = stalenessOf(source.staleAfterSeconds, path, list);
  return {
    name,
    capability: capability.name,
    ...title,
    type,
    readable,
    writable,
    safetyClass: classOf(source.safetyClass, least, path, list),
    ...(safe === undefined ? {} : { safe }),
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
  };
}

function safeOf(
  source: PropertySource,
  capability: Capability,
  type: ValueType,
  writable: boolean,
  path: ProfilePath,
  list: ProblemList,
): PropertySpec["safe"] {
  if (source.safe === undefined) return writable ? safeDirectionOf(capability, type) : undefined;
  const at = [...path, "safe"];
  if (writable) return buildSafe(source.safe, type, at, list);
  list.add({ code: "PROFILE_SAFE", path: at, fault: "only read" });
  return undefined;
}

function stalenessOf(seconds: number | undefined, path: ProfilePath, list: ProblemList): number | undefined {
  if (seconds === undefined) return undefined;
  const ms = Math.round(seconds * 1_000);
  if (ms >= 1 && seconds <= STALE_SECONDS_MAX) return ms;
  list.add({ code: "PROFILE_STALENESS", path: [...path, "staleAfterSeconds"], max: STALE_SECONDS_MAX });
  return undefined;
}

function actionOf(name: string, source: ActionSource, path: ProfilePath, list: ProblemList): ActionSpec | undefined {
  const input = optionalType(source.input, [...path, "input"], list);
  const capability = capabilityOf(source.capability, "action", input, path, list);
  if (capability === undefined) return undefined;
  if (source.idempotent && capability.name.endsWith(".toggle")) {
    list.add({ code: "PROFILE_IDEMPOTENCE", path: [...path, "idempotent"], capability: capability.name });
  }
  return {
    name,
    capability: capability.name,
    ...titleOf(source, path, list),
    ...(input === undefined ? {} : { input }),
    safetyClass: classOf(source.safetyClass, capability.safetyClass, path, list),
    safe: source.safe ?? false,
    idempotent: source.idempotent,
  };
}

function eventOf(name: string, source: EventSource, path: ProfilePath, list: ProblemList): EventSpec | undefined {
  const data = optionalType(source.data, [...path, "data"], list);
  const capability = capabilityOf(source.capability, "event", data, path, list);
  if (capability === undefined) return undefined;
  const title = titleOf(source, path, list);
  return { name, capability: capability.name, ...title, ...(data === undefined ? {} : { data }) };
}

function optionalType(source: TypeSource | undefined, path: ProfilePath, list: ProblemList): ValueType | undefined {
  return source === undefined ? undefined : buildType(source, path, list);
}

function titleOf(
  { title }: { readonly title?: string | undefined },
  path: ProfilePath,
  list: ProblemList,
): { title?: string } {
  if (title === undefined) return {};
  if (title.length > TITLE_CHARACTERS_MAX) {
    list.add({ code: "PROFILE_TOO_LONG", path: [...path, "title"], what: "title", max: TITLE_CHARACTERS_MAX });
  }
  return { title };
}

function classOf(
  wanted: SafetyClass | undefined,
  least: SafetyClass,
  path: ProfilePath,
  list: ProblemList,
): SafetyClass {
  if (wanted !== undefined && wanted < least) {
    list.add({ code: "PROFILE_SAFETY_LOWERED", path: [...path, "safetyClass"], least, found: wanted });
  }
  return wanted ?? least;
}

function capabilityOf(
  name: string,
  use: Affordance,
  type: ValueType | undefined,
  path: ProfilePath,
  list: ProblemList,
): Capability | undefined {
  const at = [...path, "capability"];
  const capability = CAPABILITIES.get(name);
  if (capability === undefined) {
    list.add({ code: "PROFILE_CAPABILITY_UNKNOWN", path: at, capability: name });
    return undefined;
  }
  if (!capability.affordances.includes(use)) {
    list.add({ code: "PROFILE_CAPABILITY_USE", path: at, capability: name, use });
  } else if (type !== undefined && !capability.kinds.includes(type.kind)) {
    const allowed = capability.kinds;
    list.add({ code: "PROFILE_CAPABILITY_TYPE", path: at, capability: name, found: type.kind, allowed });
  } else if (type?.kind === "number" && capability.units?.includes(type.unit ?? "") === false) {
    const found = type.unit ?? "";
    list.add({
      code: "PROFILE_CAPABILITY_UNIT",
      path: [...path, "unit"],
      capability: name,
      found,
      allowed: capability.units,
    });
  }
  return capability;
}

function highestClass({
  properties,
  actions,
}: {
  readonly properties: ReadonlyMap<string, PropertySpec>;
  readonly actions: ReadonlyMap<string, ActionSpec>;
}): SafetyClass {
  let highest: SafetyClass = 0;
  for (const { safetyClass } of [...properties.values(), ...actions.values()]) {
    if (safetyClass > highest) highest = safetyClass;
  }
  return highest;
}
