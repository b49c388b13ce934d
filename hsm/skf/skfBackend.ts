/**
 * A USB U-shield with the SKF library of its vendor (GM/T 0016) as a home of SM2 keys. In: digests. Out: r || s. The
 * library runs in a process of its own (skfMain.ts). After any refusal of the library all handles are given up and found
 * again: a stale one may mean another token.
 */
import { concatBytes, copyBytes } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { KeyBackend, KeyFacts } from "../../src/crypto/keyBackend.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { sm3 } from "../../src/crypto/sm3.js";
import { HASH_BYTES } from "../../src/crypto/suite.js";
import { readSecret, type SecretSource } from "../keystore/secretSource.js";
import { withinTime } from "../process/withinTime.js";
import { Turns } from "../shield/turns.js";
import { RETRY_PAUSE_MS, WAITING_MAX } from "./limits.js";
import { SkfLogin } from "./login.js";
import type { SkfAddress } from "./messages.js";
import { SkfError } from "./problems.js";
import { type Identity, isTokenAway, SkfProcess, type SkfProcessOptions, timedOut } from "./skfProcess.js";

export interface SkfOptions extends SkfAddress, Omit<SkfProcessOptions, "address" | "serial"> {
  /** Where the user PIN is read from, once. */
  readonly pin: SecretSource;
  /** Serial number the token must have; any where it is left out. */
  readonly serial?: string;
}

export type SkfBackend = KeyBackend & {
  /** Of the process that holds the library; undefined while there is none. */
  readonly processId: number | undefined;
};

/** Connects and presents the PIN; rejects with the first refusal. */
export async function openSkf(options: SkfOptions): Promise<SkfBackend> {
  const { module, device, application, container, pin, serial, ...rest } = options;
  const address = { module, ...(device === undefined ? {} : { device }), application, container };
  const library = new SkfProcess({ ...rest, address, serial }, new SkfLogin(readSecret(pin)));
  try {
    await library.opened();
  } catch (thrown) {
    await library.close();
    throw thrown;
  }
  return new Token(library);
}

class Token implements SkfBackend {
  readonly #library: SkfProcess;
  readonly #turns = new Turns();
  #isClosed = false;

  constructor(library: SkfProcess) {
    this.#library = library;
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

  get processId(): number | undefined {
    return this.#library.pid;
  }

  async publicKey(): Promise<Uint8Array> {
    return copyBytes(this.#known().publicKey);
  }

  async signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    if (digest.length !== HASH_BYTES) {
      throw new SkfError({ code: "SKF_DIGEST_LENGTH", length: digest.length, expected: HASH_BYTES });
    }
    if (this.#isClosed) throw new SkfError({ code: "SKF_CLOSED" });
    const { waiting } = this.#turns;
    if (waiting >= WAITING_MAX) throw new SkfError({ code: "SKF_BUSY", waiting });
    const e = sm3(concatBytes([sm2Identity(this.#known().publicKey), digest]));
    const deadline = performance.now() + timeoutMs;
    if (!(await this.#turns.take(timeoutMs))) throw timedOut("sign", timeoutMs);
    // The turn lasts until the library is free, though the caller is refused in time.
    const work = this.#sign(e, deadline, timeoutMs).finally(() => this.#turns.done());
    return await withinTime(work, deadline - performance.now(), () => timedOut("sign", timeoutMs));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#library.close();
  }

  #known(): Identity {
    const { identity } = this.#library;
    if (identity === undefined) throw new SkfError({ code: "SKF_CLOSED" });
    return identity;
  }

  async #sign(e: Uint8Array, deadline: number, timeoutMs: Millis): Promise<Uint8Array> {
    for (;;) {
      // Whoever waited its time away in the queue must not start another call.
      if (performance.now() >= deadline) throw timedOut("sign", timeoutMs);
      try {
        const late = () => timedOut("open", timeoutMs);
        const running = await withinTime(this.#library.opened(), deadline - performance.now(), late);
        return await this.#library.sign(running, e, deadline - performance.now());
      } catch (thrown) {
        if (this.#isClosed) throw new SkfError({ code: "SKF_CLOSED" });
        if (!isTokenAway(thrown) || performance.now() + RETRY_PAUSE_MS >= deadline) throw thrown;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
}
