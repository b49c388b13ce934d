/** `ledger.solo` in a process of its own: what ran before would otherwise decide how well V8 has optimised it. */
import { soloBench } from "./solo.js";

const figure = await soloBench((sentence) =>
  process.stderr.write(process.argv.includes("--rounds") ? `${sentence}\n` : ""),
);
process.stdout.write(`${JSON.stringify(figure)}\n`);
