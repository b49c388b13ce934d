/** One link of the gateway at work: between what a protocol says and what the core understands. */
import type { DeviceRecord } from "../../device/device.js";
import type { GatewayInput, GatewayMessage } from "../../device/gateway/messages.js";
import type { DeviceProfile } from "../../device/profile.js";

export interface CarrierStatus {
  readonly name: string;
  readonly protocol: "mqtt" | "serial" | "modbus";
  readonly connected: boolean;
  /** Code of why it is not, or was not. */
  readonly problem?: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Carrier {
  readonly name: string;
  start(emit: (input: GatewayInput) => void): void;
  /** A device of this link has come, or its profile has changed. */
  came(record: DeviceRecord, profile: DeviceProfile): void;
  left(record: DeviceRecord): void;
  /** The join window has opened: who was turned away before may be offered again. */
  joining?(forMs: number): void;
  send(message: GatewayMessage): void;
  status(): CarrierStatus;
  stop(): Promise<void>;
}
