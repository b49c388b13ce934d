/** Everything about the light node; what each figure and its limit mean stands in docs/operating/benchmarks.md. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figure } from "../measure.js";
import { issueLongChain, realProcess, sizes, skip, withPublishedChain } from "./longChain.js";

const THROUGHPUT = fileURLToPath(new URL("./throughputMain.js", import.meta.url));
const HEADERS = { "light.forward": 10_000, "light.forward.sm": 1_500, "light.backward": 40_000 } as const;

export async function* lightBench(): AsyncIterable<Figure> {
  for (const [name, headers] of Object.entries(HEADERS)) {
    yield JSON.parse(execFileSync(process.execPath, [THROUGHPUT, name, String(headers)], { encoding: "utf8" }));
  }
  const chain = await issueLongChain();
  yield* sizes(chain);
  yield* await withPublishedChain(chain, async (broker, publisher) => [
    ...(await skip(chain, broker)),
    ...(await realProcess(chain, broker, publisher)),
  ]);
}
