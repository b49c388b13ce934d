/**
 * Known answers every back end must give before it is used: libraries change, OpenSSL builds differ, and one of the ways to
 * SM2 here rests on an undocumented property of Node. Keys, the SM2 signature and the hashes of the empty text are FISCO
 * BCOS's own (bcos-crypto/test/unittests/SignatureTest.cpp and HashTest.cpp); the other hashes and the ECDSA signature
 * (RFC 6979) were computed once with independent libraries.
 */
import { equalBytes, fromHex } from "../../base/bytes.js";
import type { HashFunction } from "../hashFunction.js";
import { REFERENCE_HASH, referenceSuite } from "../referenceSuite.js";
import { assembleSigner, type SignerPart } from "../softSigner.js";
import type { SuiteName } from "../suite.js";
import { assembleSuite, type HashPart, type SignaturePart } from "../suiteParts.js";

export type SelfTestFailure =
  | "KNOWN_HASH_DIFFERS"
  | "HASH_RESULT_SHARED"
  | "VALID_SIGNATURE_REFUSED"
  | "BAD_SIGNATURE_ACCEPTED"
  | "KEY_NOT_RECOVERED"
  | "PUBLIC_KEY_DIFFERS"
  | "OWN_SIGNATURE_INVALID";

/** More than a back end may take to change its way of working (SM2_TABLE_AFTER_VERIFICATIONS). */
const SIGNATURE_ROUNDS = 20;

/** Hash of `length` bytes 0, 1, ... 255, 0, ...: none, more than a block, more than a keccak block, more than 16 KiB. */
const KNOWN_HASHES: Readonly<Record<SuiteName, readonly { readonly length: number; readonly hash: string }[]>> = {
  ecdsa: [
    { length: 0, hash: "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" },
    { length: 65, hash: "64578d7b8ae53c452c57b27375f3827854a7ead6448dc566d77a6673701f50d3" },
    { length: 200, hash: "bfb0aa97863e797943cf7c33bb7e880bb4543f3d2703c0923c6901c2af57b890" },
    { length: 20_000, hash: "7dc94694686cc2ab5257c35405be2d0e4dbb2284e32dbd2c711c7280b0f50de8" },
  ],
  sm: [
    { length: 0, hash: "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b" },
    { length: 65, hash: "c886e6814be748285a10b28ae62ddacd85db830cd2cf3a2bfa2f729c15f63618" },
    { length: 200, hash: "137c8be9a568df1f999ea75e042359e582990c708027d61f20489a368bf5ced5" },
    { length: 20_000, hash: "63d193b502705c34cb104b61eaf075459f85527ed6a4b612152d342f200339b6" },
  ],
};

interface KnownSignature {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly otherPublicKey: Uint8Array;
  readonly digest: Uint8Array;
  /** Header form. */
  readonly signature: Uint8Array;
}

const KNOWN_SIGNATURES: Readonly<Record<SuiteName, KnownSignature>> = {
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

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

function keepsResults(hash: HashFunction): boolean {
  const first = hash(Uint8Array.of(1));
  const copy = first.slice();
  return !equalBytes(hash(Uint8Array.of(2)), copy) && equalBytes(first, copy);
}

/** What is wrong with a hash, or undefined. A thrown value is for the caller to catch, here and below. */
export function testHash(name: SuiteName, part: HashPart): SelfTestFailure | undefined {
  for (const { length, hash } of KNOWN_HASHES[name]) {
    const data = Uint8Array.from({ length }, (_, i) => i & 0xff);
    if (!equalBytes(part.hash(data), fromHex(hash))) return "KNOWN_HASH_DIFFERS";
  }
  return keepsResults(part.hash) ? undefined : "HASH_RESULT_SHARED";
}

/** What is wrong with a signature half, or undefined. */
export function testSignature(name: SuiteName, part: SignaturePart): SelfTestFailure | undefined {
  const known = KNOWN_SIGNATURES[name];
  const { digest, signature, publicKey } = known;
  const suite = assembleSuite(name, REFERENCE_HASH[name], part);
  const key = suite.prepare(publicKey);
  for (let round = 0; round < SIGNATURE_ROUNDS; round++) {
    if (key?.verify(digest, signature) !== true) return "VALID_SIGNATURE_REFUSED";
  }
  if (key?.verify(flipped(digest, 31), signature) !== false) return "BAD_SIGNATURE_ACCEPTED";
  for (const at of [1, 31, 33, 63]) {
    if (key.verify(digest, flipped(signature, at))) return "BAD_SIGNATURE_ACCEPTED";
  }
  if (suite.prepare(known.otherPublicKey)?.verify(digest, signature) !== false) return "BAD_SIGNATURE_ACCEPTED";
  if (name === "sm") return undefined;
  const recovered = suite.recover(digest, signature);
  if (recovered === undefined || !equalBytes(recovered, publicKey)) return "KEY_NOT_RECOVERED";
  const other = suite.recover(flipped(digest, 31), signature);
  return other !== undefined && equalBytes(other, publicKey) ? "BAD_SIGNATURE_ACCEPTED" : undefined;
}

/** What is wrong with a signer, or undefined. */
export function testSigner(name: SuiteName, part: SignerPart): SelfTestFailure | undefined {
  const { secretKey, publicKey, digest, signature } = KNOWN_SIGNATURES[name];
  const signer = assembleSigner(name, part);
  if (!equalBytes(signer.publicKey(secretKey), publicKey)) return "PUBLIC_KEY_DIFFERS";
  const made = signer.signHeader(secretKey, digest);
  if (name === "ecdsa") return equalBytes(made, signature) ? undefined : "OWN_SIGNATURE_INVALID";
  const valid = referenceSuite(name).prepare(publicKey)?.verify(digest, made) === true;
  return valid ? undefined : "OWN_SIGNATURE_INVALID";
}
