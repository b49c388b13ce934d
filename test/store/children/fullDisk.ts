/**
 * Fills a small disk to the last byte. The argument is a folder on a file system of its own with about a megabyte.
 * Says one JSON line: what was acknowledged, how writing failed, and what a reopened store holds once there is space again.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../../src/base/error.js";
import { openChainStore } from "../../../src/store/openStore.js";
import { ExpectedContent, stepsIn, workloadStep } from "../../support/powerLossWorkload.js";

const [, , folder = ""] = process.argv;
const path = join(folder, "chain.db");
const ballast = join(folder, "ballast");
writeFileSync(ballast, new Uint8Array(300_000));

function failureAt(step: number, apply: () => void): string | undefined {
  try {
    apply();
    return undefined;
  } catch (error) {
    return `${step} ${codeOf(error)}`;
  }
}

const store = await openChainStore({ path });
let acknowledged = 0;
let failure: string | undefined;
while (failure === undefined && acknowledged < 100_000) {
  const step = acknowledged + 1;
  failure = failureAt(step, () => store.apply(workloadStep(step)));
  if (failure === undefined) acknowledged = step;
}
const again = failureAt(0, () => store.apply(workloadStep(acknowledged + 1)));
const readable = stepsIn(store);
store.close();

rmSync(ballast);
const reopened = await openChainStore({ path });
const kept = stepsIn(reopened);
const codes = reopened.check();
new ExpectedContent().assertEqual(reopened, kept);
reopened.apply(workloadStep(kept + 1));
const resumed = stepsIn(reopened);
reopened.close();
process.stdout.write(`${JSON.stringify({ acknowledged, failure, again, readable, kept, codes, resumed })}\n`);
