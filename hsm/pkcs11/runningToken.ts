/** One process of the token's program, from start to end: what it is asked and what it answers. */
import { type ChildProcess, fork } from "node:child_process";
import type { Millis } from "../../src/base/clock.js";
import { CLOSE_TIMEOUT_MS } from "./limits.js";
import type { LoginReport, TokenAnswer, TokenMessage, TokenReport, TokenRequest } from "./messages.js";
import { demandsRestart, Pkcs11Error } from "./problems.js";
import { withinTime } from "./withinTime.js";

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Pkcs11Error) => void;
}

/** The last one is PARENT_PIPE. */
const STDIO: ("ignore" | "ipc" | "pipe")[] = ["ignore", "ignore", "ignore", "ipc", "pipe"];

export class RunningToken {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, OpenCall>();
  /** Goes out at the end of the turn: a message through the pipe costs as much as several requests in it. */
  #outbox: TokenMessage[] = [];
  #nextId = 1;
  #login: LoginReport["login"] | undefined;
  /** Resolves when the process has ended and its pipe is read empty. */
  readonly #silent: Promise<void>;
  /** Counts answers: a call in whose time it stood still was not merely waiting its turn. */
  answers = 0;
  ended = false;

  constructor(program: string, sessions: number) {
    // One thread per session, and one more so that key generation does not wait for signatures.
    const env: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: String(sessions + 1) };
    delete env.NODE_OPTIONS;
    this.#child = fork(program, [], { env, execArgv: [], serialization: "advanced", stdio: STDIO });
    this.#child.on("message", (reports) => {
      for (const report of reports as TokenReport[]) this.#heard(report);
    });
    this.#silent = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.on("error", (error) => this.#over("code" in error ? String(error.code) : error.name));
    this.#child.on("exit", (code, signal) => this.#over(signal ?? `exit ${code}`));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Settles when the process has answered or ended, however long nobody has waited for it any more. */
  ask(request: TokenRequest, timeLeftMs: Millis): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(new Pkcs11Error({ code: "PKCS11_PROCESS_ENDED", reason: "ended" }));
      this.#calls.set(id, { resolve, reject });
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ id, timeLeftMs, request });
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

  /**
   * Resolves when the process is gone and all it said has been heard, which may be after its end. In any case soon: it may
   * hang in the kernel, and what the module has started may keep the pipe open.
   */
  async gone(): Promise<void> {
    const late = () => new Pkcs11Error({ code: "PKCS11_PROCESS_ENDED", reason: "late" });
    await withinTime(this.#silent, CLOSE_TIMEOUT_MS, late).catch(() => undefined);
  }

  /** The PIN has been handed to the module, which has not answered. */
  get isLoggingIn(): boolean {
    return this.#login === "begun";
  }

  #heard(report: TokenReport): void {
    if ("login" in report) this.#login = report.login;
    else this.#answered(report);
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
