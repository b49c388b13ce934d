/**
 * Power loss at every change that a lone sealer makes to its files, ledger, guard and snapshots together: a start finds a
 * committed block with its state, and the guard lets the next one be made. `EDGESEAL_SOAK=10` looks at more images.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { codeOf } from "../../../src/base/error.js";
import { SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";
import { LEDGER_FILE } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { type CompiledModules, compileModules } from "../../support/compiledModules.js";
import { LOSS_MODES, type LossMode, seededRandom } from "../../support/powerLossDisk.js";
import { imagesOf, type PowerLossImage, recordWriter, writeImage } from "../../support/powerLossReplay.js";
import type { DiskOperation } from "../../support/powerLossTrace.js";
import { findFault, lifeIn, SealerLife } from "../../support/sealerLife.js";

const SOAK = Math.max(1, Number(process.env.EDGESEAL_SOAK ?? 1));
const BLOCKS = 24;
const SNAPSHOT_EVERY = 5;
/** Images in all, spread over the changes. */
const IMAGES = 1_100 * SOAK;
const WRITER = "test/store/children/ledgerWriter";
/** A life that wants other blocks than the recorded ones. */
const OTHER_LIFE = 9;

let folder: string;
let children: CompiledModules;

beforeAll(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "edgeseal-ledger-powerloss-"));
  children = compileModules([WRITER]);
}, 180_000);
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

function record(synchronous: "FULL" | "NORMAL"): DiskOperation[] {
  const at = join(folder, synchronous);
  return recordWriter(children.path(WRITER), at, [String(BLOCKS), String(SNAPSHOT_EVERY), synchronous], at);
}

interface Block {
  readonly number: number;
  readonly hash: string;
}

function announced(said: readonly string[]): Block[] {
  return said.flatMap((text) => {
    const [, number, hash] = /^(\d+) ([0-9a-f]{64})\n$/.exec(text) ?? [];
    return number === undefined || hash === undefined ? [] : [{ number: Number(number), hash }];
  });
}

/** What is wrong with what a start finds, "" for nothing; and how many announced blocks are missing. */
async function examine({ said }: PowerLossImage, blocks: readonly Block[], at: string): Promise<[string, number]> {
  const life = await SealerLife.begin(await lifeIn(at, SNAPSHOT_EVERY), OTHER_LIFE);
  try {
    const { height, world } = life;
    const lost = (announced(said).at(-1)?.number ?? 0) - height;
    const head = toHex(world.ledger.head.hash);
    if (height > 0 && blocks[height - 1]?.hash !== head) return [`another block ${height}`, lost];
    const fault = findFault(world);
    if (fault !== "") return [fault, lost];
    const goal = height + 1;
    const refused = await life.sealTo(goal).then(() => "", codeOf);
    if (refused !== "") return [refused, lost];
    return [life.height === goal ? findFault(world) : `no block ${goal}`, lost];
  } finally {
    await life.end();
  }
}

interface Found {
  images: number;
  losing: number;
  readonly faults: string[];
}

async function replay(operations: readonly DiskOperation[], seed: number, images = IMAGES): Promise<Found> {
  const random = seededRandom(seed);
  const blocks = announced(operations.flatMap((each) => (each.kind === "say" ? [each.text] : [])));
  const found: Found = { images: 0, losing: 0, faults: [] };
  let due = 0;
  const modes = (): LossMode[] => {
    due += images / operations.length;
    const drawn: LossMode[] = [];
    for (; due >= 1; due--) drawn.push(LOSS_MODES[Math.floor(random() * LOSS_MODES.length)] as LossMode);
    return drawn;
  };
  const at = join(folder, "image");
  for (const each of imagesOf(operations, random, modes)) {
    writeImage(at, each.image);
    found.images++;
    try {
      const [fault, lost] = await examine(each, blocks, at);
      if (lost > 0) found.losing++;
      if (fault !== "") found.faults.push(`${each.place}: ${fault}`);
    } catch (thrown) {
      found.faults.push(`${each.place}: ${String(thrown)}`);
    }
  }
  return found;
}

const countOf = (operations: readonly DiskOperation[], kind: DiskOperation["kind"], file: RegExp): number =>
  operations.filter((each) => each.kind === kind && "file" in each && file.test(each.file)).length;

it(
  "leaves a committed block with its state, and a guard that goes on",
  async () => {
    const operations = record("FULL");
    const blocks = announced(operations.flatMap((each) => (each.kind === "say" ? [each.text] : [])));
    expect(blocks.map(({ number }) => number)).toEqual(Array.from({ length: BLOCKS }, (_, i) => i + 1));
    // A proposal, a slot of the guard and the block itself.
    expect(countOf(operations, "sync", new RegExp(`^${LEDGER_FILE}-wal`))).toBeGreaterThanOrEqual(2 * BLOCKS);
    expect(countOf(operations, "sync", new RegExp(`^${SIGNING_FILE}-wal`))).toBeGreaterThanOrEqual(BLOCKS);
    expect(countOf(operations, "rename", /unfinished/)).toBeGreaterThanOrEqual(3);
    const found = await replay(operations, 1);
    process.stdout.write(`ledger power loss: ${JSON.stringify({ ...found, operations: operations.length })}\n`);
    expect(found.faults).toEqual([]);
    expect(found.losing).toBe(0);
    expect(found.images).toBeGreaterThan(IMAGES - 10);
  },
  180_000 * SOAK,
);

it("would take announced blocks without a sync at every commit: the replay can see a loss", async () => {
  const found = await replay(record("NORMAL"), 2, 250);
  process.stdout.write(`ledger power loss, NORMAL: ${JSON.stringify({ ...found, faults: found.faults.length })}\n`);
  expect(found.losing).toBeGreaterThan(20);
  // The guard remembers what the ledger forgot: such a chain cannot go on.
  expect(new Set(found.faults.map((fault) => fault.split(": ").at(-1)))).toEqual(new Set(["SIGN_CONFLICT"]));
}, 180_000);
