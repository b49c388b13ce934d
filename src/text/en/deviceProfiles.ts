import type { ValueProblem } from "../../device/convert/problems.js";
import type {
  ChoiceFault,
  ConversionFault,
  NumberFault,
  ProfilePath,
  ProfileProblem,
  RegisterFault,
  SafeFault,
  TemplateFault,
} from "../../device/profile/problems.js";
import type { ZigbeeProblem } from "../../device/zigbee/problems.js";
import type { ProfileFileProblem, ProfileLookupProblem } from "../../node/profiles/problems.js";
import type { Texts } from "../texts.js";

const DEVICE_WRONG = "Compare the device's messages with its profile; a newer firmware may speak differently.";

export const deviceValueTexts: Texts<ValueProblem> = {
  DEVICE_VALUE_TYPE: { says: (p) => `A ${p.expected} is wanted and ${p.found} came.`, advice: DEVICE_WRONG },
  DEVICE_VALUE_RANGE: {
    says: (p) => `The value ${p.value} is not within ${p.min} and ${p.max} (in the smallest steps that are kept).`,
    advice: DEVICE_WRONG,
  },
  DEVICE_VALUE_UNKNOWN: { says: (p) => `The value "${p.value}" is none of the known ones.`, advice: DEVICE_WRONG },
  DEVICE_VALUE_TEXT_LENGTH: { says: (p) => `A text has ${p.length} characters; ${p.max} are allowed.` },
  DEVICE_VALUE_TEXT_CONTROL: { says: () => "A text holds control characters, or half of a character." },
  DEVICE_PAYLOAD_SIZE: { says: (p) => `A message of ${p.size} bytes is larger than the ${p.max} bytes allowed.` },
  DEVICE_PAYLOAD_UTF8: { says: () => "A message of a device is no text in UTF-8.", advice: DEVICE_WRONG },
  DEVICE_PAYLOAD_JSON: {
    says: (p) => `A message of a device is not the JSON that its profile expects (${p.reason}).`,
    advice: DEVICE_WRONG,
  },
  DEVICE_TARGET_UNKNOWN: { says: (p) => `The device has no property to write and no action "${p.target}".` },
  DEVICE_VALUE_MISSING: { says: (p) => `"${p.target}" needs a value.` },
  DEVICE_VALUE_UNWANTED: { says: (p) => `"${p.target}" takes no value.` },
  DEVICE_BINDING_OTHER: {
    says: (p) => `The profile speaks ${p.found}; it was to be spoken to by ${p.expected}.`,
    advice: "Name a link of the right kind for the device.",
  },
  DEVICE_ADDRESS: {
    says: (p) => `"${p.address}" cannot be a device's address in topics.`,
    advice: "Use levels of letters, digits and most signs, divided by single slashes; no +, #, leading $ or controls.",
  },
};

