/**
 * Which bytes may be a signature at all. These rules stand in front of every back end, so that libraries which are stricter
 * or laxer among themselves cannot disagree. Plain byte comparisons: they run once per verification.
 */
import { CURVES } from "./curves.js";
import { fromInteger, INTEGER_BYTES } from "./integers.js";
import { HASH_BYTES, PUBLIC_KEY_BYTES, type SuiteName } from "./suite.js";

/** r || s */
export const BARE_SIGNATURE_BYTES = 64;
/** r || s || recid */
export const ECDSA_SIGNATURE_BYTES = 65;
/** r || s || X || Y */
export const SM_TRANSACTION_SIGNATURE_BYTES = BARE_SIGNATURE_BYTES + PUBLIC_KEY_BYTES;
export const RECID_MAX = 3;

/** Exclusive upper ends of r and s, big-endian. */
interface ScalarEnds {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

const ENDS: Readonly<Record<SuiteName, ScalarEnds>> = {
  // n is odd, so s <= n/2 is s <= (n-1)/2 is s < (n+1)/2. The low half is the rule of EIP-2.
  ecdsa: { r: fromInteger(CURVES.ecdsa.n), s: fromInteger((CURVES.ecdsa.n + 1n) / 2n) },
  sm: { r: fromInteger(CURVES.sm.n), s: fromInteger(CURVES.sm.n) },
};

/** Whether the 32 bytes at `offset` are, as a big-endian number, at least 1 and below `end`. */
function isPositiveBelow(bytes: Uint8Array, offset: number, end: Uint8Array): boolean {
  let at = 0;
  while (at < INTEGER_BYTES && bytes[offset + at] === end[at]) at++;
  if (at === INTEGER_BYTES || (bytes[offset + at] as number) > (end[at] as number)) return false;
  for (let i = 0; i < INTEGER_BYTES; i++) if (bytes[offset + i] !== 0) return true;
  return false;
}

function scalarsInRange(suite: SuiteName, signature: Uint8Array): boolean {
  const ends = ENDS[suite];
  return isPositiveBelow(signature, 0, ends.r) && isPositiveBelow(signature, INTEGER_BYTES, ends.s);
}

function recidInRange(signature: Uint8Array): boolean {
  return (signature[BARE_SIGNATURE_BYTES] as number) <= RECID_MAX;
}

/** Length of the digest, length of the header signature, ranges of r, s and recid. */
export function isHeaderSignatureShape(suite: SuiteName, digest: Uint8Array, signature: Uint8Array): boolean {
  if (digest.length !== HASH_BYTES) return false;
  if (suite === "sm") return signature.length === BARE_SIGNATURE_BYTES && scalarsInRange(suite, signature);
  return signature.length === ECDSA_SIGNATURE_BYTES && recidInRange(signature) && scalarsInRange(suite, signature);
}

/** The same for the transaction form; the key inside an `sm` signature is not looked at. */
export function isTransactionSignatureShape(suite: SuiteName, digest: Uint8Array, signature: Uint8Array): boolean {
  if (suite === "ecdsa") return isHeaderSignatureShape(suite, digest, signature);
  if (digest.length !== HASH_BYTES || signature.length !== SM_TRANSACTION_SIGNATURE_BYTES) return false;
  return scalarsInRange(suite, signature);
}
