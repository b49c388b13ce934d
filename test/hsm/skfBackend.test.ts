import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { publicKeyOf, signatureOf } from "../../hsm/skf/blobs.js";
import { WAITING_MAX } from "../../hsm/skf/limits.js";
import { openSkf } from "../../hsm/skf/skfBackend.js";
import type { KeyBackend } from "../../src/crypto/keyBackend.js";
import { describeKeyBackend, digestOf, isSignedBy, refusalOf } from "../support/keyBackendContract.js";
import type { SkfStandIn } from "../support/skfStandIn/build.js";
import { KEY, makeSkfBench } from "./skfBench.js";

const RECOVERY_MS = 5_000;

const bench = makeSkfBench();
const { build, optionsOf } = bench;
afterAll(() => bench.remove());

for (const variant of ["plain", "wide", "left"] as const) {
  const standIn = build(variant);
  describeKeyBackend({
    name: `skf with a library of the ${variant} kind`,
    algorithm: "sm2",
    hasAnchor: false,
    open: () => openSkf(optionsOf(standIn)),
  });
}

describe("a token", () => {
  let standIn: SkfStandIn;
  let backend: KeyBackend | undefined;

  beforeEach(() => {
    standIn = build();
  });
  afterEach(async () => {
    standIn.control({});
    await backend?.close();
    backend = undefined;
  });

  async function signsNow(seed: number, timeoutMs: number): Promise<boolean> {
    const signature = await backend!.signDigest(digestOf(seed), timeoutMs);
    return isSignedBy("sm2", KEY, digestOf(seed), signature);
  }

  test("says what it is", async () => {
    standIn.control({ serial: "WD-9" });
    backend = await openSkf(optionsOf(standIn, { device: "Stand-in 0", serial: "WD-9" }));
    expect(backend.facts).toEqual({
      backend: "skf",
      algorithm: "sm2",
      mechanism: "SKF_ECCSignData",
      extractable: "unknown",
      home: "WD-9",
    });
    expect(await backend.publicKey()).toEqual(KEY);
  });

  test("that is not there, or not the one asked for, is a typed refusal", async () => {
    standIn.control({ present: 0 });
    expect(await refusalOf(openSkf(optionsOf(standIn)))).toBe("SKF_NO_DEVICE");
    standIn.control({});
    expect(await refusalOf(openSkf(optionsOf(standIn, { device: "Another" })))).toBe("SKF_NO_DEVICE");
    expect(await refusalOf(openSkf(optionsOf(standIn, { application: "other" })))).toBe("SKF_STATUS");
    expect(await refusalOf(openSkf(optionsOf(standIn, { serial: "X" })))).toBe("SKF_OTHER_TOKEN");
    expect(standIn.calls("VerifyPIN")).toBe(0);
  });

  test("with a wrong PIN: presented once, never with one try left, never when locked", async () => {
    const wrong = optionsOf(standIn, { pin: standIn.pinFile("000000") });
    expect(await refusalOf(openSkf(wrong))).toBe("SKF_PIN_WRONG");
    expect(standIn.calls("VerifyPIN")).toBe(1);
    expect(standIn.triesLeft()).toBe(4);
    standIn.setTries(1);
    expect(await refusalOf(openSkf(optionsOf(standIn)))).toBe("SKF_PIN_LAST_TRY");
    standIn.setTries(0);
    expect(await refusalOf(openSkf(optionsOf(standIn)))).toBe("SKF_PIN_LOCKED");
    expect(standIn.calls("VerifyPIN")).toBe(1);
  });

  test("whose PIN was changed while it was away gets one attempt", async () => {
    backend = await openSkf(optionsOf(standIn));
    standIn.control({ epoch: 1, pin: "999999" });
    expect(await refusalOf(backend.signDigest(digestOf(1), RECOVERY_MS))).toBe("SKF_PIN_WRONG");
    expect(await refusalOf(backend.signDigest(digestOf(2), RECOVERY_MS))).toBe("SKF_PIN_WRONG");
    expect(standIn.triesLeft()).toBe(4);
  });

  test("removed and put back serves the next signature", async () => {
    backend = await openSkf(optionsOf(standIn));
    for (const epoch of [1, 2, 3]) {
      standIn.control({ present: 0, epoch });
      expect(await refusalOf(backend.signDigest(digestOf(1), 300))).toBe("SKF_NO_DEVICE");
      standIn.control({ epoch });
      expect(await signsNow(epoch, RECOVERY_MS)).toBe(true);
    }
  });

  test("exchanged for another is not given the PIN", async () => {
    backend = await openSkf(optionsOf(standIn));
    standIn.control({ epoch: 1, key: 9 });
    expect(await refusalOf(backend.signDigest(digestOf(1), 500))).toBe("SKF_OTHER_TOKEN");
    expect(standIn.calls("VerifyPIN")).toBe(1);
  });

  for (const fault of ["removed", "failed", "logged out", "error after"]) {
    test(`with the fault "${fault}" is refused in time and recovers`, async () => {
      backend = await openSkf(optionsOf(standIn));
      standIn.control({ fault });
      expect(await refusalOf(backend.signDigest(digestOf(1), 400))).toBe("SKF_STATUS");
      standIn.control({});
      expect(await signsNow(2, RECOVERY_MS)).toBe(true);
    });
  }

  test("that hangs: every call refused in time, the event loop free, recovered when it returns", async () => {
    backend = await openSkf(optionsOf(standIn));
    standIn.control({ hang: "ECCSignData" });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 20);
    const calls = [1, 2, 3].map((seed) => refusalOf(backend!.signDigest(digestOf(seed), 500)));
    expect(await Promise.all(calls)).toEqual(["SKF_TIMEOUT", "SKF_TIMEOUT", "SKF_TIMEOUT"]);
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(5);
    expect(standIn.calls("ECCSignData")).toBe(1);
    standIn.control({});
    expect(await signsNow(4, RECOVERY_MS)).toBe(true);
  });

  test("takes only so many waiting calls", async () => {
    backend = await openSkf(optionsOf(standIn));
    standIn.control({ hang: "ECCSignData" });
    const many = Array.from({ length: WAITING_MAX + 3 }, (_, i) => refusalOf(backend!.signDigest(digestOf(i), 500)));
    const codes = await Promise.all(many);
    expect(codes.filter((code) => code === "SKF_BUSY").length).toBe(2);
  });
});

