/**
 * A stand-in for an energy meter of the Eastron SDM120 kind, with a relay: registers as "SDM120-Modbus, Modbus protocol"
 * (Eastron Electronic Co.) lists them, 32-bit floats, high word first, in the input registers. It answers over Modbus TCP,
 * or as an RTU device on a serial line. Its exceptions, silences and slow answers are set by whoever tries a gateway on it.
 */
import type { AddressInfo, Server } from "node:net";
import { crc16 } from "../../src/link/rtuPort.js";
import { type OpenSerialPort, openSerialPort, type SerialPortOptions } from "../../src/link/serialPort.js";

/** Input registers of the SDM120; the numbers are the protocol's parameters less 30001. */
export const SDM120 = {
  voltage: 0x0000,
  current: 0x0006,
  activePower: 0x000c,
  apparentPower: 0x0012,
  reactivePower: 0x0018,
  powerFactor: 0x001e,
  frequency: 0x0046,
  importEnergy: 0x0048,
  exportEnergy: 0x004a,
  totalEnergy: 0x0156,
} as const;

export type MeterValue = keyof typeof SDM120;

/** Coil of the relay, which the SDM120 has not and its relatives have. */
export const RELAY_COIL = 0;
/** Holding registers: meter's own unit number as a float, and a level of our own as an integer. */
export const METER_ID_REGISTER = 0x0014;
export const LEVEL_REGISTER = 0x0100;

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;

/** Thrown to answer with an exception; `modbusErrorCode` is how `modbus-serial` reads it. */
class MeterException extends Error {
  readonly modbusErrorCode: number;

  constructor(code: number) {
    super(`Modbus exception ${code}`);
    this.modbusErrorCode = code;
  }
}

export class ModbusMeter {
  readonly #input = new Map<number, number>();
  readonly #holding = new Map<number, number>();
  relay = false;
  /** Every request is answered with this exception; 0: none. */
  exception = 0;
  /** Answers to nobody. */
  silent = false;
  /** Says yes to writes and does not do them. */
  stubborn = false;
  /** Requests that came, answered or not. */
  requests = 0;

  constructor() {
    for (const name of Object.keys(SDM120) as MeterValue[]) this.set(name, 0);
    this.setFloat(this.#holding, METER_ID_REGISTER, 1);
    this.#holding.set(LEVEL_REGISTER, 0);
  }

  /** In the unit of the register: V, A, W, VA, var, 1, Hz, kWh, kWh, kWh. */
  set(name: MeterValue, value: number): void {
    this.setFloat(this.#input, SDM120[name], value);
  }

  get level(): number {
    return this.#holding.get(LEVEL_REGISTER) as number;
  }

  setFloat(table: Map<number, number>, address: number, value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    table.set(address, view.getUint16(0));
    table.set(address + 1, view.getUint16(2));
  }

  /** @throws MeterException */
  input(address: number): number {
    return this.#found(this.#input, address);
  }

  /** @throws MeterException */
  holding(address: number): number {
    return this.#found(this.#holding, address);
  }

  /** @throws MeterException */
  writeHolding(address: number, value: number): void {
    this.#found(this.#holding, address);
    if (!this.stubborn) this.#holding.set(address, value);
  }

  /** @throws MeterException */
  coil(address: number): boolean {
    this.#refuse(address === RELAY_COIL);
    return this.relay;
  }

  /** @throws MeterException */
  writeCoil(address: number, on: boolean): void {
    this.#refuse(address === RELAY_COIL);
    if (!this.stubborn) this.relay = on;
  }

  /** The answer to a request without CRC, unit first; undefined: none. For RTU. */
  answer(request: Uint8Array): Uint8Array | undefined {
    this.requests++;
    if (this.silent) return undefined;
    const unit = request[0] as number;
    const code = request[1] as number;
    try {
      return Uint8Array.of(unit, code, ...this.#body(code, request));
    } catch (thrown) {
      if (!(thrown instanceof MeterException)) throw thrown;
      return Uint8Array.of(unit, code | 0x80, thrown.modbusErrorCode);
    }
  }

  #body(code: number, request: Uint8Array): number[] {
    const view = new DataView(request.buffer, request.byteOffset, request.length);
    const address = view.getUint16(2);
    const second = view.getUint16(4);
    const echo = [...request.subarray(2, 6)];
    const words = (read: (at: number) => number) => {
      const all = Array.from({ length: second }, (_, i) => read(address + i));
      return [2 * second, ...all.flatMap((word) => [word >> 8, word & 255])];
    };
    if (code === 1) return [1, this.coil(address) ? 1 : 0];
    if (code === 3) return words((at) => this.holding(at));
    if (code === 4) return words((at) => this.input(at));
    if (code === 5) this.writeCoil(address, second === 0xff00);
    else if (code === 6) this.writeHolding(address, second);
    else if (code === 16) {
      for (let i = 0; i < second; i++) this.writeHolding(address + i, view.getUint16(7 + 2 * i));
    } else throw new MeterException(ILLEGAL_FUNCTION);
    return echo;
  }

  #found(table: ReadonlyMap<number, number>, address: number): number {
    const value = table.get(address);
    this.#refuse(value !== undefined);
    return value as number;
  }

  #refuse(known: boolean): void {
    if (this.exception !== 0) throw new MeterException(this.exception);
    if (!known) throw new MeterException(ILLEGAL_ADDRESS);
  }
}

