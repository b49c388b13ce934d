/**
 * A Merkle mountain range over 32-byte header hashes: an append-only list whose root grows with it.
 *
 * Bytes, with H the suite's hash and || joining:
 * - leaf node (level 0):  H(0x00 || header hash), 33 bytes hashed
 * - inner node (level+1): H(0x01 || left || right), 65 bytes hashed
 * - root:                 H(0x02 || leaf count as 8 bytes big-endian || peaks, highest and oldest first), 9 + 32k bytes
 *
 * The peaks are the full binary trees that the binary digits of the leaf count name: 11 = 0b1011 leaves make a peak of level
 * 3 over leaves 0..7, one of level 1 over 8..9 and one of level 0 over 10. Node `index` of a `level` covers the leaves
 * index * 2^level up to, not including, (index + 1) * 2^level. The first byte keeps the three kinds of preimage apart
 * (as RFC 6962, 2.1, does for its two) and the count in the root keeps ranges of different length apart. The empty range has
 * the root of count 0 and no peaks.
 */
import { equalBytes } from "../base/bytes.js";
import type { HashFunction } from "./hashFunction.js";
import { CryptoError } from "./problems.js";
import { HASH_BYTES } from "./suite.js";

/** Largest leaf count: one header a millisecond for 8,900 years, and every intermediate value an exact number. */
export const MOUNTAIN_LEAVES_MAX = 2 ** 48;

const LEAF_MARK = 0x00;
const INNER_MARK = 0x01;
const ROOT_MARK = 0x02;
const COUNT_BYTES = 8;

/** Receives every finished node once, leaves included, so that a ledger can serve proofs later. */
export type MountainNodeSink = (level: number, index: number, node: Uint8Array) => void;
/** The node a sink once received, or undefined when it was not kept. */
export type MountainNodeReader = (level: number, index: number) => Uint8Array | undefined;

export interface MountainProof {
  /** Siblings from the leaf up to its peak: as many as the peak's level. */
  readonly siblings: readonly Uint8Array[];
  /** The other peaks, highest first. */
  readonly peaks: readonly Uint8Array[];
}

interface Peak {
  readonly level: number;
  /** First leaf below it. */
  readonly start: number;
}

/** Peaks of a range of `leafCount` leaves, highest first. */
function peaksOf(leafCount: number): Peak[] {
  const peaks: Peak[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(MOUNTAIN_LEAVES_MAX)); level >= 0; level--) {
    if (Math.floor(leafCount / 2 ** level) % 2 === 0) continue;
    peaks.push({ level, start });
    start += 2 ** level;
  }
  return peaks;
}

function isLeafCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= MOUNTAIN_LEAVES_MAX;
}

function isIndex(index: number, count: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < count;
}

function leafNode(hash: HashFunction, leaf: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + HASH_BYTES);
  preimage[0] = LEAF_MARK;
  preimage.set(leaf, 1);
  return hash(preimage);
}

function innerNode(hash: HashFunction, left: Uint8Array, right: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + 2 * HASH_BYTES);
  preimage[0] = INNER_MARK;
  preimage.set(left, 1);
  preimage.set(right, 1 + HASH_BYTES);
  return hash(preimage);
}

function rootOf(hash: HashFunction, leafCount: number, peaks: readonly Uint8Array[]): Uint8Array {
  const preimage = new Uint8Array(1 + COUNT_BYTES + peaks.length * HASH_BYTES);
  preimage[0] = ROOT_MARK;
  new DataView(preimage.buffer).setBigUint64(1, BigInt(leafCount));
  for (const [i, peak] of peaks.entries()) preimage.set(peak, 1 + COUNT_BYTES + i * HASH_BYTES);
  return hash(preimage);
}

export class MountainRange {
  readonly #hash: HashFunction;
  readonly #peaks: Uint8Array[];
  #leafCount: number;

  private constructor(hash: HashFunction, leafCount: number, peaks: Uint8Array[]) {
    this.#hash = hash;
    this.#leafCount = leafCount;
    this.#peaks = peaks;
  }

  static empty(hash: HashFunction): MountainRange {
    return new MountainRange(hash, 0, []);
  }

  /**
   * A range as `leafCount` and `peaks` described it. Whether the peaks are the right ones shows only in the root.
   * @throws CryptoError `CRYPTO_MOUNTAIN_PEAKS` for a count out of range or not one 32-byte peak per binary 1 in it.
   */
  static restore(hash: HashFunction, leafCount: number, peaks: readonly Uint8Array[]): MountainRange {
    const expected = isLeafCount(leafCount) ? peaksOf(leafCount).length : -1;
    if (peaks.length !== expected || peaks.some((peak) => peak.length !== HASH_BYTES)) {
      throw new CryptoError({ code: "CRYPTO_MOUNTAIN_PEAKS", count: leafCount, peaks: peaks.length, expected });
    }
    return new MountainRange(
      hash,
      leafCount,
      peaks.map((peak) => new Uint8Array(peak)),
    );
  }

