/** Everything about the light node; what each figure and its limit mean stands in docs/operating/benchmarks.md. */
import type { Figure } from "../measure.js";
import { issueLongChain, realProcess, sizes, skip, withPublishedChain } from "./longChain.js";
import { backward, forward } from "./throughput.js";

const FORWARD_HEADERS = 10_000;
const FORWARD_SM_HEADERS = 1_500;
const BACKWARD_HEADERS = 30_000;

export async function* lightBench(): AsyncIterable<Figure> {
  yield await forward("ecdsa", FORWARD_HEADERS);
  yield await forward("sm", FORWARD_SM_HEADERS);
  yield await backward(BACKWARD_HEADERS);
  const chain = await issueLongChain();
  yield* sizes(chain);
  yield* await withPublishedChain(chain, async (broker, publisher) => [
    ...(await skip(chain, broker)),
    ...(await realProcess(chain, broker, publisher)),
  ]);
}
