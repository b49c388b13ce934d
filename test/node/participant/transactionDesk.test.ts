/** What becomes of a transaction, told to whoever brought it: in a block, refused, or not in time. */
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import type { DecodedCall } from "../../../src/ledger/pool/decodeCall.js";
import { type Refusal, refusal } from "../../../src/ledger/pool/refusal.js";
import type { TransactionPool } from "../../../src/ledger/pool/transactionPool.js";
import type { SubmitOutcome } from "../../../src/node/participant/chainView.js";
import { RecoveryError } from "../../../src/node/participant/recovery/problems.js";
import {
  ARRIVALS_MAX,
  BATCH_TRANSACTIONS_MAX,
  type Recoverer,
  TransactionDesk,
} from "../../../src/node/participant/transactionDesk.js";
import { ALL, callOf, contentOf, poolOf } from "../../ledger/pool/calls.js";
import { until } from "../../support/linkContract.js";

/** Nothing here is to time out. */
const LONG_MS = 60_000;

type Answer = (transactions: readonly DecodedCall[]) => Promise<readonly (SignedCall | Refusal)[]>;

/** Knows who signed without a look at the signature, and the sizes of the batches it was given. */
class Desk {
  readonly batches: number[] = [];
  taken = 0;
  /** How often nothing more was on its way then. */
  idle = 0;
  answer: Answer;
  readonly desk: TransactionDesk;
  readonly pool: TransactionPool;
  #height = 0;

  constructor(calls: readonly SignedCall[], pool = poolOf()) {
    const known = new Map(calls.map((call) => [toHex(call.bytes), call]));
    this.pool = pool;
    this.answer = async (transactions) =>
      transactions.map(({ bytes }) => known.get(toHex(bytes)) ?? refusal("InvalidSignature"));
    const recoverer: Recoverer = {
      recover: (transactions) => {
        this.batches.push(transactions.length);
        return this.answer(transactions);
      },
    };
    this.desk = new TransactionDesk({
      ...{ pool, recoverer, clock: { now: () => 0 } },
      onTaken: () => {
        this.taken++;
        if (this.desk.isIdle) this.idle++;
      },
    });
  }

  submit(call: { readonly bytes: Uint8Array }, timeoutMs = LONG_MS): Promise<SubmitOutcome> {
    return this.desk.submit(call.bytes, timeoutMs);
  }

