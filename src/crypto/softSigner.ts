/** Signing with a secret in memory, pure and deterministic. */
import { secp256k1PublicKey, secp256k1Sign } from "./secp256k1.js";
import { assembleSigner, type SignerPart } from "./signerParts.js";
import { sm2PublicKey, sm2Sign } from "./sm2.js";
import type { SoftSigner, SuiteName } from "./suite.js";

/** The signers that always work, and the yardstick for the faster ones. */
export const REFERENCE_SIGNER: Readonly<Record<SuiteName, SignerPart>> = {
  ecdsa: { publicKey: secp256k1PublicKey, sign: secp256k1Sign },
  sm: {
    publicKey: sm2PublicKey,
    sign: (secretKey, digest) => sm2Sign(secretKey, sm2PublicKey(secretKey), digest),
  },
};

const SIGNERS: Readonly<Record<SuiteName, SoftSigner>> = {
  ecdsa: assembleSigner("ecdsa", REFERENCE_SIGNER.ecdsa),
  sm: assembleSigner("sm", REFERENCE_SIGNER.sm),
};

/**
 * The pure signer of a suite; always the same object. Its methods throw CryptoError: `CRYPTO_SECRET_KEY_INVALID` for a key
 * that is not 32 bytes in 1..n-1 (SM2: 1..n-2), `CRYPTO_DIGEST_LENGTH` for a digest that is not 32 bytes.
 */
export function softSigner(name: SuiteName): SoftSigner {
  return SIGNERS[name];
}
