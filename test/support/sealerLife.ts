/**
 * A lone sealer in a folder or in memory, from one crash to the next: real ledger, guard and sealer. What a life wants to put
 * into a block depends on the block's number and on the life, so that a block made anew is another one, which the guard
 * would refuse where it has signed the first.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import type { KeyBackend } from "../../src/crypto/keyBackend.js";
import type { SignedCall } from "../../src/ledger/execution.js";
import { StateTree } from "../../src/ledger/state/stateTree.js";
import type { LedgerStore } from "../../src/ledger/store.js";
import { genesisAnchor } from "../../src/node/participant/genesisAnchor.js";
import { SnapshotKeeper } from "../../src/node/participant/snapshotKeeper.js";
import { SoloSealer } from "../../src/node/participant/soloSealer.js";
import { openGuardedSigner } from "../../src/node/signing/guardedSigner.js";
import type { GuardStore } from "../../src/node/signing/guardStore.js";
import { advanceHistory } from "../../src/node/signing/history.js";
import { guardChainOf } from "../../src/node/signing/openKey.js";
import type { ReserveMode } from "../../src/node/signing/openSession.js";
import type { GuardedSigner } from "../../src/node/signing/port.js";
import { openSqliteGuardStore, SIGNING_FILE } from "../../src/node/signing/sqliteGuardStore.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../src/store/ledger/sqliteLedgerStore.js";
import { LEDGER_INTERVAL_MS, LEDGER_TIME, NOTES_TABLE, sealerSecret, TestLedger } from "./testLedger.js";

/** Records come and go among so many. */
const WORKLOAD_KEYS = 23;

export function workload(world: TestLedger, life: number, number: number): SignedCall[] {
  const key = (i: number) => `k${(number * 7 + i * 5) % WORKLOAD_KEYS}`;
  const nonce = (i: number) => `${life}-${number}-${i}`;
  return [
    world.notesOf(
      [
        ["set", key(0), `${life}/${number}`.repeat(1 + (number % 5))],
        ["set", "height", `${number}`],
      ],
      { nonce: nonce(0) },
    ),
    world.notesOf(
      [
        ["delete", key(1)],
        ["add", "sum", number],
        ["log", `${number}`],
      ],
      { nonce: nonce(1) },
    ),
    ...(number % 4 === 0
      ? [
          world.notesOf(
            [
              ["set", key(2), "lost"],
              ["fail", 16],
            ],
            { nonce: nonce(2) },
          ),
        ]
      : []),
  ];
}

export interface LifeParts {
  readonly store: LedgerStore;
  readonly guardStore: GuardStore;
  readonly backend: KeyBackend;
  readonly keeper?: SnapshotKeeper;
  readonly reserve?: ReserveMode;
}

export class SealerLife {
  readonly world: TestLedger;
  readonly #parts: LifeParts;
  readonly #signer: GuardedSigner;
  readonly #number: number;

  private constructor(parts: LifeParts, number: number, world: TestLedger, signer: GuardedSigner) {
    this.#parts = parts;
    this.#number = number;
    this.world = world;
    this.#signer = signer;
  }

  /** A start. The history of a key that has signed nothing yet is vouched for, as `chain init` does. */
  static async begin(parts: LifeParts, number: number): Promise<SealerLife> {
    const { store, guardStore, backend, keeper, reserve = "ahead" } = parts;
    const isNew = (store.head() ?? 0) === 0;
    const snapshots = keeper === undefined ? {} : { snapshots: keeper.load.bind(keeper) };
    const world = await TestLedger.make({ store, ...snapshots });
    const { suite, genesis } = world;
    const chain = guardChainOf(genesisAnchor(genesis, suite, LEDGER_TIME), suite.hash);
    const id = { chain: chain.id, publicKey: world.signer.publicKey(sealerSecret(0)) };
    if (isNew && guardStore.load(id) === undefined) {
      const { anchor } = backend;
      await advanceHistory(guardStore, id, { suite: "ecdsa", family: "sealer", to: { height: 0 }, anchor });
    }
    const options = { backend, store: guardStore, suite, chain, family: "sealer", development: true, reserve } as const;
    return new SealerLife(parts, number, world, await openGuardedSigner(options));
  }

  get height(): number {
    return this.world.ledger.head.header.number;
  }

  /** Seals until the chain has this height. Rejects with what stopped the sealer. */
  async sealTo(height: number, onBlock: (header: HashedHeader) => void = () => {}): Promise<void> {
    const { world } = this;
    const { store, keeper } = this.#parts;
    await new Promise<void>((resolve, reject) => {
      const sealer = new SoloSealer({
        ...{ hash: world.suite.hash, ledger: world.ledger, store, signer: this.#signer, intervalMs: 0, idleMs: 0 },
        // Other times in other lives, too.
        clock: { now: () => LEDGER_TIME + (this.height + 1) * LEDGER_INTERVAL_MS + this.#number },
        select: (below) => (below < height ? workload(world, this.#number, below + 1) : []),
        onBlock: (header) => {
          keeper?.onBlock(world.ledger);
          onBlock(header);
          if (header.header.number >= height) void sealer.stop().then(resolve);
        },
        onFailure: reject,
      });
      sealer.start();
    });
  }

  async end(): Promise<void> {
    this.#parts.keeper?.stop(this.world.ledger);
    await this.#signer.close();
    this.#parts.store.close();
    this.#parts.guardStore.close();
  }
}

/** The sealer's key in memory; `onDigest` sees what it signs. */
export async function softBackend(onDigest: (digest: string) => void = () => {}): Promise<KeyBackend> {
  const { signer } = await TestLedger.make();
  return {
    facts: { backend: "test", algorithm: "secp256k1", mechanism: "TEST", extractable: "yes", home: "memory" },
    publicKey: async () => signer.publicKey(sealerSecret(0)),
    signDigest: async (digest) => {
      onDigest(toHex(digest));
      return signer.signHeader(sealerSecret(0), digest).slice(0, 64);
    },
    close: async () => {},
  };
}

/** Everything of a participant's folder that matters to its chain. */
export async function lifeIn(folder: string, everyBlocks: number): Promise<LifeParts> {
  mkdirSync(folder, { recursive: true });
  const store = await openSqliteLedgerStore(join(folder, LEDGER_FILE));
  try {
    const guardStore = await openSqliteGuardStore(join(folder, SIGNING_FILE));
    const keeper = new SnapshotKeeper(folder, "ecdsa", SILENT_LOGGER, everyBlocks);
    return { store, guardStore, backend: await softBackend(), keeper };
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

/** What is wrong with a ledger by its own account; "" for nothing. */
export function findFault(world: TestLedger): string {
  const { ledger, suite, store } = world;
  const snapshot = ledger.snapshot();
  const { header } = ledger.head;
  if (snapshot.height !== header.number) return `tree at ${snapshot.height}, head at ${header.number}`;
  if (header.number > 0 && toHex(snapshot.root) !== toHex(header.stateRoot)) return "the tree has another root";
  if (!StateTree.restore(suite.hash, snapshot).verify()) return "the tree does not hold together";
  const rebuilt = world.open().snapshot();
  if (toHex(rebuilt.root) !== toHex(snapshot.root)) return "the records make another root";
  const stored = ledger.state.get(NOTES_TABLE, "height");
  const height = stored === undefined ? 0 : Number(new TextDecoder().decode(stored));
  return height === store.head() ? "" : `records of ${height} under head ${store.head()}`;
}
