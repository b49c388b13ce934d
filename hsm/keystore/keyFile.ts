/**
 * The file format of a key: JSON that shows what is inside, and the secret sealed under a passphrase.
 *
 * scrypt makes the sealing keys. `aes-256-gcm` seals keys of the international algorithms; keys of the `sm` suite are sealed
 * with `sm4-ctr+hmac-sm3` (encrypt, then MAC), for the OpenSSL of Node has no SM4-GCM. Everything readable in the file is
 * authenticated with the secret, so that neither algorithm nor public key nor cost can be exchanged.
 */
import { createCipheriv, createDecipheriv, createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import type { Random } from "../../src/base/random.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { SECRET_KEY_BYTES } from "../../src/crypto/suite.js";
import { KeystoreError } from "./problems.js";

export const KEY_FILE_FORMAT = "edgeseal-key";
export const KEY_FILE_VERSION = 1;
export const KEY_FILE_BYTES_MAX = 8_192;
/** 32 MiB of memory for a moment: what the smallest gateway can spare. Passes make up for it. */
const SCRYPT_DEFAULT: ScryptCost = { n: 32_768, r: 8, p: 3 };
/** A file may ask for more, but not for so much that opening it takes the machine down. */
const SCRYPT_N_MAX = 1_048_576;
const SCRYPT_R = 8;
const SCRYPT_P_MAX = 16;
const SCRYPT_N_MIN = 16_384;
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const SM4_KEY_BYTES = 16;

interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

type CipherName = "aes-256-gcm" | "sm4-ctr+hmac-sm3";

export interface KeyFile {
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: Uint8Array;
  readonly scrypt: ScryptCost & { readonly salt: Uint8Array };
  readonly cipher: CipherName;
  readonly iv: Uint8Array;
  readonly sealed: Uint8Array;
}

interface Cipher {
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly tagBytes: number;
  readonly seal: (key: Uint8Array, iv: Uint8Array, shown: Uint8Array, secret: Uint8Array) => Uint8Array;
  /** Undefined where the tag does not fit. */
  readonly open: (key: Uint8Array, iv: Uint8Array, shown: Uint8Array, sealed: Uint8Array) => Uint8Array | undefined;
}

const AES: Cipher = {
  keyBytes: 32,
  ivBytes: 12,
  tagBytes: TAG_BYTES,
  seal(key, iv, shown, secret) {
    const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES }).setAAD(shown);
    return concatBytes([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  },
  open(key, iv, shown, sealed) {
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES }).setAAD(shown);
    decipher.setAuthTag(sealed.subarray(SECRET_KEY_BYTES));
    const opened = decipher.update(sealed.subarray(0, SECRET_KEY_BYTES));
    try {
      decipher.final();
      return new Uint8Array(opened);
    } catch {
      return undefined;
    } finally {
      opened.fill(0);
    }
  },
};

const SM4: Cipher = {
  keyBytes: SM4_KEY_BYTES + 32,
  ivBytes: 16,
  tagBytes: 32,
  seal(key, iv, shown, secret) {
    const hidden = createCipheriv("sm4-ctr", key.subarray(0, SM4_KEY_BYTES), iv).update(secret);
    return concatBytes([hidden, sm3Tag(key, iv, shown, hidden)]);
  },
  open(key, iv, shown, sealed) {
    const hidden = sealed.subarray(0, SECRET_KEY_BYTES);
    if (!timingSafeEqual(sm3Tag(key, iv, shown, hidden), sealed.subarray(SECRET_KEY_BYTES))) return undefined;
    return new Uint8Array(createDecipheriv("sm4-ctr", key.subarray(0, SM4_KEY_BYTES), iv).update(hidden));
  },
};

const CIPHERS: Readonly<Record<CipherName, Cipher>> = { "aes-256-gcm": AES, "sm4-ctr+hmac-sm3": SM4 };

function sm3Tag(key: Uint8Array, iv: Uint8Array, shown: Uint8Array, hidden: Uint8Array): Uint8Array {
  // `iv` and `hidden` have fixed lengths, so their places in the joined bytes are unambiguous.
  return createHmac("sm3", key.subarray(SM4_KEY_BYTES)).update(iv).update(hidden).update(shown).digest();
}

/** Everything but the sealed bytes, in one fixed order: what the tag covers. */
function shownBytes(file: Omit<KeyFile, "sealed">): Uint8Array {
  return utf8Bytes(JSON.stringify(shownFields(file)));
}

function shownFields(file: Omit<KeyFile, "sealed">): Record<string, unknown> {
  const { n, r, p, salt } = file.scrypt;
  return {
    format: KEY_FILE_FORMAT,
    version: KEY_FILE_VERSION,
    algorithm: file.algorithm,
    publicKey: toHex(file.publicKey),
    kdf: { name: "scrypt", n, r, p, salt: toHex(salt) },
    cipher: { name: file.cipher, iv: toHex(file.iv) },
  };
}

