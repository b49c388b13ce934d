/** Every reason not to take a transaction, in FISCO's numbers, by the check that comes before the signature or after it. */
import { describe, expect, it } from "vitest";
import { concatBytes, utf8Bytes } from "../../../src/base/bytes.js";
import { TRANSACTION_BYTES_MAX } from "../../../src/codec/wire/limits.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import { BLOCK_LIMIT_RANGE_BLOCKS, NONCE_BYTES_MAX } from "../../../src/ledger/pool/limits.js";
import { isRefusal } from "../../../src/ledger/pool/refusal.js";
import type { PoolLimits, TransactionPool } from "../../../src/ledger/pool/transactionPool.js";
import { accountOf, type CallShape, callOf, contentOf, poolOf, SIGNATURE_BYTES } from "./calls.js";

/** Number and printed name of each (bcos-protocol/TransactionStatus.h). */
const FISCO: Readonly<Record<string, number>> = {
  NonceCheckFail: 10_000,
  BlockLimitCheckFail: 10_001,
  TxPoolIsFull: 10_002,
  MalformTx: 10_003,
  AlreadyInTxPool: 10_004,
  InvalidChainId: 10_006,
  InvalidGroupId: 10_007,
  InvalidSignature: 10_008,
};

const HEIGHT = 1_500;
const LAST = HEIGHT + BLOCK_LIMIT_RANGE_BLOCKS;
const VALID = { blockLimit: HEIGHT + 1 };
const REFUSED_BY_THEMSELVES: readonly [what: string, name: string, shape: CallShape, reason?: string][] = [
  ["another chain", "InvalidChainId", { data: { chainId: "chain1" } }],
  ["another group", "InvalidGroupId", { data: { groupId: "group1" } }],
  ["another chain and group, as FISCO asks", "InvalidGroupId", { data: { chainId: "chain1", groupId: "group1" } }],
  ["no signature", "InvalidSignature", { rest: { signature: new Uint8Array(0) } }],
  ["a signature cut short", "InvalidSignature", { rest: { signature: new Uint8Array(64) } }],
  ["a recovery id of Ethereum", "InvalidSignature", { rest: { signature: new Uint8Array(65).fill(27) } }],
  ["a Web3 transaction", "MalformTx", { rest: { type: 1, web3Bytes: utf8Bytes("rlp") } }, "TRANSACTION_TYPE"],
  ["an unknown type", "MalformTx", { rest: { type: 9 } }, "TRANSACTION_TYPE"],
  ["a receiver that is no address", "MalformTx", { data: { to: "0x12" } }, "TRANSACTION_TO"],
  ["a value that nobody signed", "MalformTx", { data: { value: "1" } }, "TRANSACTION_VALUE_FIELD"],
  ["a block limit below zero", "MalformTx", { data: { blockLimit: -1 } }, "TRANSACTION_BLOCK_LIMIT"],
  ["an endless nonce", "MalformTx", { data: { nonce: "1".repeat(NONCE_BYTES_MAX + 1) } }, "TRANSACTION_NONCE_LENGTH"],
  [
    "a nonce of few characters and too many bytes",
    "MalformTx",
    { data: { nonce: "\u9f98".repeat(NONCE_BYTES_MAX / 3 + 1) } },
    "TRANSACTION_NONCE_LENGTH",
  ],
];
const BLOCK_LIMITS: readonly [blockLimit: number, name: string | undefined][] = [
  [0, "BlockLimitCheckFail"],
  [HEIGHT - 1, "BlockLimitCheckFail"],
  [HEIGHT, "BlockLimitCheckFail"],
  [HEIGHT + 1, undefined],
  [LAST, undefined],
  [LAST + 1, "BlockLimitCheckFail"],
  [Number.MAX_SAFE_INTEGER, "BlockLimitCheckFail"],
];

function expectRefused(answer: object | undefined, name: string, reason?: string): void {
  const expected = { code: FISCO[name], message: name };
  expect(answer).toEqual(reason === undefined ? expected : { ...expected, reason });
}

function passes(pool: TransactionPool, call: SignedCall): void {
  expect(pool.precheck(call.bytes)).toEqual({ transaction: call.transaction, bytes: call.bytes });
  expect(pool.admit(call, 7)).toBeUndefined();
}

