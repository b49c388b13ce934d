/** r || s to and from SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, 2.2.3; X.690), the only form OpenSSL has for SM2. */
import { INTEGER_BYTES } from "../integers.js";
import { BARE_SIGNATURE_BYTES } from "../signatureRules.js";

const SEQUENCE_TAG = 0x30;
const INTEGER_TAG = 0x02;
const HEAD_BYTES = 2;
/** Two heads of two bytes around two integers of at most 33 bytes, and the outer head. */
export const SIGNATURE_DER_BYTES_MAX = HEAD_BYTES + 2 * (HEAD_BYTES + INTEGER_BYTES + 1);

/** Writes the shortest INTEGER for the 32 bytes at `from`; returns where it ends. */
function writeInteger(der: Uint8Array, at: number, signature: Uint8Array, from: number): number {
  let skip = 0;
  while (skip < INTEGER_BYTES - 1 && signature[from + skip] === 0) skip++;
  const sign = (signature[from + skip] as number) >= 0x80 ? 1 : 0;
  der[at] = INTEGER_TAG;
  der[at + 1] = sign + INTEGER_BYTES - skip;
  der[at + HEAD_BYTES] = 0;
  let end = at + HEAD_BYTES + sign;
  for (let i = skip; i < INTEGER_BYTES; i++) der[end++] = signature[from + i] as number;
  return end;
}

/** Writes the DER form of the first 64 bytes of `signature` into `der` (SIGNATURE_DER_BYTES_MAX bytes); returns its length. */
export function writeSignatureDer(der: Uint8Array, signature: Uint8Array): number {
  const middle = writeInteger(der, HEAD_BYTES, signature, 0);
  const end = writeInteger(der, middle, signature, INTEGER_BYTES);
  der[0] = SEQUENCE_TAG;
  der[1] = end - HEAD_BYTES;
  return end;
}

/** r || s of a DER signature that our own OpenSSL made: its form is not checked again. */
export function readSignatureDer(der: Uint8Array): Uint8Array {
  const signature = new Uint8Array(BARE_SIGNATURE_BYTES);
  let at = HEAD_BYTES;
  for (let end = INTEGER_BYTES; end <= BARE_SIGNATURE_BYTES; end += INTEGER_BYTES) {
    const length = der[at + 1] as number;
    const value = der.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    const digits = value[0] === 0 ? value.subarray(1) : value;
    signature.set(digits, end - digits.length);
    at += HEAD_BYTES + length;
  }
  return signature;
}
