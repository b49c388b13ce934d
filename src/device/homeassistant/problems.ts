/** What Home Assistant, or somebody who may publish where it does, asked for and is not given. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { DeviceId } from "../device.js";
import type { SafetyClass } from "../profile.js";

export type HomeAssistantProblem =
  /** A message where commands arrive, under a topic that is none of ours. */
  | { readonly code: "HOMEASSISTANT_TOPIC"; readonly topic: string }
  | { readonly code: "HOMEASSISTANT_DEVICE_UNKNOWN"; readonly device: DeviceId }
  | { readonly code: "HOMEASSISTANT_TARGET_UNKNOWN"; readonly device: DeviceId; readonly target: string }
  /** A control of a higher safety class than the configuration lets Home Assistant have. */
  | {
      readonly code: "HOMEASSISTANT_TARGET_CLOSED";
      readonly device: DeviceId;
      readonly target: string;
      readonly safetyClass: SafetyClass;
      readonly max: SafetyClass;
    }
  | {
      readonly code: "HOMEASSISTANT_VALUE";
      readonly device: DeviceId;
      readonly target: string;
      readonly reason: "type" | "range" | "length";
    }
  /** A command that the broker kept says nothing of today's wishes. */
  | { readonly code: "HOMEASSISTANT_RETAINED"; readonly device: DeviceId; readonly target: string };

/** The message is counted and nothing else happens. */
export class HomeAssistantError extends DomainError<HomeAssistantProblem> {
  readonly family: ErrorFamily = "input";
}