describe("before the signature", () => {
  for (const [what, name, shape, reason] of REFUSED_BY_THEMSELVES) {
    it(`${what} is a ${name}`, () => {
      const pool = poolOf({ height: HEIGHT });
      const call = callOf({ ...shape, data: { ...VALID, ...shape.data } });
      expectRefused(pool.precheck(call.bytes), name, reason);
      expect(pool.counts()).toMatchObject({ transactions: 0, refused: { [name]: 1 } });
    });
  }

  it("nonces in every form that clients write are taken", () => {
    const largest = 2n ** 256n - 1n;
    for (const nonce of [String(largest), `0x${largest.toString(16)}`, "\u9f98".repeat(NONCE_BYTES_MAX / 3)]) {
      passes(poolOf(), callOf({ data: { nonce } }));
    }
  });

  for (const [blockLimit, name] of BLOCK_LIMITS) {
    it(`block limit ${blockLimit} at height ${HEIGHT}: ${name ?? "taken"}`, () => {
      const pool = poolOf({ height: HEIGHT });
      const call = callOf({ data: { blockLimit } });
      if (name === undefined) return passes(pool, call);
      expectRefused(pool.precheck(call.bytes), name);
      expectRefused(pool.admit(call, 7), name);
    });
  }

  for (const suite of ["ecdsa", "sm"] as const) {
    it(`a transaction of ${suite} passes there and is no signature elsewhere`, () => {
      const call = callOf({ suite });
      passes(poolOf({ suite }), call);
      const other = suite === "sm" ? "ecdsa" : "sm";
      expectRefused(poolOf({ suite: other }).precheck(call.bytes), "InvalidSignature");
      expect(call.transaction.signature).toHaveLength(SIGNATURE_BYTES[suite]);
    });
  }

  it("the largest transaction passes, one byte more does not", () => {
    const empty = callOf({ data: { input: new Uint8Array(100_000) } }).bytes.length - 100_000;
    const sized = (bytes: number) => callOf({ data: { input: new Uint8Array(bytes - empty) } });
    expect(sized(TRANSACTION_BYTES_MAX).bytes).toHaveLength(TRANSACTION_BYTES_MAX);
    passes(poolOf(), sized(TRANSACTION_BYTES_MAX));
    expectRefused(poolOf().precheck(sized(TRANSACTION_BYTES_MAX + 1).bytes), "MalformTx", "TRANSACTION_TOO_LARGE");
  });

  it("corrupted bytes are refused, never thrown", () => {
    const pool = poolOf();
    const { bytes } = callOf();
    const damaged = [new Uint8Array(0), utf8Bytes("not Tars"), concatBytes([bytes, bytes])];
    for (let length = 0; length < bytes.length; length++) damaged.push(bytes.slice(0, length));
    for (const each of damaged) expect(isRefusal(pool.precheck(each))).toBe(true);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 0xff;
      // Some flips hit what may be anything: input, nonce, signature.
      const answer = pool.precheck(flipped);
      if (isRefusal(answer)) expect(Object.values(FISCO)).toContain(answer.code);
    }
    expect(pool.size).toBe(0);
  });
});

