/** What is wrong with what Zigbee2MQTT says of its devices. One bad entry costs that entry. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

export type ZigbeeProblem =
  | { readonly code: "ZIGBEE_LIST_SIZE"; readonly size: number; readonly max: number }
  | { readonly code: "ZIGBEE_LIST_JSON"; readonly reason: string }
  | { readonly code: "ZIGBEE_LIST_SHAPE" }
  | { readonly code: "ZIGBEE_TOO_MANY_DEVICES"; readonly count: number; readonly max: number }
  /** `device` in all of these: its IEEE address as far as it can be read, `""` otherwise. */
  | { readonly code: "ZIGBEE_DEVICE_SHAPE"; readonly device: string; readonly field: string }
  | { readonly code: "ZIGBEE_DEVICE_NAME"; readonly device: string; readonly name: string }
  | { readonly code: "ZIGBEE_DEVICE_TWICE"; readonly device: string; readonly name: string }
  | { readonly code: "ZIGBEE_DEVICE_NOT_READY"; readonly device: string; readonly state: string }
  | { readonly code: "ZIGBEE_DEVICE_UNSUPPORTED"; readonly device: string }
  | { readonly code: "ZIGBEE_DEVICE_EMPTY"; readonly device: string }
  /** `reason`: code of the profile's first problem. */
  | { readonly code: "ZIGBEE_DEVICE_PROFILE"; readonly device: string; readonly reason: string; readonly place: string }
  | { readonly code: "ZIGBEE_EXPOSES_TOO_MANY"; readonly device: string; readonly max: number }
  /** One ability of a device that is left out; the others are there. */
  | { readonly code: "ZIGBEE_EXPOSE_SHAPE"; readonly device: string; readonly expose: string; readonly field: string }
  | { readonly code: "ZIGBEE_EXPOSE_UNKNOWN"; readonly device: string; readonly expose: string; readonly type: string }
  | { readonly code: "ZIGBEE_EXPOSE_TWICE"; readonly device: string; readonly expose: string };

export class ZigbeeError extends DomainError<ZigbeeProblem> {
  readonly family: ErrorFamily = "input";
}
