import { execFileSync } from "node:child_process";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { CALLS_OPEN_MAX } from "../../hsm/pkcs11/limits.js";
import { generatePkcs11Key, openPkcs11, type Pkcs11Backend } from "../../hsm/pkcs11/pkcs11Backend.js";
import type { Pkcs11Error } from "../../hsm/pkcs11/problems.js";
import { toHex, utf8Bytes } from "../../src/base/bytes.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { describeKeyBackend, digestOf, isSignedBy, refusalOf, SIGN_TIMEOUT_MS } from "../support/keyBackendContract.js";
import { type ShimFault, startSoftHsm, TOKEN_LABEL } from "../support/softhsm.js";

const hsm = startSoftHsm();
afterAll(() => hsm.remove());

const KEY_IDS: Partial<Record<KeyAlgorithm, string>> = { secp256k1: "01", p256: "02", ed25519: "03" };

for (const [algorithm, keyId] of Object.entries(KEY_IDS) as [KeyAlgorithm, string][]) {
  let made = false;
  describeKeyBackend({
    name: `pkcs11 ${algorithm}`,
    algorithm,
    hasAnchor: true,
    async open() {
      const options = { ...hsm.options(true), key: { algorithm, keyId } };
      if (!made) await generatePkcs11Key(options, `test ${algorithm}`);
      made = true;
      return openPkcs11(options);
    },
  });
}

