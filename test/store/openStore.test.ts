import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NODE_MAJOR_TOO_NEW } from "../../src/store/betterSqlite.js";
import type { SqlEngine } from "../../src/store/driver.js";
import { loadEngine, openChainStore } from "../../src/store/openStore.js";
import { StoreError, type StoreProblem } from "../../src/store/problems.js";
import { type Migration, STORE_APPLICATION_ID, STORE_MIGRATIONS } from "../../src/store/schema.js";
import { openSqliteStore } from "../../src/store/sqliteStore.js";
import { storeTexts } from "../../src/text/en/store.js";
import { bytesFor, recordWrite, runWrite } from "../support/storeContract.js";

let folder: string;
let path: string;
let engine: SqlEngine;

beforeAll(async () => {
  engine = await loadEngine();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-open-"));
  path = join(folder, "chain.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function problemOf(action: () => unknown): StoreProblem {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return (error as StoreError).problem;
  }
  throw new Error("no error");
}

/** Runs SQL on the file behind the store's back. */
function alter(sql: string): void {
  const database = engine.open(path);
  database.exec(sql);
  database.close();
}

function fill(): void {
  const store = openSqliteStore(engine, path);
  store.apply([recordWrite("head", bytesFor(1, 40)), runWrite(0, 8)]);
  store.close();
}

const betterSqliteServes = Number.parseInt(process.versions.node, 10) < NODE_MAJOR_TOO_NEW;

describe("opening", () => {
  it("finds everything again, with the best engine at hand, and leaves one file when closed", async () => {
    fill();
    const store = await openChainStore({ path });
    expect(store.engine).toBe(betterSqliteServes ? "better-sqlite3" : "node:sqlite");
    expect(store.record("head")).toEqual(bytesFor(1, 40));
    expect(store.spans()).toEqual([{ start: 0, count: 8, status: "certified" }]);
    store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(`${path}-shm`)).toBe(false);
  });

  it("gives a memory store by name", async () => {
    expect((await openChainStore({ path: "", engine: "memory" })).engine).toBe("memory");
  });

  it("says which engine is missing, and what to install", async () => {
    if (isBuiltin("node:sqlite")) {
      const store = await openChainStore({ path, engine: "node:sqlite" });
      expect(store.engine).toBe("node:sqlite");
      store.close();
      return;
    }
    const thrown: unknown = await openChainStore({ path, engine: "node:sqlite" }).catch((error: unknown) => error);
    const problem = (thrown as StoreError).problem;
    if (problem.code !== "STORE_ENGINE_MISSING") throw thrown;
    expect(problem.tried).toEqual([{ engine: "node:sqlite", reason: "ERR_UNKNOWN_BUILTIN_MODULE" }]);
    expect(storeTexts.STORE_ENGINE_MISSING.says(problem)).toContain("node:sqlite: ERR_UNKNOWN_BUILTIN_MODULE");
    expect(storeTexts.STORE_ENGINE_MISSING.advice).toContain("npm install better-sqlite3");
  });

  it("refuses a second opener while the first one has the file", () => {
    const first = openSqliteStore(engine, path);
    expect(problemOf(() => openSqliteStore(engine, path))).toMatchObject({ code: "STORE_IN_USE", path });
    first.apply([recordWrite("a", bytesFor(1, 1))]);
    first.close();
    openSqliteStore(engine, path).close();
  });

  it("refuses a folder that is not there, and a path that is a folder", () => {
    const nowhere = join(folder, "none", "chain.db");
    expect(problemOf(() => openSqliteStore(engine, nowhere)).code).toBe("STORE_CANNOT_OPEN");
    expect(problemOf(() => openSqliteStore(engine, folder)).code).toBe("STORE_CANNOT_OPEN");
  });

  it("refuses a file that is no database", () => {
    writeFileSync(path, "0123456789".repeat(1000));
    expect(problemOf(() => openSqliteStore(engine, path))).toMatchObject({ code: "STORE_CORRUPT", place: "file" });
  });

  it("refuses another program's database and leaves it as it was", () => {
    alter("CREATE TABLE mail (id INTEGER); PRAGMA application_id = 77");
    const before = readFileSync(path);
    expect(problemOf(() => openSqliteStore(engine, path))).toEqual({
      code: "STORE_FOREIGN_FILE",
      path,
      applicationId: 77,
    });
    alter("PRAGMA application_id = 0");
    expect(problemOf(() => openSqliteStore(engine, path)).code).toBe("STORE_FOREIGN_FILE");
    alter("PRAGMA application_id = 77");
    expect(readFileSync(path).subarray(100)).toEqual(before.subarray(100));
  });

  it("refuses a newer format and leaves it as it was", () => {
    fill();
    alter("PRAGMA user_version = 99");
    const before = readFileSync(path);
    const known = STORE_MIGRATIONS.length;
    expect(problemOf(() => openSqliteStore(engine, path))).toEqual({
      code: "STORE_SCHEMA_NEWER",
      path,
      found: 99,
      known,
    });
    expect(readFileSync(path)).toEqual(before);
  });

  it("marks its files", () => {
    fill();
    const database = engine.open(path);
    expect(database.prepare("PRAGMA application_id").get()).toEqual({ application_id: STORE_APPLICATION_ID });
    database.close();
  });
});

