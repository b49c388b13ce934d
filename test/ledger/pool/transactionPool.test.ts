import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import { NonceWindow } from "../../../src/ledger/pool/nonceWindow.js";
import { isRefusal } from "../../../src/ledger/pool/refusal.js";
import { TransactionPool } from "../../../src/ledger/pool/transactionPool.js";
import { ALL, callOf, contentOf, poolOf } from "./calls.js";

const hashes = (calls: readonly SignedCall[]): string[] => calls.map(({ hash }) => toHex(hash));

describe("what waits", () => {
  it("is kept with size and time of arrival until its block", () => {
    const pool = poolOf();
    const call = callOf();
    pool.admit(call, 1_234);
    const kept = { ...call, size: call.bytes.length, arrivedAt: 1_234 };
    expect(pool.get(call.hash)).toEqual(kept);
    expect(pool.select(ALL, 0)).toEqual([kept]);
    expect(pool.select(ALL, 0)).toEqual([kept]);
    pool.committed(1, ...contentOf([call]));
    expect(pool.get(call.hash)).toBeUndefined();
    expect(pool.counts()).toEqual({
      ...{ transactions: 0, bytes: 0, senders: 0, admitted: 1, committed: 1, expired: 0, displaced: 0, refused: {} },
    });
  });

  it("does not keep the request alive that it came in", () => {
    const pool = poolOf();
    const call = callOf();
    const request = new Uint8Array(1_000_000);
    request.set(call.bytes, 500);
    const view = request.subarray(500, 500 + call.bytes.length);
    pool.admit({ ...call, bytes: view }, 0);
    const kept = pool.get(call.hash)?.bytes as Uint8Array;
    expect(kept).toEqual(call.bytes);
    expect(kept.buffer.byteLength).toBe(kept.length);
  });

  it("leaves when another with its nonce is in a block, and is counted as displaced", () => {
    const pool = poolOf();
    const [mine, theirs] = [callOf({ data: { nonce: "a" } }), callOf({ data: { nonce: "a", blockLimit: 9 } })];
    pool.admit(mine, 0);
    pool.committed(1, ...contentOf([theirs]));
    expect(pool.counts()).toMatchObject({ transactions: 0, committed: 0, displaced: 1 });
  });

  for (const jump of [1, 2, 7, 50]) {
    it(`leaves at its block limit and not before, in steps of ${jump}`, () => {
      const pool = poolOf();
      for (let blockLimit = 1; blockLimit <= 100; blockLimit++) {
        pool.admit(callOf({ data: { blockLimit }, sender: blockLimit }), 0);
      }
      for (let height = jump; height <= 100; height += jump) {
        expect(pool.select(ALL, height)).toHaveLength(100 - height);
        pool.expire(height);
        expect(pool.counts()).toMatchObject({ transactions: 100 - height, expired: height, senders: 100 - height });
      }
    });
  }

  it("outlives a jump that does not reach its block limit", () => {
    const pool = poolOf();
    const [early, late] = [callOf({ data: { blockLimit: 20 } }), callOf({ data: { blockLimit: 500 } })];
    pool.admit(early, 0);
    pool.admit(late, 0);
    pool.expire(499);
    expect(hashes(pool.select(ALL, 499))).toEqual(hashes([late]));
  });

  it("is not offered for a block above its limit even before it leaves", () => {
    const pool = poolOf();
    const [early, late] = [callOf({ data: { blockLimit: 3 } }), callOf({ data: { blockLimit: 9 } })];
    pool.admit(early, 0);
    pool.admit(late, 0);
    expect(hashes(pool.select({ count: 1, bytes: 10_000 }, 3))).toEqual(hashes([late]));
  });

  it("a height that was passed already changes nothing", () => {
    const pool = poolOf({ height: 10 });
    pool.expire(5);
    expect(pool.height).toBe(10);
    expect(isRefusal(pool.precheck(callOf({ data: { blockLimit: 8 } }).bytes))).toBe(true);
  });

  it("a block that was reported already is a mistake of the caller, and changes nothing", () => {
    const pool = poolOf({ height: 3 });
    const call = callOf();
    pool.admit(call, 0);
    expect(() => pool.committed(3, ...contentOf([call]))).toThrow("LEDGER_BLOCK_ORDER");
    expect(pool.size).toBe(1);
  });

  it("after a restart the blocks of the window are remembered", () => {
    const nonces = new NonceWindow(6);
    nonces.add(7, ["used"]);
    const options = { chain: { chainId: "chain0", groupId: "group0", suite: "ecdsa" }, hash: () => new Uint8Array(32) };
    const pool = new TransactionPool({ ...options, chain: { ...options.chain, suite: "ecdsa" }, nonces });
    expect(pool.height).toBe(7);
    expect(pool.precheck(callOf({ data: { nonce: "used" } }).bytes)).toMatchObject({ message: "NonceCheckFail" });
  });
});

