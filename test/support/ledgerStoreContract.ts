/**
 * What every implementation of the ledger's store must do, as plain cases without a test runner: the same cases run under
 * vitest and inside a child process on another Node.
 */
import assert from "node:assert/strict";
import type { BlockWrite, LedgerStore, RecordDiff } from "../../src/ledger/store.js";
import { assertRefused, bytesFor } from "./storeContract.js";

export interface LedgerStoreCase {
  readonly name: string;
  /** `reopened` closes the store it is given and opens it anew: what was in memory only is gone. */
  readonly run: (store: LedgerStore, reopened: (store: LedgerStore) => Promise<LedgerStore>) => Promise<void> | void;
}

/** More than one read of `records()` brings. */
const MANY_RECORDS = 9_000;

const diff = (table: string, key: string, after: Uint8Array | undefined, before?: Uint8Array): RecordDiff => ({
  ...{ table, key, before, after },
});

/** Block `number` with so many transactions, and nothing else of interest unless `changed` says so. */
export function blockWrite(number: number, transactions: number, changed: Partial<BlockWrite> = {}): BlockWrite {
  const each = (seed: number, length: number) =>
    Array.from({ length: transactions }, (_, i) => bytesFor(number * 1_000 + i * 7 + seed, length));
  return {
    number,
    hash: bytesFor(number + 1, 32),
    header: bytesFor(number + 2, 300),
    transactions: each(1, 120),
    transactionHashes: Array.from({ length: transactions }, (_, i) => hashOf(number, i)),
    senders: each(3, 20),
    receipts: each(4, 90),
    failed: 0,
    diffs: [],
    mountainNodes: [],
    diffsFrom: 0,
    ...changed,
  };
}

function hashOf(number: number, index: number): Uint8Array {
  const hash = bytesFor(number * 31 + index, 32);
  new DataView(hash.buffer).setUint32(0, number);
  new DataView(hash.buffer).setUint32(4, index);
  return hash;
}

function contentOf(store: LedgerStore): Map<string, string> {
  const content = new Map<string, string>();
  for (const { table, key, value } of store.records()) {
    assert.ok(!content.has(`${table} ${key}`), `${table} ${key} twice`);
    content.set(`${table} ${key}`, Buffer.from(value).toString("hex"));
  }
  return content;
}

function assertPlain(bytes: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(bytes instanceof Uint8Array);
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  assert.deepEqual(bytes, expected);
}

/** A store as it is, and opened anew. */
async function* lives(store: LedgerStore, reopened: (store: LedgerStore) => Promise<LedgerStore>) {
  yield store;
  yield await reopened(store);
}

/** Names that engines, encodings and orders disagree about. */
const ODD_KEYS = [
  "",
  " ",
  "\0",
  "a",
  "a\0b",
  "A",
  "é",
  "e\u0301",
  "\ufeffkey",
  "\ufffd",
  "\uffff",
  "😀",
  "%_",
  "'\"--",
  "ff",
];

