/** The changes of one height, checked, copied and in key order. */
import { toHex } from "../../base/bytes.js";
import { STATE_KEY_BYTES } from "../../codec/edgeseal/stateHash.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { compareKeys } from "./keyBytes.js";
import { STATE_CHANGES_MAX } from "./limits.js";
import { StateError } from "./problems.js";

export interface StateChange {
  /** 32 bytes, see `stateKey`. */
  readonly key: Uint8Array;
  /** 32 bytes, see `stateValueHash`; undefined takes the key out. */
  readonly valueHash: Uint8Array | undefined;
}

/** Change i, in key order: key and value hash lie from 32 * i on in their arrays. */
export interface ChangeBatch {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly valueHashes: Uint8Array;
  /** 1 where the key is taken out. */
  readonly deletes: Uint8Array;
}

/** @throws StateError `STATE_CHANGES_TOO_MANY`, `STATE_FIELD_LENGTH`, `STATE_KEY_TWICE` */
export function orderChanges(changes: readonly StateChange[]): ChangeBatch {
  const count = changes.length;
  if (count > STATE_CHANGES_MAX) {
    throw new StateError({ code: "STATE_CHANGES_TOO_MANY", count, max: STATE_CHANGES_MAX });
  }
  const keys = new Uint8Array(count * STATE_KEY_BYTES);
  const valueHashes = new Uint8Array(count * HASH_BYTES);
  const deletes = new Uint8Array(count);
  for (const [place, index] of orderOf(changes).entries()) {
    const { key, valueHash } = changes[index] as StateChange;
    keys.set(key, place * STATE_KEY_BYTES);
    if (valueHash === undefined) deletes[place] = 1;
    else valueHashes.set(valueHash, place * HASH_BYTES);
  }
  for (let at = STATE_KEY_BYTES; at < keys.length; at += STATE_KEY_BYTES) {
    if (compareKeys(keys, at - STATE_KEY_BYTES, keys, at) === 0) {
      throw new StateError({ code: "STATE_KEY_TWICE", key: toHex(keys.subarray(at, at + STATE_KEY_BYTES)) });
    }
  }
  return { count, keys, valueHashes, deletes };
}

/**
 * Places of the changes by ascending key. The first 32 bits of a key and its place make one exact number (52 bits), and
 * numbers sort ten times faster than byte arrays; what agrees in 32 bits is put in order afterwards.
 */
function orderOf(changes: readonly StateChange[]): Float64Array {
  const packed = new Float64Array(changes.length);
  for (const [index, { key, valueHash }] of changes.entries()) {
    assertLength("key", key);
    if (valueHash !== undefined) assertLength("valueHash", valueHash);
    packed[index] = prefixOf(key) * STATE_CHANGES_MAX + index;
  }
  packed.sort();
  for (let from = 0; from < packed.length; ) {
    const prefix = Math.floor((packed[from] as number) / STATE_CHANGES_MAX);
    let to = from;
    while (to < packed.length && Math.floor((packed[to] as number) / STATE_CHANGES_MAX) === prefix) {
      packed[to] = (packed[to] as number) % STATE_CHANGES_MAX;
      to++;
    }
    if (to - from > 1) {
      packed.subarray(from, to).sort((a, b) => compareKeys(keyOf(changes, a), 0, keyOf(changes, b), 0));
    }
    from = to;
  }
  return packed;
}

function prefixOf(key: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = key;
  return a * 2 ** 24 + ((b << 16) | (c << 8) | d);
}

function keyOf(changes: readonly StateChange[], index: number): Uint8Array {
  return (changes[index] as StateChange).key;
}

function assertLength(field: string, bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES) throw new StateError({ code: "STATE_FIELD_LENGTH", field, length: bytes.length });
}
