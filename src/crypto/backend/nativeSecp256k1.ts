/**
 * libsecp256k1 through the native binding of the npm package `secp256k1`.
 *
 * The package's own entry falls back without a word to a pure implementation some 45 times slower. Its `bindings.js` is the
 * native half alone and throws where no binding was built, so that is what gets loaded.
 */
import { CURVES, uncompressedPoint } from "../curves.js";
import { fromInteger, toInteger } from "../integers.js";
import { BARE_SIGNATURE_BYTES, ECDSA_SIGNATURE_BYTES } from "../signatureRules.js";
import type { SignerPart } from "../signerParts.js";
import type { SignaturePart } from "../suiteParts.js";
import { loadPackage } from "./loadPackage.js";

interface NativeBinding {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaRecover(signature: Uint8Array, recid: number, digest: Uint8Array, compressed: boolean): Uint8Array;
  ecdsaSign(digest: Uint8Array, secretKey: Uint8Array): { signature: Uint8Array; recid: number };
  publicKeyCreate(secretKey: Uint8Array, compressed: boolean): Uint8Array;
}

async function loadBinding(): Promise<NativeBinding> {
  const module = (await loadPackage("secp256k1/bindings.js")) as { default: NativeBinding };
  return module.default;
}

export async function loadNativeSecp256k1(): Promise<SignaturePart> {
  const binding = await loadBinding();
  // The binding takes exactly 64 bytes; one buffer serves all calls, since none of them yields.
  const bare = new Uint8Array(BARE_SIGNATURE_BYTES);
  const copyBare = (signature: Uint8Array): void => {
    for (let i = 0; i < BARE_SIGNATURE_BYTES; i++) bare[i] = signature[i] as number;
  };
  return {
    name: "secp256k1",
    verifier: (publicKey) => {
      // Uncompressed: about a tenth faster than 33 bytes, whose y has to be computed every time.
      const point = uncompressedPoint(publicKey);
      return (digest, signature) => {
        copyBare(signature);
        return binding.ecdsaVerify(bare, digest, point);
      };
    },
    recover: (digest, signature) => {
      copyBare(signature);
      try {
        return binding.ecdsaRecover(bare, signature[BARE_SIGNATURE_BYTES] as number, digest, false).slice(1);
      } catch {
        // The only failure left after the shape checks is that no key recovers.
        return undefined;
      }
    },
  };
}

/**
 * The digest modulo n, in 32 bytes. RFC 6979 reduces the digest before it feeds the nonce generator (bits2octets);
 * libsecp256k1 feeds the raw bytes, so it gets reduced ones, or the two would sign digests of n and above differently.
 */
function reducedDigest(digest: Uint8Array): Uint8Array {
  const value = toInteger(digest);
  return value < CURVES.ecdsa.n ? digest : fromInteger(value - CURVES.ecdsa.n);
}

export async function loadNativeSecp256k1Signer(): Promise<SignerPart> {
  const binding = await loadBinding();
  return {
    publicKey: (secretKey) => binding.publicKeyCreate(secretKey, false).slice(1),
    sign: (secretKey, digest) => {
      const { signature, recid } = binding.ecdsaSign(reducedDigest(digest), secretKey);
      const bytes = new Uint8Array(ECDSA_SIGNATURE_BYTES);
      bytes.set(signature);
      bytes[BARE_SIGNATURE_BYTES] = recid;
      return bytes;
    },
  };
}
