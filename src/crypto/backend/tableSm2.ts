/**
 * SM2 on noble with a table of multiples per key, for machines whose OpenSSL lacks SM2. Sealers are few and sign every
 * block, so a table pays: about four times the speed of the reference.
 */
import { Sm2Point, sm2Check, sm2MessageInteger, sm2PointOf } from "../sm2.js";
import { sm2Identity } from "../sm2Identity.js";
import type { SignaturePart, VerifyFunction } from "../suiteParts.js";

/** A table holds 44 * 32 points, some 300 kB, and takes as long to make as about this many verifications without one. */
export const SM2_TABLE_AFTER_VERIFICATIONS = 16;
const SM2_TABLE_WINDOW_BITS = 6;

function verifier(publicKey: Uint8Array): VerifyFunction {
  const identity = sm2Identity(publicKey);
  const point = sm2PointOf(publicKey);
  let verifications = 0;
  return (digest, signature) => {
    verifications++;
    if (verifications === SM2_TABLE_AFTER_VERIFICATIONS) point.precompute(SM2_TABLE_WINDOW_BITS);
    const e = sm2MessageInteger(identity, digest);
    if (verifications < SM2_TABLE_AFTER_VERIFICATIONS) {
      return sm2Check(signature, e, (s, t) => Sm2Point.BASE.mulAddUnsafe(s, point, t));
    }
    // With tables on both sides two separate walks cost less than a joint one without.
    return sm2Check(signature, e, (s, t) => Sm2Point.BASE.multiplyUnsafe(s).add(point.multiplyUnsafe(t)));
  };
}

export async function loadTableSm2(): Promise<SignaturePart> {
  return { name: "noble-table", verifier, recover: () => undefined };
}
