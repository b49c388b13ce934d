/**
 * A suite is the hash and the signature scheme of one chain, fixed for its life (FISCO `chain.sm_crypto`).
 *
 * - `ecdsa`: keccak256, secp256k1 with recovery. Signature r || s || recid (65 bytes, recid 0..3).
 * - `sm`: SM3, SM2 with user id "1234567812345678"; the 32-byte hash is the SM2 *message*, so e = SM3(Z || hash).
 *   Signature r || s (64 bytes) in headers, r || s || public key (128 bytes) in transactions.
 *
 * One rule for validity, the same in every back end: r and s lie in 1..n-1; for `ecdsa` s <= n/2 (no malleable twin) and
 * recid is 0..3; the public key is a point of the curve; the length is exact. Verdicts are booleans; nothing here throws on
 * hostile bytes.
 */
export type SuiteName = "ecdsa" | "sm";

export const HASH_BYTES = 32;
export const PUBLIC_KEY_BYTES = 64;
export const SECRET_KEY_BYTES = 32;
export const ADDRESS_BYTES = 20;

/** One public key made ready for many verifications (decoded point, key object, precomputed table). */
export interface PreparedKey {
  /** Whether `signature`, in the suite's *header* form (65 or 64 bytes), signs the 32-byte `digest`. */
  verify(digest: Uint8Array, signature: Uint8Array): boolean;
}

export interface Suite {
  readonly name: SuiteName;
  /** Which back ends serve, for `status` and `doctor`: e.g. { hash: "hash-wasm", signature: "secp256k1" }. */
  readonly backend: { readonly hash: string; readonly signature: string };
  /** Length of a signature in a header: 65 (`ecdsa`) or 64 (`sm`). */
  readonly headerSignatureBytes: number;
  /** Length of a signature in a transaction: 65 (`ecdsa`) or 128 (`sm`). */
  readonly transactionSignatureBytes: number;
  /** 32-byte hash; the result is a fresh array the caller may keep. */
  hash(data: Uint8Array): Uint8Array;
  /** Undefined when the 64 bytes X || Y are no point of the curve. */
  prepare(publicKey: Uint8Array): PreparedKey | undefined;
  /** The 64-byte public key that made a *transaction* signature over `digest`, or undefined when there is none. */
  recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined;
  /** Last 20 bytes of hash(public key). */
  address(publicKey: Uint8Array): Uint8Array;
}

/** Signing with a secret in memory: simulators, software key stores. Deterministic (RFC 6979 with the suite's hash for `sm`). */
export interface SoftSigner {
  publicKey(secretKey: Uint8Array): Uint8Array;
  /** Header form: 65 or 64 bytes, low s where the suite demands it. */
  signHeader(secretKey: Uint8Array, digest: Uint8Array): Uint8Array;
  /** Transaction form: 65 or 128 bytes. */
  signTransaction(secretKey: Uint8Array, digest: Uint8Array): Uint8Array;
}