  get leafCount(): number {
    return this.#leafCount;
  }

  /** Copies, highest first: with the count all that `restore` needs. */
  get peaks(): Uint8Array[] {
    return this.#peaks.map((peak) => peak.slice());
  }

  /**
   * Adds a 32-byte hash as the last leaf: one leaf hash, and on average one inner hash.
   * @throws CryptoError `CRYPTO_LEAF_LENGTH`, `CRYPTO_MOUNTAIN_FULL`
   */
  append(leaf: Uint8Array, sink?: MountainNodeSink): void {
    if (leaf.length !== HASH_BYTES) {
      throw new CryptoError({ code: "CRYPTO_LEAF_LENGTH", length: leaf.length, expected: HASH_BYTES });
    }
    if (this.#leafCount >= MOUNTAIN_LEAVES_MAX) {
      throw new CryptoError({ code: "CRYPTO_MOUNTAIN_FULL", count: this.#leafCount });
    }
    let node = leafNode(this.#hash, leaf);
    let index = this.#leafCount;
    let level = 0;
    sink?.(level, index, node);
    // A right child always finds its left sibling as the last peak.
    while (index % 2 === 1) {
      node = innerNode(this.#hash, this.#peaks.pop() as Uint8Array, node);
      index = (index - 1) / 2;
      level++;
      sink?.(level, index, node);
    }
    this.#peaks.push(node);
    this.#leafCount++;
  }

  /** The 32-byte commitment to all leaves, their order and their number. */
  root(): Uint8Array {
    return rootOf(this.#hash, this.#leafCount, this.#peaks);
  }
}

/**
 * The proof that leaf `index` stands in the range of its first `leafCount` leaves; `read` may know of more.
 * @throws CryptoError `CRYPTO_LEAF_INDEX`, `CRYPTO_MOUNTAIN_NODE_MISSING`
 */
export function mountainProof(read: MountainNodeReader, leafCount: number, index: number): MountainProof {
  if (!isLeafCount(leafCount) || !isIndex(index, leafCount)) {
    throw new CryptoError({ code: "CRYPTO_LEAF_INDEX", index, count: leafCount });
  }
  const node = (level: number, at: number): Uint8Array => {
    const found = read(level, at);
    if (found === undefined) throw new CryptoError({ code: "CRYPTO_MOUNTAIN_NODE_MISSING", level, index: at });
    return found;
  };
  const siblings: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  for (const peak of peaksOf(leafCount)) {
    const place = peak.start / 2 ** peak.level;
    if (index < peak.start || index >= peak.start + 2 ** peak.level) {
      others.push(node(peak.level, place));
      continue;
    }
    for (let level = 0, at = index; level < peak.level; level++, at = Math.floor(at / 2)) {
      siblings.push(node(level, at % 2 === 0 ? at + 1 : at - 1));
    }
  }
  return { siblings, peaks: others };
}

/**
 * Whether `leaf` (a 32-byte hash, not its node) is leaf `index` of the range with this root and count. Count and index fix
 * how many siblings and peaks there are; any other number, and any entry that is not 32 bytes, is refused.
 */
export function verifyMountainProof(
  hash: HashFunction,
  root: Uint8Array,
  leafCount: number,
  index: number,
  leaf: Uint8Array,
  proof: MountainProof,
): boolean {
  if (leaf.length !== HASH_BYTES || !isLeafCount(leafCount) || !isIndex(index, leafCount)) return false;
  const layout = peaksOf(leafCount);
  const own = layout.findIndex((peak) => index < peak.start + 2 ** peak.level);
  if (proof.siblings.length !== layout[own]?.level || proof.peaks.length !== layout.length - 1) return false;
  if (proof.siblings.some((node) => node.length !== HASH_BYTES)) return false;
  if (proof.peaks.some((node) => node.length !== HASH_BYTES)) return false;

  let node = leafNode(hash, leaf);
  let at = index;
  for (const sibling of proof.siblings) {
    node = at % 2 === 0 ? innerNode(hash, node, sibling) : innerNode(hash, sibling, node);
    at = Math.floor(at / 2);
  }
  return equalBytes(rootOf(hash, leafCount, proof.peaks.toSpliced(own, 0, node)), root);
}