it("thousands of parallel signatures do no harm to the module, and each is of its own digest", async () => {
  const key = { algorithm: "secp256k1", keyId: "1e" } as const;
  const { publicKey } = await generatePkcs11Key({ ...hsm.options(true), key }, "load");
  const backend = await openPkcs11({ ...hsm.options(true), key });
  const { processId } = backend;
  const signatures = new Map<number, Uint8Array>();
  let next = 0;
  const lane = async () => {
    for (let seed = next++; seed < 4_000; seed = next++) {
      signatures.set(seed, await backend.signDigest(digestOf(seed), SIGN_TIMEOUT_MS));
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  expect(signatures.size).toBe(4_000);
  for (let seed = 0; seed < 4_000; seed += 40) {
    expect(isSignedBy("secp256k1", publicKey, digestOf(seed), signatures.get(seed)!)).toBe(true);
  }
  expect(backend.processId).toBe(processId);
  await backend.close();
});

describe("faults of the token", () => {
  const key = { algorithm: "secp256k1", keyId: "0f" } as const;
  /** Much longer than what it guards against, much shorter than the shim's hang. */
  const RECOVERY_LIMIT_MS = 5_000;
  let publicKey: Uint8Array | undefined;

  beforeEach(async () => {
    hsm.setFault("none");
    publicKey ??= (await generatePkcs11Key({ ...hsm.options(), key }, "faults")).publicKey;
    hsm.clearLog();
  });

  /** Opens through the shim, and closes whatever the case does. */
  async function withBackend(work: (backend: Pkcs11Backend) => Promise<void>, sessions = 4): Promise<void> {
    const backend = await openPkcs11({ ...hsm.options(), key, sessions });
    try {
      await work(backend);
    } finally {
      hsm.setFault("none");
      await backend.close();
    }
  }

  async function expectRecovery(backend: Pkcs11Backend, seed: number): Promise<void> {
    const deadline = Date.now() + RECOVERY_LIMIT_MS;
    for (;;) {
      const answer = await backend.signDigest(digestOf(seed), SIGN_TIMEOUT_MS).catch((error: unknown) => error);
      if (answer instanceof Uint8Array) {
        expect(isSignedBy("secp256k1", publicKey!, digestOf(seed), answer)).toBe(true);
        return;
      }
      if (Date.now() > deadline) throw answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const FAULTS: readonly [ShimFault, string][] = [
    ["removed", "PKCS11_DEVICE_GONE"],
    ["removed-signing", "PKCS11_DEVICE_GONE"],
    ["session-lost", "PKCS11_SESSION_LOST"],
    ["login-expired", "PKCS11_LOGIN_LOST"],
    ["stuck", "PKCS11_CALL_FAILED"],
    ["stuck-full", "PKCS11_SESSION_LOST"],
    ["active", "PKCS11_SESSION_LOST"],
    ["crash", "PKCS11_PROCESS_ENDED"],
    ["error-after", "PKCS11_DEVICE_GONE"],
    ["short", "PKCS11_ANSWER_INVALID"],
    ["hang", "PKCS11_TIMEOUT"],
    ["init-hang", "PKCS11_TIMEOUT"],
  ];
  for (const [fault, code] of FAULTS) {
    it(`${fault} is refused as ${code}, and the token signs again when the fault is over`, async () => {
      await withBackend(async (backend) => {
        await expectRecovery(backend, 1);
        hsm.setFault(fault);
        const timeoutMs = fault.endsWith("hang") ? 500 : SIGN_TIMEOUT_MS;
        expect(await refusalOf(backend.signDigest(digestOf(2), timeoutMs))).toBe(code);
        hsm.setFault("none");
        await expectRecovery(backend, 2);
        // Whatever was retried inside: no digest but those asked for was ever signed.
        const digests = new Set(hsm.log().filter((line) => line.startsWith("sign ")));
        expect(digests).toEqual(new Set([`sign ${toHex(digestOf(1))}`, `sign ${toHex(digestOf(2))}`]));
      });
    });
  }

  for (const fault of ["stuck", "stuck-at-limit"] as const) {
    it(`a failed signature (${fault}) leaves no session stuck, not even where there is one session only`, async () => {
      await withBackend(async (backend) => {
        const { processId } = backend;
        for (let i = 0; i < 5; i++) {
          hsm.setFault(fault);
          expect(await refusalOf(backend.signDigest(digestOf(i), SIGN_TIMEOUT_MS))).toBe("PKCS11_CALL_FAILED");
          hsm.setFault("none");
          const signature = await backend.signDigest(digestOf(i), SIGN_TIMEOUT_MS);
          expect(isSignedBy("secp256k1", publicKey!, digestOf(i), signature)).toBe(true);
        }
        expect(backend.processId).toBe(processId);
        expect(hsm.log().filter((line) => line === "login")).toHaveLength(1);
      }, 1);
    });
  }

  it("a flipped bit comes through as it is, for the guard's own check to find", async () => {
    await withBackend(async (backend) => {
      hsm.setFault("flip");
      const flipped = await backend.signDigest(digestOf(3), SIGN_TIMEOUT_MS);
      expect(isSignedBy("secp256k1", publicKey!, digestOf(3), flipped)).toBe(false);
      hsm.setFault("none");
      await expectRecovery(backend, 3);
    });
  });

  it("a token that is slow but alive keeps its process while callers lose patience", async () => {
    await withBackend(async (backend) => {
      const { processId } = backend;
      hsm.setFault("slow");
      const calls = Array.from({ length: 6 }, (_, i) =>
        backend.signDigest(digestOf(i), i === 5 ? 1_000 : SIGN_TIMEOUT_MS),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual([...Array(5).fill("fulfilled"), "rejected"]);
      expect(backend.processId).toBe(processId);
    }, 1);
  });

  it("a token asked for more than it can do goes on answering, and signs next to nothing in vain", async () => {
    await withBackend(async (backend) => {
      hsm.setFault("slow");
      const PATIENCE_MS = 1_200;
      const ASKED_EVERY_MS = 40;
      const answeredAt: number[] = [];
      const asked: Promise<unknown>[] = [];
      const start = performance.now();
      for (let seed = 0; performance.now() - start < 4_000; seed++) {
        const signing = backend.signDigest(digestOf(seed), PATIENCE_MS);
        asked.push(
          signing.then(
            () => answeredAt.push(performance.now() - start),
            () => undefined,
          ),
        );
        await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
      }
      await Promise.all(asked);
      // By then the first ones have given up; three a second is what the token can do.
      expect(answeredAt.filter((at) => at > 2 * PATIENCE_MS).length).toBeGreaterThan(2);
      const signed = hsm.log().filter((line) => line.startsWith("sign ")).length;
      expect(signed - answeredAt.length).toBeLessThan(3);
    }, 1);
  });

  it("what callers have given up still counts while the token's process holds it, and is never signed", async () => {
    await withBackend(async (backend) => {
      await expectRecovery(backend, 0);
      hsm.setFault("pause");
      const abandoned = Array.from({ length: CALLS_OPEN_MAX - 1 }, (_, i) =>
        refusalOf(backend.signDigest(digestOf(i), 500)),
      );
      // An answer in their time: the module is busy, it does not hang.
      await backend.anchor.read();
      expect(new Set(await Promise.all(abandoned))).toEqual(new Set(["PKCS11_TIMEOUT"]));
      const last = backend.signDigest(digestOf(1_000), SIGN_TIMEOUT_MS);
      expect(await refusalOf(backend.signDigest(digestOf(1_001), SIGN_TIMEOUT_MS))).toBe("PKCS11_BUSY");
      hsm.clearLog();
      hsm.setFault("none");
      expect(isSignedBy("secp256k1", publicKey!, digestOf(1_000), await last)).toBe(true);
      await expectRecovery(backend, 2);
      const signed = [0, 1_000, 2].map((seed) => `sign ${toHex(digestOf(seed))}`);
      expect(hsm.log()).toEqual(signed);
    }, 1);
  });

  it("the node's event loop runs on while the module hangs", async () => {
    await withBackend(async (backend) => {
      hsm.setFault("init-hang");
      let ticks = 0;
      const timer = setInterval(() => ticks++, 10);
      await Promise.all(Array.from({ length: 8 }, () => refusalOf(backend.signDigest(digestOf(4), 400))));
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(4);
      hsm.setFault("none");
      await expectRecovery(backend, 4);
    });
  });

  it("a card in another slot that cannot be read is passed over", async () => {
    hsm.setFault("strange-card");
    await withBackend((backend) => expectRecovery(backend, 7));
    hsm.setFault("strange-card");
    const elsewhere = { ...hsm.options(), key, token: { label: "another" } };
    const thrown = await openPkcs11(elsewhere).catch((error: unknown) => error);
    expect((thrown as Pkcs11Error).problem).toMatchObject({
      code: "PKCS11_TOKEN_ABSENT",
      found: expect.arrayContaining(["unreadable (CKR_TOKEN_NOT_RECOGNIZED)"]),
    });
  });

  it("comes back after its process was killed, with one login per start", async () => {
    await withBackend(async (backend) => {
      const killed = backend.processId!;
      process.kill(killed, "SIGKILL");
      await expectRecovery(backend, 5);
      expect(backend.processId).not.toBe(killed);
      expect(hsm.log().filter((line) => line === "login")).toHaveLength(2);
    });
  });

  it("while the token is away every call is refused, and the process is not started for each", async () => {
    await withBackend(async (backend) => {
      hsm.setFault("removed");
      await refusalOf(backend.signDigest(digestOf(6), SIGN_TIMEOUT_MS));
      expect(await refusalOf(backend.signDigest(digestOf(6), SIGN_TIMEOUT_MS))).toBe("PKCS11_TOKEN_ABSENT");
      for (let i = 0; i < 20; i++) {
        expect(await refusalOf(backend.signDigest(digestOf(6), SIGN_TIMEOUT_MS))).toBe("PKCS11_TOKEN_ABSENT");
      }
      hsm.setFault("none");
      await expectRecovery(backend, 6);
    });
  });
});

describe("login", () => {
  const key = { algorithm: "secp256k1", keyId: "0a" } as const;
  const logins = () => hsm.log().filter((line) => line === "login").length;

  beforeEach(async () => {
    hsm.setFault("none");
    await generatePkcs11Key({ ...hsm.options(), key }, "login").catch(() => undefined);
    hsm.clearLog();
  });

  it("is tried once with a wrong PIN", async () => {
    const opening = openPkcs11({ ...hsm.options(), key, pin: utf8Bytes("00000") });
    expect(await refusalOf(opening)).toBe("PKCS11_PIN_REFUSED");
    expect(logins()).toBe(1);
  });

  it("tells a locked PIN apart, and leaves the last try to people", async () => {
    hsm.setFault("pin-locked");
    expect(await refusalOf(openPkcs11({ ...hsm.options(), key }))).toBe("PKCS11_PIN_LOCKED");
    hsm.clearLog();
    hsm.setFault("final-try");
    expect(await refusalOf(openPkcs11({ ...hsm.options(), key }))).toBe("PKCS11_PIN_FINAL_TRY");
    expect(logins()).toBe(0);
  });

  it("is never tried again after a PIN that once was right is refused", async () => {
    const backend = await openPkcs11({ ...hsm.options(), key });
    hsm.setFault("pin-changed");
    process.kill(backend.processId!, "SIGKILL");
    hsm.clearLog();
    for (let i = 0; i < 5; i++) {
      const code = await refusalOf(backend.signDigest(digestOf(i), SIGN_TIMEOUT_MS));
      expect(["PKCS11_PROCESS_ENDED", "PKCS11_PIN_REFUSED"]).toContain(code);
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
    hsm.setFault("none");
    expect(await refusalOf(backend.signDigest(digestOf(9), SIGN_TIMEOUT_MS))).toBe("PKCS11_PIN_REFUSED");
    expect(logins()).toBe(1);
    await backend.close();
  });

  const OPEN_MS = 1_000;
  for (const fault of ["login-crash", "login-hang", "login-error"] as const) {
    it(`is never tried again after one without an answer (${fault})`, async () => {
      const backend = await openPkcs11({ ...hsm.options(), key, openTimeoutMs: OPEN_MS });
      hsm.setFault(fault);
      process.kill(backend.processId!, "SIGKILL");
      hsm.clearLog();
      await expect
        .poll(() => refusalOf(backend.signDigest(digestOf(1), 300)), { timeout: SIGN_TIMEOUT_MS })
        .toBe("PKCS11_LOGIN_UNANSWERED");
      hsm.setFault("none");
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(await refusalOf(backend.signDigest(digestOf(2), SIGN_TIMEOUT_MS))).toBe("PKCS11_LOGIN_UNANSWERED");
      expect(logins()).toBe(1);
      await backend.close();
    });

    it(`says so when opening is where no answer came (${fault})`, async () => {
      hsm.setFault(fault);
      const thrown = await openPkcs11({ ...hsm.options(), key, openTimeoutMs: OPEN_MS }).catch((error) => error);
      const reasons = { "login-crash": "SIGABRT", "login-hang": "PKCS11_TIMEOUT", "login-error": "CKR_DEVICE_ERROR" };
      const problem = { code: "PKCS11_LOGIN_UNANSWERED", token: TOKEN_LABEL, reason: reasons[fault] };
      expect((thrown as Pkcs11Error).problem).toEqual(problem);
      expect(logins()).toBe(1);
    });
  }

  it("without an answer is known for one though the node hears of its beginning too late", async () => {
    hsm.setFault("login-hang");
    const opening = refusalOf(openPkcs11({ ...hsm.options(), key, openTimeoutMs: OPEN_MS }));
    const start = performance.now();
    // Long enough to ask, too short for the token's process to have started.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    while (logins() === 0 || performance.now() - start < OPEN_MS) execFileSync("sleep", ["0.05"]);
    expect(await opening).toBe("PKCS11_LOGIN_UNANSWERED");
  });

  it("is tried again where the token was gone before it could look at the PIN", async () => {
    const backend = await openPkcs11({ ...hsm.options(), key });
    hsm.setFault("login-early");
    process.kill(backend.processId!, "SIGKILL");
    await expect.poll(() => refusalOf(backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS))).toBe("PKCS11_DEVICE_GONE");
    hsm.setFault("none");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await backend.signDigest(digestOf(2), SIGN_TIMEOUT_MS)).length).toBe(64);
    await backend.close();
  });
});
