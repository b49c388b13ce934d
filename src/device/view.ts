/** What rules, scenes and policies may read: the devices of the gateway as its shadow holds them, and the chain's age. */
import type { Millis } from "../base/clock.js";
import type { DeviceId, DeviceRecord, Registration } from "./device.js";
import type { DeviceProfile } from "./profile.js";
import type { DeviceValue } from "./value.js";

export interface Reading {
  readonly value: DeviceValue;
  /** When it arrived, gateway's wall clock. */
  readonly at: Millis;
  /** The same on a clock that never jumps, ms. */
  readonly monotonicMs: number;
  /** The device's own count; 0 where it keeps none. */
  readonly sequence: number;
  /** Signature of the message that brought it, where the device signs. */
  readonly signature?: Uint8Array;
}

export type Availability = "online" | "offline" | "unknown";

export interface DeviceFacts {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  readonly registration: Registration;
  readonly availability: Availability;
}

export interface DeviceView {
  devices(): Iterable<DeviceFacts>;
  device(id: DeviceId): DeviceFacts | undefined;
  /** The newest reading, stale or not. */
  reading(id: DeviceId, property: string): Reading | undefined;
  /** Whether a reading still says something: younger than the property's limit, and its device not offline. */
  fresh(id: DeviceId, property: string, monotonicMs: number): boolean;
}

/** Time as a machine is told it. */
export interface Now {
  readonly wallMs: Millis;
  /** Whether the wall clock is known to be set. */
  readonly wallSet: boolean;
  /** Never jumps, never goes back; starts anywhere. */
  readonly monotonicMs: number;
}

/** What is known of the chain. */
export interface ChainFacts {
  readonly height: number;
  readonly headerHash: Uint8Array;
  /** Undefined counts as older than every limit. */
  readonly headerAgeMs: number | undefined;
}
