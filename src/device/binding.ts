/**
 * How a profile's properties, actions and events are reached: over MQTT with JSON or plain text, in Modbus registers, or
 * by our own device protocol (`codec/device`), which needs no mapping.
 */
import type { DeviceValue } from "./value.js";

export type Binding = MqttBinding | ModbusBinding | NativeBinding;

/** Our own protocol, over MQTT (`dev/<id>/...`) or in frames on a serial line: names and values as the profile has them. */
export interface NativeBinding {
  readonly protocol: "edgeseal";
}

/** Names in topics: `{address}` is the device's address at its link (`shellyplus1pm-a8032ab1`, `zigbee2mqtt/kitchen`). */
export interface MqttBinding {
  readonly protocol: "mqtt";
  /** Where availability is told, and which payloads mean what (exact text, or of a JSON member). */
  readonly availability?: {
    readonly topic: string;
    readonly path?: readonly string[];
    readonly online: readonly string[];
    readonly offline: readonly string[];
  };
  readonly reads: readonly MqttRead[];
  readonly writes: readonly MqttWrite[];
  /** Sent after each connect and at the interview, to hear the state at once. */
  readonly refresh?: readonly MqttPublish[];
}

export interface MqttPublish {
  readonly topic: string;
  /** Text; `{value}` stands for the converted value, `{client}` for the gateway's name, `{id}` for the command's id. */
  readonly payload: string;
}

export interface MqttRead {
  readonly topic: string;
  /** Members from the outside in; empty: the whole payload, as text where it is no JSON. Absent members are no reading. */
  readonly path: readonly string[];
  /** The property or event that it feeds. */
  readonly to: string;
  readonly convert: Conversion;
  /** Only where the member at `path` has this value, such as `method` = `NotifyStatus`. */
  readonly when?: { readonly path: readonly string[]; readonly equals: string };
}

export interface MqttWrite extends MqttPublish {
  /** The property or action. */
  readonly from: string;
  readonly convert: Conversion;
}

/** Between what the device says and what the profile has. */
export type Conversion =
  /** Booleans and choices by name: device's JSON value (as compact JSON) to ours. */
  | { readonly kind: "map"; readonly pairs: readonly (readonly [device: string, ours: DeviceValue])[] }
  /** Numbers: ours = device x multiply / divide + offset, rounded to the property's decimals, all integers but the device's. */
  | { readonly kind: "scale"; readonly multiply: number; readonly divide: number; readonly offset: number }
  /** Taken as it is. */
  | { readonly kind: "same" };

export type RegisterKind = "u16" | "i16" | "u32" | "i32" | "f32" | "bit";

/** `{address}` of a device is `<line>/<unit>`; tables and addresses as in the Modbus application protocol, section 4. */
export interface ModbusBinding {
  readonly protocol: "modbus";
  readonly reads: readonly ModbusPoint[];
  readonly writes: readonly ModbusPoint[];
  readonly pollMs: number;
  /** Registers that one request may ask for. */
  readonly registersMax: number;
}

export interface ModbusPoint {
  /** The property. */
  readonly name: string;
  readonly table: "coil" | "discrete" | "input" | "holding";
  /** Zero-based, as it goes over the line. */
  readonly address: number;
  readonly kind: RegisterKind;
  /** `big`: the high word comes first. */
  readonly words: "big" | "little";
  readonly convert: Conversion;
}
