/**
 * What no participant on this machine can save: seconds per transaction of each part that the format or the promise of
 * durability asks for, alone, one after the other in one thread, on the very blocks that the participant has just committed.
 */
import { contentRoot } from "../../../src/codec/edgeseal/commitment.js";
import { stateValueHash } from "../../../src/codec/edgeseal/stateHash.js";
import { receiptPreimage } from "../../../src/codec/fisco/receiptHash.js";
import { transactionPreimage } from "../../../src/codec/fisco/transactionHash.js";
import { merkleRoot } from "../../../src/crypto/merkle.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { recordKey } from "../../../src/ledger/provenState.js";
import { StateTree } from "../../../src/ledger/state/stateTree.js";
import type { RecordDiff } from "../../../src/ledger/store.js";
import type { TransactionView } from "../../../src/node/participant/chainView.js";
import type { SqlDatabase, SqlStatement } from "../../../src/store/driver.js";
import { encodeBody } from "../../../src/store/ledger/rows.js";
import { LEDGER_MIGRATIONS } from "../../../src/store/ledger/schema.js";
import { LEDGER_SIZES } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { openDatabase } from "../../../src/store/openDatabase.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { seconds } from "../measure.js";

export interface FloorBlock {
  readonly transactions: readonly TransactionView[];
  readonly diffs: readonly RecordDiff[];
}

export interface FloorCosts {
  readonly recover: number;
  readonly hashes: number;
  readonly tree: number;
  readonly disk: number;
}

/** Its tree and its database grow as the participant's do. */
export class SoloFloor {
  readonly #suite: Suite;
  readonly #tree: StateTree;
  readonly #database: SqlDatabase;
  readonly #statements: Record<"begin" | "commit" | "block" | "place" | "record", SqlStatement>;
  #blocks = 0;

  constructor(suite: Suite, database: SqlDatabase) {
    this.#suite = suite;
    this.#tree = StateTree.empty(suite.hash);
    this.#database = database;
    this.#statements = {
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      block: database.prepare(
        "INSERT INTO block (number, hash, transactions, failed, sum, header, body_sum, body) VALUES (?, ?, 0, 0, 0, x'', 0, ?)",
      ),
      place: database.prepare("INSERT INTO place (hash, place) VALUES (?, ?)"),
      record: database.prepare("INSERT INTO record (tab, key, value) VALUES (?, ?, ?)"),
    };
  }

  /** @param blocks of new records only; as large as the chain lets them be, which costs least. */
  measure(blocks: readonly FloorBlock[]): FloorCosts {
    const count = blocks.reduce((sum, { transactions }) => sum + transactions.length, 0);
    const per = (work: (block: FloorBlock) => void): number =>
      blocks.map((block) => timed(() => work(block))).reduce((sum, each) => sum + each) / count;
    const costs = { recover: per((block) => this.#recover(block)), hashes: this.#hashes(blocks) / count };
    const tree = per((block) => this.#apply(block));
    const disk = blocks.map((block, i) => this.#write(block, this.#blocks + i)).reduce((sum, each) => sum + each);
    this.#blocks += blocks.length;
    return { ...costs, tree, disk: disk / count };
  }

  close(): void {
    this.#database.close();
  }

  #recover({ transactions }: FloorBlock): void {
    const { recover, address } = this.#suite;
    for (const { hash, transaction } of transactions) address(recover(hash, transaction.signature) as Uint8Array);
  }

  /** Of transactions and receipts, up to the three roots of the header over them. */
  #hashes(blocks: readonly FloorBlock[]): number {
    const { hash } = this.#suite;
    let elapsed = 0;
    for (const { transactions } of blocks) {
      const preimages = transactions.map(({ transaction }) => transactionPreimage(transaction.data));
      const receiptPreimages = transactions.map(({ receipt }) => receiptPreimage(receipt));
      const bytes = transactions.map((each) => each.bytes);
      const receiptBytes = transactions.map((each) => each.receiptBytes);
      elapsed += timed(() => {
        merkleRoot(hash, preimages.map(hash));
        merkleRoot(hash, receiptPreimages.map(hash));
        contentRoot(hash, bytes, receiptBytes);
      });
    }
    return elapsed;
  }

  #apply({ diffs }: FloorBlock): void {
    const { hash } = this.#suite;
    this.#tree.apply(
      this.#tree.height + 1,
      diffs.map(({ table, key, after }) => ({
        key: recordKey(hash, table, key),
        valueHash: after === undefined ? undefined : stateValueHash(hash, after),
      })),
    );
  }

  #write({ transactions, diffs }: FloorBlock, number: number): number {
    const body = encodeBody({
      transactions: transactions.map(({ bytes }) => bytes),
      senders: transactions.map(({ sender }) => sender),
      receipts: transactions.map(({ receiptBytes }) => receiptBytes),
    });
    const blockHash = (transactions[0] as TransactionView).hash;
    const { begin, commit, block, place, record } = this.#statements;
    return timed(() => {
      begin.run();
      block.run(number, blockHash, body);
      for (const [index, { hash }] of transactions.entries()) place.run(hash, number * 2 ** 20 + index);
      for (const { table, key, after } of diffs) record.run(table, key, after as Uint8Array);
      commit.run();
    });
  }
}

export async function openSoloFloor(suite: Suite, path: string): Promise<SoloFloor> {
  return new SoloFloor(suite, openDatabase(await loadEngine(), path, LEDGER_MIGRATIONS, LEDGER_SIZES));
}

function timed(work: () => void): number {
  const start = seconds();
  work();
  return seconds() - start;
}
