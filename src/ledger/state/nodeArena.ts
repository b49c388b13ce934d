/**
 * Memory of the state tree: nodes as records in pages of typed arrays, so that a million keys are a few hundred objects for
 * the garbage collector, and growing copies nothing.
 *
 * A node's number is 2 * slot for a leaf and 2 * slot + 1 for a branch; NONE is the empty tree. Numbers fit 32 bits. A
 * leaf keeps its key and a branch its bit for life; the rest of a node changes in place, because a million keys do not fit
 * the processor's caches and a node that is changed has just been read. What it was before goes to a journal.
 *
 * A node's hash lies with its parent, the root's with whoever holds the root: so hashing a branch does not go to its
 * children, each of which would be a walk to main memory. Links lie apart from hashes because finding a leaf needs
 * nothing else.
 *
 * - leaf, 64 bytes: key | value hash
 * - branch links, three 32-bit words: bit, left node, right node
 * - branch hashes, 64 bytes: hash of the left node | hash of the right node
 */
import { STATE_KEY_BITS } from "../../codec/edgeseal/stateHash.js";
import { StateError } from "./problems.js";

/** The number of no node: the empty tree. */
export const NONE = -1;

/** Two 32-byte parts: what a leaf's or a branch's record holds. */
export const RECORD_BYTES = 64;
const RECORD_WORDS = RECORD_BYTES / 4;
const LINKS_SAVED = 2;
/** Words that `saveNode` writes, the record last. */
export const JOURNAL_WORDS = LINKS_SAVED + RECORD_WORDS;
/** Where the value hash lies in a leaf's record, and the right hash in a branch's. */
export const SECOND_AT = 32 as const;

const PAGE_SLOTS_LOG2 = 12;
const PAGE_SLOTS = 1 << PAGE_SLOTS_LOG2;
const SLOT_MASK = PAGE_SLOTS - 1;
/** From a node's number to its page. */
const PAGE_SHIFT = PAGE_SLOTS_LOG2 + 1;

const LINK_WORDS = 3;
const LEFT_AT = 1;
const RIGHT_AT = 2;

export function isLeaf(node: number): boolean {
  return (node & 1) === 0;
}

/** How a tree is read: the newest one right in the arena, an older one through the journals above it. */
export interface NodeReader {
  /** Bit that a branch decides; 256 for a leaf, which comes after all bits. */
  bit(node: number): number;
  left(branch: number): number;
  right(branch: number): number;
  /** The array in which a node's 64-byte record lies, from `recordAt` on; both until the next call. */
  recordPage(node: number): Uint8Array;
  recordAt(node: number): number;
}

/** A copy of a part of a node's record: a leaf's key (0) or value hash, a branch's left hash (0) or right one (SECOND_AT). */
export function partOf(reader: NodeReader, node: number, part: 0 | typeof SECOND_AT): Uint8Array {
  const at = reader.recordAt(node) + part;
  return reader.recordPage(node).slice(at, at + SECOND_AT);
}

export class NodeArena implements NodeReader {
  readonly #nodesMax: number;
  readonly #leafPages: Uint8Array[] = [];
  readonly #linkPages: Int32Array[] = [];
  readonly #hashPages: Uint8Array[] = [];
  /** The memory of the records in words, for copying them whole. */
  readonly #leafWords: Int32Array[] = [];
  readonly #hashWords: Int32Array[] = [];
  /** Slots given back, used again before new ones. */
  readonly #freeLeaves: number[] = [];
  readonly #freeBranches: number[] = [];
  /** Slots ever used. */
  #leafSlots = 0;
  #branchSlots = 0;

  constructor(nodesMax: number) {
    this.#nodesMax = nodesMax;
  }

  /** Leaves and branches in use. */
  get nodeCount(): number {
    return this.#leafSlots - this.#freeLeaves.length + this.#branchSlots - this.#freeBranches.length;
  }

