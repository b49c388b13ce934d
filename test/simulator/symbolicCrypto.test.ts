import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { symbolicCrypto } from "../../simulator/chain/symbolicCrypto.js";

describe("symbolic signatures", () => {
  for (const name of ["ecdsa", "sm"] as const) {
    it(`${name}: verify under their own key, digest and world only`, () => {
      const random = new SeededRandom(1);
      const { suite, signer } = symbolicCrypto(name);
      const [secret, otherSecret] = [random.bytes(32), random.bytes(32)];
      const [digest, otherDigest] = [random.bytes(32), random.bytes(32)];
      const key = suite.prepare(signer.publicKey(secret))!;
      const signature = signer.signHeader(secret, digest);
      expect(signature.length).toBe(suite.headerSignatureBytes);
      expect(key.verify(digest, signature)).toBe(true);
      expect(key.verify(otherDigest, signature)).toBe(false);
      expect(key.verify(digest, signer.signHeader(otherSecret, digest))).toBe(false);
      expect(key.verify(digest, signature.subarray(1))).toBe(false);
      expect(key.verify(digest, symbolicCrypto(name).signer.signHeader(secret, digest))).toBe(false);
      for (let i = 0; i < signature.length; i++) {
        const changed = signature.slice();
        changed[i] = changed[i]! ^ 1;
        expect(key.verify(digest, changed)).toBe(false);
      }
      expect(suite.prepare(random.bytes(63))).toBeUndefined();
    });

    it(`${name}: transaction signatures give their key back`, () => {
      const random = new SeededRandom(2);
      const { suite, signer } = symbolicCrypto(name);
      const [secret, digest] = [random.bytes(32), random.bytes(32)];
      const signature = signer.signTransaction(secret, digest);
      expect(signature.length).toBe(suite.transactionSignatureBytes);
      expect(suite.recover(digest, signature)).toEqual(signer.publicKey(secret));
      expect(suite.recover(random.bytes(32), signature)).toBeUndefined();
      expect(suite.recover(digest, random.bytes(signature.length))).toBeUndefined();
    });
  }
});

describe("seeded randomness", () => {
  it("repeats itself, and children do not depend on what was drawn", () => {
    const [one, two] = [new SeededRandom(5), new SeededRandom(5)];
    one.bytes(100);
    expect(one.child("a").bytes(16)).toEqual(two.child("a").bytes(16));
    expect(one.child("a").bytes(16)).not.toEqual(one.child("b").bytes(16));
    expect(new SeededRandom(5).bytes(16)).not.toEqual(new SeededRandom(6).bytes(16));
    expect(new SeededRandom(2 ** 40).bytes(16)).not.toEqual(new SeededRandom(2 ** 41).bytes(16));
  });

  it("is even enough: every byte value, every place, every order", () => {
    const random = new SeededRandom(9);
    const seen = new Set(random.bytes(8_192));
    expect(seen.size).toBe(256);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6_000; i++) counts[random.below(6)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    const orders = new Set(Array.from({ length: 200 }, () => random.shuffled([1, 2, 3]).join("")));
    expect(orders.size).toBe(6);
    for (let i = 0; i < 100; i++) expect([3, 4, 5]).toContain(random.between(3, 5));
  });
});
