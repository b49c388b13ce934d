/** libsecp256k1 compiled to WebAssembly, npm package `tiny-secp256k1`: about a fifth of the native speed, on any machine. */
import { uncompressedPoint } from "../curves.js";
import { secp256k1Part } from "../secp256k1.js";
import { BARE_SIGNATURE_BYTES, ECDSA_SIGNATURE_BYTES } from "../signatureRules.js";
import type { SignerPart } from "../signerParts.js";
import type { SignaturePart } from "../suiteParts.js";
import { loadPackage } from "./loadPackage.js";

interface TinySecp256k1 {
  verify(digest: Uint8Array, publicKey: Uint8Array, signature: Uint8Array, strict: boolean): boolean;
  recover(digest: Uint8Array, signature: Uint8Array, recid: number, compressed: boolean): Uint8Array | null;
  signRecoverable(digest: Uint8Array, secretKey: Uint8Array): { signature: Uint8Array; recoveryId: number };
  pointFromScalar(secretKey: Uint8Array, compressed: boolean): Uint8Array | null;
}

/** recid 2 and 3 say that R.x is r + n. */
const RECID_OVERFLOW_BIT = 2;

function recoverWith(tiny: TinySecp256k1, digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const recid = signature[BARE_SIGNATURE_BYTES] as number;
  // The package asks that r itself be an x coordinate even where r + n is the one that counts, and so refuses half of the
  // signatures that libsecp256k1 accepts there. Honest signers meet this case once in 2^127 signatures.
  if ((recid & RECID_OVERFLOW_BIT) !== 0) return secp256k1Part.recover(digest, signature);
  try {
    return tiny.recover(digest, signature.subarray(0, BARE_SIGNATURE_BYTES), recid, false)?.slice(1);
  } catch {
    // The only failure left after the shape checks is that no key recovers.
    return undefined;
  }
}

export async function loadTinySecp256k1(): Promise<SignaturePart> {
  const tiny = (await loadPackage("tiny-secp256k1")) as TinySecp256k1;
  return {
    name: "tiny-secp256k1",
    verifier: (publicKey) => {
      const point = uncompressedPoint(publicKey);
      return (digest, signature) => tiny.verify(digest, point, signature.subarray(0, BARE_SIGNATURE_BYTES), true);
    },
    recover: (digest, signature) => recoverWith(tiny, digest, signature),
  };
}

export async function loadTinySecp256k1Signer(): Promise<SignerPart> {
  const tiny = (await loadPackage("tiny-secp256k1")) as TinySecp256k1;
  return {
    // Never null: a secret in 1..n-1 always has a point.
    publicKey: (secretKey) => (tiny.pointFromScalar(secretKey, false) as Uint8Array).slice(1),
    sign: (secretKey, digest) => {
      // Unlike the native binding this one reduces the digest modulo n itself.
      const { signature, recoveryId } = tiny.signRecoverable(digest, secretKey);
      const bytes = new Uint8Array(ECDSA_SIGNATURE_BYTES);
      bytes.set(signature);
      bytes[BARE_SIGNATURE_BYTES] = recoveryId;
      return bytes;
    },
  };
}
