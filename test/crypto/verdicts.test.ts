import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { concatBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import { SIGNATURE_CANDIDATES } from "../../src/crypto/backend/candidates.js";
import { writeSignatureDer } from "../../src/crypto/backend/signatureDer.js";
import { CURVES, isCurvePoint } from "../../src/crypto/curves.js";
import { fromInteger, toInteger } from "../../src/crypto/integers.js";
import { REFERENCE_HASH } from "../../src/crypto/referenceSuite.js";
import { Sm2Point, sm2Check, sm2MessageInteger, sm2PointOf } from "../../src/crypto/sm2.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import type { PreparedKey, Suite, SuiteName } from "../../src/crypto/suite.js";
import { assembleSuite } from "../../src/crypto/suiteParts.js";
import { SUITE_NAMES } from "./vectors.js";

const EXPECTED_BACKENDS: Record<SuiteName, string[]> = {
  ecdsa: ["secp256k1", "tiny-secp256k1", "noble"],
  sm: ["node", "noble-table", "noble"],
};

const SECRETS = [1n, 0x1234567890abcdefn, 2n ** 255n - 19n].map(fromInteger);
/** Enough that a back end which builds tables has switched to them. */
const WARM_UP_VERIFICATIONS = 17;

interface Bench {
  readonly suites: Suite[];
  readonly publicKeys: Uint8Array[];
  /** By key, by back end. */
  readonly keys: PreparedKey[][];
}

async function makeBench(name: SuiteName): Promise<Bench> {
  const suites: Suite[] = [];
  for (const candidate of SIGNATURE_CANDIDATES[name]) {
    suites.push(assembleSuite(name, REFERENCE_HASH[name], await candidate.load()));
  }
  const publicKeys = SECRETS.map((secret) => softSigner(name).publicKey(secret));
  const keys = publicKeys.map((publicKey) => suites.map((suite) => suite.prepare(publicKey)!));
  const digest = new Uint8Array(32).fill(5);
  for (const [i, secret] of SECRETS.entries()) {
    const signature = softSigner(name).signHeader(secret, digest);
    for (const key of keys[i]!) {
      for (let n = 0; n < WARM_UP_VERIFICATIONS; n++) expect(key.verify(digest, signature)).toBe(true);
    }
  }
  return { suites, publicKeys, keys };
}

const benches: Partial<Record<SuiteName, Bench>> = {};

beforeAll(async () => {
  for (const name of SUITE_NAMES) benches[name] = await makeBench(name);
});

function bench(name: SuiteName): Bench {
  return benches[name]!;
}

/** The one verdict of all back ends; fails where they differ. */
function verdict(name: SuiteName, key: number, digest: Uint8Array, signature: Uint8Array): boolean {
  const verdicts = bench(name).keys[key]!.map((prepared) => prepared.verify(digest, signature));
  expect(new Set(verdicts).size, `${name} ${toHex(digest)} ${toHex(signature)} ${verdicts}`).toBe(1);
  return verdicts[0]!;
}

/** The one key all back ends recover; fails where they differ. */
function recovered(name: SuiteName, digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const keys = bench(name).suites.map((suite) => suite.recover(digest, signature));
  const texts = keys.map((key) => (key === undefined ? "none" : toHex(key)));
  expect(new Set(texts).size, `${name} ${toHex(digest)} ${toHex(signature)} ${texts}`).toBe(1);
  return keys[0];
}

function withInteger(signature: Uint8Array, offset: number, value: bigint): Uint8Array {
  const copy = new Uint8Array(signature);
  copy.set(fromInteger(value), offset);
  return copy;
}

function sampleOf(name: SuiteName, key = 1): { digest: Uint8Array; header: Uint8Array; transaction: Uint8Array } {
  const digest = REFERENCE_HASH[name].hash(Uint8Array.of(key));
  const signer = softSigner(name);
  return {
    digest,
    header: signer.signHeader(SECRETS[key]!, digest),
    transaction: signer.signTransaction(SECRETS[key]!, digest),
  };
}

describe.each(SUITE_NAMES)("%s: all back ends", (name) => {
  const { n } = CURVES[name];

  test("are present", () => {
    expect(bench(name).suites.map((suite) => suite.backend.signature)).toEqual(EXPECTED_BACKENDS[name]);
  });

  test("accept what is valid, under the right key and digest only", () => {
    const { digest, header, transaction } = sampleOf(name);
    expect(verdict(name, 1, digest, header)).toBe(true);
    expect(verdict(name, 0, digest, header)).toBe(false);
    expect(verdict(name, 1, fromInteger(toInteger(digest) ^ 1n), header)).toBe(false);
    expect(recovered(name, digest, transaction)).toEqual(bench(name).publicKeys[1]);
  });

  test.each([0n, n, n + 1n, 2n ** 256n - 1n])("refuse r or s of %d", (value) => {
    const { digest, header, transaction } = sampleOf(name);
    for (const offset of [0, 32]) {
      expect(verdict(name, 1, digest, withInteger(header, offset, value))).toBe(false);
      expect(recovered(name, digest, withInteger(transaction, offset, value))).toBeUndefined();
    }
  });

  test("refuse every other length and form", () => {
    const { digest, header, transaction } = sampleOf(name);
    const der = new Uint8Array(72);
    const derLength = writeSignatureDer(der, header);
    const forms = [
      new Uint8Array(0),
      header.subarray(1),
      header.subarray(0, header.length - 1),
      header.subarray(0, 63),
      concatBytes([header, Uint8Array.of(0)]),
      der.subarray(0, derLength),
      der.subarray(0, header.length),
      concatBytes([transaction, transaction]),
      new Uint8Array(header.length),
      new Uint8Array(transaction.length),
    ];
    for (const form of forms) {
      expect(verdict(name, 1, digest, form)).toBe(false);
      if (form.length !== transaction.length) expect(recovered(name, digest, form)).toBeUndefined();
    }
    for (const length of [0, 31, 33, 64]) {
      expect(verdict(name, 1, new Uint8Array(length), header)).toBe(false);
      expect(recovered(name, new Uint8Array(length), transaction)).toBeUndefined();
    }
  });

  test("agree on digests at and above the group order", () => {
    for (const value of [0n, n - 1n, n, n + 1n, 2n ** 256n - 1n]) {
      const digest = fromInteger(value);
      const signer = softSigner(name);
      expect(verdict(name, 2, digest, signer.signHeader(SECRETS[2]!, digest))).toBe(true);
      expect(recovered(name, digest, signer.signTransaction(SECRETS[2]!, digest))).toEqual(bench(name).publicKeys[2]);
    }
  });

  test("refuse to prepare what is no point", () => {
    const publicKey = bench(name).publicKeys[1]!;
    const { p } = CURVES[name];
    const offCurve = new Uint8Array(publicKey);
    offCurve[63]! ^= 1;
    const bad = [
      offCurve,
      new Uint8Array(64),
      new Uint8Array(64).fill(0xff),
      concatBytes([fromInteger(p), fromInteger(1n)]),
      concatBytes([Uint8Array.of(4), publicKey]),
      publicKey.subarray(0, 63),
      concatBytes([Uint8Array.of(2), publicKey.subarray(0, 32)]),
      new Uint8Array(0),
    ];
    for (const suite of bench(name).suites) {
      for (const key of bad) expect(suite.prepare(key)).toBeUndefined();
    }
  });

  test("refuse a coordinate of p and above, though it is right modulo p", () => {
    const { p, a, b } = CURVES[name];
    const field = Sm2Point.CURVE().p === p ? Sm2Point.Fp : secp256k1.Point.Fp;
    let checked = 0;
    for (let x = 1n; checked < 3; x++) {
      const square = (x ** 3n + a * x + b) % p;
      if (field.pow(square, (p - 1n) / 2n) !== 1n) continue;
      const y = fromInteger(field.sqrt(square));
      for (const suite of bench(name).suites) {
        // The same point written plainly is a key, so the refusal is for the way it is written.
        expect(suite.prepare(concatBytes([fromInteger(x), y])) !== undefined).toBe(true);
        expect(suite.prepare(concatBytes([fromInteger(x + p), y]))).toBeUndefined();
      }
      checked++;
    }
  });

  test("hold on to a key whose array is overwritten, Buffers included", () => {
    const { digest, header, transaction } = sampleOf(name);
    for (const suite of bench(name).suites) {
      const array = Buffer.from(bench(name).publicKeys[1]!);
      const key = suite.prepare(array)!;
      array.fill(0);
      expect(key.verify(Buffer.from(digest), Buffer.from(header))).toBe(true);
      const given = Buffer.from(transaction);
      const recoveredKey = suite.recover(Buffer.from(digest), given);
      given.fill(0);
      expect(recoveredKey).toEqual(bench(name).publicKeys[1]);
    }
  });

  const mutations = fc.oneof(
    fc.record({ kind: fc.constant("none" as const) }),
    fc.record({ kind: fc.constant("flip" as const), bit: fc.nat(8 * 65 - 1) }),
    fc.record({ kind: fc.constant("flipDigest" as const), bit: fc.nat(255) }),
    fc.record({ kind: fc.constant("cut" as const), length: fc.nat(64) }),
    fc.record({ kind: fc.constant("negate" as const) }),
    fc.record({ kind: fc.constant("recid" as const), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("swap" as const) }),
    fc.record({ kind: fc.constant("random" as const), bytes: fc.uint8Array({ minLength: 64, maxLength: 65 }) }),
  );
  type Mutation = typeof mutations extends fc.Arbitrary<infer M> ? M : never;

  function mutate(digest: Uint8Array, signature: Uint8Array, mutation: Mutation): [Uint8Array, Uint8Array] {
    const [d, s] = [new Uint8Array(digest), new Uint8Array(signature)];
    switch (mutation.kind) {
      case "none":
        return [d, s];
      case "flip":
        s[(mutation.bit >> 3) % s.length]! ^= 1 << (mutation.bit & 7);
        return [d, s];
      case "flipDigest":
        d[mutation.bit >> 3]! ^= 1 << (mutation.bit & 7);
        return [d, s];
      case "cut":
        return [d, s.subarray(0, Math.min(mutation.length, s.length))];
      case "negate":
        return [d, withInteger(s, 32, n - toInteger(s.subarray(32, 64)))];
      case "recid":
        s[s.length - 1] = mutation.value;
        return [d, s];
      case "swap":
        return [d, concatBytes([s.subarray(32, 64), s.subarray(0, 32), s.subarray(64)])];
      case "random":
        return [d, mutation.bytes];
    }
  }

  test("give the same verdict and key whatever is done to a signature", () => {
    const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(digests, fc.nat(2), mutations, (given, key, mutation) => {
        const [digest, header] = mutate(given, softSigner(name).signHeader(SECRETS[key]!, given), mutation);
        const accepted = verdict(name, key, digest, header);
        if (mutation.kind === "none") expect(accepted).toBe(true);
        // A changed recid of 0..3 is not compared; everything else that changes a byte must be noticed.
        const bareSame = equalBytes(
          header.subarray(0, 64),
          softSigner(name).signHeader(SECRETS[key]!, given).subarray(0, 64),
        );
        if (accepted) expect(bareSame && equalBytes(digest, given)).toBe(true);
        const transaction = name === "ecdsa" ? header : concatBytes([header, bench(name).publicKeys[key]!]);
        const found = recovered(name, digest, transaction);
        if (mutation.kind === "none") expect(found).toEqual(bench(name).publicKeys[key]);
        if (found !== undefined) expect(isCurvePoint(name, found)).toBe(true);
      }),
      { numRuns: 80 },
    );
  });
});

