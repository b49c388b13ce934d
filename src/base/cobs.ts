/**
 * Consistent Overhead Byte Stuffing (S. Cheshire and M. Baker, IEEE/ACM Transactions on Networking 7 (1999) 159): bytes without
 * zeros, so that a zero may stand between frames on a serial line. One byte more in 254.
 */

/** Longest run without a zero that one code byte covers. */
export const COBS_RUN_BYTES = 254;

/** Each code byte says where the next zero was. */
export function stuffZeros(body: Uint8Array): Uint8Array {
  const stuffed = new Uint8Array(body.length + 1 + Math.floor(body.length / COBS_RUN_BYTES));
  let codeAt = 0;
  let end = 1;
  for (const byte of body) {
    if (byte !== 0) stuffed[end++] = byte;
    const run = end - codeAt;
    if (byte !== 0 && run <= COBS_RUN_BYTES) continue;
    stuffed[codeAt] = run;
    codeAt = end++;
  }
  stuffed[codeAt] = end - codeAt;
  return stuffed.subarray(0, end);
}

/** Undefined for bytes that no stuffing gives. */
export function unstuffZeros(stuffed: Uint8Array): Uint8Array | undefined {
  const body = new Uint8Array(stuffed.length);
  let length = 0;
  let next = 0;
  while (next < stuffed.length) {
    const code = stuffed[next] as number;
    const end = next + code;
    if (code === 0 || end > stuffed.length) return undefined;
    for (let i = next + 1; i < end; i++) body[length++] = stuffed[i] as number;
    next = end;
    if (code <= COBS_RUN_BYTES && next < stuffed.length) body[length++] = 0;
  }
  return body.subarray(0, length);
}
