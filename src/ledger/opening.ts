/**
 * A ledger from what is on the disk. Everything is compared on the way: block 0 with the configuration, the head with its
 * hash, the history with the head's commitment, all records with the head's state root.
 */
import { equalBytes, toHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import { decodeCommitment } from "../codec/edgeseal/commitment.js";
import { stateValueHash } from "../codec/edgeseal/stateHash.js";
import { type GenesisConfig, genesisHeader } from "../codec/fisco/genesis.js";
import { headerHash } from "../codec/fisco/headerHash.js";
import { decodeHeader, encodeHeader } from "../codec/fisco/headerTars.js";
import { type HashedHeader, hashHeader } from "../codec/hashedHeader.js";
import type { Profile } from "../codec/profile.js";
import { MountainRange } from "../crypto/mountainRange.js";
import type { Suite } from "../crypto/suite.js";
import type { Executor } from "./execution.js";
import { Ledger } from "./ledger.js";
import { LedgerDamage } from "./problems.js";
import { recordKey } from "./provenState.js";
import type { StateSnapshot } from "./state/snapshot.js";
import { StateTree } from "./state/stateTree.js";
import type { BlockWrite, LedgerStore, MountainNode } from "./store.js";
import { genesisRecords } from "./system/genesisRecords.js";

export interface OpenLedgerOptions {
  readonly suite: Suite;
  readonly profile: Profile;
  readonly genesis: GenesisConfig;
  readonly executor: Executor;
  readonly store: LedgerStore;
  /**
   * Hands snapshots of the tree to `restore`, newest first, until it takes one; it refuses by throwing. Where none is taken
   * the tree is built from the records.
   */
  readonly snapshots?: (restore: (snapshot: StateSnapshot) => StateTree) => StateTree | undefined;
}

/** Block 0 and the state that it begins with. */
export function genesisBlock(suite: Suite, genesis: GenesisConfig): BlockWrite {
  const header = genesisHeader(genesis);
  const hash = headerHash(suite.hash, header);
  const mountainNodes: MountainNode[] = [];
  MountainRange.empty(suite.hash).append(hash, (level, index, node) => mountainNodes.push({ level, index, node }));
  return {
    number: 0,
    hash,
    header: encodeHeader({ header, signatures: [] }, hash),
    transactions: [],
    transactionHashes: [],
    senders: [],
    receipts: [],
    failed: 0,
    diffs: genesisRecords(genesis).map(({ table, key, value }) => ({ table, key, before: undefined, after: value })),
    mountainNodes,
    diffsFrom: 0,
  };
}

/**
 * @param options a store that holds block 0 at least.
 * @throws LedgerDamage, StoreError
 */
export function openLedger(options: OpenLedgerOptions): Ledger {
  const { suite, profile, genesis, executor, store } = options;
  const head = store.head() ?? 0;
  assertChain(options);
  const newest = storedHeader(store, head, suite, profile);
  const tree = openTree(options, newest);
  const history = openHistory(options, newest);
  return new Ledger({
    ...{ suite, profile, executor, store, tree, history, head: newest },
    version: genesisHeader(genesis).version,
  });
}

function assertChain({ suite, genesis, store }: OpenLedgerOptions): void {
  const expected = headerHash(suite.hash, genesisHeader(genesis));
  const stored = store.header(0);
  const found = stored === undefined ? undefined : headerHash(suite.hash, decodeHeader(stored).signed.header);
  if (found === undefined)
    throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: store.place, number: 0, what: "header" });
  if (equalBytes(found, expected)) return;
  const problem = { place: store.place, expected: toHex(expected), found: toHex(found) };
  throw new LedgerDamage({ code: "LEDGER_OTHER_CHAIN", ...problem });
}

