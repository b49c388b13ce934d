/** Arithmetic of the key store's four algorithms, all pure JavaScript; the secret is 32 bytes in each. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { BARE_SIGNATURE_BYTES } from "../../src/crypto/signatureRules.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { SECRET_KEY_BYTES } from "../../src/crypto/suite.js";
import { KeystoreError } from "./problems.js";

interface SoftKeys {
  readonly isSecret: (secret: Uint8Array) => boolean;
  readonly publicKey: (secret: Uint8Array) => Uint8Array;
  /** 64 bytes. */
  readonly sign: (secret: Uint8Array, digest: Uint8Array) => Uint8Array;
}

function suiteKeys(name: "ecdsa" | "sm"): SoftKeys {
  const signer = softSigner(name);
  return {
    isSecret: (secret) => succeeds(() => signer.publicKey(secret)),
    publicKey: (secret) => signer.publicKey(secret),
    sign: (secret, digest) => signer.signHeader(secret, digest).slice(0, BARE_SIGNATURE_BYTES),
  };
}

export const SOFT_KEYS: Readonly<Record<KeyAlgorithm, SoftKeys>> = {
  secp256k1: suiteKeys("ecdsa"),
  sm2: suiteKeys("sm"),
  p256: {
    isSecret: (secret) => p256.utils.isValidSecretKey(secret),
    publicKey: (secret) => p256.getPublicKey(secret, false).slice(1),
    sign: (secret, digest) => p256.sign(digest, secret, { prehash: false, lowS: true }),
  },
  ed25519: {
    isSecret: (secret) => secret.length === SECRET_KEY_BYTES,
    publicKey: (secret) => ed25519.getPublicKey(secret),
    sign: (secret, digest) => ed25519.sign(digest, secret),
  },
};

/** @throws KeystoreError `KEYSTORE_KEY_INVALID` */
export function publicKeyOf(algorithm: KeyAlgorithm, secret: Uint8Array): Uint8Array {
  const keys = SOFT_KEYS[algorithm];
  if (secret.length === SECRET_KEY_BYTES && keys.isSecret(secret)) return keys.publicKey(secret);
  throw new KeystoreError({ code: "KEYSTORE_KEY_INVALID", algorithm, length: secret.length });
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
