/** Stands for a program with foreign native code: it says how calls reached it, and misbehaves on request. */
import { setTimeout as sleep } from "node:timers/promises";
import { serveCalls, tellNode } from "../../hsm/process/serveCalls.js";

export type ForeignRequest = "messages" | "deadline" | "fail" | "die" | "note and die" | "hang" | "never";

let messages = 0;
process.prependListener("message", () => void messages++);
serveCalls(carryOut, (thrown, request: ForeignRequest) => `${request}: ${String(thrown)}`);

async function carryOut(request: ForeignRequest, deadline: number): Promise<unknown> {
  switch (request) {
    case "messages":
      return messages;
    case "deadline":
      return deadline - performance.now();
    case "fail":
      throw "refused";
    case "note and die":
      await tellNode("dying");
      return process.kill(process.pid, "SIGKILL");
    case "die":
      return process.kill(process.pid, "SIGKILL");
    case "hang":
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    case "never":
      return await sleep(2 ** 31 - 1);
  }
}
