/** The main part of a program that holds foreign native code: answers the node's calls, and ends with the node. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Millis } from "../../src/base/clock.js";
import { ANSWER_WAIT_MS, ANSWERS_TOGETHER_MAX } from "./limits.js";
import type { Answer, Call, Remark } from "./messages.js";

/**
 * @param carryOut hears until when the caller waits
 * @param problemOf what the node is told of anything thrown; it must not quote arguments, which may be secret.
 */
export function serveCalls<Request, Problem>(
  carryOut: (request: Request, deadline: Millis) => Promise<unknown>,
  problemOf: (thrown: unknown, request: Request) => Problem,
): void {
  const watching = once(new Worker(new URL("./parentWatch.js", import.meta.url)), "message");
  const outbox = new AnswerOutbox<Problem>();

  const answer = async ({ id, request }: Call<Request>, deadline: Millis): Promise<void> => {
    try {
      outbox.send({ id, value: await carryOut(request, deadline) });
    } catch (thrown) {
      outbox.send({ id, problem: problemOf(thrown, request) });
    }
  };
  process.on("message", async (message) => {
    const receivedAt = performance.now();
    const calls = message as Call<Request>[];
    outbox.expect(calls.length);
    // No foreign code is entered before it, not even to be loaded: it might not come back.
    await watching;
    for (const call of calls) void answer(call, receivedAt + call.timeLeftMs);
  });
  // A plain exit would wait for threads that hang in the foreign code.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
}

/**
 * Past the answers that wait for others: what is done next may block this process, or end it. Resolves when the node cannot
 * miss it any more, whatever becomes of this process.
 */
export function tellNode<Note>(note: Note): Promise<void> {
  return new Promise((resolve, reject) => {
    const written = (error: Error | null): void => {
      if (error === null) resolve();
      else reject(error);
    };
    const reports: Remark<Note>[] = [{ note }];
    process.send?.(reports, undefined, undefined, written);
  });
}

/**
 * Answers travel together while there is more to do: a message through the pipe costs both processes more than an answer in
 * it, and whoever waits for a device waits longer for the device than for the pipe.
 */
class AnswerOutbox<Problem> {
  #answers: Answer<Problem>[] = [];
  #due: NodeJS.Timeout | undefined;
  /** Asked and not yet on the way back. */
  #open = 0;

  expect(count: number): void {
    this.#open += count;
  }

  send(answer: Answer<Problem>): void {
    this.#answers.push(answer);
    if (this.#answers.length >= Math.min(this.#open, ANSWERS_TOGETHER_MAX)) this.#flush();
    else this.#due ??= setTimeout(() => this.#flush(), ANSWER_WAIT_MS);
  }

  #flush(): void {
    clearTimeout(this.#due);
    this.#due = undefined;
    const answers = this.#answers;
    this.#answers = [];
    this.#open -= answers.length;
    process.send?.(answers);
  }
}
