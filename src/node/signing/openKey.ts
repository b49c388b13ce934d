/** From a key of the configuration to its home. The only place that knows all back ends; each is loaded when it is used. */
import { join, resolve } from "node:path";
import type { SecretSource } from "../../../hsm/keystore/secretSource.js";
import type { VendorSm2 } from "../../../hsm/pkcs11/algorithms.js";
import type { Pkcs11Options } from "../../../hsm/pkcs11/pkcs11Backend.js";
import { concatBytes, fromHex, utf8Bytes } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import type { Anchor } from "../../chain/anchor.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { KeyBackend } from "../../crypto/keyBackend.js";
import type { Suite } from "../../crypto/suite.js";
import { KeyError } from "../commands/keyProblems.js";
import { locateFile } from "../config/files.js";
import type { Config } from "../config.js";
import type { GuardStore } from "./guardStore.js";
import type { ReserveMode } from "./openSession.js";
import type { GuardedSigner } from "./port.js";
import type { GuardChain } from "./requests.js";

export type KeyConfig = Config["keys"][number];
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is needed to find a key's files. */
export type KeyPlace = Pick<Config, "keys" | "folder">;

const KEYS_FOLDER = "keys";
const DESCRIPTOR = /^fd:(\d{1,4})$/;

/** @throws KeyError `KEY_UNKNOWN` */
export function keyNamed({ keys }: KeyPlace, name: string): KeyConfig {
  const key = keys.find((each) => each.name === name);
  if (key !== undefined) return key;
  throw new KeyError({ code: "KEY_UNKNOWN", name, known: keys.map((each) => each.name) });
}

/** Absolute path of a key file. */
export function keyFileOf({ folder }: KeyPlace, key: KeyConfig): string {
  return resolve(folder, key.file ?? join(KEYS_FOLDER, `${key.name}.json`));
}

/** @throws KeyError `KEY_FIELD_MISSING` */
function secretSource({ folder }: KeyPlace, key: KeyConfig, environment: Environment): SecretSource {
  const named = needed(key, "secretFile");
  const [, descriptor] = DESCRIPTOR.exec(named) ?? [];
  if (descriptor !== undefined) return { kind: "descriptor", descriptor: Number(descriptor) };
  const path = locateFile(folder, named, environment);
  const directory = environment.CREDENTIALS_DIRECTORY;
  if (directory !== undefined && path === join(directory, named)) return { kind: "credential", name: named, directory };
  return { kind: "file", path };
}

/**
 * The home of a key, opened. Only the guard and the self-test may hold one.
 * @throws KeyError, SecretError, and the back end's own errors
 */
export async function openBackend(place: KeyPlace, key: KeyConfig, environment: Environment): Promise<KeyBackend> {
  const backend = await openHome(place, key, environment);
  const found = backend.facts.algorithm;
  if (found === key.algorithm) return backend;
  await backend.close();
  throw new KeyError({ code: "KEY_ALGORITHM_OTHER", name: key.name, configured: key.algorithm, found });
}

async function openHome(place: KeyPlace, key: KeyConfig, environment: Environment): Promise<KeyBackend> {
  const { baudRate, serial } = key;
  const named = serial === undefined ? {} : { serial };
  switch (key.backend) {
    case "keystore": {
      const { openKeyFile } = await import("../../../hsm/keystore/keystore.js");
      return await withSecret(place, key, environment, (passphrase) => openKeyFile(keyFileOf(place, key), passphrase));
    }
    case "pkcs11": {
      const { openPkcs11 } = await import("../../../hsm/pkcs11/pkcs11Backend.js");
      return await withSecret(place, key, environment, (pin) => openPkcs11(pkcs11Options(key, pin)));
    }
    case "shield": {
      const { openShield } = await import("../../../hsm/shield/shieldBackend.js");
      const pin = secretSource(place, key, environment);
      return await openShield({ path: needed(key, "device"), baudRate, pin, ...named });
    }
    case "skf": {
      const { openSkf } = await import("../../../hsm/skf/skfBackend.js");
      return await openSkf({
        ...(key.device === undefined ? {} : { device: key.device }),
        module: needed(key, "module"),
        application: needed(key, "application"),
        container: needed(key, "container"),
        pin: secretSource(place, key, environment),
        ...named,
      });
    }
  }
}

