/**
 * The node's side of the token's process: starts it when somebody wants something, gives every call its time, ends the
 * process when the module hangs or has lost the token, and starts the next one at the next call.
 */
import { fileURLToPath } from "node:url";
import type { Millis } from "../../src/base/clock.js";
import { ForeignProcess, type Refusals } from "../process/foreignProcess.js";
import { withinTime } from "../process/withinTime.js";
import { CALLS_OPEN_MAX, CLOSE_TIMEOUT_MS, OPEN_TIMEOUT_MS, RESTART_PAUSE_MS } from "./limits.js";
import type { LoginNote, OpenRequest, TokenRequest } from "./messages.js";
import { demandsRestart, isLasting, Pkcs11Error, type Pkcs11Problem } from "./problems.js";

const PROGRAM = fileURLToPath(new URL("./tokenMain.js", import.meta.url));

export interface TokenProcessOptions {
  /** Asked at every start. */
  readonly openRequest: () => OpenRequest;
  readonly onOpened: (value: unknown) => void;
  /** Left out: the one beside this file. */
  readonly program?: string | undefined;
  /** Left out: OPEN_TIMEOUT_MS. */
  readonly openTimeoutMs?: Millis | undefined;
}

type RunningToken = ForeignProcess<TokenRequest, Pkcs11Problem, LoginNote>;

const REFUSALS: Refusals<Pkcs11Problem> = {
  told: (problem) => new Pkcs11Error(problem),
  over: (reason) => new Pkcs11Error({ code: "PKCS11_PROCESS_ENDED", reason }),
};

export class TokenProcess {
  readonly #program: string;
  readonly #openRequest: () => OpenRequest;
  readonly #onOpened: (value: unknown) => void;
  readonly #openTimeoutMs: Millis;
  /** The last one started, whether or not it has got as far as serving. */
  #launched: RunningToken | undefined;
  #running: RunningToken | undefined;
  #starting: Promise<RunningToken> | undefined;
  #openCalls = 0;
  #closed = false;
  #lasting: Pkcs11Problem | undefined;
  /** The last start that failed: it is not repeated for every caller. */
  #failed: { readonly at: Millis; readonly problem: Pkcs11Problem } | undefined;

  constructor(options: TokenProcessOptions) {
    this.#openRequest = options.openRequest;
    this.#onOpened = options.onOpened;
    this.#program = options.program ?? PROGRAM;
    this.#openTimeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
  }

  /** Of the process that serves now. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** @throws Pkcs11Error within `timeoutMs` */
  async call(request: TokenRequest, timeoutMs: Millis): Promise<unknown> {
    if (this.#openCalls >= CALLS_OPEN_MAX) throw new Pkcs11Error({ code: "PKCS11_BUSY", limit: CALLS_OPEN_MAX });
    this.#openCalls++;
    const deadline = performance.now() + timeoutMs;
    const timedOut = () => new Pkcs11Error({ code: "PKCS11_TIMEOUT", call: request.kind, timeoutMs });
    let asked: { readonly running: RunningToken; readonly answersBefore: number } | undefined;
    const work = this.#serving().then((running) => {
      const timeLeftMs = deadline - performance.now();
      if (timeLeftMs <= 0) throw timedOut();
      asked = { running, answersBefore: running.answers };
      return running.ask(request, timeLeftMs);
    });
    // Not when the caller has given up: the token's process still holds the call then.
    const settled = (): void => {
      this.#openCalls--;
    };
    work.then(settled, (thrown: unknown) => {
      settled();
      // Before the caller hears of it: its next call is one for a fresh process.
      if (thrown instanceof Pkcs11Error && demandsRestart(thrown.problem)) asked?.running.end(thrown.code);
    });
    return withinTime(work, timeoutMs, () => {
      // Nothing came back for anybody since this call went out: the module hangs.
      if (asked !== undefined && asked.running.answers === asked.answersBefore) asked.running.end("hung");
      return timedOut();
    });
  }

  /** When it resolves no process of this one holds the token or is about to present the PIN. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#starting !== undefined) {
      this.#launched?.end("closed");
      await this.#starting.catch(() => undefined);
    }
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const asked = running.ask({ kind: "close" }, CLOSE_TIMEOUT_MS).catch(() => undefined);
    await withinTime(asked, CLOSE_TIMEOUT_MS, () => new Pkcs11Error({ code: "PKCS11_CLOSED" })).catch(() => undefined);
    running.end("closed");
    await running.gone(CLOSE_TIMEOUT_MS);
  }

  async #serving(): Promise<RunningToken> {
    if (this.#closed) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
    if (this.#lasting !== undefined) throw new Pkcs11Error(this.#lasting);
    if (this.#running !== undefined && !this.#running.hasEnded) return this.#running;
    if (this.#starting === undefined) {
      const failed = this.#failed;
      if (failed !== undefined && performance.now() - failed.at < RESTART_PAUSE_MS) {
        throw new Pkcs11Error(failed.problem);
      }
      this.#starting = this.#start().finally(() => {
        this.#starting = undefined;
      });
    }
    return this.#starting;
  }

  async #start(): Promise<RunningToken> {
    const request = this.#openRequest();
    // One thread per session, and one more so that key generation does not wait for signatures.
    const running: RunningToken = new ForeignProcess(this.#program, REFUSALS, request.sessions + 1);
    this.#launched = running;
    try {
      const timeoutMs = this.#openTimeoutMs;
      const timedOut = () => new Pkcs11Error({ code: "PKCS11_TIMEOUT", call: "open", timeoutMs });
      this.#onOpened(await withinTime(running.ask(request, timeoutMs), timeoutMs, timedOut));
      if (this.#closed) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
    } catch (thrown) {
      running.end("start");
      await running.gone(CLOSE_TIMEOUT_MS);
      if (this.#closed) throw new Pkcs11Error({ code: "PKCS11_CLOSED" }, { cause: thrown });
      if (!(thrown instanceof Pkcs11Error)) throw thrown;
      const problem = running.note === "login begun" ? loginUnanswered(request, thrown.problem) : thrown.problem;
      this.#failed = { at: performance.now(), problem };
      if (isLasting(problem)) this.#lasting = problem;
      throw new Pkcs11Error(problem, { cause: thrown });
    }
    this.#running = running;
    return running;
  }
}

/** The PIN has been handed to the module, which has not answered. */
function loginUnanswered({ token }: OpenRequest, end: Pkcs11Problem): Pkcs11Problem {
  const reason = end.code === "PKCS11_PROCESS_ENDED" ? end.reason : end.code;
  return { code: "PKCS11_LOGIN_UNANSWERED", token: token.serial ?? token.label ?? "", reason };
}
