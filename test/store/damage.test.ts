/** A medium that forgets or changes bits, and files that grow. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SqlEngine } from "../../src/store/driver.js";
import { LOG_FILE_BYTES_MAX } from "../../src/store/openDatabase.js";
import { loadEngine } from "../../src/store/openStore.js";
import { StoreError } from "../../src/store/problems.js";
import { LOG_FRAMES_MAX, openSqliteStore, type SqliteStore } from "../../src/store/sqliteStore.js";
import { seededRandom } from "../support/powerLossDisk.js";
import { ExpectedContent, workloadStep } from "../support/powerLossWorkload.js";
import { assertRefused, bytesFor, recordWrite, runWrite } from "../support/storeContract.js";

const FRAME_BYTES = 4096 + 24;

let folder: string;
let path: string;
let engine: SqlEngine;

beforeAll(async () => {
  engine = await loadEngine();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-damage-"));
  path = join(folder, "chain.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function withStore(use: (store: SqliteStore) => void): void {
  const store = openSqliteStore(engine, path);
  try {
    use(store);
  } finally {
    store.close();
  }
}

function alter(sql: string): void {
  const database = engine.open(path);
  database.exec(sql);
  database.close();
}

describe("a damaged row", () => {
  beforeEach(() =>
    withStore((store) => store.apply([recordWrite("head", bytesFor(1, 40)), runWrite(0, 8), runWrite(8, 8)])),
  );

  it("is refused when read, with its place, and found by a check", () => {
    alter("UPDATE run SET bytes = zeroblob(100) WHERE start = 8; UPDATE record SET bytes = x'00'");
    withStore((store) => {
      const run = assertRefused(() => store.run(9), "STORE_CORRUPT");
      expect(run.problem).toEqual({ code: "STORE_CORRUPT", path, place: "run 8", engineCode: "CHECKSUM" });
      const record = assertRefused(() => store.record("head"), "STORE_CORRUPT");
      expect(record.problem).toMatchObject({ place: "record head" });
      expect(store.run(7)?.count).toBe(8);
      expect(store.check()).toEqual(["STORE_CORRUPT"]);
    });
  });

  it.each([
    ["another key", "UPDATE run SET start = 100 WHERE start = 8"],
    ["another length", "UPDATE run SET count = 7 WHERE start = 8"],
    ["another status", "UPDATE run SET status = 2 WHERE start = 8"],
    ["no known status", "UPDATE run SET status = 9 WHERE start = 8"],
    ["a key beyond all heights", "UPDATE run SET start = 9223372036854775807 WHERE start = 8"],
  ])("is found in spans and by a check when it has %s", (_, sql) => {
    alter(sql);
    withStore((store) => {
      assertRefused(() => store.spans(), "STORE_CORRUPT");
      expect(store.check()).toContain("STORE_CORRUPT");
    });
  });

  it("can be written anew, which heals the store", () => {
    alter("UPDATE run SET bytes = zeroblob(100) WHERE start = 8");
    withStore((store) => {
      assertRefused(() => store.run(8), "STORE_CORRUPT");
      store.apply([runWrite(8, 8)]);
      expect(store.check()).toEqual([]);
    });
  });

  it("is found by a check when runs overlap", () => {
    withStore((store) => store.apply([runWrite(100, 4)]));
    const other = join(folder, "other.db");
    const store = openSqliteStore(engine, other);
    store.apply([runWrite(102, 4)]);
    store.close();
    alter(`ATTACH '${other}' AS other; INSERT INTO main.run SELECT * FROM other.run`);
    withStore((damaged) => expect(damaged.check()).toEqual(["STORE_RUN_OVERLAP"]));
  });
});

describe("a damaged file", () => {
  const STEPS = 50;
  const FLIPS = 300;

  /** Every height either reads as it was written, or is refused; a whole sound store holds the whole content. */
  function judge(expected: ExpectedContent): "refused" | "found" | "unharmed" {
    let store: SqliteStore;
    try {
      store = openSqliteStore(engine, path);
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError);
      return "refused";
    }
    try {
      const codes = store.check();
      if (codes.length > 0) return "found";
      expected.assertEqual(store, STEPS);
      return "unharmed";
    } finally {
      store.close();
    }
  }

  it(`never passes as sound with other content, over ${FLIPS} flipped bits`, () => {
    withStore((store) => {
      for (let step = 1; step <= STEPS; step++) store.apply(workloadStep(step));
    });
    const sound = readFileSync(path);
    const random = seededRandom(4);
    const expected = new ExpectedContent();
    const verdicts = { refused: 0, found: 0, unharmed: 0 };
    for (let flip = 0; flip < FLIPS; flip++) {
      const damaged = Uint8Array.from(sound);
      const place = Math.floor(random() * damaged.length);
      damaged[place] = (damaged[place] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(path, damaged);
      verdicts[judge(expected)] += 1;
    }
    // What is unharmed fell into unused space of a page or of the file header.
    expect(verdicts.found).toBeGreaterThan(FLIPS / 3);
    expect(verdicts.unharmed).toBeGreaterThan(0);
  });

  it("is refused or found when it was cut short", () => {
    withStore((store) => {
      for (let step = 1; step <= STEPS; step++) store.apply(workloadStep(step));
    });
    const sound = readFileSync(path);
    for (const bytes of [1, 50, 512, 4096, 5000, sound.length - 4096, sound.length - 1]) {
      writeFileSync(path, sound.subarray(0, bytes));
      expect(judge(new ExpectedContent()), `${bytes} bytes`).not.toBe("unharmed");
      rmSync(`${path}-wal`, { force: true });
    }
  });
});

describe("growth", () => {
  it("keeps the log near its limit over many commits", () => {
    withStore((store) => {
      let largest = 0;
      for (let height = 0; height < 700; height++) {
        store.apply([runWrite(height, 1, "certified", 6000), recordWrite("head", bytesFor(height, 20))]);
        largest = Math.max(largest, statSync(`${path}-wal`).size);
      }
      expect(largest).toBeGreaterThan((LOG_FRAMES_MAX - 10) * FRAME_BYTES);
      expect(largest).toBeLessThan((LOG_FRAMES_MAX + 10) * FRAME_BYTES);
      expect(store.check()).toEqual([]);
    });
  });

  it("cuts the log back after a very large transaction", () => {
    withStore((store) => {
      store.apply(Array.from({ length: 15 }, (_, i) => runWrite(i, 1, "certified", 1_000_000)));
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(LOG_FILE_BYTES_MAX);
      store.apply([recordWrite("a", bytesFor(1, 1))]);
      expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(LOG_FILE_BYTES_MAX);
    });
  });

  it("uses pruned space again", () => {
    withStore((store) => {
      let size = 0;
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 10; i++) store.apply([runWrite((round * 10 + i) * 8, 8, "certified", 300_000)]);
        store.apply([{ kind: "prune", below: (round + 1) * 80 }]);
        if (round === 0) size = store.usage.bytesOnDisk;
      }
      expect(store.spans()).toEqual([]);
      expect(store.usage.bytesOnDisk).toBeLessThan(size + 5_000_000);
    });
    expect(statSync(path).size).toBeLessThan(4_000_000);
  });
});