export interface RunningMeters {
  /** Of Modbus TCP. */
  readonly port: number;
  stop(): Promise<void>;
}

type Reply<T> = (error: Error | null, value: T) => void;

/** Meters by unit number behind one Modbus TCP server on 127.0.0.1; units that are not there are silent. */
export async function serveMeters(meters: ReadonlyMap<number, ModbusMeter>, port = 0): Promise<RunningMeters> {
  const { ServerTCP } = (await import("modbus-serial")).default;
  const ask = <T>(unit: number, done: Reply<T>, read: (meter: ModbusMeter) => T): void => {
    const meter = meters.get(unit);
    if (meter !== undefined) meter.requests++;
    if (meter === undefined || meter.silent) return;
    let value: T;
    try {
      value = read(meter);
    } catch (thrown) {
      done(thrown as Error, [] as T);
      return;
    }
    done(null, value);
  };
  // With callbacks: the library does not catch what its promises are rejected with.
  const vector = {
    getCoil: (at: number, unit: number, done: Reply<boolean>) => ask(unit, done, (meter) => meter.coil(at)),
    getInputRegister: (at: number, unit: number, done: Reply<number>) => ask(unit, done, (meter) => meter.input(at)),
    getHoldingRegister: (at: number, unit: number, done: Reply<number>) =>
      ask(unit, done, (meter) => meter.holding(at)),
    getMultipleInputRegisters: (at: number, length: number, unit: number, done: Reply<number[]>) =>
      ask(unit, done, (meter) => Array.from({ length }, (_, i) => meter.input(at + i))),
    getMultipleHoldingRegisters: (at: number, length: number, unit: number, done: Reply<number[]>) =>
      ask(unit, done, (meter) => Array.from({ length }, (_, i) => meter.holding(at + i))),
    setCoil: (at: number, on: boolean, unit: number, done: Reply<void>) =>
      ask(unit, done, (meter) => meter.writeCoil(at, on)),
    setRegister: (at: number, value: number, unit: number, done: Reply<void>) =>
      ask(unit, done, (meter) => meter.writeHolding(at, value)),
    setRegisterArray: (at: number, values: number[], unit: number, done: Reply<void>) =>
      ask(unit, done, (meter) => {
        for (const [i, value] of values.entries()) meter.writeHolding(at + i, value);
      }),
  };
  // The library takes a port of 0 for none given; as a text it is handed on.
  const options = { host: "127.0.0.1", port: String(port) as unknown as number, unitID: 255 };
  const server = new ServerTCP(vector, options);
  server.on("socketError", () => {});
  await new Promise<void>((resolve, reject) => {
    server.on("initialized", () => resolve());
    server.on("serverError", (error) => reject(error));
  });
  const inner = (server as unknown as { readonly _server: Server })._server;
  return {
    port: (inner.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface PluggedMeters {
  unplug(): Promise<void>;
}

/** Smallest request: unit, function, two words, CRC. */
const REQUEST_BYTES = 8;
const REQUEST_BYTES_MAX = 256;

/**
 * The same meters as RTU devices on a serial line.
 * @param bend what becomes of an answer before it is sent: noise, an echo before it, a late one.
 */
export async function plugInMeters(
  meters: ReadonlyMap<number, ModbusMeter>,
  options: SerialPortOptions,
  bend: (answer: Uint8Array, request: Uint8Array) => Uint8Array | Promise<Uint8Array> = (answer) => answer,
  openPort: OpenSerialPort = openSerialPort,
): Promise<PluggedMeters> {
  let held = new Uint8Array(0);
  const answerTo = async (request: Uint8Array): Promise<void> => {
    const answer = meters.get(request[0] as number)?.answer(request);
    if (answer !== undefined) await port.write(await bend(withCrc(answer), request));
  };
  const received = (bytes: Uint8Array): void => {
    held = Uint8Array.of(...held, ...bytes).slice(-REQUEST_BYTES_MAX);
    for (let found = requestIn(held); found !== undefined; found = requestIn(held)) {
      held = held.slice(found.end);
      void answerTo(found.request);
    }
  };
  const port = await openPort(options, { data: received, lost: () => {} });
  return { unplug: () => port.close() };
}

function withCrc(frame: Uint8Array): Uint8Array {
  const crc = crc16(frame);
  return Uint8Array.of(...frame, crc & 255, crc >> 8);
}

/** The first whole request, found by its CRC: a stand-in does not measure pauses. */
function requestIn(held: Uint8Array): { readonly request: Uint8Array; readonly end: number } | undefined {
  for (let at = 0; at + REQUEST_BYTES <= held.length; at++) {
    const isLong = held[at + 1] === 16;
    const end = at + (isLong ? 9 + (held[at + 6] as number) : REQUEST_BYTES);
    if (end > held.length) continue;
    const request = held.subarray(at, end - 2);
    const crc = crc16(request);
    if (held[end - 2] === (crc & 255) && held[end - 1] === crc >> 8) return { request: request.slice(), end };
  }
  return undefined;
}
