import { describe, expect, it } from "vitest";
import { blockFromRpc, blockToRpc } from "../../../src/codec/fisco/blockRpc.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc, headerToRpc } from "../../../src/codec/fisco/headerRpc.js";
import { SEALERS_MAX } from "../../../src/codec/fisco/headerRules.js";
import { parseJson, writeJson } from "../../../src/codec/json.js";
import { merkleRoot } from "../../../src/crypto/merkle.js";
import { codeThrownBy, genesisRpc, HEADER_CASES, SUITES, vectors, withSet } from "./vectors.js";

const real = HEADER_CASES[2]?.rpc;

describe("headers in JSON-RPC", () => {
  for (const { crypto, note, rpc } of HEADER_CASES) {
    it(`prints a real header as its node did: ${note}`, () => {
      const { transactions, ...header } = rpc;
      const { signed } = headerFromRpc(rpc);
      expect(writeJson(headerToRpc(signed, headerHash(SUITES[crypto].hash, signed.header)))).toBe(
        JSON.stringify(header),
      );
    });
  }

  it("prints block 0 as its node did", () => {
    const { transactions, ...header } = genesisRpc();
    const { signed } = headerFromRpc(genesisRpc());
    expect(writeJson(headerToRpc(signed, headerHash(SUITES.sm.hash, signed.header)))).toBe(JSON.stringify(header));
  });

  it("ignores unknown fields, also those named like object machinery", () => {
    const text = JSON.stringify(real).replace("{", '{"__proto__":{"number":1},"constructor":7,"later":[1],');
    expect(headerFromRpc(parseJson(text)).signed).toEqual(headerFromRpc(real).signed);
    expect(headerFromRpc(JSON.parse(text)).signed).toEqual(headerFromRpc(real).signed);
    expect(({} as { number?: unknown }).number).toBeUndefined();
  });

  it("does not take an inherited field for one of the answer", () => {
    const { number, ...rest } = real;
    const inherited = Object.assign(Object.create({ number }), rest);
    expect(codeThrownBy(() => headerFromRpc(inherited))).toBe("RPC_FIELD_MISSING");
  });

  it("reads numbers given as decimal or 0x text", () => {
    const spelled = { ...real, number: "60", version: "0x3020000", consensusWeights: ["1", "0x1", 1, 1] };
    expect(headerFromRpc(spelled).signed).toEqual(headerFromRpc(real).signed);
  });

  it("keeps weights up to 2^63-1 from text, and refuses what JSON.parse rounded", () => {
    const text = JSON.stringify(real).replace("[1,1,1,1]", "[9223372036854775807,9007199254740993,1,1]");
    const { signed } = headerFromRpc(parseJson(text));
    expect(signed.header.sealers.weights).toEqual([2n ** 63n - 1n, 2n ** 53n + 1n, 1n, 1n]);
    expect(writeJson(headerToRpc(signed, new Uint8Array(32)))).toContain("[9223372036854775807,9007199254740993,1,1]");
    expect(codeThrownBy(() => headerFromRpc(JSON.parse(text)))).toBe("RPC_NUMBER_RANGE");
    const over = text.replace("9223372036854775807", "9223372036854775808");
    expect(codeThrownBy(() => headerFromRpc(parseJson(over)))).toBe("RPC_NUMBER_RANGE");
  });

  const broken: readonly (readonly [string, string, unknown])[] = [
    ["RPC_FIELD_TYPE", "number", "sixty"],
    ["RPC_FIELD_TYPE", "number", null],
    ["RPC_FIELD_TYPE", "number", "060"],
    ["RPC_FIELD_TYPE", "number", ""],
    ["RPC_NUMBER_RANGE", "number", 2 ** 53],
    ["RPC_NUMBER_RANGE", "number", 1.5],
    ["RPC_NUMBER_RANGE", "number", -1],
    ["RPC_NUMBER_RANGE", "timestamp", "9007199254740993"],
    ["RPC_FIELD_TYPE", "gasUsed", 5],
    ["RPC_FIELD_LENGTH", "gasUsed", "1".repeat(81)],
    ["RPC_FIELD_TYPE", "txsRoot", "0xzz"],
    ["RPC_FIELD_TYPE", "txsRoot", "0x123"],
    ["RPC_FIELD_TYPE", "txsRoot", 7],
    ["RPC_FIELD_LENGTH", "txsRoot", `0x${"00".repeat(257)}`],
    ["RPC_FIELD_TYPE", "sealerList", {}],
    ["RPC_FIELD_LENGTH", "sealerList", new Array(SEALERS_MAX + 1).fill("0x")],
    ["RPC_FIELD_TYPE", "signatureList", ["0x"]],
    ["RPC_FIELD_TYPE", "parentInfo", [null]],
    ["RPC_FIELD_MISSING", "parentInfo", [{ blockNumber: 1 }]],
    ["RPC_FIELD_MISSING", "stateRoot", undefined],
  ];
  for (const [code, field, value] of broken) {
    it(`refuses ${field} = ${JSON.stringify(value)?.slice(0, 30)} with ${code}`, () =>
      expect(codeThrownBy(() => headerFromRpc({ ...real, [field]: value }))).toBe(code));
  }

  for (const value of [null, undefined, 5, "x", [], true]) {
    it(`refuses ${JSON.stringify(value)} as a header`, () =>
      expect(codeThrownBy(() => headerFromRpc(value))).toMatch(/^RPC_FIELD_/));
  }
});

describe("blocks in JSON-RPC", () => {
  const { rpc, crypto } = HEADER_CASES[1] as (typeof HEADER_CASES)[number];
  const hash = SUITES[crypto].hash;

  it("lists 51 hashes that rebuild txsRoot, and prints the block again", () => {
    const block = blockFromRpc(rpc, hash);
    expect(block.transactionHashes).toHaveLength(51);
    expect(block.transactions).toBeUndefined();
    expect(merkleRoot(hash, block.transactionHashes)).toEqual(block.signed.header.txsRoot);
    const printed = blockToRpc(block.signed, headerHash(hash, block.signed.header), block.transactionHashes);
    expect(writeJson(printed)).toBe(JSON.stringify(rpc));
  });

  it("reads whole transactions and computes their hashes", () => {
    const transaction = vectors("fisco-transactions").rpcJson[0].rpc;
    const block = blockFromRpc({ ...rpc, transactions: [transaction] }, hash);
    expect(block.transactions?.[0]?.data.blockLimit).toBe(501);
    expect(block.transactionHashes).toHaveLength(1);
    const mixed = [transaction, transaction.hash];
    expect(codeThrownBy(() => blockFromRpc({ ...rpc, transactions: mixed }, hash))).toBe("RPC_FIELD_TYPE");
    const altered = [{ ...transaction, blockLimit: 502 }];
    expect(codeThrownBy(() => blockFromRpc({ ...rpc, transactions: altered }, hash))).toBe("TRANSACTION_HASH_MISMATCH");
    expect(codeThrownBy(() => blockFromRpc({ ...rpc, transactions: ["0x12"] }, hash))).toBe("RPC_FIELD_LENGTH");
  });

  it("keeps a set that is written and read", () => {
    const { signed } = headerFromRpc(rpc);
    const wide = { ...signed, header: withSet(signed.header, { weights: [2n ** 60n, 1n] }) };
    expect(headerFromRpc(parseJson(writeJson(headerToRpc(wide, new Uint8Array(32))))).signed).toEqual(wide);
  });
});
