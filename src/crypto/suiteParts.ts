/**
 * The two exchangeable halves of a suite and how they become one. Everything that decides a verdict and can be said without
 * elliptic-curve arithmetic is decided here, in front of the halves.
 */

import { isCurvePoint } from "./curves.js";
import type { HashFunction } from "./hashFunction.js";
import {
  BARE_SIGNATURE_BYTES,
  ECDSA_SIGNATURE_BYTES,
  isHeaderSignatureShape,
  isTransactionSignatureShape,
  SM_TRANSACTION_SIGNATURE_BYTES,
} from "./signatureRules.js";
import { ADDRESS_BYTES, HASH_BYTES, type PreparedKey, type Suite, type SuiteName } from "./suite.js";

export interface HashPart {
  readonly name: string;
  readonly hash: HashFunction;
}

/**
 * Whether r || s (the first 64 bytes of `signature`, in range) signs the 32-byte `digest`. Must answer false, never throw.
 */
export type VerifyFunction = (digest: Uint8Array, signature: Uint8Array) => boolean;

export interface SignaturePart {
  readonly name: string;
  /** The verifier of one key: 64 bytes known to be a point of the curve, still the caller's, so only a copy may be kept. */
  readonly verifier: (publicKey: Uint8Array) => VerifyFunction;
  /**
   * `ecdsa` only: the 64-byte key behind r || s || recid over `digest`, or undefined. All lengths and ranges were checked.
   * SM2 transactions carry their key, so there it is never called.
   */
  readonly recover: (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined;
}

function prepareKey(name: SuiteName, signature: SignaturePart, publicKey: Uint8Array): PreparedKey | undefined {
  if (!isCurvePoint(name, publicKey)) return undefined;
  const verify = signature.verifier(publicKey);
  return {
    verify: (digest, bytes) => isHeaderSignatureShape(name, digest, bytes) && verify(digest, bytes),
  };
}

function recoverKey(
  name: SuiteName,
  signature: SignaturePart,
  digest: Uint8Array,
  bytes: Uint8Array,
): Uint8Array | undefined {
  if (!isTransactionSignatureShape(name, digest, bytes)) return undefined;
  if (name === "ecdsa") return signature.recover(digest, bytes);
  const publicKey = new Uint8Array(bytes.subarray(BARE_SIGNATURE_BYTES));
  if (!isCurvePoint(name, publicKey)) return undefined;
  return signature.verifier(publicKey)(digest, bytes) ? publicKey : undefined;
}

/**
 * A suite of a hash and a signature half.
 *
 * An `ecdsa` header signature is verified against the key at hand, which costs less than recovering one. Its recid must be
 * 0..3 but is not compared with the one recovery would need: r and s alone prove that the key signed. FISCO recovers, so it
 * refuses a recid that somebody on the way changed within 0..3 and that is accepted here. That proves nothing false: the
 * header hash does not cover signatures, and whoever counts signers counts keys, not bytes.
 */
export function assembleSuite(name: SuiteName, hash: HashPart, signature: SignaturePart): Suite {
  return {
    name,
    backend: { hash: hash.name, signature: signature.name },
    headerSignatureBytes: name === "ecdsa" ? ECDSA_SIGNATURE_BYTES : BARE_SIGNATURE_BYTES,
    transactionSignatureBytes: name === "ecdsa" ? ECDSA_SIGNATURE_BYTES : SM_TRANSACTION_SIGNATURE_BYTES,
    hash: hash.hash,
    prepare: (publicKey) => prepareKey(name, signature, publicKey),
    recover: (digest, bytes) => recoverKey(name, signature, digest, bytes),
    address: (publicKey) => hash.hash(publicKey).slice(HASH_BYTES - ADDRESS_BYTES),
  };
}
