/**
 * A U-shield on a serial line as a home of keys. In: digests. Out: signatures, made inside the shield after its PIN and,
 * where it asks for that, its button. A line that is unplugged and plugged in again is found again without anybody's help;
 * another shield in its place is not accepted.
 */
import { randomBytes } from "node:crypto";
import { concatBytes, copyBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { AnchorValue, KeyAnchor, KeyBackend, KeyFacts } from "../../src/crypto/keyBackend.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { sm3 } from "../../src/crypto/sm3.js";
import { readSecret, type SecretSource } from "../keystore/secretSource.js";
import type { CommandApdu } from "./apdu.js";
import {
  COMMAND,
  DIGEST_BYTES,
  decodeCounter,
  decodeInfo,
  isLane,
  POINT_BYTES,
  type ShieldInfo,
  SIGNATURE_BYTES,
  STATUS,
} from "./commands.js";
import { Exchange, SILENCE_MS } from "./exchange.js";
import { type OpenLine, openSerialLine } from "./line.js";
import { Login } from "./login.js";
import { ShieldError, type ShieldProblem, type ShieldWait, statusText } from "./problems.js";
import { Turns } from "./turns.js";

export interface ShieldOptions {
  readonly path: string;
  /** Bits a second; BAUD_RATE_DEFAULT where it is left out. */
  readonly baudRate?: number;
  /** Where the user PIN is read from, once. */
  readonly pin: SecretSource;
  /** Serial number the shield must have; any where it is left out. */
  readonly serial?: string;
  /** For the first connection; OPEN_TIMEOUT_MS where it is left out. */
  readonly openTimeoutMs?: Millis;
  /** The serial line of this machine where it is left out. */
  readonly openLine?: OpenLine;
}

export const BAUD_RATE_DEFAULT = 115_200;
export const OPEN_TIMEOUT_MS: Millis = 5_000;
/** One attempt at a line, from opening to the PIN. */
const CONNECT_STEP_MS: Millis = SILENCE_MS + 500;
const RECONNECT_PAUSE_MS: Millis = 250;
/** For reading and raising the counter, and for the public key. */
const COUNTER_TIMEOUT_MS: Millis = 5_000;
export const SHIELD_WAITING_MAX = 64;

/** The connection went away; the same command may be tried on the next one. */
const CONNECTION_CODES: ReadonlySet<ShieldProblem["code"]> = new Set(["SHIELD_LINE_DOWN", "SHIELD_SILENT"]);

/** Connects, checks the application, presents the PIN. Rejects with the reason of the last attempt. */
export async function openShield(options: ShieldOptions): Promise<KeyBackend> {
  const shield = new Shield(options);
  try {
    await shield.start(options.openTimeoutMs ?? OPEN_TIMEOUT_MS);
  } catch (thrown) {
    await shield.close();
    throw thrown;
  }
  return shield;
}

interface Identity {
  readonly info: ShieldInfo;
  readonly publicKey: Uint8Array;
}

class Shield implements KeyBackend {
  readonly #options: ShieldOptions;
  readonly #login: Login;
  readonly #turns = new Turns();
  readonly #arrivals = new Set<() => void>();
  #exchange: Exchange | undefined;
  /** A connection that is being made. */
  #opening: Exchange | undefined;
  #identity: Identity | undefined;
  #lastFailure: unknown;
  #pause: NodeJS.Timeout | undefined;
  #connecting: Promise<void> | undefined;
  #isClosed = false;
  anchor?: KeyAnchor;

  constructor(options: ShieldOptions) {
    this.#options = options;
    this.#login = new Login(options.path, readSecret(options.pin));
  }

  async start(timeoutMs: Millis): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    this.#connect();
    await this.#connected(deadline, timeoutMs);
    if (this.#identity?.info.hasCounter) this.anchor = this.#counter();
  }

  get facts(): KeyFacts {
    const { info } = this.#known();
    return {
      backend: "shield",
      algorithm: info.algorithm,
      mechanism: info.presence ? "SIGN with button" : "SIGN",
      presence: info.presence,
      extractable: info.secretStays ? "no" : "yes",
      home: info.serial,
    };
  }

  async publicKey(): Promise<Uint8Array> {
    return copyBytes(this.#known().publicKey);
  }

  async signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    if (digest.length !== DIGEST_BYTES) {
      throw new ShieldError({ code: "SHIELD_DIGEST_LENGTH", length: digest.length, expected: DIGEST_BYTES });
    }
    const { info, publicKey } = this.#known();
    // Fresh bytes in any case: the caller's array may change while this waits for its turn.
    const signed = info.algorithm === "sm2" ? sm3(concatBytes([sm2Identity(publicKey), digest])) : copyBytes(digest);
    const signature = await this.#run("SIGN", COMMAND.sign(signed), timeoutMs);
    if (signature.length !== SIGNATURE_BYTES) throw this.#invalid("signature", signature.length);
    return signature;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#pause);
    this.#announce();
    await this.#exchange?.close();
    await this.#opening?.close();
    // The PIN may go only when no attempt is under way any more.
    await this.#connecting;
    this.#login.forget();
  }

  #known(): Identity {
    if (this.#identity === undefined) throw new ShieldError({ code: "SHIELD_CLOSED", path: this.#options.path });
    return this.#identity;
  }

  #counter(): KeyAnchor {
    return {
      read: async () => {
        const bytes = await this.#run("READ COUNTER", COMMAND.readCounter, COUNTER_TIMEOUT_MS);
        // Never written.
        if (bytes.length === 0) return undefined;
        const value = decodeCounter(bytes);
        if (value === undefined) throw this.#invalid("counter", bytes.length);
        return value;
      },
      write: async (value: AnchorValue) => {
        const { session, reserved } = value;
        const { path } = this.#options;
        if (!isLane(session) || !isLane(reserved)) {
          throw new ShieldError({ code: "SHIELD_COUNTER_FALLS", path, session, reserved });
        }
        await this.#run("RAISE COUNTER", COMMAND.raiseCounter(value), COUNTER_TIMEOUT_MS, (status) =>
          status === STATUS.counterWouldFall ? { code: "SHIELD_COUNTER_FALLS", path, session, reserved } : undefined,
        );
      },
    };
  }

  /** One command in its turn, on this connection or, when that breaks, on the next, until the time is up. */
  async #run(
    name: string,
    command: CommandApdu,
    timeoutMs: Millis,
    refusal: (status: number) => ShieldProblem | undefined = () => undefined,
  ): Promise<Uint8Array> {
    const { path } = this.#options;
    if (this.#isClosed) throw new ShieldError({ code: "SHIELD_CLOSED", path });
    const waiting = this.#turns.waiting;
    if (waiting >= SHIELD_WAITING_MAX) throw new ShieldError({ code: "SHIELD_BUSY", path, waiting });
    const deadline = performance.now() + timeoutMs;
    if (!(await this.#turns.take(timeoutMs))) throw this.#timeout(timeoutMs, "turn");
    try {
      for (;;) {
        const exchange = await this.#connected(deadline, timeoutMs);
        const data = await this.#attempt(exchange, name, command, deadline, timeoutMs, refusal);
        if (data !== undefined) return data;
      }
    } finally {
      this.#turns.done();
    }
  }

  /** Undefined when the connection broke and there may be another. */
  async #attempt(
    exchange: Exchange,
    name: string,
    command: CommandApdu,
    deadline: number,
    timeoutMs: Millis,
    refusal: (status: number) => ShieldProblem | undefined,
  ): Promise<Uint8Array | undefined> {
    const { path } = this.#options;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw this.#timeout(timeoutMs, "line");
    let answer: Awaited<ReturnType<Exchange["transmit"]>>;
    try {
      answer = await exchange.transmit(command, leftMs);
    } catch (thrown) {
      if (thrown instanceof ShieldError && CONNECTION_CODES.has(thrown.code)) return undefined;
      throw thrown;
    }
    const { status, data } = answer;
    if (status === STATUS.ok) return data;
    if (status === STATUS.pinNeeded) {
      // The shield has logged us out by itself; a new connection presents the PIN again, with all its precautions.
      exchange.lost("logged out");
      return undefined;
    }
    if (status === STATUS.notConfirmed || status === STATUS.cancelled) {
      throw new ShieldError({ code: "SHIELD_NOT_CONFIRMED", path });
    }
    throw new ShieldError(
      refusal(status) ?? { code: "SHIELD_STATUS", path, command: name, status: statusText(status) },
    );
  }

  /** The connection, as soon as there is one. */
  async #connected(deadline: number, timeoutMs: Millis): Promise<Exchange> {
    for (;;) {
      if (this.#isClosed) throw new ShieldError({ code: "SHIELD_CLOSED", path: this.#options.path });
      if (this.#login.refused !== undefined) throw this.#login.refused;
      if (this.#exchange !== undefined) return this.#exchange;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw this.#lastFailure ?? this.#timeout(timeoutMs, "line");
      await new Promise<void>((resolve) => {
        const arrived = (): void => {
          clearTimeout(timer);
          this.#arrivals.delete(arrived);
          resolve();
        };
        const timer = setTimeout(arrived, leftMs);
        this.#arrivals.add(arrived);
      });
    }
  }

  #announce(): void {
    for (const arrived of [...this.#arrivals]) arrived();
  }

  #connect(): void {
    this.#connecting = this.#tryConnection()
      .catch((thrown: unknown) => {
        this.#lastFailure = thrown;
        this.#connectLater();
      })
      .then(() => this.#announce());
  }

  #connectLater(): void {
    if (this.#isClosed || this.#login.refused !== undefined) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#connect(), RECONNECT_PAUSE_MS);
  }

  async #tryConnection(): Promise<void> {
    const { path, baudRate = BAUD_RATE_DEFAULT, openLine = openSerialLine } = this.#options;
    const exchange = new Exchange({ path, session: randomBytes(4).readUInt32BE() });
    const line = await openLine(
      { path, baudRate },
      { data: (bytes) => exchange.receive(bytes), lost: (reason) => exchange.lost(reason) },
    );
    exchange.attach(line);
    this.#opening = exchange;
    try {
      if (this.#isClosed) throw new ShieldError({ code: "SHIELD_CLOSED", path });
      await exchange.sync(CONNECT_STEP_MS);
      // Who it is comes before the PIN: another shield would count it as a wrong one.
      this.#recognise(await this.#identify(exchange));
      await this.#login.present(exchange, CONNECT_STEP_MS);
      if (exchange.over !== undefined) throw exchange.over;
    } catch (thrown) {
      await exchange.close();
      throw thrown;
    } finally {
      this.#opening = undefined;
    }
    this.#exchange = exchange;
    this.#lastFailure = undefined;
    exchange.onOver = () => {
      if (this.#exchange === exchange) this.#exchange = undefined;
      this.#lastFailure = exchange.over;
      void exchange.close();
      this.#connectLater();
    };
  }

  async #identify(exchange: Exchange): Promise<Identity> {
    const { path } = this.#options;
    const selected = await exchange.transmit(COMMAND.select, CONNECT_STEP_MS);
    if (selected.status !== STATUS.ok) {
      throw new ShieldError({ code: "SHIELD_NO_APPLICATION", path, status: statusText(selected.status) });
    }
    const info = decodeInfo(selected.data);
    if (info === undefined) throw this.#invalid("description", selected.data.length);
    const { status, data } = await exchange.transmit(COMMAND.publicKey, CONNECT_STEP_MS);
    if (status !== STATUS.ok) {
      throw new ShieldError({ code: "SHIELD_STATUS", path, command: "PUBLIC KEY", status: statusText(status) });
    }
    if (data.length !== POINT_BYTES) throw this.#invalid("public key", data.length);
    return { info, publicKey: data };
  }

  #recognise(found: Identity): void {
    const { path, serial = this.#identity?.info.serial } = this.#options;
    if (serial !== undefined && serial !== found.info.serial) {
      throw new ShieldError({ code: "SHIELD_OTHER", path, expected: serial, found: found.info.serial });
    }
    const known = this.#identity;
    if (known !== undefined && !equalBytes(known.publicKey, found.publicKey)) {
      const [expected, other] = [toHex(known.publicKey), toHex(found.publicKey)];
      throw new ShieldError({ code: "SHIELD_OTHER", path, expected, found: other });
    }
    this.#identity ??= found;
  }

  #timeout(timeoutMs: Millis, waitingFor: ShieldWait): ShieldError {
    return new ShieldError({ code: "SHIELD_TIMEOUT", path: this.#options.path, timeoutMs, waitingFor });
  }

  #invalid(what: string, length: number): ShieldError {
    return new ShieldError({ code: "SHIELD_ANSWER_INVALID", path: this.#options.path, what, length });
  }
}
