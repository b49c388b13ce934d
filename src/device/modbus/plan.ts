/**
 * What to ask a Modbus device and what its answers mean, from a profile's binding. Points that touch are read by one
 * request; registers that nobody named are never read, because many devices refuse a request that holds one.
 */
import type { ModbusBinding, ModbusPoint } from "../binding.js";
import { ModbusPointError } from "./problems.js";
import { type RawValue, REGISTERS_OF, rawOfRegisters, registersOfRaw } from "./registers.js";

/** Modbus Application Protocol V1.1b3, sections 6.3 and 6.4. */
export const REGISTERS_PER_READ_MAX = 125;
/** The same, sections 6.1 and 6.2. */
export const BITS_PER_READ_MAX = 2_000;
export const POINTS_MAX = 512;
export const POLL_MIN_MS = 50;
export const POLL_MAX_MS = 86_400_000;
const ADDRESSES = 0x1_0000;

export type ModbusTable = ModbusPoint["table"];

export interface ModbusReadRequest {
  readonly table: ModbusTable;
  readonly address: number;
  /** Registers, or bits of `coil` and `discrete`. */
  readonly count: number;
  readonly points: readonly ModbusPoint[];
}

/** Functions 5 (one coil), 6 (one register) and 16 (several registers). */
export type ModbusWriteRequest =
  | { readonly kind: "coil"; readonly address: number; readonly on: boolean; readonly readBack: ModbusReadRequest }
  | {
      readonly kind: "register" | "registers";
      readonly address: number;
      readonly registers: readonly number[];
      readonly readBack: ModbusReadRequest;
    };

export interface RawReading {
  readonly name: string;
  /** Undefined: the device says that it has no value. */
  readonly raw: RawValue | undefined;
}

/** What a line needs to know of a device. */
export interface ModbusPlan {
  readonly pollMs: number;
  readonly requests: readonly ModbusReadRequest[];
  /** @param data the registers, or bits as 0 and 1, that were asked for: exactly `request.count`. */
  readings(request: ModbusReadRequest, data: readonly number[]): readonly RawReading[];
  /** @throws ModbusPointError `MODBUS_POINT_UNKNOWN`, `MODBUS_POINT_VALUE` */
  write(name: string, raw: RawValue): ModbusWriteRequest;
}

/** @throws ModbusPointError `MODBUS_BINDING_INVALID`, `MODBUS_POINT_INVALID` */
export function modbusPlan(binding: ModbusBinding): ModbusPlan {
  checkBinding(binding);
  for (const point of [...binding.reads, ...binding.writes]) checkPoint(point);
  const writes = new Map<string, ModbusPoint>();
  for (const point of binding.writes) {
    if (point.table !== "coil" && point.table !== "holding") invalid(point, `table "${point.table}" is read-only`);
    if (writes.has(point.name)) invalid(point, "is written in two places");
    writes.set(point.name, point);
  }
  const names = new Set<string>();
  for (const point of binding.reads) {
    if (names.has(point.name)) invalid(point, "is read in two places");
    names.add(point.name);
  }
  return {
    pollMs: binding.pollMs,
    requests: mergedRequests(binding),
    readings: readingsOf,
    write: (name, raw) => {
      const point = writes.get(name);
      if (point === undefined) throw new ModbusPointError({ code: "MODBUS_POINT_UNKNOWN", name });
      return writeOf(point, raw);
    },
  };
}

function checkBinding({ pollMs, registersMax, reads, writes }: ModbusBinding): void {
  if (!Number.isInteger(pollMs) || pollMs < POLL_MIN_MS || pollMs > POLL_MAX_MS) {
    const reason = `${POLL_MIN_MS}..${POLL_MAX_MS}`;
    throw new ModbusPointError({ code: "MODBUS_BINDING_INVALID", field: "pollMs", reason });
  }
  if (!Number.isInteger(registersMax) || registersMax < 2 || registersMax > REGISTERS_PER_READ_MAX) {
    const reason = `2..${REGISTERS_PER_READ_MAX}`;
    throw new ModbusPointError({ code: "MODBUS_BINDING_INVALID", field: "registersMax", reason });
  }
  if (reads.length + writes.length > POINTS_MAX) {
    throw new ModbusPointError({ code: "MODBUS_BINDING_INVALID", field: "points", reason: `0..${POINTS_MAX}` });
  }
}

function checkPoint(point: ModbusPoint): void {
  const { table, kind, address } = point;
  if ((kind === "bit") !== isBits(table)) invalid(point, `kind "${kind}" does not stand in table "${table}"`);
  if (!Number.isInteger(address) || address < 0 || address + REGISTERS_OF[kind] > ADDRESSES) {
    invalid(point, "address is not in 0..65535");
  }
}

function invalid(point: ModbusPoint, reason: string): never {
  throw new ModbusPointError({ code: "MODBUS_POINT_INVALID", name: point.name, reason });
}

function isBits(table: ModbusTable): boolean {
  return table === "coil" || table === "discrete";
}

function mergedRequests({ reads, registersMax }: ModbusBinding): readonly ModbusReadRequest[] {
  const requests: { table: ModbusTable; address: number; count: number; points: ModbusPoint[] }[] = [];
  const ordered = [...reads].sort(
    (a, b) => compareText(a.table, b.table) || a.address - b.address || compareText(a.name, b.name),
  );
  for (const point of ordered) {
    const open = requests.at(-1);
    const size = REGISTERS_OF[point.kind];
    const countMax = isBits(point.table) ? Math.min(registersMax * 16, BITS_PER_READ_MAX) : registersMax;
    // Never part of a value: two halves of two answers may be of two moments.
    const count = open === undefined ? 0 : Math.max(open.count, point.address + size - open.address);
    const joins =
      open !== undefined &&
      open.table === point.table &&
      point.address <= open.address + open.count &&
      count <= countMax;
    if (joins) {
      open.count = count;
      open.points.push(point);
    } else requests.push({ table: point.table, address: point.address, count: size, points: [point] });
  }
  return requests;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readingsOf(request: ModbusReadRequest, data: readonly number[]): readonly RawReading[] {
  return request.points.map((point) => ({
    name: point.name,
    raw: rawOfRegisters(point, data, point.address - request.address),
  }));
}

function writeOf(point: ModbusPoint, raw: RawValue): ModbusWriteRequest {
  const registers = registersOfRaw(point, raw);
  const { table, address } = point;
  const readBack = { table, address, count: registers.length, points: [point] };
  if (table === "coil") return { kind: "coil", address, on: raw === true, readBack };
  return { kind: registers.length === 1 ? "register" : "registers", address, registers, readBack };
}
