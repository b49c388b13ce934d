/**
 * The serial port that `modbus-serial` is given for RTU. It hands on exactly one answer for each request: a frame of the
 * unit and function that were asked, of the length that the request calls for, with a right CRC. Everything else is
 * dropped (noise, our own echo, an answer that comes after its time), so it cannot be taken for the answer to the next
 * request, as it would be where bytes are only collected.
 */
import { EventEmitter } from "node:events";
import type { OpenedPort } from "./serialPort.js";

/** Modbus over Serial Line V1.02, section 2.5.1: the longest RTU frame. */
const FRAME_BYTES_MAX = 256;
const EXCEPTION_BYTES = 5;
const EXCEPTION_BIT = 0x80;
const CRC_BYTES = 2;
const CRC_POLYNOMIAL = 0xa001;

interface Expected {
  readonly unit: number;
  readonly function: number;
  readonly length: number;
  /** Third byte of the answer: its count of bytes, where it has one. */
  readonly byteCount: number | undefined;
}

/** Speaks the part of a port that `modbus-serial` uses. */
export class RtuPort extends EventEmitter {
  readonly #port: OpenedPort;
  #isOpen = true;
  #expected: Expected | undefined;
  #held = Buffer.alloc(0);
  /** Bytes that were no part of an answer that was waited for. */
  strayBytes = 0;

  /** @param port an opened one, whose bytes are given to `received` */
  constructor(port: OpenedPort) {
    super();
    this.#port = port;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(done: (error?: Error | null) => void): void {
    done(null);
  }

  close(done?: (error?: Error | null) => void): void {
    this.#isOpen = false;
    void this.#port.close().then(() => done?.(null));
  }

  /** The port is gone. */
  lost(): void {
    this.#isOpen = false;
    this.#expected = undefined;
  }

  write(request: Buffer): void {
    this.#forget();
    this.#expected = expectedOf(request);
    void this.#port.write(request);
  }

  /** Nothing is waited for any more: what still comes is late. */
  giveUp(): void {
    this.#expected = undefined;
    this.#forget();
  }

  received(bytes: Uint8Array): void {
    const expected = this.#expected;
    if (expected === undefined) {
      this.strayBytes += bytes.length;
      return;
    }
    this.#held = Buffer.concat([this.#held, bytes]);
    const found = answerIn(this.#held, expected);
    if (found !== undefined) {
      this.strayBytes += this.#held.length - found.length;
      this.#held = Buffer.alloc(0);
      this.#expected = undefined;
      this.emit("data", found);
    } else if (this.#held.length > FRAME_BYTES_MAX) {
      this.strayBytes += this.#held.length - FRAME_BYTES_MAX;
      this.#held = this.#held.subarray(-FRAME_BYTES_MAX);
    }
  }

  #forget(): void {
    this.strayBytes += this.#held.length;
    this.#held = Buffer.alloc(0);
  }
}

/** Lengths of answers: Modbus Application Protocol V1.1b3, section 6. */
function expectedOf(request: Buffer): Expected | undefined {
  const unit = request[0] as number;
  const code = request[1] as number;
  if (code >= 1 && code <= 4) {
    const count = request.readUInt16BE(4);
    const byteCount = code <= 2 ? Math.ceil(count / 8) : 2 * count;
    return { unit, function: code, length: 3 + byteCount + CRC_BYTES, byteCount };
  }
  return { unit, function: code, length: 6 + CRC_BYTES, byteCount: undefined };
}

function answerIn(held: Buffer, expected: Expected): Buffer | undefined {
  for (let at = 0; at + EXCEPTION_BYTES <= held.length; at++) {
    if (held[at] !== expected.unit) continue;
    const code = held[at + 1];
    if (code === (expected.function | EXCEPTION_BIT)) {
      const frame = held.subarray(at, at + EXCEPTION_BYTES);
      if (isWhole(frame)) return frame;
    }
    if (code !== expected.function || at + expected.length > held.length) continue;
    if (expected.byteCount !== undefined && held[at + 2] !== expected.byteCount) continue;
    const frame = held.subarray(at, at + expected.length);
    if (isWhole(frame)) return frame;
  }
  return undefined;
}

function isWhole(frame: Buffer): boolean {
  const end = frame.length - CRC_BYTES;
  return frame.readUInt16LE(end) === crc16(frame.subarray(0, end));
}

/** Modbus over Serial Line V1.02, section 6.2.2. */
export function crc16(bytes: Uint8Array): number {
  let remainder = 0xffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ CRC_POLYNOMIAL : remainder >>> 1;
    }
  }
  return remainder;
}
