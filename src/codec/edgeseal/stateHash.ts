/**
 * What is hashed in the state tree of an `edgeseal` chain: a path-compressed binary sparse Merkle tree over 32-byte keys.
 * Bytes: docs/protocol.md, "State proofs". H is the suite's hash, integers are big-endian.
 *
 * - key of a record:  H(0x03 || u16 length of the table's name || name in UTF-8 || record key)
 * - hash of a value:  H(0x02 || value)
 * - leaf:             H(0x00 || key || value hash), 65 bytes hashed
 * - branch:           H(0x01 || u16 bit || left || right), 67 bytes hashed
 * - empty tree:       32 zero bytes, of which nobody knows a preimage
 *
 * Bit 0 is the highest bit of a key's first byte. A branch of bit b holds at least one key on either side: those whose bit
 * b is 0 on the left, those whose bit b is 1 on the right; all of them agree on bits 0..b-1. So there are no branches
 * with one child, bits strictly increase downwards, and a set of keys has exactly one tree. The first byte keeps the four
 * kinds of preimage apart: no value, however chosen, can be read as a node.
 */
import { utf8Bytes } from "../../base/bytes.js";
import { ScratchBytes } from "../../base/scratchBytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { StateProofError } from "../problems.js";

export const STATE_KEY_BYTES = 32;
export const STATE_KEY_BITS = 256;
/** UTF-8 bytes of a table's name; the layout has room for 65,535. */
export const STATE_TABLE_NAME_BYTES_MAX = 255;

export const LEAF_MARK = 0x00;
export const BRANCH_MARK = 0x01;
const VALUE_MARK = 0x02;
const KEY_MARK = 0x03;

export const LEAF_PREIMAGE_BYTES = 1 + STATE_KEY_BYTES + HASH_BYTES;
export const BRANCH_PREIMAGE_BYTES = 3 + 2 * HASH_BYTES;

/** Halves of surrogate pairs: UTF-8 would make the same bytes of all of them, and so one key of two names. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const SCRATCH = new ScratchBytes();

/** Root of the tree without keys, in memory of its own. */
export function emptyStateRoot(): Uint8Array {
  return new Uint8Array(HASH_BYTES);
}

/**
 * Place of a record in the tree, 32 bytes. Keys are hashed because whoever could choose them would make neighbours that
 * differ in the last bit only, and with them proofs of 256 siblings.
 * @throws StateProofError `STATE_TABLE_NAME` for a name that is too long or not well-formed text.
 */
export function stateKey(hash: HashFunction, table: string, recordKey: Uint8Array): Uint8Array {
  const name = utf8Bytes(table);
  if (name.length > STATE_TABLE_NAME_BYTES_MAX || LONE_SURROGATE.test(table)) {
    throw new StateProofError({ code: "STATE_TABLE_NAME", length: name.length, max: STATE_TABLE_NAME_BYTES_MAX });
  }
  SCRATCH.begin()
    .byte(KEY_MARK)
    .byte(name.length >>> 8)
    .byte(name.length & 0xff);
  return hash(SCRATCH.bytes(name).bytes(recordKey).view());
}

/** What a leaf says about its value, 32 bytes. */
export function stateValueHash(hash: HashFunction, value: Uint8Array): Uint8Array {
  return hash(SCRATCH.begin().byte(VALUE_MARK).bytes(value).view());
}

/** `key` and `valueHash` are 32 bytes each. */
export function stateLeafHash(hash: HashFunction, key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(LEAF_PREIMAGE_BYTES);
  preimage[0] = LEAF_MARK;
  preimage.set(key, 1);
  preimage.set(valueHash, 1 + STATE_KEY_BYTES);
  return hash(preimage);
}

/** `bit` is 0..255, `left` and `right` are 32 bytes each. */
export function stateBranchHash(hash: HashFunction, bit: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(BRANCH_PREIMAGE_BYTES);
  preimage[0] = BRANCH_MARK;
  preimage[1] = bit >>> 8;
  preimage[2] = bit & 0xff;
  preimage.set(left, 3);
  preimage.set(right, 3 + HASH_BYTES);
  return hash(preimage);
}

/** Bit 0..255 of the key that begins at `offset` of `bytes`: 0 or 1. */
export function keyBit(bytes: Uint8Array, bit: number, offset = 0): number {
  return ((bytes[offset + (bit >>> 3)] as number) >>> (7 - (bit & 7))) & 1;
}
