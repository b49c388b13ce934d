/** Runs the contract of the gateway's store on node:sqlite in the folder of the argument; says one JSON line per case. */
import { join } from "node:path";
import type { GatewayStore } from "../../../src/device/gateway/store.js";
import { openSqliteGatewayStore } from "../../../src/store/gateway/sqliteGatewayStore.js";
import { loadNodeSqlite } from "../../../src/store/nodeSqlite.js";
import { CaseClock, GATEWAY_STORE_CONTRACT } from "../../support/gatewayStoreContract.js";

const [, , folder = ""] = process.argv;
const engine = await loadNodeSqlite();

for (const [index, { name, run }] of GATEWAY_STORE_CONTRACT.entries()) {
  let problem = "";
  const clock = new CaseClock();
  const opened: GatewayStore[] = [];
  const open = async (limits = {}) => {
    const store = await openSqliteGatewayStore(join(folder, `${index}.db`), { clock, engine, limits });
    opened.push(store);
    return store;
  };
  try {
    await run({
      clock,
      open,
      reopened(store, limits) {
        store.close();
        return open(limits);
      },
    });
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  for (const store of opened) store.close();
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}