/** `properties.on.safe[0]` */
export function profilePlace(path: ProfilePath): string {
  const text = path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${part}`))
    .join("");
  return text === "" ? "the profile" : text;
}

const NUMBER: Readonly<Record<NumberFault, string>> = {
  "limits missing": "a number needs min and max",
  "min not below max": "min must be below max",
  "more digits than decimals": "it has more digits after the point than `decimals` says",
  "too large": "with so many decimals it is too large to be kept exactly",
  decimals: "it must be a whole number from 0 to 6",
  "only for numbers": "only a number has it",
};
const CHOICE: Readonly<Record<ChoiceFault, string>> = {
  none: "a choice needs `choices`",
  "too many": "there are too many",
  twice: "it is listed twice",
  length: "it must have 1 to 64 characters",
  "only for choices": "only a choice has them",
};
const SAFE: Readonly<Record<SafeFault, string>> = {
  "not in the type": "it is no value of the property",
  "no number": "only a number can be lower or higher",
  "only read": "only a property that can be written has a safe direction",
  "no values": "at least one value is needed; say `none` where no way is the safe one",
};
const TEMPLATE: Readonly<Record<TemplateFault, string>> = {
  "no address": "it must hold {address}, or devices could not be told apart",
  "unknown placeholder":
    "known placeholders are {address} in topics and {value}, {id}, {client}, {address} in payloads",
  wildcard: "+, #, a leading $ and control characters are not allowed",
  "too long": "it is too long",
  "value missing": "it must hold {value}",
  "value not wanted": "there is no value that could stand for {value}",
  "not JSON": "it looks like JSON and is none",
};
const CONVERSION: Readonly<Record<ConversionFault, string>> = {
  "only for numbers": "only numbers are calculated with; use `map`",
  "map and numbers": "either `map` or multiply, divide, offset and digits",
  zero: "it must not be 0",
  digits: "it must be a whole number from 0 to 6",
  "not in the type": "it is no value of the property",
  "no device value": "the device's value is a text, a number, true or false",
  "device value twice": "the device's value is listed twice",
  "values not told": "every value of the property needs a pair, or it could not be sent",
  empty: "it has no pairs",
  "too coarse": "one step of the device is more than one step of the property; give it fewer `decimals`, or choices",
};
const REGISTER: Readonly<Record<RegisterFault, string>> = {
  absent: "the number for no value is not one that the registers can hold; bits and f32 have none",
  address: "it must be a whole number from 0, as it goes over the line (a manual's 30001 is input register 0)",
  bit: "`bit` belongs to the tables coil and discrete, the other kinds to input and holding",
  "read-only table": "only coil and holding can be written",
  "beyond the end": "it goes beyond register 65535",
  poll: "it must be from 0.001 to 86400",
  registers: "it must be from 1 to 125",
  action: "a Modbus device has properties only; write a property instead",
};

export const profileTexts: Texts<ProfileProblem> = {
  PROFILE_ID: {
    says: (p) => `The ${p.part} "${p.value}" is not 1 to 64 of a-z, 0-9, - and _.`,
    advice: "The real name can stand in `title`.",
  },
  PROFILE_NAME: {
    says: (p) => `${profilePlace(p.path)}: "${p.name}" is no name here.`,
    advice:
      "Names start with a letter and go on with letters, digits, - and _, at most 64; classes are lower-case and may have dots.",
  },
  PROFILE_NAME_TWICE: { says: (p) => `${profilePlace(p.path)}: the name "${p.name}" is used already.` },
  PROFILE_TOO_MANY: { says: (p) => `${profilePlace(p.path)} has ${p.count} entries; ${p.max} are allowed.` },
  PROFILE_TOO_LONG: { says: (p) => `${profilePlace(p.path)}: the ${p.what} is longer than ${p.max} characters.` },
  PROFILE_EMPTY: {
    says: () => "The profile has no property, action or event.",
    advice: "Say under `properties` what the device can do.",
  },
  PROFILE_CAPABILITY_UNKNOWN: {
    says: (p) => `${profilePlace(p.path)}: there is no capability "${p.capability}".`,
    advice:
      "`edgeseal profile schema` lists them; other.value, other.command and other.event are for what no name fits.",
  },
  PROFILE_CAPABILITY_USE: {
    says: (p) => `${profilePlace(p.path)}: the capability ${p.capability} is not for a ${p.use}.`,
  },
  PROFILE_CAPABILITY_TYPE: {
    says: (p) =>
      `${profilePlace(p.path)}: the capability ${p.capability} cannot be a ${p.found}; it can be: ${p.allowed.length === 0 ? "without a value" : p.allowed.join(", ")}.`,
  },
  PROFILE_CAPABILITY_UNIT: {
    says: (p) =>
      `${profilePlace(p.path)}: ${p.capability} has no unit "${p.found}"; it has one of: ${p.allowed.map((unit) => (unit === "" ? "none" : unit)).join(", ")}.`,
  },
  PROFILE_NUMBER: { says: (p) => `${profilePlace(p.path)}: ${NUMBER[p.fault]}.` },
  PROFILE_CHOICES: { says: (p) => `${profilePlace(p.path)}: ${CHOICE[p.fault]} (at most ${p.max} choices).` },
  PROFILE_TEXT: { says: (p) => `${profilePlace(p.path)}: only a text has it, from 1 to ${p.max}.` },
  PROFILE_SAFETY_LOWERED: {
    says: (p) => `${profilePlace(p.path)}: the safety class ${p.found} is lower than ${p.least}, which its parts have.`,
    advice: "A profile may be stricter than its capabilities, never laxer.",
  },
  PROFILE_SAFE: { says: (p) => `${profilePlace(p.path)}: ${SAFE[p.fault]}.` },
  PROFILE_IDEMPOTENCE: {
    says: (p) => `${profilePlace(p.path)}: ${p.capability} does something else each time; it cannot be idempotent.`,
  },
  PROFILE_STALENESS: { says: (p) => `${profilePlace(p.path)} must be from 0.001 to ${p.max} seconds.` },
  PROFILE_REFERENCE: { says: (p) => `${profilePlace(p.path)}: there is no ${p.wanted} "${p.name}".` },
  PROFILE_UNREACHED: {
    says: (p) => `${profilePlace(p.path)}: the binding has no ${p.missing} for "${p.name}".`,
    advice: "Add one, or change its `access`.",
  },
  PROFILE_WRITE_TWICE: { says: (p) => `${profilePlace(p.path)}: "${p.name}" is written in two ways.` },
  PROFILE_TEMPLATE: { says: (p) => `${profilePlace(p.path)}: ${TEMPLATE[p.fault]}.` },
  PROFILE_CONVERSION: { says: (p) => `${profilePlace(p.path)}: ${CONVERSION[p.fault]}.` },
  PROFILE_REGISTER: { says: (p) => `${profilePlace(p.path)}: ${REGISTER[p.fault]}.` },
};

const AT_BRIDGE = "Look at the device in Zigbee2MQTT: its interview, its name, and whether its model is supported.";

export const zigbeeTexts: Texts<ZigbeeProblem> = {
  ZIGBEE_LIST_SIZE: { says: (p) => `The bridge's list of devices has ${p.size} bytes; ${p.max} are allowed.` },
  ZIGBEE_LIST_JSON: {
    says: (p) => `The bridge's list of devices is not JSON (${p.reason}).`,
    advice: "Check that the base topic of the link belongs to a Zigbee2MQTT bridge.",
  },
  ZIGBEE_LIST_SHAPE: {
    says: () => "The bridge's list of devices is no list.",
    advice: "Check that the base topic of the link belongs to a Zigbee2MQTT bridge.",
  },
  ZIGBEE_TOO_MANY_DEVICES: {
    says: (p) => `The bridge lists ${p.count} devices; the first ${p.max} are taken.`,
    advice: "Divide the network among several bridges.",
  },
  ZIGBEE_DEVICE_SHAPE: {
    says: (p) => `An entry of the bridge's list (${p.device}) has no usable ${p.field}.`,
    advice: AT_BRIDGE,
  },
  ZIGBEE_DEVICE_NAME: {
    says: (p) => `The device ${p.device} is called "${p.name}", which cannot be its topic.`,
    advice: "Rename it in Zigbee2MQTT: no +, #, control characters, nothing of the bridge's own.",
  },
  ZIGBEE_DEVICE_TWICE: { says: (p) => `The device ${p.device} ("${p.name}") is listed twice.`, advice: AT_BRIDGE },
  ZIGBEE_DEVICE_NOT_READY: {
    says: (p) => `The bridge has not finished asking the device ${p.device} what it is (${p.state}).`,
    advice: "Wake the device up and interview it again in Zigbee2MQTT.",
  },
  ZIGBEE_DEVICE_UNSUPPORTED: {
    says: (p) => `The bridge does not know the model of the device ${p.device}.`,
    advice: AT_BRIDGE,
  },
  ZIGBEE_DEVICE_EMPTY: { says: (p) => `The device ${p.device} exposes nothing that can be used.`, advice: AT_BRIDGE },
  ZIGBEE_DEVICE_PROFILE: {
    says: (p) => `No profile can be made for the device ${p.device}: ${p.reason} at ${p.place}.`,
  },
  ZIGBEE_EXPOSES_TOO_MANY: {
    says: (p) => `The device ${p.device} exposes more than ${p.max} things; the rest is left out.`,
  },
  ZIGBEE_EXPOSE_SHAPE: {
    says: (p) => `What the device ${p.device} exposes as "${p.expose}" has no usable ${p.field}; it is left out.`,
  },
  ZIGBEE_EXPOSE_UNKNOWN: {
    says: (p) => `What the device ${p.device} exposes as "${p.expose}" is of the type ${p.type}; it is left out.`,
  },
  ZIGBEE_EXPOSE_TWICE: { says: (p) => `The device ${p.device} exposes "${p.expose}" twice; the second is left out.` },
};

