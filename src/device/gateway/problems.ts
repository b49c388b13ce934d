/** Why the gateway refused what a device or a person sent, or stopped listening to somebody. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { DeviceId } from "../device.js";

export type GatewayProblem =
  /** Nobody is registered at this place of the link. */
  | { readonly code: "GATEWAY_DEVICE_UNKNOWN"; readonly link?: string; readonly address: string }
  /** Somebody asked for it by its id. */
  | { readonly code: "GATEWAY_DEVICE_MISSING"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_DEVICES_FULL"; readonly max: number }
  | { readonly code: "GATEWAY_DEVICE_ID"; readonly id: string }
  | { readonly code: "GATEWAY_DEVICE_EXISTS"; readonly device: DeviceId }
  /** Named in the operator's own file; only there it can be taken out. */
  | { readonly code: "GATEWAY_DEVICE_FIXED"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_PROFILE_UNKNOWN"; readonly device: DeviceId; readonly profile: string }
  | { readonly code: "GATEWAY_NOT_JOINING"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_NOT_REGISTERED"; readonly device: DeviceId; readonly verdict: string }
  /** Another key than the one that joined. */
  | { readonly code: "GATEWAY_KEY_MISMATCH"; readonly device: DeviceId }
  /** Another device has this key. */
  | { readonly code: "GATEWAY_KEY_TAKEN"; readonly device: DeviceId; readonly holder: DeviceId }
  | { readonly code: "GATEWAY_SIGNATURE_MISSING"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_SIGNATURE_WRONG"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_INTERVIEW_FAILED"; readonly device: DeviceId }
  /** Two of them speak at once: an older birth after a newer one, or one number used for two messages. */
  | { readonly code: "GATEWAY_DEVICE_CLONED"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_REPLAYED"; readonly device: DeviceId; readonly sequence: number }
  | { readonly code: "GATEWAY_FLOODED"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_ISOLATED"; readonly device: DeviceId; readonly forMs: number }
  | { readonly code: "GATEWAY_NAME_UNKNOWN"; readonly device: DeviceId; readonly name: string }
  | { readonly code: "GATEWAY_NOT_READABLE"; readonly device: DeviceId; readonly name: string }
  | { readonly code: "GATEWAY_NOT_WRITABLE"; readonly device: DeviceId; readonly name: string }
  /** Not of the profile's type; `reason` is the code of the check or of the converter. */
  | {
      readonly code: "GATEWAY_VALUE_REFUSED";
      readonly device: DeviceId;
      readonly name: string;
      readonly reason: string;
    }
  | { readonly code: "GATEWAY_MESSAGE_UNREADABLE"; readonly device: DeviceId; readonly reason: string }
  | { readonly code: "GATEWAY_COMMANDS_FULL"; readonly device: DeviceId; readonly max: number }
  /** The record names a link that the configuration does not have. */
  | { readonly code: "GATEWAY_LINK_UNKNOWN"; readonly device: DeviceId; readonly link: string }
  /** Rules answered to their own commands again and again; the rest waits for the next tick. */
  | { readonly code: "GATEWAY_RULE_ROUNDS_SPENT"; readonly max: number }
  /** The id of another command that is on its way. */
  | { readonly code: "GATEWAY_COMMAND_ID"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_COMMAND_EXPIRED"; readonly device: DeviceId }
  | { readonly code: "GATEWAY_COMMAND_RETAINED"; readonly sender: string }
  | { readonly code: "GATEWAY_COMMAND_REPLAYED"; readonly sender: string; readonly sequence: number }
  | {
      readonly code: "GATEWAY_COMMAND_DENIED";
      readonly device: DeviceId;
      readonly target: string;
      readonly reason: string;
    }
  | { readonly code: "GATEWAY_ACK_UNKNOWN"; readonly device: DeviceId };

/** A device or a sender broke a rule of the gateway; it is counted, told, and nothing else changes. */
export class GatewayError extends DomainError<GatewayProblem> {
  readonly family: ErrorFamily = "input";
}
