/** What strangers can make a block do is bounded: output, reads, and everything of a block together. */
import { expect, it } from "vitest";
import { utf8Bytes } from "../../../src/base/bytes.js";
import type { Transaction } from "../../../src/codec/fisco/transaction.js";
import type { Engine, Gate } from "../../../src/ledger/engine.js";
import {
  BLOCK_GAS_MAX,
  BLOCK_RECEIPT_BYTES_MAX,
  executeTransactions,
  type SignedCall,
} from "../../../src/ledger/execution.js";
import { BFS_ADDRESS, CNS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { GAS_PER_FURTHER_READ, OUTPUT_BYTES_MAX } from "../../../src/ledger/system/gas.js";
import { World } from "./world.js";

it("an output that no receipt can carry fails the call, and may be asked for without a block", () => {
  const world = new World();
  const abi = "x".repeat(40_000);
  for (const version of ["1", "2"]) {
    world.call(CNS_ADDRESS, "insert(string,string,address,string)", ["lamp", version, new Uint8Array(20), abi]);
  }
  const outcome = world.call(CNS_ADDRESS, "selectByName(string)", ["lamp"]);
  expect(outcome).toMatchObject({ status: 15, message: `the output is longer than ${OUTPUT_BYTES_MAX} bytes` });
  const asked = world.call(CNS_ADDRESS, "selectByName(string)", ["lamp"], { readOnly: true });
  expect(asked.status).toBe(0);
  expect(asked.output.length).toBeGreaterThan(2 * abi.length);
});

it("a call pays for every record it reads beyond a few", () => {
  const world = new World();
  const gasOf = (count: number) => {
    for (let i = 0; i < count; i++) world.call(BFS_ADDRESS, "mkdir(string)", [`/apps/d${count}/${i}`]);
    return world.call(BFS_ADDRESS, "list(string)", [`/apps/d${count}`], { readOnly: true }).gasUsed;
  };
  expect(gasOf(300) - gasOf(100)).toBeGreaterThanOrEqual(200 * GAS_PER_FURTHER_READ);
  const poor = world.call(BFS_ADDRESS, "list(string)", ["/apps/d300"], { readOnly: true, gas: 300_000 });
  expect(poor.status).toBe(12);
});

it("a block takes as many calls as it has room for, always the same ones", () => {
  const world = new World();
  const gate: Gate = { refuse: () => undefined };
  const engineOf = (gasUsed: number, bytes: number): Engine => ({
    name: "test",
    serves: () => true,
    call: () => ({ status: 0, output: new Uint8Array(bytes), gasUsed, logs: [], contractAddress: "", message: "" }),
  });
  const data = { version: 0, to: "", input: new Uint8Array(0) } as Transaction["data"];
  const calls = Array.from(
    { length: 100 },
    (_, i): SignedCall => ({
      ...{ transaction: { data } as Transaction, hash: utf8Bytes(String(i)), sender: new Uint8Array(20) },
      bytes: new Uint8Array(1),
    }),
  );
  const count = (engine: Engine) => executeTransactions({ engines: [engine], gate }, calls, world.frame(), 1e9).length;
  expect(count(engineOf(1, 1))).toBe(100);
  expect(count(engineOf(BLOCK_GAS_MAX / 4, 1))).toBe(4);
  expect(count(engineOf(BLOCK_GAS_MAX / 4 + 1, 1))).toBe(4);
  expect(count(engineOf(2 * BLOCK_GAS_MAX, 1))).toBe(1);
  expect(count(engineOf(1, BLOCK_RECEIPT_BYTES_MAX / 4))).toBe(4);
});
