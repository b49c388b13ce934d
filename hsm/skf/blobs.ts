/**
 * The structures of GM/T 0016-2012, 6.4, as bytes. The standard makes ULONG 32 bits and puts numbers at the end of their
 * 64 bytes; libraries are in the field that have 64 bits on Linux, or put numbers at the front. Which one it is shows in the
 * public key: read wrongly it is no point of the curve. Pure.
 */
import { concatBytes, isZeroBytes } from "../../src/base/bytes.js";
import { isCurvePoint } from "../../src/crypto/curves.js";

const FIELD_BYTES = 64;
const NUMBER_BYTES = 32;
const ULONG_BYTES_KNOWN = [4, 8] as const;
/** Version, manufacturer, issuer and label stand before it. */
const DEVICE_SERIAL_OFFSET = 2 + 64 + 64 + 32;
const DEVICE_SERIAL_BYTES = 32;

export const PUBLIC_KEY_BLOB_BYTES_MAX = 8 + 2 * FIELD_BYTES;
export const SIGNATURE_BLOB_BYTES = 2 * FIELD_BYTES;
/** More than any DEVINFO there is. */
export const DEVICE_INFO_BYTES = 1_024;

type Side = "front" | "end";

/** The number of a field whose other half is empty; undefined when neither or the other half is. */
function numberIn(field: Uint8Array, side: Side): Uint8Array | undefined {
  const [front, end] = [field.slice(0, NUMBER_BYTES), field.slice(NUMBER_BYTES, FIELD_BYTES)];
  const [number, empty] = side === "end" ? [end, front] : [front, end];
  return number.length === NUMBER_BYTES && isZeroBytes(empty) ? number : undefined;
}

function pairIn(bytes: Uint8Array, side: Side): Uint8Array | undefined {
  const first = numberIn(bytes.subarray(0, FIELD_BYTES), side);
  const second = numberIn(bytes.subarray(FIELD_BYTES, 2 * FIELD_BYTES), side);
  return first === undefined || second === undefined ? undefined : concatBytes([first, second]);
}

/** X || Y of an ECCPUBLICKEYBLOB, undefined when no way of reading it gives a point of the SM2 curve. */
export function publicKeyOf(blob: Uint8Array): Uint8Array | undefined {
  for (const offset of ULONG_BYTES_KNOWN) {
    for (const side of ["end", "front"] as const) {
      const key = pairIn(blob.subarray(offset), side);
      if (key !== undefined && isCurvePoint("sm", key)) return key;
    }
  }
  return undefined;
}

/** r || s of an ECCSIGNATUREBLOB; neither is ever zero. */
export function signatureOf(blob: Uint8Array): Uint8Array | undefined {
  for (const side of ["end", "front"] as const) {
    const signature = pairIn(blob, side);
    const isWhole =
      signature !== undefined && !isZeroBytes(signature.subarray(0, 32)) && !isZeroBytes(signature.subarray(32));
    if (isWhole) return signature;
  }
  return undefined;
}

/** Names one after another, each ended by a zero, the list by another one. Latin letters are enough for any known. */
export function namesIn(list: Uint8Array): string[] {
  const text = new TextDecoder().decode(list);
  const names: string[] = [];
  for (const name of text.split("\0")) {
    if (name === "") break;
    names.push(name);
  }
  return names;
}

export function serialOf(deviceInfo: Uint8Array): string {
  const field = deviceInfo.subarray(DEVICE_SERIAL_OFFSET, DEVICE_SERIAL_OFFSET + DEVICE_SERIAL_BYTES);
  return (namesIn(field)[0] ?? "").trim();
}
