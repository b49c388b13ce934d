/**
 * Checksums of stored rows. They find decay and misplaced pages of the medium, not attackers: whoever can write the file can
 * write the sum too, and every header is verified by signature anyway. CRC-32 is therefore enough and costs next to nothing.
 * Key fields go into the sum, so that a row standing under another row's key is found as well.
 */
import { crc32 } from "node:zlib";
import type { RunSpan } from "../chain/store.js";

export function recordSum(name: string, bytes: Uint8Array): number {
  return sumOf(`record ${name} ${bytes.length} `, bytes);
}

/** Of the key fields alone, for reading spans without their bytes. */
export function spanSum(span: RunSpan): number {
  return crc32(`span ${span.start} ${span.count} ${span.status}`);
}

export function runSum(span: RunSpan, bytes: Uint8Array): number {
  return sumOf(`run ${span.start} ${span.count} ${span.status} ${bytes.length} `, bytes);
}

/** Of bytes that stand under `key`. */
export function sumOf(key: string, bytes: Uint8Array): number {
  const keySum = crc32(key);
  // zlib starts anew when an empty array has no memory behind it.
  return bytes.length === 0 ? keySum : crc32(bytes, keySum);
}
