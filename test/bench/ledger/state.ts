/** The state tree: each group of figures in a process of its own, because a million keys leave their mark on the next. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figure } from "../measure.js";

const MAIN = fileURLToPath(new URL("./stateMain.js", import.meta.url));

export async function* stateBench(): AsyncIterable<Figure> {
  for (const group of ["update", "growth", "proofs"]) {
    const said = execFileSync(process.execPath, [MAIN, group], { encoding: "utf8" });
    for (const line of said.trim().split("\n")) yield JSON.parse(line) as Figure;
  }
}
