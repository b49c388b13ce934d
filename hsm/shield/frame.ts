/**
 * The frame layer of the serial U-shield, docs/operating/shield-protocol.md section 2: bytes in, frames out, no I/O.
 *
 * A frame stands between two zero bytes and holds none itself (COBS), so that whatever noise left behind ends at the next
 * zero: the first frame that arrives whole is read, whatever came before it.
 */
import { concatBytes, EMPTY_BYTES } from "../../src/base/bytes.js";
import { COBS_RUN_BYTES, stuffZeros, unstuffZeros } from "../../src/base/cobs.js";
import { crc32c } from "../../src/base/crc32c.js";

/** What a frame is. Those of the host are below 0x80, those of the shield above. */
export const FRAME_TYPE = {
  sync: 0x01,
  request: 0x02,
  cancel: 0x03,
  synced: 0x81,
  response: 0x82,
  wait: 0x83,
  unknownSession: 0x84,
} as const;

export type FrameType = keyof typeof FRAME_TYPE;

export interface Frame {
  readonly type: FrameType;
  /** Chosen by the host at `sync`; a frame of another session is a stray one. */
  readonly session: number;
  /** Of a request and of all that answers it. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** A short command APDU at its longest: header, Lc, 255 bytes, Le. */
export const FRAME_PAYLOAD_BYTES_MAX = 261;
export const SESSION_MAX = 0xffff_ffff;
export const SEQUENCE_MAX = 0xffff;

const HEADER_BYTES = 9;
const CRC_BYTES = 4;
const BODY_BYTES_MAX = HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX + CRC_BYTES;
const ENCODED_BYTES_MAX = BODY_BYTES_MAX + Math.ceil(BODY_BYTES_MAX / COBS_RUN_BYTES);
const DELIMITER = 0x00;

const TYPE_OF_BYTE: ReadonlyMap<number, FrameType> = new Map(
  Object.entries(FRAME_TYPE).map(([name, byte]) => [byte, name as FrameType]),
);

/** Frame with both delimiters. The payload must not exceed FRAME_PAYLOAD_BYTES_MAX; callers check theirs. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { payload } = frame;
  const body = new Uint8Array(HEADER_BYTES + payload.length + CRC_BYTES);
  const view = new DataView(body.buffer);
  view.setUint8(0, FRAME_TYPE[frame.type]);
  view.setUint32(1, frame.session);
  view.setUint16(5, frame.sequence);
  view.setUint16(7, payload.length);
  body.set(payload, HEADER_BYTES);
  const end = HEADER_BYTES + payload.length;
  view.setUint32(end, crc32c(body.subarray(0, end)));
  return concatBytes([Uint8Array.of(DELIMITER), stuffZeros(body), Uint8Array.of(DELIMITER)]);
}

/** Undefined for anything that is not exactly one whole frame of this version. */
export function decodeFrame(encoded: Uint8Array): Frame | undefined {
  const body = unstuffZeros(encoded);
  if (body === undefined || body.length < HEADER_BYTES + CRC_BYTES) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const length = view.getUint16(7);
  const end = HEADER_BYTES + length;
  if (length > FRAME_PAYLOAD_BYTES_MAX || body.length !== end + CRC_BYTES) return undefined;
  if (view.getUint32(end) !== crc32c(body.subarray(0, end))) return undefined;
  const type = TYPE_OF_BYTE.get(view.getUint8(0));
  if (type === undefined) return undefined;
  return { type, session: view.getUint32(1), sequence: view.getUint16(5), payload: body.subarray(HEADER_BYTES, end) };
}

/** Cuts a stream of bytes, in pieces of any size, into frames. Holds at most one frame's worth of bytes. */
export class FrameReader {
  readonly #held = new Uint8Array(ENCODED_BYTES_MAX);
  #length = 0;
  /** More came than a frame may have; skipped up to the next delimiter. */
  #overlong = false;
  /** Pieces between delimiters that were no frame. */
  rejected = 0;

  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (const byte of bytes) {
      if (byte === DELIMITER) {
        const frame = this.#finish();
        if (frame !== undefined) frames.push(frame);
      } else if (this.#length < ENCODED_BYTES_MAX) this.#held[this.#length++] = byte;
      else this.#overlong = true;
    }
    return frames;
  }

  #finish(): Frame | undefined {
    const piece = this.#overlong ? undefined : this.#held.slice(0, this.#length);
    const isEmpty = this.#length === 0;
    this.#length = 0;
    this.#overlong = false;
    if (isEmpty) return undefined;
    const frame = piece === undefined ? undefined : decodeFrame(piece);
    if (frame === undefined) this.rejected++;
    return frame;
  }
}

export const NO_PAYLOAD: Uint8Array = EMPTY_BYTES;
