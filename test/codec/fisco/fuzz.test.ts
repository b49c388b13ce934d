/** Random and mutated bytes: a decoder answers with a value or with its own typed error, never with anything else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { DomainError } from "../../../src/base/error.js";
import { blockFromRpc } from "../../../src/codec/fisco/blockRpc.js";
import { readGenesis } from "../../../src/codec/fisco/genesis.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import { checkHeader, checkSignedHeader } from "../../../src/codec/fisco/headerRules.js";
import { decodeHeader, encodeHeader } from "../../../src/codec/fisco/headerTars.js";
import { receiptHash } from "../../../src/codec/fisco/receiptHash.js";
import { receiptFromRpc } from "../../../src/codec/fisco/receiptRpc.js";
import { checkReceipt } from "../../../src/codec/fisco/receiptRules.js";
import { decodeReceipt, encodeReceipt } from "../../../src/codec/fisco/receiptTars.js";
import { transactionHash } from "../../../src/codec/fisco/transactionHash.js";
import { transactionFromRpc } from "../../../src/codec/fisco/transactionRpc.js";
import { checkTransaction } from "../../../src/codec/fisco/transactionRules.js";
import { decodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { decodeWeb3Bytes } from "../../../src/codec/fisco/web3Transaction.js";
import { genesisRpc, HEADER_CASES, PROFILES, SUITES, vectors } from "./vectors.js";

const RUNS = 3000;
const { hash } = SUITES.ecdsa;
const suites = { chain: SUITES.ecdsa, web3: SUITES.ecdsa };
const chain = { chainId: "chain0", groupId: "group0", suite: "ecdsa" } as const;

function typedOnly(run: () => unknown): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof DomainError) || thrown.family !== "input") throw thrown;
  }
}

/** `seed` with some bytes changed, a piece taken out, or a piece put in. */
function mutations(seed: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(seed.length - 1),
    drop: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(40)),
    put: fc.uint8Array({ maxLength: 6 }),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes = [...seed];
    for (const { at, drop, put } of edits) {
      const start = Math.min(at, bytes.length);
      const removed = drop === 0 ? put.length : drop;
      bytes = [...bytes.slice(0, start), ...put, ...bytes.slice(start + removed)];
    }
    return new Uint8Array(bytes);
  });
}

function fuzz(seed: Uint8Array, run: (bytes: Uint8Array) => void): void {
  const bytes = fc.oneof({ weight: 4, arbitrary: mutations(seed) }, fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(bytes, (value) => typedOnly(() => run(value))),
    { numRuns: RUNS },
  );
}

/** Any JSON value, put in place of one field of `seed`, one level deep or two. */
function fuzzJson(seed: Record<string, unknown>, run: (value: unknown) => void): void {
  const field = fc.constantFrom(...Object.keys(seed));
  const value = fc.oneof(
    fc.anything(),
    fc.jsonValue(),
    fc.constantFrom("0x", "0x1", "", "1", -1, 2 ** 53, 1e300, 10n ** 30n, [[]], [{}], [null], { length: 3 }),
  );
  fc.assert(
    fc.property(field, value, (name, replacement) => typedOnly(() => run({ ...seed, [name]: replacement }))),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(value, (anything) => typedOnly(() => run(anything))),
    { numRuns: RUNS },
  );
}

describe("hostile bytes", () => {
  const signed = headerFromRpc(HEADER_CASES[2]?.rpc).signed;
  const encodedTransaction = fromHex(vectors("fisco-transactions").encoded[0].encoded);
  const { receipt } = receiptFromRpc(vectors("fisco-receipts").cases[0].rpc);

  it("as a header; one that passes the rules has the hash of exactly its fields", () => {
    const realHash = toHex(headerHash(hash, signed.header));
    fuzz(encodeHeader(signed, new Uint8Array(32)), (bytes) => {
      const decoded = decodeHeader(bytes);
      // Never throws, whatever was decoded.
      const found = toHex(headerHash(hash, decoded.signed.header));
      checkHeader(decoded.signed.header, PROFILES.ecdsa);
      if (found === realHash) expect(decoded.signed.header).toEqual(signed.header);
      expect(decodeHeader(encodeHeader(decoded.signed, hash(bytes))).signed).toEqual(decoded.signed);
      checkSignedHeader(decoded.signed, PROFILES.ecdsa);
    });
  });

  it("as a transaction", () => {
    fuzz(encodedTransaction, (bytes) => {
      const { transaction } = decodeTransaction(bytes);
      typedOnly(() => checkTransaction(transaction, chain));
      transactionHash(suites, transaction);
    });
  });

  it("as a receipt", () => {
    fuzz(encodeReceipt(receipt, new Uint8Array(32)), (bytes) => {
      const decoded = decodeReceipt(bytes).receipt;
      receiptHash(hash, decoded);
      checkReceipt(decoded);
    });
  });

  it("as Web3 bytes and as block 0's text", () => {
    fuzz(fromHex(vectors("fisco-web3").cases[0].unsigned), decodeWeb3Bytes);
    fuzz(fromHex(genesisRpc().extraData), readGenesis);
  });
});

describe("hostile JSON", () => {
  it("as a header, a block, a transaction and a receipt", () => {
    fuzzJson(HEADER_CASES[2]?.rpc, (value) => {
      const { signed } = headerFromRpc(value);
      headerHash(hash, signed.header);
      checkSignedHeader(signed, PROFILES.ecdsa);
    });
    fuzzJson({ ...HEADER_CASES[2]?.rpc, transactions: [] }, (value) => blockFromRpc(value, hash));
    fuzzJson(vectors("fisco-transactions").rpcJson[0].rpc, (value) => transactionFromRpc(value, hash));
    fuzzJson(vectors("fisco-receipts").cases[1].rpc, (value) => receiptFromRpc(value));
  });
});
