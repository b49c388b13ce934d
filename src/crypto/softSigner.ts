/** Signing with a secret in memory, pure and deterministic; the checks in front are shared with the faster signers. */
import { concatBytes } from "../base/bytes.js";
import { CryptoError } from "./problems.js";
import { isSecp256k1SecretKey, secp256k1PublicKey, secp256k1Sign } from "./secp256k1.js";
import { isSm2SecretKey, sm2PublicKey, sm2Sign } from "./sm2.js";
import { HASH_BYTES, type SoftSigner, type SuiteName } from "./suite.js";

/** The arithmetic of a signer; arguments were checked. */
export interface SignerPart {
  readonly publicKey: (secretKey: Uint8Array) => Uint8Array;
  /** `ecdsa`: r || s || recid, low s. `sm`: r || s. */
  readonly sign: (secretKey: Uint8Array, digest: Uint8Array) => Uint8Array;
}

/** The signers that always work, and the yardstick for the faster ones. */
export const REFERENCE_SIGNER: Readonly<Record<SuiteName, SignerPart>> = {
  ecdsa: { publicKey: secp256k1PublicKey, sign: secp256k1Sign },
  sm: {
    publicKey: sm2PublicKey,
    sign: (secretKey, digest) => sm2Sign(secretKey, sm2PublicKey(secretKey), digest),
  },
};

function checkSecretKey(suite: SuiteName, secretKey: Uint8Array): void {
  const valid = suite === "ecdsa" ? isSecp256k1SecretKey(secretKey) : isSm2SecretKey(secretKey);
  if (!valid) throw new CryptoError({ code: "CRYPTO_SECRET_KEY_INVALID", suite, length: secretKey.length });
}

function checkDigest(digest: Uint8Array): void {
  if (digest.length === HASH_BYTES) return;
  throw new CryptoError({ code: "CRYPTO_DIGEST_LENGTH", length: digest.length, expected: HASH_BYTES });
}

/** A signer of a part: the same refusals whichever part signs. */
export function assembleSigner(name: SuiteName, part: SignerPart): SoftSigner {
  const sign = (secretKey: Uint8Array, digest: Uint8Array): Uint8Array => {
    checkSecretKey(name, secretKey);
    checkDigest(digest);
    return part.sign(secretKey, digest);
  };
  const publicKey = (secretKey: Uint8Array): Uint8Array => {
    checkSecretKey(name, secretKey);
    return part.publicKey(secretKey);
  };
  return {
    publicKey,
    signHeader: sign,
    signTransaction: (secretKey, digest) =>
      name === "ecdsa" ? sign(secretKey, digest) : concatBytes([sign(secretKey, digest), publicKey(secretKey)]),
  };
}

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
