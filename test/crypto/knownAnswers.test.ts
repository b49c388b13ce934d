import fc from "fast-check";
import { sm2 as smCryptoSm2, sm3 as smCryptoSm3 } from "sm-crypto-v2";
import { describe, expect, test } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { Sm2Point, sm2Check, sm2PointOf } from "../../src/crypto/sm2.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { hmacSm3, sm3 } from "../../src/crypto/sm3.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { cryptoVectors } from "./vectors.js";

describe("hashes", () => {
  for (const { suite, cases } of cryptoVectors.hashes) {
    for (const { text, hash } of cases) {
      test(`${suite} of ${JSON.stringify(text)}`, () => {
        expect(toHex(referenceSuite(suite).hash(utf8Bytes(text)))).toBe(hash);
      });
    }
  }

  test("SM3 agrees with sm-crypto-v2 at every length around the block ends", () => {
    for (let length = 0; length <= 200; length++) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      expect(toHex(sm3(data))).toBe(smCryptoSm3(data));
    }
  });

  test("SM3 leaves its argument alone and returns fresh arrays", () => {
    const data = new Uint8Array(100).fill(3);
    const first = sm3(data);
    const kept = toHex(first);
    sm3(Uint8Array.of(1));
    expect(toHex(first)).toBe(kept);
    expect(data).toEqual(new Uint8Array(100).fill(3));
  });

  test.each(cryptoVectors.hmacSm3.cases)("HMAC-SM3 with a key of $key", ({ key, data, mac }) => {
    expect(toHex(hmacSm3(fromHex(key), fromHex(data)))).toBe(mac);
  });
});

describe("keys and signatures", () => {
  test.each(cryptoVectors.keys)("public key of FISCO's $suite key", ({ suite, secretKey, publicKey }) => {
    expect(toHex(softSigner(suite).publicKey(fromHex(secretKey)))).toBe(publicKey);
  });

  test.each(cryptoVectors.transactionSignatures)("FISCO's $suite transaction signature", ({ suite, ...given }) => {
    const signature = fromHex(given.signature);
    const digest = fromHex(given.digest);
    expect(referenceSuite(suite).recover(digest, signature)).toEqual(signature.subarray(64));
    digest[0]! ^= 1;
    expect(referenceSuite(suite).recover(digest, signature)).toBeUndefined();
  });

  test("the signature example of the SM2 standard", () => {
    const { message, publicKey, identity, e, signature } = cryptoVectors.sm2Standard;
    const key = fromHex(publicKey);
    expect(toHex(sm2Identity(key))).toBe(identity);
    expect(toHex(sm3(concatBytes([fromHex(identity), utf8Bytes(message)])))).toBe(e);
    const point = sm2PointOf(key);
    const combine = (s: bigint, t: bigint): Sm2Point => Sm2Point.BASE.mulAddUnsafe(s, point, t);
    expect(sm2Check(fromHex(signature), BigInt(`0x${e}`), combine)).toBe(true);
    expect(sm2Check(fromHex(signature), BigInt(`0x${e}`) + 1n, combine)).toBe(false);
  });

  test.each(cryptoVectors.ownSignatures.cases)("deterministic $suite signature", ({ suite, ...given }) => {
    const made = softSigner(suite).signHeader(fromHex(given.secretKey), fromHex(given.digest));
    expect(toHex(made)).toBe(given.signature);
  });

  test("addresses are the end of the hash of the key", () => {
    for (const { suite, publicKey } of cryptoVectors.keys) {
      const { hash, address } = referenceSuite(suite);
      expect(address(fromHex(publicKey))).toEqual(hash(fromHex(publicKey)).slice(12));
    }
  });
});

describe("SM2 against sm-crypto-v2", () => {
  const scalar = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
    bytes[0]! &= 0x7f;
    bytes[31]! |= 1;
    return bytes;
  });
  const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test("it accepts our signatures", () => {
    fc.assert(
      fc.property(scalar, digests, (secretKey, digest) => {
        const signer = softSigner("sm");
        const publicKey = `04${toHex(signer.publicKey(secretKey))}`;
        expect(publicKey).toBe(smCryptoSm2.getPublicKeyFromPrivateKey(toHex(secretKey)));
        const signature = toHex(signer.signHeader(secretKey, digest));
        expect(smCryptoSm2.doVerifySignature(digest, signature, publicKey, { hash: true })).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  test("we accept its signatures", () => {
    fc.assert(
      fc.property(scalar, digests, (secretKey, digest) => {
        const publicKey = softSigner("sm").publicKey(secretKey);
        const signature = fromHex(smCryptoSm2.doSignature(digest, toHex(secretKey), { hash: true }));
        const key = referenceSuite("sm").prepare(publicKey);
        expect(key?.verify(digest, signature)).toBe(true);
        const bare = fromHex(smCryptoSm2.doSignature(digest, toHex(secretKey), { hash: true, userId: "" }));
        expect(key?.verify(digest, bare)).toBe(false);
      }),
      { numRuns: 15 },
    );
  });
});