export const LEDGER_STORE_CONTRACT: readonly LedgerStoreCase[] = [
  {
    name: "holds nothing at first",
    async run(store, reopened) {
      for await (const each of lives(store, reopened)) {
        assert.equal(each.head(), undefined);
        assert.equal(each.header(0), undefined);
        assert.equal(each.body(0), undefined);
        assert.equal(each.numberOf(bytesFor(1, 32)), undefined);
        assert.equal(each.placeOf(bytesFor(1, 32)), undefined);
        assert.equal(each.record("t", "k"), undefined);
        assert.deepEqual([...each.records()], []);
        assert.equal(each.diffs(0), undefined);
        assert.equal(each.mountainNode(0, 0), undefined);
        assert.equal(each.proposal(), undefined);
        assert.deepEqual(each.counts(), { transactions: 0, failed: 0 });
      }
    },
  },
  {
    name: "gives blocks back as they were committed, now and when opened anew",
    async run(first, reopened) {
      const blocks = [0, 1, 2, 3].map((number) => blockWrite(number, number === 2 ? 0 : 5 * number));
      for (const block of blocks) first.commit(block);
      for await (const store of lives(first, reopened)) {
        assert.equal(store.head(), 3);
        for (const block of blocks) {
          assertPlain(store.header(block.number), block.header);
          assert.equal(store.numberOf(block.hash), block.number);
          const body = store.body(block.number);
          assert.deepEqual(body?.transactions, block.transactions);
          assert.deepEqual(body?.senders, block.senders);
          assert.deepEqual(body?.receipts, block.receipts);
          block.transactionHashes.forEach((hash, index) => {
            assert.deepEqual(store.placeOf(hash), { number: block.number, index });
          });
        }
        for (const none of [4, -1, 1.5]) {
          assert.equal(store.header(none), undefined);
          assert.equal(store.body(none), undefined);
          assert.equal(store.diffs(none), undefined);
        }
        assert.equal(store.numberOf(bytesFor(99, 32)), undefined);
        assert.equal(store.placeOf(hashOf(1, 5)), undefined);
      }
    },
  },
  {
    name: "counts transactions and failures of all blocks",
    async run(first, reopened) {
      first.commit(blockWrite(0, 0));
      first.commit(blockWrite(1, 7, { failed: 3 }));
      first.commit(blockWrite(2, 2, { failed: 2 }));
      assert.deepEqual(first.counts(), { transactions: 9, failed: 5 });
      const store = await reopened(first);
      assert.deepEqual(store.counts(), { transactions: 9, failed: 5 });
      store.commit(blockWrite(3, 1));
      assert.deepEqual(store.counts(), { transactions: 10, failed: 5 });
    },
  },
  {
    name: "holds the records of the newest state: written, overwritten, deleted, written again",
    async run(first, reopened) {
      const [one, two, empty] = [bytesFor(1, 40), bytesFor(2, 7), new Uint8Array(0)];
      first.commit(blockWrite(0, 0, { diffs: [diff("t", "a", one), diff("t", "b", one), diff("u", "a", empty)] }));
      first.commit(
        blockWrite(1, 0, {
          diffs: [diff("t", "a", two, one), diff("t", "b", undefined, one), diff("t", "never", undefined)],
        }),
      );
      for await (const store of lives(first, reopened)) {
        assertPlain(store.record("t", "a"), two);
        assert.equal(store.record("t", "b"), undefined);
        assertPlain(store.record("u", "a"), empty);
        assert.equal(store.record("u", "b"), undefined);
        assert.equal(store.record("", ""), undefined);
        assert.deepEqual(
          contentOf(store),
          new Map([
            ["t a", Buffer.from(two).toString("hex")],
            ["u a", ""],
          ]),
        );
      }
      const store = await reopened(first);
      store.commit(blockWrite(2, 0, { diffs: [diff("t", "b", two)] }));
      assertPlain(store.record("t", "b"), two);
    },
  },
  {
    name: "keeps keys apart that look alike, in records and in diffs",
    async run(first, reopened) {
      const diffs = ODD_KEYS.map((key, i) => diff("t", key, bytesFor(i, 5), i % 2 === 0 ? undefined : bytesFor(i, 3)));
      first.commit(blockWrite(0, 0, { diffs }));
      for await (const store of lives(first, reopened)) {
        for (const [i, key] of ODD_KEYS.entries()) assertPlain(store.record("t", key), bytesFor(i, 5));
        assert.deepEqual([...contentOf(store).keys()].sort(), ODD_KEYS.map((key) => `t ${key}`).sort());
        assert.deepEqual(store.diffs(0), diffs);
      }
    },
  },
  {
    name: "gives every record once, however many there are",
    async run(first, reopened) {
      const diffs = Array.from({ length: MANY_RECORDS }, (_, i) =>
        diff(i % 3 === 0 ? "a" : "b", `k${i * 7919}`, bytesFor(i, 1 + (i % 9))),
      );
      first.commit(blockWrite(0, 0, { diffs }));
      first.commit(
        blockWrite(1, 0, { diffs: diffs.slice(0, 10).map(({ table, key }) => diff(table, key, undefined)) }),
      );
      const store = await reopened(first);
      const expected = diffs.slice(10).map(({ table, key, after }) => [`${table} ${key}`, after] as const);
      const content = contentOf(store);
      assert.equal(content.size, MANY_RECORDS - 10);
      for (const [name, value] of expected) {
        assert.equal(content.get(name), Buffer.from(value ?? new Uint8Array(0)).toString("hex"));
      }
    },
  },
  {
    name: "keeps diffs with an absent value apart from an empty one, and drops those below a height",
    async run(first, reopened) {
      const empty = new Uint8Array(0);
      const diffs = [
        diff("t", "made", empty),
        diff("t", "gone", undefined, empty),
        diff("t", "k", bytesFor(1, 3), empty),
      ];
      for (let number = 0; number < 6; number++) {
        first.commit(blockWrite(number, 0, { diffs, diffsFrom: number < 4 ? 0 : number - 2 }));
      }
      for await (const store of lives(first, reopened)) {
        assert.deepEqual(
          [0, 1, 2, 3, 4, 5].map((number) => store.diffs(number) !== undefined),
          [false, false, false, true, true, true],
        );
        assert.deepEqual(store.diffs(3), diffs);
      }
    },
  },
  {
    name: "keeps the nodes of the mountain range",
    async run(first, reopened) {
      const node = (level: number, index: number) => ({ level, index, node: bytesFor(level * 100 + index, 32) });
      first.commit(blockWrite(0, 0, { mountainNodes: [node(0, 0)] }));
      first.commit(blockWrite(1, 0, { mountainNodes: [node(0, 1), node(1, 0)] }));
      for await (const store of lives(first, reopened)) {
        for (const { level, index, node: bytes } of [node(0, 0), node(0, 1), node(1, 0)]) {
          assertPlain(store.mountainNode(level, index), bytes);
        }
        assert.equal(store.mountainNode(1, 1), undefined);
        assert.equal(store.mountainNode(2, 0), undefined);
      }
    },
  },
  {
    name: "keeps the last proposal, beside blocks and across them",
    async run(first, reopened) {
      const { transactions, senders } = blockWrite(1, 4);
      const full = { number: 1, timestamp: 2 ** 41 + 7, sealer: 3, transactions, senders };
      const empty = { number: 2 ** 40, timestamp: 0, sealer: 0, transactions: [], senders: [] };
      first.keepProposal(empty);
      first.keepProposal(full);
      for await (const store of lives(first, reopened)) assert.deepEqual(store.proposal(), full);
      let store = await reopened(first);
      store.commit(blockWrite(0, 0));
      assert.deepEqual(store.proposal(), full);
      store.keepProposal(empty);
      store = await reopened(store);
      assert.deepEqual(store.proposal(), empty);
      assert.equal(store.head(), 0);
    },
  },
  {
    name: "takes blocks only in their order, and what it refuses changes nothing",
    async run(first, reopened) {
      const diffs = [diff("t", "k", bytesFor(1, 4))];
      assertRefused(() => first.commit(blockWrite(1, 1)), "STORE_WRITE_INVALID");
      first.commit(blockWrite(0, 0, { diffs }));
      first.commit(blockWrite(1, 2));
      for (const number of [0, 1, 3]) {
        const wrong = blockWrite(number, 3, { diffs: [diff("t", "k", undefined)], hash: bytesFor(77, 32), failed: 1 });
        assert.equal(assertRefused(() => first.commit(wrong), "STORE_WRITE_INVALID").family, "bug");
      }
      for await (const store of lives(first, reopened)) {
        assert.equal(store.head(), 1);
        assertPlain(store.record("t", "k"), bytesFor(1, 4));
        assert.deepEqual(store.counts(), { transactions: 2, failed: 0 });
        assert.equal(store.numberOf(bytesFor(77, 32)), undefined);
      }
    },
  },
];
