/** What is to be done at a device, and what became of it. */
import type { Millis } from "../base/clock.js";
import type { DeviceId } from "./device.js";
import type { DeviceValue } from "./value.js";

export const COMMAND_ID_BYTES = 16;

export interface DeviceCommand {
  /** 16 bytes, the same when it is sent again. */
  readonly id: Uint8Array;
  readonly device: DeviceId;
  /** A writable property or an action of its profile. */
  readonly target: string;
  /** Absent for actions without an argument. */
  readonly value?: DeviceValue;
  /** Wall clock; after it nobody carries it out. */
  readonly expiresAt: Millis;
}

/**
 * `done` acknowledged, `sent` handed to a device that does not acknowledge, `superseded` by a later command for the same
 * target before it was acknowledged; the rest was not done.
 */
export type CommandResult = "done" | "sent" | "superseded" | "refused" | "failed" | "expired";
