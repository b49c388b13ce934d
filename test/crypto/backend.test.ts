import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { codeOf } from "../../src/base/error.js";
import { HASH_CANDIDATES, SIGNATURE_CANDIDATES, SIGNER_CANDIDATES } from "../../src/crypto/backend/candidates.js";
import { listBackends, loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import { testHash, testSignature } from "../../src/crypto/backend/selfTest.js";
import { readSignatureDer, SIGNATURE_DER_BYTES_MAX, writeSignatureDer } from "../../src/crypto/backend/signatureDer.js";
import { testSigner } from "../../src/crypto/backend/signerSelfTest.js";
import { SM2_TABLE_AFTER_VERIFICATIONS } from "../../src/crypto/backend/tableSm2.js";
import { CryptoBackendError } from "../../src/crypto/problems.js";
import { REFERENCE_HASH, REFERENCE_SIGNATURE, referenceSuite } from "../../src/crypto/referenceSuite.js";
import { REFERENCE_SIGNER } from "../../src/crypto/softSigner.js";
import type { SuiteName } from "../../src/crypto/suite.js";
import { cryptoTexts } from "../../src/text/en/crypto.js";
import { SUITE_NAMES } from "./vectors.js";

const FASTEST = {
  ecdsa: { hash: "hash-wasm", signature: "secp256k1" },
  sm: { hash: "hash-wasm", signature: "node" },
};

async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    return codeOf(thrown);
  }
  return "nothing";
}

describe.each(SUITE_NAMES)("%s", (name) => {
  test("the fastest back ends are chosen, and they work together", async () => {
    const suite = await loadSuite(name);
    expect(suite.backend).toEqual(FASTEST[name]);
    const signer = await loadSoftSigner(name);
    const secretKey = new Uint8Array(32).fill(7);
    const digest = suite.hash(utf8Bytes("header"));
    const publicKey = signer.publicKey(secretKey);
    const signature = signer.signHeader(secretKey, digest);
    expect(signature.length).toBe(suite.headerSignatureBytes);
    expect(suite.prepare(publicKey)?.verify(digest, signature)).toBe(true);
    expect(suite.recover(digest, signer.signTransaction(secretKey, digest))).toEqual(publicKey);
    expect(suite.address(publicKey)).toEqual(referenceSuite(name).address(publicKey));
  });

  test("every back end is listed and passes here", async () => {
    const reports = await listBackends(name);
    expect(reports.map(({ part, name: backend }) => `${part} ${backend}`)).toEqual([
      ...HASH_CANDIDATES[name].map((candidate) => `hash ${candidate.name}`),
      ...SIGNATURE_CANDIDATES[name].map((candidate) => `signature ${candidate.name}`),
    ]);
    expect(reports.filter((report) => !report.passed)).toEqual([]);
  });

  test("one named back end is taken alone, the other part stays free", async () => {
    for (const candidate of SIGNATURE_CANDIDATES[name]) {
      if (candidate.name === "noble" || candidate.name === "node") continue;
      const suite = await loadSuite(name, { only: [candidate.name] });
      expect(suite.backend).toEqual({ hash: FASTEST[name].hash, signature: candidate.name });
    }
    const pure = await loadSuite(name, { only: ["noble", "pure"] });
    expect(pure.backend).toEqual(referenceSuite(name).backend);
  });

  test("all hashes agree, keep their results and leave their argument alone", async () => {
    for (const candidate of HASH_CANDIDATES[name]) {
      const { hash } = await candidate.load();
      const first = hash(utf8Bytes("first"));
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 700 }), (data) => {
          const copy = new Uint8Array(data);
          const digest = hash(data);
          expect(digest).toEqual(referenceSuite(name).hash(copy));
          expect(digest.constructor).toBe(Uint8Array);
          expect(equalBytes(data, copy)).toBe(true);
          expect(hash(Buffer.from(data))).toEqual(digest);
        }),
        { numRuns: 40 },
      );
      const wide = new Uint8Array(100).fill(9);
      expect(hash(wide.subarray(10, 60))).toEqual(hash(new Uint8Array(50).fill(9)));
      expect(first).toEqual(referenceSuite(name).hash(utf8Bytes("first")));
    }
  });

  test("a name nobody has is refused", async () => {
    expect(await codeOfRejection(loadSuite(name, { only: ["openssl"] }))).toBe("CRYPTO_BACKEND_UNKNOWN");
  });
});

test("a name of the other suite restricts nothing here", async () => {
  expect((await loadSuite("sm", { only: ["secp256k1"] })).backend).toEqual(FASTEST.sm);
});

