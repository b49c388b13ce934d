/** A block's transactions one after the other: a receipt for each, and no trace of those that fail. */
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { decodeReceipt } from "../../src/codec/fisco/receiptTars.js";
import { type ContractCall, type Engine, type Frame, type Gate, STATUS } from "../../src/ledger/engine.js";
import { addressText, carryOut, executeTransactions, failed } from "../../src/ledger/execution.js";
import { StateOverlay } from "../../src/ledger/stateOverlay.js";
import { cryptoOf } from "../support/chains.js";
import { NOTE_GAS, NOTES, NOTES_TABLE, type NoteOperation, notesEngine, unsignedCall } from "../support/testLedger.js";

const { suite } = await cryptoOf("ecdsa");
const OPEN: Gate = { refuse: () => undefined };
const SENDER = fromHex("0a".repeat(20));
const GAS = 5_000;

function frameOf(): Frame {
  const block = { number: 7, timestamp: 1_000, parentHash: new Uint8Array(32) };
  return { block, suite, hash: suite.hash, state: new StateOverlay({ get: () => undefined }) };
}

const input = (operations: readonly NoteOperation[]): Uint8Array => utf8Bytes(JSON.stringify(operations));
const transaction = (operations: readonly NoteOperation[], to = NOTES, version = 0) =>
  unsignedCall(suite, SENDER, to, input(operations), { version });

const call = (changed: Partial<ContractCall> = {}): ContractCall => ({
  ...{ caller: SENDER, origin: SENDER, to: NOTES, input: input([["set", "k", "v"]]), gas: GAS, depth: 0 },
  readOnly: false,
  ...changed,
});

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

describe("a block's transactions", () => {
  test("see what those before them wrote, and nothing of those that failed", () => {
    const frame = frameOf();
    const executed = executeTransactions(
      { engines: [notesEngine], gate: OPEN },
      [
        transaction([["set", "answer", "one"]]),
        transaction([
          ["set", "answer", "two"],
          ["add", "a", 5],
          ["delete", "answer"],
          ["fail", STATUS.revert],
        ]),
        transaction([]),
      ],
      frame,
      GAS,
    );
    expect(executed.map(({ receipt }) => receipt.status)).toEqual([STATUS.success, STATUS.revert, STATUS.success]);
    expect(text(executed[2]?.receipt.output)).toBe("one");
    expect(frame.state.changes()).toEqual([{ table: NOTES_TABLE, key: "answer", value: utf8Bytes("one") }]);
  });

  test("get receipts of their own, with hash and bytes that belong together", () => {
    const calls = [
      transaction([["log", "hello"]]),
      transaction(
        [
          ["log", "lost"],
          ["fail", STATUS.outOfGas],
        ],
        NOTES,
        1,
      ),
    ];
    const executed = executeTransactions({ engines: [notesEngine], gate: OPEN }, calls, frameOf(), GAS);
    for (const [i, { receipt, receiptBytes, receiptHash: digest, hash, bytes }] of executed.entries()) {
      expect(hash).toBe(calls[i]?.hash);
      expect(bytes).toBe(calls[i]?.bytes);
      expect(digest).toEqual(receiptHash(suite.hash, receipt));
      expect(decodeReceipt(receiptBytes).receipt).toEqual(receipt);
      expect(receipt).toMatchObject({ blockNumber: 7, gasUsed: String(NOTE_GAS), contractAddress: "" });
    }
    const [good, bad] = executed.map(({ receipt }) => receipt);
    expect(good?.logs.map(({ data }) => text(data))).toEqual(["hello"]);
    expect(good).toMatchObject({ version: 0, effectiveGasPrice: "" });
    expect(bad).toMatchObject({ version: 1, status: STATUS.outOfGas, logs: [], effectiveGasPrice: "0x0" });
    expect(bad?.message).toBe("as asked");
  });

  test("reach engines with the address as they know it, the sender and the gas of the block", () => {
    const seen: ContractCall[] = [];
    const spy: Engine = {
      name: "spy",
      serves: () => true,
      call: (each) => {
        seen.push(each);
        return failed(STATUS.revert, "seen");
      },
    };
    const mixed = "aB".repeat(20);
    executeTransactions({ engines: [spy], gate: OPEN }, [transaction([], mixed), transaction([], "")], frameOf(), GAS);
    expect(seen.map(({ to }) => to)).toEqual([mixed.toLowerCase(), ""]);
    expect(seen[0]).toMatchObject({ caller: SENDER, origin: SENDER, gas: GAS, depth: 0, readOnly: false });
    expect(addressText(`0x${mixed}`)).toBe(mixed.toLowerCase());
  });

  test("to nobody's address fail with FISCO's status, deployments too", () => {
    const calls = [transaction([], "12".repeat(20)), transaction([], "")];
    const executed = executeTransactions({ engines: [notesEngine], gate: OPEN }, calls, frameOf(), GAS);
    expect(executed.map(({ receipt }) => receipt.status)).toEqual([STATUS.callAddressError, STATUS.callAddressError]);
    expect(new Set(executed.map(({ receipt }) => receipt.message)).size).toBe(2);
  });

  test("end with a mistake of an engine, which is no outcome", () => {
    const calls = [transaction([["throw"]])];
    expect(() => executeTransactions({ engines: [notesEngine], gate: OPEN }, calls, frameOf(), GAS)).toThrow(TypeError);
  });
});

describe("one call", () => {
  test("is refused by the gate before any engine is asked", () => {
    let asked = 0;
    const engine: Engine = {
      name: "counting",
      serves: () => {
        asked++;
        return true;
      },
      call: (each, frame) => notesEngine.call(each, frame),
    };
    const frame = frameOf();
    const gate: Gate = { refuse: () => failed(STATUS.accountFrozen, "no") };
    const outcome = carryOut({ engines: [engine], gate }, call(), frame);
    expect(outcome).toMatchObject({ status: STATUS.accountFrozen, gasUsed: 0, message: "no" });
    expect([asked, frame.state.changes()]).toEqual([0, []]);
  });

  test("goes to the first engine that serves the address", () => {
    const named = (name: string, to: string): Engine => ({
      name,
      serves: (address) => address === to,
      call: () => failed(STATUS.revert, name),
    });
    const engines = [named("a", "11".repeat(20)), named("b", NOTES), named("c", NOTES)];
    expect(carryOut({ engines, gate: OPEN }, call(), frameOf()).message).toBe("b");
  });

  test("keeps what it wrote only where it succeeded and was to be kept", () => {
    const frame = frameOf();
    const executor = { engines: [notesEngine], gate: OPEN };
    frame.state.set(NOTES_TABLE, "before", utf8Bytes("b"));
    expect(carryOut(executor, call({ readOnly: true }), frame).status).toBe(STATUS.success);
    expect(frame.state.get(NOTES_TABLE, "k")).toBeUndefined();
    carryOut(
      executor,
      call({
        input: input([
          ["delete", "before"],
          ["fail", 15],
        ]),
      }),
      frame,
    );
    expect(text(frame.state.get(NOTES_TABLE, "before"))).toBe("b");
    carryOut(executor, call(), frame);
    expect(text(frame.state.get(NOTES_TABLE, "k"))).toBe("v");
    expect(frame.state.changes().map(({ key, value }) => [key, toHex(value ?? new Uint8Array(0))])).toEqual([
      ["before", "62"],
      ["k", "76"],
    ]);
  });
});
