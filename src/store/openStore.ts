/** Opens the chain store with the best engine at hand. */
import type { ChainStore } from "../chain/store.js";
import { loadBetterSqlite } from "./betterSqlite.js";
import type { SqlEngine } from "./driver.js";
import { anyCode } from "./engineErrors.js";
import { MemoryStore } from "./memoryStore.js";
import { loadNodeSqlite } from "./nodeSqlite.js";
import { type EngineFailure, StoreError } from "./problems.js";
import { openSqliteStore } from "./sqliteStore.js";

export type DiskEngineName = "better-sqlite3" | "node:sqlite";
export type StoreEngineName = DiskEngineName | "memory";

export interface OpenStoreOptions {
  /** File of the database; its folder must exist. Not used by `memory`. */
  readonly path: string;
  /** Left out: better-sqlite3, else node:sqlite. */
  readonly engine?: StoreEngineName;
}

/** Which engine serves, for `status` and `doctor`. */
export type OpenedStore = ChainStore & { readonly engine: string };

const LOADERS: Readonly<Record<DiskEngineName, () => Promise<SqlEngine>>> = {
  "better-sqlite3": loadBetterSqlite,
  "node:sqlite": loadNodeSqlite,
};

const PREFERENCE: readonly DiskEngineName[] = ["better-sqlite3", "node:sqlite"];

/** The first engine of `names` that loads. @throws StoreError `STORE_ENGINE_MISSING` with the reason of each. */
export async function loadEngine(names: readonly DiskEngineName[] = PREFERENCE): Promise<SqlEngine> {
  const tried: EngineFailure[] = [];
  for (const engine of names) {
    try {
      return await LOADERS[engine]();
    } catch (error) {
      tried.push({ engine, reason: anyCode(error) });
    }
  }
  throw new StoreError({ code: "STORE_ENGINE_MISSING", tried });
}

/**
 * @throws StoreError `STORE_ENGINE_MISSING`, `STORE_LOST`, `STORE_CANNOT_OPEN`, `STORE_IN_USE`, `STORE_CORRUPT`,
 * `STORE_FOREIGN_FILE`, `STORE_SCHEMA_NEWER`, `STORE_NOT_DURABLE`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_IO`.
 */
export async function openChainStore(options: OpenStoreOptions): Promise<OpenedStore> {
  if (options.engine === "memory") return new MemoryStore();
  const engine = await loadEngine(options.engine === undefined ? PREFERENCE : [options.engine]);
  return openSqliteStore(engine, options.path);
}
