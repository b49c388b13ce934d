/** Sizes that a database of another use asks for. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPragma } from "../../src/store/driver.js";
import { CACHE_KIB, findNotDurable, openDatabase, PAGE_BYTES } from "../../src/store/openDatabase.js";
import { loadEngine } from "../../src/store/openStore.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-database-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TABLE = { version: 1, migrate: (database: { exec(sql: string): void }) => database.exec("CREATE TABLE t (a)") };

test("pages and cache have the size that is asked for, durability stays; a file keeps its pages", async () => {
  const engine = await loadEngine();
  const sizesOf = (name: string, sizes?: Parameters<typeof openDatabase>[3]): string[] => {
    const database = openDatabase(engine, join(folder, name), [TABLE], sizes);
    expect(findNotDurable(database)).toBeUndefined();
    const found = ["page_size", "cache_size"].map((pragma) => readPragma(database, pragma));
    database.close();
    return found;
  };
  expect(sizesOf("usual")).toEqual([String(PAGE_BYTES), String(-CACHE_KIB)]);
  expect(sizesOf("other", { pageBytes: 1_024, cacheKib: 8_192 })).toEqual(["1024", "-8192"]);
  expect(sizesOf("other")).toEqual(["1024", String(-CACHE_KIB)]);
});
