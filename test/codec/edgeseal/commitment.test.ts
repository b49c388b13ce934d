import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import {
  type Commitment,
  checkCommitment,
  contentRoot,
  decodeCommitment,
  encodeCommitment,
  joinContentRoots,
  receiptLeaf,
  sealerSetHash,
  transactionLeaf,
} from "../../../src/codec/edgeseal/commitment.js";
import type { Header } from "../../../src/codec/fisco/header.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { checkHeader } from "../../../src/codec/fisco/headerRules.js";
import type { Profile } from "../../../src/codec/profile.js";
import { merkleProof, verifyMerkleProof } from "../../../src/crypto/merkle.js";
import { block60, codeThrownBy, SUITES, withSet } from "../fisco/vectors.js";

const { hash } = SUITES.ecdsa;
const base = block60();
const PROFILE: Profile = { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" };
const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const commitment: Commitment = {
  faultModel: "bft",
  sealerCount: 4,
  sealersHash: sealerSetHash(hash, base.sealers),
  nextSealersHash: filled(2),
  historyRoot: filled(3),
  contentRoot: filled(4),
};
const header: Header = { ...base, extraData: encodeCommitment(commitment) };

describe("commitment", () => {
  it("has a fixed layout of 172 bytes", () => {
    expect(toHex(encodeCommitment({ ...commitment, sealersHash: filled(1), faultModel: "crash" }))).toBe(
      `4544475300010200${"00000004"}${"01".repeat(32)}${"02".repeat(32)}${"03".repeat(32)}${"04".repeat(32)}${"00".repeat(32)}`,
    );
    expect(decodeCommitment(encodeCommitment(commitment))).toEqual(commitment);
    expect(decodeCommitment(Buffer.from(encodeCommitment(commitment)))).toEqual(commitment);
  });

  it("passes with the header that it belongs to", () => {
    checkHeader(header, PROFILE);
    expect(checkCommitment(hash, header, PROFILE)).toEqual(commitment);
  });

  it("has one encoding: every single changed byte is refused or read as another value", () => {
    const good = header.extraData;
    fc.assert(
      fc.property(fc.nat(171), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const bytes = good.slice();
        bytes[at] = (bytes[at] as number) ^ difference;
        const code = codeThrownBy(() => expect(toHex(encodeCommitment(decodeCommitment(bytes)))).toBe(toHex(bytes)));
        expect(code).toMatch(/^COMMITMENT_|^NOTHING_THROWN$/);
        if (at < 6 || at === 7 || at >= 140) expect(code).toMatch(/^COMMITMENT_/);
      }),
      { numRuns: 2000 },
    );
  });

  const altered = (offset: number, byte: number): Uint8Array => {
    const bytes = header.extraData.slice();
    bytes[offset] = byte;
    return bytes;
  };
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ["COMMITMENT_LENGTH", new Uint8Array(0)],
    ["COMMITMENT_LENGTH", header.extraData.slice(1)],
    ["COMMITMENT_LENGTH", concatBytes([header.extraData, new Uint8Array(1)])],
    ["COMMITMENT_MAGIC", altered(0, 0)],
    ["COMMITMENT_FORMAT_VERSION", altered(5, 2)],
    ["COMMITMENT_FAULT_MODEL", altered(6, 0)],
    ["COMMITMENT_FAULT_MODEL", altered(6, 3)],
    ["COMMITMENT_RESERVED", altered(7, 1)],
    ["COMMITMENT_RESERVED", altered(140, 1)],
    ["COMMITMENT_RESERVED", altered(171, 1)],
  ];
  for (const [index, [code, bytes]] of broken.entries()) {
    it(`is refused with ${code} (${index})`, () => expect(codeThrownBy(() => decodeCommitment(bytes))).toBe(code));
  }

  it("is refused when it is not the header's or not the chain's", () => {
    const other = (set: Header): string => codeThrownBy(() => checkCommitment(hash, set, PROFILE));
    expect(other({ ...header, extraData: altered(11, 3) })).toBe("COMMITMENT_SEALER_COUNT");
    expect(other({ ...header, extraData: altered(12, 0) })).toBe("COMMITMENT_SEALERS_HASH");
    expect(other(withSet(header, { weights: [1n, 1n, 1n, 2n] }))).toBe("COMMITMENT_SEALERS_HASH");
    expect(other({ ...header, extraData: altered(6, 2) })).toBe("COMMITMENT_PROFILE_FAULT_MODEL");
    const crash: Profile = { ...PROFILE, faultModel: "crash" };
    expect(codeThrownBy(() => checkCommitment(hash, header, crash))).toBe("COMMITMENT_PROFILE_FAULT_MODEL");
    expect(codeThrownBy(() => encodeCommitment({ ...commitment, historyRoot: new Uint8Array(31) }))).toBe(
      "COMMITMENT_HASH_LENGTH",
    );
  });

  it("refuses the last sealer moved into extraData under the same hash", () => {
    const moved = header.sealers.nodeIds[3] as Uint8Array;
    const extraData = concatBytes([moved, header.extraData, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1])]);
    const set = { nodeIds: header.sealers.nodeIds.slice(0, 3), weights: [1n, 1n, 1n] };
    const forged = withSet({ ...header, sealer: 0, extraData }, set);
    expect(headerHash(hash, forged)).toEqual(headerHash(hash, { ...header, sealer: 0 }));
    expect(codeThrownBy(() => checkHeader(forged, PROFILE))).toBe("HEADER_EXTRA_DATA");
  });
});

