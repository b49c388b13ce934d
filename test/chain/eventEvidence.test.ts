/** What an event is worth: every doubt alone, and every proof that is none. */
import { beforeAll, describe, expect, test } from "vitest";
import type { CallOutcome, IssuedTransaction } from "../../simulator/chain/blockContent.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { toHex } from "../../src/base/bytes.js";
import { checkEvent, type EventInput, type EventVerdict } from "../../src/chain/eventEvidence.js";
import { ChainError } from "../../src/chain/problems.js";
import type { RecentHeader } from "../../src/chain/recentHeaders.js";
import type { Receipt } from "../../src/codec/fisco/receipt.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { encodeReceipt } from "../../src/codec/fisco/receiptTars.js";
import { merkleProof, merkleRoot } from "../../src/crypto/merkle.js";
import { codeThrownBy } from "../codec/fisco/vectors.js";
import { anchorAt, FISCO, makeChain } from "../support/chains.js";

function recent(chain: ChainIssuer, number: number): RecentHeader {
  const { header, hash } = chain.header(number);
  const { txsRoot: transactionsRoot, receiptsRoot, sealers } = header;
  return { number, hash, transactionsRoot, receiptsRoot, sealers, status: "certified" };
}

function reasonOf(input: EventInput): string {
  try {
    return checkEvent(input).level;
  } catch (thrown) {
    if (thrown instanceof ChainError && thrown.problem.code === "CHAIN_PROOF_INVALID") return thrown.problem.reason;
    throw thrown;
  }
}

