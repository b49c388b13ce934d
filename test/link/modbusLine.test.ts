/** A Modbus line over a real TCP server and over a pty: polls, writes, exceptions, silence, noise, lost connections. */
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  LEVEL_REGISTER,
  ModbusMeter,
  plugInMeters,
  RELAY_COIL,
  SDM120,
  serveMeters,
} from "../../simulator/devices/modbusMeter.js";
import { concatBytes } from "../../src/base/bytes.js";
import { DomainError } from "../../src/base/error.js";
import type { ModbusBinding, ModbusPoint } from "../../src/device/binding.js";
import { modbusPlan } from "../../src/device/modbus/plan.js";
import type { RawValue } from "../../src/device/modbus/registers.js";
import {
  type ModbusLine,
  type ModbusLineHandlers,
  type ModbusLineOptions,
  modbusLine,
} from "../../src/link/modbusLine.js";
import type { ModbusProblem } from "../../src/link/modbusProblems.js";
import { seededRandom, until } from "../support/linkContract.js";
import { PtyPair } from "../support/ptyPair.js";

const BAUD = 115_200;
const QUICK = { name: "cellar", random: seededRandom(), reopenMinMs: 20, reopenMaxMs: 100, timeoutMs: 150 };

function point(name: string, address: number, more: Partial<ModbusPoint> = {}): ModbusPoint {
  return { name, table: "input", address, kind: "f32", words: "big", convert: { kind: "same" }, ...more };
}

const RELAY = point("relay", RELAY_COIL, { table: "coil", kind: "bit" });
const LEVEL = point("level", LEVEL_REGISTER, { table: "holding", kind: "u16" });

function plan(more: Partial<ModbusBinding> = {}) {
  const reads = [point("voltage", SDM120.voltage), point("power", SDM120.activePower), RELAY];
  const given = { protocol: "modbus", reads, writes: [RELAY, LEVEL], pollMs: 50, registersMax: 40 } as const;
  return modbusPlan({ ...given, ...more });
}

class Ear implements ModbusLineHandlers {
  readonly values = new Map<string, RawValue>();
  readonly readings: string[] = [];
  readonly problems: ModbusProblem[] = [];
  readonly downs: string[] = [];
  readonly drops: string[] = [];
  ups = 0;
  onReading: () => void = () => {};

  up(): void {
    this.ups++;
  }

  down(code: string): void {
    this.downs.push(code);
  }

  reading(address: string, name: string, raw: RawValue): void {
    this.values.set(`${address} ${name}`, raw);
    this.readings.push(`${address} ${name}`);
    this.onReading();
  }

  failed(_address: string, problem: ModbusProblem): void {
    this.problems.push(problem);
  }

  dropped(code: string): void {
    this.drops.push(code);
  }

  count(what: string): number {
    return this.readings.filter((one) => one === what).length;
  }
}

async function problemOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return "none";
  } catch (thrown) {
    if (thrown instanceof DomainError) return thrown.problem;
    throw thrown;
  }
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(options: Pick<ModbusLineOptions, "transport"> & Partial<ModbusLineOptions>, ear: Ear): ModbusLine {
  const line = modbusLine({ ...QUICK, ...options });
  cleanups.push(() => line.stop());
  line.start(ear);
  return line;
}

async function overTcp(meters: ReadonlyMap<number, ModbusMeter>, more: Partial<ModbusLineOptions> = {}) {
  const server = await serveMeters(meters);
  cleanups.push(() => server.stop());
  const ear = new Ear();
  const line = start({ transport: { kind: "tcp", host: "127.0.0.1", port: server.port }, ...more }, ear);
  return { server, ear, line };
}

type Bend = Parameters<typeof plugInMeters>[2];

async function overSerial(
  meters: ReadonlyMap<number, ModbusMeter>,
  more: Partial<ModbusLineOptions> = {},
  bend?: Bend,
) {
  const pty = new PtyPair();
  await pty.plug();
  cleanups.push(() => pty.remove());
  const far = await plugInMeters(meters, { path: pty.far, baudRate: BAUD }, bend);
  cleanups.push(() => far.unplug());
  const ear = new Ear();
  const line = start({ transport: { kind: "rtu", path: pty.near, baudRate: BAUD }, ...more }, ear);
  return { pty, ear, line };
}

function meter(voltage: number): ModbusMeter {
  const made = new ModbusMeter();
  made.set("voltage", voltage);
  return made;
}

const carriers = [
  ["over TCP", overTcp],
  ["over RTU on a serial line", overSerial],
] as const;

