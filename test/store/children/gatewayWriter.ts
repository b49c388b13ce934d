/**
 * A gateway's store that is going to be killed or cut off. Goes on where the file ends and says each acknowledged step on
 * standard output, one number a line, by a plain write call that a trace can see. Closes and reopens half-way.
 *
 * Arguments: file, number of steps, frames in the log, `FULL` or `NORMAL`.
 */
import { writeSync } from "node:fs";
import type { SqlDatabase, SqlEngine } from "../../../src/store/driver.js";
import { openSqliteGatewayStore } from "../../../src/store/gateway/sqliteGatewayStore.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { CaseClock } from "../../support/gatewayStoreContract.js";
import { gatewayStepsIn, takeStep, WORKLOAD_LIMITS } from "../../support/gatewayWorkload.js";

const [, , path = "", steps = "0", logFrames = "40", synchronous = "FULL"] = process.argv;

const loaded = await loadEngine();
let opened: SqlDatabase | undefined;
const engine: SqlEngine = {
  ...loaded,
  open(file) {
    opened = loaded.open(file);
    return opened;
  },
};

async function session(last: number): Promise<void> {
  const options = { clock: new CaseClock(), engine, limits: WORKLOAD_LIMITS, logFramesMax: Number(logFrames) };
  const store = await openSqliteGatewayStore(path, options);
  // The control: what a store would be that trusts the engine's default for a log.
  if (synchronous !== "FULL") opened?.exec(`PRAGMA synchronous = ${synchronous}`);
  for (let step = gatewayStepsIn(store) + 1; step <= last; step++) {
    takeStep(store, step);
    writeSync(1, `${step}\n`);
  }
  store.close();
}

await session(Math.ceil(Number(steps) / 2));
await session(Number(steps));
