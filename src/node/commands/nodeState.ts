/** The state of a node that does not run, opened by a command under the same lock as a running node holds. */
import type { OpenedStore, StoreEngineName } from "../../store/openStore.js";
import { openChainStore } from "../../store/openStore.js";
import type { Config } from "../config.js";
import { type DataDir, openDataDir } from "../dataDir.js";

export interface NodeState {
  readonly dataDir: DataDir;
  readonly store: OpenedStore;
  close(): void;
}

/**
 * @param create whether a missing data directory is made.
 * @throws DataDirError (`DATA_DIR_LOCKED` when the node runs after all), StoreError
 */
export async function openNodeState(config: Pick<Config, "dataDir" | "store">, create: boolean): Promise<NodeState> {
  const { engine } = config.store;
  const dataDir = await openDataDir(config.dataDir, {
    create,
    lock: engine === "memory" ? "where possible" : "needed",
  });
  try {
    const store = await openChainStore({ path: dataDir.storePath, ...engineOption(engine) });
    return {
      dataDir,
      store,
      close() {
        store.close();
        dataDir.close();
      },
    };
  } catch (thrown) {
    dataDir.close();
    throw thrown;
  }
}

/** The configured engine as an option of `openChainStore`; none for `auto`. */
export function engineOption(engine: Config["store"]["engine"]): { readonly engine?: StoreEngineName } {
  return engine === "auto" ? {} : { engine };
}
