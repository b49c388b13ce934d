/** Reference ECDSA over secp256k1 (SEC 1, 4.1) with RFC 6979 nonces, on the audited pure implementation of noble. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { uncompressedPoint } from "./curves.js";
import { BARE_SIGNATURE_BYTES, ECDSA_SIGNATURE_BYTES } from "./signatureRules.js";
import type { SignaturePart, VerifyFunction } from "./suiteParts.js";

/** The chain hashes with keccak256 beforehand, so the library must not hash again. */
const OPTIONS = { prehash: false, lowS: true } as const;

function verifier(publicKey: Uint8Array): VerifyFunction {
  const point = uncompressedPoint(publicKey);
  return (digest, signature) => secp256k1.verify(signature.subarray(0, BARE_SIGNATURE_BYTES), digest, point, OPTIONS);
}

function recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  try {
    return secp256k1.Signature.fromBytes(signature.subarray(0, BARE_SIGNATURE_BYTES))
      .addRecoveryBit(signature[BARE_SIGNATURE_BYTES] as number)
      .recoverPublicKey(digest)
      .toBytes(false)
      .slice(1);
  } catch {
    // noble throws where r is no x coordinate or the key would be the point at infinity: both mean "nobody".
    return undefined;
  }
}

export const secp256k1Part: SignaturePart = { name: "noble", verifier, recover };

/** The 64-byte public key of a valid secret key. */
export function secp256k1PublicKey(secretKey: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(secretKey, false).slice(1);
}

/** r || s || recid with low s, deterministic (RFC 6979 with SHA-256), over a 32-byte digest by a valid secret key. */
export function secp256k1Sign(secretKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(digest, secretKey, { ...OPTIONS, format: "recovered" });
  const signature = new Uint8Array(ECDSA_SIGNATURE_BYTES);
  signature.set(recovered.subarray(1));
  signature[BARE_SIGNATURE_BYTES] = recovered[0] as number;
  return signature;
}
