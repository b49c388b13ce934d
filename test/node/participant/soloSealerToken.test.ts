/** A lone sealer whose key lies on a SoftHSM2 token: it ends between signature and block, and its chain goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { generatePkcs11Key, openPkcs11 } from "../../../hsm/pkcs11/pkcs11Backend.js";
import { toHex } from "../../../src/base/bytes.js";
import type { HashedHeader } from "../../../src/codec/hashedHeader.js";
import type { LedgerStore } from "../../../src/ledger/store.js";
import { genesisAnchor } from "../../../src/node/participant/genesisAnchor.js";
import { SoloSealer } from "../../../src/node/participant/soloSealer.js";
import { openGuardedSigner } from "../../../src/node/signing/guardedSigner.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import { guardChainOf } from "../../../src/node/signing/openKey.js";
import { openSqliteGuardStore, SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { startSoftHsm } from "../../support/softhsm.js";
import { LEDGER_INTERVAL_MS, LEDGER_TIME, TestLedger } from "../../support/testLedger.js";

const hsm = startSoftHsm();
const folder = mkdtempSync(join(tmpdir(), "edgeseal-solo-token-"));
afterAll(() => {
  hsm.remove();
  rmSync(folder, { recursive: true, force: true });
});

const key = { algorithm: "secp256k1", keyId: "51" } as const;
const options = { ...hsm.options(), key };

class Killed extends Error {}

/** The process ends when a block of this height is about to be written; its files are let go as the system would. */
function killedAt(height: number, store: LedgerStore): LedgerStore {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "commit") return value.bind(target);
      return (write: Parameters<LedgerStore["commit"]>[0]) => {
        if ((target.head() ?? -1) + 1 === height) throw new Killed();
        return target.commit(write);
      };
    },
  });
}

interface Life {
  readonly number: number;
  readonly to: number;
  readonly killAt?: number;
}

/** Headers of the blocks that were made; rejects with what ended the sealer. */
async function live(publicKey: Uint8Array, { number, to, killAt = 0 }: Life): Promise<HashedHeader[]> {
  const backend = await openPkcs11(options);
  const guardStore = await openSqliteGuardStore(join(folder, SIGNING_FILE));
  const disk = await openSqliteLedgerStore(join(folder, LEDGER_FILE));
  const store = killedAt(killAt, disk);
  try {
    const world = await TestLedger.make({ store, genesis: { nodes: [{ nodeId: publicKey, weight: 1n }] } });
    const chain = guardChainOf(genesisAnchor(world.genesis, world.suite, LEDGER_TIME), world.suite.hash);
    const id = { chain: chain.id, publicKey };
    if (guardStore.load(id) === undefined) {
      const { anchor } = backend;
      await advanceHistory(guardStore, id, { suite: "ecdsa", family: "sealer", to: { height: 0 }, anchor });
    }
    const { suite, ledger } = world;
    const signer = await openGuardedSigner({
      backend,
      store: guardStore,
      suite,
      chain,
      family: "sealer",
      reserve: "each",
    });
    const made: HashedHeader[] = [];
    await new Promise<void>((resolve, reject) => {
      const sealer = new SoloSealer({
        ...{ hash: suite.hash, ledger, store, signer, intervalMs: 0, idleMs: 0 },
        clock: { now: () => LEDGER_TIME + (ledger.head.header.number + 1) * LEDGER_INTERVAL_MS + number },
        select: (below) =>
          below < to ? [world.notesOf([["set", "k", `${number}`]], { nonce: `${number}-${below}` })] : [],
        onBlock: (header) => {
          made.push(header);
          if (header.header.number >= to) void sealer.stop().then(resolve);
        },
        onFailure: reject,
      });
      sealer.start();
    });
    return made;
  } finally {
    // As after SIGKILL: the guard itself is never closed.
    guardStore.close();
    disk.close();
    await backend.close();
  }
}

it("makes the very block that was signed, life after life", async () => {
  const { publicKey } = await generatePkcs11Key(options, "sealer");
  await expect(live(publicKey, { number: 1, to: 9, killAt: 3 })).rejects.toThrow(Killed);
  await expect(live(publicKey, { number: 2, to: 9, killAt: 3 })).rejects.toThrow(Killed);
  await expect(live(publicKey, { number: 3, to: 9, killAt: 5 })).rejects.toThrow(Killed);
  const last = await live(publicKey, { number: 4, to: 7 });
  expect(last.map(({ header }) => header.number)).toEqual([5, 6, 7]);
  // Blocks 1 to 7, and none of them twice.
  const digests = hsm.log().filter((line) => line.startsWith("sign "));
  expect(new Set(digests).size).toBe(7);
  for (const { hash } of last) expect(digests.join(" ")).toContain(toHex(hash));
}, 60_000);
