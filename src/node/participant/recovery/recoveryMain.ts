/** The program of a worker thread: takes packed signatures, answers with packed senders, in the order they came. */
import { parentPort, workerData } from "node:worker_threads";
import { loadSuite } from "../../../crypto/backend/select.js";
import type { SuiteName } from "../../../crypto/suite.js";
import { recoverPacked } from "./packedSignatures.js";

export interface RecoveryWorkerData {
  readonly suite: SuiteName;
}

const suite = await loadSuite((workerData as RecoveryWorkerData).suite);
// What comes before waits in the port.
parentPort?.on("message", (packed: ArrayBuffer) => {
  const answers = recoverPacked(suite, new Uint8Array(packed));
  parentPort?.postMessage(answers.buffer, [answers.buffer]);
});
