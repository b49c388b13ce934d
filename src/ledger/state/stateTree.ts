/**
 * The provable state of a participant: the tree of `codec/edgeseal/stateHash.ts` in memory, one root per height.
 *
 * It holds keys and value hashes, not values; the ledger's database holds those and is the truth. `apply` changes the tree
 * in place and keeps of every height what it changed (`journal.ts`): so the last heights stay readable, a block can be
 * rolled back exactly, and a snapshot can be written while blocks go on. Every height also knows which nodes it made and
 * which of its parent's it no longer has: rolling back frees the former, letting the parent go frees the latter.
 *
 * Nothing here reads a clock, waits or touches a file; `store/stateSnapshotWriter.ts` keeps snapshots.
 */

import { copyBytes } from "../../base/bytes.js";
import { emptyStateRoot, STATE_KEY_BYTES } from "../../codec/edgeseal/stateHash.js";
import type { StateProof } from "../../codec/edgeseal/stateProof.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { BatchUpdate, findLeaf } from "./batchUpdate.js";
import { orderChanges, type StateChange } from "./changeBatch.js";
import { EMPTY_JOURNAL, type Journal, JournalWriter, PastReader } from "./journal.js";
import { compareKeys } from "./keyBytes.js";
import { SNAPSHOT_CHUNK_LEAVES, STATE_HEIGHTS_MAX, STATE_NODES_MAX } from "./limits.js";
import { NONE, NodeArena, type NodeReader, partOf, SECOND_AT } from "./nodeArena.js";
import { StateError } from "./problems.js";
import { proveState } from "./proveState.js";
import { importSnapshot, type StateSnapshot, snapshotChunks } from "./snapshot.js";
import { verifyTree } from "./verifyTree.js";

/** Height of a tree to which nothing was applied: block 0 makes the first state. */
export const HEIGHT_BEFORE_GENESIS = -1;

/** Keys that go into a tree at a time while it is built anew; larger batches share more of the hashing. */
const REBUILD_BATCH_LEAVES = 65_536;

export interface StateTreeOptions {
  /** Heights kept readable, the newest among them, at least 1; left out: STATE_HEIGHTS_MAX. */
  readonly heights?: number;
  /** Nodes of all kept heights; left out: STATE_NODES_MAX. */
  readonly nodesMax?: number;
}

interface Version {
  readonly height: number;
  /** Tells two states of one height apart, before and after a rollback. */
  readonly serial: number;
  readonly root: number;
  readonly rootHash: Uint8Array;
  readonly leafCount: number;
  /** How this version came from the one before; nothing for the oldest, which nothing is before. */
  readonly step: Step;
}

interface Step {
  /** What the changed nodes were before. */
  readonly journal: Journal;
  /** Nodes that the version before does not have. */
  readonly made: Int32Array;
  /** Nodes of the version before that this one does not have. */
  readonly obsolete: Int32Array;
}

const NO_STEP: Step = { journal: EMPTY_JOURNAL, made: new Int32Array(0), obsolete: new Int32Array(0) };

export class StateTree {
  readonly #hash: HashFunction;
  readonly #heights: number;
  readonly #arena: NodeArena;
  /** Oldest first, consecutive heights, never empty. */
  readonly #versions: Version[];
  readonly #journal = new JournalWriter();
  #serial = 0;

  private constructor(hash: HashFunction, options: StateTreeOptions, first: (arena: NodeArena) => Version) {
    this.#hash = hash;
    this.#heights = Math.max(1, options.heights ?? STATE_HEIGHTS_MAX);
    this.#arena = new NodeArena(options.nodesMax ?? STATE_NODES_MAX);
    this.#versions = [first(this.#arena)];
  }

  /** The state before block 0, without keys. */
  static empty(hash: HashFunction, options: StateTreeOptions = {}): StateTree {
    return new StateTree(hash, options, () => baseVersion(HEIGHT_BEFORE_GENESIS, NONE, emptyStateRoot(), 0));
  }