function deriveKey(passphrase: Uint8Array, { n, r, p, salt }: KeyFile["scrypt"], bytes: number): Promise<Uint8Array> {
  // OpenSSL counts a little more than 128 * N * r.
  const options = { N: n, r, p, maxmem: 128 * r * (n + p + 2) + 1_048_576 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

export async function sealKey(
  key: { readonly algorithm: KeyAlgorithm; readonly secret: Uint8Array; readonly publicKey: Uint8Array },
  passphrase: Uint8Array,
  random: Random,
): Promise<KeyFile> {
  const cipher: CipherName = key.algorithm === "sm2" ? "sm4-ctr+hmac-sm3" : "aes-256-gcm";
  const { keyBytes, ivBytes, seal } = CIPHERS[cipher];
  const { algorithm, publicKey } = key;
  const cost = { ...SCRYPT_DEFAULT, salt: random.bytes(SALT_BYTES) };
  const shown = { algorithm, publicKey, scrypt: cost, cipher, iv: random.bytes(ivBytes) };
  const sealing = await deriveKey(passphrase, cost, keyBytes);
  const sealed = seal(sealing, shown.iv, shownBytes(shown), key.secret);
  sealing.fill(0);
  return { ...shown, sealed };
}

/** The secret, or undefined where passphrase and file do not fit. */
export async function unsealKey(file: KeyFile, passphrase: Uint8Array): Promise<Uint8Array | undefined> {
  const { keyBytes, open } = CIPHERS[file.cipher];
  const sealing = await deriveKey(passphrase, file.scrypt, keyBytes);
  const secret = open(sealing, file.iv, shownBytes(file), file.sealed);
  sealing.fill(0);
  return secret;
}

export function keyFileText(file: KeyFile): string {
  return `${JSON.stringify({ ...shownFields(file), sealed: toHex(file.sealed) }, null, 2)}\n`;
}

/** @throws KeystoreError `KEYSTORE_FORMAT` or `KEYSTORE_NEWER` */
export function readKeyFile(text: string, path: string): KeyFile {
  const fail = (field: string): never => {
    throw new KeystoreError({ code: "KEYSTORE_FORMAT", path, field });
  };
  const root = objectOf(parsed(text), "file", fail);
  if (root.format !== KEY_FILE_FORMAT) fail("format");
  const version = integerIn(root.version, 1, Number.MAX_SAFE_INTEGER, "version", fail);
  if (version > KEY_FILE_VERSION) {
    throw new KeystoreError({ code: "KEYSTORE_NEWER", path, found: version, known: KEY_FILE_VERSION });
  }
  const algorithm = oneOf(root.algorithm, ["secp256k1", "sm2", "p256", "ed25519"] as const, "algorithm", fail);
  const kdf = objectOf(root.kdf, "kdf", fail);
  if (kdf.name !== "scrypt") fail("kdf.name");
  const n = integerIn(kdf.n, SCRYPT_N_MIN, SCRYPT_N_MAX, "kdf.n", fail);
  if (!Number.isInteger(Math.log2(n))) fail("kdf.n");
  const p = integerIn(kdf.p, 1, SCRYPT_P_MAX, "kdf.p", fail);
  const r = integerIn(kdf.r, SCRYPT_R, SCRYPT_R, "kdf.r", fail);
  const shownCipher = objectOf(root.cipher, "cipher", fail);
  const cipher = oneOf(shownCipher.name, ["aes-256-gcm", "sm4-ctr+hmac-sm3"] as const, "cipher.name", fail);
  const { ivBytes, tagBytes } = CIPHERS[cipher];
  return {
    algorithm,
    publicKey: hexOf(root.publicKey, algorithm === "ed25519" ? 32 : 64, "publicKey", fail),
    scrypt: { n, r, p, salt: hexOf(kdf.salt, SALT_BYTES, "kdf.salt", fail) },
    cipher,
    iv: hexOf(shownCipher.iv, ivBytes, "cipher.iv", fail),
    sealed: hexOf(root.sealed, SECRET_KEY_BYTES + tagBytes, "sealed", fail),
  };
}

type Fail = (field: string) => never;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown, field: string, fail: Fail): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(field);
  return value as Readonly<Record<string, unknown>>;
}

function integerIn(value: unknown, min: number, max: number, field: string, fail: Fail): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max ? value : fail(field);
}

function oneOf<T extends string>(value: unknown, names: readonly T[], field: string, fail: Fail): T {
  return names.find((name) => name === value) ?? fail(field);
}

function hexOf(value: unknown, length: number, field: string, fail: Fail): Uint8Array {
  if (typeof value !== "string" || value.length !== 2 * length || !/^[0-9a-f]*$/.test(value)) return fail(field);
  return fromHex(value);
}