/** The secret is overwritten afterwards. */
export async function withSecret<T>(
  place: KeyPlace,
  key: KeyConfig,
  environment: Environment,
  work: (secret: Uint8Array) => Promise<T>,
): Promise<T> {
  const { readSecret } = await import("../../../hsm/keystore/secretSource.js");
  const secret = readSecret(secretSource(place, key, environment));
  try {
    return await work(secret);
  } finally {
    secret.fill(0);
  }
}

/** @throws KeyError `KEY_FIELD_MISSING` */
export function pkcs11Options(key: KeyConfig, pin: Uint8Array): Pkcs11Options {
  const { algorithm, tokenLabel, serial, sessions, publicKey, sm2, development } = key;
  if (tokenLabel === undefined && serial === undefined) needed(key, "tokenLabel");
  return {
    module: needed(key, "module"),
    // The module runs in a process of its own: one that hangs or dies must not take the node with it.
    token: { ...(tokenLabel === undefined ? {} : { label: tokenLabel }), ...(serial === undefined ? {} : { serial }) },
    key: { algorithm, keyId: needed(key, "keyId").toLowerCase(), ...(sm2 === undefined ? {} : { sm2: sm2Of(sm2) }) },
    pin,
    sessions,
    allowExtractable: development,
    ...(publicKey === undefined ? {} : { publicKey: fromHex(publicKey) }),
  };
}

function sm2Of({ signMechanism, generateMechanism, keyType, input }: NonNullable<KeyConfig["sm2"]>): VendorSm2 {
  return {
    signMechanism,
    input,
    ...(generateMechanism === undefined ? {} : { generateMechanism }),
    ...(keyType === undefined ? {} : { keyType }),
  };
}

const CHAIN_TAG = utf8Bytes("edgeseal/chain-1");

/**
 * The chain as the guard names it. An anchor above block 0 does not know block 0's hash, and must not start a second history
 * when it takes the place of an older one: so the names and the profile stand for the chain. Two chains of one name then
 * share a history, which refuses too much and never too little.
 */
export function guardChainOf({ chainId, groupId, profile }: Anchor, hash: HashFunction): GuardChain {
  const { suite, layout, faultModel } = profile;
  const names = [chainId, groupId, suite, layout, faultModel].map((name) => utf8Bytes(`/${name}`));
  return { id: hash(concatBytes([CHAIN_TAG, ...names])), chainId, groupId, profile };
}

/** The signing database of a data directory; who opens it closes it. */
export async function openGuardStore(dataDir: string): Promise<GuardStore> {
  const { openSqliteGuardStore, SIGNING_FILE } = await import("./sqliteGuardStore.js");
  return await openSqliteGuardStore(join(dataDir, SIGNING_FILE));
}

export interface OpenKeyOptions {
  readonly place: KeyPlace;
  readonly environment: Environment;
  readonly random: Random;
  readonly name: string;
  readonly suite: Suite;
  readonly chain: GuardChain;
  readonly store: GuardStore;
  readonly reserve?: ReserveMode;
}

/** A key behind its guard. @throws KeyError, SecretError, SigningError, and the back end's errors */
export async function openKey(options: OpenKeyOptions): Promise<GuardedSigner> {
  const { place, environment, random, name, suite, chain, store, reserve = "ahead" } = options;
  const key = keyNamed(place, name);
  const { openGuardedSigner } = await import("./guardedSigner.js");
  const backend = await openBackend(place, key, environment);
  const { family, development } = key;
  return await openGuardedSigner({ backend, store, suite, chain, family, development, random, reserve });
}

type TextField = "secretFile" | "module" | "device" | "application" | "container" | "keyId" | "tokenLabel" | "serial";

/** @throws KeyError `KEY_FIELD_MISSING` */
export function needed(key: KeyConfig, field: TextField): string {
  const value = key[field];
  if (value !== undefined) return value;
  throw new KeyError({ code: "KEY_FIELD_MISSING", name: key.name, backend: key.backend, field });
}
