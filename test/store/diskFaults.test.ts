/** Errors of the disk, injected into the calls of a real process: the store stops, says why, and loses nothing. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChainStore } from "../../src/store/openStore.js";
import { ExpectedContent, stepsIn, workloadStep } from "../support/powerLossWorkload.js";
import { type CompiledChildren, compileChildren } from "./children/compile.js";
import type { WriterFailure } from "./children/writer.js";

const STEPS = "30";
const LOG_FRAMES = "24";

let folder: string;
let children: CompiledChildren;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-faults-"));
  children = compileChildren();
});
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  /** The file whose call was made to fail: `log`, `database`, `journal` or `folder`. */
  readonly where: string;
  readonly acknowledged: number;
  readonly failure: WriterFailure | undefined;
}

function whereOf(path: string, file: string): string {
  const names = new Map([
    [path, "database"],
    [`${path}-wal`, "log"],
    [`${path}-journal`, "journal"],
    [folder, "folder"],
  ]);
  return names.get(file) ?? file;
}

/** Runs the writer on a file of its own with one `strace --inject` rule. */
function writeWith(path: string, inject: string): Outcome {
  const call = inject.slice(0, inject.indexOf(":"));
  const trace = `${path}.trace`;
  const options = ["-o", trace, "-y", "-e", `trace=${call}`, "-e", `inject=${inject}`];
  const writer = [children.program("writer"), path, STEPS, LOG_FRAMES];
  const said = execFileSync("strace", [...options, process.execPath, ...writer], { encoding: "latin1" }).split("\n");
  const injected = /<([^>]*)>.*\(INJECTED\)/.exec(readFileSync(trace, "latin1"));
  const failed = said.find((line) => line.startsWith("failed "))?.slice("failed ".length);
  return {
    where: whereOf(path, injected?.[1] ?? "nowhere"),
    acknowledged: Math.max(0, ...said.map(Number).filter(Number.isFinite)),
    failure: failed === undefined ? undefined : (JSON.parse(failed) as WriterFailure),
  };
}

/** What a writer syncs when nothing fails, in order. */
function syncedFiles(path: string): string[] {
  const trace = `${path}.trace`;
  const writer = [children.program("writer"), path, STEPS, LOG_FRAMES];
  execFileSync("strace", ["-o", trace, "-y", "-e", "trace=fsync", process.execPath, ...writer]);
  const calls = readFileSync(trace, "latin1").matchAll(/^fsync\(\d+<([^>]*)>/gm);
  return [...calls].map(([, file = ""]) => whereOf(path, file));
}

async function expectNothingLost(path: string, acknowledged: number): Promise<void> {
  const store = await openChainStore({ path });
  const kept = stepsIn(store);
  expect(kept).toBeGreaterThanOrEqual(acknowledged);
  expect(kept).toBeLessThanOrEqual(acknowledged + 1);
  expect(store.check()).toEqual([]);
  new ExpectedContent().assertEqual(store, kept);
  store.apply(workloadStep(kept + 1));
  expect(stepsIn(store)).toBe(kept + 1);
  store.close();
}

/** Opening, writing or closing says what happened; after a failed write the store only reads. */
function expectStopped({ failure }: Outcome, code: string): void {
  expect(failure?.code).toBe(code);
  expect(failure?.again).toBe(failure?.when === "apply" ? "STORE_STOPPED" : "none");
  expect(failure?.read).toBe("none");
}

describe("a failing disk", () => {
  it("stops the store at whatever sync fails, and loses nothing", async () => {
    const files = syncedFiles(join(folder, "sound.db"));
    const failedAt = new Set<string>();
    for (const [index, file] of files.entries()) {
      // All of making the file, all of copying the log, and a part of the commits, which are alike.
      if (index >= 10 && file === "log" && index % 6 !== 0) continue;
      const path = join(folder, `sync${index}.db`);
      const outcome = writeWith(path, `fsync:error=EIO:when=${index + 1}`);
      failedAt.add(`${outcome.where} ${outcome.failure?.when}`);
      // The engine takes no notice of a folder it cannot sync (os_unix.c, unixSync).
      if (outcome.where !== "folder") expectStopped(outcome, "STORE_IO");
      await expectNothingLost(path, outcome.acknowledged);
    }
    for (const each of ["database open", "log open", "log apply", "database apply", "database close"]) {
      expect(failedAt).toContain(each);
    }
  });

  it.each([6, 40, 81, 120, 163])("stops the store when the disk is full from write %i on", async (count) => {
    const path = join(folder, `full${count}.db`);
    const outcome = writeWith(path, `pwrite64:error=ENOSPC:when=${count}+`);
    expectStopped(outcome, "STORE_FULL");
    await expectNothingLost(path, outcome.acknowledged);
  });

  it.each([30, 60, 100, 140])("stops the store when write %i fails", async (count) => {
    const path = join(folder, `write${count}.db`);
    const outcome = writeWith(path, `pwrite64:error=EIO:when=${count}`);
    expectStopped(outcome, "STORE_IO");
    await expectNothingLost(path, outcome.acknowledged);
  });
});

interface FullDiskReport {
  readonly acknowledged: number;
  readonly failure: string;
  readonly again: string;
  readonly readable: number;
  readonly kept: number;
  readonly codes: string[];
  readonly resumed: number;
}

describe("a small disk", () => {
  it("stops the store when it is full, and lets it go on when there is space again", () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    // In a mount namespace of its own, so that nothing stays mounted whatever happens to this test.
    const script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" "$1"';
    const command = ["-m", "sh", "-c", script, "sh", disk, process.execPath, children.program("fullDisk")];
    const report = JSON.parse(execFileSync("unshare", command, { encoding: "utf8" })) as FullDiskReport;
    expect(report.acknowledged).toBeGreaterThan(10);
    expect(report.failure).toBe(`${report.acknowledged + 1} STORE_FULL`);
    expect(report.again).toBe("0 STORE_STOPPED");
    expect(report.readable).toBe(report.acknowledged);
    expect(report.kept).toBe(report.acknowledged);
    expect(report.codes).toEqual([]);
    expect(report.resumed).toBe(report.kept + 1);
  });
});