describe.each(["ecdsa", "sm"] as const)("on %s", (suite) => {
  let chain: ChainIssuer;
  let contract: Uint8Array;
  let topic: Uint8Array;
  beforeAll(async () => {
    chain = await makeChain({ profile: { ...FISCO, suite } });
    contract = chain.random.bytes(20);
    topic = chain.random.bytes(32);
  });

  const log = (data = new Uint8Array(32).fill(3)) => ({ topics: [topic], data });
  const call = (outcome: CallOutcome = { logs: [log()] }) => ({
    from: chain.publisher,
    to: contract,
    input: new Uint8Array([1, 2, 3, 4]),
    outcome,
  });

  function inputAt(number: number, index: number): EventInput {
    const watched = [{ address: contract, topic, topics: 1, dataBytes: 32 }];
    const event = chain.proofs(number, index);
    return { event, header: recent(chain, number), suite: chain.suite, anchor: anchorAt(chain), watched };
  }

  /** The verdict on one call in the middle of a block with others. */
  function verdictOn(request: ReturnType<typeof call>): EventVerdict {
    const other = { from: chain.users[0]!, to: chain.random.bytes(20), input: chain.random.bytes(36) };
    chain.issue({ transactions: [other, request, other] });
    return checkEvent(inputAt(chain.height, 1));
  }

  /** The same transaction with another receipt, in a block of its own whose roots fit. */
  function withReceipt(change: (receipt: Receipt) => Receipt): EventInput {
    chain.issue({ transactions: [call()] });
    const input = inputAt(chain.height, 0);
    const receipt = change((chain.transactions(chain.height) as IssuedTransaction[])[0]!.receipt);
    const leaf = receiptHash(chain.suite.hash, receipt);
    const header = { ...input.header, receiptsRoot: merkleRoot(chain.suite.hash, [leaf]) };
    const receiptProof = merkleProof(chain.suite.hash, [leaf], 0);
    return { ...input, header, event: { ...input.event, receipt: encodeReceipt(receipt, leaf), receiptProof } };
  }

  test("the publisher's event is evidence, with its place, sender and hashes", () => {
    const verdict = verdictOn(call());
    const issued = (chain.transactions(chain.height) as IssuedTransaction[])[1]!;
    expect(verdict).toMatchObject({ level: "evidence", doubts: [], number: chain.height, index: 1 });
    expect(toHex(verdict.sender)).toBe(toHex(chain.publisher.address));
    expect([verdict.transactionHash, verdict.receiptHash]).toEqual([issued.hash, issued.receiptHash]);
  });

  test.each<[string, (one: ReturnType<typeof call>) => ReturnType<typeof call>]>([
    ["SENDER_NOT_NAMED", (one) => ({ ...one, from: chain.users[1]! })],
    ["TRANSACTION_FAILED", (one) => ({ ...one, outcome: { ...one.outcome, status: 16 } })],
    ["OUTPUT_NOT_EMPTY", (one) => ({ ...one, outcome: { ...one.outcome, output: new Uint8Array(1) } })],
    ["NOT_THE_ONLY_LOG", (one) => ({ ...one, outcome: { logs: [log(), log()] } })],
    ["NOT_A_WATCHED_EVENT", (one) => ({ ...one, outcome: { logs: [log(new Uint8Array(31))] } })],
    ["NOT_A_WATCHED_EVENT", (one) => ({ ...one, outcome: { logs: [{ ...log(), topics: [topic, topic] }] } })],
    ["NOT_A_WATCHED_EVENT", (one) => ({ ...one, outcome: { logs: [{ ...log(), topics: [new Uint8Array(32)] }] } })],
    ["NOT_A_WATCHED_EVENT", (one) => ({ ...one, outcome: { logs: [{ ...log(), topics: [] }] } })],
    ["NOT_A_WATCHED_EVENT", (one) => ({ ...one, outcome: { logs: [{ ...log(), address: "11".repeat(20) }] } })],
    [
      "NOT_A_WATCHED_EVENT",
      (one) => ({ ...one, to: chain.random.bytes(20), outcome: { logs: [{ ...log(), address: toHex(contract) }] } }),
    ],
  ])("%s alone makes it hash-consistent", (doubt, change) => {
    const verdict = verdictOn(change(call()));
    expect([verdict.level, verdict.doubts]).toEqual(["hash-consistent", [doubt]]);
  });

  test("a created contract alone, and no log at all", () => {
    const created = checkEvent(withReceipt((receipt) => ({ ...receipt, contractAddress: "22".repeat(20) })));
    expect(created.doubts).toEqual(["CREATES_CONTRACT"]);
    expect(checkEvent(withReceipt((receipt) => receipt)).doubts).toEqual([]);
    const silent = checkEvent(withReceipt((receipt) => ({ ...receipt, logs: [] })));
    expect(silent.doubts).toEqual(["NOT_THE_ONLY_LOG", "NOT_A_WATCHED_EVENT"]);
  });

  test("nobody is a publisher where the anchor names nobody", () => {
    chain.issue({ transactions: [call()] });
    const input = inputAt(chain.height, 0);
    expect(checkEvent({ ...input, anchor: anchorAt(chain, 0, { publishers: [] }) }).doubts).toEqual([
      "SENDER_NOT_NAMED",
    ]);
    expect(checkEvent({ ...input, watched: [] }).doubts).toEqual(["NOT_A_WATCHED_EVENT"]);
  });

  test("positions swapped, receipts of another block, proofs of something else", () => {
    chain.issue({ transactions: [call(), { ...call(), input: new Uint8Array(8) }, call({})] });
    const here = chain.height;
    chain.issue({ transactions: [call(), call(), call()] });
    const one = inputAt(here, 0);
    // Neighbours have the same proof, which names both; the third has another.
    const two = inputAt(here, 1);
    const three = inputAt(here, 2);
    const elsewhere = inputAt(here + 1, 0);
    const mixed = (input: EventInput, from: EventInput, ...fields: (keyof EventInput["event"])[]): EventInput => ({
      ...input,
      event: { ...input.event, ...Object.fromEntries(fields.map((field) => [field, from.event[field]])) },
    });
    expect(reasonOf(one)).toBe("evidence");
    expect(reasonOf(mixed(one, two, "receipt", "receiptProof"))).toMatch(/different places/);
    expect(reasonOf(mixed(one, two, "transaction", "transactionProof"))).toMatch(/different places/);
    expect(reasonOf(mixed(one, elsewhere, "receipt", "receiptProof"))).toMatch(/names another block/);
    expect(reasonOf(mixed(one, elsewhere, "receipt", "receiptProof", "number"))).toMatch(
      /receipt proof|transaction proof/,
    );
    expect(reasonOf(mixed(one, three, "receipt"))).toMatch(/receipt proof does not lead/);
    expect(reasonOf(mixed(one, three, "transaction"))).toMatch(/transaction proof does not lead/);
    expect(reasonOf(mixed(one, three, "transactionProof"))).toMatch(/transaction proof does not lead/);
    expect(reasonOf({ ...one, header: elsewhere.header })).toMatch(/transaction proof does not lead/);
    for (const field of ["transactionProof", "receiptProof"] as const) {
      expect(reasonOf({ ...one, event: { ...one.event, [field]: [] } })).toMatch(/does not lead/);
      expect(reasonOf({ ...one, event: { ...one.event, [field]: one.event[field].slice(1) } })).toMatch(
        /does not lead/,
      );
    }
    const otherBlock = { ...one, event: { ...one.event, number: here + 1 } };
    expect(reasonOf(otherBlock)).toMatch(/names another block/);
  });

  test("what is no transaction or receipt of this chain", () => {
    chain.issue({ transactions: [call()] });
    const input = inputAt(chain.height, 0);
    const code = (changed: Partial<EventInput["event"]>, anchor = input.anchor) =>
      codeThrownBy(() => checkEvent({ ...input, anchor, event: { ...input.event, ...changed } }));
    expect(code({}, { ...input.anchor, chainId: "chain1" })).toBe("TRANSACTION_CHAIN_ID");
    expect(code({}, { ...input.anchor, groupId: "group1" })).toBe("TRANSACTION_GROUP_ID");
    expect(code({ transaction: new Uint8Array(9) })).toMatch(/^(TARS|TRANSACTION)_/);
    expect(code({ receipt: new Uint8Array(0) })).toMatch(/^(TARS|RECEIPT)_/);
    expect(code({ transaction: input.event.receipt })).toMatch(/^(TARS|TRANSACTION|CHAIN)_/);
  });
});
