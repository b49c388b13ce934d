/** A process with a share of a fleet; its parent tells it which (processes.ts). It ends with its parent. */
import { codeOf } from "../../src/base/error.js";
import { describe } from "../../src/text/describe.js";
import type { FromChild, ToChild } from "./processes.js";
import { runShare } from "./runShare.js";

const abort = new AbortController();

function tell(message: FromChild): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

process.once("disconnect", () => process.exit());
// Ctrl-C goes to the whole group of processes; the parent says when to stop.
process.on("SIGINT", () => undefined);
process.on("message", (message: ToChild) => {
  if (message.kind === "stop") abort.abort();
  else void run(message);
});

async function run({ options, sampleMs }: Extract<ToChild, { readonly kind: "start" }>): Promise<void> {
  try {
    const onSample = (sample: Extract<FromChild, { kind: "sample" }>["sample"]) =>
      void tell({ kind: "sample", sample });
    const result = await runShare(options, { sampleMs, onSample, signal: abort.signal });
    await tell({ kind: "done", result });
  } catch (thrown) {
    await tell({ kind: "failed", reason: `${codeOf(thrown)}: ${describe(thrown).sentence}` });
  }
  process.disconnect?.();
}

await tell({ kind: "ready" });
