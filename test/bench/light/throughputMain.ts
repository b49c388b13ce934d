/** One throughput figure in a process of its own: what ran before would otherwise decide how well V8 has optimised it. */
import { backward, forward } from "./throughput.js";

const [name, headers = ""] = process.argv.slice(2);
const count = Number(headers);
const figure =
  name === "light.backward"
    ? await backward(count)
    : await forward(name === "light.forward.sm" ? "sm" : "ecdsa", count);
process.stdout.write(`${JSON.stringify(figure)}\n`);
