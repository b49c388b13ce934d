/**
 * One opened Modbus line, RTU or TCP, on `modbus-serial`: one request, one settled promise. It never opens again; a new
 * one takes its place. The package is loaded at the first opening.
 */
import { Socket } from "node:net";
import type { ModbusReadRequest, ModbusWriteRequest } from "../device/modbus/plan.js";
import { LineError } from "./lineProblems.js";
import { ModbusError, type ModbusProblem } from "./modbusProblems.js";
import { RtuPort } from "./rtuPort.js";
import { type OpenSerialPort, openSerialPort, type SerialPortOptions } from "./serialPort.js";
import { socketReason } from "./socketReason.js";

export type ModbusTransport =
  | ({ readonly kind: "rtu" } & SerialPortOptions)
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export interface ModbusTarget {
  /** `<line>/<unit>`, for problems. */
  readonly address: string;
  readonly unit: number;
}

export interface ModbusSession {
  /** Registers, or bits as 0 and 1; exactly `request.count`. @throws ModbusError, LineError */
  read(target: ModbusTarget, request: ModbusReadRequest): Promise<readonly number[]>;
  /** @throws ModbusError, LineError */
  write(target: ModbusTarget, request: ModbusWriteRequest): Promise<void>;
  /** Bytes so far that were no part of an answer: noise, echoes, late answers. Always 0 over TCP. */
  readonly strayBytes: number;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly transport: ModbusTransport;
  readonly timeoutMs: number;
  readonly openPort?: OpenSerialPort;
}

type ClientClass = Awaited<ReturnType<typeof importModbus>>;
type Client = InstanceType<ClientClass>;
type Reply<T> = (error: unknown, answer: T) => void;

/** Of a path or a host and port, for problems. */
export function lineNameOf(transport: ModbusTransport): string {
  return transport.kind === "rtu" ? transport.path : `${transport.host}:${transport.port}`;
}

/**
 * @param lost called once when the line is gone without `close`.
 * @throws ModbusError `MODBUS_MISSING`; LineError
 */
export async function openModbusSession(
  options: SessionOptions,
  lost: (reason: string) => void,
): Promise<ModbusSession> {
  const ModbusRTU = await loadModbus();
  const { transport, timeoutMs } = options;
  const session = new Session(lineNameOf(transport), timeoutMs, lost);
  if (transport.kind === "rtu") {
    let port: RtuPort | undefined;
    const opened = await (options.openPort ?? openSerialPort)(transport, {
      data: (bytes) => port?.received(bytes),
      lost: (reason) => {
        port?.lost();
        session.end(reason);
      },
    });
    port = new RtuPort(opened);
    const client = new ModbusRTU(port);
    await new Promise<void>((resolve) => client.open(() => resolve()));
    session.attach(client, {
      giveUp: () => port.giveUp(),
      strayBytes: () => port.strayBytes,
      close: () => new Promise((resolve) => port.close(() => resolve())),
    });
    return session;
  }
  const socket = await connect(transport.host, transport.port, timeoutMs);
  socket.once("close", () => session.end("closed"));
  const client = new ModbusRTU();
  await client.linkTCP(socket, { port: transport.port });
  client.on("error", () => {});
  session.attach(client, {
    giveUp: () => {},
    strayBytes: () => 0,
    close: async () => {
      socket.destroy();
    },
  });
  return session;
}

interface Carrier {
  giveUp(): void;
  strayBytes(): number;
  close(): Promise<void>;
}

class Session implements ModbusSession {
  readonly #line: string;
  readonly #timeoutMs: number;
  readonly #lost: (reason: string) => void;
  #client: Client | undefined;
  #carrier: Carrier | undefined;
  #over: string | undefined;
  #fail: ((error: LineError) => void) | undefined;

  constructor(line: string, timeoutMs: number, lost: (reason: string) => void) {
    this.#line = line;
    this.#timeoutMs = timeoutMs;
    this.#lost = lost;
  }

  get strayBytes(): number {
    return this.#carrier?.strayBytes() ?? 0;
  }

