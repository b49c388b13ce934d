import { DomainError, type ErrorFamily } from "../../base/error.js";

/**
 * What can be wrong with a message of the device protocol beyond its bytes being no CBOR of the right shape (`WireProblem`).
 * Raised for what came in and for what is asked to be written.
 */
export type DeviceMessageProblem =
  | { readonly code: "DEVICE_MESSAGE_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "DEVICE_MESSAGE_KIND"; readonly got: number }
  /** A whole message, but not the kind that its topic is for. */
  | { readonly code: "DEVICE_MESSAGE_MISPLACED"; readonly expected: string; readonly got: string }
  | { readonly code: "DEVICE_MESSAGE_NAME"; readonly field: string }
  | { readonly code: "DEVICE_MESSAGE_NAME_TWICE"; readonly name: string }
  | { readonly code: "DEVICE_MESSAGE_NUMBER"; readonly field: string }
  | { readonly code: "DEVICE_MESSAGE_TEXT"; readonly field: string }
  | { readonly code: "DEVICE_MESSAGE_LENGTH"; readonly field: string; readonly length: number }
  /** An identity with a key and no signature, or the other way round. */
  | { readonly code: "DEVICE_MESSAGE_KEY_UNPROVEN" };

export class DeviceMessageError extends DomainError<DeviceMessageProblem> {
  readonly family: ErrorFamily = "input";
}
