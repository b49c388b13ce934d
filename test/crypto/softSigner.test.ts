import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../src/base/error.js";
import { SIGNER_CANDIDATES } from "../../src/crypto/backend/candidates.js";
import { CURVES } from "../../src/crypto/curves.js";
import { fromInteger } from "../../src/crypto/integers.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { assembleSigner } from "../../src/crypto/signerParts.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import type { SoftSigner, SuiteName } from "../../src/crypto/suite.js";

const CASES: readonly (readonly [SuiteName, string])[] = [
  ["ecdsa", "secp256k1"],
  ["ecdsa", "tiny-secp256k1"],
  ["ecdsa", "noble"],
  ["sm", "node"],
  ["sm", "noble"],
];

async function signerOf(suite: SuiteName, backend: string): Promise<SoftSigner> {
  const candidate = SIGNER_CANDIDATES[suite].find((each) => each.name === backend)!;
  return assembleSigner(suite, await candidate.load());
}

function codeThrownBy(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return codeOf(thrown);
  }
  return "nothing";
}

test("the cases above are all there are", () => {
  const names = (["ecdsa", "sm"] as const).flatMap((suite) =>
    SIGNER_CANDIDATES[suite].map(({ name }) => [suite, name]),
  );
  expect(names).toEqual(CASES);
});

describe.each(CASES)("%s signer of %s", (suite, backend) => {
  const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
    bytes[0]! &= 0x7f;
    bytes[31]! |= 1;
    return bytes;
  });
  const digests = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(0n, CURVES[suite].n, 2n ** 256n - 1n).map(fromInteger),
  );

  test("makes the keys of the pure one, and signatures the reference accepts", async () => {
    const signer = await signerOf(suite, backend);
    const pure = softSigner(suite);
    fc.assert(
      fc.property(secrets, digests, (secretKey, digest) => {
        const publicKey = signer.publicKey(secretKey);
        expect(publicKey).toEqual(pure.publicKey(secretKey));
        const header = signer.signHeader(secretKey, digest);
        if (suite === "ecdsa") expect(header).toEqual(pure.signHeader(secretKey, digest));
        expect(referenceSuite(suite).prepare(publicKey)?.verify(digest, header)).toBe(true);
        const transaction = signer.signTransaction(secretKey, digest);
        expect(transaction.length).toBe(referenceSuite(suite).transactionSignatureBytes);
        expect(referenceSuite(suite).recover(digest, transaction)).toEqual(publicKey);
      }),
      { numRuns: 12 },
    );
  });

  test("signs digests of the group order and above like the pure one", async () => {
    const signer = await signerOf(suite, backend);
    for (const value of [0n, CURVES[suite].n, CURVES[suite].n + 1n, 2n ** 256n - 1n]) {
      const [secretKey, digest] = [fromInteger(7n), fromInteger(value)];
      const header = signer.signHeader(secretKey, digest);
      if (suite === "ecdsa") expect(header).toEqual(softSigner(suite).signHeader(secretKey, digest));
      expect(referenceSuite(suite).prepare(signer.publicKey(secretKey))?.verify(digest, header)).toBe(true);
    }
  });

  test("refuses bad keys and digests with a code", async () => {
    const signer = await signerOf(suite, backend);
    const { n } = CURVES[suite];
    const digest = new Uint8Array(32).fill(1);
    const bad = [
      new Uint8Array(0),
      new Uint8Array(31).fill(1),
      new Uint8Array(33).fill(1),
      fromInteger(0n),
      fromInteger(n),
    ];
    bad.push(fromInteger(n + 1n), fromInteger(2n ** 256n - 1n));
    if (suite === "sm") bad.push(fromInteger(n - 1n));
    for (const secretKey of bad) {
      expect(codeThrownBy(() => signer.publicKey(secretKey))).toBe("CRYPTO_SECRET_KEY_INVALID");
      expect(codeThrownBy(() => signer.signHeader(secretKey, digest))).toBe("CRYPTO_SECRET_KEY_INVALID");
      expect(codeThrownBy(() => signer.signTransaction(secretKey, digest))).toBe("CRYPTO_SECRET_KEY_INVALID");
    }
    for (const length of [0, 31, 33]) {
      const wrong = new Uint8Array(length);
      expect(codeThrownBy(() => signer.signHeader(fromInteger(7n), wrong))).toBe("CRYPTO_DIGEST_LENGTH");
      expect(codeThrownBy(() => signer.signTransaction(fromInteger(7n), wrong))).toBe("CRYPTO_DIGEST_LENGTH");
    }
    const largest = fromInteger(suite === "sm" ? n - 2n : n - 1n);
    expect(signer.publicKey(largest)).toEqual(softSigner(suite).publicKey(largest));
  });

  test("reads the key anew when its array was overwritten", async () => {
    const signer = await signerOf(suite, backend);
    const secretKey = fromInteger(7n);
    signer.publicKey(secretKey);
    secretKey.set(fromInteger(8n));
    expect(signer.publicKey(secretKey)).toEqual(softSigner(suite).publicKey(fromInteger(8n)));
    const digest = new Uint8Array(32).fill(1);
    const signature = signer.signTransaction(secretKey, digest);
    expect(referenceSuite(suite).recover(digest, signature)).toEqual(signer.publicKey(fromInteger(8n)));
  });
});
