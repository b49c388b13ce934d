/**
 * What a Zigbee2MQTT bridge says: its list of devices, whether it runs, whether a device is there. After its documentation,
 * page "MQTT Topics and Messages".
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../../base/bytes.js";
import { codeOf } from "../../base/error.js";
import { type JsonValue, parseJson } from "../../codec/json.js";
import { addressProblem } from "../convert/address.js";
import { buildProfile, TITLE_CHARACTERS_MAX } from "../profile/build.js";
import type { MqttSource, ProfileSource } from "../profile/source.js";
import type { DeviceProfile } from "../profile.js";
import { deriveParts } from "./exposes.js";
import { listAt, membersOf, textAt } from "./leaf.js";
import type { ZigbeeProblem } from "./problems.js";

/** Bytes of one list; 200 devices make about 1 MiB. */
export const ZIGBEE_LIST_BYTES_MAX = 8 * 1024 * 1024;
export const ZIGBEE_DEVICES_MAX = 1_024;
const LIST_DEPTH_MAX = 20;
const LIST_ITEMS_MAX = 1_048_576;
const STATE_BYTES_MAX = 1_024;
const SHOWN_CHARACTERS = 64;
const IEEE_ADDRESS = /^0x[0-9a-f]{16}$/;
/** Names under which a device's topics would be the bridge's own, or another device's. */
const NAME_TAKEN = /^bridge(?:\/|$)|\/(?:set|get|availability)$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ID_DIGITS = 8;

export interface ZigbeeDevice {
  /** `0x` and 16 hex digits: the same for the life of the device. */
  readonly ieeeAddress: string;
  /** Changes when somebody renames it, and the topics with it. */
  readonly friendlyName: string;
  /** For `DeviceRecord.address`: `<base>/<friendly name>`. */
  readonly address: string;
  readonly vendor: string;
  readonly model: string;
  readonly description: string;
  readonly battery: boolean;
  readonly software?: string;
  /** Somebody has switched it off at the bridge. */
  readonly disabled: boolean;
  readonly profile: DeviceProfile;
}

export interface ZigbeeDevices {
  readonly devices: readonly ZigbeeDevice[];
  /** Devices that are left out, and abilities of devices that are left out. */
  readonly problems: readonly ZigbeeProblem[];
}

/**
 * The devices of `<base>/bridge/devices`, without the coordinator. Never throws.
 * @param base topic of the bridge, `zigbee2mqtt` as a rule.
 */
export function readBridgeDevices(base: string, payload: Uint8Array): ZigbeeDevices {
  const problems: ZigbeeProblem[] = [];
  const list = listOf(payload, problems);
  const devices: ZigbeeDevice[] = [];
  const known = new Set<string>();
  for (const entry of list) {
    const device = deviceOf(base, entry, known, problems);
    if (device !== undefined) devices.push(device);
  }
  return { devices, problems };
}

/** `<base>/bridge/state`, and `<device>/availability`: JSON today, plain text before version 2. Undefined: neither. */
export function readZigbeeState(payload: Uint8Array): "online" | "offline" | undefined {
  if (payload.length > STATE_BYTES_MAX) return undefined;
  try {
    const text = UTF8.decode(payload);
    const word = text.startsWith("{") ? textAt(membersOf(parseJson(text)), "state") : text;
    return word === "online" || word === "offline" ? word : undefined;
  } catch {
    return undefined;
  }
}

export function bridgeTopics(base: string): { readonly devices: string; readonly state: string } {
  return { devices: `${base}/bridge/devices`, state: `${base}/bridge/state` };
}

function listOf(payload: Uint8Array, problems: ZigbeeProblem[]): readonly JsonValue[] {
  if (payload.length > ZIGBEE_LIST_BYTES_MAX) {
    problems.push({ code: "ZIGBEE_LIST_SIZE", size: payload.length, max: ZIGBEE_LIST_BYTES_MAX });
    return [];
  }
  let list: JsonValue;
  try {
    const limits = { lengthMax: ZIGBEE_LIST_BYTES_MAX, depthMax: LIST_DEPTH_MAX, itemsMax: LIST_ITEMS_MAX };
    list = parseJson(UTF8.decode(payload), limits);
  } catch (thrown) {
    const code = codeOf(thrown);
    problems.push({ code: "ZIGBEE_LIST_JSON", reason: code === "UNEXPECTED" ? "UTF-8" : code });
    return [];
  }
  if (!Array.isArray(list)) {
    problems.push({ code: "ZIGBEE_LIST_SHAPE" });
    return [];
  }
  if (list.length > ZIGBEE_DEVICES_MAX) {
    problems.push({ code: "ZIGBEE_TOO_MANY_DEVICES", count: list.length, max: ZIGBEE_DEVICES_MAX });
  }
  return list.slice(0, ZIGBEE_DEVICES_MAX);
}

