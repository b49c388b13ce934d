/**
 * A U-shield without the hardware: bytes of the line in, bytes of the line out, by docs/operating/shield-protocol.md. It
 * keeps the promises a real one has to keep: a repeated command is carried out once, tries are counted before the PIN is
 * compared, the counter never falls, and without its button it signs nothing.
 */
import { equalBytes, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { type CommandApdu, decodeCommand, encodeResponse, type ResponseApdu } from "../shield/apdu.js";
import {
  CLA_ISO,
  CLA_OWN,
  DIGEST_BYTES,
  decodeCounter,
  encodeCounter,
  encodeInfo,
  INSTRUCTION,
  PIN_REFERENCE,
  SHIELD_AID,
  type ShieldAlgorithm,
  STATUS,
} from "../shield/commands.js";
import { encodeFrame, type Frame, FrameReader, type FrameType, NO_PAYLOAD, SEQUENCE_MAX } from "../shield/frame.js";
import type { ShieldMemory } from "./memory.js";
import { type SoftKey, softKey } from "./softKey.js";

export interface UShieldOptions {
  readonly algorithm: ShieldAlgorithm;
  readonly secretKey: Uint8Array;
  readonly serial: string;
  readonly pin: string;
  readonly pinTriesMax: number;
  /** `pressed`: somebody presses at once; `by hand`: only `press()` does; `none`: the shield has no button. */
  readonly button: "none" | "pressed" | "by hand";
  readonly hasCounter: boolean;
  readonly memory: ShieldMemory;
}

/** More often than the host repeats itself. */
const WAIT_EVERY_MS = 150;
export const BUTTON_TIMEOUT_MS = 30_000;
const WAIT_FOR_BUTTON = Uint8Array.of(0x01);
const NEWER_SPAN = 0x8000;
const NO_DATA = new Uint8Array(0);

interface Task {
  readonly sequence: number;
  /** Undefined while the button is waited for. */
  response: Uint8Array | undefined;
}

export class UShield {
  readonly #options: UShieldOptions;
  readonly #key: SoftKey;
  readonly #pin: string;
  #reader = new FrameReader();
  #session: number | undefined;
  #task: Task | undefined;
  #isSelected = false;
  #isVerified = false;
  #waiting: { readonly digest: Uint8Array; readonly ticks: NodeJS.Timeout; readonly end: NodeJS.Timeout } | undefined;
  /** The line to the host. */
  send: (bytes: Uint8Array) => void = () => {};
  /** A chip that hangs: takes everything, says nothing. */
  isMute = false;
  /** Commands carried out, by instruction byte in hex. */
  readonly carriedOut: Record<string, number> = {};
  /** Digests signed, in hex. */
  readonly signed: string[] = [];

  constructor(options: UShieldOptions) {
    this.#options = options;
    this.#key = softKey(options.algorithm, options.secretKey);
    this.#pin = toHex(utf8Bytes(options.pin));
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  get isWaitingForButton(): boolean {
    return this.#waiting !== undefined;
  }

  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) if (!this.isMute) this.#take(frame);
  }

  press(): void {
    const digest = this.#stopWaiting();
    if (digest !== undefined) this.#finish(this.#signature(digest));
  }

  /** The line, and with it the power, was gone. */
  powerCycle(): void {
    this.#stopWaiting();
    this.#reader = new FrameReader();
    this.#session = undefined;
    this.#task = undefined;
    this.#isSelected = false;
    this.#isVerified = false;
  }

  #take(frame: Frame): void {
    if (frame.type === "sync") {
      if (frame.session !== this.#session) {
        this.powerCycle();
        this.#session = frame.session;
      }
      this.#say("synced", frame.sequence, NO_PAYLOAD);
    } else if (frame.session !== this.#session) {
      if (frame.type === "request") this.#say("unknownSession", frame.sequence, NO_PAYLOAD, frame.session);
    } else if (frame.type === "request") this.#request(frame);
    else if (frame.type === "cancel" && frame.sequence === this.#task?.sequence && this.#stopWaiting()) {
      this.#finish({ data: NO_DATA, status: STATUS.cancelled });
    }
  }

  #request(frame: Frame): void {
    const task = this.#task;
    if (task !== undefined && frame.sequence === task.sequence) {
      if (task.response === undefined) this.#say("wait", task.sequence, WAIT_FOR_BUTTON);
      else this.#say("response", task.sequence, task.response);
      return;
    }
    // A repeat of something older that was held up on the way.
    if (task !== undefined && ((frame.sequence - task.sequence) & SEQUENCE_MAX) >= NEWER_SPAN) return;
    this.#stopWaiting();
    this.#task = { sequence: frame.sequence, response: undefined };
    const command = decodeCommand(frame.payload);
    const response = command === undefined ? status(STATUS.wrongLength) : this.#carryOut(command);
    if (response !== undefined) this.#finish(response);
  }

  #finish(response: ResponseApdu): void {
    if (this.#task === undefined) return;
    this.#task.response = encodeResponse(response);
    this.#say("response", this.#task.sequence, this.#task.response);
  }

  /** Undefined when the answer waits for the button. */
  #carryOut(command: CommandApdu): ResponseApdu | undefined {
    const { cla, ins, data } = command;
    const name = ins.toString(16);
    this.carriedOut[name] = (this.carriedOut[name] ?? 0) + 1;
    if (cla === CLA_ISO && ins === INSTRUCTION.select) return this.#select(data);
    if (cla !== CLA_ISO && cla !== CLA_OWN) return status(STATUS.unknownClass);
    if (!this.#isSelected) return status(STATUS.notFound);
    if (cla === CLA_ISO) return ins === INSTRUCTION.verify ? this.#verify(command) : status(STATUS.unknownInstruction);
    switch (ins) {
      case INSTRUCTION.publicKey:
        return { data: this.#key.publicKey, status: STATUS.ok };
      case INSTRUCTION.sign:
        return this.#sign(data);
      case INSTRUCTION.readCounter:
      case INSTRUCTION.raiseCounter:
        return this.#options.hasCounter ? this.#counter(ins, data) : status(STATUS.unknownInstruction);
      default:
        return status(STATUS.unknownInstruction);
    }
  }

  #select(aid: Uint8Array): ResponseApdu {
    if (!equalBytes(aid, SHIELD_AID)) return status(STATUS.notFound);
    this.#isSelected = true;
    const { algorithm, serial, button, hasCounter, pinTriesMax } = this.#options;
    const presence = button !== "none";
    const data = encodeInfo({ algorithm, secretStays: true, presence, hasCounter, pinTriesMax, serial });
    return { data, status: STATUS.ok };
  }

  #verify({ p1, p2, data }: CommandApdu): ResponseApdu {
    const { memory, pinTriesMax } = this.#options;
    if (p1 !== 0 || p2 !== PIN_REFERENCE) return status(STATUS.wrongData);
    if (memory.triesLeft === 0) return status(STATUS.pinLocked);
    if (data.length === 0) return status(this.#isVerified ? STATUS.ok : STATUS.triesLeft | memory.triesLeft);
    // Counted first: cutting the power in time must not give a free attempt.
    this.#isVerified = false;
    memory.triesLeft--;
    memory.save();
    if (toHex(data) !== this.#pin) {
      return status(memory.triesLeft === 0 ? STATUS.pinLocked : STATUS.triesLeft | memory.triesLeft);
    }
    memory.triesLeft = pinTriesMax;
    memory.save();
    this.#isVerified = true;
    return status(STATUS.ok);
  }

  #sign(digest: Uint8Array): ResponseApdu | undefined {
    if (!this.#isVerified) return status(STATUS.pinNeeded);
    if (digest.length !== DIGEST_BYTES) return status(STATUS.wrongLength);
    if (this.#options.button !== "by hand") return this.#signature(digest);
    const task = this.#task;
    if (task === undefined) return status(STATUS.failure);
    const say = (): void => this.#say("wait", task.sequence, WAIT_FOR_BUTTON);
    const ticks = setInterval(say, WAIT_EVERY_MS);
    const end = setTimeout(() => {
      this.#stopWaiting();
      this.#finish(status(STATUS.notConfirmed));
    }, BUTTON_TIMEOUT_MS);
    this.#waiting = { digest, ticks, end };
    say();
    return undefined;
  }

  #signature(digest: Uint8Array): ResponseApdu {
    this.signed.push(toHex(digest));
    return { data: this.#key.sign(digest), status: STATUS.ok };
  }

  #counter(ins: number, data: Uint8Array): ResponseApdu {
    const { memory } = this.#options;
    if (!this.#isVerified) return status(STATUS.pinNeeded);
    const old = memory.counter;
    if (ins === INSTRUCTION.readCounter) {
      return { data: old === undefined ? NO_DATA : encodeCounter(old), status: STATUS.ok };
    }
    const value = decodeCounter(data);
    if (value === undefined) return status(STATUS.wrongData);
    if (old !== undefined && (value.session < old.session || value.reserved < old.reserved)) {
      return status(STATUS.counterWouldFall);
    }
    memory.counter = value;
    memory.save();
    return status(STATUS.ok);
  }

  #stopWaiting(): Uint8Array | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearInterval(waiting?.ticks);
    clearTimeout(waiting?.end);
    return waiting?.digest;
  }

  #say(type: FrameType, sequence: number, payload: Uint8Array, session = this.#session): void {
    if (session !== undefined) this.send(encodeFrame({ type, session, sequence, payload }));
  }
}

function status(code: number): ResponseApdu {
  return { data: NO_DATA, status: code };
}
