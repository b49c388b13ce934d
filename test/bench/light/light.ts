import type { Figure } from "../measure.js";
import { backward, forward } from "./throughput.js";

export async function* lightBench(): AsyncIterable<Figure> {
  yield await forward("ecdsa", 10_000);
  yield await forward("sm", 1_500);
  yield await backward(20_000);
}
