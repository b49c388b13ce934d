/** From a message on a command topic to a value of the profile. */
import type { DeviceId } from "../device.js";
import type { DeviceProfile, SafetyClass } from "../profile.js";
import type { DeviceValue, ValueType } from "../value.js";
import { fromPeople } from "./people.js";
import type { HomeAssistantProblem } from "./problems.js";
import { type HomeAssistantNames, SAFETY_CLASS_MAX } from "./topics.js";

/** What a button says; an action without an argument takes nothing else. */
export const PRESS = "PRESS";
/** Longer ones are no command; a text of a profile is shorter. */
export const COMMAND_BYTES_MAX = 2_048;

export interface HomeAssistantCommand {
  readonly device: DeviceId;
  readonly target: string;
  readonly value?: DeviceValue;
}

export type ParsedCommand = { readonly command: HomeAssistantCommand } | { readonly problem: HomeAssistantProblem };

/** What may be asked of a target: `undefined` type is an action without argument. */
interface Control {
  readonly safetyClass: SafetyClass;
  readonly type: ValueType | undefined;
}

function controlOf(profile: DeviceProfile, target: string): Control | undefined {
  const property = profile.properties.get(target);
  if (property?.writable === true) return { safetyClass: property.safetyClass, type: property.type };
  const action = profile.actions.get(target);
  return action === undefined ? undefined : { safetyClass: action.safetyClass, type: action.input };
}

/** Whether Home Assistant may have this control. */
export function isOpen(names: HomeAssistantNames, safetyClass: SafetyClass): boolean {
  return safetyClass <= (names.safetyClassMax ?? SAFETY_CLASS_MAX);
}

/** Of the place that the topic named (`readSetTopic`), for a device of this profile. Never throws. */
export function parseCommand(
  names: HomeAssistantNames,
  { device, target }: { readonly device: DeviceId; readonly target: string },
  payload: Uint8Array,
  profile: DeviceProfile,
): ParsedCommand {
  const control = controlOf(profile, target);
  if (control === undefined) return { problem: { code: "HOMEASSISTANT_TARGET_UNKNOWN", device, target } };
  const { safetyClass, type } = control;
  if (!isOpen(names, safetyClass)) {
    const max = names.safetyClassMax ?? SAFETY_CLASS_MAX;
    return { problem: { code: "HOMEASSISTANT_TARGET_CLOSED", device, target, safetyClass, max } };
  }
  const found = payload.length > COMMAND_BYTES_MAX ? "length" : readValue(payload, type);
  if (found === "type" || found === "range" || found === "length") {
    return { problem: { code: "HOMEASSISTANT_VALUE", device, target, reason: found } };
  }
  return { command: { device, target, ...(found.value === undefined ? {} : { value: found.value }) } };
}

type Found = { readonly value: DeviceValue | undefined } | "type" | "range" | "length";

function readValue(payload: Uint8Array, type: ValueType | undefined): Found {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    return "type";
  }
  switch (type?.kind) {
    case undefined:
      return text === PRESS ? { value: undefined } : "type";
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : "type";
    case "choice":
      return type.choices.includes(text) ? { value: text } : "range";
    case "text":
      return [...text].length <= type.charactersMax ? { value: text } : "length";
    case "number": {
      const value = fromPeople(text, type.decimals);
      if (value === undefined) return "type";
      return value >= type.min && value <= type.max ? { value } : "range";
    }
  }
}
