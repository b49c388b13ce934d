/** The two curves, y^2 = x^3 + ax + b over the integers modulo p: secp256k1 (SEC 2, 2.4.1) and SM2 (GB/T 32918.5-2017). */
import { toInteger } from "./integers.js";
import { PUBLIC_KEY_BYTES, type SuiteName } from "./suite.js";

export interface CurveParameters {
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
  /** Order of the base point; the cofactor is 1 on both curves. */
  readonly n: bigint;
  readonly h: bigint;
  readonly Gx: bigint;
  readonly Gy: bigint;
}

export const CURVES: Readonly<Record<SuiteName, CurveParameters>> = {
  ecdsa: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    a: 0n,
    b: 7n,
    n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    h: 1n,
    Gx: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
    Gy: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  },
  sm: {
    p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
    a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
    b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
    n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
    h: 1n,
    Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
    Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
  },
};

/**
 * Whether `publicKey` is X || Y of a point: 64 bytes, both coordinates below p, equation met. The point at infinity has no
 * such form (X = Y = 0 meets neither equation), and with cofactor 1 every point generates the whole group.
 */
export function isCurvePoint(suite: SuiteName, publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const { p, a, b } = CURVES[suite];
  const x = toInteger(publicKey.subarray(0, 32));
  const y = toInteger(publicKey.subarray(32));
  return x < p && y < p && (y * y - (x * x + a) * x - b) % p === 0n;
}

/** 0x04 || X || Y, the uncompressed form of SEC 1, 2.3.3, that most libraries take. */
export function uncompressedPoint(publicKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + PUBLIC_KEY_BYTES);
  bytes[0] = 0x04;
  bytes.set(publicKey, 1);
  return bytes;
}
