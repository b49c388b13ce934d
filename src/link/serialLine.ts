/**
 * A serial line with our own devices on it: frames of the device protocol (`codec/device/frame`) over a serial port that
 * may be pulled out and put back at any time. What arrives is handed on as bytes of one message, not looked at.
 *
 * The line's speed bounds what comes in. What goes out waits in a queue with a bound, oldest first, and fails when the
 * line does: a command that was not sent is the caller's to repeat.
 */
import { Counters } from "../base/counters.js";
import { codeOf } from "../base/error.js";
import { type Logger, SILENT_LOGGER } from "../base/logger.js";
import type { Random } from "../base/random.js";
import { DeviceFrameReader, encodeDeviceFrame, type FrameDirection } from "../codec/device/frame.js";
import { Backoff } from "./backoff.js";
import { type LineDropCode, LineError, type LineProblem } from "./lineProblems.js";
import {
  checkSerialPortOptions,
  type OpenedPort,
  type OpenSerialPort,
  openSerialPort,
  type SerialPortOptions,
} from "./serialPort.js";
import { socketReason } from "./socketReason.js";

/** Frames that wait for the line, with their envelopes: five seconds at 9,600 baud. */
export const LINE_QUEUE_BYTES_MAX = 4_096;
export const LINE_REOPEN_MIN_MS = 250;
export const LINE_REOPEN_MAX_MS = 15_000;
/** A port that stays open this long has not just been found in a bad contact. */
export const LINE_STABLE_AFTER_MS = 10_000;

export interface SerialLineOptions extends SerialPortOptions {
  /** Which end we are; a stand-in for a device is the other one. Default `gateway`. */
  readonly end?: "gateway" | "device";
  readonly random: Random;
  readonly logger?: Logger;
  readonly queueBytesMax?: number;
  readonly reopenMinMs?: number;
  readonly reopenMaxMs?: number;
  /** Instead of the real one: for tests. */
  readonly openPort?: OpenSerialPort;
}

export interface SerialLineHandlers {
  /** Called at each opening: devices are to be heard anew. */
  up(): void;
  /** `code` of a LineProblem; called for a failed opening too. */
  down(code: string): void;
  /** One message of the device that calls itself `address` on this line. The bytes are the receiver's. */
  message(address: string, bytes: Uint8Array): void;
  dropped(code: string): void;
}

export interface FramedSerialLine {
  /** Opens the port and keeps opening it with jittered back-off until `stop`. */
  start(handlers: SerialLineHandlers): void;
  readonly up: boolean;
  readonly lastProblem: LineProblem | undefined;
  readonly counters: Counters;
  readonly traffic: { readonly bytesIn: number; readonly bytesOut: number };
  /**
   * Resolves when the frame has left the process; no device has acknowledged it then.
   * @throws LineError `LINE_DOWN`, `LINE_BUSY`, `LINE_STOPPED`; DeviceMessageError for an address or size no frame can have
   */
  send(address: string, message: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** @throws LineError `LINE_OPTION_INVALID` */
export function serialLine(options: SerialLineOptions): FramedSerialLine {
  return new SerialLineRunner(options);
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LineError) => void;
}

class SerialLineRunner implements FramedSerialLine {
  readonly counters = new Counters();
  readonly #options: SerialLineOptions;
  readonly #outgoing: FrameDirection;
  readonly #reader = new DeviceFrameReader();
  readonly #backoff: Backoff;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #writing = false;
  #handlers: SerialLineHandlers | undefined;
  #port: OpenedPort | undefined;
  #opening: Promise<void> = Promise.resolve();
  /** Grows with each opening and with `stop`; what belongs to an older one is not listened to any more. */
  #run = 0;
  #timer: NodeJS.Timeout | undefined;
  #stableTimer: NodeJS.Timeout | undefined;
  #lastProblem: LineProblem | undefined;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(options: SerialLineOptions) {
    checkSerialPortOptions(options);
    this.#options = options;
    this.#outgoing = options.end === "device" ? "from-device" : "to-device";
    const { reopenMinMs = LINE_REOPEN_MIN_MS, reopenMaxMs = LINE_REOPEN_MAX_MS } = options;
    this.#backoff = new Backoff(reopenMinMs, reopenMaxMs, options.random);
  }

  get up(): boolean {
    return this.#port !== undefined;
  }