describe("ecdsa corners", () => {
  const { n, p } = CURVES.ecdsa;
  const inverse = (value: bigint): bigint => power(value, n - 2n, n);

  function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
    let result = 1n;
    let square = ((base % modulus) + modulus) % modulus;
    for (let e = exponent; e > 0n; e >>= 1n) {
      if ((e & 1n) === 1n) result = (result * square) % modulus;
      square = (square * square) % modulus;
    }
    return result;
  }

  test("the high-s twin is refused", () => {
    const { digest, header } = sampleOf("ecdsa");
    const twin = withInteger(header, 32, n - toInteger(header.subarray(32, 64)));
    twin[64]! ^= 1;
    expect(verdict("ecdsa", 1, digest, twin)).toBe(false);
    expect(recovered("ecdsa", digest, twin)).toBeUndefined();
  });

  test("recid must be 0..3, and only recovery depends on it", () => {
    const { digest, header } = sampleOf("ecdsa");
    for (const recid of [0, 1, 2, 3, 4, 27, 28, 255]) {
      const changed = new Uint8Array(header);
      changed[64] = recid;
      expect(verdict("ecdsa", 1, digest, changed)).toBe(recid <= 3);
      const key = recovered("ecdsa", digest, changed);
      if (recid === header[64]) expect(key).toEqual(bench("ecdsa").publicKeys[1]);
      else expect(key).not.toEqual(bench("ecdsa").publicKeys[1]);
      if (recid > 1) expect(key).toBeUndefined();
    }
  });

  test("u1*G + u2*Q at infinity is refused", () => {
    const { digest, header } = sampleOf("ecdsa");
    const d = toInteger(SECRETS[1]!);
    const h = toInteger(digest) % n;
    const r = ((n - h) * inverse(d)) % n;
    const forged = withInteger(header, 0, r);
    expect(verdict("ecdsa", 1, digest, forged)).toBe(false);
    recovered("ecdsa", digest, forged);
  });

  test("a signature that recovers the point at infinity recovers nobody", () => {
    const { digest } = sampleOf("ecdsa");
    const h = toInteger(digest) % n;
    let checked = 0;
    for (let k = 2n; checked < 3; k++) {
      const s = (h * inverse(k)) % n;
      if (s > n / 2n) continue;
      // The public key of secret k is k*G, so its x is r.
      const R = softSigner("ecdsa").publicKey(fromInteger(k));
      const recid = R[63]! & 1;
      const forged = concatBytes([R.subarray(0, 32), fromInteger(s), Uint8Array.of(recid)]);
      expect(recovered("ecdsa", digest, forged)).toBeUndefined();
      checked++;
    }
  });

  test("r of a point whose x is n or above: recid 2 and 3 recover it in every back end, whatever r itself is", () => {
    const { digest } = sampleOf("ecdsa");
    const isX = (x: bigint): boolean => power(x ** 3n + 7n, (p - 1n) / 2n, p) === 1n;
    const kinds = { rIsX: 0, rIsNoX: 0 };
    for (let r = 1n; kinds.rIsX < 2 || kinds.rIsNoX < 2; r++) {
      if (!isX(r + n)) continue;
      kinds[isX(r) ? "rIsX" : "rIsNoX"]++;
      for (const recid of [2, 3]) {
        const signature = concatBytes([fromInteger(r), fromInteger(12345n), Uint8Array.of(recid)]);
        const key = recovered("ecdsa", digest, signature);
        expect(key).toHaveLength(64);
        for (const suite of bench("ecdsa").suites) expect(suite.prepare(key!)?.verify(digest, signature)).toBe(true);
      }
      for (const recid of [0, 1]) {
        const signature = concatBytes([fromInteger(r), fromInteger(12345n), Uint8Array.of(recid)]);
        expect(recovered("ecdsa", digest, signature) !== undefined).toBe(isX(r));
      }
    }
  });

  test("r of no point recovers nobody", () => {
    const { digest } = sampleOf("ecdsa");
    for (const r of [5n, p - n, p - n + 1n, n - 1n]) {
      for (const recid of [0, 1, 2, 3]) {
        recovered("ecdsa", digest, concatBytes([fromInteger(r), fromInteger(1n), Uint8Array.of(recid)]));
      }
    }
    const tooLarge = concatBytes([fromInteger(p - n), fromInteger(1n), Uint8Array.of(2)]);
    expect(recovered("ecdsa", digest, tooLarge)).toBeUndefined();
  });
});

