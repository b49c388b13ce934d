/**
 * Known answers every back end must give before it is used: libraries change, OpenSSL builds differ, and one of the ways to
 * SM2 here rests on an undocumented property of Node. The hashes of the empty text are FISCO BCOS's own
 * (bcos-crypto/test/unittests/HashTest.cpp); the others were computed once with independent libraries.
 */
import { equalBytes, fromHex } from "../../base/bytes.js";
import type { HashFunction } from "../hashFunction.js";
import type { SuiteName } from "../suite.js";
import { assembleSuite, type HashPart, type SignaturePart } from "../suiteParts.js";
import { KNOWN_SIGNATURES } from "./knownSignatures.js";

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

/** Verifying and recovering take digests, so a suite made for them alone gets by without a hash. */
const NO_HASH: HashPart = { name: "none", hash: (data) => data };

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
  const suite = assembleSuite(name, NO_HASH, part);
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