export const profileFileTexts: Texts<ProfileFileProblem | ProfileLookupProblem> = {
  PROFILE_FILE_UNREADABLE: {
    says: (p) => `The file cannot be read (${p.reason}).`,
    advice: "Check its name, owner and mode; profiles are text in UTF-8.",
  },
  PROFILE_FILE_TOO_LARGE: { says: (p) => `The file has ${p.size} bytes; ${p.limit} are allowed.` },
  PROFILE_FILE_YAML: {
    says: (p) => `This is not YAML: ${p.reason}`,
    advice: "Mind the indentation: two spaces, no tabs, a space after each colon; texts with { need quotation marks.",
  },
  PROFILE_FILE_KEY: {
    says: (p) => `There is no field \`${p.field}\`${p.nearest === "" ? "" : `; the nearest is ${p.nearest}`}.`,
    advice: "Look at the spelling; `edgeseal profile schema` lists all fields.",
  },
  PROFILE_FILE_VALUE: { says: (p) => `\`${p.field}\`: ${p.reason}.` },
  PROFILE_FILE_NAME: {
    says: (p) => `The file belongs at ${p.expected} by what is in it.`,
    advice: "Folder and file have the names of vendor and model.",
  },
  PROFILE_FILE_TWICE: {
    says: (p) => `The profile ${p.id} is there already, in ${p.other}.`,
    advice: "Give yours another model's name; a profile that came with edgeseal is never replaced silently.",
  },
  PROFILE_FOLDER_UNREADABLE: { says: (p) => `The folder of profiles cannot be read (${p.reason}).` },
  PROFILE_FOLDER_FULL: { says: (p) => `The folder holds more than ${p.max} profiles; the rest is left out.` },
  PROFILE_UNKNOWN: {
    says: (p) => `There is no profile ${p.id}${p.nearest === "" ? "" : `; the nearest is ${p.nearest}`}.`,
    advice: "`edgeseal profile list` shows all; name your own folder with --profiles.",
  },
  PROFILE_FILES_BAD: { says: (p) => `${p.files} of the files are no good profiles; ${p.mistakes} mistakes.` },
};
