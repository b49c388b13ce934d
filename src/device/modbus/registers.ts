/**
 * Values in registers. A register is 16 bits, its high byte first on the wire; which of two registers comes first is the
 * device's choice (`words`). What the registers hold is the raw value; the profile's conversion makes a value of it.
 */
import type { ModbusPoint, RegisterKind } from "../binding.js";
import { ModbusPointError } from "./problems.js";

/** A bit is a boolean, everything else a number: whole, but for `f32`. */
export type RawValue = boolean | number;

/** Registers that a value takes; a bit takes one coil or discrete input. */
export const REGISTERS_OF: Readonly<Record<RegisterKind, 1 | 2>> = { u16: 1, i16: 1, u32: 2, i32: 2, f32: 2, bit: 1 };

const RANGE: Readonly<Record<Exclude<RegisterKind, "f32" | "bit">, readonly [number, number]>> = {
  u16: [0, 0xffff],
  i16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

/** Whether a register of this kind can hold the number; bits and floating point hold none of these. */
export function holdsInteger(kind: RegisterKind, value: number): boolean {
  if (kind === "bit" || kind === "f32" || !Number.isInteger(value)) return false;
  const [least, most] = RANGE[kind];
  return value >= least && value <= most;
}

const SCRATCH = new DataView(new ArrayBuffer(4));

/**
 * Value of the registers of one point, from `at` on.
 * @returns undefined where the device says that it has none.
 */
export function rawOfRegisters(point: ModbusPoint, registers: readonly number[], at: number): RawValue | undefined {
  const { kind } = point;
  const first = registers[at] as number;
  if (kind === "bit") return first !== 0;
  if (kind === "u16" || kind === "i16") {
    const value = kind === "u16" ? first : (first << 16) >> 16;
    return value === point.absent ? undefined : value;
  }
  const second = registers[at + 1] as number;
  SCRATCH.setUint16(0, point.words === "big" ? first : second);
  SCRATCH.setUint16(2, point.words === "big" ? second : first);
  if (kind === "f32") {
    const value = SCRATCH.getFloat32(0);
    return Number.isFinite(value) ? value : undefined;
  }
  const value = kind === "u32" ? SCRATCH.getUint32(0) : SCRATCH.getInt32(0);
  return value === point.absent ? undefined : value;
}

/**
 * Registers of a value, in the order in which they are written.
 * @throws ModbusPointError `MODBUS_POINT_VALUE` for a value that the kind does not hold, or that says "absent".
 */
export function registersOfRaw(point: ModbusPoint, raw: RawValue): readonly number[] {
  const { kind, name } = point;
  if (kind === "bit" || typeof raw !== "number") {
    if (kind === "bit" && typeof raw === "boolean") return [raw ? 1 : 0];
    throw new ModbusPointError({ code: "MODBUS_POINT_VALUE", name, kind });
  }
  if (kind === "f32") {
    if (!Number.isFinite(Math.fround(raw))) throw new ModbusPointError({ code: "MODBUS_POINT_VALUE", name, kind });
    SCRATCH.setFloat32(0, raw);
  } else {
    if (!holdsInteger(kind, raw) || raw === point.absent) {
      throw new ModbusPointError({ code: "MODBUS_POINT_VALUE", name, kind });
    }
    if (REGISTERS_OF[kind] === 1) return [raw & 0xffff];
    SCRATCH.setUint32(0, raw >>> 0);
  }
  const words = [SCRATCH.getUint16(0), SCRATCH.getUint16(2)];
  return point.words === "big" ? words : words.reverse();
}
