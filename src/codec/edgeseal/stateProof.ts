/**
 * Proofs that a key of the state tree (`stateHash.ts`) has a value or has none, checked by devices against the stateRoot
 * of a certified header.
 *
 * Bytes of a proof:
 *
 *     0   1  format, 1
 *     1   1  kind: 1 the key is there; 2 the tree is empty; 3 another leaf stands where the key's way ends
 *     2  32  kind 1: the key's value hash          kind 3: key of the other leaf
 *    34  32                                        kind 3: value hash of the other leaf
 *    34/66  32  kinds 1 and 3: the bits of the branches on the way, bit 0 = highest bit of the first byte
 *    66/98  32 each  kinds 1 and 3: siblings, one per bit set, root first
 *
 * The wanted key is not in it: whoever checks brings it along, and its bits decide the sides on the whole way.
 *
 * Why a proof that holds is true, if the root is the root of a tree made by the rules (that is what its signers vouch for):
 *
 * 1. The hashes lead up to the root, so by collision resistance and the marks in front, every node of the proof *is* the
 *    node of that tree in its place, from the root down: a branch cannot be opened as a leaf or with another bit or other
 *    children. The wanted key's own bits choose the side at every branch, so the leaf at the end is the one to which the
 *    wanted key's way leads. From one root there is only one such way, and one such leaf.
 * 2. Is the wanted key in the tree, then at every branch above its leaf it lies on the side its bit says; its way ends in
 *    its own leaf. So a proof of presence shows that leaf, with the one value hash it has, and nothing else can.
 * 3. Is a leaf with another key at the end of the way, then by 2 the wanted key is not in the tree. For a key that is
 *    there, an attacker would need a second leaf at the end of the same way, which 1 excludes; and its own leaf is refused
 *    as "another" because the keys are compared. It is not enough that *some* other leaf is in the tree: the sides follow
 *    the wanted key, never the other one.
 * 4. In a tree made by the rules the bits on a way strictly increase, and the other leaf agrees with the wanted key on
 *    each of them. Both are checked although they follow: a bitmap cannot say anything but increasing bits, and values
 *    made by hand are checked for it. So also of a root that was not made by the rules nothing is believed that such
 *    a tree could not hold.
 * 5. The root of the empty tree is 32 zero bytes; to show anything else under it would take a preimage of zero.
 *
 * A true statement has exactly one proof.
 */
import { copyBytes, equalBytes, isZeroBytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { StateProofError } from "../problems.js";
import { keyBit, STATE_KEY_BITS, STATE_KEY_BYTES, stateBranchHash, stateLeafHash } from "./stateHash.js";

export interface StatePath {
  /** Bits of the branches from the root down, 0..255, strictly increasing. */
  readonly bits: readonly number[];
  /** 32 bytes per bit, in the same order: the child of that branch that is not on the way. */
  readonly siblings: readonly Uint8Array[];
}

export type StateProof =
  | { readonly kind: "present"; readonly valueHash: Uint8Array; readonly path: StatePath }
  | { readonly kind: "empty" }
  | {
      readonly kind: "other";
      readonly otherKey: Uint8Array;
      readonly otherValueHash: Uint8Array;
      readonly path: StatePath;
    };

/** What a proof shows about its key. */
export type StateVerdict = { readonly present: true; readonly valueHash: Uint8Array } | { readonly present: false };

const FORMAT = 1;
const KINDS = { present: 1, empty: 2, other: 3 } as const;
const HEAD_BYTES = 2;
const BITMAP_BYTES = STATE_KEY_BITS / 8;

/** One branch for every bit of a key. */
export const STATE_PROOF_SIBLINGS_MAX = STATE_KEY_BITS;
/**
 * What the layout can hold. Keys are hashes, so a way of n branches costs its maker about 2^n hashes: 30 siblings are
 * already rare, and proofs of more than 2 KiB (61) do not occur.
 */
export const STATE_PROOF_BYTES_MAX =
  HEAD_BYTES + STATE_KEY_BYTES + HASH_BYTES + BITMAP_BYTES + STATE_PROOF_SIBLINGS_MAX * HASH_BYTES;

/** @throws StateProofError `STATE_PROOF_FIELD_LENGTH`, `STATE_PROOF_BITS` for a value that is no proof. */
export function encodeStateProof(proof: StateProof): Uint8Array {
  if (proof.kind === "empty") return Uint8Array.of(FORMAT, KINDS.empty);
  const fields = proof.kind === "present" ? [proof.valueHash] : [proof.otherKey, proof.otherValueHash];
  const { bits, siblings } = proof.path;
  if (!isAscending(bits) || bits.length !== siblings.length) {
    throw new StateProofError({ code: "STATE_PROOF_BITS", bits: bits.length, siblings: siblings.length });
  }
  for (const field of [...fields, ...siblings]) {
    if (field.length !== HASH_BYTES) {
      throw new StateProofError({ code: "STATE_PROOF_FIELD_LENGTH", length: field.length });
    }
  }
  const bitmap = new Uint8Array(BITMAP_BYTES);
  for (const bit of bits) bitmap[bit >>> 3] = (bitmap[bit >>> 3] as number) | (0x80 >>> (bit & 7));
  const parts = [...fields, bitmap, ...siblings];
  const bytes = new Uint8Array(HEAD_BYTES + parts.length * HASH_BYTES);
  bytes[0] = FORMAT;
  bytes[1] = KINDS[proof.kind];
  for (const [i, part] of parts.entries()) bytes.set(part, HEAD_BYTES + i * HASH_BYTES);
  return bytes;
}

/**
 * Strict: every byte has one meaning, and none may be left over. The result has memory of its own.
 * @throws StateProofError `STATE_PROOF_LENGTH`, `STATE_PROOF_FORMAT`, `STATE_PROOF_KIND`
 */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  if (bytes.length < HEAD_BYTES || bytes.length > STATE_PROOF_BYTES_MAX) refuseLength(bytes, STATE_PROOF_BYTES_MAX);
  const [format = 0, kind = 0] = bytes;
  if (format !== FORMAT) throw new StateProofError({ code: "STATE_PROOF_FORMAT", format });
  if (kind === KINDS.empty) {
    if (bytes.length !== HEAD_BYTES) refuseLength(bytes, HEAD_BYTES);
    return { kind: "empty" };
  }
  if (kind !== KINDS.present && kind !== KINDS.other) throw new StateProofError({ code: "STATE_PROOF_KIND", kind });
  const pathAt = HEAD_BYTES + (kind === KINDS.present ? 1 : 2) * HASH_BYTES;
  if (bytes.length < pathAt + BITMAP_BYTES) refuseLength(bytes, pathAt + BITMAP_BYTES);
  const path = decodePath(bytes, pathAt);
  const first = hashAt(bytes, HEAD_BYTES);
  if (kind === KINDS.present) return { kind: "present", valueHash: first, path };
  return { kind: "other", otherKey: first, otherValueHash: hashAt(bytes, HEAD_BYTES + HASH_BYTES), path };
}

