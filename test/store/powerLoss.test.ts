/**
 * Power loss at every change the store makes to its files. `EDGESEAL_SOAK=10 npx vitest run test/store/powerLoss.test.ts`
 * takes ten times as many draws and steps.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEngine } from "../../src/store/openStore.js";
import { Replay, type ReplayResult, recordWriter } from "../support/powerLossReplay.js";
import type { DiskOperation } from "../support/powerLossTrace.js";
import { type CompiledChildren, compileChildren } from "./children/compile.js";

const SOAK = Math.max(1, Number(process.env.EDGESEAL_SOAK ?? 1));
const STEPS = 60 * SOAK;
/** Short, so that the log is copied and started anew several times within a few steps. */
const LOG_FRAMES = 24;
const FILE = "chain.db";

let folder: string;
let children: CompiledChildren;

beforeAll(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "edgeseal-powerloss-"));
  children = compileChildren();
}, 60_000);
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

function record(synchronous: "FULL" | "NORMAL"): DiskOperation[] {
  const path = join(folder, synchronous, FILE);
  return recordWriter(children.program("writer"), path, [String(STEPS), String(LOG_FRAMES), synchronous]);
}

async function replay(operations: readonly DiskOperation[], seed: number): Promise<ReplayResult> {
  const engine = await loadEngine();
  const scratch = join(folder, "image");
  return new Replay({ engine, operations, file: FILE, scratch, seed, draws: SOAK }).run();
}

function countOf(operations: readonly DiskOperation[], kind: DiskOperation["kind"], file = ""): number {
  return operations.filter((each) => each.kind === kind && (!("file" in each) || each.file === file)).length;
}

/** What the store says it handed to the disk between opening and closing is what the trace saw. */
function expectCountedBytes(operations: readonly DiskOperation[]): void {
  let bytes = 0;
  let sessions = 0;
  for (const operation of operations) {
    if (operation.kind === "write") bytes += operation.bytes.length;
    if (operation.kind !== "say") continue;
    if (operation.text === "opened\n") bytes = 0;
    if (!operation.text.startsWith("wrote ")) continue;
    sessions += 1;
    expect(Number(operation.text.slice("wrote ".length))).toBe(bytes);
  }
  expect(sessions).toBe(2);
}

describe("power loss", () => {
  it(
    "never takes an acknowledged step and never damages the file",
    async () => {
      const operations = record("FULL");
      expect(countOf(operations, "say")).toBe(STEPS + 4);
      expect(countOf(operations, "syncFolder")).toBeGreaterThan(0);
      expect(countOf(operations, "sync", `${FILE}-wal`)).toBeGreaterThanOrEqual(STEPS);
      // One sync when the file is made, then one for each time the log was copied into it.
      expect(countOf(operations, "sync", FILE)).toBeGreaterThanOrEqual(4);
      const result = await replay(operations, 1);
      expectCountedBytes(operations);
      process.stdout.write(`power loss, FULL: ${JSON.stringify({ ...result, operations: operations.length })}\n`);
      expect(result.damaged).toEqual([]);
      expect(result.losing).toBe(0);
      expect(result.images).toBeGreaterThan(2000);
    },
    60_000 * SOAK,
  );

  it(
    "would take acknowledged steps without a sync at every commit: the replay can see a loss",
    async () => {
      const result = await replay(record("NORMAL"), 2);
      process.stdout.write(`power loss, NORMAL: ${JSON.stringify(result)}\n`);
      expect(result.damaged).toEqual([]);
      expect(result.losing).toBeGreaterThan(100);
    },
    60_000 * SOAK,
  );
});
