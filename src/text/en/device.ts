import type { DeviceMessageProblem } from "../../codec/device/problems.js";
import type { Texts } from "../texts.js";

export const deviceMessageTexts: Texts<DeviceMessageProblem> = {
  DEVICE_MESSAGE_TOO_LARGE: {
    says: (p) => `A device's message of ${p.size} bytes is larger than the ${p.limit} bytes allowed.`,
  },
  DEVICE_MESSAGE_KIND: { says: (p) => `There is no device message of kind ${p.got}.` },
  DEVICE_MESSAGE_MISPLACED: {
    says: (p) => `A message of kind "${p.got}" came where only "${p.expected}" belongs.`,
    advice: "The device publishes on the wrong topic; look at its software.",
  },
  DEVICE_MESSAGE_NAME: {
    says: (p) => `The field "${p.field}" of a device's message is no name that is allowed there.`,
  },
  DEVICE_MESSAGE_NAME_TWICE: { says: (p) => `A device's message holds the value "${p.name}" twice.` },
  DEVICE_MESSAGE_NUMBER: {
    says: (p) => `The field "${p.field}" of a device's message is no integer that is allowed there.`,
    advice: "Values are integers of at most 2^53 - 1; births and sequences count from 1.",
  },
  DEVICE_MESSAGE_TEXT: { says: (p) => `The field "${p.field}" of a device's message is no text in UTF-8.` },
  DEVICE_MESSAGE_LENGTH: {
    says: (p) => `The field "${p.field}" of a device's message has the wrong length (${p.length}).`,
  },
  DEVICE_MESSAGE_KEY_UNPROVEN: {
    says: () => "A device told its identity with a key but no signature, or with a signature but no key.",
  },
};
