/** What every home of keys has to do, whatever it is made of: the same cases for files, tokens and shields. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DomainError } from "../../src/base/error.js";
import { uncompressedPoint } from "../../src/crypto/curves.js";
import type { KeyAlgorithm, KeyAnchor, KeyBackend } from "../../src/crypto/keyBackend.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";

/** Generous: a case that needs it has already failed. */
export const SIGN_TIMEOUT_MS = 20_000;
const PARALLEL_SIGNATURES = 24;

export interface KeyBackendSubject {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly hasAnchor: boolean;
  /** The same key each time. */
  open(): Promise<KeyBackend>;
}

export function digestOf(seed: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (seed * 37 + i * 11 + (seed >> 8)) & 0xff);
}

/** With arithmetic of its own: no back end judges itself. High s counts as valid here, the guard lowers it. */
export function isSignedBy(
  algorithm: KeyAlgorithm,
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64) return false;
  const options = { prehash: false, lowS: false } as const;
  switch (algorithm) {
    case "secp256k1":
      return secp256k1.verify(signature, digest, uncompressedPoint(publicKey), options);
    case "p256":
      return p256.verify(signature, digest, uncompressedPoint(publicKey), options);
    case "ed25519":
      return ed25519.verify(signature, digest, publicKey);
    case "sm2":
      return referenceSuite("sm").prepare(publicKey)?.verify(digest, signature) ?? false;
  }
}

/** The code of a typed refusal; fails the test when there is none. */
export async function refusalOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return (error as DomainError<{ code: string }>).code;
  }
  throw new Error("no refusal");
}

function signingCases(subject: KeyBackendSubject, opened: () => KeyBackend): void {
  const { algorithm } = subject;

  it("says what it is", () => {
    const { facts } = opened();
    expect(facts.algorithm).toBe(algorithm);
    expect(["keystore", "pkcs11", "shield", "skf"]).toContain(facts.backend);
    expect(facts.mechanism).not.toBe("");
    expect(facts.home).not.toBe("");
  });

  it("gives its public key as a copy", async () => {
    const first = await opened().publicKey();
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
    expect(first.length).toBe(algorithm === "ed25519" ? 32 : 64);
    const kept = Uint8Array.from(first);
    first.fill(0);
    expect(await opened().publicKey()).toEqual(kept);
  });

  it("signs digests so that others can check them", async () => {
    const key = await opened().publicKey();
    for (const seed of [0, 1, 2, 3]) {
      const signature = await opened().signDigest(digestOf(seed), SIGN_TIMEOUT_MS);
      expect(Object.getPrototypeOf(signature)).toBe(Uint8Array.prototype);
      expect(isSignedBy(algorithm, key, digestOf(seed), signature)).toBe(true);
      expect(isSignedBy(algorithm, key, digestOf(seed + 1), signature)).toBe(false);
    }
  });

  it("keeps answers of parallel calls apart", async () => {
    const key = await opened().publicKey();
    const seeds = Array.from({ length: PARALLEL_SIGNATURES }, (_, i) => 100 + i);
    const signatures = await Promise.all(seeds.map((seed) => opened().signDigest(digestOf(seed), SIGN_TIMEOUT_MS)));
    const verdicts = signatures.map((signature, i) => isSignedBy(algorithm, key, digestOf(seeds[i]!), signature));
    expect(verdicts).toEqual(seeds.map(() => true));
  });

  it("signs what it was given, though the caller then overwrites it", async () => {
    const digest = digestOf(7);
    const signing = opened().signDigest(digest, SIGN_TIMEOUT_MS);
    digest.fill(0xee);
    expect(isSignedBy(algorithm, await opened().publicKey(), digestOf(7), await signing)).toBe(true);
  });

  it("refuses what is no digest", async () => {
    for (const length of [0, 31, 33, 64]) await refusalOf(opened().signDigest(new Uint8Array(length), SIGN_TIMEOUT_MS));
  });

  it("answers in time or refuses, and works afterwards", async () => {
    const hurried = opened().signDigest(digestOf(8), 1);
    const outcome = await hurried.catch((error: unknown) => error);
    const key = await opened().publicKey();
    if (outcome instanceof Uint8Array) expect(isSignedBy(algorithm, key, digestOf(8), outcome)).toBe(true);
    else expect(outcome).toBeInstanceOf(DomainError);
    await until(async () => {
      const signature = await opened().signDigest(digestOf(9), SIGN_TIMEOUT_MS);
      return isSignedBy(algorithm, key, digestOf(9), signature);
    });
  });
}

function anchorCases(opened: () => KeyBackend, reopen: () => Promise<void>): void {
  const anchor = (): KeyAnchor => {
    const found = opened().anchor;
    if (found === undefined) throw new Error("the back end has no anchor");
    return found;
  };

  it("has no anchor value before the first write, then the last one written", async () => {
    expect(await anchor().read()).toBeUndefined();
    await anchor().write({ session: 1, reserved: 0 });
    expect(await anchor().read()).toEqual({ session: 1, reserved: 0 });
    await anchor().write({ session: 1, reserved: 1_024 });
    await anchor().write({ session: 2, reserved: 1_024 });
    expect(await anchor().read()).toEqual({ session: 2, reserved: 1_024 });
  });

  it("finds the anchor again after reopening", async () => {
    await reopen();
    expect(await anchor().read()).toEqual({ session: 2, reserved: 1_024 });
  });

  it("never reads a lower anchor than was written", async () => {
    for (const lower of [
      { session: 1, reserved: 9_999 },
      { session: 9, reserved: 1_023 },
    ]) {
      await anchor()
        .write(lower)
        .catch((error: unknown) => expect(error).toBeInstanceOf(DomainError));
      expect(await anchor().read()).toEqual({ session: 2, reserved: 1_024 });
    }
  });

  it("holds heights beyond 32 bits", async () => {
    await anchor().write({ session: 3, reserved: 2 ** 40 + 5 });
    expect(await anchor().read()).toEqual({ session: 3, reserved: 2 ** 40 + 5 });
  });
}

/** Call inside a file of tests; the subject is opened once before its cases and closed after them. */
export function describeKeyBackend(subject: KeyBackendSubject): void {
  describe(`key back end ${subject.name}`, () => {
    let backend: KeyBackend;
    beforeAll(async () => {
      backend = await subject.open();
    });
    afterAll(() => backend.close());

    const reopen = async (): Promise<void> => {
      await backend.close();
      backend = await subject.open();
    };

    signingCases(subject, () => backend);
    if (subject.hasAnchor) anchorCases(() => backend, reopen);
    else it("says that it has no anchor", () => expect(backend.anchor).toBeUndefined());

    it("has the same key after reopening", async () => {
      const before = await backend.publicKey();
      await reopen();
      expect(await backend.publicKey()).toEqual(before);
    });

    it("refuses to sign once closed, and closing twice is no harm", async () => {
      await backend.close();
      await backend.close();
      await refusalOf(backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS));
      backend = await subject.open();
    });
  });
}

/** Right after a broken-off call a back end may refuse for a moment; it must come back by itself. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SIGN_TIMEOUT_MS;
  for (;;) {
    const outcome = await condition().catch((error: unknown) => {
      expect(error).toBeInstanceOf(DomainError);
      return undefined;
    });
    if (outcome !== undefined) return expect(outcome).toBe(true);
    if (Date.now() > deadline) throw new Error("the back end did not come back");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
