/**
 * A gateway's store that is killed again and again, and one whose power is cut at every change of its files: what was
 * acknowledged is there, and nothing is half there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteGatewayStore } from "../../src/store/gateway/sqliteGatewayStore.js";
import { type CompiledModules, compileModules } from "../support/compiledModules.js";
import { CaseClock } from "../support/gatewayStoreContract.js";
import { ExpectedGateway, gatewayStepsIn, WORKLOAD_LIMITS } from "../support/gatewayWorkload.js";
import { LOSS_MODES, seededRandom } from "../support/powerLossDisk.js";
import { imagesOf, recordWriter, writeImage } from "../support/powerLossReplay.js";

const SOAK = Math.max(1, Number(process.env.EDGESEAL_SOAK ?? 1));
const KILLS = 12 * SOAK;
const STEPS_WITHOUT_END = "1000000000";
/** The kill comes this many acknowledged steps after the start, plus a random part of a step. */
const STEPS_BEFORE_KILL_MAX = 60;
const LOG_FRAMES = "60";
const POWER_STEPS = 24 * SOAK;
const WRITER = "test/store/children/gatewayWriter";
const FILE = "gateway.db";

let folder: string;
let children: CompiledModules;

beforeAll(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "edgeseal-gateway-crash-"));
  children = compileModules([WRITER]);
}, 60_000);
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

const open = (path: string) => openSqliteGatewayStore(path, { clock: new CaseClock(), limits: WORKLOAD_LIMITS });

/** Runs the writer, kills it after `steps` acknowledgements, and gives back the last step it acknowledged, 0 for none. */
async function writeUntilKilled(path: string, steps: number): Promise<number> {
  const writer = spawn(process.execPath, [children.path(WRITER), path, STEPS_WITHOUT_END, LOG_FRAMES], {
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
  return said.split("\n").slice(0, -1).map(Number).filter(Number.isFinite).at(-1) ?? 0;
}

it(
  `keeps every acknowledged write over ${KILLS} kills`,
  async () => {
    const path = join(folder, FILE);
    const random = seededRandom(7);
    const expected = new ExpectedGateway();
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntilKilled(path, Math.floor(random() * STEPS_BEFORE_KILL_MAX));
      acknowledged = Math.max(acknowledged, last);
      const store = await open(path);
      const kept = gatewayStepsIn(store);
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

describe("power loss", () => {
  async function replay(synchronous: "FULL" | "NORMAL", seed: number) {
    const place = join(folder, synchronous, FILE);
    const args = [String(POWER_STEPS), LOG_FRAMES, synchronous];
    const operations = recordWriter(children.path(WRITER), place, args);
    const expected = new ExpectedGateway();
    const result = { images: 0, losing: 0 };
    const scratch = join(folder, "image");
    for (const { image, said, place: where } of imagesOf(operations, seededRandom(seed), () => LOSS_MODES)) {
      writeImage(scratch, image);
      const store = await open(join(scratch, FILE));
      const kept = gatewayStepsIn(store);
      result.images += 1;
      if (kept < Number(said.at(-1) ?? 0)) result.losing += 1;
      expect(store.check(), where).toEqual([]);
      expected.assertEqual(store, kept);
      store.close();
    }
    return result;
  }

  it(
    "never takes an acknowledged write and never damages the file",
    async () => {
      const result = await replay("FULL", 1);
      process.stdout.write(`power loss of a gateway, FULL: ${JSON.stringify(result)}\n`);
      expect(result.losing).toBe(0);
      expect(result.images).toBeGreaterThan(500);
    },
    120_000 * SOAK,
  );

  it(
    "would take acknowledged writes without a sync at every commit: the replay can see a loss",
    async () => {
      const result = await replay("NORMAL", 2);
      process.stdout.write(`power loss of a gateway, NORMAL: ${JSON.stringify(result)}\n`);
      expect(result.losing).toBeGreaterThan(50);
    },
    120_000 * SOAK,
  );
});