  /**
   * The state of a snapshot, as the only kept height. Of its hashes only the root is compared: a medium that decays is found
   * by checksums, and who cannot trust the file calls `verify`.
   * @throws StateError `STATE_SNAPSHOT_SHAPE`, `STATE_SNAPSHOT_ROOT`, `STATE_TREE_FULL`; whatever the chunks throw.
   */
  static restore(hash: HashFunction, snapshot: StateSnapshot, options: StateTreeOptions = {}): StateTree {
    const { height, leafCount } = snapshot;
    return new StateTree(hash, options, (arena) =>
      baseVersion(height, importSnapshot(arena, snapshot), copyBytes(snapshot.root), leafCount),
    );
  }

  /**
   * The state of a height from all its keys, each once and in any order, as the only kept height: where there is no snapshot.
   * @throws StateError `STATE_FIELD_LENGTH`, `STATE_TREE_FULL`; whatever the iterable throws.
   */
  static rebuild(
    hash: HashFunction,
    height: number,
    leaves: Iterable<StateChange>,
    options: StateTreeOptions = {},
  ): StateTree {
    const tree = StateTree.empty(hash, options);
    let batch: StateChange[] = [];
    const take = (): void => {
      tree.apply(tree.height + 1, batch);
      tree.prune(tree.height);
      batch = [];
    };
    for (const leaf of leaves) {
      batch.push(leaf);
      if (batch.length >= REBUILD_BATCH_LEAVES) take();
    }
    take();
    tree.#versions[0] = { ...tree.#newest(), height };
    return tree;
  }

  /** The newest height. */
  get height(): number {
    return this.#newest().height;
  }

