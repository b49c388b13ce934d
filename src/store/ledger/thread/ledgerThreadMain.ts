/** The program of the thread that holds the ledger's database: its only connection, one call after the other. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { LedgerCounts } from "../../../ledger/store.js";
import { anyCode } from "../../engineErrors.js";
import { StoreError, type StoreProblem } from "../../problems.js";
import { openSqliteLedgerStore } from "../sqliteLedgerStore.js";
import { type AnswerMessage, type CallMessage, callsOn } from "./calls.js";

export interface LedgerThreadData {
  readonly path: string;
  /** Calls that the other thread stands still for. */
  readonly standing: MessagePort;
  /** Calls that it does not stand still for. */
  readonly walking: MessagePort;
  /** One i32, raised and notified after each answer on `standing`. */
  readonly signal: SharedArrayBuffer;
}

/** Said once, when the database is open or cannot be opened. */
export type OpenedMessage =
  | { readonly head: number | undefined; readonly counts: LedgerCounts }
  | { readonly problem: StoreProblem };

const { path, standing, walking, signal } = workerData as LedgerThreadData;

function problemOf(thrown: unknown): StoreProblem {
  return thrown instanceof StoreError ? thrown.problem : { code: "STORE_IO", path, engineCode: anyCode(thrown) };
}

function serve(calls: ReturnType<typeof callsOn>): void {
  const answerTo = ({ id, name, args }: CallMessage): AnswerMessage => {
    try {
      const call = calls[name] as (...args: readonly unknown[]) => unknown;
      return { id, value: call(...args) };
    } catch (thrown) {
      return { id, problem: problemOf(thrown) };
    }
  };
  const raised = new Int32Array(signal);
  standing.on("message", (message: CallMessage) => {
    standing.postMessage(answerTo(message));
    Atomics.add(raised, 0, 1);
    Atomics.notify(raised, 0);
  });
  walking.on("message", (message: CallMessage) => walking.postMessage(answerTo(message)));
}

async function open(): Promise<OpenedMessage> {
  try {
    const store = await openSqliteLedgerStore(path);
    serve(callsOn(store));
    return { head: store.head(), counts: store.counts() };
  } catch (thrown) {
    return { problem: problemOf(thrown) };
  }
}

parentPort?.postMessage(await open());
