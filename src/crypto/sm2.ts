/**
 * Reference SM2 signatures: GB/T 32918.2-2016 (algorithm), GB/T 32918.5-2017 (curve), user id "1234567812345678" as
 * FISCO's bcos-crypto fastsm2/fast_sm2.cpp sets it. The chain's 32-byte hash is the *message*: e = SM3(Z || hash).
 */
import { type WeierstrassPoint, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { concatBytes } from "../base/bytes.js";
import { CURVES, uncompressedPoint } from "./curves.js";
import { fromInteger, INTEGER_BYTES, toInteger } from "./integers.js";
import { BARE_SIGNATURE_BYTES } from "./signatureRules.js";
import { sm2Identity } from "./sm2Identity.js";
import { hmacSm3, sm3 } from "./sm3.js";
import type { SignaturePart, VerifyFunction } from "./suiteParts.js";

const CURVE = CURVES.sm;
const N = CURVE.n;

/** The group. noble's formulas are complete, so no input point or scalar needs special care. */
export const Sm2Point = weierstrass(CURVE);
export type Sm2Point = WeierstrassPoint<bigint>;
const Scalars = Sm2Point.Fn;

/** The integer e = SM3(Z || digest). */
export function sm2MessageInteger(identity: Uint8Array, digest: Uint8Array): bigint {
  return toInteger(sm3(concatBytes([identity, digest])));
}

export function sm2PointOf(publicKey: Uint8Array): Sm2Point {
  return Sm2Point.fromBytes(uncompressedPoint(publicKey));
}

/**
 * Section 7.1 of the standard, given how to add s*G and t*P: back ends with tables do it their own way.
 * r and s lie in 1..n-1; t = 0 and the point at infinity are refused.
 */
export function sm2Check(signature: Uint8Array, e: bigint, combine: (s: bigint, t: bigint) => Sm2Point): boolean {
  const r = toInteger(signature.subarray(0, INTEGER_BYTES));
  const s = toInteger(signature.subarray(INTEGER_BYTES, BARE_SIGNATURE_BYTES));
  const t = (r + s) % N;
  if (t === 0n) return false;
  const sum = combine(s, t);
  return !sum.is0() && (e + sum.toAffine().x) % N === r;
}

function verifier(publicKey: Uint8Array): VerifyFunction {
  const identity = sm2Identity(publicKey);
  const point = sm2PointOf(publicKey);
  return (digest, signature) =>
    sm2Check(signature, sm2MessageInteger(identity, digest), (s, t) => Sm2Point.BASE.mulAddUnsafe(s, point, t));
}

export const sm2Part: SignaturePart = { name: "noble", verifier, recover: () => undefined };

/** The 64-byte public key of a valid secret key. */
export function sm2PublicKey(secretKey: Uint8Array): Uint8Array {
  return Sm2Point.BASE.multiply(toInteger(secretKey)).toBytes(false).slice(1);
}

/** The nonces of RFC 6979, 3.2, with HMAC-SM3 for HMAC and e mod n for bits2octets(h1), until `accept` takes one. */
function deterministicNonce<T>(d: bigint, e: bigint, accept: (k: bigint) => T | undefined): T {
  const seed = concatBytes([fromInteger(d), fromInteger(e % N)]);
  let value: Uint8Array = new Uint8Array(32).fill(0x01);
  let key: Uint8Array = new Uint8Array(32);
  for (const round of [0x00, 0x01]) {
    key = hmacSm3(key, concatBytes([value, Uint8Array.of(round), seed]));
    value = hmacSm3(key, value);
  }
  for (;;) {
    value = hmacSm3(key, value);
    const k = toInteger(value);
    const accepted = k >= 1n && k < N ? accept(k) : undefined;
    if (accepted !== undefined) return accepted;
    key = hmacSm3(key, concatBytes([value, Uint8Array.of(0x00)]));
    value = hmacSm3(key, value);
  }
}

/**
 * r || s over a 32-byte digest by a valid secret key; section 6.1 of the standard with a deterministic nonce.
 * The inversion of 1 + d is a power with a public exponent, so that its steps do not follow the secret.
 */
export function sm2Sign(secretKey: Uint8Array, publicKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const d = toInteger(secretKey);
  const e = sm2MessageInteger(sm2Identity(publicKey), digest);
  const inverse = Scalars.pow(Scalars.add(d, 1n), N - 2n);
  return deterministicNonce(d, e, (k) => {
    const r = (e + Sm2Point.BASE.multiply(k).toAffine().x) % N;
    if (r === 0n || r + k === N) return undefined;
    const s = Scalars.mul(inverse, Scalars.create(k - r * d));
    return s === 0n ? undefined : concatBytes([fromInteger(r), fromInteger(s)]);
  });
}
