/** Transactions that we build are, byte for byte, what FISCO's own SDKs build of the same fields. */
import { describe, expect, it } from "vitest";
import { equalBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import type { TransactionData } from "../../../src/codec/fisco/transaction.js";
import {
  assembleTransaction,
  BLOCK_LIMIT_AHEAD,
  buildTransaction,
  checkedTransaction,
  type TransactionCall,
} from "../../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import { transactionFromRpc } from "../../../src/codec/fisco/transactionRpc.js";
import { decodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { softSigner } from "../../../src/crypto/softSigner.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { codeThrownBy, SUITES, vectors } from "./vectors.js";

interface EncodedCase {
  readonly crypto: SuiteName;
  readonly note: string;
  readonly encoded: string;
  readonly expectedHash: string;
}

const file = vectors("fisco-transactions");
const ENCODED: readonly EncodedCase[] = file.encoded;
const RPC: readonly { readonly crypto: SuiteName; readonly rpc: unknown }[] = file.rpcJson;

const FRAME = { chainId: "chain0", groupId: "group0", blockLimit: 100 + BLOCK_LIMIT_AHEAD, nonce: new Uint8Array(16) };
const SECRET = fromHex("01".repeat(32));

function signed(suiteName: SuiteName, data: TransactionData) {
  const suite = SUITES[suiteName];
  const digest = transactionDataHash(suite.hash, data);
  return assembleTransaction(suite, data, softSigner(suiteName).signTransaction(SECRET, digest));
}

describe("really signed transactions", () => {
  for (const { crypto, note, encoded, expectedHash } of ENCODED) {
    it(`come out again of their fields and signature: ${note}`, () => {
      const { data, signature } = decodeTransaction(fromHex(encoded)).transaction;
      const { hash, bytes, sender } = assembleTransaction(SUITES[crypto], data, signature);
      expect(toHex(hash)).toBe(expectedHash);
      // The older encoder wrote version 0 as a zero field, today's leaves it out.
      expect(toHex(bytes)).toBe(encoded.replace(/^1a1c/, "1a"));
      expect(sender).toHaveLength(20);
      const other = { ...data, blockLimit: data.blockLimit + 1 };
      const alike = () => equalBytes(assembleTransaction(SUITES[crypto], other, signature).sender, sender);
      // ECDSA leads to another account, SM2 to none.
      expect(codeThrownBy(alike) ?? alike()).not.toBe(true);
    });
  }

  for (const [index, { crypto, rpc }] of RPC.entries()) {
    it(`are rebuilt from the fields that JSON-RPC shows: case ${index}`, () => {
      const { transaction, hash } = transactionFromRpc(rpc, SUITES[crypto].hash);
      const rebuilt = assembleTransaction(SUITES[crypto], transaction.data, transaction.signature);
      expect(toHex(rebuilt.hash)).toBe(toHex(hash));
      expect(`0x${toHex(rebuilt.sender)}`).toBe((rpc as { from: string }).from);
      expect(rebuilt.ambiguities).toEqual([]);
    });
  }
});

describe("built transactions", () => {
  const input = fromHex("299f7f9d00000000000000000000000000000000000000000000000000000000000000ff");
  const calls: readonly TransactionCall[] = [
    { to: fromHex("ab".repeat(20)), input },
    { to: fromHex("ab".repeat(20)), input, version: 1 },
    { to: fromHex("ab".repeat(20)), input, version: 2 },
    { input, abi: '[{"type":"function"}]' },
  ];

  for (const suite of ["ecdsa", "sm"] as const) {
    it(`have one reading only and survive the way to a node and back: ${suite}`, () => {
      for (const call of calls) {
        const data = buildTransaction(call, FRAME);
        const { bytes, hash, sender, ambiguities, transaction } = signed(suite, data);
        expect(ambiguities).toEqual([]);
        const decoded = decodeTransaction(bytes);
        expect(decoded.transaction).toEqual(transaction);
        expect(toHex(decoded.claimedHash as Uint8Array)).toBe(toHex(hash));
        const account = SUITES[suite].address(softSigner(suite).publicKey(SECRET));
        expect(toHex(sender)).toBe(toHex(account));
        expect(checkedTransaction(SUITES[suite], decoded.transaction, decoded.claimedHash).hash).toEqual(hash);
      }
    });
  }

  it("tell what stays open where somebody insists on fields that meet without a border", () => {
    const to = fromHex("ab".repeat(20));
    const data = buildTransaction({ to, input, version: 2, value: "0x1", extension: fromHex("01") }, FRAME);
    expect(signed("ecdsa", data).ambiguities).toEqual(["VALUE_FIELDS_JOINED", "EXTENSION_PRESENT"]);
  });

  it("are refused where a field is not in the hash, or the account is none", () => {
    const to = fromHex("ab".repeat(20));
    const refused = (call: TransactionCall) => codeThrownBy(() => signed("ecdsa", buildTransaction(call, FRAME)));
    expect(refused({ to: to.subarray(1), input })).toBe("TRANSACTION_TO");
    expect(refused({ to, input, value: "0x1" })).toBe("TRANSACTION_VALUE_FIELD");
    expect(refused({ to, input, gasLimit: 1n })).toBe("TRANSACTION_GAS_LIMIT");
    expect(refused({ to, input, version: 1, extension: fromHex("01") })).toBe("TRANSACTION_VALUE_FIELD");
    expect(refused({ to, input, version: 3 })).toBe("TRANSACTION_VERSION");
    expect(refused({ to, input, abi: "1" })).toBe("TRANSACTION_ABI");
  });

  it("are refused with another suite's signature, a claimed hash of another one, or as a Web3 transaction", () => {
    const data = buildTransaction({ to: fromHex("ab".repeat(20)), input }, FRAME);
    const { transaction } = signed("ecdsa", data);
    const refused = (work: () => unknown) => codeThrownBy(work);
    expect(refused(() => assembleTransaction(SUITES.sm, data, transaction.signature))).toBe(
      "TRANSACTION_SIGNATURE_LENGTH",
    );
    expect(refused(() => checkedTransaction(SUITES.ecdsa, transaction, new Uint8Array(32)))).toBe(
      "TRANSACTION_HASH_MISMATCH",
    );
    expect(refused(() => checkedTransaction(SUITES.ecdsa, { ...transaction, type: 1 }))).toBe("TRANSACTION_TYPE");
  });
});
