import type { GatewayProblem } from "../../device/gateway/problems.js";
import type { Texts } from "../texts.js";

const CLONE =
  "One of the two has another's name or key. Take the wrong one off the network, then release the device to be heard again.";

export const gatewayTexts: Texts<GatewayProblem> = {
  GATEWAY_DEVICE_UNKNOWN: {
    says: (p) =>
      `Something spoke at ${p.address}${p.link === undefined ? "" : ` of the link ${p.link}`}, where no device is installed.`,
    advice: "To add it, open the join window or name it in the file of devices.",
  },
  GATEWAY_DEVICE_MISSING: {
    says: (p) => `The gateway has no device ${p.device}.`,
    advice: "`edgeseal device list` shows those it has.",
  },
  GATEWAY_DEVICES_FULL: {
    says: (p) => `The gateway has its ${p.max} devices and takes no more.`,
    advice: "Remove devices that are no longer there, or run a second gateway.",
  },
  GATEWAY_DEVICE_ID: { says: (p) => `"${p.id}" is no id of a device: 1 to 64 letters, digits, "-" or "_".` },
  GATEWAY_DEVICE_EXISTS: {
    says: (p) => `The device ${p.device} is there already, at another place or of another model.`,
    advice: "Remove the old one first, or give the new one another id.",
  },
  GATEWAY_DEVICE_FIXED: {
    says: (p) => `The device ${p.device} is named in the file of devices and stays.`,
    advice: "Take it out of the file.",
  },
  GATEWAY_PROFILE_UNKNOWN: {
    says: (p) => `The device ${p.device} says that it is a ${p.profile}, of which there is no profile.`,
    advice: "Add a profile for it; the README of the device profiles shows how.",
  },
  GATEWAY_NOT_JOINING: {
    says: (p) => `The device ${p.device} wants to join while the join window is closed.`,
    advice: "Open the join window if it is yours.",
  },
  GATEWAY_NOT_REGISTERED: {
    says: (p) => `The device ${p.device} may not take part (${p.verdict}).`,
    advice: "Register it, or take it off the network.",
  },
  GATEWAY_KEY_MISMATCH: { says: (p) => `The device ${p.device} came with another key than the one that joined.` },
  GATEWAY_KEY_TAKEN: {
    says: (p) => `The key of the device ${p.device} is that of ${p.holder}.`,
    advice: CLONE,
  },
  GATEWAY_SIGNATURE_MISSING: { says: (p) => `A message of ${p.device} has no signature although it has a key.` },
  GATEWAY_SIGNATURE_WRONG: { says: (p) => `A message of ${p.device} is not signed by its key.` },
  GATEWAY_INTERVIEW_FAILED: {
    says: (p) => `The device ${p.device} did not prove in time that it has its key.`,
    advice: "Restart the device while the join window is open.",
  },
  GATEWAY_DEVICE_CLONED: { says: (p) => `Two devices speak as ${p.device}; neither is heard.`, advice: CLONE },
  GATEWAY_REPLAYED: { says: (p) => `The device ${p.device} repeated its message ${p.sequence}.` },
  GATEWAY_FLOODED: {
    says: (p) => `The device ${p.device} sends more messages than it may; the rest is dropped.`,
    advice: "Look at its firmware or its reporting interval.",
  },
  GATEWAY_ISOLATED: {
    says: (p) => `The device ${p.device} broke the rules too often and is not heard for ${p.forMs} ms.`,
    advice: "Look at what it sends, then release it or wait.",
  },
  GATEWAY_NAME_UNKNOWN: { says: (p) => `The profile of ${p.device} has no "${p.name}".` },
  GATEWAY_NOT_READABLE: { says: (p) => `"${p.name}" of ${p.device} cannot be read, yet a reading of it came.` },
  GATEWAY_NOT_WRITABLE: { says: (p) => `"${p.name}" of ${p.device} cannot be set.` },
  GATEWAY_VALUE_REFUSED: {
    says: (p) => `A value for "${p.name}" of ${p.device} is not one that its profile allows (${p.reason}).`,
  },
  GATEWAY_MESSAGE_UNREADABLE: { says: (p) => `The device ${p.device} said something unreadable (${p.reason}).` },
  GATEWAY_COMMANDS_FULL: {
    says: (p) => `${p.device} has ${p.max} commands that it has not answered and gets no more.`,
    advice: "Wait, or look whether it can be reached.",
  },
  GATEWAY_LINK_UNKNOWN: {
    says: (p) => `${p.device} is at the link "${p.link}", which the configuration does not have.`,
    advice: "Correct the device's link, or add the link to `gateway.links`.",
  },
  GATEWAY_RULE_ROUNDS_SPENT: {
    says: (p) => `Rules answered to their own commands ${p.max} times in a row; what is left goes on a moment later.`,
    advice: "Look for rules that set each other off: `edgeseal rule check`.",
  },
  GATEWAY_COMMAND_ID: {
    says: (p) => `A command for ${p.device} has the id of another one that is on its way.`,
    advice: "Let the sender give each command an id of its own.",
  },
  GATEWAY_COMMAND_EXPIRED: { says: (p) => `A command for ${p.device} came after its time and was not carried out.` },
  GATEWAY_COMMAND_RETAINED: {
    says: (p) => `A command of ${p.sender} was kept by the broker and not carried out.`,
    advice: "Commands must be published without the retain flag.",
  },
  GATEWAY_COMMAND_REPLAYED: {
    says: (p) => `${p.sender} repeated its command ${p.sequence}, or sent an older one; it was not carried out.`,
  },
  GATEWAY_COMMAND_DENIED: {
    says: (p) => `${p.target} of ${p.device} may not be set (${p.reason}).`,
    advice:
      "The trust policy decides who may do what; what it does not allow is refused. The command line is `person:operator` there.",
  },
  GATEWAY_ACK_UNKNOWN: { says: (p) => `${p.device} answered a command that nobody has sent or that was settled.` },
};
