/**
 * A lone sealer that is going to be cut off or starved of disk. Goes on where its folder ends and says each block that it
 * announces on standard output, by a plain write call that a trace can see. Stops and starts half-way.
 *
 * Arguments: folder, number of blocks, blocks between snapshots, `FULL` or `NORMAL`. Says `<height> <hash>` for each block;
 * after a failure `failed`, its code, and what is left of the ledger in memory.
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../../../src/base/bytes.js";
import { codeOf } from "../../../src/base/error.js";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { SnapshotKeeper } from "../../../src/node/participant/snapshotKeeper.js";
import { openSqliteGuardStore, SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";
import type { SqlDatabase, SqlEngine } from "../../../src/store/driver.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { findFault, SealerLife, softBackend } from "../../support/sealerLife.js";

const [, , folder = "", blocks = "0", everyBlocks = "10", synchronous = "FULL"] = process.argv;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const loaded = await loadEngine();
let opened: SqlDatabase | undefined;
const engine: SqlEngine = {
  ...loaded,
  open(file) {
    opened = loaded.open(file);
    return opened;
  },
};

async function session(life: number, height: number): Promise<boolean> {
  let sealer: SealerLife | undefined;
  let ending = false;
  try {
    const store = await openSqliteLedgerStore(join(folder, LEDGER_FILE), engine);
    // The control: what a store would be that trusts the engine's default for a log.
    if (synchronous !== "FULL") opened?.exec(`PRAGMA synchronous = ${synchronous}`);
    const guardStore = await openSqliteGuardStore(join(folder, SIGNING_FILE));
    const keeper = new SnapshotKeeper(folder, "ecdsa", SILENT_LOGGER, Number(everyBlocks));
    sealer = await SealerLife.begin({ store, guardStore, backend: await softBackend(), keeper }, life);
    await sealer.sealTo(height, ({ header, hash }) => say(`${header.number} ${toHex(hash)}`));
    ending = true;
    await sealer.end();
    return true;
  } catch (thrown) {
    const fault = sealer === undefined || ending ? "" : findFault(sealer.world);
    say(`failed ${codeOf(thrown)} ${sealer?.height ?? 0} ${fault}`);
    return false;
  }
}

const half = Math.ceil(Number(blocks) / 2);
if (await session(1, half)) await session(2, Number(blocks));
