/** Errors of the disk, injected into the calls of a real process: the sealer stops, says why, and nothing is half there. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";
import { LEDGER_FILE } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { type CompiledModules, compileModules } from "../../support/compiledModules.js";
import { findFault, lifeIn, SealerLife } from "../../support/sealerLife.js";

const BLOCKS = "12";
const SNAPSHOT_EVERY = 4;
const WRITER = "test/store/children/ledgerWriter";

let base: string;
let children: CompiledModules;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "edgeseal-ledger-faults-"));
  children = compileModules([WRITER]);
}, 60_000);
afterAll(() => {
  children.remove();
  rmSync(base, { recursive: true, force: true });
});

/** Calls of a sound run, in order: the file that each was about. */
function callsOf(call: string): string[] {
  const folder = mkdtempSync(join(base, `sound-${call}-`));
  const trace = `${folder}.trace`;
  const command = ["-o", trace, "-y", "-e", `trace=${call}`, process.execPath, children.path(WRITER), folder, BLOCKS];
  execFileSync("strace", [...command, String(SNAPSHOT_EVERY)]);
  const calls = readFileSync(trace, "latin1").matchAll(new RegExp(`^${call}\\(\\d+<([^>]*)>`, "gm"));
  return [...calls].map(([, file = ""]) => basename(file));
}

/** Places of so many calls on each of the files, spread over the run but for its first quarter, which makes the files. */
function placesIn(calls: readonly string[], files: readonly string[], each: number): number[] {
  return files.flatMap((file) => {
    const places = calls.flatMap((name, i) => (name === file && i > calls.length / 4 ? [i + 1] : []));
    return Array.from({ length: each }, (_, i) => places[Math.floor(((i + 0.5) * places.length) / each)] ?? 0);
  });
}

interface Outcome {
  readonly announced: readonly string[];
  /** Code, height in memory, and what was found wrong there. */
  readonly failure: readonly string[];
  /** Name of the file whose call failed. */
  readonly where: string;
}

function run(folder: string, inject: string): Outcome {
  const call = inject.slice(0, inject.indexOf(":"));
  const trace = `${folder}.trace`;
  mkdirSync(folder);
  const options = ["-o", trace, "-y", "-e", `trace=${call}`, "-e", `inject=${inject}`, process.execPath];
  const command = [...options, children.path(WRITER), folder, BLOCKS, String(SNAPSHOT_EVERY)];
  const said = execFileSync("strace", command, { encoding: "utf8" }).trim().split("\n");
  const failed = said.find((line) => line.startsWith("failed ")) ?? "";
  const injected = /<([^>]*)>.*\(INJECTED\)/.exec(readFileSync(trace, "latin1"));
  return {
    announced: said.filter((line) => /^\d+ [0-9a-f]{64}$/.test(line)),
    failure: failed.split(" ").slice(1),
    where: basename(injected?.[1] ?? "nowhere"),
  };
}

async function expectGoingOn(folder: string, { announced }: Outcome): Promise<void> {
  const life = await SealerLife.begin(await lifeIn(folder, SNAPSHOT_EVERY), 9);
  try {
    const { height, world } = life;
    // The last block may have reached the disk although its writing was reported as failed.
    expect(height - announced.length).toBeGreaterThanOrEqual(0);
    expect(height - announced.length).toBeLessThanOrEqual(1);
    if (height === announced.length && height > 0) {
      expect(`${height} ${toHex(world.ledger.head.hash)}`).toBe(announced.at(-1));
    }
    expect(findFault(world)).toBe("");
    await life.sealTo(height + 2);
    expect(findFault(world)).toBe("");
  } finally {
    await life.end();
  }
}

describe("a sealer", () => {
  it.each([
    ["is full", "pwrite64", "ENOSPC", /^(STORE_FULL|SIGN_STORE_FAILED)$/],
    ["is read-only", "pwrite64", "EROFS", /^(STORE_IO|STORE_READ_ONLY|SIGN_STORE_FAILED)$/],
    ["fails to sync", "fsync", "EIO", /^(STORE_IO|SIGN_STORE_FAILED)$/],
  ] as const)("stops where the disk %s, at the head it announced", async (what, call, error, codes) => {
    const stoppedAt = new Set<string>();
    for (const place of placesIn(callsOf(call), [`${LEDGER_FILE}-wal`, `${SIGNING_FILE}-wal`], 4)) {
      const inject = `${call}:error=${error}`;
      const folder = join(base, `${what.replaceAll(" ", "")}${place}`);
      const outcome = run(folder, `${inject}:when=${place}+`);
      const [code = "none", height, ...fault] = outcome.failure;
      // A snapshot that cannot be written is only logged, and the next write of the ledger fails then.
      expect(code, `${inject} ${place} ${outcome.where}`).toMatch(codes);
      if (height !== "0") expect(Number(height)).toBe(outcome.announced.length);
      expect(fault).toEqual([]);
      stoppedAt.add(code);
      await expectGoingOn(folder, outcome);
    }
    expect(stoppedAt.size).toBeGreaterThan(1);
  });

  it("goes on without the snapshot that could not be written", async () => {
    const folder = join(base, "snapshot");
    const outcome = run(folder, "rename:error=EIO:when=1+");
    expect(outcome.failure).toEqual([]);
    expect(outcome.announced).toHaveLength(Number(BLOCKS));
    await expectGoingOn(folder, outcome);
  });
});
