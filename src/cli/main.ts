#!/usr/bin/env node
import type { Console } from "./output.js";

// A reader that closes the pipe early (`edgeseal status | head`) is no reason for a stack trace.
process.stdout.on("error", () => process.exit());

const words = process.argv.slice(2);
const console: Console = {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  environment: process.env,
};
process.exitCode = await runWords();

async function runWords(): Promise<number> {
  if (words[0] === "start") {
    const { keepHeapSmall } = await import("../node/memory.js");
    keepHeapSmall();
    const { plainStart, start } = await import("./verbs/start.js");
    const options = plainStart(words);
    if (options !== undefined) return await start(console, options);
  }
  const { run } = await import("./program.js");
  return await run(words, console);
}
