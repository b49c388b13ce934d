/** From a device's MQTT messages to readings and events of its profile. Total: whatever a message holds, nothing is thrown. */
import { codeOf } from "../../base/error.js";
import { type JsonValue, parseJson } from "../../codec/json.js";
import type { MqttBinding, MqttRead } from "../binding.js";
import type { DeviceProfile, EventSpec } from "../profile.js";
import type { DeviceValue } from "../value.js";
import { topicOf } from "./address.js";
import { type ConversionProblem, isProblem, type PayloadProblem } from "./problems.js";
import { convertIn } from "./value.js";

/** Bytes of one message of a device. */
export const DEVICE_PAYLOAD_BYTES_MAX = 65_536;
export const DEVICE_JSON_DEPTH_MAX = 12;
/** Members and elements together. */
export const DEVICE_JSON_ITEMS_MAX = 4_096;

const JSON_LIMITS = {
  lengthMax: DEVICE_PAYLOAD_BYTES_MAX,
  depthMax: DEVICE_JSON_DEPTH_MAX,
  itemsMax: DEVICE_JSON_ITEMS_MAX,
};
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LIST_PLACE = /^(?:0|[1-9]\d{0,3})$/;

export interface MqttReadings {
  readonly readings: readonly (readonly [property: string, value: DeviceValue])[];
  readonly events: readonly { readonly name: string; readonly value?: DeviceValue }[];
  readonly availability?: "online" | "offline";
  /** One per member that could not be taken; the others are taken all the same. */
  readonly problems: readonly MqttReadProblem[];
}

export interface MqttReadProblem {
  /** The property or event; absent where the whole message cannot be read. */
  readonly name?: string;
  readonly problem: ConversionProblem | PayloadProblem;
}

/** The topics on which a device of this profile is heard, each once; none for other bindings. */
export function mqttTopics(profile: DeviceProfile, address: string): string[] {
  const { binding } = profile;
  if (binding.protocol !== "mqtt") return [];
  const templates = binding.reads.map(({ topic }) => topic);
  if (binding.availability !== undefined) templates.push(binding.availability.topic);
  return [...new Set(templates)].map((template) => topicOf(template, address));
}

/**
 * What a message says. A topic that the profile does not know says nothing.
 * @param retained whether the broker had kept it: then it is state, but nothing that has just happened, so no event.
 */
export function readMqtt(
  profile: DeviceProfile,
  address: string,
  topic: string,
  payload: Uint8Array,
  retained = false,
): MqttReadings {
  const { binding } = profile;
  if (binding.protocol !== "mqtt") return NOTHING;
  const available = binding.availability;
  const tellsAvailability = available !== undefined && topicOf(available.topic, address) === topic;
  const reads = readsOf(binding, address, topic);
  if (reads.length === 0 && !tellsAvailability) return NOTHING;
  const message = parseMessage(payload, reads);
  if ("code" in message) return { ...NOTHING, problems: [{ problem: message }] };
  const found = new Found(profile, retained);
  for (const read of reads) found.read(read, message);
  const availability = tellsAvailability ? availabilityOf(available, message) : undefined;
  return {
    readings: [...found.readings],
    events: found.events,
    problems: found.problems,
    ...(availability === undefined ? {} : { availability }),
  };
}

/** Most reads of a profile have the same topic; it is put together once. */
function readsOf(binding: MqttBinding, address: string, topic: string): readonly MqttRead[] {
  const reads: MqttRead[] = [];
  let template = "";
  let fits = false;
  for (const read of binding.reads) {
    if (read.topic !== template) {
      template = read.topic;
      fits = topicOf(template, address) === topic;
    }
    if (fits) reads.push(read);
  }
  return reads;
}

const NOTHING: MqttReadings = { readings: [], events: [], problems: [] };

interface Message {
  readonly text: string;
  /** Undefined where the text is no JSON. */
  readonly json: JsonValue | undefined;
}

