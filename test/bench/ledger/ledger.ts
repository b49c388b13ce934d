/** Everything about a participant's ledger; what each figure and its limit mean stands in docs/operating/benchmarks.md. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figure } from "../measure.js";
import { hotBench } from "./hot.js";
import { recoverBench } from "./recover.js";
import { stateBench } from "./state.js";

const SOLO = fileURLToPath(new URL("./soloMain.js", import.meta.url));

export async function* ledgerBench(): AsyncIterable<Figure> {
  yield* recoverBench();
  yield* stateBench();
  yield JSON.parse(execFileSync(process.execPath, [SOLO], { encoding: "utf8" }));
  yield await hotBench();
}
