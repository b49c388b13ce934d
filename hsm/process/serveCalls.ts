/** The main part of a program that holds foreign native code: answers the node's calls, and ends with the node. */
import type { Answer, Call } from "./messages.js";

/** @param problemOf what the node is told of anything thrown; it must not quote arguments, which may be secret. */
export function serveCalls<Request, Problem>(
  carryOut: (request: Request) => Promise<unknown>,
  problemOf: (thrown: unknown, request: Request) => Problem,
): void {
  const answerTo = async ({ id, request }: Call<Request>): Promise<Answer<Problem>> => {
    try {
      return { id, value: await carryOut(request) };
    } catch (thrown) {
      return { id, problem: problemOf(thrown, request) };
    }
  };
  process.on("message", (call) => {
    void answerTo(call as Call<Request>).then((answer) => process.send?.(answer));
  });
  // A plain exit would wait for threads that hang in the foreign code.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
}
