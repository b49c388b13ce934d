/** Expectations from bcos-executor/src/precompiled/CryptoPrecompiled.cpp and its test CryptoPrecompiledTest.cpp. */
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import { CRYPTO_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { cryptoVectors } from "../../crypto/vectors.js";
import { genesis, World } from "./world.js";

const ZERO = new Uint8Array(20);

describe.each(["ecdsa", "sm"] as const)("crypto tools on a chain of suite %s", (suite) => {
  const world = new World(genesis(), suite);
  const ask = (signature: string, args: Uint8Array[], types: string) =>
    world.ask(CRYPTO_ADDRESS, signature, args, types);

  it("hash with both hashes", () => {
    for (const { suite: name, cases } of cryptoVectors.hashes) {
      const signature = name === "sm" ? "sm3(bytes)" : "keccak256Hash(bytes)";
      for (const { text, hash } of cases) {
        expect(toHex(ask(signature, [utf8Bytes(text)], "(bytes32)")[0] as Uint8Array)).toBe(hash);
      }
    }
  });

  it("verify a signature that FISCO made, in both forms", () => {
    const { digest, signature } = cryptoVectors.transactionSignatures[0]!;
    const message = fromHex(digest);
    const bytes = fromHex(signature);
    const [r, s, key] = [bytes.subarray(0, 32), bytes.subarray(32, 64), bytes.subarray(64)];
    const good = [true, referenceSuite("sm").address(key)];
    const bad = [false, ZERO];
    const two = (...args: Uint8Array[]) => ask("sm2Verify(bytes,bytes)", args, "(bool,address)");
    const four = (...args: Uint8Array[]) => ask("sm2Verify(bytes32,bytes,bytes32,bytes32)", args, "(bool,address)");
    expect(two(message, bytes)).toEqual(good);
    expect(four(message, key, r, s)).toEqual(good);
    const other = fromHex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(two(other, bytes)).toEqual(bad);
    expect(four(other, key, r, s)).toEqual(bad);
    expect(four(message, key, s, r)).toEqual(bad);
    for (const length of [0, 31, 33]) {
      expect(two(concatBytes([message, message]).subarray(0, length), bytes)).toEqual(bad);
    }
    for (const length of [0, 64, 127]) expect(two(message, bytes.subarray(0, length))).toEqual(bad);
    expect(two(message, concatBytes([bytes, r]))).toEqual(bad);
    for (const noKey of [key.subarray(1), new Uint8Array(64), new Uint8Array(0), concatBytes([key, key])]) {
      expect(four(message, noKey, r, s)).toEqual(bad);
    }
  });
});