/** A header of the store under the hash it really has. @throws LedgerDamage `LEDGER_BLOCK_DAMAGED`; StoreError */
export function storedHeader(store: LedgerStore, number: number, suite: Suite, profile: Profile): HashedHeader {
  const damaged = (what: string, cause?: unknown): never => {
    throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: store.place, number, what }, { cause });
  };
  const bytes = store.header(number);
  if (bytes === undefined) return damaged("header");
  try {
    const hashed = hashHeader(decodeHeader(bytes).signed, suite, profile);
    return store.numberOf(hashed.hash) === number ? hashed : damaged("hash");
  } catch (thrown) {
    if (thrown instanceof LedgerDamage) throw thrown;
    return damaged(codeOf(thrown), thrown);
  }
}

/** Over all headers up to the newest, from the peaks on the disk. */
function openHistory({ suite, profile, store }: OpenLedgerOptions, { header, hash }: HashedHeader): MountainRange {
  const { number } = header;
  const peaks: Uint8Array[] = [];
  // Peaks of `number` leaves, highest first: the headers below the newest.
  for (let level = Math.floor(Math.log2(Math.max(1, number))), start = 0; level >= 0; level--) {
    if (Math.floor(number / 2 ** level) % 2 === 0) continue;
    const node = store.mountainNode(level, start / 2 ** level);
    if (node !== undefined) peaks.push(node);
    start += 2 ** level;
  }
  const damaged = (): never => {
    throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: store.place, number, what: "history" });
  };
  let history: MountainRange;
  try {
    history = MountainRange.restore(suite.hash, number, peaks);
  } catch {
    return damaged();
  }
  const committed = profile.layout === "edgeseal" && number > 0;
  if (committed && !equalBytes(history.root(), decodeCommitment(header.extraData).historyRoot)) return damaged();
  history.append(hash);
  return history;
}

/** From the snapshot and what came after it, or else from all records; either must lead to the header's state root. */
function openTree(options: OpenLedgerOptions, newest: HashedHeader): StateTree {
  const { suite, store, snapshots, genesis } = options;
  const { number } = newest.header;
  const expected = number === 0 ? genesisRoot(suite, genesis) : newest.header.stateRoot;
  const compared = (tree: StateTree): StateTree => {
    if (equalBytes(tree.root(), expected)) return tree;
    throw new LedgerDamage({ code: "LEDGER_STATE_DAMAGED", place: store.place, number });
  };
  const restored = snapshots?.((snapshot) => compared(replayed(options, snapshot, number)));
  return restored ?? compared(StateTree.rebuild(suite.hash, number, leavesOf(options)));
}

function genesisRoot(suite: Suite, genesis: GenesisConfig): Uint8Array {
  const tree = StateTree.empty(suite.hash);
  return tree.apply(
    0,
    genesisRecords(genesis).map(({ table, key, value }) => ({
      key: recordKey(suite.hash, table, key),
      valueHash: value === undefined ? undefined : stateValueHash(suite.hash, value),
    })),
  );
}

/** @throws LedgerDamage where a diff on the way is missing: then the snapshot is too old, or of another chain. */
function replayed({ suite, store }: OpenLedgerOptions, snapshot: StateSnapshot, head: number): StateTree {
  const unusable = (number: number): never => {
    throw new LedgerDamage({ code: "LEDGER_STATE_DAMAGED", place: store.place, number });
  };
  if (snapshot.height > head) return unusable(snapshot.height);
  const tree = StateTree.restore(suite.hash, snapshot);
  for (let number = snapshot.height + 1; number <= head; number++) {
    const diffs = store.diffs(number);
    if (diffs === undefined) return unusable(number);
    tree.apply(
      number,
      diffs.map(({ table, key, after }) => ({
        key: recordKey(suite.hash, table, key),
        valueHash: after === undefined ? undefined : stateValueHash(suite.hash, after),
      })),
    );
  }
  return tree;
}

function* leavesOf({ suite, store }: OpenLedgerOptions) {
  for (const { table, key, value } of store.records()) {
    yield { key: recordKey(suite.hash, table, key), valueHash: stateValueHash(suite.hash, value) };
  }
}