describe.each(carriers)("a Modbus line %s", (_, open) => {
  it("polls every device for every point", async () => {
    const one = meter(230.5);
    one.set("activePower", 1_500);
    const { ear, line } = await open(
      new Map([
        [1, one],
        [2, meter(110.25)],
      ]),
    );
    line.add("cellar/1", plan());
    line.add("cellar/2", plan());
    await until(() => ear.count("cellar/1 relay") >= 3 && ear.count("cellar/2 relay") >= 3, "three polls of both");
    expect(Object.fromEntries(ear.values)).toEqual({
      "cellar/1 voltage": 230.5,
      "cellar/1 power": 1_500,
      "cellar/1 relay": false,
      "cellar/2 voltage": 110.25,
      "cellar/2 power": 0,
      "cellar/2 relay": false,
    });
    expect(ear.problems).toEqual([]);
  });

  it("writes coils and registers, and tells what it read back", async () => {
    const one = meter(230);
    const { ear, line } = await open(new Map([[1, one]]));
    line.add("cellar/1", plan({ reads: [] }));
    await until(() => line.up, "the line");
    await Promise.all([line.write("cellar/1", "relay", true), line.write("cellar/1", "level", 513)]);
    expect([one.relay, one.level]).toEqual([true, 513]);
    expect(Object.fromEntries(ear.values)).toEqual({ "cellar/1 relay": true, "cellar/1 level": 513 });
  });

  it("says so when a device acknowledged a write and did not do it", async () => {
    const one = meter(230);
    one.stubborn = true;
    const { line } = await open(new Map([[1, one]]));
    line.add("cellar/1", plan());
    await until(() => line.up, "the line");
    const problem = { code: "MODBUS_WRITE_NOT_TAKEN", address: "cellar/1", name: "relay" };
    expect(await problemOf(line.write("cellar/1", "relay", true))).toEqual(problem);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 10, 11])("tells exception %d by its number and goes on", async (exception) => {
    const one = meter(230);
    one.exception = exception;
    const { ear, line } = await open(new Map([[1, one]]));
    line.add("cellar/1", plan({ reads: [point("voltage", 0)] }));
    await until(() => ear.problems.length > 0, "the exception");
    expect(ear.problems[0]).toEqual({ code: "MODBUS_EXCEPTION", address: "cellar/1", function: 4, exception });
    const refused = { code: "MODBUS_EXCEPTION", address: "cellar/1", function: 5, exception };
    expect(await problemOf(line.write("cellar/1", "relay", true))).toEqual(refused);
    one.exception = 0;
    line.poll("cellar/1");
    await until(() => ear.values.get("cellar/1 voltage") === 230, "the device to come back");
  });

  it("asks a silent device ever more rarely, and the others as before", async () => {
    const dead = meter(0);
    dead.silent = true;
    const { ear, line } = await open(
      new Map([
        [1, dead],
        [2, meter(110)],
      ]),
    );
    line.add("cellar/1", plan());
    line.add("cellar/2", plan());
    await until(() => ear.count("cellar/2 relay") >= 60, "sixty polls of the other");
    expect(ear.problems.every(({ code }) => code === "MODBUS_SILENT")).toBe(true);
    // Polled like the other one it would have been asked about as often.
    expect(dead.requests).toBeGreaterThan(0);
    expect(dead.requests).toBeLessThan(6);
    expect(await problemOf(line.write("cellar/1", "relay", true))).toMatchObject({ code: "MODBUS_SILENT" });
    dead.silent = false;
    line.poll("cellar/1");
    await until(() => ear.count("cellar/1 relay") > 0, "the silent one to come back");
  });

  it("tells a point without a value and keeps the others", async () => {
    const one = meter(230);
    one.set("activePower", Number.NaN);
    const { ear, line } = await open(new Map([[1, one]]));
    line.add("cellar/1", plan());
    await until(() => ear.count("cellar/1 relay") > 1, "a whole poll");
    expect(ear.problems).toContainEqual({ code: "MODBUS_VALUE_ABSENT", address: "cellar/1", name: "power" });
    expect(ear.values.has("cellar/1 power")).toBe(false);
    expect(ear.values.get("cellar/1 voltage")).toBe(230);
  });

  it("goes on when a handler throws", async () => {
    const { ear, line } = await open(new Map([[1, meter(230)]]));
    let calls = 0;
    ear.onReading = () => {
      if (++calls === 1) throw new TypeError("a mistake");
    };
    line.add("cellar/1", plan());
    await until(() => ear.count("cellar/1 relay") >= 2, "more polls");
    expect(ear.drops).toEqual(["LINE_HANDLER_FAILED"]);
  });

  it("does not ask a device that was removed", async () => {
    const one = meter(230);
    const { ear, line } = await open(
      new Map([
        [1, one],
        [2, meter(1)],
      ]),
    );
    line.add("cellar/1", plan());
    line.add("cellar/2", plan());
    await until(() => ear.count("cellar/1 relay") > 0, "a poll");
    line.remove("cellar/1");
    const before = ear.count("cellar/2 relay");
    await until(() => ear.count("cellar/2 relay") > before + 1, "the poll that was going on");
    const asked = one.requests;
    await until(() => ear.count("cellar/2 relay") > before + 5, "more polls of the other");
    expect(one.requests).toBe(asked);
    expect(await problemOf(line.write("cellar/1", "relay", true))).toMatchObject({ code: "MODBUS_DEVICE_UNKNOWN" });
  });
});

