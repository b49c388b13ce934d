/**
 * Frames of the device protocol on a serial line: docs/protocol.md, "Frames on a serial line". Bytes in, frames out, no I/O.
 *
 * A frame stands between two zero bytes and holds none itself (COBS: S. Cheshire, M. Baker, "Consistent Overhead Byte
 * Stuffing", IEEE/ACM Transactions on Networking 7, 1999), so that noise ends at the next zero: the first frame that
 * arrives whole is read, whatever came before it. A frame says which way it goes, because on a two-wire bus everybody
 * hears everybody, often themselves too.
 */
import { concatBytes } from "../../base/bytes.js";
import { COBS_RUN_BYTES, stuffZeros, unstuffZeros } from "../../base/cobs.js";
import { crc32c } from "../../base/crc32c.js";
import { checkName, DEVICE_ID } from "./names.js";
import { DeviceMessageError } from "./problems.js";

export type FrameDirection = "from-device" | "to-device";

export interface DeviceFrame {
  readonly direction: FrameDirection;
  /** The device, as it is called on this line: a device id. */
  readonly address: string;
  /** One message of the device protocol, not looked at. */
  readonly message: Uint8Array;
}

/** A second of a line at 9,600 baud. */
export const FRAME_MESSAGE_BYTES_MAX = 1_024;

const VERSION_BYTE: Readonly<Record<FrameDirection, number>> = { "from-device": 0x01, "to-device": 0x81 };
const HEADER_BYTES = 2;
const ADDRESS_BYTES_MAX = 64;
const CRC_BYTES = 4;
const BODY_BYTES_MAX = HEADER_BYTES + ADDRESS_BYTES_MAX + FRAME_MESSAGE_BYTES_MAX + CRC_BYTES;
const ENCODED_BYTES_MAX = BODY_BYTES_MAX + 1 + Math.floor(BODY_BYTES_MAX / COBS_RUN_BYTES);
const DELIMITER = 0x00;

/**
 * The frame with both delimiters.
 * @throws DeviceMessageError `DEVICE_MESSAGE_NAME` for the address, `DEVICE_MESSAGE_TOO_LARGE`, `DEVICE_MESSAGE_LENGTH` for
 *   an empty message
 */
export function encodeDeviceFrame({ direction, address, message }: DeviceFrame): Uint8Array {
  checkName("address", DEVICE_ID, address);
  if (message.length > FRAME_MESSAGE_BYTES_MAX) {
    throw new DeviceMessageError({
      code: "DEVICE_MESSAGE_TOO_LARGE",
      size: message.length,
      limit: FRAME_MESSAGE_BYTES_MAX,
    });
  }
  if (message.length === 0)
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field: "message", length: 0 });
  const end = HEADER_BYTES + address.length + message.length;
  const body = new Uint8Array(end + CRC_BYTES);
  body[0] = VERSION_BYTE[direction];
  body[1] = address.length;
  for (let i = 0; i < address.length; i++) body[HEADER_BYTES + i] = address.charCodeAt(i);
  body.set(message, HEADER_BYTES + address.length);
  new DataView(body.buffer).setUint32(end, crc32c(body.subarray(0, end)));
  return concatBytes([Uint8Array.of(DELIMITER), stuffZeros(body), Uint8Array.of(DELIMITER)]);
}

/** Undefined for anything that is not exactly one whole frame of this version. */
function decodeFrame(encoded: Uint8Array): DeviceFrame | undefined {
  const body = unstuffZeros(encoded);
  if (body === undefined || body.length < HEADER_BYTES + 1 + 1 + CRC_BYTES) return undefined;
  const end = body.length - CRC_BYTES;
  if (new DataView(body.buffer, body.byteOffset).getUint32(end) !== crc32c(body.subarray(0, end))) return undefined;
  const direction = directionOf(body[0] as number);
  const messageAt = HEADER_BYTES + (body[1] as number);
  if (direction === undefined || messageAt >= end || end - messageAt > FRAME_MESSAGE_BYTES_MAX) return undefined;
  const address = String.fromCharCode(...body.subarray(HEADER_BYTES, messageAt));
  return DEVICE_ID.test(address) ? { direction, address, message: body.slice(messageAt, end) } : undefined;
}

function directionOf(version: number): FrameDirection | undefined {
  if (version === VERSION_BYTE["from-device"]) return "from-device";
  return version === VERSION_BYTE["to-device"] ? "to-device" : undefined;
}

/** Cuts a stream of bytes, in pieces of any size, into frames. Holds at most one frame's worth of bytes. */
export class DeviceFrameReader {
  readonly #held = new Uint8Array(ENCODED_BYTES_MAX);
  #length = 0;
  /** More came than a frame may have; dropped up to the next delimiter. */
  #overlong = false;
  #droppedPieces = 0;
  #droppedBytes = 0;

  /** Pieces between delimiters that were no frame: noise, frames cut short, frames too long. */
  get droppedPieces(): number {
    return this.#droppedPieces;
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  push(bytes: Uint8Array): DeviceFrame[] {
    const frames: DeviceFrame[] = [];
    for (const byte of bytes) {
      if (byte === DELIMITER) {
        const frame = this.#finish();
        if (frame !== undefined) frames.push(frame);
      } else if (this.#overlong) this.#droppedBytes++;
      else if (this.#length < ENCODED_BYTES_MAX) this.#held[this.#length++] = byte;
      else {
        // Counted at once: noise without a zero may never end.
        this.#drop();
        this.#droppedBytes++;
        this.#overlong = true;
      }
    }
    return frames;
  }

  /** Forgets half a frame: the line was closed in the middle of it. */
  reset(): void {
    this.#drop();
    this.#overlong = false;
  }

  #finish(): DeviceFrame | undefined {
    const frame = this.#length === 0 ? undefined : decodeFrame(this.#held.subarray(0, this.#length));
    if (frame === undefined) this.#drop();
    this.#length = 0;
    this.#overlong = false;
    return frame;
  }

  #drop(): void {
    if (this.#length === 0) return;
    this.#droppedPieces++;
    this.#droppedBytes += this.#length;
    this.#length = 0;
  }
}
