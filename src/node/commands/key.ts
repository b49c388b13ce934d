/** `edgeseal key`: which keys there are, new ones, and whether they work. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { KeystoreError, systemReason } from "../../../hsm/keystore/problems.js";
import { concatBytes, to0x, utf8Bytes } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { Extractable, KeyBackend } from "../../crypto/keyBackend.js";
import { HASH_BYTES, type SuiteName } from "../../crypto/suite.js";
import {
  type Environment,
  type KeyConfig,
  type KeyPlace,
  keyFileOf,
  keyNamed,
  openBackend,
  pkcs11Options,
  withSecret,
} from "../signing/openKey.js";
import { headerForm } from "../signing/signatureForm.js";
import { signTimeoutOf } from "../signing/signTimeout.js";
import { KeyError } from "./keyProblems.js";

export interface KeyContext {
  readonly place: KeyPlace;
  readonly environment: Environment;
  readonly random: Random;
}

export interface ListedKey {
  readonly name: string;
  readonly family: KeyConfig["family"];
  readonly algorithm: KeyConfig["algorithm"];
  readonly backend: KeyConfig["backend"];
}

export interface PublicKey extends ListedKey {
  /** X || Y */
  readonly publicKey: string;
  /** The account that a transaction of this key comes from; also a sealer's short name. */
  readonly address: string;
}

const OWNER_ONLY = 0o700;

export function suiteOfKey({ algorithm }: Pick<KeyConfig, "algorithm">): SuiteName {
  return algorithm === "sm2" ? "sm" : "ecdsa";
}

/** As configured; no key is opened. */
export function listKeys({ keys }: KeyPlace): ListedKey[] {
  return keys.map(listed);
}

function listed({ name, family, algorithm, backend }: KeyConfig): ListedKey {
  return { name, family, algorithm, backend };
}

async function shown(key: KeyConfig, publicKey: Uint8Array): Promise<PublicKey> {
  const suite = await loadSuite(suiteOfKey(key));
  return { ...listed(key), publicKey: to0x(publicKey), address: to0x(suite.address(publicKey)) };
}

/** A new key where the configuration says. U-shields make their keys with their maker's tools (docs/operating/keys.md). */
export async function generateKey(context: KeyContext, name: string): Promise<PublicKey> {
  const { place, environment, random } = context;
  const key = keyNamed(place, name);
  if (key.backend === "pkcs11") return await generateOnToken(context, key);
  assertFile(key);
  const { createKeyFile } = await import("../../../hsm/keystore/keystore.js");
  const path = prepared(place, key);
  const made = await withSecret(place, key, environment, (passphrase) =>
    createKeyFile(path, key.algorithm, passphrase, random),
  );
  return await shown(key, made);
}

/** The key of a console's account file (PEM, not encrypted), in a file of ours. The PEM file is left where it is. */
export async function importKey(context: KeyContext, name: string, pem: Uint8Array): Promise<PublicKey> {
  const { place, environment, random } = context;
  const key = keyNamed(place, name);
  assertFile(key);
  const [{ importAccountPem }, { readAccountPem }] = await Promise.all([
    import("../../../hsm/keystore/keystore.js"),
    import("../../../hsm/keystore/pkcs8.js"),
  ]);
  const text = new TextDecoder().decode(pem);
  const { algorithm: found, secret } = readAccountPem(text);
  secret.fill(0);
  if (found !== key.algorithm) {
    throw new KeyError({ code: "KEY_ALGORITHM_OTHER", name, configured: key.algorithm, found });
  }
  const path = prepared(place, key);
  const { publicKey } = await withSecret(place, key, environment, (passphrase) =>
    importAccountPem(path, text, passphrase, random),
  );
  return await shown(key, publicKey);
}

function assertFile({ name, backend }: KeyConfig): void {
  if (backend !== "keystore") throw new KeyError({ code: "KEY_NOT_A_FILE", name, backend });
}

async function generateOnToken({ place, environment }: KeyContext, key: KeyConfig): Promise<PublicKey> {
  const { generatePkcs11Key } = await import("../../../hsm/pkcs11/pkcs11Backend.js");
  const { publicKey } = await withSecret(place, key, environment, (pin) =>
    generatePkcs11Key(pkcs11Options(key, pin), key.keyLabel ?? key.name),
  );
  return await shown(key, publicKey);
}

function prepared(place: KeyPlace, key: KeyConfig): string {
  const path = keyFileOf(place, key);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY });
  } catch (thrown) {
    throw new KeystoreError({ code: "KEYSTORE_UNWRITABLE", path, reason: systemReason(thrown) });
  }
  return path;
}

/** Read from its home, not from a file that may be old. */
export async function publicKeyOf(context: KeyContext, name: string): Promise<PublicKey> {
  const key = keyNamed(context.place, name);
  const backend = await openBackend(context.place, key, context.environment);
  try {
    return await shown(key, await backend.publicKey());
  } finally {
    await backend.close();
  }
}

export interface SelfTest extends PublicKey {
  readonly mechanism: string;
  readonly extractable: Extractable;
  readonly home: string;
  /** Whether the key's home remembers something that no restored disk can bring back. */
  readonly anchor: boolean;
  readonly signatures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * 16 bytes, as everything that is neither a header nor a transaction begins: no signature of the self-test can be taken for
 * one of them.
 */
const SELF_TEST_TAG = utf8Bytes("edgeseal/selftst");
export const SELF_TEST_SIGNATURES = 20;
export const SELF_TEST_SIGNATURES_MAX = 10_000;

export interface SelfTestOptions {
  /** Left out: 20, or one where a person has to agree to each. */
  readonly signatures?: number;
  /** Called before the first signature where a person has to agree to each. */
  readonly askPerson?: () => void;
}

/** Signs and verifies. @throws KeyError `KEY_SELFTEST_WRONG`, and the back end's errors */
export async function selfTestKey(context: KeyContext, name: string, options: SelfTestOptions): Promise<SelfTest> {
  const key = keyNamed(context.place, name);
  const backend = await openBackend(context.place, key, context.environment);
  try {
    const { presence = false } = backend.facts;
    const { signatures = presence ? 1 : SELF_TEST_SIGNATURES, askPerson = () => {} } = options;
    if (presence) askPerson();
    const suite = await loadSuite(suiteOfKey(key));
    const publicKey = await backend.publicKey();
    const prepared = suite.prepare(publicKey);
    const times: number[] = [];
    for (let i = 0; i < signatures; i++) {
      const digest = suite.hash(concatBytes([SELF_TEST_TAG, context.random.bytes(HASH_BYTES)]));
      const start = performance.now();
      const signature = await backend.signDigest(digest, signTimeoutOf(backend.facts));
      times.push(performance.now() - start);
      if (prepared === undefined || headerForm(suite, prepared, publicKey, digest, signature) === undefined) {
        throw new KeyError({ code: "KEY_SELFTEST_WRONG", name, backend: key.backend });
      }
    }
    return { ...(await shown(key, publicKey)), ...factsOf(backend), signatures, ...latency(times) };
  } finally {
    await backend.close();
  }
}

function factsOf({ facts, anchor }: KeyBackend) {
  const { mechanism, extractable, home } = facts;
  return { mechanism, extractable, home, anchor: anchor !== undefined };
}

function latency(times: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => {
    const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
    return Number((sorted[Math.max(0, index)] ?? 0).toFixed(2));
  };
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