describe("a Modbus line over TCP", () => {
  it("comes back by itself when the server does", async () => {
    const meters = new Map([[1, meter(230)]]);
    const { server, ear, line } = await overTcp(meters);
    line.add("cellar/1", plan());
    await until(() => ear.values.size === 3, "a poll");
    await server.stop();
    await until(() => ear.downs.length >= 2, "the loss and a failed attempt");
    expect(line.lastProblem).toMatchObject({ code: "LINE_DOWN", reason: "ECONNREFUSED" });
    expect(await problemOf(line.write("cellar/1", "relay", true))).toMatchObject({ code: "LINE_DOWN" });
    const again = await serveMeters(meters, server.port);
    cleanups.push(() => again.stop());
    const before = ear.readings.length;
    await until(() => ear.ups === 2 && ear.readings.length > before, "the server");
  });

  it("takes a connection without any answer for dead", async () => {
    const dead = new Map([1, 2, 3, 4, 5, 6].map((unit) => [unit, meter(0)] as const));
    for (const one of dead.values()) one.silent = true;
    const { ear, line } = await overTcp(dead, { timeoutMs: 20 });
    for (const unit of dead.keys()) line.add(`cellar/${unit}`, plan());
    await until(() => ear.ups >= 2, "a new connection");
    expect(ear.downs).toContain("LINE_DOWN");
  });

  it("survives a server that answers anything at all", async () => {
    const random = seededRandom(77);
    let answered = 0;
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (request) => {
        answered++;
        const [choice = 0, size = 0] = random.bytes(2);
        const body = random.bytes(size);
        const head = Buffer.from(request.subarray(0, 7));
        if (choice < 200) {
          // A right transaction and unit, and a length that is true for most.
          head.writeUInt16BE(choice < 150 ? body.length + 1 : choice, 4);
          if (body.length > 0 && choice % 2 === 0) body[0] = request[7] as number;
          socket.write(concatBytes([head, body]));
        } else if (choice < 250) socket.write(body);
        else socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const ear = new Ear();
    const line = start({ transport: { kind: "tcp", host: "127.0.0.1", port }, timeoutMs: 10 }, ear);
    line.add("cellar/1", plan());
    const asking = setInterval(() => line.poll("cellar/1"), 5);
    cleanups.push(async () => clearInterval(asking));
    await until(() => answered >= 100, "a hundred answers");
    const codes = new Set(ear.problems.map(({ code }) => code));
    for (const code of codes) expect(["MODBUS_ANSWER_INVALID", "MODBUS_EXCEPTION", "MODBUS_SILENT"]).toContain(code);
    expect(codes.has("MODBUS_ANSWER_INVALID")).toBe(true);
  });

  it("refuses what waits when it is stopped", async () => {
    const dead = meter(0);
    dead.silent = true;
    const { line } = await overTcp(new Map([[1, dead]]), { timeoutMs: 10_000 });
    line.add("cellar/1", plan({ reads: [] }));
    await until(() => line.up, "the line");
    const writes = Array.from({ length: 70 }, () => problemOf(line.write("cellar/1", "relay", true)));
    await until(() => dead.requests === 1, "the first write");
    expect(await writes[69]).toMatchObject({ code: "LINE_BUSY", limit: 64 });
    await line.stop();
    const codes = (await Promise.all(writes)).map((problem) => (problem as { readonly code: string }).code);
    expect(new Set(codes)).toEqual(new Set(["LINE_DOWN", "LINE_STOPPED", "LINE_BUSY"]));
    expect(await problemOf(line.write("cellar/1", "relay", true))).toMatchObject({ code: "LINE_STOPPED" });
  });
});

describe("a Modbus line over RTU", () => {
  it("finds answers between noise and its own echo", async () => {
    const one = meter(230);
    const noise = (answer: Uint8Array, request: Uint8Array) =>
      concatBytes([Uint8Array.of(0xff, 0x01), request, Uint8Array.of(1, 4), answer, Uint8Array.of(0x55)]);
    const { ear, line } = await overSerial(new Map([[1, one]]), {}, noise);
    line.add("cellar/1", plan());
    await until(() => ear.count("cellar/1 relay") >= 3, "three polls");
    expect(ear.values.get("cellar/1 voltage")).toBe(230);
    expect(ear.problems).toEqual([]);
    expect(ear.drops.length).toBeGreaterThan(0);
    expect(new Set(ear.drops)).toEqual(new Set(["LINE_NOISE"]));
    expect(line.counters.get("LINE_NOISE")).toBe(ear.drops.length);
  });

  it("takes an answer with a wrong checksum for none", async () => {
    const bent = (answer: Uint8Array) => answer.map((byte, i) => (i === 4 ? byte ^ 1 : byte));
    const { ear, line } = await overSerial(new Map([[1, meter(230)]]), {}, bent);
    line.add("cellar/1", plan());
    await until(() => ear.problems.length > 0, "the failure");
    expect(ear.problems[0]).toMatchObject({ code: "MODBUS_SILENT" });
    expect(ear.readings).toEqual([]);
  });

  it("never takes a late answer for that of the next request", async () => {
    const one = meter(111);
    one.set("activePower", 222);
    const timeoutMs = 500;
    let answers = 0;
    // Every third answer comes when the time for it is over, and not yet twice that long.
    const late = async (answer: Uint8Array) => {
      if (++answers % 3 === 0) await new Promise((resolve) => setTimeout(resolve, timeoutMs * 1.2));
      return answer;
    };
    const { ear, line } = await overSerial(new Map([[1, one]]), { timeoutMs }, late);
    const wrong: string[] = [];
    ear.onReading = () => {
      if ((ear.values.get("cellar/1 voltage") ?? 111) !== 111) wrong.push("voltage");
      if ((ear.values.get("cellar/1 power") ?? 222) !== 222) wrong.push("power");
    };
    // Two requests of one shape: only the time tells their answers apart.
    line.add("cellar/1", plan({ reads: [point("voltage", SDM120.voltage), point("power", SDM120.activePower)] }));
    for (let i = 0; i < 4; i++) {
      const before = ear.problems.length;
      await until(() => ear.problems.length > before, "a late answer");
      line.poll("cellar/1");
    }
    await until(() => ear.count("cellar/1 power") >= 3, "good polls");
    expect(wrong).toEqual([]);
  });

  it("comes back when the adapter was pulled out and put back", async () => {
    const meters = new Map([[1, meter(230)]]);
    const { pty, ear, line } = await overSerial(meters);
    line.add("cellar/1", plan());
    await until(() => ear.values.size === 3, "a poll");
    await pty.unplug();
    await until(() => ear.downs.length > 0 && !line.up, "the loss");
    expect(await problemOf(line.write("cellar/1", "relay", true))).toMatchObject({ code: "LINE_DOWN" });
    await pty.plug();
    const far = await plugInMeters(meters, { path: pty.far, baudRate: BAUD });
    cleanups.push(() => far.unplug());
    const before = ear.readings.length;
    await until(() => ear.ups === 2 && ear.readings.length > before, "the adapter");
  });
});

describe("addresses and options that cannot be", () => {
  const transport = { kind: "tcp", host: "127.0.0.1", port: 502 } as const;

  it.each([
    "cellar",
    "cellar/",
    "attic/1",
    "cellar/256",
    "cellar/01",
    "cellar/1/2",
    "cellar/-1",
    "cellar/1.5",
    "cellar/x",
  ])("%s is no device of the line", (address) => {
    expect(() => modbusLine({ ...QUICK, transport }).add(address, plan())).toThrow("MODBUS_DEVICE_UNKNOWN");
  });

  it("units are 1 to 247 on a serial line", () => {
    const line = modbusLine({ ...QUICK, transport: { kind: "rtu", path: "/dev/null", baudRate: 9_600 } });
    line.add("cellar/247", plan());
    for (const unit of [0, 248]) expect(() => line.add(`cellar/${unit}`, plan())).toThrow("MODBUS_DEVICE_UNKNOWN");
  });

  it("there are no more devices on a line than unit numbers of a serial one", () => {
    const line = modbusLine({ ...QUICK, transport });
    for (let unit = 0; unit < 247; unit++) line.add(`cellar/${unit}`, plan());
    expect(() => line.add("cellar/250", plan())).toThrow("MODBUS_DEVICES_TOO_MANY");
    line.add("cellar/3", plan());
  });

  it("a port beyond 65535 is refused", () => {
    expect(() => modbusLine({ ...QUICK, transport: { ...transport, port: 70_000 } })).toThrow("LINE_OPTION_INVALID");
  });
});