/** Text that is no JSON is a problem only where a member of it is wanted. */
function parseMessage(payload: Uint8Array, reads: readonly MqttRead[]): Message | PayloadProblem {
  if (payload.length > DEVICE_PAYLOAD_BYTES_MAX) {
    return { code: "DEVICE_PAYLOAD_SIZE", size: payload.length, max: DEVICE_PAYLOAD_BYTES_MAX };
  }
  let text: string;
  try {
    text = UTF8.decode(payload);
  } catch {
    return { code: "DEVICE_PAYLOAD_UTF8" };
  }
  // An empty payload clears a retained topic: nothing is said.
  if (text === "") return { text, json: undefined };
  try {
    return { text, json: parseJson(text, JSON_LIMITS) };
  } catch (thrown) {
    const wantsJson = reads.some(({ path }) => path.length > 0);
    return wantsJson ? { code: "DEVICE_PAYLOAD_JSON", reason: codeOf(thrown) } : { text, json: undefined };
  }
}

class Found {
  /** The last read of a property in a message counts. */
  readonly readings = new Map<string, DeviceValue>();
  readonly events: { readonly name: string; readonly value?: DeviceValue }[] = [];
  readonly problems: MqttReadProblem[] = [];
  readonly #profile: DeviceProfile;
  readonly #retained: boolean;

  constructor(profile: DeviceProfile, retained: boolean) {
    this.#profile = profile;
    this.#retained = retained;
  }

  read(read: MqttRead, message: Message): void {
    if (read.when !== undefined) {
      const found = memberAt(message.json, read.when.path);
      if (found === undefined || textOf(found) !== read.when.equals) return;
    }
    const raw = read.path.length === 0 ? wholeOf(message) : memberAt(message.json, read.path);
    if (raw === undefined || raw === null) return;
    const property = this.#profile.properties.get(read.to);
    if (property !== undefined) this.#property(read, property.type, raw);
    else {
      const event = this.#profile.events.get(read.to);
      if (event !== undefined && !this.#retained) this.#event(read, event, raw);
    }
  }

  #property(read: MqttRead, type: Parameters<typeof convertIn>[1], raw: JsonValue): void {
    const value = convertIn(read.convert, type, raw);
    if (isProblem(value)) this.problems.push({ name: read.to, problem: value });
    else this.readings.set(read.to, value);
  }

  #event(read: MqttRead, event: EventSpec, raw: JsonValue): void {
    // Bridges say "nothing pressed any more" with an empty text.
    if (raw === "") return;
    if (event.data === undefined) {
      this.events.push({ name: event.name });
      return;
    }
    const value = convertIn(read.convert, event.data, raw);
    if (isProblem(value)) this.problems.push({ name: read.to, problem: value });
    else this.events.push({ name: event.name, value });
  }
}

function wholeOf({ text, json }: Message): JsonValue | undefined {
  if (text === "") return undefined;
  return json === undefined || typeof json === "object" ? text : json;
}

function memberAt(json: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let at = json;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    if (Array.isArray(at)) at = LIST_PLACE.test(name) ? at[Number(name)] : undefined;
    // Objects of our JSON reader have no prototype: only what the message holds is found.
    else at = at[name];
  }
  return at;
}

function availabilityOf(
  { path, online, offline }: NonNullable<MqttBinding["availability"]>,
  { text, json }: Message,
): "online" | "offline" | undefined {
  const isObject = typeof json === "object" && json !== null;
  const member = isObject && path !== undefined ? memberAt(json, path) : undefined;
  const word = isObject && path !== undefined ? (member === undefined ? undefined : textOf(member)) : text;
  if (word === undefined) return undefined;
  if (online.includes(word)) return "online";
  return offline.includes(word) ? "offline" : undefined;
}

/** A text as it is, another scalar as its JSON. */
function textOf(value: JsonValue): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "object" ? undefined : String(value);
}
