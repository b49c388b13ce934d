/**
 * A profile as people write it and as it is derived from a bridge: plain data with names, numbers in units. `buildProfile`
 * makes a `DeviceProfile` of it.
 */
import type { ModbusPoint } from "../binding.js";
import type { SafetyClass } from "../profile.js";
import type { DeviceValue } from "../value.js";

export interface TypeSource {
  readonly type: "boolean" | "number" | "choice" | "text";
  /** Numbers only, in the unit: both included. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Digits after the point that are kept; 0. */
  readonly decimals?: number | undefined;
  readonly unit?: string | undefined;
  /** Choices only. */
  readonly choices?: readonly string[] | undefined;
  /** Texts only; 256. */
  readonly charactersMax?: number | undefined;
}

/** `lower`, `higher`, `none`, or the values, numbers in the unit. */
export type SafeSource = "lower" | "higher" | "none" | readonly DeviceValue[];

export interface PropertySource extends TypeSource {
  readonly capability: string;
  readonly title?: string | undefined;
  readonly access: "read" | "write" | "read-write";
  /** Absent: the capability's, and 0 for what can only be read. */
  readonly safetyClass?: SafetyClass | undefined;
  /** Absent: the capability's. */
  readonly safe?: SafeSource | undefined;
  readonly staleAfterSeconds?: number | undefined;
}

export interface ActionSource {
  readonly capability: string;
  readonly title?: string | undefined;
  readonly input?: TypeSource | undefined;
  readonly safetyClass?: SafetyClass | undefined;
  readonly safe?: boolean | undefined;
  readonly idempotent: boolean;
}

export interface EventSource {
  readonly capability: string;
  readonly title?: string | undefined;
  readonly data?: TypeSource | undefined;
}

/** Absent: taken as it is. Either `map`, its numbers in the unit, or the others. */
export interface ConversionSource {
  readonly map?: readonly (readonly [device: string | number | boolean, ours: DeviceValue])[] | undefined;
  readonly multiply?: number | undefined;
  readonly divide?: number | undefined;
  readonly offset?: number | undefined;
  readonly digits?: number | undefined;
}

export interface PublishSource {
  readonly topic: string;
  readonly payload: string;
}

export interface MqttReadSource {
  readonly topic: string;
  readonly path?: readonly string[] | undefined;
  readonly to: string;
  readonly convert?: ConversionSource | undefined;
  readonly when?: { readonly path: readonly string[]; readonly equals: string } | undefined;
}

export interface MqttWriteSource extends PublishSource {
  readonly from: string;
  readonly convert?: ConversionSource | undefined;
}

export interface MqttSource {
  readonly protocol: "mqtt";
  readonly availability?:
    | {
        readonly topic: string;
        readonly path?: readonly string[] | undefined;
        readonly online: readonly string[];
        readonly offline: readonly string[];
      }
    | undefined;
  readonly reads: readonly MqttReadSource[];
  readonly writes: readonly MqttWriteSource[];
  readonly refresh?: readonly PublishSource[] | undefined;
}

export interface ModbusPointSource {
  readonly name: string;
  readonly table: ModbusPoint["table"];
  readonly address: number;
  readonly kind: ModbusPoint["kind"];
  /** `big` */
  readonly words?: ModbusPoint["words"] | undefined;
  readonly absent?: number | undefined;
  readonly convert?: ConversionSource | undefined;
}

export interface ModbusSource {
  readonly protocol: "modbus";
  readonly reads: readonly ModbusPointSource[];
  readonly writes: readonly ModbusPointSource[];
  readonly pollSeconds: number;
  /** 32 */
  readonly registersMax?: number | undefined;
}

export interface NativeSource {
  readonly protocol: "edgeseal";
}

export interface ProfileSource {
  readonly vendor: string;
  readonly model: string;
  readonly title: string;
  readonly description?: string | undefined;
  /** Public pages with the facts. */
  readonly sources?: readonly string[] | undefined;
  readonly class: string;
  readonly safetyClass?: SafetyClass | undefined;
  readonly properties?: Readonly<Record<string, PropertySource>> | undefined;
  readonly actions?: Readonly<Record<string, ActionSource>> | undefined;
  readonly events?: Readonly<Record<string, EventSource>> | undefined;
  readonly binding: MqttSource | ModbusSource | NativeSource;
}
