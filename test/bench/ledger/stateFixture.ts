/** Trees of many keys and blocks of changes for them. */
import { stateKey } from "../../../src/codec/edgeseal/stateHash.js";
import type { HashFunction } from "../../../src/crypto/hashFunction.js";
import type { StateChange } from "../../../src/ledger/state/changeBatch.js";
import { STATE_HEIGHTS_MAX } from "../../../src/ledger/state/limits.js";
import { StateTree } from "../../../src/ledger/state/stateTree.js";
import { seconds } from "../measure.js";

export const BLOCK_KEYS = 1_000;
export const KEY_BYTES = 32;

const HASHED_BYTES = 67;
const HASHES_TIMED = 100_000;

/** Hash of the chain, with its calls counted. */
export class CountingHash {
  count = 0;
  readonly #hash: HashFunction;

  constructor(hash: HashFunction) {
    this.#hash = hash;
  }

  readonly hash: HashFunction = (data) => {
    this.count++;
    return this.#hash(data);
  };
}

/** Hashes/s of branches, and of nothing else. */
export function hashRate(hash: HashFunction): number {
  const data = new Uint8Array(HASHED_BYTES);
  const start = seconds();
  for (let i = 0; i < HASHES_TIMED; i++) {
    data[i % HASHED_BYTES] = i;
    hash(data);
  }
  return HASHES_TIMED / (seconds() - start);
}

export function keyOf(hash: HashFunction, i: number): Uint8Array {
  const record = new Uint8Array(4);
  new DataView(record.buffer).setUint32(0, i);
  return stateKey(hash, "bench", record);
}

/** A tree of `size` keys as it is in the middle of its life: all its heights taken, nodes in use scattered. */
export class GrownTree {
  readonly tree: StateTree;
  /** All keys one after the other: a million objects would be the garbage collector's figure. */
  readonly #keys: Uint8Array;
  readonly #size: number;
  #values = 0;

  constructor(hash: HashFunction, size: number) {
    this.#size = size;
    this.#keys = new Uint8Array(size * KEY_BYTES);
    this.tree = StateTree.empty(hash);
    const changes: StateChange[] = [];
    for (let i = 0; i < size; i++) {
      const key = keyOf(hash, i);
      this.#keys.set(key, i * KEY_BYTES);
      changes.push({ key, valueHash: this.#newValueHash() });
    }
    this.tree.apply(this.tree.height + 1, changes);
    for (let i = 0; i <= STATE_HEIGHTS_MAX; i++) this.apply(this.block());
  }

  /** The place of BLOCK_KEYS distinct keys, picked at random. */
  pick(): number[] {
    const places = new Set<number>();
    while (places.size < BLOCK_KEYS) places.add(Math.floor(Math.random() * this.#size));
    return [...places];
  }

  key(place: number): Uint8Array {
    return this.#keys.slice(place * KEY_BYTES, (place + 1) * KEY_BYTES);
  }

  /** New values for distinct keys. */
  block(): StateChange[] {
    return this.pick().map((place) => ({ key: this.key(place), valueHash: this.#newValueHash() }));
  }

  apply(changes: readonly StateChange[]): void {
    this.tree.apply(this.tree.height + 1, changes);
  }

  #newValueHash(): Uint8Array {
    const valueHash = new Uint8Array(KEY_BYTES);
    new DataView(valueHash.buffer).setUint32(0, ++this.#values);
    return valueHash;
  }
}
