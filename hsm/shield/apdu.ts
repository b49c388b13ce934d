/** Short APDUs of ISO 7816-4: what is asked of a shield and what it answers. Pure. */
import { concatBytes, EMPTY_BYTES } from "../../src/base/bytes.js";

export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** Bytes expected in the answer; undefined for none. At most APDU_EXPECTED_BYTES_MAX. */
  readonly expected?: number;
}

export interface ResponseApdu {
  readonly data: Uint8Array;
  /** SW1 SW2 */
  readonly status: number;
}

export const APDU_DATA_BYTES_MAX = 255;
export const APDU_EXPECTED_BYTES_MAX = 256;
const HEADER_BYTES = 4;
const STATUS_BYTES = 2;

export function encodeCommand(command: CommandApdu): Uint8Array {
  const { data, expected } = command;
  return concatBytes([
    Uint8Array.of(command.cla, command.ins, command.p1, command.p2),
    data.length === 0 ? EMPTY_BYTES : Uint8Array.of(data.length),
    data,
    // 256 is written as zero.
    expected === undefined ? EMPTY_BYTES : Uint8Array.of(expected & 0xff),
  ]);
}

/** The four cases of ISO 7816-4, 5.1, short form. Undefined for anything else. */
export function decodeCommand(bytes: Uint8Array): CommandApdu | undefined {
  const [cla, ins, p1, p2, third] = bytes;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  if (third === undefined) return { ...header, data: EMPTY_BYTES };
  if (bytes.length === HEADER_BYTES + 1) return { ...header, data: EMPTY_BYTES, expected: third || 256 };
  const end = HEADER_BYTES + 1 + third;
  if (third === 0 || bytes.length < end || bytes.length > end + 1) return undefined;
  const data = bytes.slice(HEADER_BYTES + 1, end);
  return bytes.length === end ? { ...header, data } : { ...header, data, expected: bytes[end] || 256 };
}

export function encodeResponse(response: ResponseApdu): Uint8Array {
  return concatBytes([response.data, Uint8Array.of(response.status >> 8, response.status & 0xff)]);
}

export function decodeResponse(bytes: Uint8Array): ResponseApdu | undefined {
  const end = bytes.length - STATUS_BYTES;
  if (end < 0 || end > APDU_EXPECTED_BYTES_MAX) return undefined;
  return { data: bytes.slice(0, end), status: ((bytes[end] as number) << 8) | (bytes[end + 1] as number) };
}
