/**
 * A Modbus line, RTU or TCP, with any number of devices on it. One request at a time; writes go first; devices take turns
 * request by request, the one that is due longest next. A device that does not answer costs the line one time limit, then
 * waits longer and longer, and the others keep their pace.
 *
 * The line knows units, requests and registers. What to ask and what it means is in each device's plan
 * (`device/modbus/plan`), which is handed in.
 */
import { Counters } from "../base/counters.js";
import { codeOf, DomainError } from "../base/error.js";
import { type Logger, SILENT_LOGGER } from "../base/logger.js";
import type { Random } from "../base/random.js";
import type { ModbusPlan, ModbusReadRequest } from "../device/modbus/plan.js";
import type { RawValue } from "../device/modbus/registers.js";
import { Backoff } from "./backoff.js";
import { type LineDropCode, LineError, type LineProblem } from "./lineProblems.js";
import { ModbusError, type ModbusProblem } from "./modbusProblems.js";
import { lineNameOf, type ModbusSession, type ModbusTransport, openModbusSession } from "./modbusSession.js";
import { ModbusUnit } from "./modbusUnit.js";
import { checkSerialPortOptions, type OpenSerialPort } from "./serialPort.js";
import { socketReason } from "./socketReason.js";

/** Slow meters answer within 200 ms, at 2,400 baud the longest answer takes 1.2 s. */
export const MODBUS_TIMEOUT_MS = 1_000;
export const MODBUS_DEVICES_MAX = 247;
export const MODBUS_WRITES_WAITING_MAX = 64;
/** Longest pause before a silent device is asked again. */
export const MODBUS_SILENT_MAX_MS = 60_000;
export const MODBUS_REOPEN_MIN_MS = 250;
export const MODBUS_REOPEN_MAX_MS = 15_000;
export const MODBUS_STABLE_AFTER_MS = 10_000;
/** Over TCP, so many requests without any answer mean that the connection is dead. */
const SILENT_REQUESTS_MAX = 5;
/** Gateways answer these for a device behind them that does not: Modbus Application Protocol V1.1b3, section 7. */
const GATEWAY_EXCEPTIONS: readonly number[] = [10, 11];
/** The two exceptions that a register gives which can be written and not read. */
const NOT_READABLE_EXCEPTIONS: readonly number[] = [1, 2];
/** Modbus over Serial Line V1.02, section 2.5.1.1: 3.5 characters of 11 bits, and 1.75 ms above 19,200 baud. */
const SILENCE_BITS = 38.5;
const SILENCE_MIN_MS = 1.75;

export interface ModbusLineOptions {
  /** Name of the line in addresses: `<line>/<unit>`. */
  readonly name: string;
  readonly transport: ModbusTransport;
  readonly timeoutMs?: number;
  readonly silentMaxMs?: number;
  readonly reopenMinMs?: number;
  readonly reopenMaxMs?: number;
  readonly random: Random;
  readonly logger?: Logger;
  /** Instead of the real serial port: for tests. */
  readonly openPort?: OpenSerialPort;
}

export interface ModbusLineHandlers {
  up(): void;
  /** `code` of a LineProblem or ModbusProblem; called for a failed opening too. */
  down(code: string): void;
  /** A point's value as the registers have it. */
  reading(address: string, name: string, raw: RawValue): void;
  /** A poll of a device failed, or a point of it has no value. The line goes on. */
  failed(address: string, problem: ModbusProblem): void;
  dropped(code: string): void;
}

export interface ModbusLine {
  /** Opens the line and keeps opening it with jittered back-off until `stop`. */
  start(handlers: ModbusLineHandlers): void;
  readonly up: boolean;
  readonly lastProblem: LineProblem | ModbusProblem | undefined;
  readonly counters: Counters;
  /**
   * Polls this device from now on; a plan given before for the address is replaced.
   * @throws ModbusError `MODBUS_DEVICE_UNKNOWN` for an address of another line or no unit (1..247, over TCP 0..255),
   *   `MODBUS_DEVICES_TOO_MANY`
   */
  add(address: string, plan: ModbusPlan): void;
  remove(address: string): void;
  /** Asks this device before its time: at the interview, or because somebody wants to know. */
  poll(address: string): void;
  /**
   * Writes, and reads back what was written; resolves when the device holds it. What was read back is a `reading` too.
   * @throws ModbusPointError, ModbusError `MODBUS_DEVICE_UNKNOWN`, `MODBUS_SILENT`, `MODBUS_EXCEPTION`,
   *   `MODBUS_ANSWER_INVALID`, `MODBUS_WRITE_NOT_TAKEN`; LineError `LINE_DOWN`, `LINE_BUSY`, `LINE_STOPPED`
   */
  write(address: string, name: string, raw: RawValue): Promise<void>;
  stop(): Promise<void>;
}

