import { describe, expect, test } from "vitest";
import { concatBytes } from "../../src/base/bytes.js";
import { CURVES } from "../../src/crypto/curves.js";
import { fromInteger } from "../../src/crypto/integers.js";
import { isHeaderSignatureShape, isTransactionSignatureShape } from "../../src/crypto/signatureRules.js";
import { SUITE_NAMES } from "./vectors.js";

describe.each(SUITE_NAMES)("%s", (suite) => {
  const { n } = CURVES[suite];
  const largestS = suite === "ecdsa" ? (n - 1n) / 2n : n - 1n;
  const digest = new Uint8Array(32);
  const tail = suite === "ecdsa" ? Uint8Array.of(0) : new Uint8Array(0);
  const header = (r: bigint, s: bigint): boolean =>
    isHeaderSignatureShape(suite, digest, concatBytes([fromInteger(r), fromInteger(s), tail]));

  test("the ends of the ranges of r and s", () => {
    expect(header(1n, 1n)).toBe(true);
    expect(header(n - 1n, largestS)).toBe(true);
    expect(header(2n ** 128n, 2n ** 200n)).toBe(true);
    for (const r of [0n, n, n + 1n, 2n ** 256n - 1n]) expect(header(r, 1n)).toBe(false);
    for (const s of [0n, largestS + 1n, n, n + 1n, 2n ** 256n - 1n]) expect(header(1n, s)).toBe(false);
  });

  test("lengths of signature and digest", () => {
    const headerLength = suite === "ecdsa" ? 65 : 64;
    const transactionLength = suite === "ecdsa" ? 65 : 128;
    const ones = (length: number): Uint8Array =>
      concatBytes([fromInteger(1n), fromInteger(1n), new Uint8Array(200)]).subarray(0, length);
    for (let length = 0; length <= 200; length++) {
      expect(isHeaderSignatureShape(suite, digest, ones(length))).toBe(length === headerLength);
      expect(isTransactionSignatureShape(suite, digest, ones(length))).toBe(length === transactionLength);
      const sized = new Uint8Array(length);
      expect(isHeaderSignatureShape(suite, sized, ones(headerLength))).toBe(length === 32);
      expect(isTransactionSignatureShape(suite, sized, ones(transactionLength))).toBe(length === 32);
    }
  });
});
