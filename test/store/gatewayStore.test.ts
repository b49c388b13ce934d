/** The gateway's store in memory and on both engines: one contract; and what only a disk can do. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { GatewayStore } from "../../src/device/gateway/store.js";
import { loadBetterSqlite, NODE_MAJOR_TOO_NEW } from "../../src/store/betterSqlite.js";
import type { SqlEngine } from "../../src/store/driver.js";
import { type GatewayStoreLimits, WRITTEN_FLUSH_MS } from "../../src/store/gateway/limits.js";
import { MemoryGatewayStore } from "../../src/store/gateway/memoryGatewayStore.js";
import { GATEWAY_FILE, openSqliteGatewayStore } from "../../src/store/gateway/sqliteGatewayStore.js";
import { loadEngine } from "../../src/store/openStore.js";
import { type CompiledModules, compileModules } from "../support/compiledModules.js";
import { CaseClock, GATEWAY_STORE_CONTRACT, receiptWrite, telemetryWrite } from "../support/gatewayStoreContract.js";
import { assertRefused, bytesFor } from "../support/storeContract.js";
import { nodeWithSqlite } from "./children/node22.js";

const CHILD = "test/store/children/gatewayContract";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-gateway-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the gateway's store in memory", () => {
  for (const { name, run } of GATEWAY_STORE_CONTRACT) {
    it(name, async () => {
      const clock = new CaseClock();
      const open = async (limits?: Partial<GatewayStoreLimits>) => new MemoryGatewayStore(clock, limits);
      // It has nothing but its memory to open anew.
      await run({ clock, open, reopened: async (store) => store });
    });
  }
});

const served = Number.parseInt(process.versions.node, 10) < NODE_MAJOR_TOO_NEW;

const onBetterSqlite = (): void => {
  let engine: SqlEngine;
  beforeAll(async () => {
    engine = await loadBetterSqlite();
  });

  for (const { name, run } of GATEWAY_STORE_CONTRACT) {
    it(name, async () => {
      const clock = new CaseClock();
      const opened: GatewayStore[] = [];
      const open = async (limits: Partial<GatewayStoreLimits> = {}) => {
        const store = await openSqliteGatewayStore(join(folder, GATEWAY_FILE), { clock, engine, limits });
        opened.push(store);
        return store;
      };
      const reopened = (store: GatewayStore, limits?: Partial<GatewayStoreLimits>) => {
        store.close();
        return open(limits);
      };
      try {
        await run({ clock, open, reopened });
      } finally {
        for (const store of opened) store.close();
      }
    });
  }
};
// What Node's version rules out is no test at all.
if (served) describe("the gateway's store on better-sqlite3", onBetterSqlite);

describe("the gateway's store on node:sqlite", () => {
  let child: CompiledModules;
  const reports = new Map<string, string>();

  beforeAll(() => {
    child = compileModules([CHILD]);
    const place = mkdtempSync(join(tmpdir(), "edgeseal-gateway-node-"));
    try {
      const command = ["--disable-warning=ExperimentalWarning", child.path(CHILD), place];
      const said = execFileSync(nodeWithSqlite(), command, { encoding: "utf8" });
      for (const line of said.trim().split("\n")) {
        const { name, problem } = JSON.parse(line) as { name: string; problem: string };
        reports.set(name, problem);
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }, 120_000);
  afterAll(() => child.remove());

  for (const { name } of GATEWAY_STORE_CONTRACT) {
    it(name, () => expect(reports.get(name)).toBe(""));
  }
});

describe("the gateway's store on a disk", () => {
  const path = () => join(folder, GATEWAY_FILE);
  const open = (options = {}) => openSqliteGatewayStore(path(), { clock: new CaseClock(), ...options });

  it("is one process's at a time", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: "STORE_IN_USE" });
    store.close();
  });

  it("names a damaged row and serves the others", async () => {
    const engine = await loadEngine();
    const tables: readonly (readonly [change: string, place: string, use: (store: GatewayStore) => unknown])[] = [
      ["lasting SET bytes = x'00' WHERE kind = 4", "device lamp", (store) => store.load()],
      ["lasting SET key = x'6c6f636b' WHERE kind = 5", "shadow lock", (store) => store.load()],
      ["brief SET bytes = x'00' WHERE kind = 2", "counter gateway", (store) => store.load()],
      ["receipt SET bytes = x'00' WHERE sequence = 1", "receipt 1", (store) => store.receipt(1)],
      ["receipt SET hash = x'00' WHERE sequence = 1", "receipt 1", (store) => store.receipt(1)],
      ["input SET bytes = x'00' WHERE sequence = 1", "input 1", (store) => store.receipt(1)],
      ["telemetry SET to_ms = to_ms + 1", "telemetry 1", (store) => [...store.telemetry(0, 2 ** 50)]],
      ["outbox SET name = x'41'", "outbox 1", (store) => store.outboxNext()],
    ];
    for (const [change, place, use] of tables) {
      rmSync(path(), { force: true });
      const store = await open();
      store.apply([
        { kind: "device", id: "lamp", bytes: bytesFor(1, 50) },
        { kind: "shadow", id: "lamp", bytes: bytesFor(2, 50) },
        { kind: "counter", name: "gateway", value: 9 },
        receiptWrite(1),
        receiptWrite(2),
        telemetryWrite(1_000),
      ]);
      store.outboxPut("a", bytesFor(3, 10));
      store.close();
      const database = engine.open(path());
      database.exec(`UPDATE ${change}`);
      database.close();
      const again = await open();
      const error = assertRefused(() => use(again), "STORE_CORRUPT");
      expect(error.problem).toMatchObject({ place, engineCode: "CHECKSUM" });
      expect(again.check()).toEqual(["STORE_CORRUPT"]);
      expect(again.receipt(2)?.sequence).toBe(2);
      again.apply([receiptWrite(3)]);
      again.close();
    }
  });

  it("counts a day's bytes also where it is never closed, but for some minutes", async () => {
    const clock = new CaseClock();
    const store = await open({ clock });
    store.apply([{ kind: "device", id: "a", bytes: bytesFor(1, 3_000) }]);
    clock.at += WRITTEN_FLUSH_MS;
    store.apply([{ kind: "device", id: "a", bytes: bytesFor(2, 3_000) }]);
    // What a crash leaves behind: the files as they are now.
    for (const end of ["", "-wal"]) copyFileSync(`${path()}${end}`, join(folder, `crashed.db${end}`));
    const again = await openSqliteGatewayStore(join(folder, "crashed.db"), { clock });
    expect(again.load().devices).toEqual([["a", bytesFor(2, 3_000)]]);
    expect(again.usage.days).toMatchObject([{ day: "2026-11-22" }]);
    expect(again.usage.days[0]?.bytes).toBeGreaterThanOrEqual(3_000);
    again.close();
    store.close();
  });

  it("finds receipts that are missing in the middle", async () => {
    const engine = await loadEngine();
    const store = await open();
    store.apply([receiptWrite(1), receiptWrite(2), receiptWrite(3)]);
    expect(store.check()).toEqual([]);
    store.close();
    const database = engine.open(path());
    database.exec("DELETE FROM receipt WHERE sequence = 2");
    database.close();
    const again = await open();
    expect(again.check()).toEqual(["STORE_CORRUPT"]);
    again.close();
  });

  it("writes one page for a command and its number, with one sync", async () => {
    const store = await open();
    store.apply([
      { kind: "counter", name: "gateway", value: 1 },
      { kind: "command", id: bytesFor(99, 16), bytes: bytesFor(1, 120) },
    ]);
    const { bytesWritten, commits } = store.usage;
    for (let i = 0; i < 50; i++) {
      store.apply([
        { kind: "command", id: bytesFor(i, 16), bytes: bytesFor(i, 120) },
        { kind: "counter", name: "gateway", value: i + 2 },
      ]);
      store.apply([{ kind: "commandGone", id: bytesFor(i, 16) }]);
    }
    expect(store.usage.commits - commits).toBe(100);
    // A frame of the log is a page of 1,024 bytes and a header of 24.
    expect((store.usage.bytesWritten - bytesWritten) / 100).toBe(1_048);
    store.close();
  });

  it("writes a thousand readings of two hundred devices in little more than they are", async () => {
    const store = await open();
    const minute = (seed: number) => [
      ...Array.from({ length: 200 }, (_, device) => ({
        ...({ kind: "shadow", id: `device-${device}` } as const),
        bytes: bytesFor(device + seed, 300),
      })),
      telemetryWrite(seed, 20_000),
    ];
    store.apply(minute(0));
    const before = store.usage.bytesWritten;
    for (let seed = 1; seed <= 20; seed++) store.apply(minute(seed));
    // 80,000 bytes a minute are asked for, and are 2,000 readings.
    expect(store.usage.bytesWritten - before).toBeLessThan(20 * 80_000 * 1.5);
    store.close();
  });

  it("stops writing when the disk says no, and says why from then on", async () => {
    const loaded = await loadEngine();
    let failing = false;
    const engine: SqlEngine = {
      ...loaded,
      open(file) {
        const database = loaded.open(file);
        return {
          ...database,
          exec: (sql) => database.exec(sql),
          close: () => database.close(),
          prepare(sql) {
            const statement = database.prepare(sql);
            if (sql !== "COMMIT") return statement;
            return {
              get: (...values) => statement.get(...values),
              all: (...values) => statement.all(...values),
              run() {
                if (failing) throw Object.assign(new TypeError("no"), { code: "ENOSPC" });
                statement.run();
              },
            };
          },
        };
      },
    };
    const store = await open({ engine });
    store.outboxPut("kept", bytesFor(1, 10));
    failing = true;
    assertRefused(() => store.outboxPut("lost", bytesFor(1, 10)), "STORE_FULL");
    assertRefused(() => store.apply([receiptWrite(1)]), "STORE_STOPPED");
    expect(store.usage.outboxEntries).toBe(1);
    expect(store.usage.receiptBytes).toBe(0);
    expect(store.outboxNext()?.name).toBe("kept");
    store.close();
    failing = false;
    const again = await open();
    expect(again.usage.outboxEntries).toBe(1);
    again.close();
  });
});
