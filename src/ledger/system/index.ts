/**
 * The system contracts: FISCO's precompiled contracts at FISCO's addresses, and our own. In: calls. Out: outcomes, and
 * changes of records in tables that belong to these contracts alone (docs/protocol.md names them all).
 *
 * `contracts/` holds one contract per file, its methods described as data; the files beside this one hold the records that
 * several of them share, each with its table, key and layout.
 */
import type { Suite } from "../../crypto/suite.js";
import type { Engine } from "../engine.js";
import { accountManager } from "./contracts/accountManager.js";
import { bfs } from "./contracts/bfs.js";
import { cns } from "./contracts/cns.js";
import { consensus } from "./contracts/consensus.js";
import { contractAuth } from "./contracts/contractAuth.js";
import { cryptoTools } from "./contracts/cryptoTools.js";
import { kvTable, kvTables } from "./contracts/kvTable.js";
import { points } from "./contracts/points.js";
import { systemConfig } from "./contracts/systemConfig.js";
import { tableManager } from "./contracts/tableManager.js";
import type { SystemContract } from "./method.js";
import { SystemEngine } from "./systemEngine.js";

export const SYSTEM_CONTRACTS: readonly SystemContract[] = [
  systemConfig,
  tableManager,
  consensus,
  cns,
  contractAuth,
  kvTable,
  cryptoTools,
  bfs,
  accountManager,
  points,
];

/** The engine of the system contracts of a chain with this suite. */
export function systemEngine(suite: Suite): Engine {
  return new SystemEngine(suite, SYSTEM_CONTRACTS, [kvTables]);
}

export { createGate } from "./gate.js";