/**
 * What `proof` shows about `key` (32 bytes, see `stateKey`) in the state with this 32-byte root, or undefined when it
 * shows nothing. Never throws on hostile values.
 */
export function checkStateProof(
  hash: HashFunction,
  root: Uint8Array,
  key: Uint8Array,
  proof: StateProof,
): StateVerdict | undefined {
  if (root.length !== HASH_BYTES || key.length !== STATE_KEY_BYTES) return undefined;
  if (proof.kind === "empty") return isZeroBytes(root) ? { present: false } : undefined;
  const { bits, siblings } = proof.path;
  if (!isAscending(bits) || bits.length !== siblings.length) return undefined;
  if (siblings.some((sibling) => sibling.length !== HASH_BYTES)) return undefined;
  if (proof.kind === "present") {
    if (proof.valueHash.length !== HASH_BYTES) return undefined;
    const leaf = stateLeafHash(hash, key, proof.valueHash);
    return leadsTo(hash, root, key, proof.path, leaf) ? { present: true, valueHash: proof.valueHash } : undefined;
  }
  const { otherKey, otherValueHash } = proof;
  if (otherKey.length !== STATE_KEY_BYTES || otherValueHash.length !== HASH_BYTES) return undefined;
  // A key's own leaf is no witness against it.
  if (equalBytes(otherKey, key)) return undefined;
  if (bits.some((bit) => keyBit(otherKey, bit) !== keyBit(key, bit))) return undefined;
  const leaf = stateLeafHash(hash, otherKey, otherValueHash);
  return leadsTo(hash, root, key, proof.path, leaf) ? { present: false } : undefined;
}

/** Whether the way of `key` over these branches, ending in `leaf`, hashes up to the root. */
function leadsTo(hash: HashFunction, root: Uint8Array, key: Uint8Array, path: StatePath, leaf: Uint8Array): boolean {
  let node = leaf;
  for (let i = path.bits.length - 1; i >= 0; i--) {
    const bit = path.bits[i] as number;
    const sibling = path.siblings[i] as Uint8Array;
    node =
      keyBit(key, bit) === 0 ? stateBranchHash(hash, bit, node, sibling) : stateBranchHash(hash, bit, sibling, node);
  }
  return equalBytes(node, root);
}

function isAscending(bits: readonly number[]): boolean {
  let above = -1;
  for (const bit of bits) {
    if (!Number.isInteger(bit) || bit <= above || bit >= STATE_KEY_BITS) return false;
    above = bit;
  }
  return true;
}

function decodePath(bytes: Uint8Array, at: number): StatePath {
  const bits: number[] = [];
  for (let bit = 0; bit < STATE_KEY_BITS; bit++) if (keyBit(bytes, bit, at) === 1) bits.push(bit);
  const siblingsAt = at + BITMAP_BYTES;
  const expected = siblingsAt + bits.length * HASH_BYTES;
  if (bytes.length !== expected) refuseLength(bytes, expected);
  return { bits, siblings: bits.map((_, i) => hashAt(bytes, siblingsAt + i * HASH_BYTES)) };
}

function hashAt(bytes: Uint8Array, at: number): Uint8Array {
  return copyBytes(bytes.subarray(at, at + HASH_BYTES));
}

function refuseLength(bytes: Uint8Array, expected: number): never {
  throw new StateProofError({ code: "STATE_PROOF_LENGTH", length: bytes.length, expected });
}