describe("the library", () => {
  test("is loaded only from a place nobody else can write to", async () => {
    const standIn = build();
    const refused = (module: string): Promise<string> => refusalOf(openSkf({ ...optionsOf(standIn), module }));
    expect(await refused("libskf.so")).toBe("SKF_LIBRARY_PATH");
    expect(await refused(join(standIn.folder, "none.so"))).toBe("SKF_LIBRARY_PATH");
    expect(await refused(standIn.folder)).toBe("SKF_LIBRARY_PATH");
    const link = join(standIn.folder, "link.so");
    symlinkSync(standIn.module, link);
    chmodSync(standIn.module, 0o777);
    expect(await refused(link)).toBe("SKF_LIBRARY_PATH");
    chmodSync(standIn.module, 0o755);
    chmodSync(standIn.folder, 0o777);
    expect(await refused(standIn.module)).toBe("SKF_LIBRARY_PATH");
    chmodSync(standIn.folder, 0o700);
    await (await openSkf({ ...optionsOf(standIn), module: link })).close();
  });

  test("that is none is a typed refusal", async () => {
    const standIn = build();
    const noLibrary = join(standIn.folder, "text.so");
    writeFileSync(noLibrary, "no library");
    expect(await refusalOf(openSkf({ ...optionsOf(standIn), module: noLibrary }))).toBe("SKF_LIBRARY_LOAD");
    const source = join(standIn.folder, "empty.c");
    const empty = join(standIn.folder, "empty.so");
    writeFileSync(source, "int nothing(void) { return 0; }\n");
    execFileSync("gcc", ["-shared", "-fPIC", source, "-o", empty]);
    expect(await refusalOf(openSkf({ ...optionsOf(standIn), module: empty }))).toBe("SKF_LIBRARY_LOAD");
  });
});

describe("structures", () => {
  test("that hold no point or no signature are refused", () => {
    expect(publicKeyOf(new Uint8Array(136))).toBeUndefined();
    expect(publicKeyOf(new Uint8Array(3))).toBeUndefined();
    expect(signatureOf(new Uint8Array(128))).toBeUndefined();
    expect(signatureOf(new Uint8Array(128).fill(1))).toBeUndefined();
    expect(signatureOf(new Uint8Array(64).fill(1))).toBeUndefined();
  });
});