describe("as the pool and the chain stand", () => {
  const both = (pool: TransactionPool, call: SignedCall, name: string, reason?: string): void => {
    expectRefused(pool.precheck(call.bytes), name, reason);
    expectRefused(pool.admit(call, 7), name, reason);
  };

  it("the same again is in the pool, another with its nonce is not unique, whoever signs", () => {
    const pool = poolOf();
    const call = callOf({ data: { nonce: "a" } });
    passes(pool, call);
    both(pool, call, "AlreadyInTxPool");
    both(pool, callOf({ data: { nonce: "a" }, rest: { importTime: 5 } }), "AlreadyInTxPool");
    both(pool, callOf({ data: { nonce: "a", input: utf8Bytes("other") }, sender: 2 }), "NonceCheckFail");
    expect(pool.counts()).toMatchObject({ transactions: 1, refused: { AlreadyInTxPool: 4, NonceCheckFail: 2 } });
  });

  it("one of two with the same nonce that were recovered at the same time is refused", () => {
    const pool = poolOf();
    const [first, second] = [callOf({ data: { nonce: "a" } }), callOf({ data: { nonce: "a", blockLimit: 9 } })];
    for (const { bytes } of [first, second]) expect(isRefusal(pool.precheck(bytes))).toBe(false);
    expect(pool.admit(first, 1)).toBeUndefined();
    expectRefused(pool.admit(second, 2), "NonceCheckFail");
  });

  it("replayed from the chain: its nonce while the window holds it, its block limit after", () => {
    const pool = poolOf();
    const call = callOf({ data: { blockLimit: BLOCK_LIMIT_RANGE_BLOCKS } });
    passes(pool, call);
    pool.committed(1, ...contentOf([call]));
    for (let number = 2; number <= BLOCK_LIMIT_RANGE_BLOCKS + 5; number++) {
      both(pool, call, number <= BLOCK_LIMIT_RANGE_BLOCKS + 1 ? "NonceCheckFail" : "BlockLimitCheckFail");
      pool.committed(number, [], []);
    }
  });

  it("the latest block limit cannot come back when its nonce is forgotten", () => {
    const pool = poolOf();
    const call = callOf({ data: { blockLimit: BLOCK_LIMIT_RANGE_BLOCKS } });
    pool.committed(1, ...contentOf([call]));
    for (let number = 2; number <= 3 * BLOCK_LIMIT_RANGE_BLOCKS; number++) {
      pool.committed(number, [], []);
      expect(isRefusal(pool.precheck(call.bytes))).toBe(true);
    }
  });

  const size = callOf({ data: { nonce: "abcd" } }).bytes.length;
  const FULL: readonly [what: string, limits: Partial<PoolLimits>, reason: string][] = [
    ["by count", { transactionsMax: 3, senderShare: 1 }, "POOL_TRANSACTIONS"],
    ["by bytes", { bytesMax: 3 * size, senderShare: 1 }, "POOL_BYTES"],
  ];
  for (const [what, limits, reason] of FULL) {
    it(`a pool full ${what} takes nothing more until something leaves`, () => {
      const pool = poolOf({ limits });
      const calls = ["aaaa", "bbbb", "cccc", "dddd"].map((nonce, sender) => callOf({ data: { nonce }, sender }));
      for (const call of calls.slice(0, 3)) passes(pool, call);
      both(pool, calls[3] as SignedCall, "TxPoolIsFull", reason);
      // Who asks again learns that it is there, full or not.
      both(pool, calls[0] as SignedCall, "AlreadyInTxPool");
      pool.committed(1, ...contentOf(calls.slice(0, 1)));
      passes(pool, calls[3] as SignedCall);
    });
  }

  const SHARES: readonly [what: string, limits: Partial<PoolLimits>][] = [
    ["count", { transactionsMax: 8, senderShare: 1 / 4 }],
    ["bytes", { bytesMax: 8 * size, senderShare: 1 / 4 }],
  ];
  for (const [what, limits] of SHARES) {
    it(`one sender holds no more than its share of the ${what}`, () => {
      const pool = poolOf({ limits });
      const [a, b, c] = ["aaaa", "bbbb", "cccc"].map((nonce) => callOf({ data: { nonce } })) as SignedCall[];
      passes(pool, a as SignedCall);
      passes(pool, b as SignedCall);
      expectRefused(pool.admit(c as SignedCall, 7), "TxPoolIsFull", "POOL_SENDER_SHARE");
      passes(pool, { ...(c as SignedCall), sender: accountOf(2) });
    });

    it(`and gets its ${what} back when some of its own are in a block`, () => {
      const pool = poolOf({ limits });
      const calls = ["aaaa", "bbbb", "cccc", "dddd"].map((nonce) => callOf({ data: { nonce } }));
      const [a, b, c, d] = calls as [SignedCall, SignedCall, SignedCall, SignedCall];
      passes(pool, a);
      passes(pool, b);
      pool.committed(1, ...contentOf([a]));
      passes(pool, c);
      expectRefused(pool.admit(d, 7), "TxPoolIsFull", "POOL_SENDER_SHARE");
    });
  }

  it("in the smallest pool everybody may hold one", () => {
    const pool = poolOf({ limits: { transactionsMax: 2 } });
    passes(pool, callOf({ sender: 1 }));
    passes(pool, callOf({ sender: 2 }));
  });
});
