/** The ledger's store in memory and on both engines: one contract. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LedgerStore } from "../../src/ledger/store.js";
import { loadBetterSqlite, NODE_MAJOR_TOO_NEW } from "../../src/store/betterSqlite.js";
import type { SqlEngine } from "../../src/store/driver.js";
import { MemoryLedgerStore } from "../../src/store/ledger/memoryLedgerStore.js";
import { COMMITS_PER_LOG_COPY, LEDGER_FILE, openSqliteLedgerStore } from "../../src/store/ledger/sqliteLedgerStore.js";
import { type CompiledModules, compileModules } from "../support/compiledModules.js";
import { blockWrite, LEDGER_STORE_CONTRACT } from "../support/ledgerStoreContract.js";
import { assertRefused } from "../support/storeContract.js";
import { nodeWithSqlite } from "./children/node22.js";

const CHILD = "test/store/children/ledgerContract";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-ledger-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the ledger's store in memory", () => {
  for (const { name, run } of LEDGER_STORE_CONTRACT) {
    // It has nothing but its memory to open anew.
    it(name, () => run(new MemoryLedgerStore(), async (store) => store));
  }
});

const served = Number.parseInt(process.versions.node, 10) < NODE_MAJOR_TOO_NEW;

const onBetterSqlite = (): void => {
  let engine: SqlEngine;
  beforeAll(async () => {
    engine = await loadBetterSqlite();
  });
  const open = () => openSqliteLedgerStore(join(folder, LEDGER_FILE), engine);

  for (const { name, run } of LEDGER_STORE_CONTRACT) {
    it(name, async () => {
      const opened: LedgerStore[] = [await open()];
      try {
        await run(opened[0] as LedgerStore, async () => {
          for (const store of opened.splice(0)) store.close();
          opened.push(await open());
          return opened[0] as LedgerStore;
        });
      } finally {
        for (const store of opened) store.close();
      }
    });
  }

  it("refuses everything once closed, and closing twice is nothing", async () => {
    const store = await open();
    store.commit(blockWrite(0, 0));
    store.close();
    store.close();
    const uses = [
      () => store.commit(blockWrite(1, 0)),
      () => store.keepProposal({ number: 1, timestamp: 0, sealer: 0, transactions: [], senders: [] }),
      () => store.proposal(),
      () => store.header(0),
      () => store.body(0),
      () => store.numberOf(new Uint8Array(32)),
      () => store.placeOf(new Uint8Array(32)),
      () => store.record("t", "k"),
      () => [...store.records()],
      () => store.diffs(0),
      () => store.mountainNode(0, 0),
    ];
    for (const use of uses) expect(assertRefused(use, "STORE_CLOSED").family).toBe("bug");
  });

  it("is one process's at a time", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: "STORE_IN_USE" });
    store.close();
  });

  it("has its log copied into the database now and then, and goes on with it", async () => {
    const store = await open();
    for (let number = 0; number < 2 * COMMITS_PER_LOG_COPY + 3; number++) store.commit(blockWrite(number, 3));
    store.close();
    const again = await open();
    expect(again.head()).toBe(2 * COMMITS_PER_LOG_COPY + 2);
    expect(again.body(7)?.transactions).toEqual(blockWrite(7, 3).transactions);
    again.close();
  });
};
// What Node's version rules out is no test at all.
if (served) describe("the ledger's store on better-sqlite3", onBetterSqlite);

describe("the ledger's store on node:sqlite", () => {
  let child: CompiledModules;
  const reports = new Map<string, string>();

  beforeAll(() => {
    child = compileModules([CHILD]);
    const place = mkdtempSync(join(tmpdir(), "edgeseal-ledger-node-"));
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

  for (const { name } of LEDGER_STORE_CONTRACT) {
    it(name, () => expect(reports.get(name)).toBe(""));
  }
});
