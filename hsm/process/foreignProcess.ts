/**
 * The node's side of one process that holds foreign native code, from its start to its end. Such code may hang, crash or
 * write where it should not; there it does so without the node.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Millis } from "../../src/base/clock.js";
import { PARENT_PIPE } from "./limits.js";
import type { Answer, Call, Report } from "./messages.js";
import { withinTime } from "./withinTime.js";

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

/** No output of foreign code gets among the node's own; and nothing is read from its input. The last is PARENT_PIPE. */
const STDIO: ("ignore" | "ipc" | "pipe")[] = ["ignore", "ignore", "ignore", "ipc", "pipe"];

export class ForeignProcess<Request, Problem, Note = never> {
  readonly #child: ChildProcess;
  readonly #refusals: Refusals<Problem>;
  readonly #calls = new Map<number, OpenCall>();
  /** Goes out at the end of the turn: a message through the pipe costs as much as several requests in it. */
  #outbox: Call<Request>[] = [];
  #nextId = 1;
  #answers = 0;
  #note: Note | undefined;
  #endReason: string | undefined;
  /** Resolves when the process has ended and its pipe is read empty. */
  readonly #silent: Promise<void>;

  /** @param threads how many calls the foreign code is in at once */
  constructor(program: string, refusals: Refusals<Problem>, threads: number) {
    this.#refusals = refusals;
    const env: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
    delete env.NODE_OPTIONS;
    this.#child = fork(program, [], { env, execArgv: [], serialization: "advanced", stdio: STDIO });
    this.#child.on("message", (reports) => {
      for (const report of reports as Report<Problem, Note>[]) this.#heard(report);
    });
    this.#silent = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.on("error", (error) => this.end("code" in error ? String(error.code) : error.name));
    this.#child.on("exit", (code, signal) => this.#over(signal ?? `exit ${code}`));
    // Whoever waits for an answer has a timer that keeps the node; an idle or hanging process must not.
    this.#child.unref();
    this.#child.channel?.unref();
    // Without any pipes where the system has no files left.
    (this.#child.stdio?.[PARENT_PIPE] as Socket | undefined)?.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** How many came: a call in whose time it stood still was not merely waiting its turn. */
  get answers(): number {
    return this.#answers;
  }

  /** The last thing the process said unasked. */
  get note(): Note | undefined {
    return this.#note;
  }

  /**
   * Settles when the process has answered or ended, however long nobody has waited for it any more. Secrets in the request
   * may be overwritten then, not before.
   */
  ask(request: Request, timeLeftMs: Millis): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#endReason !== undefined) return reject(this.#refusals.over(this.#endReason));
      this.#calls.set(id, { resolve, reject });
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ id, timeLeftMs, request });
    });
  }

  /** At once: code that hangs hears nothing gentler. */
  end(reason: string): void {
    if (this.hasEnded) return;
    this.#over(reason);
    this.#child.kill("SIGKILL");
  }

  /**
   * Resolves when the process is gone and all it said has been heard, which may be after its end. In any case within the
   * time: it may hang in the kernel, and what the foreign code has started may keep the pipe open.
   */
  async gone(timeoutMs: Millis): Promise<void> {
    await withinTime(this.#silent, timeoutMs, () => this.#refusals.over("late")).catch(() => undefined);
  }

  #flush(): void {
    const calls = this.#outbox;
    this.#outbox = [];
    if (this.hasEnded) return;
    // Not even begun where the system has no files or processes left.
    if (!this.#child.connected) this.end("pipe");
    else this.#child.send(calls, (error) => this.#sent(error));
  }

  #sent(error: Error | null): void {
    if (error !== null) this.end("pipe");
  }

  #heard(report: Report<Problem, Note>): void {
    if ("note" in report) this.#note = report.note;
    else this.#answered(report);
  }

  #answered(answer: Answer<Problem>): void {
    this.#answers++;
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
