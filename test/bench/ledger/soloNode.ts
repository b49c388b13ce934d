/** A participant that seals alone, put together as `edgeseal start` does it, without broker and publisher. */
import { join } from "node:path";
import { createKeyFile, openKeyFile } from "../../../hsm/keystore/keystore.js";
import { utf8Bytes } from "../../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { rpcServer } from "../../../src/link/rpcServer.js";
import { keepHeapSmall, letHeapGrow } from "../../../src/node/memory.js";
import { genesisAnchor, profileOf } from "../../../src/node/participant/genesisAnchor.js";
import { Participant } from "../../../src/node/participant/participant.js";
import { RecoveryPool } from "../../../src/node/participant/recovery/recoveryPool.js";
import { jsonRpc } from "../../../src/node/rpc/jsonRpc.js";
import { openGuardedSigner } from "../../../src/node/signing/guardedSigner.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import { guardChainOf } from "../../../src/node/signing/openKey.js";
import { openSqliteGuardStore } from "../../../src/node/signing/sqliteGuardStore.js";
import { systemClock, systemRandom } from "../../../src/node/systemClock.js";
import { openSqliteLedgerStore, type SqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { BENCH_CHAIN, benchGenesis } from "./benchGenesis.js";

/** With the default of 100 ms the limit of 1,000 transactions a block would be the limit of the rate. */
const INTERVAL_MS = 20;
const ADMIN = new Uint8Array(20).fill(0xad);

export interface SoloNode {
  readonly suite: Suite;
  readonly participant: Participant;
  readonly store: SqliteLedgerStore;
  readonly url: string;
  close(): Promise<void>;
}

export async function startSoloNode(folder: string): Promise<SoloNode> {
  // As the command line does it: small for every node first, then as large as a participant needs it.
  keepHeapSmall();
  letHeapGrow();
  const suite = await loadSuite("ecdsa");
  const sealerFile = join(folder, "sealer.json");
  const passphrase = utf8Bytes("bench");
  const sealer = await createKeyFile(sealerFile, "secp256k1", passphrase, systemRandom);
  const genesis = benchGenesis(sealer, ADMIN);
  const chain = guardChainOf(genesisAnchor(genesis, suite, systemClock.now()), suite.hash);
  const guardStore = await openSqliteGuardStore(join(folder, "signing.db"));
  const key = { chain: chain.id, publicKey: sealer };
  await advanceHistory(guardStore, key, {
    ...{ suite: suite.name, family: "sealer", to: { height: 0 } },
    anchor: undefined,
  });
  const backend = await openKeyFile(sealerFile, passphrase);
  const signer = await openGuardedSigner({
    ...{ backend, store: guardStore, suite, chain },
    ...{ family: "sealer", development: true },
  });
  const store = await openSqliteLedgerStore(join(folder, "ledger.db"));
  const recoverer = new RecoveryPool({ chain: { ...BENCH_CHAIN, suite: suite.name }, suite });
  const participant = new Participant({
    ...{ genesis, profile: profileOf(genesis), suite, store, signer, recoverer },
    ...{ clock: systemClock, logger: SILENT_LOGGER, intervalMs: INTERVAL_MS, idleMs: 0 },
    onFailure: (thrown) => {
      throw thrown;
    },
  });
  const handler = jsonRpc({ view: participant.view, clock: systemClock, random: systemRandom });
  const server = rpcServer({ handler, port: 0 });
  const { url } = await server.start();
  participant.start();
  return {
    ...{ suite, participant, store, url },
    async close() {
      await server.stop();
      await participant.stop();
      await recoverer.close();
      store.close();
      await signer.close();
      guardStore.close();
    },
  };
}
