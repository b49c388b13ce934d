/**
 * The back end `pkcs11`: a key on any token with a PKCS#11 module. The module runs in a process of its own
 * (tokenMain.ts); this side knows the key's facts, keeps the PIN for coming back after a removal, and answers in time.
 */
import { copyBytes } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { AnchorValue, KeyAnchor, KeyBackend, KeyFacts } from "../../src/crypto/keyBackend.js";
import { BARE_SIGNATURE_BYTES } from "../../src/crypto/signatureRules.js";
import { HASH_BYTES } from "../../src/crypto/suite.js";
import { tokenAlgorithm } from "./algorithms.js";
import { encodeAnchor } from "./anchorValue.js";
import {
  ANCHOR_TIMEOUT_MS,
  GENERATE_TIMEOUT_MS,
  KEY_ID_BYTES_MAX,
  OPEN_TIMEOUT_MS,
  SESSIONS_DEFAULT,
  SESSIONS_MAX,
} from "./limits.js";
import type { KeySelection, OpenedKey, OpenRequest, TokenSelection } from "./messages.js";
import { checkedModulePath, type ModuleRules } from "./modulePath.js";
import { Pkcs11Error } from "./problems.js";
import { TokenProcess } from "./tokenProcess.js";

export interface Pkcs11Options {
  /** Absolute path of the vendor's module. */
  readonly module: string;
  /** At least one of label and serial number. */
  readonly token: TokenSelection;
  readonly key: KeySelection;
  /** Kept in memory until `close`, for logging in again after a removal; the caller may overwrite its own copy. */
  readonly pin: Uint8Array;
  /** How many signatures the token makes at once. */
  readonly sessions?: number;
  /** X || Y that must stand under the key's id; also for tokens that show no public key. */
  readonly publicKey?: Uint8Array;
  /** Development only: accepts a key whose secret can be read. */
  readonly allowExtractable?: boolean;
  readonly moduleRules?: ModuleRules;
  /** For a start: module, login, search. Left out: OPEN_TIMEOUT_MS; no longer than that. */
  readonly openTimeoutMs?: Millis;
  /** The compiled tokenMain, where it does not lie beside this file. */
  readonly program?: string;
}

export type Pkcs11Backend = KeyBackend & {
  readonly anchor: KeyAnchor;
  /** Of the process that holds the module, for `status`; undefined while there is none. */
  readonly processId: number | undefined;
};

/**
 * Loads the module, logs in once and finds the key.
 * @throws Pkcs11Error with the reason; a wrong PIN is never tried twice.
 */
export async function openPkcs11(options: Pkcs11Options): Promise<Pkcs11Backend> {
  const connection = new Connection(options, true);
  try {
    // Longer than a start may take, so that the answer is what the start failed of.
    await connection.process.call({ kind: "readAnchor" }, OPEN_TIMEOUT_MS + ANCHOR_TIMEOUT_MS);
    return new Backend(connection, connection.opened());
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
}

/**
 * Makes a key on the token, sensitive and not extractable, and reads both back.
 * @throws Pkcs11Error, also `PKCS11_KEY_EXISTS` where the id is taken.
 */
export async function generatePkcs11Key(options: Pkcs11Options, label: string): Promise<OpenedKey> {
  const connection = new Connection(options, false);
  try {
    return (await connection.process.call({ kind: "generate", label }, GENERATE_TIMEOUT_MS)) as OpenedKey;
  } finally {
    await connection.close();
  }
}

/** The options, checked, and the process they start. */
class Connection {
  readonly process: TokenProcess;
  readonly #pin: Uint8Array;
  #opened: OpenedKey | undefined;

  constructor(options: Pkcs11Options, findKey: boolean) {
    checkOptions(options);
    this.#pin = copyBytes(options.pin);
    const { token, key, sessions = SESSIONS_DEFAULT, allowExtractable = false } = options;
    // Checked at every start of the process: the file may have been exchanged meanwhile.
    const openRequest = (): OpenRequest => ({
      kind: "open",
      modulePath: checkedModulePath(options.module, options.moduleRules),
      token,
      key,
      sessions,
      pin: this.#pin,
      expectedKey: this.#opened?.publicKey ?? options.publicKey,
      allowExtractable,
      findKey,
    });
    const onOpened = (value: unknown): void => {
      if (findKey) this.#opened = value as OpenedKey;
    };
    const { program, openTimeoutMs } = options;
    this.process = new TokenProcess({ openRequest, onOpened, program, openTimeoutMs });
  }

  opened(): OpenedKey {
    if (this.#opened === undefined) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
    return this.#opened;
  }

  async close(): Promise<void> {
    await this.process.close();
    // Not before: a start under way would present what is left of it.
    this.#pin.fill(0);
  }
}

function checkOptions({ token, key, sessions = SESSIONS_DEFAULT }: Pkcs11Options): void {
  const refuse = (option: string): never => {
    throw new Pkcs11Error({ code: "PKCS11_OPTION", option });
  };
  if (token.label === undefined && token.serial === undefined) refuse("token");
  if (!/^([0-9a-f]{2})+$/.test(key.keyId) || key.keyId.length > 2 * KEY_ID_BYTES_MAX) refuse("key.keyId");
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > SESSIONS_MAX) refuse("sessions");
  tokenAlgorithm(key.algorithm, key.sm2);
}

class Backend implements KeyBackend {
  readonly facts: KeyFacts;
  readonly anchor: KeyAnchor;
  readonly #connection: Connection;
  readonly #publicKey: Uint8Array;

  constructor(connection: Connection, { facts, publicKey }: OpenedKey) {
    this.facts = facts;
    this.#connection = connection;
    this.#publicKey = copyBytes(publicKey);
    const { process } = connection;
    this.anchor = {
      read: async () => (await process.call({ kind: "readAnchor" }, ANCHOR_TIMEOUT_MS)) as AnchorValue | undefined,
      write: async ({ session, reserved }) => {
        const value = { session, reserved };
        encodeAnchor(value);
        await process.call({ kind: "writeAnchor", value }, ANCHOR_TIMEOUT_MS);
      },
    };
  }

  get processId(): number | undefined {
    return this.#connection.process.pid;
  }

  async publicKey(): Promise<Uint8Array> {
    return copyBytes(this.#publicKey);
  }

  async signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    if (digest.length !== HASH_BYTES) {
      throw new Pkcs11Error({ code: "PKCS11_DIGEST_LENGTH", length: digest.length, expected: HASH_BYTES });
    }
    const request = { kind: "sign", digest: copyBytes(digest) } as const;
    const answer = await this.#connection.process.call(request, timeoutMs);
    if (answer instanceof Uint8Array && answer.length === BARE_SIGNATURE_BYTES) return new Uint8Array(answer);
    throw new Pkcs11Error({ code: "PKCS11_ANSWER_INVALID", what: "signature", length: 0 });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
