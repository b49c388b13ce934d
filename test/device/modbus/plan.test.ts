/** What is asked of a Modbus device, and what its registers mean. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModbusBinding, ModbusPoint, RegisterKind } from "../../../src/device/binding.js";
import { type ModbusReadRequest, modbusPlan } from "../../../src/device/modbus/plan.js";
import { ModbusPointError } from "../../../src/device/modbus/problems.js";
import { REGISTERS_OF, rawOfRegisters, registersOfRaw } from "../../../src/device/modbus/registers.js";

function point(name: string, address: number, more: Partial<ModbusPoint> = {}): ModbusPoint {
  return { name, table: "input", address, kind: "f32", words: "big", convert: { kind: "same" }, ...more };
}

function binding(reads: readonly ModbusPoint[], more: Partial<ModbusBinding> = {}): ModbusBinding {
  return { protocol: "modbus", reads, writes: [], pollMs: 1_000, registersMax: 40, ...more };
}

const shape = ({ table, address, count, points }: ModbusReadRequest) =>
  `${table} ${address}+${count}: ${points.map(({ name }) => name).join(" ")}`;
const shapes = (given: ModbusBinding) => modbusPlan(given).requests.map(shape);

function refusal(act: () => unknown): string {
  try {
    act();
    return "none";
  } catch (thrown) {
    if (thrown instanceof ModbusPointError) return thrown.code;
    throw thrown;
  }
}

describe("requests", () => {
  it("join points that touch or overlap and nothing else", () => {
    const reads = [
      point("power", 12),
      point("voltage", 0),
      point("current", 2),
      point("low", 3, { kind: "u16" }),
      point("relay", 0, { table: "coil", kind: "bit" }),
      point("lamp", 1, { table: "coil", kind: "bit" }),
      point("set", 12, { table: "holding", kind: "u16" }),
    ];
    expect(shapes(binding(reads))).toEqual([
      "coil 0+2: relay lamp",
      "holding 12+1: set",
      "input 0+4: voltage current low",
      "input 12+2: power",
    ]);
  });

  it("ask for no more registers than the device gives, and never for half a value", () => {
    const reads = Array.from({ length: 5 }, (_, i) => point(`v${i}`, 2 * i));
    expect(shapes(binding(reads, { registersMax: 5 }))).toEqual([
      "input 0+4: v0 v1",
      "input 4+4: v2 v3",
      "input 8+2: v4",
    ]);
  });

  it("name every point once, inside what is asked for, whatever the points are", () => {
    const points = fc.uniqueArray(
      fc.record({
        name: fc.string({ minLength: 1, maxLength: 4 }),
        address: fc.nat(60),
        kind: fc.constantFrom<RegisterKind>("u16", "i32", "f32"),
        table: fc.constantFrom("input" as const, "holding" as const),
      }),
      { selector: ({ name }) => name, maxLength: 30 },
    );
    fc.assert(
      fc.property(points, fc.integer({ min: 2, max: 20 }), (given, registersMax) => {
        const reads = given.map(({ name, address, ...more }) => point(name, address, more));
        const { requests } = modbusPlan(binding(reads, { registersMax }));
        const named = requests.flatMap((request) => request.points.map(({ name }) => name));
        expect(named.sort()).toEqual(given.map(({ name }) => name).sort());
        for (const { address, count, points: inside, table } of requests) {
          expect(count).toBeLessThanOrEqual(registersMax);
          const asked = new Set<number>();
          for (const one of inside) {
            expect(one.table).toBe(table);
            expect(one.address).toBeGreaterThanOrEqual(address);
            expect(one.address + REGISTERS_OF[one.kind]).toBeLessThanOrEqual(address + count);
            for (let i = 0; i < REGISTERS_OF[one.kind]; i++) asked.add(one.address + i);
          }
          // Nothing is read that nobody named.
          expect(asked.size).toBe(count);
        }
      }),
    );
  });

  it("give readings by name", () => {
    const plan = modbusPlan(binding([point("a", 7, { kind: "u16" }), point("b", 8, { kind: "i16" })]));
    const [request] = plan.requests as [ModbusReadRequest];
    expect(plan.readings(request, [5, 0xfffe])).toEqual([
      { name: "a", raw: 5 },
      { name: "b", raw: -2 },
    ]);
  });
});

describe("registers", () => {
  it.each([
    // 230.2 V in IEEE 754 single precision.
    ["f32", "big", [0x4366, 0x3333], 230.1999969482422],
    ["f32", "little", [0x3333, 0x4366], 230.1999969482422],
    ["u32", "big", [0x0001, 0x0002], 65_538],
    ["u32", "little", [0x0001, 0x0002], 131_073],
    ["u32", "big", [0xffff, 0xfffe], 4_294_967_294],
    ["i32", "big", [0xffff, 0xfffe], -2],
    ["i16", "big", [0x7fff], 32_767],
    ["u16", "big", [0x8000], 32_768],
  ] as const)("hold a %s, %s word first: %j is %d", (kind, words, registers, raw) => {
    const one = point("v", 0, { kind, words, table: "holding" });
    expect(rawOfRegisters(one, [...registers], 0)).toBe(raw);
    expect(registersOfRaw(one, raw)).toEqual(registers);
  });

  it.each([
    ["u16", [0xffff], 0xffff],
    ["i16", [0x8000], -0x8000],
    ["u32", [0xffff, 0xffff], 0xffff_ffff],
    ["i32", [0x8000, 0], -0x8000_0000],
    ["u16", [0], 0],
  ] as const)("of a %s: %j is a value, unless the profile says that it means none", (kind, registers, raw) => {
    const one = point("v", 0, { kind, table: "holding" });
    expect(rawOfRegisters(one, [...registers], 0)).toBe(raw);
    expect(registersOfRaw(one, raw)).toEqual(registers);
    const marked = { ...one, absent: raw };
    expect(rawOfRegisters(marked, [...registers], 0)).toBeUndefined();
    expect(refusal(() => registersOfRaw(marked, raw))).toBe("MODBUS_POINT_VALUE");
  });

  it.each([
    [0x7fc0, 0],
    [0x7f80, 0],
    [0xff80, 0],
  ])("of an f32 that are no number hold nothing: %j %j", (...registers) => {
    expect(rawOfRegisters(point("v", 0, { kind: "f32" }), registers, 0)).toBeUndefined();
  });

  it("come back from every value they can hold", () => {
    const values = fc.oneof(
      fc.tuple(fc.constant<RegisterKind>("u16"), fc.nat(0xffff)),
      fc.tuple(fc.constant<RegisterKind>("i16"), fc.integer({ min: -0x8000, max: 0x7fff })),
      fc.tuple(fc.constant<RegisterKind>("u32"), fc.nat(0xffff_ffff)),
      fc.tuple(fc.constant<RegisterKind>("i32"), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })),
      fc.tuple(fc.constant<RegisterKind>("f32"), fc.float({ noNaN: true, noDefaultInfinity: true })),
    );
    fc.assert(
      fc.property(values, fc.constantFrom("big" as const, "little" as const), ([kind, raw], words) => {
        const one = point("v", 3, { kind, words, table: "holding" });
        const registers = registersOfRaw(one, raw);
        expect(registers).toHaveLength(REGISTERS_OF[kind]);
        expect(rawOfRegisters(one, [9, ...registers], 1)).toBe(raw);
      }),
    );
  });

  it.each([
    ["u16", -1],
    ["u16", 0x1_0000],
    ["u16", 1.5],
    ["i16", -0x8001],
    ["u32", Number.NaN],
    ["f32", 1e39],
    ["f32", Number.POSITIVE_INFINITY],
    ["i32", true],
    ["bit", 1],
  ] as const)("of a %s are not made of %j", (kind, raw) => {
    const table = kind === "bit" ? "coil" : "holding";
    expect(refusal(() => registersOfRaw(point("v", 0, { kind, table }), raw))).toBe("MODBUS_POINT_VALUE");
  });
});

describe("writes", () => {
  const plan = modbusPlan(
    binding([], {
      writes: [
        point("relay", 3, { table: "coil", kind: "bit" }),
        point("level", 5, { table: "holding", kind: "u16" }),
        point("limit", 6, { table: "holding", kind: "f32" }),
      ],
    }),
  );

  it("take the function that fits, and read back what they wrote", () => {
    expect(plan.write("relay", true)).toMatchObject({ kind: "coil", address: 3, on: true, readBack: { count: 1 } });
    expect(plan.write("relay", false)).toMatchObject({ kind: "coil", on: false });
    expect(plan.write("level", 258)).toMatchObject({ kind: "register", address: 5, registers: [258] });
    expect(plan.write("limit", 1)).toMatchObject({
      kind: "registers",
      registers: [0x3f80, 0],
      readBack: { table: "holding", address: 6, count: 2 },
    });
  });

  it("of a point of nobody are refused", () => {
    expect(refusal(() => plan.write("voltage", 1))).toBe("MODBUS_POINT_UNKNOWN");
    expect(refusal(() => plan.write("toString", 1))).toBe("MODBUS_POINT_UNKNOWN");
  });
});

describe("a binding is refused", () => {
  it.each<readonly [string, ModbusBinding]>([
    ["for a bit in registers", binding([point("a", 0, { kind: "bit" })])],
    ["for a number in coils", binding([point("a", 0, { table: "coil", kind: "u16" })])],
    ["for an address beyond the table", binding([point("a", 65_535)])],
    ["for an address below it", binding([point("a", -1)])],
    ["for a point read twice", binding([point("a", 0), point("a", 2)])],
    ["for a point written twice", binding([], { writes: [0, 2].map((at) => point("a", at, { table: "holding" })) })],
    ["for writing to a table that is read-only", binding([], { writes: [point("a", 0)] })],
    ["for polling all the time", binding([], { pollMs: 1 })],
    ["for 126 registers a request", binding([], { registersMax: 126 })],
    ["for one register a request", binding([], { registersMax: 1 })],
    ["for more points than a device has", binding(Array.from({ length: 513 }, (_, i) => point(`p${i}`, 2 * i)))],
  ])("%s", (_, given) => {
    expect(refusal(() => modbusPlan(given))).toMatch(/^MODBUS_(POINT|BINDING)_INVALID$/);
  });
});