function deviceOf(
  base: string,
  entry: JsonValue,
  known: Set<string>,
  problems: ZigbeeProblem[],
): ZigbeeDevice | undefined {
  const members = membersOf(entry);
  const said = textAt(members, "ieee_address") ?? "";
  const refuse = (problem: ZigbeeProblem): undefined => {
    problems.push(problem);
    return undefined;
  };
  if (textAt(members, "type") === "Coordinator") return undefined;
  if (members === undefined || !IEEE_ADDRESS.test(said)) {
    const device = said.slice(0, SHOWN_CHARACTERS);
    return refuse({ code: "ZIGBEE_DEVICE_SHAPE", device, field: "ieee_address" });
  }
  const friendlyName = textAt(members, "friendly_name");
  if (friendlyName === undefined) {
    return refuse({ code: "ZIGBEE_DEVICE_SHAPE", device: said, field: "friendly_name" });
  }
  const name = friendlyName.slice(0, SHOWN_CHARACTERS);
  const address = `${base}/${friendlyName}`;
  if (addressProblem(address) !== undefined || NAME_TAKEN.test(friendlyName)) {
    return refuse({ code: "ZIGBEE_DEVICE_NAME", device: said, name });
  }
  if (known.has(said) || known.has(address)) return refuse({ code: "ZIGBEE_DEVICE_TWICE", device: said, name });
  known.add(said).add(address);
  const state = interviewOf(members);
  if (state !== undefined) return refuse({ code: "ZIGBEE_DEVICE_NOT_READY", device: said, state });
  const definition = membersOf(members.definition);
  if (definition === undefined) return refuse({ code: "ZIGBEE_DEVICE_UNSUPPORTED", device: said });
  const profile = profileOf(said, definition, problems);
  if (profile === undefined) return undefined;
  const software = textAt(members, "software_build_id");
  return {
    ieeeAddress: said,
    friendlyName,
    address,
    vendor: textAt(definition, "vendor") ?? "",
    model: textAt(definition, "model") ?? "",
    description: textAt(definition, "description") ?? "",
    battery: textAt(members, "power_source") === "Battery",
    ...(software === undefined ? {} : { software }),
    disabled: members.disabled === true,
    profile,
  };
}

/** Undefined when the bridge knows the device. Version 2 says it in a word, earlier ones in two flags. */
function interviewOf(members: { readonly [name: string]: JsonValue }): string | undefined {
  const word = textAt(members, "interview_state");
  if (word !== undefined) return word === "SUCCESSFUL" ? undefined : word.slice(0, SHOWN_CHARACTERS);
  return members.interview_completed === false ? "PENDING" : undefined;
}

function profileOf(
  device: string,
  definition: { readonly [name: string]: JsonValue },
  problems: ZigbeeProblem[],
): DeviceProfile | undefined {
  const exposes = listAt(definition, "exposes");
  const vendor = textAt(definition, "vendor");
  const model = textAt(definition, "model");
  const missing = exposes === undefined ? "exposes" : vendor === undefined ? "vendor" : "model";
  if (exposes === undefined || vendor === undefined || model === undefined) {
    problems.push({ code: "ZIGBEE_DEVICE_SHAPE", device, field: `definition.${missing}` });
    return undefined;
  }
  const about = textAt(definition, "description") ?? "";
  const parts = deriveParts(exposes, about, device);
  problems.push(...parts.problems);
  if (parts.reads.length === 0 && parts.writes.length === 0) {
    problems.push({ code: "ZIGBEE_DEVICE_EMPTY", device });
    return undefined;
  }
  const { deviceClass, properties, actions, events, reads, writes, gets } = parts;
  const asked = Object.fromEntries(gets.map((name) => [name, ""]));
  const binding: MqttSource = {
    protocol: "mqtt",
    availability: {
      topic: "{address}/availability",
      path: ["state"],
      online: ["online"],
      offline: ["offline"],
    },
    reads,
    writes,
    ...(gets.length === 0 ? {} : { refresh: [{ topic: "{address}/get", payload: JSON.stringify(asked) }] }),
  };
  const source: Omit<ProfileSource, "vendor" | "model"> = {
    title: `${vendor} ${model}`.slice(0, TITLE_CHARACTERS_MAX),
    ...(about === "" ? {} : { description: about.slice(0, 1_024) }),
    class: deviceClass,
    properties,
    actions,
    events,
    binding,
  };
  // The same model may expose more with another firmware: then it is another profile.
  const digits = toHex(sha256(new TextEncoder().encode(JSON.stringify(source)))).slice(0, ID_DIGITS);
  const built = buildProfile({ ...source, vendor: slug(vendor), model: `${slug(model).slice(0, 55)}-${digits}` });
  if (built.profile !== undefined) return built.profile;
  const [problem] = built.problems;
  const place = problem.path.join(".").slice(0, SHOWN_CHARACTERS);
  problems.push({ code: "ZIGBEE_DEVICE_PROFILE", device, reason: problem.code, place });
  return undefined;
}

/** Fit for a profile's id. */
function slug(name: string): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
  return text === "" ? "unnamed" : text;
}