describe("durability", () => {
  /** An engine that takes a setting and does nothing about it. */
  function deafTo(setting: string): SqlEngine {
    return {
      ...engine,
      open(file) {
        const database = engine.open(file);
        return {
          ...database,
          exec: (sql) => (sql.includes(setting) ? undefined : database.exec(sql)),
          prepare: (sql) => database.prepare(sql.includes(setting) ? "PRAGMA user_version" : sql),
        };
      },
    };
  }

  it("refuses an engine that opens a log with its own, weaker default", () => {
    fill();
    if (!betterSqliteServes) {
      // The SQLite of such a Node opens logs with FULL by itself; there is no weaker default to find out.
      openSqliteStore(deafTo("synchronous = "), path).close();
      return;
    }
    const problem = problemOf(() => openSqliteStore(deafTo("synchronous = "), path));
    expect(problem).toEqual({ code: "STORE_NOT_DURABLE", path, setting: "synchronous", found: "1" });
  });

  it("refuses a file without a log, or with a shared one", () => {
    expect(problemOf(() => openSqliteStore(deafTo("journal_mode = "), path))).toMatchObject({
      setting: "journal_mode",
    });
    expect(problemOf(() => openSqliteStore(deafTo("locking_mode = "), path))).toMatchObject({
      setting: "locking_mode",
    });
    expect(problemOf(() => openSqliteStore(engine, ":memory:"))).toMatchObject({ code: "STORE_NOT_DURABLE" });
  });
});

describe("migration", () => {
  const addNote: Migration = {
    version: 2,
    migrate: (database) => database.exec("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('new')"),
  };
  const failing: Migration = {
    version: 2,
    migrate(database) {
      addNote.migrate(database);
      database.exec("INSERT INTO nowhere VALUES (1)");
    },
  };
  const two = { migrations: [...STORE_MIGRATIONS, addNote] };

  it("keeps the content and a copy of the file as it was", () => {
    fill();
    writeFileSync(`${path}.unfinished-copy`, "left by a power loss");
    const store = openSqliteStore(engine, path, two);
    expect(store.record("head")).toEqual(bytesFor(1, 40));
    expect(store.check()).toEqual([]);
    store.close();
    expect(problemOf(() => openSqliteStore(engine, path))).toMatchObject({ code: "STORE_SCHEMA_NEWER", found: 2 });
    const copy = openSqliteStore(engine, `${path}.before-v2`);
    expect(copy.record("head")).toEqual(bytesFor(1, 40));
    expect(copy.check()).toEqual([]);
    copy.close();
    expect(existsSync(`${path}.unfinished-copy`)).toBe(false);
  });

  it("makes no copy of a new file", () => {
    openSqliteStore(engine, path, two).close();
    expect(existsSync(`${path}.before-v2`)).toBe(false);
  });

  it("takes a failed step back as a whole, and can be tried again", () => {
    fill();
    const migrations = [...STORE_MIGRATIONS, failing];
    expect(problemOf(() => openSqliteStore(engine, path, { migrations })).code).toBe("STORE_IO");
    const old = openSqliteStore(engine, path);
    expect(old.record("head")).toEqual(bytesFor(1, 40));
    old.close();
    openSqliteStore(engine, path, two).close();
  });

  it("does not start empty where a copy shows that there was a file", () => {
    fill();
    openSqliteStore(engine, path, two).close();
    const remains = `${path}.before-v2`;
    rmSync(path);
    expect(problemOf(() => openSqliteStore(engine, path, two))).toEqual({ code: "STORE_LOST", path, remains });
    writeFileSync(path, "");
    expect(problemOf(() => openSqliteStore(engine, path, two))).toEqual({ code: "STORE_LOST", path, remains });
    expect(statSync(path).size).toBe(0);
  });

  it("does not start empty beside the log of a lost file", () => {
    fill();
    writeFileSync(`${path}-wal`, new Uint8Array(5000));
    truncateSync(path, 0);
    expect(problemOf(() => openSqliteStore(engine, path))).toMatchObject({
      code: "STORE_LOST",
      remains: `${path}-wal`,
    });
    expect(statSync(`${path}-wal`).size).toBe(5000);
  });
});
