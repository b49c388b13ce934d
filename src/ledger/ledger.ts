/**
 * The chain of a participant: its head, its state, and the next block. What consensus agrees on comes in through `execute`
 * and goes to the disk through `seal`, one block after the other:
 *
 *     execute(proposal) ─▶ ExecutedBlock (header to be signed) ─▶ seal(signatures) ─▶ BlockWrite ─▶ disk ─▶ committed()
 *                                    └──▶ abandon(): as if it had never been
 *
 * It waits for nothing and writes nothing: whoever holds it persists the write before anybody hears of the block.
 */

import { stateValueHash } from "../codec/edgeseal/stateHash.js";
import type { Header, HeaderSignature } from "../codec/fisco/header.js";
import { headerHash } from "../codec/fisco/headerHash.js";
import { encodeHeader } from "../codec/fisco/headerTars.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { Profile } from "../codec/profile.js";
import { MountainRange } from "../crypto/mountainRange.js";
import type { Suite } from "../crypto/suite.js";
import { headerOf } from "./block.js";
import type { BlockContext, Outcome } from "./engine.js";
import {
  addressText,
  carryOut,
  type ExecutedCall,
  type Executor,
  executeTransactions,
  type SignedCall,
} from "./execution.js";
import { LedgerError } from "./problems.js";
import { ProvenState } from "./provenState.js";
import { STATE_HEIGHTS_MAX } from "./state/limits.js";
import type { StateSnapshot } from "./state/snapshot.js";
import type { StateTree } from "./state/stateTree.js";
import { StateOverlay } from "./stateOverlay.js";
import type { BlockWrite, LedgerStore, MountainNode, RecordDiff } from "./store.js";
import { sealersAt } from "./system/nodes.js";
import { txGasLimitAt } from "./system/settings.js";

/** Blocks after a snapshot whose diffs are kept for it; beyond that a start builds the tree from the records. */
export const DIFFS_KEPT_MAX = 4_096;

export interface Proposal {
  readonly number: number;
  /** Milliseconds; a time before the parent's becomes the parent's. */
  readonly timestamp: number;
  /** Index of the proposer in the list of this block. */
  readonly sealer: number;
  readonly calls: readonly SignedCall[];
}

export interface ExecutedBlock {
  readonly header: Header;
  readonly hash: Uint8Array;
  readonly calls: readonly ExecutedCall[];
  readonly diffs: readonly RecordDiff[];
}

export interface LedgerParts {
  readonly suite: Suite;
  readonly profile: Profile;
  readonly executor: Executor;
  readonly store: LedgerStore;
  /** At the height of `head`. */
  readonly tree: StateTree;
  /** Over all headers up to and including `head`. */
  readonly history: MountainRange;
  readonly head: HashedHeader;
  /** Of the headers, all their lives. */
  readonly version: number;
}

