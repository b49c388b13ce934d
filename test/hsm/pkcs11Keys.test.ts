/** Keys and objects on the token, judged by what another program (pkcs11js directly) puts there or finds. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import pkcs11js from "pkcs11js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bareSignature, publicKeyOfPoint, tokenAlgorithm } from "../../hsm/pkcs11/algorithms.js";
import { decodeAnchor, encodeAnchor } from "../../hsm/pkcs11/anchorValue.js";
import { checkedModulePath, MODULE_RULES } from "../../hsm/pkcs11/modulePath.js";
import { generatePkcs11Key, openPkcs11 } from "../../hsm/pkcs11/pkcs11Backend.js";
import type { Pkcs11Error } from "../../hsm/pkcs11/problems.js";
import { concatBytes, fromHex } from "../../src/base/bytes.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { describeKeyBackend, digestOf, isSignedBy, refusalOf, SIGN_TIMEOUT_MS } from "../support/keyBackendContract.js";
import {
  importSoftHsmKey,
  isRunning,
  PIN,
  SHIM_SM2,
  SHIM_SM2_SECRET,
  type ShimFault,
  startSoftHsm,
  TOKEN_LABEL,
} from "../support/softhsm.js";

const hsm = startSoftHsm();
const SECP256K1 = Buffer.from("06052b8104000a", "hex");

/** A second program on the same token. */
const other = new pkcs11js.PKCS11();
let session: Buffer;
beforeAll(() => {
  other.load(hsm.module);
  other.C_Initialize();
  const slot = other.C_GetSlotList(true).find((one) => other.C_GetTokenInfo(one).label.trim() === TOKEN_LABEL)!;
  session = other.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  other.C_Login(session, pkcs11js.CKU_USER, PIN);
});
afterAll(() => {
  other.C_Finalize();
  hsm.remove();
});

function makeKey(id: string, attributes: { sensitive: boolean; extractable: boolean }, params = SECP256K1): void {
  const both = [
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_ID, value: Buffer.from(id, "hex") },
  ];
  other.C_GenerateKeyPair(
    session,
    { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
    [...both, { type: pkcs11js.CKA_EC_PARAMS, value: params }],
    [
      ...both,
      { type: pkcs11js.CKA_PRIVATE, value: true },
      { type: pkcs11js.CKA_SIGN, value: true },
      { type: pkcs11js.CKA_SENSITIVE, value: attributes.sensitive },
      { type: pkcs11js.CKA_EXTRACTABLE, value: attributes.extractable },
    ],
  );
}

function objects(template: pkcs11js.Template): Buffer[] {
  other.C_FindObjectsInit(session, template);
  const found = other.C_FindObjects(session, 100);
  other.C_FindObjectsFinal(session);
  return found;
}

const options = (keyId: string) => ({ ...hsm.options(true), key: { algorithm: "secp256k1", keyId } as const });

describe("SM2 by a vendor's mechanism", () => {
  const publicKey = softSigner("sm").publicKey(fromHex(SHIM_SM2_SECRET));
  beforeAll(() => {
    const curve = { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from("06082a811ccf5501822d", "hex") };
    const point = Buffer.from(concatBytes([Uint8Array.of(0x04, 0x41, 0x04), publicKey]));
    const both = [
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_ID, value: Buffer.from("5202", "hex") },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
      curve,
    ];
    other.C_CreateObject(session, [
      ...both,
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
      { type: pkcs11js.CKA_EC_POINT, value: point },
    ]);
    other.C_CreateObject(session, [
      ...both,
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
      { type: pkcs11js.CKA_PRIVATE, value: true },
      { type: pkcs11js.CKA_SENSITIVE, value: true },
      { type: pkcs11js.CKA_EXTRACTABLE, value: false },
      { type: pkcs11js.CKA_SIGN, value: true },
      { type: pkcs11js.CKA_VALUE, value: Buffer.from(SHIM_SM2_SECRET, "hex") },
    ]);
  });

  const key = { algorithm: "sm2", keyId: "5202", sm2: SHIM_SM2 } as const;
  describeKeyBackend({
    name: "pkcs11 sm2 of a vendor",
    algorithm: "sm2",
    hasAnchor: true,
    open: () => openPkcs11({ ...hsm.options(), key }),
  });

  it("is refused without the vendor's numbers, and where the token lacks the mechanism", async () => {
    const bare = { algorithm: "sm2", keyId: "5202" } as const;
    expect(await refusalOf(openPkcs11({ ...hsm.options(), key: bare }))).toBe("PKCS11_OPTION");
    expect(await refusalOf(openPkcs11({ ...hsm.options(true), key }))).toBe("PKCS11_MECHANISM_ABSENT");
  });
});

