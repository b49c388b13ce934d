/** Runs the store contract with the engine and in the folder named by the arguments; says one JSON line per case. */
import { join } from "node:path";
import { openChainStore, type StoreEngineName } from "../../../src/store/openStore.js";
import { STORE_CONTRACT } from "../../support/storeContract.js";

const [, , folder = "", engine = ""] = process.argv;

for (const [index, { name, run }] of STORE_CONTRACT.entries()) {
  let problem = "";
  try {
    const store = await openChainStore({ path: join(folder, `${index}.db`), engine: engine as StoreEngineName });
    try {
      run(store);
    } finally {
      store.close();
    }
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}
