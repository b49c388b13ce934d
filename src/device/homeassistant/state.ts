/** One JSON object per device with everything that can be read of it, in people's numbers; null is not known. */
import { utf8Bytes } from "../../base/bytes.js";
import type { DeviceProfile } from "../profile.js";
import type { DeviceValue } from "../value.js";
import { toPeople } from "./people.js";
import { isTopicName } from "./topics.js";

/** `readings`: what is known and still says something, in the profile's integers. */
export function stateOf(profile: DeviceProfile, readings: ReadonlyMap<string, DeviceValue>): Uint8Array {
  const entries: [string, DeviceValue | null][] = [];
  for (const { name, readable, type } of profile.properties.values()) {
    if (!readable || !isTopicName(name)) continue;
    const value = readings.get(name);
    entries.push([name, value === undefined ? null : toPeople(value, type)]);
  }
  return utf8Bytes(JSON.stringify(Object.fromEntries(entries)));
}

/** What an event entity wants to hear (home-assistant.io/integrations/event.mqtt): a type out of those announced. */
export function eventOf(profile: DeviceProfile, name: string, value: DeviceValue | undefined): Uint8Array | undefined {
  const event = profile.events.get(name);
  if (event === undefined || !isTopicName(name)) return undefined;
  const types = eventTypes(profile, name);
  const type = typeof value === "string" && types.includes(value) ? value : (types[0] ?? name);
  const people = value === undefined || event.data === undefined ? value : toPeople(value, event.data);
  return utf8Bytes(JSON.stringify({ event_type: type, ...(people === undefined ? {} : { value: people }) }));
}

/** The choices of an event that has some, else its name. */
export function eventTypes(profile: DeviceProfile, name: string): readonly string[] {
  const data = profile.events.get(name)?.data;
  return data?.kind === "choice" ? data.choices : [name];
}
