/** Hashes of nodes from their records, by the rules of `codec/edgeseal/stateHash.ts`, without an array made per preimage. */
import { BRANCH_MARK, BRANCH_PREIMAGE_BYTES, LEAF_MARK, LEAF_PREIMAGE_BYTES } from "../../codec/edgeseal/stateHash.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { type NodeArena, RECORD_BYTES } from "./nodeArena.js";

/** Both preimages end in a 64-byte record; they lie so in memory that records are copied by words. */
const RECORD_IN_BUFFER_AT = 4;

export class NodeHasher {
  readonly #hash: HashFunction;
  readonly #arena: NodeArena;
  readonly #leaf: Uint8Array;
  readonly #leafWords: Int32Array;
  readonly #branch: Uint8Array;
  readonly #branchWords: Int32Array;

  constructor(hash: HashFunction, arena: NodeArena) {
    this.#hash = hash;
    this.#arena = arena;
    const leaf = new ArrayBuffer(RECORD_IN_BUFFER_AT + RECORD_BYTES);
    this.#leaf = new Uint8Array(leaf, leaf.byteLength - LEAF_PREIMAGE_BYTES);
    this.#leafWords = new Int32Array(leaf, RECORD_IN_BUFFER_AT);
    this.#leaf[0] = LEAF_MARK;
    const branch = new ArrayBuffer(RECORD_IN_BUFFER_AT + RECORD_BYTES);
    this.#branch = new Uint8Array(branch, branch.byteLength - BRANCH_PREIMAGE_BYTES);
    this.#branchWords = new Int32Array(branch, RECORD_IN_BUFFER_AT);
    this.#branch[0] = BRANCH_MARK;
  }

  /** Of a leaf whose record is filled. */
  leaf(leaf: number): Uint8Array {
    this.#arena.readRecord(leaf, this.#leafWords);
    return this.#hash(this.#leaf);
  }

  /** Of a branch whose bit and record are filled. */
  branch(branch: number): Uint8Array {
    const bit = this.#arena.bit(branch);
    this.#branch[1] = bit >>> 8;
    this.#branch[2] = bit & 0xff;
    this.#arena.readRecord(branch, this.#branchWords);
    return this.#hash(this.#branch);
  }
}
