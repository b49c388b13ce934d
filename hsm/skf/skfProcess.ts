/**
 * The node's side of the library's process: starts it when somebody wants something, finds the token and presents the PIN,
 * gives every call its time, ends the process when the library hangs, and starts the next one at the next call.
 */
import { fileURLToPath } from "node:url";
import { copyBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import { BARE_SIGNATURE_BYTES } from "../../src/crypto/signatureRules.js";
import { ForeignProcess, type Refusals } from "../process/foreignProcess.js";
import { withinTime } from "../process/withinTime.js";
import { CLOSE_TIMEOUT_MS, OPEN_TIMEOUT_MS, PIN_TIMEOUT_MS, RESTART_PAUSE_MS, SIGN_HANG_MS } from "./limits.js";
import type { SkfLogin } from "./login.js";
import type { OpenedToken, SkfAddress, SkfAnswers, SkfRequest } from "./messages.js";
import { SkfError, type SkfProblem } from "./problems.js";

const PROGRAM = fileURLToPath(new URL("./skfMain.js", import.meta.url));
/** Calls are made one after the other, and on the same thread: not every vendor expects another one. */
const THREADS = 1;

export interface SkfProcessOptions {
  readonly address: SkfAddress;
  /** Serial number the token must have; any where it is left out. */
  readonly serial: string | undefined;
  /** OPEN_TIMEOUT_MS where it is left out. */
  readonly openTimeoutMs?: Millis;
  /** PIN_TIMEOUT_MS where it is left out. */
  readonly pinTimeoutMs?: Millis;
  /** The compiled skfMain, where it does not lie beside this file. */
  readonly program?: string;
}

export interface Identity {
  readonly serial: string;
  /** X || Y */
  readonly publicKey: Uint8Array;
}

type Running = ForeignProcess<SkfRequest, SkfProblem>;

const REFUSALS: Refusals<SkfProblem> = {
  told: (problem) => new SkfError(problem),
  over: (reason) => new SkfError({ code: "SKF_PROCESS_ENDED", reason }),
};

/** For people: the library's function where the request is one. */
const CALL_NAMES: Readonly<Record<SkfRequest["kind"], string>> = {
  open: "opening the token",
  verifyPin: "SKF_VerifyPIN",
  sign: "SKF_ECCSignData",
  giveBack: "closing the token",
};

/** The token is away, or handles have died: the same process may find it again. */
const TOKEN_AWAY: ReadonlySet<string> = new Set(["SKF_STATUS", "SKF_NO_DEVICE", "SKF_OTHER_TOKEN"]);

export function isTokenAway(thrown: unknown): boolean {
  return thrown instanceof SkfError && TOKEN_AWAY.has(thrown.code);
}

export function timedOut(kind: SkfRequest["kind"], timeoutMs: Millis): SkfError {
  return new SkfError({ code: "SKF_TIMEOUT", call: CALL_NAMES[kind], timeoutMs });
}

export class SkfProcess {
  readonly #options: SkfProcessOptions;
  readonly #login: SkfLogin;
  #identity: Identity | undefined;
  #running: Running | undefined;
  /** In which the token is open and has accepted the PIN. */
  #ready: Running | undefined;
  #opening: Promise<Running> | undefined;
  /** The last start that ended its process: it is not repeated for every caller. */
  #failed: { readonly at: Millis; readonly thrown: unknown } | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SkfProcessOptions, login: SkfLogin) {
    this.#options = options;
    this.#login = login;
  }

  /** Of the process that serves now. */
  get pid(): number | undefined {
    return this.#running?.hasEnded === false ? this.#running.pid : undefined;
  }

  /** Of the first token found; every later one must be the same. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** Goes on when whoever waits for it gives up: no caller in a hurry breaks an attempt with the PIN off. */
  opened(): Promise<Running> {
    if (this.#ready !== undefined && !this.#ready.hasEnded) return Promise.resolve(this.#ready);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** r || s over e. Settles when the library is free for the next call, which may be later than `timeoutMs`. */
  async sign(running: Running, e: Uint8Array, timeoutMs: Millis): Promise<Uint8Array> {
    try {
      const answer = await this.#ask(running, { kind: "sign", e }, Math.max(timeoutMs, SIGN_HANG_MS));
      if (answer instanceof Uint8Array && answer.length === BARE_SIGNATURE_BYTES) return copyBytes(answer);
      throw new SkfError({ code: "SKF_ANSWER_INVALID", call: CALL_NAMES.sign });
    } catch (thrown) {
      this.#giveBack(running);
      throw thrown;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const ready = this.#ready;
    if (ready !== undefined) await this.#giveBack(ready);
    this.#running?.end("closed");
    // The PIN is overwritten when nothing that is under way can want it any more.
    await this.#opening?.catch(() => undefined);
    this.#login.forget();
  }

  async #open(): Promise<Running> {
    const running = this.#started();
    try {
      const { openTimeoutMs = OPEN_TIMEOUT_MS, pinTimeoutMs = PIN_TIMEOUT_MS, address } = this.#options;
      const found = await this.#ask(running, { kind: "open", address }, openTimeoutMs);
      // Who it is comes before the PIN: another token would count it as a wrong one.
      this.#recognise(found);
      const verify = (pin: Uint8Array) => this.#ask(running, { kind: "verifyPin", pin }, pinTimeoutMs);
      await this.#login.present(found.triesLeft, verify);
      this.#ready = running;
      return running;
    } catch (thrown) {
      if (isTokenAway(thrown)) this.#giveBack(running);
      else {
        running.end("start");
        this.#failed = { at: performance.now(), thrown };
      }
      throw thrown;
    }
  }

  /** @throws SkfError where none may be started now */
  #started(): Running {
    if (this.#closing !== undefined) throw new SkfError({ code: "SKF_CLOSED" });
    if (this.#login.refused !== undefined) throw this.#login.refused;
    if (this.#running !== undefined && !this.#running.hasEnded) return this.#running;
    const failed = this.#failed;
    if (failed !== undefined && performance.now() - failed.at < RESTART_PAUSE_MS) throw failed.thrown;
    this.#running = new ForeignProcess(this.#options.program ?? PROGRAM, REFUSALS, THREADS);
    return this.#running;
  }

  /** Beside everything else, and never rejects: what the library refuses here changes nothing, the handles are lost. */
  async #giveBack(running: Running): Promise<void> {
    if (this.#ready === running) this.#ready = undefined;
    if (!running.hasEnded) await this.#ask(running, { kind: "giveBack" }, CLOSE_TIMEOUT_MS).catch(() => undefined);
  }

  /** @throws SkfError within `timeoutMs`; the process is ended when the library did not return by then. */
  #ask<Kind extends keyof SkfAnswers>(
    running: Running,
    request: Extract<SkfRequest, { kind: Kind }>,
    timeoutMs: Millis,
  ): Promise<SkfAnswers[Kind]> {
    const answer = running.ask(request, timeoutMs) as Promise<SkfAnswers[Kind]>;
    return withinTime(answer, timeoutMs, () => {
      running.end("hung");
      return timedOut(request.kind, timeoutMs);
    });
  }

  #recognise({ serial, publicKey }: OpenedToken): void {
    const known = this.#identity;
    const expected = this.#options.serial ?? known?.serial;
    if (expected !== undefined && expected !== serial) {
      throw new SkfError({ code: "SKF_OTHER_TOKEN", expected, found: serial });
    }
    if (known !== undefined && !equalBytes(known.publicKey, publicKey)) {
      throw new SkfError({ code: "SKF_OTHER_TOKEN", expected: toHex(known.publicKey), found: toHex(publicKey) });
    }
    this.#identity ??= { serial, publicKey: copyBytes(publicKey) };
  }
}