describe("sealer set hash", () => {
  it("is taken over tag, count, lengths, ids and weights", () => {
    const set = { nodeIds: [new Uint8Array([7]), new Uint8Array([8, 9])], weights: [1n, 2n ** 63n - 1n] };
    const preimage = `${toHex(utf8Bytes("edgeseal/sealers"))}00000002${"00000001"}07${"0000000000000001"}00000002${"0809"}7fffffffffffffff`;
    expect(toHex(sealerSetHash(hash, set))).toBe(toHex(hash(Uint8Array.from(Buffer.from(preimage, "hex")))));
  });

  it("is kept per set and per hash function", () => {
    const set = { nodeIds: base.sealers.nodeIds, weights: base.sealers.weights };
    const keccak = sealerSetHash(hash, set);
    expect(sealerSetHash(hash, set)).toBe(keccak);
    expect(sealerSetHash(SUITES.sm.hash, set)).not.toEqual(keccak);
    expect(sealerSetHash(hash, set)).toEqual(keccak);
  });
});

describe("content root", () => {
  const transactions = [1, 2, 3].map((byte) => new Uint8Array(40).fill(byte));
  const receipts = [4, 5, 6].map((byte) => new Uint8Array(30).fill(byte));

  it("tells apart what joined bytes would not", () => {
    const roots = [
      contentRoot(hash, transactions, receipts),
      contentRoot(hash, [concatBytes(transactions)], receipts),
      contentRoot(hash, transactions, [concatBytes(receipts)]),
      contentRoot(hash, receipts, transactions),
      contentRoot(hash, [...transactions].reverse(), receipts),
      contentRoot(hash, [...transactions, ...receipts], []),
      contentRoot(hash, [], [...transactions, ...receipts]),
      contentRoot(hash, [], []),
      contentRoot(hash, [new Uint8Array(0)], []),
    ];
    expect(new Set(roots.map(toHex)).size).toBe(roots.length);
  });

  it("has leaves over tag, index, length and bytes", () => {
    const preimage = (tag: string): Uint8Array =>
      concatBytes([utf8Bytes(tag), new Uint8Array([0, 0, 1, 2, 0, 0, 0, 1, 9])]);
    expect(transactionLeaf(hash, 258, new Uint8Array([9]))).toEqual(hash(preimage("edgeseal/tx-leaf")));
    expect(receiptLeaf(hash, 258, new Uint8Array([9]))).toEqual(hash(preimage("edgeseal/rc-leaf")));
  });

  it("can be proved for one receipt", () => {
    const leaves = receipts.map((bytes, index) => receiptLeaf(hash, index, bytes));
    const transactionLeaves = transactions.map((bytes, index) => transactionLeaf(hash, index, bytes));
    const rootOf = (list: Uint8Array[]): Uint8Array => {
      const [a, b, c] = list as [Uint8Array, Uint8Array, Uint8Array];
      return hash(concatBytes([hash(concatBytes([a, b])), hash(c)]));
    };
    const receiptsRoot = rootOf(leaves);
    expect(verifyMerkleProof(hash, leaves[2] as Uint8Array, receiptsRoot, merkleProof(hash, leaves, 2))?.index).toBe(2);
    const joined = joinContentRoots(hash, {
      transactionCount: 3,
      transactionsRoot: rootOf(transactionLeaves),
      receiptCount: 3,
      receiptsRoot,
    });
    expect(joined).toEqual(contentRoot(hash, transactions, receipts));
  });
});
