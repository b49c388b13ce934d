import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NODE_MAJOR_TOO_NEW } from "../../src/store/betterSqlite.js";
import { openChainStore } from "../../src/store/openStore.js";
import { STORE_CONTRACT } from "../support/storeContract.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const served = Number.parseInt(process.versions.node, 10) < NODE_MAJOR_TOO_NEW;

describe("store on better-sqlite3", () => {
  it(served ? "serves on this Node" : "is refused on a Node that it would abort", async () => {
    const opening = openChainStore({ path: join(folder, "chain.db"), engine: "better-sqlite3" });
    if (served) (await opening).close();
    else await expect(opening).rejects.toMatchObject({ problem: { tried: [{ reason: "STORE_ENGINE_UNSAFE" }] } });
  });

  if (!served) return;
  for (const { name, run } of STORE_CONTRACT) {
    it(name, async () => {
      const store = await openChainStore({ path: join(folder, "chain.db"), engine: "better-sqlite3" });
      try {
        run(store);
      } finally {
        store.close();
      }
    });
  }
});
