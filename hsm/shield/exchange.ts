/**
 * Commands and answers over one open line: repeats what the line swallowed, drops what belongs to another time, and never
 * waits without an end. The shield carries out a repeated command once (docs/operating/shield-protocol.md section 3).
 */
import { type CommandApdu, decodeResponse, encodeCommand, type ResponseApdu } from "./apdu.js";
import { encodeFrame, type Frame, FrameReader, type FrameType, NO_PAYLOAD, SEQUENCE_MAX } from "./frame.js";
import type { SerialLine } from "./line.js";
import { ShieldError, type ShieldProblem, type ShieldWait } from "./problems.js";

/** Quiet for this long: the frame, or its answer, is taken for lost and sent again. A shield says WAIT more often. */
export const RETRANSMIT_MS = 300;
/** Quiet for this long in spite of repeats: there is no shield, or no longer the same. */
export const SILENCE_MS = 2_000;
/** First byte of a WAIT: what the shield waits for. */
export const WAIT_FOR_BUTTON = 0x01;

interface Pending {
  readonly answer: FrameType;
  readonly sequence: number;
  readonly encoded: Uint8Array;
  readonly timers: readonly NodeJS.Timeout[];
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: ShieldError) => void;
  /** The last thing heard about it, or its start; performance.now(). */
  heardAt: number;
  waitingFor: ShieldWait;
}

export interface ExchangeOptions {
  readonly path: string;
  /** Of this connection; the shield forgets everything of another one. */
  readonly session: number;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #reader = new FrameReader();
  #line: SerialLine | undefined;
  #pending: Pending | undefined;
  #sequence = 0;
  #over: ShieldError | undefined;
  /** Called once when the connection is of no more use. */
  onOver: () => void = () => {};

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Pieces that came in and were no frames. */
  get rejected(): number {
    return this.#reader.rejected;
  }

  /** Why it is of no more use. */
  get over(): ShieldError | undefined {
    return this.#over;
  }

  attach(line: SerialLine): void {
    this.#line = line;
  }

  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) this.#take(frame);
  }

  lost(reason: string): void {
    this.#end({ code: "SHIELD_LINE_DOWN", path: this.#options.path, reason });
  }

  async sync(timeoutMs: number): Promise<void> {
    await this.#ask("sync", NO_PAYLOAD, "synced", timeoutMs);
  }

  /** One at a time: the caller waits for an answer before the next command. */
  async transmit(command: CommandApdu, timeoutMs: number): Promise<ResponseApdu> {
    const payload = await this.#ask("request", encodeCommand(command), "response", timeoutMs);
    const response = decodeResponse(payload);
    if (response !== undefined) return response;
    const { path } = this.#options;
    throw new ShieldError({ code: "SHIELD_ANSWER_INVALID", path, what: "response", length: payload.length });
  }

  async close(): Promise<void> {
    this.#end({ code: "SHIELD_CLOSED", path: this.#options.path });
    await this.#line?.close();
  }

  #ask(type: FrameType, payload: Uint8Array, answer: FrameType, timeoutMs: number): Promise<Uint8Array> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    this.#sequence = (this.#sequence + 1) & SEQUENCE_MAX;
    const sequence = this.#sequence;
    const encoded = encodeFrame({ type, session: this.#options.session, sequence, payload });
    return new Promise((resolve, reject) => {
      const timers = [
        setInterval(() => this.#listen(), RETRANSMIT_MS),
        setTimeout(() => this.#giveUp(timeoutMs), timeoutMs),
      ];
      const heardAt = performance.now();
      this.#pending = { answer, sequence, encoded, timers, resolve, reject, heardAt, waitingFor: "answer" };
      this.#line?.write(encoded);
    });
  }

  #take(frame: Frame): void {
    const pending = this.#pending;
    if (pending === undefined || frame.session !== this.#options.session) return;
    if (frame.type === "unknownSession") {
      // The shield was restarted in between: PIN and sequence are gone there.
      if (pending.answer !== "synced") this.lost("restarted");
      return;
    }
    if (frame.sequence !== pending.sequence) return;
    if (frame.type === "wait") {
      pending.heardAt = performance.now();
      pending.waitingFor = frame.payload[0] === WAIT_FOR_BUTTON ? "button" : "answer";
    } else if (frame.type === pending.answer) this.#settle()?.resolve(frame.payload);
  }

  #listen(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const quietMs = performance.now() - pending.heardAt;
    if (quietMs >= SILENCE_MS) {
      this.#end({ code: "SHIELD_SILENT", path: this.#options.path, timeoutMs: SILENCE_MS });
    } else if (quietMs >= RETRANSMIT_MS / 2) this.#line?.write(pending.encoded);
  }

  #giveUp(timeoutMs: number): void {
    const pending = this.#settle();
    if (pending === undefined) return;
    const { path, session } = this.#options;
    // A press of the button after this moment must sign nothing.
    const { sequence, waitingFor } = pending;
    this.#line?.write(encodeFrame({ type: "cancel", session, sequence, payload: NO_PAYLOAD }));
    pending.reject(new ShieldError({ code: "SHIELD_TIMEOUT", path, timeoutMs, waitingFor }));
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    for (const timer of pending?.timers ?? []) clearTimeout(timer);
    return pending;
  }

  #end(problem: ShieldProblem): void {
    if (this.#over !== undefined) return;
    const error = new ShieldError(problem);
    this.#over = error;
    this.#settle()?.reject(error);
    this.onOver();
  }
}
