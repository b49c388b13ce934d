/** The secret inside an emulated shield: signatures over 32 bytes as a chip makes them. For tests and demonstrations. */
import { randomBytes } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { concatBytes } from "../../src/base/bytes.js";
import { CURVES } from "../../src/crypto/curves.js";
import { fromInteger, toInteger } from "../../src/crypto/integers.js";
import { secp256k1PublicKey, secp256k1Sign } from "../../src/crypto/secp256k1.js";
import { Sm2Point, sm2PublicKey } from "../../src/crypto/sm2.js";
import { type ShieldAlgorithm, SIGNATURE_BYTES } from "../shield/commands.js";

export interface SoftKey {
  readonly publicKey: Uint8Array;
  /** r || s. For SM2 the 32 bytes are e itself: a chip knows nothing of Z. */
  sign(digest: Uint8Array): Uint8Array;
}

const SM2_ORDER = CURVES.sm.n;
const NONCE_BYTES = 48;

/** GB/T 32918.2-2016, 6.1, from step A3 on. Nonces from 48 random bytes, so that none is likelier than another. */
function signSm2(d: bigint, e: bigint): Uint8Array {
  const scalars = Sm2Point.Fn;
  for (;;) {
    const k = toInteger(randomBytes(NONCE_BYTES)) % SM2_ORDER;
    if (k === 0n) continue;
    const r = (e + Sm2Point.BASE.multiply(k).toAffine().x) % SM2_ORDER;
    const s = scalars.mul(scalars.inv(scalars.create(d + 1n)), scalars.create(k - r * d));
    if (r !== 0n && r + k !== SM2_ORDER && s !== 0n) return concatBytes([fromInteger(r), fromInteger(s)]);
  }
}

/** @param secretKey 32 bytes, a valid key of the algorithm */
export function softKey(algorithm: ShieldAlgorithm, secretKey: Uint8Array): SoftKey {
  switch (algorithm) {
    case "secp256k1":
      return {
        publicKey: secp256k1PublicKey(secretKey),
        sign: (digest) => secp256k1Sign(secretKey, digest).slice(0, SIGNATURE_BYTES),
      };
    case "sm2":
      return { publicKey: sm2PublicKey(secretKey), sign: (e) => signSm2(toInteger(secretKey), toInteger(e)) };
    case "p256":
      return {
        publicKey: p256.getPublicKey(secretKey, false).slice(1),
        sign: (digest) => p256.sign(digest, secretKey, { prehash: false, lowS: false }),
      };
  }
}
