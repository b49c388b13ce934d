/** The ledger's store in memory: for tests, and for chains that are made to be thrown away. Behaves as the one on disk. */
import type {
  BlockWrite,
  LedgerCounts,
  LedgerStore,
  RecordDiff,
  StoredBody,
  StoredPlace,
  StoredProposal,
} from "../../ledger/store.js";
import { assertNext } from "./order.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

export class MemoryLedgerStore implements LedgerStore {
  readonly place = "memory";
  readonly #blocks: BlockWrite[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #places = new Map<string, StoredPlace>();
  readonly #tables = new Map<string, Map<string, Uint8Array>>();
  readonly #diffs = new Map<number, readonly RecordDiff[]>();
  readonly #mountain = new Map<string, Uint8Array>();
  #proposal: StoredProposal | undefined;
  #counts: LedgerCounts = { transactions: 0, failed: 0 };

  head(): number | undefined {
    return this.#blocks.length === 0 ? undefined : this.#blocks.length - 1;
  }

  header(number: number): Uint8Array | undefined {
    return this.#blocks[number]?.header;
  }

  body(number: number): StoredBody | undefined {
    return this.#blocks[number];
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    return this.#numbers.get(hex(blockHash));
  }

  placeOf(transactionHash: Uint8Array): StoredPlace | undefined {
    return this.#places.get(hex(transactionHash));
  }

  record(table: string, key: string): Uint8Array | undefined {
    return this.#tables.get(table)?.get(key);
  }

  *records(): Iterable<{ readonly table: string; readonly key: string; readonly value: Uint8Array }> {
    for (const [table, entries] of this.#tables) {
      for (const [key, value] of entries) yield { table, key, value };
    }
  }

  diffs(number: number): readonly RecordDiff[] | undefined {
    return this.#diffs.get(number);
  }

  mountainNode(level: number, index: number): Uint8Array | undefined {
    return this.#mountain.get(`${level}/${index}`);
  }

  counts(): LedgerCounts {
    return this.#counts;
  }

  proposal(): StoredProposal | undefined {
    return this.#proposal;
  }

  keepProposal(proposal: StoredProposal): void {
    this.#proposal = proposal;
  }

  commit(block: BlockWrite): void {
    assertNext(block.number, this.head());
    this.#blocks[block.number] = block;
    this.#numbers.set(hex(block.hash), block.number);
    block.transactionHashes.forEach((hash, index) => {
      this.#places.set(hex(hash), { number: block.number, index });
    });
    for (const { table, key, after } of block.diffs) {
      const entries = this.#tables.get(table) ?? new Map<string, Uint8Array>();
      this.#tables.set(table, entries);
      if (after === undefined) entries.delete(key);
      else entries.set(key, after);
    }
    this.#diffs.set(block.number, block.diffs);
    for (const number of this.#diffs.keys()) if (number < block.diffsFrom) this.#diffs.delete(number);
    for (const { level, index, node } of block.mountainNodes) this.#mountain.set(`${level}/${index}`, node);
    const { transactions, failed } = this.#counts;
    this.#counts = { transactions: transactions + block.transactions.length, failed: failed + block.failed };
  }

  close(): void {}
}
