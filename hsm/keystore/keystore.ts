/**
 * The back end `keystore`: one key in one encrypted file. For accounts and devices; sealer keys need a home with a memory
 * of its own, which a file is not, for files are copied and restored.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { copyBytes, equalBytes } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { Random } from "../../src/base/random.js";
import type { KeyAlgorithm, KeyBackend, KeyFacts } from "../../src/crypto/keyBackend.js";
import { HASH_BYTES, SECRET_KEY_BYTES } from "../../src/crypto/suite.js";
import { KEY_FILE_BYTES_MAX, type KeyFile, keyFileText, readKeyFile, sealKey, unsealKey } from "./keyFile.js";
import { readAccountPem } from "./pkcs8.js";
import { KeystoreError, systemReason } from "./problems.js";
import { publicKeyOf, SOFT_KEYS } from "./softKeys.js";

const OWNER_ONLY = 0o600;
const GROUP_AND_OTHERS = 0o077;
const PERMISSIONS = 0o7777;
/** More than one is a broken source of randomness: a random value is out of range once in 2^32 tries at most. */
const GENERATE_TRIES_MAX = 16;

/**
 * Makes a new key in a new file.
 * @returns its public key.
 * @throws KeystoreError `KEYSTORE_EXISTS`, `KEYSTORE_UNWRITABLE`, `KEYSTORE_KEY_INVALID`
 */
export async function createKeyFile(
  path: string,
  algorithm: KeyAlgorithm,
  passphrase: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  let secret = random.bytes(SECRET_KEY_BYTES);
  for (let tries = 1; tries < GENERATE_TRIES_MAX && !SOFT_KEYS[algorithm].isSecret(secret); tries++) {
    secret = random.bytes(SECRET_KEY_BYTES);
  }
  return keepSecret(path, algorithm, secret, passphrase, random);
}

/**
 * Takes the key of a console's account file into a new file. The account file stays where it is.
 * @returns algorithm and public key.
 * @throws KeystoreError as `createKeyFile`, and `KEYSTORE_PEM_*`
 */
export async function importAccountPem(
  path: string,
  pem: string,
  passphrase: Uint8Array,
  random: Random,
): Promise<{ readonly algorithm: KeyAlgorithm; readonly publicKey: Uint8Array }> {
  const { algorithm, secret } = readAccountPem(pem);
  return { algorithm, publicKey: await keepSecret(path, algorithm, secret, passphrase, random) };
}

/** Overwrites `secret`. */
async function keepSecret(
  path: string,
  algorithm: KeyAlgorithm,
  secret: Uint8Array,
  passphrase: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  try {
    const publicKey = publicKeyOf(algorithm, secret);
    writeNewFile(path, keyFileText(await sealKey({ algorithm, secret, publicKey }, passphrase, random)));
    return publicKey;
  } finally {
    secret.fill(0);
  }
}

/**
 * Whole or not there, and never over another key: written aside, synced, then linked to its name, which fails where the
 * name is taken.
 */
function writeNewFile(path: string, text: string): void {
  const aside = `${path}.unfinished`;
  try {
    rmSync(aside, { force: true });
    const file = openSync(aside, "wx", OWNER_ONLY);
    try {
      fchmodSync(file, OWNER_ONLY);
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(aside, path);
    rmSync(aside);
    syncFolder(dirname(path));
  } catch (thrown) {
    rmSync(aside, { force: true });
    const reason = systemReason(thrown);
    if (reason === "EEXIST") throw new KeystoreError({ code: "KEYSTORE_EXISTS", path });
    throw new KeystoreError({ code: "KEYSTORE_UNWRITABLE", path, reason });
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function loadKeyFile(path: string): KeyFile {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw new KeystoreError({ code: "KEYSTORE_UNREADABLE", path, reason: "NOT_A_FILE" });
      if (process.getuid !== undefined && (stats.mode & GROUP_AND_OTHERS) !== 0) {
        const mode = (stats.mode & PERMISSIONS).toString(8).padStart(4, "0");
        throw new KeystoreError({ code: "KEYSTORE_OPEN_TO_OTHERS", path, mode });
      }
      if (stats.size > KEY_FILE_BYTES_MAX) throw new KeystoreError({ code: "KEYSTORE_FORMAT", path, field: "size" });
      return readKeyFile(readFileSync(file, "utf8"), path);
    } finally {
      closeSync(file);
    }
  } catch (thrown) {
    if (thrown instanceof KeystoreError) throw thrown;
    throw new KeystoreError({ code: "KEYSTORE_UNREADABLE", path, reason: systemReason(thrown) });
  }
}

/**
 * Opens a key file. The passphrase is not kept; overwrite it afterwards.
 * @throws KeystoreError `KEYSTORE_UNREADABLE`, `KEYSTORE_OPEN_TO_OTHERS`, `KEYSTORE_FORMAT`, `KEYSTORE_NEWER`,
 * `KEYSTORE_PASSPHRASE`
 */
export async function openKeyFile(path: string, passphrase: Uint8Array): Promise<KeyBackend> {
  const file = loadKeyFile(path);
  const secret = await unsealKey(file, passphrase);
  if (secret === undefined) throw new KeystoreError({ code: "KEYSTORE_PASSPHRASE", path });
  if (!equalBytes(publicKeyOf(file.algorithm, secret), file.publicKey)) {
    secret.fill(0);
    throw new KeystoreError({ code: "KEYSTORE_FORMAT", path, field: "publicKey" });
  }
  return new KeystoreBackend(path, file, secret);
}

class KeystoreBackend implements KeyBackend {
  readonly facts: KeyFacts;
  readonly #path: string;
  readonly #file: KeyFile;
  #secret: Uint8Array | undefined;

  constructor(path: string, file: KeyFile, secret: Uint8Array) {
    const mechanism = `scrypt+${file.cipher}`;
    this.facts = { backend: "keystore", algorithm: file.algorithm, mechanism, extractable: "yes", home: path };
    this.#path = path;
    this.#file = file;
    this.#secret = secret;
  }

  async publicKey(): Promise<Uint8Array> {
    return copyBytes(this.#file.publicKey);
  }

  async signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    if (this.#secret === undefined) throw new KeystoreError({ code: "KEYSTORE_CLOSED", path: this.#path });
    if (digest.length !== HASH_BYTES) {
      throw new KeystoreError({ code: "KEYSTORE_DIGEST_LENGTH", length: digest.length, expected: HASH_BYTES });
    }
    if (timeoutMs <= 0) throw new KeystoreError({ code: "KEYSTORE_TIMEOUT", timeoutMs });
    return SOFT_KEYS[this.facts.algorithm].sign(this.#secret, digest);
  }

  async close(): Promise<void> {
    this.#secret?.fill(0);
    this.#secret = undefined;
  }
}
