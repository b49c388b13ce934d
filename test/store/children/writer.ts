/**
 * A process that is going to be killed, cut off or starved of disk. Goes on where the file ends and says each acknowledged
 * step on standard output, one number a line, by a plain write call that a trace can see. Closes and reopens half-way.
 *
 * Arguments: file, number of steps, frames in the log, `FULL` or `NORMAL`. Says `opened`, then the steps, then `wrote` and the
 * bytes the store counted; after a failure `failed` and a WriterFailure as JSON.
 */
import { writeSync } from "node:fs";
import { codeOf } from "../../../src/base/error.js";
import type { SqlDatabase, SqlEngine } from "../../../src/store/driver.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { openSqliteStore, type SqliteStore } from "../../../src/store/sqliteStore.js";
import { stepsIn, workloadStep } from "../../support/powerLossWorkload.js";

export interface WriterFailure {
  readonly when: "open" | "apply" | "close";
  /** Code of the error that opening or writing ended with. */
  readonly code: string;
  /** Code of trying `apply` once more, `none` where nothing was tried. */
  readonly again: string;
  /** Code of reading after that, `none` when it works or was not tried. */
  readonly read: string;
}

const [, , path = "", steps = "0", logFrames = "40", synchronous = "FULL"] = process.argv;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function codeThrownBy(action: () => unknown): string {
  try {
    action();
    return "none";
  } catch (error) {
    return codeOf(error);
  }
}

/** @returns false when the store has stopped writing. */
function writeSteps(store: SqliteStore, count: number): boolean {
  const first = stepsIn(store) + 1;
  for (let step = first; step < first + count; step++) {
    try {
      store.apply(workloadStep(step));
    } catch (error) {
      const again = codeThrownBy(() => store.apply(workloadStep(step)));
      const read = codeThrownBy(() => store.run(step - 2));
      const failure: WriterFailure = { when: "apply", code: codeOf(error), again, read };
      say(`failed ${JSON.stringify(failure)}`);
      return false;
    }
    say(String(step));
  }
  return true;
}

const loaded = await loadEngine();
const opened: SqlDatabase[] = [];
const engine: SqlEngine = {
  ...loaded,
  open(file) {
    const database = loaded.open(file);
    opened.push(database);
    return database;
  },
};

function session(count: number): boolean {
  let when: WriterFailure["when"] = "open";
  try {
    const store = openSqliteStore(engine, path, { logFramesMax: Number(logFrames) });
    // The control: what a store would be that trusts the engine's default for a log.
    if (synchronous !== "FULL") opened.at(-1)?.exec(`PRAGMA synchronous = ${synchronous}`);
    say("opened");
    const goesOn = writeSteps(store, count);
    say(`wrote ${store.usage.bytesWritten}`);
    when = "close";
    store.close();
    return goesOn;
  } catch (error) {
    const failure: WriterFailure = { when, code: codeOf(error), again: "none", read: "none" };
    say(`failed ${JSON.stringify(failure)}`);
    return false;
  }
}

const firstHalf = Math.ceil(Number(steps) / 2);
if (session(firstHalf)) session(Number(steps) - firstHalf);
