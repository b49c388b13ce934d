/** A writer that is killed again and again: what it acknowledged is there, and nothing is half there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChainStore } from "../../src/store/openStore.js";
import { seededRandom } from "../support/powerLossDisk.js";
import { ExpectedContent, stepsIn } from "../support/powerLossWorkload.js";
import { type CompiledChildren, compileChildren } from "./children/compile.js";

const KILLS = 30 * Math.max(1, Number(process.env.EDGESEAL_SOAK ?? 1));
const STEPS_WITHOUT_END = "1000000000";
const LOG_FRAMES = "40";
/** The kill comes this many acknowledged steps after the start, plus a random part of a step. */
const STEPS_BEFORE_KILL_MAX = 60;

let folder: string;
let children: CompiledChildren;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-killed-"));
  children = compileChildren();
});
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the writer, kills it after `steps` acknowledgements, and gives back the last step it acknowledged, 0 for none. */
async function writeUntilKilled(path: string, steps: number): Promise<number> {
  const writer = spawn(process.execPath, [children.program("writer"), path, STEPS_WITHOUT_END, LOG_FRAMES], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  let lines = 0;
  writer.stdout.setEncoding("latin1");
  writer.stdout.on("data", (text: string) => {
    said += text;
    lines += text.split("\n").length - 1;
    if (lines > steps) writer.kill("SIGKILL");
  });
  const [, signal] = await once(writer, "close");
  expect(signal, said.slice(-300)).toBe("SIGKILL");
  const complete = said.split("\n").slice(0, -1).map(Number).filter(Number.isFinite);
  return complete.at(-1) ?? 0;
}

it(
  `keeps every acknowledged step over ${KILLS} kills`,
  async () => {
    const path = join(folder, "chain.db");
    const random = seededRandom(3);
    const expected = new ExpectedContent();
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntilKilled(path, Math.floor(random() * STEPS_BEFORE_KILL_MAX));
      acknowledged = Math.max(acknowledged, last);
      const store = await openChainStore({ path });
      const kept = stepsIn(store);
      expect(kept).toBeGreaterThanOrEqual(acknowledged);
      expect(kept).toBeLessThanOrEqual(acknowledged + 1);
      expect(store.check()).toEqual([]);
      expected.assertEqual(store, kept);
      store.close();
      acknowledged = kept;
    }
    process.stdout.write(`killed ${KILLS} times, ${acknowledged} steps kept\n`);
  },
  60_000 * KILLS,
);
