/** Quorums, and the shape and signatures of one certificate. */
import { describe, expect, it, test } from "vitest";
import { checkSignatures, checkSigners } from "../../src/chain/certificate.js";
import { COMMITTEES_KEPT_MAX, Committee, Committees, quorumOf } from "../../src/chain/committee.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { codeThrownBy } from "../codec/fisco/vectors.js";
import { FISCO, makeChain } from "../support/chains.js";

/** Total weight, faults tolerated, quorum, as FISCO counts them (FISCO-BCOS bcos-pbft PBFTConfig: W - floor((W - 1) / 3)). */
const FISCO_QUORUMS = [
  [1, 0, 1],
  [2, 0, 2],
  [3, 0, 3],
  [4, 1, 3],
  [5, 1, 4],
  [6, 1, 5],
  [7, 2, 5],
  [8, 2, 6],
  [9, 2, 7],
  [10, 3, 7],
  [13, 4, 9],
  [16, 5, 11],
  [22, 7, 15],
  [31, 10, 21],
  [100, 33, 67],
] as const;

describe("quorums", () => {
  it.each(FISCO_QUORUMS)("bft: of weight %d, %d may lie, %d have to sign", (total, faulty, quorum) => {
    expect(quorumOf(BigInt(total), "bft")).toBe(BigInt(quorum));
    expect(total - quorum).toBe(faulty);
    // Two quorums share more than may lie.
    expect(2 * quorum - total).toBeGreaterThan(faulty);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
    [100, 51],
  ])("crash: of weight %d, %d have to sign", (total, quorum) => {
    expect(quorumOf(BigInt(total), "crash")).toBe(BigInt(quorum));
  });

  it("keeps its exactness far beyond 2^53", () => {
    const total = 1_024n * (2n ** 63n - 1n);
    expect(quorumOf(total, "bft")).toBe(total - (total - 1n) / 3n);
    expect(quorumOf(total, "crash") * 2n).toBeGreaterThan(total);
  });
});

describe.each(["ecdsa", "sm"] as const)("a certificate on %s", (suite) => {
  async function made(weights: readonly bigint[] = [1n, 1n, 1n, 1n]) {
    const chain = await makeChain({ profile: { ...FISCO, suite }, sealerCount: weights.length, weights });
    const signed = chain.issue();
    const signatures = chain.sign(signed.hash, signed.header.sealers, [...weights.keys()]);
    const committee = new Committee(signed.header.sealers, chain.suite, "bft");
    const by = (...signers: readonly number[]): HashedHeader => ({
      ...signed,
      signatures: signers.map((index) => signatures[index] ?? { sealerIndex: index, signature: new Uint8Array(0) }),
    });
    return { chain, committee, by, signed };
  }

  test("counts distinct weight and puts the signers in order", async () => {
    const { committee, by } = await made([5n, 1n, 1n, 3n]);
    expect(checkSigners(by(3, 0), committee)).toEqual({ signers: [0, 3], weight: 8n, quorum: 7n });
    expect(codeThrownBy(() => checkSigners(by(0, 1), committee))).toBe("CHAIN_QUORUM");
    expect(codeThrownBy(() => checkSigners(by(1, 2, 3), committee))).toBe("CHAIN_QUORUM");
    expect(checkSigners(by(0, 1, 2), committee).weight).toBe(7n);
  });

  test.each<[string, readonly number[], string]>([
    ["nobody", [], "CHAIN_QUORUM"],
    ["one too few", [0, 1], "CHAIN_QUORUM"],
    ["one twice", [0, 1, 1], "CHAIN_SIGNER_DUPLICATE"],
    ["one twice above the quorum", [0, 1, 2, 0], "CHAIN_SIGNER_DUPLICATE"],
    ["an index beyond the list", [0, 1, 4], "CHAIN_SIGNER_RANGE"],
    ["a negative index", [0, 1, -1], "CHAIN_SIGNER_RANGE"],
    ["half an index", [0, 1, 1.5], "CHAIN_SIGNER_RANGE"],
    ["no number", [0, 1, Number.NaN], "CHAIN_SIGNER_RANGE"],
  ])("refuses %s", async (_, signers, code) => {
    const { committee, by } = await made();
    expect(codeThrownBy(() => checkSigners(by(...signers), committee))).toBe(code);
  });

  test("every listed signature has to be right, above the quorum as well", async () => {
    const { chain, committee, by } = await made();
    checkSignatures(by(0, 1, 2, 3), committee);
    const good = by(0, 1, 2, 3);
    const last = good.signatures[3]!;
    const replaced = (signature: Uint8Array) => ({
      ...good,
      signatures: [...good.signatures.slice(0, 3), { sealerIndex: 3, signature }],
    });
    const turned = Uint8Array.from(last.signature);
    turned[5]! ^= 1;
    const ofAnother = chain.sign(new Uint8Array(32).fill(7), chain.sealers(1), [3])[0]!.signature;
    const ofNeighbour = good.signatures[2]!.signature;
    for (const wrong of [turned, ofAnother, ofNeighbour, new Uint8Array(0), last.signature.subarray(1)]) {
      expect(codeThrownBy(() => checkSignatures(replaced(wrong), committee))).toBe("CHAIN_SIGNATURE_INVALID");
    }
    checkSignatures(replaced(last.signature), committee);
  });

  test("a key that is no point of the curve has signed nothing", async () => {
    const { chain, by, signed } = await made();
    const nodeIds = signed.header.sealers.nodeIds.map(() => new Uint8Array(64).fill(255));
    const committee = new Committee({ ...signed.header.sealers, nodeIds }, chain.suite, "bft");
    expect(codeThrownBy(() => checkSignatures(by(0), committee))).toBe("CHAIN_SIGNATURE_INVALID");
  });
});

describe("committees", () => {
  test("equal sets share one, other weights do not, and only a few are kept", async () => {
    const chain = await makeChain();
    const committees = new Committees(chain.suite, "bft");
    const set = chain.sealers(1);
    const first = committees.of(set);
    expect(committees.of({ ...set })).toBe(first);
    expect(committees.of({ ...set, weights: [1n, 1n, 1n, 2n] })).not.toBe(first);
    for (let i = 0; i < COMMITTEES_KEPT_MAX; i++) committees.of({ ...set, weights: [1n, 1n, 1n, BigInt(i) + 3n] });
    expect(committees.of({ ...set })).not.toBe(first);
    expect(first.weightOfNode(set.nodeIds[2]!)).toBe(1n);
    expect(first.weightOfNode(new Uint8Array(64))).toBe(0n);
  });
});
