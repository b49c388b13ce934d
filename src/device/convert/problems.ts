/** What a device may say, or be told, that does not fit its profile. Plain values: whoever hears a device counts them. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { DeviceValue, ValueType } from "../value.js";

export type ConversionProblem =
  /** Another kind of value than the profile has; NaN and infinities are no numbers. */
  | { readonly code: "DEVICE_VALUE_TYPE"; readonly expected: ValueType["kind"]; readonly found: string }
  /** `value`, `min` and `max` in the units of the type: integers of 10^-decimals. */
  | { readonly code: "DEVICE_VALUE_RANGE"; readonly value: number; readonly min: number; readonly max: number }
  /** None of the choices, or nothing that the profile's table of values knows. */
  | { readonly code: "DEVICE_VALUE_UNKNOWN"; readonly value: string }
  | { readonly code: "DEVICE_VALUE_TEXT_LENGTH"; readonly length: number; readonly max: number }
  /** Control characters have no place in what people are shown. */
  | { readonly code: "DEVICE_VALUE_TEXT_CONTROL" };

export type PayloadProblem =
  | { readonly code: "DEVICE_PAYLOAD_SIZE"; readonly size: number; readonly max: number }
  | { readonly code: "DEVICE_PAYLOAD_UTF8" }
  /** `reason` is the code of the JSON reader. */
  | { readonly code: "DEVICE_PAYLOAD_JSON"; readonly reason: string };

export type WriteProblem =
  | { readonly code: "DEVICE_TARGET_UNKNOWN"; readonly target: string }
  | { readonly code: "DEVICE_VALUE_MISSING"; readonly target: string }
  | { readonly code: "DEVICE_VALUE_UNWANTED"; readonly target: string }
  | { readonly code: "DEVICE_BINDING_OTHER"; readonly expected: string; readonly found: string };

/** A place that is no place on a link: wildcards, control characters, too long. */
export type AddressProblem = { readonly code: "DEVICE_ADDRESS"; readonly address: string };

export type ValueProblem = ConversionProblem | PayloadProblem | WriteProblem | AddressProblem;

export class DeviceValueError extends DomainError<ValueProblem> {
  readonly family: ErrorFamily = "input";
}

/** Tells an answer from a reason why there is none. */
export function isProblem<P extends { readonly code: string }>(answer: DeviceValue | P): answer is P {
  return typeof answer === "object";
}
