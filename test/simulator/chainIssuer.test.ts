import { describe, expect, it } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { SimulatorError } from "../../simulator/chain/problems.js";
import { to0x } from "../../src/base/bytes.js";
import { Committees } from "../../src/chain/committee.js";
import { type Trusted, type VerifyInput, type VerifyRules, verifyAdjacent } from "../../src/chain/verify.js";
import { contentRoot, decodeCommitment } from "../../src/codec/edgeseal/commitment.js";
import { genesisSealers, readGenesis } from "../../src/codec/fisco/genesis.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { checkReceipt } from "../../src/codec/fisco/receiptRules.js";
import { decodeReceipt } from "../../src/codec/fisco/receiptTars.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { checkTransaction } from "../../src/codec/fisco/transactionRules.js";
import { transactionSender } from "../../src/codec/fisco/transactionSender.js";
import { decodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import { hashHeader } from "../../src/codec/hashedHeader.js";
import type { FaultModel, Layout } from "../../src/codec/profile.js";
import { merkleRoot, sameMerklePlace, verifyMerkleProof } from "../../src/crypto/merkle.js";
import { MountainRange } from "../../src/crypto/mountainRange.js";
import type { SuiteName } from "../../src/crypto/suite.js";
import { BLOCK_INTERVAL_MS, GENESIS_TIME, makeChain } from "../support/chains.js";

/** Verifies headers 1.. from block 0 and returns how often the sealers changed. Changes must pass on overlap alone. */
function verifyChain(issuer: ChainIssuer, level: VerifyRules["trustLevel"] = "strict"): number {
  const { suite, profile } = issuer;
  const rules: VerifyRules = { suite, profile, trustLevel: level, trustingPeriodMs: 1e12, clockDriftMs: 10_000 };
  const committees = new Committees(suite, profile.faultModel);
  const genesis = issuer.genesis();
  let trusted: Trusted = {
    number: 0,
    hash: hashHeader(genesis, suite, profile).hash,
    sealers: genesisSealers(readGenesis(genesis.header.extraData)),
    vouchedAt: GENESIS_TIME,
  };
  let changes = 0;
  for (let number = 1; number <= issuer.height; number++) {
    const { header, signatures } = issuer.header(number);
    const untrusted = hashHeader({ header, signatures }, suite, profile);
    expect(to0x(untrusted.hash)).toBe(to0x(issuer.header(number).hash));
    const input: VerifyInput = { trusted, untrusted, now: header.timestamp, rules, committees };
    const verified = verifyAdjacent(input);
    if (verified.sealersChanged) changes++;
    trusted = verified.trusted;
  }
  return changes;
}

async function variedChain(
  suite: SuiteName,
  layout: Layout,
  faultModel: FaultModel,
  weights?: readonly bigint[],
): Promise<ChainIssuer> {
  const issuer = await makeChain({ profile: { suite, layout, faultModel }, ...(weights ? { weights } : {}) });
  issuer.issue({ transactions: 3 });
  issuer.issue({ sealers: [{ kind: "add", weight: issuer.sealers(2).weights[0] as bigint }] });
  issuer.issue();
  issuer.issue({ transactions: 5 });
  const [first, second] = issuer.sealers(5).nodeIds as [Uint8Array, Uint8Array];
  issuer.issue({ sealers: [{ kind: "remove", nodeId: first }], transactions: 2 });
  issuer.issue({ sealers: [{ kind: "weight", nodeId: second, weight: 2n }] });
  issuer.issue({ transactions: [] });
  return issuer;
}

describe("issued chains verify from block 0", () => {
  for (const suite of ["ecdsa", "sm"] as const) {
    for (const layout of ["fisco", "edgeseal"] as const) {
      it(`${suite}, ${layout}, with an addition, a removal and a new weight`, async () => {
        const issuer = await variedChain(suite, layout, "bft");
        expect(verifyChain(issuer)).toBe(3);
        expect(issuer.changeHeights).toEqual([3, 6, 7]);
      });
    }
  }

  it("with uneven weights up to 2^62, and under crash faults", async () => {
    verifyChain(await variedChain("ecdsa", "fisco", "bft", [1n, 2n ** 62n, 3n * 2n ** 61n, 2n ** 62n]));
    verifyChain(await variedChain("ecdsa", "edgeseal", "crash"));
  });

  it("with all sealers replaced at once where the layout commits to them, and not elsewhere", async () => {
    for (const layout of ["edgeseal", "fisco"] as const) {
      const issuer = await makeChain({ profile: { suite: "ecdsa", layout, faultModel: "bft" } });
      issuer.issueMany(2);
      issuer.issue({ sealers: [{ kind: "replace", count: 4 }] });
      issuer.issueMany(2);
      if (layout === "edgeseal") expect(verifyChain(issuer)).toBe(1);
      else expect(() => verifyChain(issuer)).toThrow("CHAIN_TRUST_SHORT");
    }
  });
});

describe("issued blocks", () => {
  function checkBody(issuer: ChainIssuer, number: number): void {
    const { suite, chainId, groupId } = issuer;
    const { header } = issuer.header(number);
    const body = issuer.body(number);
    const transactions = body.transactions.map((bytes) => decodeTransaction(bytes).transaction);
    const receipts = body.receipts.map((bytes) => decodeReceipt(bytes).receipt);
    const transactionHashes = transactions.map((transaction) => transactionDataHash(suite.hash, transaction.data));
    const receiptHashes = receipts.map((receipt) => receiptHash(suite.hash, receipt));
    for (const transaction of transactions) checkTransaction(transaction, { chainId, groupId, suite: suite.name });
    for (const receipt of receipts) checkReceipt(receipt);
    expect(to0x(header.txsRoot)).toBe(to0x(merkleRoot(suite.hash, transactionHashes)));
    expect(to0x(header.receiptsRoot)).toBe(to0x(merkleRoot(suite.hash, receiptHashes)));
    expect(header.gasUsed).toBe(String(receipts.reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0)));
    for (const [index, { sender }] of issuer.transactions(number).entries()) {
      const recovered = transactionSender({ chain: suite, web3: suite }, transactions[index]!);
      expect(to0x(sender)).toBe(to0x(recovered));
      const proofs = issuer.proofs(number, index);
      const one = verifyMerkleProof(suite.hash, transactionHashes[index]!, header.txsRoot, proofs.transactionProof);
      const other = verifyMerkleProof(suite.hash, receiptHashes[index]!, header.receiptsRoot, proofs.receiptProof);
      expect(one?.index).toBe(index);
      expect(one !== undefined && other !== undefined && sameMerklePlace(one, other)).toBe(true);
    }
    if (issuer.profile.layout === "fisco") return;
    const committed = decodeCommitment(header.extraData).contentRoot;
    expect(to0x(committed)).toBe(to0x(contentRoot(suite.hash, body.transactions, body.receipts)));
  }

  for (const suite of ["ecdsa", "sm"] as const) {
    it(`${suite}: transactions, receipts, senders, proofs and roots belong together`, async () => {
      const issuer = await variedChain(suite, "edgeseal", "bft");
      for (let number = 1; number <= issuer.height; number++) if (issuer.hasBody(number)) checkBody(issuer, number);
      expect([1, 2, 4, 5, 6, 7].map((number) => issuer.body(number).transactions.length)).toEqual([3, 1, 5, 3, 1, 0]);
    });
  }

  it("have an empty root each when they are empty", async () => {
    const issuer = await makeChain();
    const { header } = issuer.issue({ transactions: [] });
    expect([...header.txsRoot, ...header.receiptsRoot].every((byte) => byte === 0)).toBe(true);
    expect(header.gasUsed).toBe("0");
  });

  it("commit to all headers before them", async () => {
    const issuer = await makeChain({ profile: { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" } });
    issuer.issueMany(20);
    const range = MountainRange.empty(issuer.suite.hash);
    for (let number = 0; number <= 20; number++) {
      const { header, hash } = issuer.header(number);
      if (number > 0) expect(to0x(decodeCommitment(header.extraData).historyRoot)).toBe(to0x(range.root()));
      range.append(hash);
    }
  });
});

describe("the issuer", () => {
  it("issues the same chain from the same seed and another one from another", async () => {
    const one = await variedChain("ecdsa", "fisco", "bft");
    const two = await variedChain("ecdsa", "fisco", "bft");
    const other = await makeChain({ seed: 2 });
    expect(one.head).toEqual(two.head);
    expect(other.genesis().hash).not.toEqual(one.genesis().hash);
  });

  it("signs with as many as it is told", async () => {
    for (const [signaturesPerBlock, count] of [
      ["all", 7],
      ["quorum", 5],
      [1, 1],
    ] as const) {
      const issuer = await makeChain({ sealerCount: 7, signaturesPerBlock });
      expect(issuer.issue().signatures.length).toBe(count);
    }
  });

  it("keeps the time order, near the interval", async () => {
    const issuer = await makeChain();
    issuer.issueMany(50);
    const times = issuer.headers(1, 50).map(({ header }) => header.timestamp);
    times.forEach((time, i) => {
      const ideal = GENESIS_TIME + (i + 1) * BLOCK_INTERVAL_MS;
      expect(time).toBeGreaterThanOrEqual(ideal);
      expect(time).toBeLessThan(ideal + BLOCK_INTERVAL_MS);
    });
  });

  it("keeps no more than it is told and hands every header to its sink", async () => {
    const seen: number[] = [];
    const issuer = await makeChain({ headersKept: 5, bodiesKept: 2, sink: ({ header }) => seen.push(header.number) });
    issuer.issueMany(10, { transactions: 1 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(issuer.headers(6, 10).length).toBe(5);
    expect(() => issuer.header(5)).toThrow(SimulatorError);
    expect([8, 9, 10].map((number) => issuer.hasBody(number))).toEqual([false, true, true]);
    expect(() => issuer.body(8)).toThrow("SIMULATOR_NOT_KEPT");
    expect(() => issuer.header(11)).toThrow("SIMULATOR_NOT_KEPT");
  });

  it("refuses edits that make no sense", async () => {
    const issuer = await makeChain({ sealerCount: 1 });
    const stranger = (await makeChain({ seed: 9 })).sealers(1).nodeIds[0] as Uint8Array;
    const only = issuer.sealers(1).nodeIds[0] as Uint8Array;
    expect(() => issuer.issue({ sealers: [{ kind: "remove", nodeId: stranger }] })).toThrow("SIMULATOR_OPTION");
    expect(() => issuer.issue({ sealers: [{ kind: "remove", nodeId: only }] })).toThrow("SIMULATOR_OPTION");
    expect(() => issuer.issue({ sealers: [{ kind: "replace", count: 2 }] })).toThrow("SIMULATOR_OPTION");
    await expect(makeChain({ sealerCount: 0 })).rejects.toThrow("SIMULATOR_OPTION");
    await expect(makeChain({ weights: [1n] })).rejects.toThrow("SIMULATOR_OPTION");
    await expect(makeChain({ weights: [0n, 1n, 1n, 1n] })).rejects.toThrow("HEADER_WEIGHT_RANGE");
    expect(() => issuer.secretOf(stranger)).toThrow("SIMULATOR_KEY_UNKNOWN");
    expect(issuer.height).toBe(0);
  });
});
