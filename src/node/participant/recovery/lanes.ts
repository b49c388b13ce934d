/** Where pieces are recovered: in a worker thread, or in the calling thread. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Suite } from "../../../crypto/suite.js";
import { recoverPacked } from "./packedSignatures.js";
import type { RecoveryWorkerData } from "./recoveryMain.js";

export const RECOVERY_PROGRAM = fileURLToPath(new URL("./recoveryMain.js", import.meta.url));

export interface LaneEvents {
  /** Of the oldest piece that has no answer yet. */
  answered(answers: Uint8Array): void;
  /** Once; what had no answer gets none. */
  ended(reason: unknown): void;
}

export interface Lane {
  /** Takes the memory of `packed` away from the caller. */
  post(packed: Uint8Array<ArrayBuffer>): void;
  /** Without an event. */
  close(): Promise<void>;
}

/** Events come in a later turn, also when the thread cannot be started. */
export function startWorkerLane(program: string, suite: Suite, events: LaneEvents): Lane {
  const data: RecoveryWorkerData = { suite: suite.name };
  // Flags of the calling program, such as a test runner's, are not for this one.
  const worker = new Worker(program, { workerData: data, execArgv: [] });
  let over = false;
  const end = (reason: unknown): void => {
    if (over) return;
    over = true;
    events.ended(reason);
  };
  worker.on("message", (answers) => {
    if (!over) events.answered(new Uint8Array(answers as ArrayBuffer));
  });
  worker.on("error", end);
  worker.on("exit", (code) => end(`exit ${code}`));
  return {
    post: (packed) => worker.postMessage(packed.buffer, [packed.buffer]),
    async close() {
      over = true;
      await worker.terminate();
    },
  };
}

/** One piece per turn of the event loop, so that the rest of the program lives on. What throws here ends in `ended`. */
export function inlineLane(suite: Suite, events: LaneEvents): Lane {
  let over = false;
  return {
    post(packed) {
      setImmediate(() => {
        if (over) return;
        let answers: Uint8Array;
        try {
          answers = recoverPacked(suite, packed);
        } catch (thrown) {
          return events.ended(thrown);
        }
        events.answered(answers);
      });
    },
    async close() {
      over = true;
    },
  };
}