  /** A leaf whose record is still to be filled. @throws StateError `STATE_TREE_FULL` */
  newLeaf(): number {
    this.#assertRoom();
    const free = this.#freeLeaves.pop();
    if (free !== undefined) return 2 * free;
    const slot = this.#leafSlots++;
    if (slot >>> PAGE_SLOTS_LOG2 === this.#leafPages.length) {
      const page = new Uint8Array(PAGE_SLOTS * RECORD_BYTES);
      this.#leafPages.push(page);
      this.#leafWords.push(new Int32Array(page.buffer));
    }
    return 2 * slot;
  }

  /** A branch whose links and record are still to be filled. @throws StateError `STATE_TREE_FULL` */
  newBranch(bit: number): number {
    this.#assertRoom();
    let slot = this.#freeBranches.pop();
    if (slot === undefined) {
      slot = this.#branchSlots++;
      if (slot >>> PAGE_SLOTS_LOG2 === this.#linkPages.length) {
        this.#linkPages.push(new Int32Array(PAGE_SLOTS * LINK_WORDS));
        const page = new Uint8Array(PAGE_SLOTS * RECORD_BYTES);
        this.#hashPages.push(page);
        this.#hashWords.push(new Int32Array(page.buffer));
      }
    }
    const branch = 2 * slot + 1;
    this.#links(branch)[this.#linksAt(branch)] = bit;
    return branch;
  }

  link(branch: number, left: number, right: number): void {
    const links = this.#links(branch);
    const at = this.#linksAt(branch);
    links[at + LEFT_AT] = left;
    links[at + RIGHT_AT] = right;
  }

  free(node: number): void {
    (isLeaf(node) ? this.#freeLeaves : this.#freeBranches).push(node >>> 1);
  }

  bit(node: number): number {
    return isLeaf(node) ? STATE_KEY_BITS : (this.#links(node)[this.#linksAt(node)] as number);
  }

  left(branch: number): number {
    return this.#links(branch)[this.#linksAt(branch) + LEFT_AT] as number;
  }

  right(branch: number): number {
    return this.#links(branch)[this.#linksAt(branch) + RIGHT_AT] as number;
  }

  recordPage(node: number): Uint8Array {
    return (isLeaf(node) ? this.#leafPages : this.#hashPages)[node >>> PAGE_SHIFT] as Uint8Array;
  }

  recordAt(node: number): number {
    return ((node >>> 1) & SLOT_MASK) * RECORD_BYTES;
  }

  /** Copies the record of a node into 16 words. */
  readRecord(node: number, words: Int32Array): void {
    const page = this.#words(node);
    const at = this.#wordsAt(node);
    for (let i = 0; i < RECORD_WORDS; i++) words[i] = page[at + i] as number;
  }

  /** All of a node that may change, JOURNAL_WORDS words from `at` on: left and right (0 for a leaf), the record. */
  saveNode(node: number, words: Int32Array, at: number): void {
    if (!isLeaf(node)) {
      words[at] = this.left(node);
      words[at + 1] = this.right(node);
    }
    const page = this.#words(node);
    const from = this.#wordsAt(node);
    for (let i = 0; i < RECORD_WORDS; i++) words[at + LINKS_SAVED + i] = page[from + i] as number;
  }

  /** Puts back what `saveNode` kept. */
  restoreNode(node: number, words: Int32Array, at: number): void {
    if (!isLeaf(node)) this.link(node, words[at] as number, words[at + 1] as number);
    const page = this.#words(node);
    const to = this.#wordsAt(node);
    for (let i = 0; i < RECORD_WORDS; i++) page[to + i] = words[at + LINKS_SAVED + i] as number;
  }

  #words(node: number): Int32Array {
    return (isLeaf(node) ? this.#leafWords : this.#hashWords)[node >>> PAGE_SHIFT] as Int32Array;
  }

  #wordsAt(node: number): number {
    return ((node >>> 1) & SLOT_MASK) * RECORD_WORDS;
  }

  #links(branch: number): Int32Array {
    return this.#linkPages[branch >>> PAGE_SHIFT] as Int32Array;
  }

  #linksAt(branch: number): number {
    return ((branch >>> 1) & SLOT_MASK) * LINK_WORDS;
  }

  #assertRoom(): void {
    if (this.nodeCount >= this.#nodesMax) throw new StateError({ code: "STATE_TREE_FULL", max: this.#nodesMax });
  }
}
