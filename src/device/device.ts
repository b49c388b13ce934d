/** One installed device: which model, where it is reached, what vouches for it. */
import type { Millis } from "../base/clock.js";

/** `[A-Za-z0-9_-]{1,64}`: fit for one level of a topic, a file name and a log line. */
export type DeviceId = string;

export { DEVICE_ID } from "../codec/device/names.js";

export const DEVICES_MAX = 4_096;

/** Who answers for a device's readings: its own key, or the gateway that hears it on a link of its own. */
export type Voucher = { readonly kind: "key"; readonly publicKey: Uint8Array } | { readonly kind: "gateway" };

export interface DeviceRecord {
  readonly id: DeviceId;
  /** Profile: `<vendor>/<model>`. */
  readonly profile: string;
  /** Name of the link of the gateway's configuration over which it is reached. */
  readonly link: string;
  /** Its place on that link: a topic prefix, `<line>/<unit>`, the device id of a serial line. */
  readonly address: string;
  /** For people. */
  readonly name: string;
  /** Groups it is in: rooms, alarms... */
  readonly groups: readonly string[];
  readonly owner?: string;
  readonly voucher: Voucher;
  readonly joinedAt: Millis;
}

export type Registration =
  | { readonly verdict: "registered"; readonly trustTier: number; readonly evidence: RegistrationEvidence }
  | { readonly verdict: "unknown" | "suspended" | "retired" | "key-mismatch" };

/** What the verdict rests on. A file today; a state proof from a certified header when registration is on the chain. */
export type RegistrationEvidence =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "state-proof"; readonly height: number; readonly headerHash: Uint8Array };

/** Where it is looked up whether a device may take part. */
export interface RegistrationSource {
  registration(device: DeviceRecord): Registration;
}
