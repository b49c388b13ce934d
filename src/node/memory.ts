/**
 * Settings of V8 for a process that runs for months on a small board.
 *
 * V8 favours speed over memory: under load it lets the young generation grow to 3 x 16 MiB and the old one to several times
 * what is alive before it collects, and its optimising compiler takes much memory for code that mostly waits for native
 * cryptography. The settings below are read whenever V8 decides anew, so they take effect in a process that runs already. (V8: src/flags/flag-definitions.h, src/heap/heap.cc.)
 */
import { setFlagsFromString } from "node:v8";

/** The old generation may grow by this share of what is alive before the next collection. */
const OLD_GENERATION_GROWTH_PERCENT = 20;
/** Bytes of bytecode a function runs before it is optimised, some 15 times V8's default: only the hottest ones are. */
const OPTIMISE_AFTER_BYTES = 2_000_000;

/** V8's own, as `node --v8-options` of Node 20 shows them. */
const DEFAULTS = ["--semi-space-growth-factor=2", "--heap-growing-percent=0", "--no-optimize-for-size"] as const;
const INTERRUPT_BUDGET_DEFAULT = 67_584;

/** To be called first thing, before the heap has grown. */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString(`--heap-growing-percent=${OLD_GENERATION_GROWTH_PERCENT}`);
  // Among others, collections come after at least 2 MiB of growth instead of 8.
  setFlagsFromString("--optimize-for-size");
  // Later versions do not know this one and would say so on standard error.
  if (process.versions.v8.startsWith("11.")) setFlagsFromString(`--interrupt-budget=${OPTIMISE_AFTER_BYTES}`);
}

/** Back to what V8 does by itself, for a node that seals blocks: with a small heap it would take twice the time for each. */
export function letHeapGrow(): void {
  for (const flag of DEFAULTS) setFlagsFromString(flag);
  if (process.versions.v8.startsWith("11.")) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET_DEFAULT}`);
}