export class Ledger {
  readonly state: ProvenState;
  readonly #parts: LedgerParts;
  readonly #tree: StateTree;
  #history: MountainRange;
  #head: HashedHeader;
  #executed: ExecutedBlock | undefined;
  /** Heights of the newest snapshots of the tree that are on the disk; diffs above the older are kept, to go on from either. */
  #snapshots = { newest: 0, older: 0 };

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#tree = parts.tree;
    this.#history = parts.history;
    this.#head = parts.head;
    this.state = new ProvenState(parts.store, parts.tree, parts.suite.hash);
  }

  get head(): HashedHeader {
    return this.#head;
  }

  /** Height of the newest snapshot that is on the disk; 0 where this process has not written one. */
  get snapshotHeight(): number {
    return this.#snapshots.newest;
  }

  /** A snapshot is on the disk; the one before it is kept in case it is damaged. */
  snapshotKept(height: number): void {
    this.#snapshots = { newest: height, older: this.#snapshots.newest };
  }

  /** The newest state for keeping: chunks are to be taken soon, blocks may go on meanwhile. */
  snapshot(): StateSnapshot {
    return this.#tree.snapshot();
  }

  /** Heights whose state can be proven, both included. */
  get provableHeights(): { readonly from: number; readonly to: number } {
    return { from: this.#tree.oldestHeight, to: this.#head.header.number };
  }

  /**
   * Carries a block's calls out on top of the head.
   * @throws LedgerError `LEDGER_PROPOSAL_ORDER`, `LEDGER_SEALER_UNKNOWN`; LedgerDamage and StoreError of what is read.
   */
  execute(proposal: Proposal): ExecutedBlock {
    const { suite, profile, version, executor } = this.#parts;
    const { number, sealer, calls } = proposal;
    const parent = this.#head;
    const expected = parent.header.number + 1;
    if (number !== expected || this.#executed !== undefined) {
      throw new LedgerError({ code: "LEDGER_PROPOSAL_ORDER", number, expected });
    }
    const sealers = sealersAt(this.state, number);
    if (sealers.nodeIds[sealer] === undefined) throw new LedgerError({ code: "LEDGER_SEALER_UNKNOWN", number, sealer });
    const state = new StateOverlay(this.state);
    const timestamp = Math.max(proposal.timestamp, parent.header.timestamp);
    const block = { number, timestamp, parentHash: parent.hash };
    const executed = executeTransactions(
      executor,
      calls,
      { block, suite, hash: suite.hash, state },
      txGasLimitAt(this.state, number),
    );
    const diffs = state.diffs();
    const nextSealers = sealersAt(state, number + 1);
    const historyRoot = this.#history.root();
    // From here on nothing may throw that leaves the tree above the head.
    const stateRoot = this.#tree.apply(number, this.#treeChanges(diffs));
    const header = headerOf(
      { parent, version, timestamp, sealer, sealers, nextSealers, calls: executed, stateRoot, historyRoot },
      profile,
      suite.hash,
    );
    this.#executed = { header, hash: headerHash(suite.hash, header), calls: executed, diffs };
    return this.#executed;
  }

  /** The executed block is not to be; the head stays. */
  abandon(): void {
    if (this.#executed === undefined) return;
    this.#executed = undefined;
    this.#tree.rollback();
  }

  /** What has to be on the disk before `committed`. @throws LedgerError `LEDGER_PROPOSAL_ORDER` */
  seal(block: ExecutedBlock, signatures: readonly HeaderSignature[]): BlockWrite {
    this.#assertExecuted(block);
    const { header, hash, calls, diffs } = block;
    const { number } = header;
    const mountainNodes: MountainNode[] = [];
    const history = MountainRange.restore(this.#parts.suite.hash, this.#history.leafCount, this.#history.peaks);
    history.append(hash, (level, index, node) => mountainNodes.push({ level, index, node }));
    return {
      number,
      hash,
      header: encodeHeader({ header, signatures }, hash),
      transactions: calls.map(({ bytes }) => bytes),
      transactionHashes: calls.map((call) => call.hash),
      senders: calls.map(({ sender }) => sender),
      receipts: calls.map(({ receiptBytes }) => receiptBytes),
      failed: calls.filter(({ receipt }) => receipt.status !== 0).length,
      diffs,
      mountainNodes,
      diffsFrom: Math.min(number - STATE_HEIGHTS_MAX, Math.max(this.#snapshots.older + 1, number - DIFFS_KEPT_MAX)),
    };
  }

  /** The write of `seal` is on the disk: the block is the head. @throws LedgerError `LEDGER_PROPOSAL_ORDER` */
  committed(block: ExecutedBlock, signatures: readonly HeaderSignature[]): HashedHeader {
    this.#assertExecuted(block);
    const { header, hash, diffs } = block;
    this.#executed = undefined;
    this.#history.append(hash);
    this.state.committed(diffs);
    this.#head = { header, signatures, hash };
    return this.#head;
  }

  /** A call on the newest state, of which nothing stays. */
  call(to: string, input: Uint8Array, caller: Uint8Array): Outcome {
    const { suite, executor } = this.#parts;
    const { header, hash } = this.#head;
    const block: BlockContext = { number: header.number + 1, timestamp: header.timestamp, parentHash: hash };
    const state = new StateOverlay(this.state);
    const gas = txGasLimitAt(this.state, block.number);
    const call = { caller, origin: caller, to: addressText(to), input, gas, depth: 0, readOnly: true };
    return carryOut(executor, call, { block, suite, hash: suite.hash, state });
  }

  #assertExecuted(block: ExecutedBlock): void {
    if (block === this.#executed) return;
    const expected = this.#head.header.number + 1;
    throw new LedgerError({ code: "LEDGER_PROPOSAL_ORDER", number: block.header.number, expected });
  }

  #treeChanges(diffs: readonly RecordDiff[]) {
    const { hash } = this.#parts.suite;
    return diffs.map(({ table, key, after }) => ({
      key: this.state.placeOf(table, key),
      valueHash: after === undefined ? undefined : stateValueHash(hash, after),
    }));
  }
}
