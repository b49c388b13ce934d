/**
 * From what a key's home returns to a signature that is let out: low s, recovery id, verified. Whatever the home does
 * wrong, a flipped bit or another key, ends here.
 */
import { concatBytes, equalBytes } from "../../base/bytes.js";
import { CURVES } from "../../crypto/curves.js";
import { fromInteger, INTEGER_BYTES, toInteger } from "../../crypto/integers.js";
import { BARE_SIGNATURE_BYTES, RECID_MAX } from "../../crypto/signatureRules.js";
import { type PreparedKey, PUBLIC_KEY_BYTES, type Suite } from "../../crypto/suite.js";

const N = CURVES.ecdsa.n;
const HALF_N = N / 2n;

function lowS(bare: Uint8Array): Uint8Array {
  const s = toInteger(bare.subarray(INTEGER_BYTES));
  if (s <= HALF_N || s >= N) return bare;
  return concatBytes([bare.subarray(0, INTEGER_BYTES), fromInteger(N - s)]);
}

/** Header form of r || s, or undefined when it is no signature of this key over this digest. */
export function headerForm(
  suite: Suite,
  key: PreparedKey,
  publicKey: Uint8Array,
  digest: Uint8Array,
  bare: Uint8Array,
): Uint8Array | undefined {
  if (bare.length !== BARE_SIGNATURE_BYTES) return undefined;
  if (suite.name === "sm") return key.verify(digest, bare) ? bare.slice() : undefined;
  const low = lowS(bare);
  for (let recid = 0; recid <= RECID_MAX; recid++) {
    const signature = concatBytes([low, Uint8Array.of(recid)]);
    const recovered = suite.recover(digest, signature);
    // The key that recovery gives meets the verification equation, so this is the verification.
    if (recovered !== undefined && equalBytes(recovered, publicKey)) return signature;
  }
  return undefined;
}

/** Transactions carry the key on chains of the `sm` suite. */
export function transactionForm(suite: Suite, publicKey: Uint8Array, signature: Uint8Array): Uint8Array {
  const carriesKey = suite.transactionSignatureBytes === BARE_SIGNATURE_BYTES + PUBLIC_KEY_BYTES;
  return carriesKey ? concatBytes([signature, publicKey]) : signature;
}
