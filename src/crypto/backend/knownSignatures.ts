/**
 * One signature per suite that everybody must make or accept. Keys and the SM2 signature are FISCO BCOS's own
 * (bcos-crypto/test/unittests/SignatureTest.cpp); the ECDSA signature (RFC 6979) was computed once with independent libraries.
 */
import { fromHex } from "../../base/bytes.js";
import type { SuiteName } from "../suite.js";

export interface KnownSignature {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly otherPublicKey: Uint8Array;
  readonly digest: Uint8Array;
  /** Header form. */
  readonly signature: Uint8Array;
}

export const KNOWN_SIGNATURES: Readonly<Record<SuiteName, KnownSignature>> = {
  ecdsa: {
    secretKey: fromHex("bcec428d5205abe0f0cc8a734083908d9eb8563e31f943d760786edf42ad67dd"),
    publicKey: fromHex(
      "3378c2b7bcdce20357eb3dbb62590b88d4711dae74e1ea47dd4207441734d2fc" +
        "7cf6df92fd8c0a3368ba5a1f5f9c3318d19a3f00ba2f2bd9f508b953be299fb5",
    ),
    // The base point of secp256k1.
    otherPublicKey: fromHex(
      "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    ),
    digest: fromHex("1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"),
    signature: fromHex(
      "54d6bee367d062842a2d87ad35eee7b3f9a52437baec9cac180de1b13ed767d5" +
        "03b37cf5196197a870c9704ec4eb6ac83ebf93426ca6685faf71320388353fca00",
    ),
  },
  sm: {
    secretKey: fromHex("ca508b2b49c1d2dc46cbd5a011686fdc19937dbc704afe6c547a862b3e2b6c69"),
    publicKey: fromHex(
      "f7dee65e76603ed7cd4c598d53cabe875c459e0fae4c6fd7b858189fd4741081" +
        "e970bca0d5cb571a7ac30586aec71b23187d4b25e59143812f74a2744604d42b",
    ),
    // The base point of the SM2 curve.
    otherPublicKey: fromHex(
      "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" +
        "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
    ),
    digest: fromHex("82ec580fe6d36ae4f81cae3c73f4a5b3b5a09c943172dc9053c69fd8e18dca1e"),
    signature: fromHex(
      "cd39bf939d999ca710576a629c962edfc28608701a3a7b61c971daeac5a1399c" +
        "f4a7272fa80783e171c7fd5b038a3af4521f681ebe9fd44db3b60e750c438293",
    ),
  },
};
