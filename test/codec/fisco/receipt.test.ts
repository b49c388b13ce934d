import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import type { LogEntry, Receipt } from "../../../src/codec/fisco/receipt.js";
import { receiptHash, receiptPreimage } from "../../../src/codec/fisco/receiptHash.js";
import { receiptFromRpc, receiptToRpc } from "../../../src/codec/fisco/receiptRpc.js";
import { checkReceipt } from "../../../src/codec/fisco/receiptRules.js";
import { decodeReceipt, encodeReceipt } from "../../../src/codec/fisco/receiptTars.js";
import { writeJson } from "../../../src/codec/json.js";
import { verifyMerkleProof } from "../../../src/crypto/merkle.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { codeThrownBy, HEADER_CASES, SUITES, vectors } from "./vectors.js";

// biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
const CASES: readonly { crypto: SuiteName; rpc: any }[] = vectors("fisco-receipts").cases;

describe("receipts", () => {
  for (const [index, { crypto, rpc }] of CASES.entries()) {
    it(`reproduce the hash of a real one and are carried by Tars: case ${index}`, () => {
      const { receipt, claimedHash } = receiptFromRpc(rpc);
      checkReceipt(receipt);
      const hash = receiptHash(SUITES[crypto].hash, receipt);
      expect(`0x${toHex(hash)}`).toBe(rpc.hash);
      expect(claimedHash).toEqual(hash);
      expect(decodeReceipt(encodeReceipt(receipt, hash))).toEqual({ receipt, claimedHash: hash });
    });
  }

  it("stand where their proofs say", () => {
    const { rpc } = CASES[1] as (typeof CASES)[number];
    const { receipt, proof } = receiptFromRpc(rpc);
    const root = fromHex(HEADER_CASES[2]?.rpc.receiptsRoot);
    const place = verifyMerkleProof(SUITES.ecdsa.hash, receiptHash(SUITES.ecdsa.hash, receipt), root, proof ?? []);
    expect(place?.groupSizes).toHaveLength(10);
    const single = receiptFromRpc(CASES[2]?.rpc);
    expect(single.proof).toEqual([[receiptHash(SUITES.sm.hash, single.receipt)]]);
  });

  it("are printed as the node did, with the chain's own checksum spelling", () => {
    const { rpc } = CASES[2] as (typeof CASES)[number];
    const { receipt } = receiptFromRpc(rpc);
    const printed = receiptToRpc(SUITES.sm.hash, receipt, fromHex(rpc.hash), {
      transactionHash: fromHex(rpc.transactionHash),
      from: fromHex(rpc.from),
      to: rpc.to,
      input: fromHex(rpc.input),
      extraData: rpc.extraData,
      proof: rpc.txReceiptProof,
    });
    expect(writeJson(printed)).toBe(JSON.stringify(rpc));
  });

  it("hash effectiveGasPrice from version 1 on, before the logs", () => {
    const log: LogEntry = { address: "ab".repeat(20), topics: [new Uint8Array(32).fill(1)], data: fromHex("ff") };
    const receipt: Receipt = {
      version: 1,
      gasUsed: "7",
      contractAddress: "",
      status: 16,
      output: fromHex("0a"),
      logs: [log],
      blockNumber: 2 ** 40,
      effectiveGasPrice: "0x9",
      message: "not hashed",
    };
    const logHex = `${toHex(utf8Bytes(log.address))}${"01".repeat(32)}ff`;
    const price = toHex(utf8Bytes("0x9"));
    expect(toHex(receiptPreimage(receipt))).toBe(`0000000137000000100a${price}${logHex}0000010000000000`);
    expect(toHex(receiptPreimage({ ...receipt, version: 0 }))).toBe(`0000000037000000100a${logHex}0000010000000000`);
    checkReceipt(receipt);
    const hash = receiptHash(SUITES.ecdsa.hash, receipt);
    expect(decodeReceipt(encodeReceipt(receipt, hash)).receipt).toEqual(receipt);
    const context = {
      transactionHash: hash,
      from: new Uint8Array(20),
      to: "",
      input: new Uint8Array(0),
      extraData: "",
    };
    expect(receiptFromRpc(receiptToRpc(SUITES.ecdsa.hash, receipt, hash, context)).receipt).toEqual(receipt);
  });

  it("may be read in two ways where the output ends: which is why they are only hash-consistent", () => {
    const { receipt } = receiptFromRpc(CASES[0]?.rpc);
    const [log] = receipt.logs as [LogEntry];
    const swallowed = concatBytes([receipt.output, utf8Bytes(log.address), ...log.topics, log.data]);
    const forged: Receipt = { ...receipt, output: swallowed, logs: [] };
    expect(receiptHash(SUITES.ecdsa.hash, forged)).toEqual(receiptHash(SUITES.ecdsa.hash, receipt));
    checkReceipt(forged);
  });
});

describe("rules of receipts", () => {
  const { receipt } = receiptFromRpc(CASES[0]?.rpc);
  const [log] = receipt.logs as [LogEntry];
  const topic = log.topics[0] as Uint8Array;
  const broken: readonly (readonly [string, Receipt])[] = [
    ["RECEIPT_VERSION", { ...receipt, version: 3 }],
    ["RECEIPT_GAS_USED", { ...receipt, gasUsed: "019413" }],
    ["RECEIPT_GAS_USED", { ...receipt, gasUsed: "" }],
    ["RECEIPT_GAS_USED", { ...receipt, gasUsed: "19413a" }],
    ["RECEIPT_CONTRACT_ADDRESS", { ...receipt, contractAddress: `0x${log.address}` }],
    ["RECEIPT_CONTRACT_ADDRESS", { ...receipt, contractAddress: log.address.slice(1) }],
    ["RECEIPT_STATUS", { ...receipt, status: -1 }],
    ["RECEIPT_STATUS", { ...receipt, status: 2 ** 31 }],
    ["RECEIPT_BLOCK_NUMBER", { ...receipt, blockNumber: 0 }],
    ["RECEIPT_BLOCK_NUMBER", { ...receipt, blockNumber: 2 ** 53 }],
    ["RECEIPT_GAS_PRICE", { ...receipt, effectiveGasPrice: "1" }],
    ["RECEIPT_GAS_PRICE", { ...receipt, version: 1, effectiveGasPrice: "x" }],
    ["RECEIPT_LOG_ADDRESS", { ...receipt, logs: [{ ...log, address: `0x${log.address}` }] }],
    ["RECEIPT_LOG_TOPIC_COUNT", { ...receipt, logs: [{ ...log, topics: [topic, topic, topic, topic, topic] }] }],
    ["RECEIPT_LOG_TOPIC_LENGTH", { ...receipt, logs: [{ ...log, topics: [topic.slice(1)] }] }],
  ];
  for (const [index, [code, value]] of broken.entries()) {
    it(`refuse ${code} (${index})`, () => expect(codeThrownBy(() => checkReceipt(value))).toBe(code));
  }
});