describe("the self-test notices", () => {
  const flip = (bytes: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(bytes);
    copy[0]! ^= 1;
    return copy;
  };
  const cases: readonly SuiteName[] = SUITE_NAMES;

  test.each(cases)("%s: a wrong hash, and a shared result", (name) => {
    const { hash } = REFERENCE_HASH[name];
    expect(testHash(name, REFERENCE_HASH[name])).toBeUndefined();
    expect(testHash(name, { name: "x", hash: (data) => flip(hash(data)) })).toBe("KNOWN_HASH_DIFFERS");
    const wrongWhenLong = (data: Uint8Array): Uint8Array => (data.length > 16_384 ? flip(hash(data)) : hash(data));
    expect(testHash(name, { name: "x", hash: wrongWhenLong })).toBe("KNOWN_HASH_DIFFERS");
    const shared = new Uint8Array(32);
    const reusing = (data: Uint8Array): Uint8Array => {
      shared.set(hash(data));
      return shared;
    };
    expect(testHash(name, { name: "x", hash: reusing })).toBe("HASH_RESULT_SHARED");
  });

  test.each(cases)("%s: verifiers that accept or refuse everything, or lose their way after some calls", (name) => {
    const part = REFERENCE_SIGNATURE[name];
    expect(testSignature(name, part)).toBeUndefined();
    expect(testSignature(name, { ...part, verifier: () => () => true })).toBe("BAD_SIGNATURE_ACCEPTED");
    expect(testSignature(name, { ...part, verifier: () => () => false })).toBe("VALID_SIGNATURE_REFUSED");
    let calls = 0;
    const tiring = { ...part, verifier: () => () => calls++ < SM2_TABLE_AFTER_VERIFICATIONS };
    expect(testSignature(name, tiring)).toBe("VALID_SIGNATURE_REFUSED");
  });

  test("recovery that finds nobody, or always the same", () => {
    const part = REFERENCE_SIGNATURE.ecdsa;
    expect(testSignature("ecdsa", { ...part, recover: () => undefined })).toBe("KEY_NOT_RECOVERED");
    let seen: Uint8Array | undefined;
    const stuck = (digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined => {
      seen ??= part.recover(digest, signature);
      return seen;
    };
    expect(testSignature("ecdsa", { ...part, recover: stuck })).toBe("BAD_SIGNATURE_ACCEPTED");
  });

  test.each(cases)("%s: signers with wrong keys or signatures", (name) => {
    const part = REFERENCE_SIGNER[name];
    expect(testSigner(name, part)).toBeUndefined();
    expect(testSigner(name, { ...part, publicKey: (key) => flip(part.publicKey(key)) })).toBe("PUBLIC_KEY_DIFFERS");
    const signsWrong = { ...part, sign: (key: Uint8Array, digest: Uint8Array) => part.sign(key, flip(digest)) };
    expect(testSigner(name, signsWrong)).toBe("OWN_SIGNATURE_INVALID");
  });

  test("every listed signer passes", async () => {
    for (const name of cases) {
      for (const candidate of SIGNER_CANDIDATES[name]) expect(testSigner(name, await candidate.load())).toBeUndefined();
    }
  });
});

test("DER integers are the shortest that are not negative", () => {
  const integer = (last: number, ...before: number[]): Uint8Array =>
    new Uint8Array([...new Array(31 - before.length).fill(0), ...before, last]);
  const encoded = (r: Uint8Array, s: Uint8Array): string => {
    const der = new Uint8Array(SIGNATURE_DER_BYTES_MAX).fill(0xee);
    return toHex(der.subarray(0, writeSignatureDer(der, new Uint8Array([...r, ...s]))));
  };
  expect(encoded(integer(1), integer(0x7f))).toBe("300602010102017f");
  expect(encoded(integer(0x80), integer(0xff))).toBe("300802020080020200ff");
  expect(encoded(integer(0, 1), integer(0, 0x80))).toBe("300902020100020300" + "8000");
  const widest = new Uint8Array(32).fill(0x80);
  expect(encoded(widest, widest)).toBe(`3046${`022100${"80".repeat(32)}`.repeat(2)}`);
});

test("DER there and back", () => {
  const integers = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat(32).map((zeros) => new Uint8Array(32).fill(0x80, zeros)),
  );
  fc.assert(
    fc.property(integers, integers, (r, s) => {
      const signature = new Uint8Array([...r, ...s]);
      const der = new Uint8Array(SIGNATURE_DER_BYTES_MAX).fill(0xee);
      const length = writeSignatureDer(der, signature);
      expect(length).toBe(der[1]! + 2);
      expect(readSignatureDer(der.subarray(0, length))).toEqual(signature);
    }),
  );
});

test("every problem has its sentence", () => {
  const problem = { code: "CRYPTO_BACKEND_NONE", suite: "sm", part: "hash", only: ["node"] } as const;
  const error = new CryptoBackendError(problem);
  expect(error.family).toBe("operating");
  expect(cryptoTexts.CRYPTO_BACKEND_NONE.says(problem)).toBe(
    "No hash back end of the suite sm among node is present and passes its self-test.",
  );
});