describe("keys on the token", () => {
  it("made here are sensitive, never extractable and made on the token, as another program reads them", async () => {
    await generatePkcs11Key(options("a1"), "made here");
    const [key] = objects([
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
      { type: pkcs11js.CKA_ID, value: Buffer.from("a1", "hex") },
    ]);
    const types = [0x2, 0x103, 0x165, 0x164, 0x163, 0x162];
    const read = other.C_GetAttributeValue(
      session,
      key!,
      types.map((type) => ({ type })),
    );
    expect(read.map(({ value }) => (value as Buffer)[0])).toEqual([1, 1, 1, 1, 1, 0]);
    expect(() => other.C_GetAttributeValue(session, key!, [{ type: pkcs11js.CKA_VALUE }])).toThrow();
    expect(await refusalOf(generatePkcs11Key(options("a1"), "again"))).toBe("PKCS11_KEY_EXISTS");
  });

  it("whose secret can leave are refused, but in development", async () => {
    makeKey("b1", { sensitive: true, extractable: true });
    makeKey("b2", { sensitive: false, extractable: false });
    expect(await refusalOf(openPkcs11(options("b1")))).toBe("PKCS11_KEY_NOT_PROTECTED");
    expect(await refusalOf(openPkcs11(options("b2")))).toBe("PKCS11_KEY_NOT_PROTECTED");
    const backend = await openPkcs11({ ...options("b1"), allowExtractable: true });
    expect(backend.facts.extractable).toBe("yes");
    await backend.close();
  });

  it("whose flags are not exactly yes or no count as unprotected", async () => {
    await generatePkcs11Key(options("b3"), "flags");
    const key = { algorithm: "secp256k1", keyId: "b3" } as const;
    const read = async (fault: ShimFault): Promise<string> => {
      hsm.setFault(fault);
      try {
        const backend = await openPkcs11({ ...hsm.options(), key });
        await backend.close();
        return backend.facts.extractable;
      } catch (thrown) {
        return (thrown as Pkcs11Error).code;
      } finally {
        hsm.setFault("none");
      }
    };
    expect(await read("none")).toBe("no");
    for (const fault of ["extractable-ff", "sensitive-wide"] as const) {
      expect(await read(fault)).toBe("PKCS11_KEY_NOT_PROTECTED");
    }
    for (const fault of ["birth-unknown", "birth-ff"] as const) expect(await read(fault)).toBe("once");
  });

  it("imported from a file say that they were once outside", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    importSoftHsmKey(hsm.folder, privateKey.export({ type: "pkcs8", format: "pem" }), "b4");
    const backend = await openPkcs11(options("b4"));
    expect(backend.facts.extractable).toBe("once");
    await backend.close();
  });

  it("are refused absent, twice under one id, on another curve, or with another public key", async () => {
    expect(await refusalOf(openPkcs11(options("c0")))).toBe("PKCS11_KEY_ABSENT");
    makeKey("c1", { sensitive: true, extractable: false });
    const backend = await openPkcs11(options("c1"));
    const publicKey = await backend.publicKey();
    await backend.close();
    publicKey[0]! ^= 1;
    expect(await refusalOf(openPkcs11({ ...options("c1"), publicKey }))).toBe("PKCS11_KEY_CHANGED");
    makeKey("c1", { sensitive: true, extractable: false });
    expect(await refusalOf(openPkcs11(options("c1")))).toBe("PKCS11_KEY_AMBIGUOUS");
    makeKey("c2", { sensitive: true, extractable: false }, Buffer.from("06082a8648ce3d030107", "hex"));
    expect(await refusalOf(openPkcs11(options("c2")))).toBe("PKCS11_KEY_UNSUITABLE");
    const elsewhere = { ...options("c2"), token: { label: "another" } };
    expect(await refusalOf(openPkcs11(elsewhere))).toBe("PKCS11_TOKEN_ABSENT");
  });

  it("exchanged for another under the same id while the token was away sign nothing any more", async () => {
    makeKey("c3", { sensitive: true, extractable: false });
    const backend = await openPkcs11(options("c3"));
    for (const object of objects([{ type: pkcs11js.CKA_ID, value: Buffer.from("c3", "hex") }])) {
      other.C_DestroyObject(session, object);
    }
    makeKey("c3", { sensitive: true, extractable: false });
    process.kill(backend.processId!, "SIGKILL");
    await backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS).catch(() => undefined);
    expect(await refusalOf(backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS))).toBe("PKCS11_KEY_CHANGED");
    await backend.close();
  });
});

