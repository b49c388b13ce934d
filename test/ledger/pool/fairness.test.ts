/** A sender who floods the pool cannot keep the others out of it, nor out of blocks. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import type { TransactionPool } from "../../../src/ledger/pool/transactionPool.js";
import { ALL, callOf, contentOf, poolOf } from "./calls.js";

const FLOODER = 99;

function flood(pool: TransactionPool, count: number): void {
  for (let i = 0; i < count; i++) pool.admit(callOf({ sender: FLOODER }), 0);
}

const sendersOf = (calls: readonly SignedCall[]): number[] => calls.map(({ sender }) => sender[19] as number);
const noncesOf = (calls: readonly SignedCall[]): string[] => calls.map(({ transaction }) => transaction.data.nonce);

function admitted(pool: TransactionPool, sender: number, input = 3): SignedCall {
  const call = callOf({ sender, data: { input: new Uint8Array(input) } });
  expect(pool.admit(call, 0)).toBeUndefined();
  return call;
}

describe("blocks", () => {
  it("take one of each sender per round, in order of arrival within each", () => {
    const pool = poolOf();
    const calls = [1, 1, 1, 2, 3, 3].map((sender) => admitted(pool, sender)) as SignedCall[];
    const order = [0, 3, 4, 1, 5, 2].map((index) => calls[index] as SignedCall);
    expect(noncesOf(pool.select(ALL, 0))).toEqual(noncesOf(order));
    for (const count of [0, 1, 2, 3, 4, 5, 6, 7]) {
      expect(noncesOf(pool.select({ count, bytes: 1e6 }, 0))).toEqual(noncesOf(order.slice(0, count)));
    }
  });

  it("turn to whoever was not served yet, block after block", () => {
    const pool = poolOf();
    for (const sender of [1, 2, 3, 4, 5]) for (let i = 0; i < 4; i++) admitted(pool, sender);
    const blocks: number[][] = [];
    for (let number = 1; number <= 5; number++) {
      const block = pool.select({ count: 2, bytes: 1e6 }, number - 1);
      blocks.push(sendersOf(block));
      pool.committed(number, ...contentOf(block));
    }
    expect(blocks).toEqual([
      [1, 2],
      [3, 4],
      [5, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it("are full by bytes as well as by count", () => {
    const pool = poolOf();
    const calls = [1, 2, 3, 4].map((sender) => callOf({ sender, data: { nonce: `aaa${sender}` } }));
    for (const call of calls) pool.admit(call, 0);
    const size = calls[0]?.bytes.length as number;
    for (const [bytes, count] of [
      [size - 1, 0],
      [size, 1],
      [3 * size - 1, 2],
      [3 * size, 3],
    ] as const) {
      expect(pool.select({ count: 10, bytes }, 0)).toHaveLength(count);
    }
  });

  it("fill with what fits, and whoever did not fit is first in the next", () => {
    const pool = poolOf();
    const large = admitted(pool, 2, 900);
    const after = admitted(pool, 2, 3);
    const small = [admitted(pool, 1, 3), admitted(pool, 3, 3)];
    const room = { count: 10, bytes: 2 * (small[0] as SignedCall).bytes.length + 50 };
    const block = pool.select(room, 0);
    // The small one behind the large one waits too: a sender's order is its own.
    expect(noncesOf(block)).toEqual(noncesOf(small));
    pool.committed(1, ...contentOf(block));
    for (const sender of [1, 3]) admitted(pool, sender, 3);
    const next = pool.select({ count: 10, bytes: large.bytes.length + after.bytes.length }, 1);
    expect(noncesOf(next).slice(0, 1)).toEqual(noncesOf([large]));
  });
});

describe("a flood of one sender", () => {
  it("leaves room for everybody else, and everybody else is in the next block", () => {
    const pool = poolOf({ limits: { transactionsMax: 400 } });
    flood(pool, 1_000);
    expect(pool.size).toBe(100);
    const others = Array.from({ length: 300 }, (_, i) => callOf({ sender: 1 + (i % 90) }));
    for (const call of others) expect(pool.admit(call, 0)).toBeUndefined();
    const block = pool.select({ count: 91, bytes: 1e6 }, 0);
    expect(new Set(sendersOf(block)).size).toBe(91);
    flood(pool, 1_000);
    expect(pool.counts().transactions).toBe(400);
  });

  it("never delays another by more blocks than there are senders per block, whatever the order", () => {
    const sends = fc.array(fc.record({ sender: fc.integer({ min: 1, max: 12 }), flood: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(sends, fc.integer({ min: 1, max: 6 }), (arrivals, count) => {
        const pool = poolOf({ limits: { transactionsMax: 200 } });
        flood(pool, 60);
        const due = new Map<string, { readonly call: SignedCall; readonly latest: number }>();
        const waiting = new Map<number, number>();
        let number = 0;
        for (const arrival of [...arrivals, ...Array.from({ length: 60 }, () => undefined)]) {
          if (arrival !== undefined && !waiting.has(arrival.sender)) {
            const call = admitted(pool, arrival.sender);
            waiting.set(arrival.sender, number);
            // Twelve others and the flooder take their turn before it, at most.
            due.set(toHex(call.hash), { call, latest: number + Math.ceil(13 / count) });
          }
          if (arrival?.flood === true) flood(pool, 10);
          const block = pool.select({ count, bytes: 1e6 }, number);
          pool.committed(++number, ...contentOf(block));
          for (const call of block) {
            if (due.delete(toHex(call.hash))) waiting.delete(sendersOf([call])[0] as number);
          }
          for (const { latest } of due.values()) expect(number).toBeLessThan(latest);
        }
        expect(due.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