describe("what others should hear of", () => {
  it("is told once, in order, without what left meanwhile", () => {
    const pool = poolOf();
    const calls = [callOf(), callOf(), callOf()] as const;
    for (const call of calls) pool.admit(call, 0);
    pool.admit(calls[0], 0);
    pool.committed(1, ...contentOf([calls[1]]));
    expect(hashes(pool.takeAdmitted())).toEqual(hashes([calls[0], calls[2]]));
    expect(pool.takeAdmitted()).toEqual([]);
  });
});

type Step =
  | {
      readonly does: "admit";
      readonly sender: number;
      readonly nonce: number;
      readonly life: number;
      readonly pad: number;
    }
  | { readonly does: "commit"; readonly count: number; readonly strange: number }
  | { readonly does: "expire"; readonly by: number }
  | { readonly does: "tell" };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant("admit" as const),
      sender: fc.integer({ min: 1, max: 5 }),
      nonce: fc.integer({ min: 0, max: 60 }),
      life: fc.integer({ min: -1, max: 8 }),
      pad: fc.integer({ min: 0, max: 400 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("commit" as const),
      count: fc.integer({ min: 0, max: 6 }),
      strange: fc.integer({ min: 0, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("expire" as const), by: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("tell" as const) }) },
);

const LIMITS = { transactionsMax: 12, bytesMax: 3_000, senderShare: 1 / 2 };

/** The same rules written the slow way: one list, looked through from the start each time. */
class Model {
  waiting: SignedCall[] = [];
  /** Of blocks; no run is long enough to forget one. */
  used = new Set<string>();
  height = 0;
  gone = { committed: 0, expired: 0, displaced: 0 };

  takes({ transaction: { data }, sender, bytes }: SignedCall): boolean {
    const own = this.waiting.filter((each) => toHex(each.sender) === toHex(sender));
    const twin = this.used.has(data.nonce) || this.waiting.some((each) => each.transaction.data.nonce === data.nonce);
    return (
      !twin &&
      data.blockLimit > this.height &&
      this.waiting.length < LIMITS.transactionsMax &&
      bytesOf(this.waiting) + bytes.length <= LIMITS.bytesMax &&
      own.length < LIMITS.transactionsMax * LIMITS.senderShare &&
      bytesOf(own) + bytes.length <= LIMITS.bytesMax * LIMITS.senderShare
    );
  }

  leave(reason: keyof Model["gone"], goes: (call: SignedCall) => boolean): void {
    const rest = this.waiting.filter((call) => !goes(call));
    this.gone[reason] += this.waiting.length - rest.length;
    this.waiting = rest;
  }
}

const bytesOf = (calls: readonly SignedCall[]): number => calls.reduce((sum, { bytes }) => sum + bytes.length, 0);
const sorted = (calls: readonly SignedCall[]): string[] => hashes(calls).sort();

describe("after any sequence", () => {
  it("counts, bytes and indices agree with a list, and stay within the limits", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 120 }), (steps) => {
        const pool = poolOf({ limits: LIMITS });
        const model = new Model();
        let admitted = 0;
        for (const step of steps) {
          if (step.does === "admit") {
            const data = { nonce: `${step.nonce}`, blockLimit: Math.max(0, model.height + step.life) };
            const call = callOf({ data: { ...data, input: new Uint8Array(step.pad) }, sender: step.sender });
            const takes = model.takes(call);
            expect(pool.admit(call, 0) === undefined).toBe(takes);
            if (takes) model.waiting.push(call);
            if (takes) admitted++;
          } else if (step.does === "commit") {
            const block = pool.select({ count: step.count, bytes: 1_500 }, model.height);
            const strange = callOf({ data: { nonce: `${step.strange}` } });
            const content = contentOf([...block, strange]);
            pool.committed(++model.height, ...content);
            const inBlock = new Set(hashes(block));
            model.leave("committed", (call) => inBlock.has(toHex(call.hash)));
            model.leave("displaced", (call) => content[1].includes(call.transaction.data.nonce));
            for (const nonce of content[1]) model.used.add(nonce);
            model.leave("expired", (call) => call.transaction.data.blockLimit <= model.height);
          } else if (step.does === "expire") {
            // The nonce window of the pool knows committed heights only, so heights without content come by commits.
            for (let i = 0; i < step.by; i++) pool.committed(++model.height, [], []);
            model.leave("expired", (call) => call.transaction.data.blockLimit <= model.height);
          } else {
            const told = pool.takeAdmitted();
            // Peers hear of nothing that is not waiting any more.
            for (const call of told) expect(pool.get(call.hash)).toBe(call);
          }
          const { refused: _, ...counts } = pool.counts();
          const senders = new Set(model.waiting.map(({ sender }) => toHex(sender))).size;
          const now = { transactions: model.waiting.length, bytes: bytesOf(model.waiting), senders };
          expect(counts).toEqual({ ...now, ...model.gone, admitted });
          expect(sorted(pool.select(ALL, model.height))).toEqual(sorted(model.waiting));
          expect(counts.transactions).toBeLessThanOrEqual(LIMITS.transactionsMax);
          expect(counts.bytes).toBeLessThanOrEqual(LIMITS.bytesMax);
        }
        expect(pool.takeAdmitted().length).toBeLessThanOrEqual(LIMITS.transactionsMax);
      }),
      { numRuns: 150 },
    );
  });
});
