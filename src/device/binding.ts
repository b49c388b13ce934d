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

/**
 * Names in topics: `{address}` is the device's address at its link (`shellyplus1pm-a8032ab1`, `zigbee2mqtt/kitchen`). Every
 * topic has it, so that no device is read from or written to under another one's name.
 */
export interface MqttBinding {
  readonly protocol: "mqtt";
  /**
   * Where availability is told, and which payloads mean what: the member at `path` where the payload is a JSON object, else
   * the payload's exact text.
   */
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
  /**
   * Text. `{value}` stands for the converted value as JSON, or as it is where it is the whole payload; `{id}` for the
   * command's id (32 hex digits), `{client}` for the gateway's name, `{address}` as in topics: none of these needs escaping.
   */
  readonly payload: string;
}

export interface MqttRead {
  readonly topic: string;
  /**
   * Members from the outside in, digits for places in lists; empty: the whole payload, as text where it is no JSON scalar.
   * Absent members and null are no reading.
   */
  readonly path: readonly string[];
  /** The property or event that it feeds. */
  readonly to: string;
  readonly convert: Conversion;
  /** Only where the member at `path` is this text, or has it as its JSON, such as `method` = `NotifyStatus`. */
  readonly when?: { readonly path: readonly string[]; readonly equals: string };
}

export interface MqttWrite extends MqttPublish {
  /** The property or action. */
  readonly from: string;
  readonly convert: Conversion;
}

/** Between what the device says and what the profile has. */
export type Conversion =
  /**
   * By name: device's JSON scalar (as compact JSON) to ours. Several of the device's may mean one of ours; the first of
   * them is what the device is told.
   */
  | { readonly kind: "map"; readonly pairs: readonly (readonly [device: string, ours: DeviceValue])[] }
  /** Numbers, in the property's unit: ours = device x multiply / divide + offset, rounded to the property's decimals. */
  | {
      readonly kind: "scale";
      readonly multiply: number;
      readonly divide: number;
      readonly offset: number;
      /** Digits after the point that the device takes; absent 6, and 0 in registers of integers. */
      readonly digits?: number;
    }
  /** Taken as it is; a number is in the property's unit: 21.5 is 215 in a property with one decimal. */
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
  /**
   * The number by which this device says that it has no value, as the kind counts: 65535 of a `u16`, -32768 of an `i16` with
   * devices after SunSpec. Left out: every number is a value. Of an `f32`, what is no number never is one.
   */
  readonly absent?: number;
  readonly convert: Conversion;
}
