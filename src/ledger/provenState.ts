/**
 * The records of a participant, each compared with the state tree before anybody sees it: a value that decayed on the disk,
 * or that somebody put there, is named and not served.
 */
import { equalBytes, utf8Bytes } from "../base/bytes.js";
import type { StateProofAnswer } from "../codec/edgeseal/stateAnswer.js";
import { stateKey, stateValueHash } from "../codec/edgeseal/stateHash.js";
import { encodeStateProof } from "../codec/edgeseal/stateProof.js";
import type { HashFunction } from "../crypto/hashFunction.js";
import { LedgerDamage } from "./problems.js";
import type { RecordName, StateReader } from "./records.js";
import type { StateTree } from "./state/stateTree.js";
import type { LedgerStore, RecordDiff } from "./store.js";

/** Records that were compared and are remembered. */
export const RECORDS_REMEMBERED_MAX = 65_536;
/** Bytes of their values together; larger values than the second number are read anew each time. */
export const REMEMBERED_BYTES_MAX = 32 * 1024 * 1024;
export const REMEMBERED_VALUE_BYTES_MAX = 4_096;

/** Place of a record in the tree. */
export function recordKey(hash: HashFunction, table: string, key: string): Uint8Array {
  return stateKey(hash, table, utf8Bytes(key));
}

interface Known {
  readonly place: Uint8Array;
  value: Uint8Array | undefined;
}

export class ProvenState implements StateReader {
  readonly #store: LedgerStore;
  readonly #tree: StateTree;
  readonly #hash: HashFunction;
  /**
   * In two generations of half the limits each: what is asked for moves into the newer one, and when that is full the older
   * one goes as a whole. Letting go of the oldest one by one would leave a Map full of holes, each walked over every time. A
   * record that is not there is remembered, too.
   */
  #newer = new Map<string, Known>();
  #older = new Map<string, Known>();
  #newerBytes = 0;

  constructor(store: LedgerStore, tree: StateTree, hash: HashFunction) {
    this.#store = store;
    this.#tree = tree;
    this.#hash = hash;
  }

  /** @throws LedgerDamage `LEDGER_RECORD_ALTERED`; StoreError */
  get(table: string, key: string): Uint8Array | undefined {
    const name = nameOf(table, key);
    const known = this.#find(name);
    if (known !== undefined) return known.value;
    const place = recordKey(this.#hash, table, key);
    const value = this.#store.record(table, key);
    this.#compare({ table, key, place }, value, this.#store.head() ?? 0);
    this.#remember(name, { place, value });
    return value;
  }

  /** `recordKey`, which is known already for whatever was read. */
  placeOf(table: string, key: string): Uint8Array {
    return this.#find(nameOf(table, key))?.place ?? recordKey(this.#hash, table, key);
  }

  /** The records of a block that is on the disk now. */
  committed(diffs: readonly RecordDiff[]): void {
    for (const { table, key, after } of diffs) {
      const name = nameOf(table, key);
      const known = this.#find(name);
      // What nobody has asked for yet is compared when somebody does.
      if (known === undefined) continue;
      this.#newerBytes -= bytesOf(known);
      known.value = after;
      this.#newerBytes += bytesOf(known);
      if (bytesOf(known) > REMEMBERED_VALUE_BYTES_MAX) this.#forget(name, known);
    }
  }

  /**
   * A record as it was at an earlier height whose diffs, and whose root, are still kept.
   * @throws StateError `STATE_HEIGHT_UNKNOWN`; LedgerDamage `LEDGER_RECORD_ALTERED`; StoreError
   */
  valueAt(table: string, key: string, height: number): Uint8Array | undefined {
    const head = this.#store.head() ?? 0;
    for (let number = height + 1; number <= head; number++) {
      const changed = this.#store.diffs(number)?.find((diff) => diff.table === table && diff.key === key);
      if (changed === undefined) continue;
      this.#compare({ table, key, place: this.placeOf(table, key) }, changed.before, height);
      return changed.before;
    }
    const value = this.get(table, key);
    // Where a diff on the way is gone, the newest value is not the one of that height.
    if (height !== head) this.#compare({ table, key, place: this.placeOf(table, key) }, value, height);
    return value;
  }

  /**
   * A record with its proof at a height that is still kept.
   * @throws as `valueAt`
   */
  prove(table: string, key: string, height: number): StateProofAnswer {
    const value = this.valueAt(table, key, height);
    const proof = encodeStateProof(this.#tree.prove(this.placeOf(table, key), height));
    return { number: height, value, proof };
  }

  #compare(
    { table, key, place }: RecordName & Pick<Known, "place">,
    value: Uint8Array | undefined,
    height: number,
  ): void {
    const expected = this.#tree.valueHash(place, height);
    const found = value === undefined ? undefined : stateValueHash(this.#hash, value);
    const same = found === undefined ? expected === undefined : expected !== undefined && equalBytes(found, expected);
    if (!same) throw new LedgerDamage({ code: "LEDGER_RECORD_ALTERED", place: this.#store.place, table, key });
  }

  #find(name: string): Known | undefined {
    const newer = this.#newer.get(name);
    if (newer !== undefined) return newer;
    const older = this.#older.get(name);
    if (older !== undefined) this.#remember(name, older);
    return older;
  }

  #remember(name: string, known: Known): void {
    if (bytesOf(known) > REMEMBERED_VALUE_BYTES_MAX) return;
    if (this.#newer.size >= RECORDS_REMEMBERED_MAX / 2 || this.#newerBytes >= REMEMBERED_BYTES_MAX / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#newerBytes = 0;
    }
    this.#newer.set(name, known);
    this.#newerBytes += bytesOf(known);
  }

  #forget(name: string, known: Known): void {
    this.#newer.delete(name);
    this.#older.delete(name);
    this.#newerBytes -= bytesOf(known);
  }
}

function bytesOf({ value }: Known): number {
  return value?.length ?? 0;
}

/** Table names hold no space. */
function nameOf(table: string, key: string): string {
  return `${table} ${key}`;
}
