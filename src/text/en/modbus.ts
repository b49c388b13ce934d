import type { ModbusPointProblem } from "../../device/modbus/problems.js";
import type { ModbusProblem } from "../../link/modbusProblems.js";
import type { Texts } from "../texts.js";

/** Modbus Application Protocol V1.1b3, section 7; 7 and 8 (negative acknowledge, parity) as in its older editions. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "device failure",
  5: "acknowledged, not done yet",
  6: "device busy",
  7: "negative acknowledge",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "the device behind the gateway does not answer",
};

function meaningOf(exception: number): string {
  const meaning = EXCEPTIONS[exception];
  return meaning === undefined ? "" : ` (${meaning})`;
}

export const modbusPointTexts: Texts<ModbusPointProblem> = {
  MODBUS_POINT_INVALID: { says: (p) => `The Modbus point "${p.name}" of a profile is not usable: ${p.reason}.` },
  MODBUS_POINT_UNKNOWN: { says: (p) => `The device has no Modbus point "${p.name}" that can be written.` },
  MODBUS_POINT_VALUE: { says: (p) => `The Modbus point "${p.name}" of kind ${p.kind} does not hold this value.` },
  MODBUS_BINDING_INVALID: { says: (p) => `"${p.field}" of a profile's Modbus binding must be in ${p.reason}.` },
};

export const modbusTexts: Texts<ModbusProblem> = {
  MODBUS_MISSING: {
    says: (p) => `Modbus cannot be used: the package "modbus-serial" does not load (${p.reason}).`,
    advice: "Install it with npm install modbus-serial.",
  },
  MODBUS_EXCEPTION: {
    says: (p) =>
      `Device ${p.address} answered function ${p.function} with exception ${p.exception}${meaningOf(p.exception)}.`,
    advice: "Exceptions 1 to 3 mean that the profile does not fit the device; 10 and 11 come from a gateway between.",
  },
  MODBUS_SILENT: {
    says: (p) => `Device ${p.address} did not answer within ${p.timeoutMs} ms.`,
    advice:
      "Check its power, unit number, speed and parity, the polarity of the two wires (A/B are named differently by makers) and the termination.",
  },
  MODBUS_ANSWER_INVALID: {
    says: (p) => `Device ${p.address} gave an answer that does not fit the question: ${p.reason}.`,
    advice: "Two devices with one unit number, noise, or a wrong speed look like this.",
  },
  MODBUS_VALUE_ABSENT: { says: (p) => `Device ${p.address} has no value for "${p.name}" now.` },
  MODBUS_WRITE_NOT_TAKEN: {
    says: (p) => `Device ${p.address} acknowledged a write of "${p.name}" but still reads another value.`,
    advice: "The device may be locked, switched to local operation, or limit the value.",
  },
  MODBUS_DEVICE_UNKNOWN: { says: (p) => `There is no device ${p.address} on this line.` },
  MODBUS_DEVICES_TOO_MANY: { says: (p) => `${p.count} devices on one Modbus line are more than ${p.limit}.` },
};