  attach(client: Client, carrier: Carrier): void {
    client.setTimeout(this.#timeoutMs);
    this.#client = client;
    this.#carrier = carrier;
  }

  end(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#fail?.(this.#down(reason));
    this.#lost(reason);
  }

  async read(target: ModbusTarget, request: ModbusReadRequest): Promise<readonly number[]> {
    const { table, address, count } = request;
    const { unit } = target;
    const isBits = table === "coil" || table === "discrete";
    const code = { coil: 1, discrete: 2, holding: 3, input: 4 }[table];
    const answer = await this.#ask<{ readonly data: readonly (number | boolean)[] }>(target, code, (client, reply) => {
      if (table === "coil") client.writeFC1(unit, address, count, reply);
      else if (table === "discrete") client.writeFC2(unit, address, count, reply);
      else if (table === "holding") client.writeFC3(unit, address, count, reply);
      else client.writeFC4(unit, address, count, reply);
    });
    const data = answer.data.map(Number);
    // Bits come in whole bytes.
    const right = isBits ? data.length === 8 * Math.ceil(count / 8) : data.length === count;
    if (right) return data.slice(0, count);
    const reason = `${data.length} for ${count}`;
    throw new ModbusError({ code: "MODBUS_ANSWER_INVALID", address: target.address, reason });
  }

  async write(target: ModbusTarget, request: ModbusWriteRequest): Promise<void> {
    const { unit } = target;
    const { address } = request;
    if (request.kind === "coil") {
      await this.#ask<object>(target, 5, (client, reply) => client.writeFC5(unit, address, request.on, reply));
    } else if (request.kind === "register") {
      const value = request.registers[0] as number;
      await this.#ask<object>(target, 6, (client, reply) => client.writeFC6(unit, address, value, reply));
    } else {
      const values = [...request.registers];
      await this.#ask<object>(target, 16, (client, reply) => client.writeFC16(unit, address, values, reply));
    }
  }

  async close(): Promise<void> {
    if (this.#over === undefined) {
      this.#over = "closed";
      this.#fail?.(this.#down("closed"));
    }
    await this.#carrier?.close();
  }

  /** One at a time: the caller waits for one before the next. */
  async #ask<T>(target: ModbusTarget, code: number, send: (client: Client, reply: Reply<T>) => void): Promise<T> {
    const client = this.#client;
    if (client === undefined || this.#over !== undefined) throw this.#down(this.#over ?? "opening");
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject;
        send(client, (error, answer) => {
          if (error === null || error === undefined) resolve(answer);
          else reject(error);
        });
      });
    } catch (thrown) {
      this.#carrier?.giveUp();
      if (thrown instanceof LineError) throw thrown;
      throw new ModbusError(this.#problemOf(thrown, target.address, code), { cause: thrown });
    } finally {
      this.#fail = undefined;
    }
  }

  #problemOf(thrown: unknown, address: string, code: number): ModbusProblem {
    const error = typeof thrown === "object" && thrown !== null ? thrown : {};
    if ("modbusCode" in error && typeof error.modbusCode === "number") {
      return { code: "MODBUS_EXCEPTION", address, function: code, exception: error.modbusCode };
    }
    if ("errno" in error && error.errno === "ETIMEDOUT") {
      return { code: "MODBUS_SILENT", address, timeoutMs: this.#timeoutMs };
    }
    return { code: "MODBUS_ANSWER_INVALID", address, reason: socketReason(thrown) };
  }

  #down(reason: string): LineError {
    return new LineError({ code: "LINE_DOWN", line: this.#line, reason });
  }
}

async function importModbus() {
  return (await import("modbus-serial")).default.default;
}

async function loadModbus(): Promise<ClientClass> {
  try {
    return await importModbus();
  } catch (thrown) {
    throw new ModbusError({ code: "MODBUS_MISSING", reason: socketReason(thrown) }, { cause: thrown });
  }
}

async function connect(host: string, port: number, timeoutMs: number): Promise<Socket> {
  const line = `${host}:${port}`;
  const socket = new Socket();
  // Later failures show as the end of the connection.
  socket.on("error", () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(timeoutMs, () => reject(new LineError({ code: "LINE_DOWN", line, reason: "ETIMEDOUT" })));
      socket.once("error", (error) => reject(new LineError({ code: "LINE_DOWN", line, reason: socketReason(error) })));
      socket.connect({ host, port, noDelay: true, keepAlive: true }, () => resolve());
    });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
  socket.setTimeout(0);
  return socket;
}