describe("the anchor", () => {
  const anchors = (id: string) =>
    objects([
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_DATA },
      { type: pkcs11js.CKA_LABEL, value: `edgeseal anchor ${id}` },
    ]);

  it("is one private object on the token, and of two left by a broken write the higher counts", async () => {
    await generatePkcs11Key(options("d1"), "anchored");
    const backend = await openPkcs11(options("d1"));
    await backend.anchor.write({ session: 4, reserved: 5_000 });
    await backend.anchor.write({ session: 5, reserved: 6_000 });
    const found = anchors("d1");
    expect(found).toHaveLength(1);
    const [isPrivate] = other.C_GetAttributeValue(session, found[0]!, [{ type: pkcs11js.CKA_PRIVATE }]);
    expect((isPrivate!.value as Buffer)[0]).toBe(1);
    await backend.anchor.write({ session: 6, reserved: 6_000 });
    other.C_CreateObject(session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_DATA },
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_PRIVATE, value: true },
      { type: pkcs11js.CKA_APPLICATION, value: "edgeseal" },
      { type: pkcs11js.CKA_LABEL, value: "edgeseal anchor d1" },
      { type: pkcs11js.CKA_VALUE, value: Buffer.from(encodeAnchor({ session: 5, reserved: 7_000 })) },
    ]);
    expect(await backend.anchor.read()).toEqual({ session: 6, reserved: 7_000 });
    expect(await refusalOf(backend.anchor.write({ session: 6, reserved: 6_500 }))).toBe("PKCS11_ANCHOR_LOWER");
    await backend.close();
  });

  it("written by one instance is what another one on the same token reads at once", async () => {
    await generatePkcs11Key(options("d2"), "shared");
    const [one, two] = [await openPkcs11(options("d2")), await openPkcs11(options("d2"))];
    await one.anchor.write({ session: 1, reserved: 1_024 });
    expect(await two.anchor.read()).toEqual({ session: 1, reserved: 1_024 });
    await two.anchor.write({ session: 2, reserved: 1_024 });
    expect(await one.anchor.read()).toEqual({ session: 2, reserved: 1_024 });
    expect(await refusalOf(one.anchor.write({ session: 1, reserved: 2_048 }))).toBe("PKCS11_ANCHOR_LOWER");
    await one.close();
    await two.close();
  });

  it("that is damaged is never taken for an absent one", () => {
    const bytes = encodeAnchor({ session: 1, reserved: 2 });
    expect(decodeAnchor(bytes)).toEqual({ session: 1, reserved: 2 });
    for (const wrong of [bytes.subarray(1), new Uint8Array(0), new Uint8Array(bytes.length).fill(0xff)]) {
      expect(() => decodeAnchor(wrong)).toThrow("PKCS11_ANCHOR_INVALID");
    }
  });
});

