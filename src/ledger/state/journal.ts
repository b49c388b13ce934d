/** What the nodes that one height changed were before it: undoes the height, and lets the height below be read. */
import { JOURNAL_WORDS, type NodeArena, type NodeReader, RECORD_BYTES } from "./nodeArena.js";

const ENTRY_BYTES = 4 * JOURNAL_WORDS;
const RECORD_IN_ENTRY_AT = ENTRY_BYTES - RECORD_BYTES;

export class Journal {
  readonly #nodes: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  /** Made when the height below is read for the first time; most never are. */
  #entries: Map<number, number> | undefined;

  /** Node i was what lies from word JOURNAL_WORDS * i on. No node twice. */
  constructor(nodes: Int32Array, words: Int32Array) {
    this.#nodes = nodes;
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }

  /** Puts all nodes back. */
  undo(arena: NodeArena): void {
    for (const [i, node] of this.#nodes.entries()) arena.restoreNode(node, this.#words, i * JOURNAL_WORDS);
  }

  /** The entry of a node, undefined when this height did not change it. */
  entryOf(node: number): number | undefined {
    this.#entries ??= new Map(Array.from(this.#nodes, (each, i) => [each, i]));
    return this.#entries.get(node);
  }

  left(entry: number): number {
    return this.#words[entry * JOURNAL_WORDS] as number;
  }

  right(entry: number): number {
    return this.#words[entry * JOURNAL_WORDS + 1] as number;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  recordAt(entry: number): number {
    return entry * ENTRY_BYTES + RECORD_IN_ENTRY_AT;
  }
}

export const EMPTY_JOURNAL = new Journal(new Int32Array(0), new Int32Array(0));

/** Entries of the writer's own memory at first, 76 bytes each. */
const CAPACITY_MIN = 1_024;
const CAPACITY_KEPT_MAX = 65_536;

/** Takes the entries of a height under way; its memory serves height after height. */
export class JournalWriter {
  #nodes = new Int32Array(CAPACITY_MIN);
  #words = new Int32Array(CAPACITY_MIN * JOURNAL_WORDS);
  #count = 0;

  /** Before the first change of a node that was there before this height. */
  save(arena: NodeArena, node: number): void {
    if (this.#count === this.#nodes.length) this.#grow();
    this.#nodes[this.#count] = node;
    arena.saveNode(node, this.#words, this.#count * JOURNAL_WORDS);
    this.#count++;
  }

  /** What was saved since the last time. */
  take(): Journal {
    const count = this.#count;
    this.#count = 0;
    if (this.#nodes.length <= CAPACITY_KEPT_MAX) {
      return new Journal(this.#nodes.slice(0, count), this.#words.slice(0, count * JOURNAL_WORDS));
    }
    // One enormous height must not hold that much memory for ever.
    const taken = new Journal(this.#nodes.subarray(0, count), this.#words.subarray(0, count * JOURNAL_WORDS));
    this.#nodes = new Int32Array(CAPACITY_MIN);
    this.#words = new Int32Array(CAPACITY_MIN * JOURNAL_WORDS);
    return taken;
  }

  #grow(): void {
    const nodes = new Int32Array(2 * this.#nodes.length);
    const words = new Int32Array(2 * this.#words.length);
    nodes.set(this.#nodes);
    words.set(this.#words);
    this.#nodes = nodes;
    this.#words = words;
  }
}

/** The tree of a height below `journals` (oldest first): a node is what the first of them that knows it says it was. */
export class PastReader implements NodeReader {
  readonly #arena: NodeArena;
  readonly #journals: readonly Journal[];

  constructor(arena: NodeArena, journals: readonly Journal[]) {
    this.#arena = arena;
    this.#journals = journals;
  }

  bit(node: number): number {
    return this.#arena.bit(node);
  }

  left(branch: number): number {
    return this.#find(branch, (journal, entry) => journal.left(entry)) ?? this.#arena.left(branch);
  }

  right(branch: number): number {
    return this.#find(branch, (journal, entry) => journal.right(entry)) ?? this.#arena.right(branch);
  }

  recordPage(node: number): Uint8Array {
    return this.#find(node, (journal) => journal.bytes) ?? this.#arena.recordPage(node);
  }

  recordAt(node: number): number {
    return this.#find(node, (journal, entry) => journal.recordAt(entry)) ?? this.#arena.recordAt(node);
  }

  #find<T>(node: number, read: (journal: Journal, entry: number) => T): T | undefined {
    for (const journal of this.#journals) {
      const entry = journal.entryOf(node);
      if (entry !== undefined) return read(journal, entry);
    }
    return undefined;
  }
}