/** @throws LineError `LINE_OPTION_INVALID` */
export function modbusLine(options: ModbusLineOptions): ModbusLine {
  return new ModbusLineRunner(options);
}

interface WaitingWrite {
  readonly unit: ModbusUnit;
  readonly name: string;
  readonly raw: RawValue;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class ModbusLineRunner implements ModbusLine {
  readonly counters = new Counters();
  readonly #options: ModbusLineOptions;
  readonly #line: string;
  readonly #timeoutMs: number;
  readonly #backoff: Backoff;
  readonly #units = new Map<string, ModbusUnit>();
  #writes: WaitingWrite[] = [];
  #handlers: ModbusLineHandlers | undefined;
  #session: ModbusSession | undefined;
  #opening: Promise<void> = Promise.resolve();
  /** Grows with each opening and with `stop`; what belongs to an older one ends. */
  #run = 0;
  #reopenTimer: NodeJS.Timeout | undefined;
  #stableTimer: NodeJS.Timeout | undefined;
  #lastProblem: LineProblem | ModbusProblem | undefined;
  #silentRequests = 0;
  /** Ends the pause until something is due. */
  #wake: () => void = () => {};

  constructor(options: ModbusLineOptions) {
    const { transport, reopenMinMs = MODBUS_REOPEN_MIN_MS, reopenMaxMs = MODBUS_REOPEN_MAX_MS } = options;
    if (transport.kind === "rtu") checkSerialPortOptions(transport);
    else if (!Number.isInteger(transport.port) || transport.port < 1 || transport.port > 65_535) {
      throw new LineError({ code: "LINE_OPTION_INVALID", option: "port", reason: "1..65535" });
    }
    this.#options = options;
    this.#line = lineNameOf(transport);
    this.#timeoutMs = options.timeoutMs ?? MODBUS_TIMEOUT_MS;
    this.#backoff = new Backoff(reopenMinMs, reopenMaxMs, options.random);
  }

  get up(): boolean {
    return this.#session !== undefined;
  }

  get lastProblem(): LineProblem | ModbusProblem | undefined {
    return this.#lastProblem;
  }

  start(handlers: ModbusLineHandlers): void {
    if (this.#handlers !== undefined) return;
    this.#handlers = handlers;
    this.#open();
  }

  add(address: string, plan: ModbusPlan): void {
    const unit = this.#unitOf(address);
    if (!this.#units.has(address) && this.#units.size >= MODBUS_DEVICES_MAX) {
      const count = this.#units.size + 1;
      throw new ModbusError({ code: "MODBUS_DEVICES_TOO_MANY", count, limit: MODBUS_DEVICES_MAX });
    }
    const { random, silentMaxMs = MODBUS_SILENT_MAX_MS } = this.#options;
    this.#units.set(address, new ModbusUnit(address, unit, plan, silentMaxMs, random));
    this.#wake();
  }

  remove(address: string): void {
    this.#units.delete(address);
  }

  poll(address: string): void {
    this.#units.get(address)?.dueNow(performance.now());
    this.#wake();
  }

  async write(address: string, name: string, raw: RawValue): Promise<void> {
    const unit = this.#units.get(address);
    if (unit === undefined) throw new ModbusError({ code: "MODBUS_DEVICE_UNKNOWN", address });
    // Says at once what can never be written.
    unit.plan.write(name, raw);
    const line = this.#line;
    if (this.#handlers === undefined) throw new LineError({ code: "LINE_STOPPED", line });
    if (this.#session === undefined) throw new LineError({ code: "LINE_DOWN", line, reason: "opening" });
    if (this.#writes.length >= MODBUS_WRITES_WAITING_MAX) {
      this.counters.add("LINE_BUSY" satisfies LineProblem["code"]);
      const limit = MODBUS_WRITES_WAITING_MAX;
      throw new LineError({ code: "LINE_BUSY", line, waiting: this.#writes.length, limit });
    }
    await new Promise<void>((resolve, reject) => {
      this.#writes.push({ unit, name, raw, resolve, reject });
      this.#wake();
    });
  }

  async stop(): Promise<void> {
    this.#run++;
    clearTimeout(this.#reopenTimer);
    clearTimeout(this.#stableTimer);
    this.#handlers = undefined;
    const session = this.#session;
    this.#session = undefined;
    this.#failWrites({ code: "LINE_STOPPED", line: this.#line });
    this.#wake();
    await session?.close();
    await this.#opening;
  }

  #unitOf(address: string): number {
    const { name, transport } = this.#options;
    const text = address.startsWith(`${name}/`) ? address.slice(name.length + 1) : "";
    const unit = /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Number.NaN;
    const [least, most] = transport.kind === "rtu" ? [1, 247] : [0, 255];
    if (unit >= least && unit <= most) return unit;
    throw new ModbusError({ code: "MODBUS_DEVICE_UNKNOWN", address });
  }

  #open(): void {
    const run = ++this.#run;
    const { transport, openPort } = this.#options;
    const options = { transport, timeoutMs: this.#timeoutMs, ...(openPort === undefined ? {} : { openPort }) };
    const lost = (reason: string): void => {
      if (run === this.#run) this.#ended({ code: "LINE_DOWN", line: this.#line, reason });
    };
    this.#opening = openModbusSession(options, lost).then(
      async (session) => {
        if (run === this.#run) this.#opened(session, run);
        else await session.close();
      },
      (thrown: unknown) => {
        if (run === this.#run) this.#ended(problemOf(thrown, this.#line));
      },
    );
  }

  #opened(session: ModbusSession, run: number): void {
    this.#session = session;
    this.#silentRequests = 0;
    this.#stableTimer = setTimeout(() => this.#backoff.reset(), MODBUS_STABLE_AFTER_MS);
    this.counters.add("LINE_OPENED");
    const now = performance.now();
    for (const unit of this.#units.values()) unit.dueNow(now);
    this.#call((handlers) => handlers.up());
    void this.#serve(session, run);
  }

  #ended(problem: LineProblem | ModbusProblem): void {
    this.#run++;
    this.#session = undefined;
    this.#lastProblem = problem;
    clearTimeout(this.#stableTimer);
    this.counters.add(problem.code);
    this.#failWrites({ code: "LINE_DOWN", line: this.#line, reason: problem.code });
    this.#wake();
    const waitMs = this.#backoff.next();
    this.#logger.warn({ problem, waitMs, failures: this.#backoff.failures }, "A Modbus line is down.");
    this.#reopenTimer = setTimeout(() => this.#open(), waitMs);
    this.#call((handlers) => handlers.down(problem.code));
  }

  /** Until the line ends: a write, or the next request of the device that is due longest, or a pause. */
  async #serve(session: ModbusSession, run: number): Promise<void> {
    const { transport } = this.#options;
    const silenceMs =
      transport.kind === "tcp" ? 0 : Math.max(SILENCE_MIN_MS, (SILENCE_BITS * 1_000) / transport.baudRate);
    let strayBytes = 0;
    while (run === this.#run) {
      const now = performance.now();
      const write = this.#takeWrite(now);
      const unit = write === undefined ? this.#dueUnit(now) : undefined;
      if (write !== undefined) await this.#carryOut(session, write);
      else if (unit !== undefined) await this.#pollOnce(session, unit);
      else {
        await this.#pause(now);
        continue;
      }
      if (session.strayBytes > strayBytes) this.#drop("LINE_NOISE");
      strayBytes = session.strayBytes;
      if (this.#silentRequests >= SILENT_REQUESTS_MAX && transport.kind === "tcp" && run === this.#run) {
        await session.close();
        this.#ended({ code: "LINE_DOWN", line: this.#line, reason: "no answers" });
      } else if (silenceMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(silenceMs)));
    }
  }

  /** A device whose late answer may still come is not asked: it would be taken for the next one. */
  #takeWrite(now: number): WaitingWrite | undefined {
    const index = this.#writes.findIndex(({ unit }) => unit.askableAtMs <= now);
    return index < 0 ? undefined : this.#writes.splice(index, 1)[0];
  }

  #dueUnit(now: number): ModbusUnit | undefined {
    let due: ModbusUnit | undefined;
    for (const unit of this.#units.values()) {
      if (unit.nextAtMs <= now && (due === undefined || unit.nextAtMs < due.nextAtMs)) due = unit;
    }
    return due;
  }

  #pause(now: number): Promise<void> {
    let next = Number.POSITIVE_INFINITY;
    for (const unit of this.#units.values()) next = Math.min(next, unit.nextAtMs);
    for (const { unit } of this.#writes) next = Math.min(next, unit.askableAtMs);
    return new Promise((resolve) => {
      const timer =
        next === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => this.#wake(), Math.ceil(next - now));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  async #pollOnce(session: ModbusSession, unit: ModbusUnit): Promise<void> {
    const request = unit.takeRequest();
    if (request === undefined) {
      unit.finished(performance.now());
      return;
    }
    try {
      await this.#read(session, unit, request);
      unit.answered(performance.now());
    } catch (thrown) {
      this.#failedRequest(unit, thrown);
    }
  }

  async #read(session: ModbusSession, unit: ModbusUnit, request: ModbusReadRequest): Promise<readonly number[]> {
    const data = await session.read(unit, request);
    this.#silentRequests = 0;
    for (const { name, raw } of unit.plan.readings(request, data)) {
      if (raw === undefined) this.#fail(unit.address, { code: "MODBUS_VALUE_ABSENT", address: unit.address, name });
      else this.#call((handlers) => handlers.reading(unit.address, name, raw));
    }
    return data;
  }

  async #carryOut(session: ModbusSession, { unit, name, raw, resolve, reject }: WaitingWrite): Promise<void> {
    try {
      const request = unit.plan.write(name, raw);
      await session.write(unit, request);
      this.#silentRequests = 0;
      const expected = request.kind === "coil" ? [request.on ? 1 : 0] : request.registers;
      const found = await this.#readBack(session, unit, request.readBack);
      if (found?.some((word, i) => word !== expected[i])) {
        throw new ModbusError({ code: "MODBUS_WRITE_NOT_TAKEN", address: unit.address, name });
      }
      resolve();
    } catch (thrown) {
      if (thrown instanceof DomainError) this.counters.add(thrown.code as string);
      this.#noteSilence(unit, thrown);
      reject(thrown);
    }
  }

  /** Undefined where the register can be written and not read. */
  async #readBack(
    session: ModbusSession,
    unit: ModbusUnit,
    request: ModbusReadRequest,
  ): Promise<readonly number[] | undefined> {
    try {
      return await this.#read(session, unit, request);
    } catch (thrown) {
      const problem = thrown instanceof ModbusError ? thrown.problem : undefined;
      if (problem?.code === "MODBUS_EXCEPTION" && NOT_READABLE_EXCEPTIONS.includes(problem.exception)) return undefined;
      throw thrown;
    }
  }

  #failedRequest(unit: ModbusUnit, thrown: unknown): void {
    // The line's end is told once, by `down`.
    if (thrown instanceof LineError) return;
    if (!this.#noteSilence(unit, thrown)) unit.answered(performance.now());
    const { address } = unit;
    if (thrown instanceof ModbusError) this.#fail(address, thrown.problem);
    else this.#fail(address, { code: "MODBUS_ANSWER_INVALID", address, reason: codeOf(thrown) });
  }

  /** Whether the device is there at all; if not, it waits. */
  #noteSilence(unit: ModbusUnit, thrown: unknown): boolean {
    const problem = thrown instanceof ModbusError ? thrown.problem : undefined;
    const isGateway = problem?.code === "MODBUS_EXCEPTION" && GATEWAY_EXCEPTIONS.includes(problem.exception);
    this.#silentRequests = problem?.code === "MODBUS_SILENT" ? this.#silentRequests + 1 : 0;
    // A wrong answer too: the right one may still be on its way.
    if (problem?.code !== "MODBUS_SILENT" && problem?.code !== "MODBUS_ANSWER_INVALID" && !isGateway) return false;
    unit.silent(performance.now(), isGateway ? 0 : this.#timeoutMs);
    return true;
  }

  #fail(address: string, problem: ModbusProblem): void {
    this.counters.add(problem.code);
    this.#call((handlers) => handlers.failed(address, problem));
  }

  #failWrites(problem: LineProblem): void {
    const writes = this.#writes;
    this.#writes = [];
    for (const { reject } of writes) reject(new LineError(problem));
  }

  #call(call: (handlers: ModbusLineHandlers) => void): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    try {
      call(handlers);
    } catch (thrown) {
      this.#logger.error({ code: codeOf(thrown) }, "A handler of a Modbus line threw.");
      this.#drop("LINE_HANDLER_FAILED");
    }
  }

  #drop(code: LineDropCode): void {
    this.counters.add(code);
    try {
      this.#handlers?.dropped(code);
    } catch {
      this.counters.add("LINE_HANDLER_FAILED" satisfies LineDropCode);
    }
  }

  get #logger(): Logger {
    return this.#options.logger ?? SILENT_LOGGER;
  }
}

function problemOf(thrown: unknown, line: string): LineProblem | ModbusProblem {
  if (thrown instanceof LineError || thrown instanceof ModbusError) return thrown.problem;
  return { code: "LINE_DOWN", line, reason: socketReason(thrown) };
}