  get oldestHeight(): number {
    return (this.#versions[0] as Version).height;
  }

  /** Keys at the newest height. */
  get leafCount(): number {
    return this.#newest().leafCount;
  }

  /** Leaves and branches in memory, of all kept heights. */
  get nodeCount(): number {
    return this.#arena.nodeCount;
  }

  /**
   * Makes the next height of a batch of changes to distinct keys, in any order, and gives back its root. Taking out a key
   * that is not there and writing the value that is there change nothing. When it throws, nothing has changed.
   * @throws StateError `STATE_HEIGHT_ORDER`, `STATE_CHANGES_TOO_MANY`, `STATE_FIELD_LENGTH`, `STATE_KEY_TWICE`,
   *   `STATE_TREE_FULL`
   */
  apply(height: number, changes: readonly StateChange[]): Uint8Array {
    const newest = this.#newest();
    if (height !== newest.height + 1) {
      throw new StateError({ code: "STATE_HEIGHT_ORDER", height, expected: newest.height + 1 });
    }
    const update = new BatchUpdate(this.#arena, this.#hash, this.#journal, orderChanges(changes));
    const rootHash = copyBytes(newest.rootHash);
    let root: number;
    try {
      root = update.run(newest.root, rootHash);
    } catch (thrown) {
      this.#undo(this.#journal.take(), update.made);
      throw thrown;
    }
    const step = {
      journal: this.#journal.take(),
      made: new Int32Array(update.made),
      obsolete: new Int32Array(update.obsolete),
    };
    const leafCount = newest.leafCount + update.leafGain;
    this.#versions.push({ height, serial: ++this.#serial, root, rootHash, leafCount, step });
    this.prune(height - this.#heights + 1);
    return this.root();
  }

  /**
   * Back to the height before the newest, exactly.
   * @returns the height that is now the newest.
   * @throws StateError `STATE_HEIGHT_UNKNOWN` when no other height is kept.
   */
  rollback(): number {
    const newest = this.#newest();
    if (this.#versions.length === 1) this.#refuseHeight(newest.height - 1);
    this.#versions.pop();
    this.#undo(newest.step.journal, newest.step.made);
    return this.height;
  }

  /** Lets go of heights below `oldest`; the newest always stays. */
  prune(oldest: number): void {
    while (this.#versions.length > 1 && this.oldestHeight < oldest) {
      this.#versions.shift();
      const base = this.#versions[0] as Version;
      for (const node of base.step.obsolete) this.#arena.free(node);
      this.#versions[0] = { ...base, step: NO_STEP };
    }
  }

  /** The 32-byte root of a kept height, or of the newest. @throws StateError `STATE_HEIGHT_UNKNOWN` */
  root(height?: number): Uint8Array {
    return copyBytes(this.#version(height).rootHash);
  }

  /**
   * The 32-byte hash of a key's value, undefined when the key is not there.
   * @throws StateError `STATE_HEIGHT_UNKNOWN`, `STATE_FIELD_LENGTH`
   */
  valueHash(key: Uint8Array, height?: number): Uint8Array | undefined {
    assertKey(key);
    const { root } = this.#version(height);
    if (root === NONE) return undefined;
    const reader = this.#reader(height);
    const leaf = findLeaf(reader, root, key);
    const isThere = compareKeys(reader.recordPage(leaf), reader.recordAt(leaf), key, 0) === 0;
    return isThere ? partOf(reader, leaf, SECOND_AT) : undefined;
  }

  /**
   * The proof that a key has its value, or none, under the root of that height.
   * @throws StateError `STATE_HEIGHT_UNKNOWN`, `STATE_FIELD_LENGTH`
   */
  prove(key: Uint8Array, height?: number): StateProof {
    assertKey(key);
    return proveState(this.#reader(height), this.#version(height).root, key);
  }

  /** Whether every hash of the newest height is what its children and leaves make: a few seconds for a million keys. */
  verify(): boolean {
    const { root, rootHash, leafCount } = this.#newest();
    return verifyTree(this.#arena, this.#hash, root, rootHash, leafCount);
  }

  /**
   * The newest height for keeping. Blocks may go on between two chunks, as long as the height stays in the window; chunks
   * asked for after that throw StateError `STATE_SNAPSHOT_GONE`.
   */
  snapshot(): StateSnapshot {
    const { height, serial, root, rootHash, leafCount } = this.#newest();
    const reader = (): NodeReader => {
      if (!this.#versions.some((each) => each.serial === serial)) {
        throw new StateError({ code: "STATE_SNAPSHOT_GONE", height });
      }
      return this.#reader(height);
    };
    const chunks = snapshotChunks(reader, root, rootHash, leafCount);
    return { height, root: copyBytes(rootHash), leafCount, chunkLeaves: SNAPSHOT_CHUNK_LEAVES, chunks };
  }

  /** Reads a kept height, or the newest. */
  #reader(height: number | undefined): NodeReader {
    const above = height === undefined ? [] : this.#versions.slice(height - this.oldestHeight + 1);
    return above.length === 0
      ? this.#arena
      : new PastReader(
          this.#arena,
          above.map(({ step }) => step.journal),
        );
  }

  #undo(journal: Journal, made: Iterable<number>): void {
    journal.undo(this.#arena);
    for (const node of made) this.#arena.free(node);
  }

  #newest(): Version {
    return this.#versions.at(-1) as Version;
  }

  #version(height: number | undefined): Version {
    if (height === undefined) return this.#newest();
    return this.#versions[height - this.oldestHeight] ?? this.#refuseHeight(height);
  }

  #refuseHeight(height: number): never {
    throw new StateError({
      code: "STATE_HEIGHT_UNKNOWN",
      height,
      oldest: this.oldestHeight,
      newest: this.height,
    });
  }
}

function baseVersion(height: number, root: number, rootHash: Uint8Array, leafCount: number): Version {
  return { height, serial: 0, root, rootHash, leafCount, step: NO_STEP };
}

function assertKey(key: Uint8Array): void {
  if (key.length !== STATE_KEY_BYTES) {
    throw new StateError({ code: "STATE_FIELD_LENGTH", field: "key", length: key.length });
  }
}