  /** A block of all that waits. */
  block(): void {
    const calls = this.pool.select(ALL, this.#height);
    this.#height++;
    this.pool.committed(this.#height, ...contentOf(calls));
    this.desk.committed(
      this.#height,
      calls.map((call) => call.hash),
    );
  }

  async waiting(count: number): Promise<void> {
    await until(() => this.pool.size === count, `${count} in the pool`);
  }
}

function calls(count: number): SignedCall[] {
  return Array.from({ length: count }, (_, i) => callOf({ sender: 1 + (i % 3) }));
}

const refused = (code: number, message: string) => ({ kind: "refused", code, message });

describe("a transaction", () => {
  it("is told its place when its block is on the disk, not before", async () => {
    const list = calls(3);
    const desk = new Desk(list);
    const told: SubmitOutcome[] = [];
    const outcomes = list.map((call) => desk.submit(call).then((outcome) => told.push(outcome)));
    await desk.waiting(3);
    expect(desk.taken).toBe(1);
    expect(told).toEqual([]);
    // A block of others first.
    desk.desk.committed(1, [callOf().hash]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
    desk.desk.committed(
      7,
      [list[2], list[0]].map((call) => call?.hash as Uint8Array),
    );
    desk.desk.committed(8, [list[1]?.hash as Uint8Array]);
    await Promise.all(outcomes);
    const place = (number: number, index: number) => ({ kind: "included", place: { number, index } });
    expect(new Set(told)).toEqual(new Set([place(7, 0), place(7, 1), place(8, 0)]));
  });

  it("gets the answer of its own, whatever came with it", async () => {
    const [good, forged, foreign] = [callOf(), callOf(), callOf({ data: { chainId: "other" } })];
    const desk = new Desk([good, foreign]);
    const outcomes = [
      desk.submit(foreign),
      desk.submit({ bytes: new Uint8Array(7) }),
      desk.submit(good),
      desk.submit(forged),
    ];
    await desk.waiting(1);
    desk.block();
    expect(await Promise.all(outcomes)).toEqual([
      refused(10_006, "InvalidChainId"),
      refused(10_003, "MalformTx"),
      { kind: "included", place: { number: 1, index: 0 } },
      refused(10_008, "InvalidSignature"),
    ]);
    // What can be refused without the signature never gets there.
    expect(desk.batches).toEqual([2]);
    expect(desk.desk.counters.snapshot()).toEqual({ InvalidChainId: 1, MalformTx: 1, InvalidSignature: 1 });
  });

  it("is refused where the recoverer has no answer for it", async () => {
    const list = calls(2);
    const desk = new Desk(list);
    desk.answer = async () => [list[0] as SignedCall];
    const [first, second] = list.map((call) => desk.submit(call));
    expect(await second).toEqual(refused(10_008, "InvalidSignature"));
    desk.block();
    expect(await first).toMatchObject({ kind: "included" });
  });

  it("that is there twice waits once", async () => {
    const call = callOf();
    const twin = callOf({ data: { nonce: call.transaction.data.nonce, blockLimit: 400 } });
    const desk = new Desk([call, twin]);
    const outcomes = [desk.submit(call), desk.submit(call), desk.submit(twin)];
    await desk.waiting(1);
    const later = desk.submit(call);
    expect(await outcomes[1]).toEqual(refused(10_004, "AlreadyInTxPool"));
    expect(await outcomes[2]).toEqual(refused(10_000, "NonceCheckFail"));
    expect(await later).toEqual(refused(10_004, "AlreadyInTxPool"));
    desk.block();
    expect(await outcomes[0]).toEqual({ kind: "included", place: { number: 1, index: 0 } });
  });

  it("that is in a block already is refused, as is another with its nonce", async () => {
    const call = callOf();
    const twin = callOf({ data: { nonce: call.transaction.data.nonce, blockLimit: 400 } });
    const desk = new Desk([call, twin]);
    const first = desk.submit(call);
    await desk.waiting(1);
    desk.block();
    await first;
    expect(await desk.submit(call)).toEqual(refused(10_000, "NonceCheckFail"));
    expect(await desk.submit(twin)).toEqual(refused(10_000, "NonceCheckFail"));
    // Also where the block came while the signature was looked at.
    const late = callOf();
    desk.answer = async () => {
      desk.pool.committed(2, ...contentOf([late]));
      return [late];
    };
    expect(await desk.submit(late)).toEqual(refused(10_000, "NonceCheckFail"));
  });
});

describe("waiting", () => {
  it("ends in time; the transaction stays and may still get into a block", async () => {
    const call = callOf();
    const desk = new Desk([call]);
    expect(await desk.submit(call, 1)).toEqual(refused(10_010, "TransactionPoolTimeout"));
    expect(desk.pool.size).toBe(1);
    expect(await desk.submit(call)).toEqual(refused(10_004, "AlreadyInTxPool"));
    desk.block();
    expect(desk.pool.size).toBe(0);
    expect(await desk.submit(call)).toEqual(refused(10_000, "NonceCheckFail"));
  });

  it("of one does not end with another's", async () => {
    const [patient, hasty] = [callOf(), callOf()];
    const desk = new Desk([patient, hasty]);
    const outcome = desk.submit(patient);
    expect(await desk.submit(hasty, 1)).toMatchObject({ code: 10_010 });
    desk.block();
    expect(await outcome).toMatchObject({ kind: "included" });
  });
});

describe("arrivals", () => {
  it("of one turn are one batch, cut where it is too long", async () => {
    const list = calls(BATCH_TRANSACTIONS_MAX + 10);
    const desk = new Desk(list);
    const outcomes = list.map((call) => desk.submit(call));
    await desk.waiting(list.length);
    expect(desk.batches).toEqual([BATCH_TRANSACTIONS_MAX, 10]);
    desk.block();
    expect((await Promise.all(outcomes)).every(({ kind }) => kind === "included")).toBe(true);
  });

  it("are all in the pool or refused where the desk is idle, which is so when its last batch is told", async () => {
    const [first, second, forged] = [callOf(), callOf(), callOf()];
    const desk = new Desk([first, second]);
    const { answer } = desk;
    const released: (() => void)[] = [];
    desk.answer = async (transactions) => {
      await new Promise<void>((resolve) => released.push(resolve));
      return answer(transactions);
    };
    expect(desk.desk.isIdle).toBe(true);
    void desk.submit(first);
    expect(desk.desk.isIdle).toBe(false);
    await until(() => released.length === 1, "the first batch at the recoverer");
    const refusal = desk.submit(forged);
    await until(() => released.length === 2, "the second batch at the recoverer");
    released[0]?.();
    await until(() => desk.taken === 1, "the first batch");
    expect([desk.pool.size, desk.idle, desk.desk.isIdle]).toEqual([1, 0, false]);
    released[1]?.();
    await until(() => desk.taken === 2, "the second batch");
    expect(await refusal).toEqual(refused(10_008, "InvalidSignature"));
    expect([desk.pool.size, desk.idle, desk.desk.isIdle]).toEqual([1, 1, true]);
    // What never gets to the recoverer, too.
    await desk.submit({ bytes: new Uint8Array(7) });
    await until(() => desk.taken === 3, "the third batch");
    expect([desk.idle, desk.desk.isIdle]).toEqual([2, true]);
  });

  it("wait their turn while four batches are at the recoverer", async () => {
    const list = calls(6 * BATCH_TRANSACTIONS_MAX);
    const desk = new Desk(list);
    const { answer } = desk;
    const held: (() => void)[] = [];
    desk.answer = (transactions) => new Promise((resolve) => held.push(() => resolve(answer(transactions))));
    const outcomes = list.map((call) => desk.submit(call));
    await until(() => held.length === 4, "four batches");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(desk.batches).toHaveLength(4);
    held.shift()?.();
    await until(() => desk.batches.length === 5, "the fifth batch");
    await until(() => {
      for (const release of held.splice(0)) release();
      return desk.pool.size === list.length;
    }, "all admitted");
    desk.block();
    expect((await Promise.all(outcomes)).every(({ kind }) => kind === "included")).toBe(true);
  });

  it("are refused where too many wait, and taken again when there is room", async () => {
    const list = calls(3);
    const desk = new Desk(list);
    const broken = { bytes: new Uint8Array(3) };
    const outcomes = Array.from({ length: ARRIVALS_MAX }, () => desk.submit(broken));
    expect(await desk.submit(list[0] as SignedCall)).toEqual(refused(10_002, "TxPoolIsFull"));
    expect(new Set((await Promise.all(outcomes)).map((outcome) => "code" in outcome && outcome.code))).toEqual(
      new Set([10_003]),
    );
    const outcome = desk.submit(list[0] as SignedCall);
    await desk.waiting(1);
    desk.block();
    expect(await outcome).toMatchObject({ kind: "included" });
  });

  it("are refused as by a full pool where the recoverer is busy, and the next ones are not", async () => {
    const list = calls(3);
    const desk = new Desk(list);
    const { answer } = desk;
    desk.answer = () => Promise.reject(new RecoveryError({ code: "RECOVERY_BUSY", unit: "bytes", asked: 1, max: 0 }));
    const outcomes = list.slice(0, 2).map((call) => desk.submit(call));
    expect(await Promise.all(outcomes)).toEqual([refused(10_002, "TxPoolIsFull"), refused(10_002, "TxPoolIsFull")]);
    expect(desk.desk.counters.snapshot()).toEqual({ RECOVERY_BUSY: 1, TxPoolIsFull: 2 });
    expect(desk.pool.size).toBe(0);
    desk.answer = answer;
    const next = desk.submit(list[2] as SignedCall);
    await desk.waiting(1);
    desk.block();
    expect(await next).toMatchObject({ kind: "included" });
  });

  it("beyond what the pool takes are refused, each for itself", async () => {
    const list = calls(3);
    const desk = new Desk(list, poolOf({ limits: { transactionsMax: 2, senderShare: 1 } }));
    const outcomes = list.map((call) => desk.submit(call));
    expect(await outcomes[2]).toEqual(refused(10_002, "TxPoolIsFull"));
    desk.block();
    expect(await Promise.all(outcomes.slice(0, 2))).toMatchObject([{ kind: "included" }, { kind: "included" }]);
  });
});