describe("what others can see", () => {
  it("of the token's process: no PIN among its arguments and variables", async () => {
    await generatePkcs11Key(options("e1"), "seen").catch(() => undefined);
    const backend = await openPkcs11(options("e1"));
    for (const file of ["cmdline", "environ"]) {
      expect(readFileSync(`/proc/${backend.processId}/${file}`, "latin1")).not.toContain(PIN);
    }
    const pid = backend.processId!;
    await backend.close();
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it("the signature stands for the public key that was given", async () => {
    const backend = await openPkcs11(options("e1"));
    const signature = await backend.signDigest(digestOf(2), SIGN_TIMEOUT_MS);
    expect(isSignedBy("secp256k1", await backend.publicKey(), digestOf(2), signature)).toBe(true);
    await backend.close();
  });
});

describe("module paths", () => {
  const rules = { folders: [hsm.folder], owners: [0, process.getuid!()] };
  const code = (path: string, with_: typeof rules = rules) => {
    try {
      return checkedModulePath(path, with_);
    } catch (error) {
      return (error as { problem: { why: string } }).problem.why;
    }
  };

  it("are believed with links resolved, below the allowed folders only", () => {
    expect(code(hsm.shim)).toBe(hsm.shim);
    const link = join(hsm.folder, "link.so");
    symlinkSync(hsm.shim, link);
    expect(code(link)).toBe(hsm.shim);
    const outside = join(hsm.folder, "outside.so");
    symlinkSync("/etc/hostname", outside);
    expect(code(outside)).toBe("not-allowed");
    expect(code(hsm.shim, MODULE_RULES as typeof rules)).toBe("not-allowed");
    expect(code(`${hsm.folder}-other/shim.so`)).toBe("missing");
    expect(code("shim.so")).toBe("relative");
    expect(code(join(hsm.folder, "tokens"))).toBe("not-a-file");
    expect(checkedModulePath(hsm.module)).toMatch(/libsofthsm2\.so$/);
  });

  it("are refused where others may write the file or a folder above, or own it", () => {
    const folder = join(hsm.folder, "open");
    mkdirSync(folder);
    const copy = join(folder, "module.so");
    copyFileSync(hsm.shim, copy);
    chmodSync(copy, 0o755);
    expect(code(copy)).toBe(copy);
    chmodSync(copy, 0o775);
    expect(code(copy)).toBe("writable");
    chmodSync(copy, 0o755);
    chmodSync(folder, 0o777);
    expect(code(copy)).toBe("writable");
    chmodSync(folder, 0o755);
    expect(code(copy, { ...rules, owners: [12_345] })).toBe("owner");
  });

  it("are checked again by the back end before anything is loaded", async () => {
    const refused = openPkcs11({ ...options("a1"), module: hsm.shim, moduleRules: MODULE_RULES });
    expect(await refusalOf(refused)).toBe("PKCS11_MODULE_REFUSED");
  });
});

describe("forms", () => {
  const algorithm = tokenAlgorithm("secp256k1", undefined);

  it("of points: wrapped or bare, nothing else", () => {
    const key = softSigner("ecdsa").publicKey(digestOf(1));
    const bare = concatBytes([Uint8Array.of(4), key]);
    expect(publicKeyOfPoint(algorithm, bare)).toEqual(key);
    expect(publicKeyOfPoint(algorithm, concatBytes([Uint8Array.of(4, 65), bare]))).toEqual(key);
    expect(publicKeyOfPoint(algorithm, key)).toBeUndefined();
    expect(publicKeyOfPoint(algorithm, concatBytes([Uint8Array.of(2), bare.subarray(1)]))).toBeUndefined();
    expect(publicKeyOfPoint(algorithm, new Uint8Array(0))).toBeUndefined();
  });

  it("of signatures: 64 bytes, or DER as OpenSSL writes it", () => {
    const pem = execFileSync("openssl", ["ecparam", "-name", "secp256k1", "-genkey", "-noout"]);
    const path = join(hsm.folder, "der.pem");
    execFileSync("tee", [path], { input: pem, stdio: ["pipe", "ignore", "ignore"] });
    const spki = execFileSync("openssl", ["ec", "-in", path, "-pubout", "-outform", "DER"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const key = new Uint8Array(spki.subarray(-64));
    for (let i = 0; i < 8; i++) {
      const words = ["pkeyutl", "-sign", "-inkey", path];
      const der = execFileSync("openssl", words, { input: digestOf(i) });
      expect(isSignedBy("secp256k1", key, digestOf(i), bareSignature(der))).toBe(true);
      for (const cut of [der.subarray(1), der.subarray(0, -1), Buffer.concat([der, Buffer.alloc(1)])]) {
        expect(() => bareSignature(cut)).toThrow("PKCS11_ANSWER_INVALID");
      }
    }
  });
});
