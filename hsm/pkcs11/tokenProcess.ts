/**
 * The node's side of the token's process: starts it when somebody wants something, gives every call its time, ends the
 * process when the module hangs or has lost the token, and starts the next one at the next call.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Millis } from "../../src/base/clock.js";
import { CALLS_OPEN_MAX, CLOSE_TIMEOUT_MS, OPEN_TIMEOUT_MS, RESTART_PAUSE_MS } from "./limits.js";
import type { OpenRequest, TokenAnswer, TokenMessage, TokenRequest } from "./messages.js";
import { demandsRestart, isLasting, Pkcs11Error, type Pkcs11Problem } from "./problems.js";

const PROGRAM = fileURLToPath(new URL("./tokenMain.js", import.meta.url));

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Pkcs11Error) => void;
}

/** One process from start to end. */
class Running {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, OpenCall>();
  /** Goes out at the end of the turn: a message through the pipe costs as much as several requests in it. */
  #outbox: TokenMessage[] = [];
  #nextId = 1;
  /** Counts answers: a call in whose time it stood still was not merely waiting its turn. */
  answers = 0;
  ended = false;

  constructor(program: string, sessions: number) {
    // One thread per session, and one more so that key generation does not wait for signatures.
    const env: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: String(sessions + 1) };
    delete env.NODE_OPTIONS;
    this.#child = fork(program, [], { env, execArgv: [], serialization: "advanced", stdio: IGNORED });
    this.#child.on("message", (answers) => {
      for (const answer of answers as TokenAnswer[]) this.#answered(answer);
    });
    this.#child.on("error", (error) => this.#over("code" in error ? String(error.code) : error.name));
    this.#child.on("exit", (code, signal) => this.#over(signal ?? `exit ${code}`));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  ask(request: TokenRequest): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(new Pkcs11Error({ code: "PKCS11_PROCESS_ENDED", reason: "ended" }));
      this.#calls.set(id, { resolve, reject });
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ id, request });
    });
  }

  #flush(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    if (this.ended) return;
    this.#child.send(messages, (error) => {
      if (error !== null) this.end("pipe");
    });
  }

  /** At once: a module that hangs hears nothing gentler. */
  end(reason: string): void {
    this.#child.kill("SIGKILL");
    this.#over(reason);
  }

  #answered(answer: TokenAnswer): void {
    this.answers++;
    const call = this.#calls.get(answer.id);
    this.#calls.delete(answer.id);
    if ("problem" in answer) {
      call?.reject(new Pkcs11Error(answer.problem));
      if (demandsRestart(answer.problem)) this.end(answer.problem.code);
    } else {
      call?.resolve(answer.value);
    }
  }

  #over(reason: string): void {
    this.ended = true;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(new Pkcs11Error({ code: "PKCS11_PROCESS_ENDED", reason }));
  }
}

const IGNORED: ("ignore" | "ipc")[] = ["ignore", "ignore", "ignore", "ipc"];

export class TokenProcess {
  readonly #program: string;
  readonly #openRequest: () => OpenRequest;
  readonly #onOpened: (value: unknown) => void;
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  #openCalls = 0;
  #closed = false;
  #lasting: Pkcs11Problem | undefined;
  /** The last start that failed: it is not repeated for every caller. */
  #failed: { readonly at: Millis; readonly problem: Pkcs11Problem } | undefined;

  constructor(openRequest: () => OpenRequest, onOpened: (value: unknown) => void, program: string = PROGRAM) {
    this.#openRequest = openRequest;
    this.#onOpened = onOpened;
    this.#program = program;
  }

  /** Of the process that serves now. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** @throws Pkcs11Error within `timeoutMs` */
  async call(request: TokenRequest, timeoutMs: Millis): Promise<unknown> {
    if (this.#openCalls >= CALLS_OPEN_MAX) throw new Pkcs11Error({ code: "PKCS11_BUSY", limit: CALLS_OPEN_MAX });
    this.#openCalls++;
    let asked: { readonly running: Running; readonly answersBefore: number } | undefined;
    const work = this.#serving().then((running) => {
      asked = { running, answersBefore: running.answers };
      return running.ask(request);
    });
    try {
      return await withinTime(work, timeoutMs, () => {
        // Nothing came back for anybody since this call went out: the module hangs.
        if (asked !== undefined && asked.running.answers === asked.answersBefore) asked.running.end("hung");
        return new Pkcs11Error({ code: "PKCS11_TIMEOUT", call: request.kind, timeoutMs });
      });
    } finally {
      this.#openCalls--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined || running.ended) return;
    const asked = running.ask({ kind: "close" }).catch(() => undefined);
    await withinTime(asked, CLOSE_TIMEOUT_MS, () => new Pkcs11Error({ code: "PKCS11_CLOSED" })).catch(() => undefined);
    running.end("closed");
  }

  async #serving(): Promise<Running> {
    if (this.#closed) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
    if (this.#lasting !== undefined) throw new Pkcs11Error(this.#lasting);
    if (this.#running !== undefined && !this.#running.ended) return this.#running;
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

  async #start(): Promise<Running> {
    const request = this.#openRequest();
    const running = new Running(this.#program, request.sessions);
    try {
      const timedOut = () => new Pkcs11Error({ code: "PKCS11_TIMEOUT", call: "open", timeoutMs: OPEN_TIMEOUT_MS });
      this.#onOpened(await withinTime(running.ask(request), OPEN_TIMEOUT_MS, timedOut));
      if (this.#closed) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
    } catch (thrown) {
      running.end("start");
      if (thrown instanceof Pkcs11Error) {
        this.#failed = { at: performance.now(), problem: thrown.problem };
        if (isLasting(thrown.problem)) this.#lasting = thrown.problem;
      }
      throw thrown;
    }
    this.#running = running;
    return running;
  }
}

/** Settles as `work`, or rejects with what `timedOut` makes. A late answer is dropped. */
function withinTime<T>(work: Promise<T>, timeoutMs: Millis, timedOut: () => Pkcs11Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
