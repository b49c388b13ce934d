/**
 * The node's side of one process that holds foreign native code, from its start to its end. Such code may hang, crash or
 * write where it should not; there it does so without the node.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Millis } from "../../src/base/clock.js";
import type { Answer, Call } from "./messages.js";

/** The owner's typed errors. */
export interface Refusals<Problem> {
  /** What the process answered. */
  readonly told: (problem: Problem) => Error;
  /** The process is over: its exit code, a signal, or why it was ended. */
  readonly over: (reason: string) => Error;
}

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** No output of foreign code gets among the node's own; and nothing is read from the node's input. */
const PIPE_ONLY: ("ignore" | "ipc")[] = ["ignore", "ignore", "ignore", "ipc"];

export class ForeignProcess<Request, Problem> {
  readonly #child: ChildProcess;
  readonly #refusals: Refusals<Problem>;
  readonly #calls = new Map<number, OpenCall>();
  #nextId = 1;
  #endReason: string | undefined;

  /** @param threads how many calls the foreign code is in at once */
  constructor(program: string, refusals: Refusals<Problem>, threads: number) {
    this.#refusals = refusals;
    const env: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
    delete env.NODE_OPTIONS;
    this.#child = fork(program, [], { env, execArgv: [], serialization: "advanced", stdio: PIPE_ONLY });
    this.#child.on("message", (answer) => this.#answered(answer as Answer<Problem>));
    this.#child.on("error", (error) => this.end("code" in error ? String(error.code) : error.name));
    this.#child.on("exit", (code, signal) => this.#over(signal ?? `exit ${code}`));
    // Whoever waits for an answer has a timer that keeps the node; an idle or hanging process must not.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** The request has been copied when this returns: secrets in it may be overwritten. */
  ask(request: Request): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#endReason !== undefined) return reject(this.#refusals.over(this.#endReason));
      this.#calls.set(id, { resolve, reject });
      // Not even begun where the system has no files or processes left.
      if (!this.#child.connected) return this.end("pipe");
      const call: Call<Request> = { id, request };
      this.#child.send(call as object, (error) => {
        if (error !== null) this.end("pipe");
      });
    });
  }

  /** At once: code that hangs hears nothing gentler. */
  end(reason: string): void {
    if (this.hasEnded) return;
    this.#over(reason);
    this.#child.kill("SIGKILL");
  }

  #answered(answer: Answer<Problem>): void {
    const call = this.#calls.get(answer.id);
    this.#calls.delete(answer.id);
    if ("problem" in answer) call?.reject(this.#refusals.told(answer.problem));
    else call?.resolve(answer.value);
  }

  #over(reason: string): void {
    this.#endReason ??= reason;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(this.#refusals.over(reason));
  }
}

/** Settles as `work`, or rejects with what `timedOut` makes. A late answer is dropped. */
export function withinTime<T>(work: Promise<T>, timeoutMs: Millis, timedOut: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), Math.max(0, timeoutMs));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
