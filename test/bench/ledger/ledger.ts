/** Everything about a participant's ledger; what each figure and its limit mean stands in docs/operating/benchmarks.md. */
import type { Figure } from "../measure.js";
import { recoverBench } from "./recover.js";
import { stateBench } from "./state.js";

export async function* ledgerBench(): AsyncIterable<Figure> {
  yield* recoverBench();
  yield* stateBench();
}
