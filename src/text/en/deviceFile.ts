import type { DeviceFileProblem } from "../../node/gateway/deviceFileProblems.js";
import type { Texts } from "../texts.js";

export const deviceFileTexts: Texts<DeviceFileProblem> = {
  DEVICES_UNREADABLE: {
    says: (p) => `The file of devices ${p.path} cannot be read (${p.reason}).`,
    advice: "Check that it exists, that this user may read it, and that it is text in UTF-8.",
  },
  DEVICES_TOO_LARGE: {
    says: (p) => `The file of devices ${p.path} has ${p.size} bytes; ${p.limit} are read.`,
    advice: "Use several gateways for so many devices.",
  },
  DEVICES_YAML: { says: (p) => `${p.path}:${p.line}:${p.column} is no YAML: ${p.reason}.` },
  DEVICES_KEY_UNKNOWN: {
    says: (p) =>
      `${p.path}:${p.line}:${p.column} has the unknown key ${p.field}; the nearest known one is "${p.nearest}".`,
  },
  DEVICES_VALUE: { says: (p) => `${p.path}:${p.line}:${p.column}: ${p.field} is wrong: ${p.reason}.` },
  DEVICES_TWICE: {
    says: (p) =>
      `${p.path}:${p.line}:${p.column} has the ${p.what} "${p.value}", as the device on line ${p.otherLine} has.`,
    advice: "Ids are never used again; an address or a key becomes free when its device is retired.",
  },
};
