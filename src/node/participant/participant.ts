/**
 * A participant that seals alone: its ledger, its pool, its sealer, and the view of them that JSON-RPC and the publisher
 * have. Who listens to it is somebody else's business.
 */
import type { Clock, Millis } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { GenesisConfig } from "../../codec/fisco/genesis.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { Profile } from "../../codec/profile.js";
import type { Suite } from "../../crypto/suite.js";
import type { ExecutedBlock, Ledger } from "../../ledger/ledger.js";
import { genesisBlock, type OpenLedgerOptions, openLedger } from "../../ledger/opening.js";
import { BLOCK_LIMIT_RANGE_BLOCKS } from "../../ledger/pool/limits.js";
import { NonceWindow } from "../../ledger/pool/nonceWindow.js";
import { TransactionPool } from "../../ledger/pool/transactionPool.js";
import type { LedgerStore } from "../../ledger/store.js";
import { createGate, systemEngine } from "../../ledger/system/index.js";
import { txCountLimitAt } from "../../ledger/system/settings.js";
import type { GuardedSigner } from "../signing/port.js";
import type { ChainView } from "./chainView.js";
import { LedgerView } from "./ledgerView.js";
import { SoloSealer } from "./soloSealer.js";
import { StoredBlocks } from "./storedBlocks.js";
import { type Recoverer, TransactionDesk } from "./transactionDesk.js";

export interface ParticipantOptions {
  readonly genesis: GenesisConfig;
  readonly profile: Profile;
  readonly suite: Suite;
  readonly store: LedgerStore;
  readonly snapshots?: OpenLedgerOptions["snapshots"];
  /** Of the sealer's key. */
  readonly signer: GuardedSigner;
  readonly recoverer: Recoverer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Least time from block to block. */
  readonly intervalMs: Millis;
  /** Time without a block after which an empty one is made; 0 makes none. */
  readonly idleMs: Millis;
  /** Nothing is sealed any more: the node must end. */
  readonly onFailure: (error: unknown) => void;
}

/** Encoded transactions of one block; far more than a block's count limit of ordinary ones. */
export const BLOCK_BYTES_MAX = 8 * 1024 * 1024;

export class Participant {
  readonly view: ChainView;
  readonly #view: LedgerView;
  readonly ledger: Ledger;
  readonly pool: TransactionPool;
  readonly desk: TransactionDesk;
  readonly #options: ParticipantOptions;
  readonly #sealer: SoloSealer;
  readonly #listeners = new Set<(header: HashedHeader) => void>();

  /** @throws LedgerDamage, StoreError */
  constructor(options: ParticipantOptions) {
    const { genesis, profile, suite, store, snapshots, signer, recoverer, clock, intervalMs, idleMs, onFailure } =
      options;
    this.#options = options;
    if (store.head() === undefined) store.commit(genesisBlock(suite, genesis));
    const executor = { engines: [systemEngine(suite)], gate: createGate() };
    this.ledger = openLedger({
      suite,
      profile,
      genesis,
      executor,
      store,
      ...(snapshots === undefined ? {} : { snapshots }),
    });
    const { chainId, groupId } = genesis;
    this.pool = new TransactionPool({
      chain: { chainId, groupId, suite: suite.name },
      hash: suite.hash,
      nonces: this.#nonces(),
    });
    this.desk = new TransactionDesk({
      pool: this.pool,
      recoverer,
      clock,
      onTaken: () => this.#sealer.wake(),
    });
    this.#view = new LedgerView({
      identity: { chainId, groupId, profile, suite, genesis, nodeId: signer.publicKey },
      ledger: this.ledger,
      store,
      pending: () => this.pool.size,
      submit: (bytes, timeoutMs) => this.desk.submit(bytes, timeoutMs),
    });
    this.view = this.#view;
    this.#sealer = new SoloSealer({
      ...{ hash: suite.hash, ledger: this.ledger, store, signer, clock, intervalMs, idleMs, onFailure },
      select: (height) => this.#select(height),
      hasEnough: () => this.#hasEnough(),
      onBlock: (header, block) => this.#onBlock(header, block),
    });
  }

  /** Called after each block is on the disk. */
  onBlock(listener: (header: HashedHeader) => void): void {
    this.#listeners.add(listener);
  }

  start(): void {
    this.#sealer.start();
  }

  /** The block under way is finished. */
  stop(): Promise<void> {
    return this.#sealer.stop();
  }

  /** A full block waits, or all that has arrived. */
  #hasEnough(): boolean {
    const { size } = this.pool;
    return size >= this.#countLimit(this.ledger.head.header.number) || (size > 0 && this.desk.isIdle);
  }

  #select(height: number) {
    return this.pool.select({ count: this.#countLimit(height), bytes: BLOCK_BYTES_MAX }, height);
  }

  /** Transactions that the block above `height` may hold. */
  #countLimit(height: number): number {
    return txCountLimitAt(this.ledger.state, height + 1);
  }

  #onBlock(header: HashedHeader, { calls }: ExecutedBlock): void {
    const { number } = header.header;
    const hashes = calls.map(({ hash }) => hash);
    this.#view.sealed(number, calls);
    this.pool.committed(
      number,
      hashes,
      calls.map(({ transaction }) => transaction.data.nonce),
    );
    this.#options.logger.debug({ number, transactions: calls.length }, "block sealed");
    for (const listener of this.#listeners) listener(header);
    this.desk.committed(number, hashes);
  }

  /** Nonces of the blocks in which a transaction that comes now could still have been. */
  #nonces(): NonceWindow {
    const { store, suite, profile } = this.#options;
    const head = store.head() ?? 0;
    const from = Math.max(0, head - BLOCK_LIMIT_RANGE_BLOCKS);
    const window = new NonceWindow(from);
    const blocks = new StoredBlocks(store, suite, profile);
    for (let number = from + 1; number <= head; number++) {
      window.add(
        number,
        (blocks.transactions(number) ?? []).map(({ transaction }) => transaction.data.nonce),
      );
    }
    return window;
  }
}
