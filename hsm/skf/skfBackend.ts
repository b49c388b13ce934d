/**
 * A USB U-shield with the SKF library of its vendor (GM/T 0016) as a home of SM2 keys. In: digests. Out: r || s. After any
 * refusal of the library all handles are given up and found again: a stale one may mean another token.
 */
import { concatBytes, copyBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { KeyBackend, KeyFacts } from "../../src/crypto/keyBackend.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { sm3 } from "../../src/crypto/sm3.js";
import { readSecret, type SecretSource } from "../keystore/secretSource.js";
import { Turns } from "../shield/turns.js";
import { endsBefore, loadSkfLibrary, type SkfLibrary } from "./library.js";
import { SkfLogin } from "./login.js";
import { SkfError, type SkfProblem } from "./problems.js";
import { type SkfAddress, SkfSession } from "./session.js";

export interface SkfOptions extends SkfAddress {
  /** Where the user PIN is read from, once. */
  readonly pin: SecretSource;
  /** Serial number the token must have; any where it is left out. */
  readonly serial?: string;
  /** SKF_OPEN_TIMEOUT_MS where it is left out. */
  readonly openTimeoutMs?: Millis;
}

export const SKF_OPEN_TIMEOUT_MS: Millis = 10_000;
export const SKF_WAITING_MAX = 64;
const DIGEST_BYTES = 32;
/** Between two attempts to find the token again. */
const RETRY_PAUSE_MS = 200;
const CLOSE_TIMEOUT_MS: Millis = 2_000;

/** Another attempt can help: the token is away, or handles have died. */
const RETRY_CODES: ReadonlySet<SkfProblem["code"]> = new Set(["SKF_STATUS", "SKF_NO_DEVICE", "SKF_OTHER_TOKEN"]);

/** Connects and presents the PIN; rejects with the first refusal. */
export async function openSkf(options: SkfOptions): Promise<KeyBackend> {
  const library = await loadSkfLibrary(options.module);
  const token = new Token(options, library, new SkfLogin(readSecret(options.pin)));
  try {
    await token.start(options.openTimeoutMs ?? SKF_OPEN_TIMEOUT_MS);
  } catch (thrown) {
    await token.close();
    throw thrown;
  }
  return token;
}

interface Identity {
  readonly serial: string;
  readonly publicKey: Uint8Array;
}

class Token implements KeyBackend {
  readonly #options: SkfOptions;
  readonly #library: SkfLibrary;
  readonly #login: SkfLogin;
  #session: SkfSession | undefined;
  #identity: Identity | undefined;
  readonly #turns = new Turns();
  /** Handles that are being given back; never rejects. */
  #dropping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: SkfOptions, library: SkfLibrary, login: SkfLogin) {
    this.#options = options;
    this.#library = library;
    this.#login = login;
  }

  async start(timeoutMs: Millis): Promise<void> {
    await this.#connected(performance.now() + timeoutMs, timeoutMs);
  }

  get facts(): KeyFacts {
    return {
      backend: "skf",
      algorithm: "sm2",
      mechanism: "SKF_ECCSignData",
      // The standard has no way of asking; it only has no function that exports a signing key.
      extractable: "unknown",
      home: this.#known().serial,
    };
  }

  async publicKey(): Promise<Uint8Array> {
    return copyBytes(this.#known().publicKey);
  }

  async signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    if (digest.length !== DIGEST_BYTES) {
      throw new SkfError({ code: "SKF_DIGEST_LENGTH", length: digest.length, expected: DIGEST_BYTES });
    }
    if (this.#isClosed) throw new SkfError({ code: "SKF_CLOSED" });
    const { waiting } = this.#turns;
    if (waiting >= SKF_WAITING_MAX) throw new SkfError({ code: "SKF_BUSY", waiting });
    const e = sm3(concatBytes([sm2Identity(this.#known().publicKey), digest]));
    const deadline = performance.now() + timeoutMs;
    if (!(await this.#turns.take(timeoutMs))) throw timeout(timeoutMs);
    try {
      return await this.#sign(e, deadline, timeoutMs);
    } finally {
      this.#turns.done();
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drop();
    await this.#dropping;
    this.#login.forget();
  }

  #known(): Identity {
    if (this.#identity === undefined) throw new SkfError({ code: "SKF_CLOSED" });
    return this.#identity;
  }

  async #sign(e: Uint8Array, deadline: number, timeoutMs: Millis): Promise<Uint8Array> {
    for (;;) {
      if (this.#isClosed) throw new SkfError({ code: "SKF_CLOSED" });
      // Whoever waited its time away in the queue must not start another call.
      if (performance.now() >= deadline)
        throw new SkfError({ code: "SKF_TIMEOUT", call: "SKF_ECCSignData", timeoutMs });
      try {
        return await (await this.#connected(deadline, timeoutMs)).sign(e, deadline);
      } catch (thrown) {
        this.#drop();
        await this.#pauseOrThrow(thrown, deadline);
      }
    }
  }

  async #pauseOrThrow(thrown: unknown, deadline: number): Promise<void> {
    const mayHelp = thrown instanceof SkfError && RETRY_CODES.has(thrown.code) && thrown !== this.#login.refused;
    if (!mayHelp || performance.now() + RETRY_PAUSE_MS >= deadline) throw thrown;
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  }

  async #connected(deadline: number, timeoutMs: Millis): Promise<SkfSession> {
    if (this.#session !== undefined) return this.#session;
    // Some libraries take the disconnection of an old handle for that of the device.
    if (!(await endsBefore(this.#dropping, deadline))) throw timeout(timeoutMs);
    const session = new SkfSession(this.#library);
    this.#session = session;
    try {
      await session.open(this.#options, deadline);
      // Who it is comes before the PIN: another token would count it as a wrong one.
      this.#recognise({ serial: session.serial, publicKey: await session.publicKey(deadline) });
      await this.#login.present(session, deadline);
      return session;
    } catch (thrown) {
      this.#drop();
      throw thrown;
    }
  }

  /** Gives the handles back beside everything else: the library may hang just then. */
  #drop(): void {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    // What it refuses changes nothing: the handles are lost either way.
    this.#dropping = session.close(performance.now() + CLOSE_TIMEOUT_MS).catch(() => {});
  }

  #recognise(found: Identity): void {
    const expected = this.#options.serial ?? this.#identity?.serial;
    if (expected !== undefined && expected !== found.serial) {
      throw new SkfError({ code: "SKF_OTHER_TOKEN", expected, found: found.serial });
    }
    const known = this.#identity;
    if (known !== undefined && !equalBytes(known.publicKey, found.publicKey)) {
      const [key, other] = [toHex(known.publicKey), toHex(found.publicKey)];
      throw new SkfError({ code: "SKF_OTHER_TOKEN", expected: key, found: other });
    }
    this.#identity ??= found;
  }
}

function timeout(timeoutMs: Millis): SkfError {
  return new SkfError({ code: "SKF_TIMEOUT", call: "SKF_ECCSignData", timeoutMs });
}