describe("sm corners", () => {
  const { n } = CURVES.sm;

  test("t = r + s = 0 modulo n is refused", () => {
    const { digest, header } = sampleOf("sm");
    const r = toInteger(header.subarray(0, 32));
    expect(verdict("sm", 1, digest, withInteger(header, 32, n - r))).toBe(false);
  });

  test("s*G + t*P at infinity is refused", () => {
    const { digest, header } = sampleOf("sm");
    const d = toInteger(SECRETS[1]!);
    // s + (r + s) d = 0 for s = -r d / (1 + d); 1 + d divides nothing away when r is a multiple of it.
    const r = 1n + d;
    const s = n - d;
    expect((s + ((r + s) % n) * d) % n).toBe(0n);
    expect(verdict("sm", 1, digest, withInteger(withInteger(header, 0, r), 32, s))).toBe(false);
  });

  test("the owner of a key cannot sign with the point at infinity, whose x some would take for 0", () => {
    const { digest } = sampleOf("sm");
    const d = toInteger(SECRETS[1]!);
    const r = sm2MessageInteger(sm2Identity(bench("sm").publicKeys[1]!), digest) % n;
    const s = (Sm2Point.Fn.inv(1n + d) * (n - ((r * d) % n))) % n;
    expect((s + ((r + s) % n) * d) % n).toBe(0n);
    expect(verdict("sm", 1, digest, concatBytes([fromInteger(r), fromInteger(s)]))).toBe(false);
  });

  test("t = 0 is refused even where e fits", () => {
    const s = 77n;
    const x = Sm2Point.BASE.multiply(s).toAffine().x;
    const e = (3n * n - s - x) % n;
    expect((e + x) % n).toBe(n - s);
    const point = sm2PointOf(bench("sm").publicKeys[1]!);
    const signature = concatBytes([fromInteger(n - s), fromInteger(s)]);
    expect(sm2Check(signature, e, (one, t) => Sm2Point.BASE.mulAddUnsafe(one, point, t))).toBe(false);
  });

  test("a transaction signature with another key, or none, recovers nobody", () => {
    const { digest, header } = sampleOf("sm");
    expect(recovered("sm", digest, concatBytes([header, bench("sm").publicKeys[0]!]))).toBeUndefined();
    expect(recovered("sm", digest, concatBytes([header, new Uint8Array(64)]))).toBeUndefined();
    expect(recovered("sm", digest, header)).toBeUndefined();
  });

  test("small r and s, whose DER form is shorter", () => {
    const { digest } = sampleOf("sm");
    for (const [r, s] of [
      [1n, 1n],
      [0x7fn, 0x80n],
      [2n ** 248n - 1n, 2n ** 247n],
    ] as const) {
      expect(verdict("sm", 1, digest, concatBytes([fromInteger(r), fromInteger(s)]))).toBe(false);
    }
  });
});
