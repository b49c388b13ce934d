import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createKeyFile, importAccountPem, openKeyFile } from "../../hsm/keystore/keystore.js";
import { readAccountPem } from "../../hsm/keystore/pkcs8.js";
import { SecretError } from "../../hsm/keystore/problems.js";
import { readSecret, SECRET_BYTES_MAX } from "../../hsm/keystore/secretSource.js";
import { toHex, utf8Bytes } from "../../src/base/bytes.js";
import type { Random } from "../../src/base/random.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { describeKeyBackend, digestOf, isSignedBy, refusalOf } from "../support/keyBackendContract.js";

const RANDOM: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const PASSPHRASE = utf8Bytes("correct horse battery staple");
const ALGORITHMS: readonly KeyAlgorithm[] = ["secp256k1", "sm2", "p256", "ed25519"];

const folder = mkdtempSync(join(tmpdir(), "edgeseal-keystore-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const algorithm of ALGORITHMS) {
  const path = join(folder, `${algorithm}.contract.key`);
  let made = false;
  describeKeyBackend({
    name: `keystore ${algorithm}`,
    algorithm,
    hasAnchor: false,
    async open() {
      if (!made) await createKeyFile(path, algorithm, PASSPHRASE, RANDOM);
      made = true;
      return openKeyFile(path, PASSPHRASE);
    },
  });
}

describe("the key file", () => {
  for (const algorithm of ["secp256k1", "sm2"] as const) {
    it(`of ${algorithm} shows the cipher of its suite and is for its owner alone`, async () => {
      const path = join(folder, `${algorithm}.mode.key`);
      await createKeyFile(path, algorithm, PASSPHRASE, RANDOM);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const shown = JSON.parse(readFileSync(path, "utf8")) as { cipher: { name: string } };
      expect(shown.cipher.name).toBe(algorithm === "sm2" ? "sm4-ctr+hmac-sm3" : "aes-256-gcm");
      expect(readdirSync(folder).filter((name) => name.endsWith(".unfinished"))).toEqual([]);
    });

    it(`of ${algorithm} opens with no other passphrase and no changed byte`, async () => {
      const path = join(folder, `${algorithm}.damage.key`);
      await createKeyFile(path, algorithm, PASSPHRASE, RANDOM);
      expect(await refusalOf(openKeyFile(path, utf8Bytes("Correct horse")))).toBe("KEYSTORE_PASSPHRASE");
      const text = readFileSync(path, "utf8");
      const flip = (field: RegExp) => text.replace(field, (_, head: string, digit: string) => head + other(digit));
      for (const field of [/("sealed": ")(.)/, /("iv": ")(.)/, /("salt": ")(.)/, /("publicKey": ")(.)/]) {
        const changed = flip(field);
        expect(changed).not.toBe(text);
        writeFileSync(path, changed);
        expect(await refusalOf(openKeyFile(path, PASSPHRASE))).toBe("KEYSTORE_PASSPHRASE");
      }
      writeFileSync(path, text.replace(/("p": )3/, "$12"));
      expect(await refusalOf(openKeyFile(path, PASSPHRASE))).toBe("KEYSTORE_PASSPHRASE");
      writeFileSync(path, text);
      await (await openKeyFile(path, PASSPHRASE)).close();
    });
  }

  it("is never written over another one", async () => {
    const path = join(folder, "taken.key");
    await createKeyFile(path, "secp256k1", PASSPHRASE, RANDOM);
    const before = readFileSync(path);
    expect(await refusalOf(createKeyFile(path, "secp256k1", PASSPHRASE, RANDOM))).toBe("KEYSTORE_EXISTS");
    expect(readFileSync(path)).toEqual(before);
  });

  it("is refused where others may read it, where it asks too much memory, or is something else", async () => {
    const path = join(folder, "odd.key");
    await createKeyFile(path, "secp256k1", PASSPHRASE, RANDOM);
    chmodSync(path, 0o640);
    expect(await refusalOf(openKeyFile(path, PASSPHRASE))).toBe("KEYSTORE_OPEN_TO_OTHERS");
    chmodSync(path, 0o600);
    const text = readFileSync(path, "utf8");
    const cases: readonly [string, string][] = [
      [text.replace('"n": 32768', '"n": 1073741824'), "KEYSTORE_FORMAT"],
      [text.replace('"n": 32768', '"n": 2'), "KEYSTORE_FORMAT"],
      [text.replace('"version": 1', '"version": 2'), "KEYSTORE_NEWER"],
      [text.replace('"edgeseal-key"', '"other"'), "KEYSTORE_FORMAT"],
      [text.slice(0, 100), "KEYSTORE_FORMAT"],
      [" ".repeat(10_000), "KEYSTORE_FORMAT"],
    ];
    for (const [changed, code] of cases) {
      writeFileSync(path, changed);
      expect(await refusalOf(openKeyFile(path, PASSPHRASE))).toBe(code);
    }
    expect(await refusalOf(openKeyFile(join(folder, "none.key"), PASSPHRASE))).toBe("KEYSTORE_UNREADABLE");
  });
});

/** OpenSSL writes what the consoles' `get_account` and `get_gm_account` scripts write: they call the same commands. */
function opensslPem(curve: "secp256k1" | "SM2"): { pem: string; secretHex: string } {
  const sec1 = execFileSync("openssl", ["ecparam", "-name", curve, "-genkey", "-noout"]);
  const pem = execFileSync("openssl", ["pkcs8", "-topk8", "-nocrypt"], { input: sec1 }).toString();
  const shown = execFileSync("openssl", ["ec", "-noout", "-text"], { input: pem, stdio: ["pipe", "pipe", "ignore"] });
  const digits = /priv:\s*([0-9a-f:\s]+)pub:/.exec(shown.toString())![1]!.replace(/[^0-9a-f]/g, "");
  return { pem, secretHex: digits.padStart(64, "0").slice(-64) };
}

describe("accounts of the consoles", () => {
  for (const [curve, algorithm, suite] of [
    ["secp256k1", "secp256k1", "ecdsa"],
    ["SM2", "sm2", "sm"],
  ] as const) {
    it(`on ${curve} are imported and sign`, async () => {
      const { pem, secretHex } = opensslPem(curve);
      const path = join(folder, `${curve}.imported.key`);
      const imported = await importAccountPem(path, pem, PASSPHRASE, RANDOM);
      const secret = Uint8Array.from(Buffer.from(secretHex, "hex"));
      expect(imported).toEqual({ algorithm, publicKey: softSigner(suite).publicKey(secret) });
      const backend = await openKeyFile(path, PASSPHRASE);
      const signature = await backend.signDigest(digestOf(1), 1_000);
      expect(isSignedBy(algorithm, imported.publicKey, digestOf(1), signature)).toBe(true);
      expect(readFileSync(path, "latin1")).not.toContain(secretHex);
      await backend.close();
    });
  }

  it("are refused with a public key of somebody else, cut off, encrypted, or on another curve", () => {
    const [one, two] = [opensslPem("secp256k1").pem, opensslPem("secp256k1").pem];
    const der = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    const framed = (bytes: Buffer) =>
      `-----BEGIN PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END PRIVATE KEY-----\n`;
    const mixed = Buffer.concat([der(one).subarray(0, -64), der(two).subarray(-64)]);
    expect(codeOf(() => readAccountPem(framed(mixed)))).toBe("KEYSTORE_PEM_KEYS_DIFFER");
    for (let length = 0; length < der(one).length; length++) {
      expect(codeOf(() => readAccountPem(framed(der(one).subarray(0, length))))).toBe("KEYSTORE_PEM_FORMAT");
    }
    const sec1 = execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]);
    const p256 = execFileSync("openssl", ["pkcs8", "-topk8", "-nocrypt"], { input: sec1 }).toString();
    expect(codeOf(() => readAccountPem(p256))).toBe("KEYSTORE_PEM_CURVE");
    const sealed = execFileSync("openssl", ["pkcs8", "-topk8", "-passout", "pass:x"], { input: one }).toString();
    expect(codeOf(() => readAccountPem(sealed))).toBe("KEYSTORE_PEM_ENCRYPTED");
  });
});

function problemOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof SecretError ? thrown.problem : thrown;
  }
}

function linkOf(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** Both ends in this process: nobody handed it to us. */
function isPipeOfOurOwn(descriptor: number, all: readonly number[]): boolean {
  const link = linkOf(descriptor);
  return link?.startsWith("pipe:") === true && all.filter((other) => linkOf(other) === link).length > 1;
}

describe("places of secrets", () => {
  let path: string;
  beforeAll(() => {
    path = join(folder, "pin");
  });
  beforeEach(() => {
    writeFileSync(path, "123456\n");
    chmodSync(path, 0o400);
  });

  it("give the secret without its line end", () => {
    expect(toHex(readSecret({ kind: "file", path }))).toBe(toHex(utf8Bytes("123456")));
    expect(toHex(readSecret({ kind: "credential", name: "pin", directory: folder }))).toBe(toHex(utf8Bytes("123456")));
    const descriptor = openSync(path, "r");
    expect(toHex(readSecret({ kind: "descriptor", descriptor }))).toBe(toHex(utf8Bytes("123456")));
    expect(() => closeSync(descriptor)).toThrow();
    chmodSync(path, 0o600);
    writeFileSync(path, " 12\r\n");
    expect(toHex(readSecret({ kind: "file", path }))).toBe(toHex(utf8Bytes(" 12")));
  });

  it("are read from a descriptor once, and never from one of the runtime's own", () => {
    const held = openSync(path, "r");
    const descriptor = openSync(path, "r");
    readSecret({ kind: "descriptor", descriptor });
    const again = openSync(path, "r");
    expect(again).toBe(descriptor);
    const reason = (number: number) => problemOf(() => readSecret({ kind: "descriptor", descriptor: number }));
    expect(reason(descriptor)).toMatchObject({ code: "SECRET_UNREADABLE", reason: "READ_BEFORE" });
    closeSync(again);
    closeSync(held);
    expect(reason(4_095)).toMatchObject({ code: "SECRET_UNREADABLE", reason: "EBADF" });
    const numbers = readdirSync("/proc/self/fd").map(Number);
    const pipes = numbers.filter((number) => isPipeOfOurOwn(number, numbers));
    expect(pipes.length).toBeGreaterThan(1);
    for (const number of pipes) expect(reason(number)).toMatchObject({ reason: "NOT_INHERITED" });
    const devices = numbers.filter((number) => linkOf(number)?.startsWith("anon_inode"));
    for (const number of devices) expect(reason(number)).toMatchObject({ reason: "NOT_A_FILE" });
    // All of them are still open.
    expect(readdirSync("/proc/self/fd").map(Number)).toEqual(expect.arrayContaining([...pipes, ...devices]));
  });

  it("are refused open to others, empty, too long, absent, or outside their folder", () => {
    const code = () => codeOf(() => readSecret({ kind: "file", path }));
    chmodSync(path, 0o440);
    expect(code()).toBe("SECRET_OPEN_TO_OTHERS");
    chmodSync(path, 0o600);
    writeFileSync(path, "\n");
    expect(code()).toBe("SECRET_EMPTY");
    writeFileSync(path, "x".repeat(SECRET_BYTES_MAX + 1));
    expect(code()).toBe("SECRET_TOO_LONG");
    expect(codeOf(() => readSecret({ kind: "file", path: `${path}.none` }))).toBe("SECRET_UNREADABLE");
    expect(codeOf(() => readSecret({ kind: "file", path: folder }))).toBe("SECRET_UNREADABLE");
    const credential = (name: string, directory: string | undefined) =>
      codeOf(() => readSecret({ kind: "credential", name, directory }));
    expect(credential("../pin", folder)).toBe("SECRET_UNREADABLE");
    expect(credential("..", folder)).toBe("SECRET_UNREADABLE");
    expect(credential("pin", undefined)).toBe("SECRET_NO_CREDENTIALS");
  });
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
}

function other(digit: string): string {
  return digit === "0" ? "1" : "0";
}
