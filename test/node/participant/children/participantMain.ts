/**
 * A participant that is going to be killed: a folder with `genesis.txt`, a key file and its guard's history, JSON-RPC on a
 * free port of loopback. Says `ready <url>`; ends by itself only when its sealer fails, with `failed <code>`, or on SIGTERM.
 *
 * Arguments: folder, passphrase of the key, blocks between snapshots.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openKeyFile } from "../../../../hsm/keystore/keystore.js";
import { utf8Bytes } from "../../../../src/base/bytes.js";
import { codeOf } from "../../../../src/base/error.js";
import { SILENT_LOGGER } from "../../../../src/base/logger.js";
import { readGenesis } from "../../../../src/codec/fisco/genesis.js";
import { loadSuite } from "../../../../src/crypto/backend/select.js";
import { rpcServer } from "../../../../src/link/rpcServer.js";
import { genesisAnchor, profileOf } from "../../../../src/node/participant/genesisAnchor.js";
import { Participant } from "../../../../src/node/participant/participant.js";
import { RecoveryPool } from "../../../../src/node/participant/recovery/recoveryPool.js";
import { SnapshotKeeper } from "../../../../src/node/participant/snapshotKeeper.js";
import { jsonRpc } from "../../../../src/node/rpc/jsonRpc.js";
import { openGuardedSigner } from "../../../../src/node/signing/guardedSigner.js";
import { guardChainOf, openGuardStore } from "../../../../src/node/signing/openKey.js";
import { systemClock, systemRandom } from "../../../../src/node/systemClock.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../../src/store/ledger/sqliteLedgerStore.js";

const [, , folder = "", passphrase = "", everyBlocks = "20"] = process.argv;
/** An empty block now and then, too. */
const IDLE_MS = 30;

function fail(thrown: unknown): void {
  process.stdout.write(`failed ${codeOf(thrown)} ${String(thrown)}\n`, () => process.exit(1));
}

async function main(): Promise<void> {
  const genesis = readGenesis(readFileSync(join(folder, "genesis.txt")));
  const profile = profileOf(genesis);
  const suite = await loadSuite(profile.suite);
  const guardStore = await openGuardStore(folder);
  const signer = await openGuardedSigner({
    backend: await openKeyFile(join(folder, "sealer.json"), utf8Bytes(passphrase)),
    ...{ store: guardStore, suite, family: "sealer", development: true },
    chain: guardChainOf(genesisAnchor(genesis, suite, 0), suite.hash),
  });
  const store = await openSqliteLedgerStore(join(folder, LEDGER_FILE));
  const { chainId, groupId } = genesis;
  const recoverer = new RecoveryPool({ chain: { chainId, groupId, suite: suite.name }, suite, workers: 0 });
  const keeper = new SnapshotKeeper(folder, suite.name, SILENT_LOGGER, Number(everyBlocks));
  const participant = new Participant({
    ...{ genesis, profile, suite, store, signer, recoverer, clock: systemClock, logger: SILENT_LOGGER },
    ...{ intervalMs: 1, idleMs: IDLE_MS, onFailure: fail },
    snapshots: (restore) => keeper.load(restore),
  });
  participant.onBlock(() => keeper.onBlock(participant.ledger));
  const handler = jsonRpc({ view: participant.view, clock: systemClock, random: systemRandom });
  const server = rpcServer({ handler, port: 0 });
  const { url } = await server.start();
  process.once("SIGTERM", async () => {
    await server.stop();
    await participant.stop();
    keeper.stop(participant.ledger);
    await signer.close();
    await recoverer.close();
    store.close();
    guardStore.close();
  });
  participant.start();
  process.stdout.write(`ready ${url}\n`);
}

main().catch(fail);
