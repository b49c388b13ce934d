import { describe, expect, it } from "vitest";
import { concatBytes, EMPTY_BYTES, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import type { Transaction, TransactionData } from "../../../src/codec/fisco/transaction.js";
import { transactionDataHash, transactionHash, transactionPreimage } from "../../../src/codec/fisco/transactionHash.js";
import { transactionFromRpc, transactionToRpc } from "../../../src/codec/fisco/transactionRpc.js";
import { checkTransaction, type TransactionChain } from "../../../src/codec/fisco/transactionRules.js";
import { transactionSender } from "../../../src/codec/fisco/transactionSender.js";
import { decodeTransaction, encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { parseJson, writeJson } from "../../../src/codec/json.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { codeThrownBy, SUITES, vectors } from "./vectors.js";

interface EncodedCase {
  readonly crypto: SuiteName;
  readonly note: string;
  readonly encoded: string;
  readonly expectedHash: string;
}

/** Deployments of the Java SDK: the end of a long decimal nonce may always be a `to` without 0x. */
const DEPLOYMENT_AMBIGUITIES = [["NONCE_MAY_HOLD_TO", "INPUT_ENDS_AS_VALUE"], ["NONCE_MAY_HOLD_TO"]] as const;

interface RpcCase {
  readonly crypto: SuiteName;
  // biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
  readonly rpc: any;
}

const file = vectors("fisco-transactions");
const ENCODED: readonly EncodedCase[] = file.encoded;
const RPC: readonly RpcCase[] = file.rpcJson;

function chain(suite: SuiteName): TransactionChain {
  return { chainId: "chain0", groupId: "group0", suite };
}

function suitesFor(name: SuiteName): { chain: (typeof SUITES)[SuiteName]; web3: (typeof SUITES)[SuiteName] } {
  return { chain: SUITES[name], web3: SUITES.ecdsa };
}

describe("encoded transactions", () => {
  for (const [index, { crypto, note, encoded, expectedHash }] of ENCODED.entries()) {
    it(`decode, hash and pass the rules: ${note}`, () => {
      const { transaction, claimedHash } = decodeTransaction(fromHex(encoded));
      expect(toHex(transactionHash(suitesFor(crypto), transaction))).toBe(expectedHash);
      expect(toHex(claimedHash as Uint8Array)).toBe(expectedHash);
      expect(checkTransaction(transaction, chain(crypto))).toEqual(DEPLOYMENT_AMBIGUITIES[index]);
      expect(transactionSender(suitesFor(crypto), transaction)).toHaveLength(20);
    });

    it(`are written as FISCO does: ${note}`, () => {
      const { transaction } = decodeTransaction(fromHex(encoded));
      const bytes = encodeTransaction(transaction, fromHex(expectedHash));
      // The older encoder wrote version 0 as a zero field, today's leaves it out.
      expect(toHex(bytes)).toBe(encoded.replace(/^1a1c/, "1a"));
    });
  }

  it("names the sender that the receipt of the guomi deployment names", () => {
    const { transaction } = decodeTransaction(fromHex((ENCODED[1] as EncodedCase).encoded));
    expect(toHex(transactionSender(suitesFor("sm"), transaction))).toBe("f3293c3452b3b0479e64a4c612e8c1b0da5fe1af");
  });

  it("read version zero in each of its spellings", () => {
    const { encoded } = ENCODED[1] as EncodedCase;
    const data = decodeTransaction(fromHex(encoded)).transaction;
    for (const head of ["1a", "1a1000", "1a110000", "1a1200000000", "1a130000000000000000"]) {
      expect(decodeTransaction(fromHex(encoded.replace(/^1a1c/, head))).transaction).toEqual(data);
    }
  });
});

describe("transactions in JSON-RPC", () => {
  for (const [index, { crypto, rpc }] of RPC.entries()) {
    it(`rebuild hash and sender, whichever way the nonce is printed: case ${index}`, () => {
      const { transaction, hash } = transactionFromRpc(rpc, SUITES[crypto].hash);
      expect(`0x${toHex(hash)}`).toBe(rpc.hash);
      const sender = transactionSender(suitesFor(crypto), transaction);
      expect(`0x${toHex(sender)}`).toBe(rpc.from);
      expect(checkTransaction(transaction, chain(crypto))).toEqual([]);
      const printed = transactionToRpc(transaction, hash, sender, rpc.txProof);
      expect(transactionFromRpc(parseJson(writeJson(printed)), SUITES[crypto].hash)).toEqual({ transaction, hash });
    });
  }

  it("are printed as a node from 3.3.0 on does", () => {
    const { rpc } = RPC[2] as RpcCase;
    const { transaction, hash } = transactionFromRpc(rpc, SUITES.ecdsa.hash);
    const printed = transactionToRpc(transaction, hash, fromHex(rpc.from), rpc.txProof);
    expect(writeJson(printed)).toBe(JSON.stringify(rpc));
  });

  it("are refused when a field does not fit the named hash", () => {
    const { rpc } = RPC[0] as RpcCase;
    const altered = { nonce: "1", to: rpc.to.slice(2), blockLimit: 502, input: "0x", version: 1, chainID: "chain1" };
    for (const [field, value] of Object.entries(altered)) {
      const code = codeThrownBy(() => transactionFromRpc({ ...rpc, [field]: value }, SUITES.ecdsa.hash));
      expect(code).toBe("TRANSACTION_HASH_MISMATCH");
    }
    const code = codeThrownBy(() => transactionFromRpc({ ...rpc, version: 3 }, SUITES.ecdsa.hash));
    expect(code).toBe("TRANSACTION_VERSION");
    for (const field of ["hash", "nonce", "to", "input", "signature", "chainID"]) {
      const { [field]: _, ...rest } = rpc;
      expect(codeThrownBy(() => transactionFromRpc(rest, SUITES.ecdsa.hash))).toBe("RPC_FIELD_MISSING");
    }
  });

  it("carry the fields of versions 1 and 2", () => {
    const { transaction } = transactionFromRpc((RPC[0] as RpcCase).rpc, SUITES.ecdsa.hash);
    const data: TransactionData = {
      ...transaction.data,
      version: 2,
      value: "0x10",
      gasPrice: "0x5",
      gasLimit: 2n ** 60n,
      maxFeePerGas: "0x7",
      maxPriorityFeePerGas: "0x1",
      extension: fromHex("0102"),
    };
    const hash = transactionDataHash(SUITES.ecdsa.hash, data);
    const printed = transactionToRpc({ ...transaction, data }, hash, new Uint8Array(20));
    expect(transactionFromRpc(parseJson(writeJson(printed)), SUITES.ecdsa.hash).transaction.data).toEqual(data);
    const bytes = encodeTransaction({ ...transaction, data, attribute: 4 }, hash);
    expect(decodeTransaction(bytes).transaction).toEqual({ ...transaction, data, attribute: 4 });
  });
});

describe("hash rule of each version", () => {
  const data: TransactionData = {
    version: 0,
    chainId: "c",
    groupId: "g",
    blockLimit: 2 ** 40 + 1,
    nonce: "n",
    to: "t",
    input: fromHex("aa"),
    abi: "a",
    value: "v",
    gasPrice: "p",
    gasLimit: 258n,
    maxFeePerGas: "f",
    maxPriorityFeePerGas: "q",
    extension: fromHex("ee"),
  };
  const text = (value: string): string => toHex(utf8Bytes(value));
  const base = `${text("cg")}0000010000000001${text("nt")}aa${text("a")}`;
  const v1 = `${text("vp")}0000000000000102${text("fq")}`;

  it("adds the value fields from 1 on and the extension from 2 on", () => {
    expect(toHex(transactionPreimage(data))).toBe(`00000000${base}`);
    expect(toHex(transactionPreimage({ ...data, version: 1 }))).toBe(`00000001${base}${v1}`);
    expect(toHex(transactionPreimage({ ...data, version: 2 }))).toBe(`00000002${base}${v1}ee`);
  });

  it("does not guess the rule of other versions", () => {
    for (const version of [-1, 3, 0.5]) {
      expect(codeThrownBy(() => transactionPreimage({ ...data, version }))).toBe("TRANSACTION_VERSION");
    }
  });
});

describe("rules", () => {
  const real = transactionFromRpc((RPC[0] as RpcCase).rpc, SUITES.ecdsa.hash).transaction;
  const deployment = decodeTransaction(fromHex((ENCODED[0] as EncodedCase).encoded)).transaction;
  const on = chain("ecdsa");
  const withData = (base: Transaction, data: Partial<TransactionData>): Transaction => ({
    ...base,
    data: { ...base.data, ...data },
  });
  const address = "6849f21d1e455e9f0712b1e99fa4fcd23758e8f1";

  const broken: readonly (readonly [string, Transaction])[] = [
    ["TRANSACTION_TYPE", { ...real, type: 2 }],
    ["TRANSACTION_EXTRA_BYTES", { ...real, web3Bytes: new Uint8Array(1) }],
    ["TRANSACTION_VERSION", withData(real, { version: 3 })],
    ["TRANSACTION_VERSION", withData(real, { version: -1 })],
    ["TRANSACTION_CHAIN_ID", withData(real, { chainId: "chain" })],
    ["TRANSACTION_GROUP_ID", withData(real, { groupId: "group00" })],
    ["TRANSACTION_BLOCK_LIMIT", withData(real, { blockLimit: -1 })],
    ["TRANSACTION_BLOCK_LIMIT", withData(real, { blockLimit: 2 ** 53 })],
    ["TRANSACTION_TO", withData(real, { to: "0x" })],
    ["TRANSACTION_TO", withData(real, { to: `0X${address}` })],
    ["TRANSACTION_TO", withData(real, { to: `${address}0` })],
    ["TRANSACTION_TO", withData(real, { to: `${address}\n` })],
    ["TRANSACTION_ABI", withData(real, { abi: "x" })],
    ["TRANSACTION_ABI", withData(real, { abi: "1" })],
    ["TRANSACTION_ABI", withData(real, { abi: "[1" })],
    ["TRANSACTION_VALUE_FIELD", withData(real, { value: "1" })],
    ["TRANSACTION_VALUE_FIELD", withData(real, { version: 1, gasPrice: "1x" })],
    ["TRANSACTION_VALUE_FIELD", withData(real, { version: 1, extension: new Uint8Array(1) })],
    ["TRANSACTION_GAS_LIMIT", withData(real, { gasLimit: 1n })],
    ["TRANSACTION_GAS_LIMIT", withData(real, { version: 1, gasLimit: -1n })],
    ["TRANSACTION_DEPLOY_INPUT", withData(real, { to: "", input: utf8Bytes(`0x${address}rest`) })],
    ["TRANSACTION_DEPLOY_INPUT", withData(real, { to: "", input: utf8Bytes(address) })],
    ["TRANSACTION_DEPLOY_NONCE", withData(real, { to: "", nonce: `1230x${address}` })],
    ["TRANSACTION_SIGNATURE_LENGTH", { ...real, signature: real.signature.slice(1) }],
    ["TRANSACTION_SIGNATURE_LENGTH", { ...real, signature: new Uint8Array(128) }],
    ["TRANSACTION_SIGNATURE_RECOVERY", { ...real, signature: real.signature.map((byte, i) => (i === 64 ? 27 : byte)) }],
  ];
  for (const [code, transaction] of broken) {
    it(`refuse ${code}`, () => expect(codeThrownBy(() => checkTransaction(transaction, on))).toBe(code));
  }

  const ambiguous: readonly (readonly [string, Transaction])[] = [
    ["NONCE_UNUSUAL", withData(real, { nonce: "1x" })],
    ["NONCE_MAY_HOLD_TO", withData(deployment, { version: 0, gasLimit: 0n, nonce: `1${address}` })],
    ["TO_WITHOUT_PREFIX", withData(real, { to: address })],
    ["ABI_IN_CALL", withData(real, { abi: "[]" })],
    ["INPUT_ENDS_AS_ABI", withData(deployment, { version: 0, gasLimit: 0n, nonce: "1", input: utf8Bytes("[{}]") })],
    ["VALUE_FIELDS_JOINED", withData(real, { version: 1, value: "1" })],
    ["VALUE_FIELDS_JOINED", withData(real, { version: 1, maxFeePerGas: "0x1" })],
    ["INPUT_ENDS_AS_VALUE", withData(real, { version: 1, input: utf8Bytes("0x1f") })],
    ["EXTENSION_PRESENT", withData(real, { version: 2, extension: new Uint8Array(1) })],
  ];
  for (const [ambiguity, transaction] of ambiguous) {
    it(`report ${ambiguity}`, () => expect(checkTransaction(transaction, on)).toEqual([ambiguity]));
  }

  it("refuse a real call turned into a deployment under the same hash and sender", () => {
    const hash = SUITES.ecdsa.hash;
    const same = (forged: Transaction): void => {
      expect(transactionDataHash(hash, forged.data)).toEqual(transactionDataHash(hash, real.data));
      expect(transactionSender(suitesFor("ecdsa"), forged)).toEqual(transactionSender(suitesFor("ecdsa"), real));
    };
    const { to, nonce, input } = real.data;
    const intoInput = withData(real, { to: "", input: concatBytes([utf8Bytes(to), input]) });
    same(intoInput);
    expect(codeThrownBy(() => checkTransaction(intoInput, on))).toBe("TRANSACTION_DEPLOY_INPUT");
    const intoNonce = withData(real, { to: "", nonce: nonce + to });
    same(intoNonce);
    expect(codeThrownBy(() => checkTransaction(intoNonce, on))).toBe("TRANSACTION_DEPLOY_NONCE");
    const nonceIntoGroup = withData(real, { groupId: "group", blockLimit: real.data.blockLimit });
    expect(codeThrownBy(() => checkTransaction(nonceIntoGroup, on))).toBe("TRANSACTION_GROUP_ID");
    const prefixIntoNonce = withData(real, { nonce: `${nonce}0x`, to: to.slice(2) });
    same(prefixIntoNonce);
    expect(checkTransaction(prefixIntoNonce, on)).toEqual(["NONCE_UNUSUAL", "TO_WITHOUT_PREFIX"]);
  });
});

describe("Web3 transactions", () => {
  const suites = suitesFor("sm");
  // biome-ignore lint/suspicious/noExplicitAny: a vector file is whatever its tests expect of it
  const cases: readonly any[] = vectors("fisco-web3").cases;

  function web3(unsigned: Uint8Array, signature: Uint8Array, data: Partial<TransactionData>): Transaction {
    const base = transactionFromRpc((RPC[0] as RpcCase).rpc, SUITES.ecdsa.hash).transaction;
    const empty = { ...base.data, nonce: "0x9", abi: "", input: EMPTY_BYTES };
    return { ...base, type: 1, data: { ...empty, ...data }, web3Bytes: unsigned, signature };
  }

  it("hash with keccak over the signed RLP also on a guomi chain, and name their sender", () => {
    const { unsigned, signature, sender, rawTx } = cases[0];
    const transaction = web3(fromHex(unsigned), fromHex(signature), {
      to: `0x${"35".repeat(20)}`,
      value: "0xde0b6b3a7640000",
    });
    expect(transactionHash(suites, transaction)).toEqual(SUITES.ecdsa.hash(fromHex(rawTx)));
    expect(`0x${toHex(transactionSender(suites, transaction))}`).toBe(sender);
    expect(checkTransaction(transaction, chain("sm"))).toEqual([]);
    const bytes = encodeTransaction(transaction, transactionHash(suites, transaction));
    const decoded = decodeTransaction(bytes);
    expect(decoded.transaction).toEqual(transaction);
    expect(decoded.claimedHash).toEqual(transactionHash(suites, transaction));

    const other: readonly (readonly [string, Transaction])[] = [
      ["TRANSACTION_WEB3_MISMATCH", { ...transaction, data: { ...transaction.data, to: `0x${"36".repeat(20)}` } }],
      ["TRANSACTION_WEB3_MISMATCH", { ...transaction, data: { ...transaction.data, input: fromHex("00") } }],
      ["TRANSACTION_WEB3_MISMATCH", { ...transaction, data: { ...transaction.data, value: "0x1" } }],
      ["TRANSACTION_EXTRA_BYTES", { ...transaction, web3Bytes: EMPTY_BYTES }],
      ["TRANSACTION_SIGNATURE_LENGTH", { ...transaction, signature: new Uint8Array(128) }],
    ];
    for (const [code, forged] of other) {
      expect(codeThrownBy(() => checkTransaction(forged, chain("sm")))).toBe(code);
    }
    expect(codeThrownBy(() => transactionHash(suites, { ...transaction, type: 5 }))).toBe("TRANSACTION_TYPE");
  });

  it("name nobody for a signature of no key", () => {
    const { unsigned } = cases[0];
    const transaction = web3(fromHex(unsigned), new Uint8Array(65), {});
    expect(codeThrownBy(() => transactionSender(suites, transaction))).toBe("TRANSACTION_SIGNATURE_INVALID");
  });
});
