/** Runs the contract of the ledger's store on node:sqlite in the folder of the argument; says one JSON line per case. */
import { join } from "node:path";
import type { LedgerStore } from "../../../src/ledger/store.js";
import { openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { loadNodeSqlite } from "../../../src/store/nodeSqlite.js";
import { LEDGER_STORE_CONTRACT } from "../../support/ledgerStoreContract.js";

const [, , folder = ""] = process.argv;
const engine = await loadNodeSqlite();

for (const [index, { name, run }] of LEDGER_STORE_CONTRACT.entries()) {
  let problem = "";
  const open = () => openSqliteLedgerStore(join(folder, `${index}.db`), engine);
  const opened: LedgerStore[] = [await open()];
  try {
    await run(opened[0] as LedgerStore, async () => {
      for (const store of opened.splice(0)) store.close();
      opened.push(await open());
      return opened[0] as LedgerStore;
    });
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  for (const store of opened) store.close();
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}
