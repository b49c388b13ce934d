/**
 * Records a writer under strace and opens every disk that a power loss could have left behind, at every single change
 * (the method of ALICE: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SqlEngine } from "../../src/store/driver.js";
import { openSqliteStore } from "../../src/store/sqliteStore.js";
import { LOSS_MODES, type LossMode, PowerLossDisk, seededRandom } from "./powerLossDisk.js";
import { type DiskOperation, readTrace, TRACED_CALLS } from "./powerLossTrace.js";
import { ExpectedContent, stepsIn } from "./powerLossWorkload.js";

const TRACE_BYTES_MAX = 1 << 20;
const STEP = /^\d+$/m;

export interface ReplayResult {
  images: number;
  /** Images that do not open, do not check clean, or hold anything but the content after some step. */
  damaged: string[];
  /** Images that miss acknowledged steps. */
  losing: number;
  /** Most acknowledged steps missing in one image. */
  lostMost: number;
}

/**
 * Runs `node program place args...` and gives back what its main thread did to files in a folder: `place` itself, or the one
 * that the file `place` is in.
 */
export function recordWriter(
  program: string,
  place: string,
  args: readonly string[],
  folder = dirname(place),
): DiskOperation[] {
  mkdirSync(folder, { recursive: true });
  const trace = `${folder}.trace`;
  const options = ["-o", trace, "-xx", "-s", String(TRACE_BYTES_MAX), "-e", `trace=${TRACED_CALLS}`];
  execFileSync("strace", [...options, process.execPath, program, place, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const operations = readTrace(readFileSync(trace, "latin1"), folder);
  rmSync(trace);
  return operations;
}

export interface PowerLossImage {
  readonly image: ReadonlyMap<string, Uint8Array>;
  /** Lines that the writer had said before the power went. */
  readonly said: readonly string[];
  readonly mode: LossMode;
  /** For people. */
  readonly place: string;
}

/** What a power loss could have left behind at every single change. @param modes drawn after each change. */
export function* imagesOf(
  operations: readonly DiskOperation[],
  random: () => number,
  modes: (index: number) => readonly LossMode[],
): Generator<PowerLossImage> {
  const disk = new PowerLossDisk();
  const said: string[] = [];
  for (const [index, operation] of operations.entries()) {
    disk.apply(operation);
    if (operation.kind === "say") said.push(operation.text);
    for (const mode of modes(index)) {
      yield { image: disk.image(mode, random), said, mode, place: `${index} ${operation.kind} ${mode}` };
    }
  }
}

/** Every mode, the random ones so many times. */
function drawsOf(draws: number): LossMode[] {
  return LOSS_MODES.flatMap((mode) => new Array<LossMode>(mode === "subset" || mode === "torn" ? draws : 1).fill(mode));
}

/** In place of whatever is in the folder. */
export function writeImage(folder: string, image: ReadonlyMap<string, Uint8Array>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of image) writeFileSync(join(folder, name), content);
}

export interface ReplayOptions {
  readonly engine: SqlEngine;
  readonly operations: readonly DiskOperation[];
  /** Name of the database file in the recorded folder. */
  readonly file: string;
  /** An empty folder for images; in memory if there is one, for the images need no durability themselves. */
  readonly scratch: string;
  readonly seed: number;
  /** How often the random modes are drawn at each change. */
  readonly draws: number;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #expected = new ExpectedContent();
  readonly #random: () => number;
  readonly #result: ReplayResult = { images: 0, damaged: [], losing: 0, lostMost: 0 };

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  run(): ReplayResult {
    const { operations, draws } = this.#options;
    for (const { image, said, mode, place } of imagesOf(operations, this.#random, () => drawsOf(draws))) {
      const acknowledged = said.findLast((text) => STEP.test(text));
      this.#examine(image, Number(acknowledged ?? 0), place, mode);
    }
    return this.#result;
  }

  #examine(image: ReadonlyMap<string, Uint8Array>, acknowledged: number, place: string, mode: LossMode): void {
    const { scratch, file, engine } = this.#options;
    writeImage(scratch, image);
    this.#result.images += 1;
    try {
      const store = openSqliteStore(engine, join(scratch, file));
      try {
        const kept = stepsIn(store);
        const lost = acknowledged - kept;
        if (lost > 0) this.#result.losing += 1;
        this.#result.lostMost = Math.max(this.#result.lostMost, lost);
        const codes = store.check();
        if (codes.length > 0) this.#result.damaged.push(`${place}: ${codes.join(" ")}`);
        else this.#expected.assertEqual(store, kept);
      } finally {
        store.close();
      }
    } catch (error) {
      this.#result.damaged.push(`${place} (${mode}): ${String(error)}`);
    }
  }
}
