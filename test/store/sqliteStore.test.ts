import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { openChainStore } from "../../src/store/openStore.js";
import { STORE_CONTRACT } from "../support/storeContract.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("store on better-sqlite3", () => {
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