  get lastProblem(): LineProblem | undefined {
    return this.#lastProblem;
  }

  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    return { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  start(handlers: SerialLineHandlers): void {
    if (this.#handlers !== undefined) return;
    this.#handlers = handlers;
    this.#open();
  }

  async send(address: string, message: Uint8Array): Promise<void> {
    const bytes = encodeDeviceFrame({ direction: this.#outgoing, address, message });
    const line = this.#options.path;
    if (this.#handlers === undefined) throw new LineError({ code: "LINE_STOPPED", line });
    if (this.#port === undefined)
      throw new LineError(this.#lastProblem ?? { code: "LINE_DOWN", line, reason: "opening" });
    const limit = this.#options.queueBytesMax ?? LINE_QUEUE_BYTES_MAX;
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes.length > limit) {
      this.counters.add("LINE_BUSY" satisfies LineProblem["code"]);
      throw new LineError({ code: "LINE_BUSY", line, waiting: this.#queuedBytes, limit });
    }
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ bytes, resolve, reject });
      this.#queuedBytes += bytes.length;
      void this.#write();
    });
  }

  async stop(): Promise<void> {
    this.#run++;
    clearTimeout(this.#timer);
    clearTimeout(this.#stableTimer);
    this.#handlers = undefined;
    const port = this.#port;
    this.#port = undefined;
    this.#failQueue({ code: "LINE_STOPPED", line: this.#options.path });
    await port?.close();
    await this.#opening;
  }

  #open(): void {
    const run = ++this.#run;
    const openPort = this.#options.openPort ?? openSerialPort;
    const handlers = {
      data: (bytes: Uint8Array) => {
        if (run === this.#run) this.#received(bytes);
      },
      lost: (reason: string) => {
        if (run === this.#run) this.#ended({ code: "LINE_DOWN", line: this.#options.path, reason });
      },
    };
    this.#opening = openPort(this.#options, handlers).then(
      async (port) => {
        if (run === this.#run) this.#opened(port);
        else await port.close();
      },
      (thrown: unknown) => {
        if (run === this.#run) this.#ended(problemOf(thrown, this.#options.path));
      },
    );
  }

  #opened(port: OpenedPort): void {
    this.#port = port;
    this.#reader.reset();
    this.#stableTimer = setTimeout(() => this.#backoff.reset(), LINE_STABLE_AFTER_MS);
    this.counters.add("LINE_OPENED");
    this.#call((handlers) => handlers.up());
  }

  #ended(problem: LineProblem): void {
    this.#run++;
    this.#port = undefined;
    this.#lastProblem = problem;
    clearTimeout(this.#stableTimer);
    this.counters.add(problem.code);
    this.#failQueue(problem);
    const waitMs = this.#backoff.next();
    this.#logger.warn({ problem, waitMs, failures: this.#backoff.failures }, "A serial line is down.");
    this.#timer = setTimeout(() => this.#open(), waitMs);
    this.#call((handlers) => handlers.down(problem.code));
  }

  #received(bytes: Uint8Array): void {
    this.#bytesIn += bytes.length;
    const droppedBefore = this.#reader.droppedPieces;
    const frames = this.#reader.push(bytes);
    for (let i = droppedBefore; i < this.#reader.droppedPieces; i++) this.#drop("LINE_NOISE");
    for (const { direction, address, message } of frames) {
      if (direction === this.#outgoing) this.#drop("LINE_ECHO");
      else this.#call((handlers) => handlers.message(address, message));
    }
  }

  /** One frame at a time, so that what still waits can be refused when the line ends. */
  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const port = this.#port;
      if (port === undefined) break;
      await port.write(next.bytes);
      // A line that ended meanwhile has emptied the queue and refused all that was in it.
      if (this.#queue[0] !== next) continue;
      this.#queue.shift();
      this.#queuedBytes -= next.bytes.length;
      this.#bytesOut += next.bytes.length;
      next.resolve();
    }
    this.#writing = false;
  }

  #failQueue(problem: LineProblem): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const { reject } of queue) reject(new LineError(problem));
  }

  #drop(code: LineDropCode): void {
    this.counters.add(code);
    try {
      this.#handlers?.dropped(code);
    } catch {
      this.counters.add("LINE_HANDLER_FAILED" satisfies LineDropCode);
    }
  }

  #call(call: (handlers: SerialLineHandlers) => void): void {
    if (this.#handlers === undefined) return;
    try {
      call(this.#handlers);
    } catch (thrown) {
      this.#logger.error({ code: codeOf(thrown) }, "A handler of a serial line threw.");
      this.#drop("LINE_HANDLER_FAILED");
    }
  }

  get #logger(): Logger {
    return this.#options.logger ?? SILENT_LOGGER;
  }
}

function problemOf(thrown: unknown, line: string): LineProblem {
  return thrown instanceof LineError ? thrown.problem : { code: "LINE_DOWN", line, reason: socketReason(thrown) };
}
