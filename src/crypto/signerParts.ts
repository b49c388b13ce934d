/** What stands in front of every signer: the same refusals whichever arithmetic signs. It needs none of its own. */
import { concatBytes } from "../base/bytes.js";
import { CURVES } from "./curves.js";
import { toInteger } from "./integers.js";
import { CryptoError } from "./problems.js";
import { HASH_BYTES, SECRET_KEY_BYTES, type SoftSigner, type SuiteName } from "./suite.js";

/** The arithmetic of a signer; arguments were checked. */
export interface SignerPart {
  readonly publicKey: (secretKey: Uint8Array) => Uint8Array;
  /** `ecdsa`: r || s || recid, low s. `sm`: r || s. */
  readonly sign: (secretKey: Uint8Array, digest: Uint8Array) => Uint8Array;
}

/** The largest secret key. SM2 divides by 1 + d, which n - 1 would make zero. */
const SECRET_KEY_MAX: Readonly<Record<SuiteName, bigint>> = {
  ecdsa: CURVES.ecdsa.n - 1n,
  sm: CURVES.sm.n - 2n,
};

function checkSecretKey(suite: SuiteName, secretKey: Uint8Array): void {
  if (secretKey.length === SECRET_KEY_BYTES) {
    const d = toInteger(secretKey);
    if (d >= 1n && d <= SECRET_KEY_MAX[suite]) return;
  }
  throw new CryptoError({ code: "CRYPTO_SECRET_KEY_INVALID", suite, length: secretKey.length });
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
