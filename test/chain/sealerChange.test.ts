/** Sealer changes proven by the block that orders them: every method, and every reason not to believe. */
import { beforeAll, describe, expect, test } from "vitest";
import type { CallOutcome, IssuedTransaction } from "../../simulator/chain/blockContent.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { compareBytes, fromHex, utf8Bytes } from "../../src/base/bytes.js";
import { ChainError } from "../../src/chain/problems.js";
import { proveSealerChange, type SealerChangeInput } from "../../src/chain/sealerChange.js";
import { trustedFrom } from "../../src/chain/verify.js";
import {
  CONSENSUS_PRECOMPILE_ADDRESS,
  type ConsensusCall,
  encodeConsensusCall,
} from "../../src/codec/fisco/consensusCall.js";
import type { SealerSet } from "../../src/codec/fisco/header.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { encodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import { codeThrownBy } from "../codec/fisco/vectors.js";
import { FISCO, makeChain } from "../support/chains.js";

const PRECOMPILE = fromHex(CONSENSUS_PRECOMPILE_ADDRESS);
const DONE: CallOutcome = { output: new Uint8Array(32) };

/** What proveSealerChange asks of the newest block, with parts replaced. */
function inputOf(chain: ChainIssuer, changed: Partial<SealerChangeInput> = {}): SealerChangeInput {
  const { suite, profile, chainId, groupId, head } = chain;
  return {
    trusted: trustedFrom(head, profile, head.header.timestamp),
    body: chain.body(head.header.number),
    suite,
    chain: { chainId, groupId, suite: suite.name },
    governors: [chain.governor.address],
    ...changed,
  };
}

function reasonOf(input: SealerChangeInput): string {
  try {
    proveSealerChange(input);
  } catch (thrown) {
    if (thrown instanceof ChainError && thrown.problem.code === "CHAIN_CHANGE_UNPROVEN") return thrown.problem.reason;
    throw thrown;
  }
  return "proven";
}

describe.each(["ecdsa", "sm"] as const)("on %s", (suite) => {
  let chain: ChainIssuer;
  let set: SealerSet;
  let fresh: Uint8Array;
  beforeAll(async () => {
    chain = await makeChain({ profile: { ...FISCO, suite }, weights: [1n, 2n, 3n, 4n] });
    set = chain.sealers(1);
    fresh = chain.random.bytes(64);
  });

  const request = (call: ConsensusCall, outcome: CallOutcome = DONE, from = chain.governor) => ({
    from,
    to: PRECOMPILE,
    input: encodeConsensusCall(chain.suite.hash, call),
    outcome,
  });

  /** One block with these calls among others; the chain itself pays them no attention. */
  function ordered(...calls: ReturnType<typeof request>[]): SealerChangeInput {
    const stranger = { from: chain.users[0]!, to: chain.random.bytes(20), input: chain.random.bytes(36) };
    chain.issue({ transactions: [stranger, ...calls, stranger] });
    return inputOf(chain);
  }

  const pairs = ({ nodeIds, weights }: SealerSet) =>
    nodeIds.map((nodeId, i) => ({ nodeId, weight: weights[i] as bigint }));
  const sorted = (of: { nodeId: Uint8Array; weight: bigint }[]) => of.sort((a, b) => compareBytes(a.nodeId, b.nodeId));

  test("a sealer added, with and without a term weight, takes its place in the order", () => {
    const more = { nodeId: fresh, weight: 9n };
    for (const call of [more, { ...more, termWeight: 5n }]) {
      const proven = proveSealerChange(ordered(request({ method: "addSealer", ...call })));
      expect(pairs(proven)).toEqual(sorted([...pairs(set), more]));
    }
  });

  test("weights set, by either method", () => {
    const [first, ...rest] = pairs(set);
    for (const method of ["setWeight", "addSealer"] as const) {
      const proven = proveSealerChange(ordered(request({ method, nodeId: first!.nodeId, weight: 77n })));
      expect(pairs(proven)).toEqual([{ ...first, weight: 77n }, ...rest]);
    }
  });

  test("removed, and made an observer", () => {
    for (const method of ["remove", "addObserver"] as const) {
      const proven = proveSealerChange(ordered(request({ method, nodeId: set.nodeIds[1]! })));
      expect(pairs(proven)).toEqual(pairs(set).filter((_, i) => i !== 1));
    }
  });

  test("several calls, in the order of the block", () => {
    const again: ConsensusCall = { method: "addSealer", nodeId: fresh, weight: 2n };
    const gone: ConsensusCall = { method: "remove", nodeId: fresh };
    expect(pairs(proveSealerChange(ordered(request(again), request(gone))))).toEqual(pairs(set));
    const weighted = ordered(
      request(gone),
      request(again),
      request({ method: "setWeight", nodeId: fresh, weight: 8n }),
    );
    expect(pairs(proveSealerChange(weighted))).toEqual(sorted([...pairs(set), { nodeId: fresh, weight: 8n }]));
  });

  test("calls that failed change nothing, however they failed", () => {
    const add: ConsensusCall = { method: "addSealer", nodeId: fresh, weight: 1n };
    const one = new Uint8Array(32);
    one[31] = 1;
    for (const outcome of [
      { ...DONE, status: 16 },
      { output: one },
      { output: new Uint8Array(0) },
      { output: new Uint8Array(64) },
      { ...DONE, logs: [{ topics: [new Uint8Array(32)], data: new Uint8Array(0) }] },
    ]) {
      expect(reasonOf(ordered(request(add, outcome)))).toMatch(/no direct call/);
      const other = ordered(request(add, outcome), request({ method: "remove", nodeId: set.nodeIds[0]! }));
      expect(pairs(proveSealerChange(other))).toEqual(pairs(set).slice(1));
    }
  });

  test("every reason not to believe it", () => {
    const add: ConsensusCall = { method: "addSealer", nodeId: fresh, weight: 1n };
    const good = ordered(request(add));
    expect(reasonOf(good)).toBe("proven");
    const { roots: _, ...rootless } = good.trusted;
    const { body, trusted } = good;
    const { transactions, receipts } = body;
    const reasons: [Partial<SealerChangeInput>, RegExp][] = [
      [{ trusted: rootless }, /roots of the trusted block are not known/],
      [{ body: { ...body, receipts: receipts.slice(1) } }, /differ in number/],
      [{ body: { ...body, transactions: transactions.slice(1) } }, /differ in number/],
      [{ body: { ...body, transactions: [...transactions].reverse() } }, /transactions are not those/],
      [
        { body: { ...body, transactions: transactions.slice(1), receipts: receipts.slice(1) } },
        /transactions are not those/,
      ],
      [{ body: { number: 1, transactions: [], receipts: [] } }, /transactions are not those/],
      [{ body: { ...body, receipts: [...receipts].reverse() } }, /receipts are not those/],
      [
        { trusted: { ...trusted, roots: { ...trusted.roots!, receipts: new Uint8Array(32) } } },
        /receipts are not those/,
      ],
      [{ governors: [] }, /not name as a governor/],
      [{ governors: chain.users.map(({ address }) => address) }, /not name as a governor/],
    ];
    for (const [changed, reason] of reasons) expect(reasonOf({ ...good, ...changed })).toMatch(reason);
    expect(reasonOf(ordered(request(add, DONE, chain.users[1]!)))).toMatch(/not name as a governor/);
    expect(reasonOf(ordered(request(add), request(add, DONE, chain.users[1]!)))).toMatch(/not name as a governor/);
    expect(reasonOf(ordered())).toMatch(/no direct call/);
    expect(reasonOf(ordered(request({ method: "setWeight", nodeId: fresh, weight: 2n })))).toMatch(/no sealer is set/);
    const term: ConsensusCall = { method: "setTermWeight", nodeId: set.nodeIds[0]!, weight: 2n };
    expect(reasonOf(ordered(request(term)))).toMatch(/term weights/);
    expect(codeThrownBy(() => proveSealerChange({ ...good, chain: { ...good.chain, groupId: "group1" } }))).toBe(
      "TRANSACTION_GROUP_ID",
    );
    const garbled = { ...request(add), input: utf8Bytes("not a call") };
    expect(codeThrownBy(() => proveSealerChange(ordered(garbled)))).toBe("CONSENSUS_CALL_SELECTOR");
  });

  test("a call hidden by cutting the same signed bytes elsewhere is not overlooked", () => {
    const add = request({ method: "addSealer", nodeId: fresh, weight: 1n });
    const remove = request({ method: "remove", nodeId: set.nodeIds[2]! });
    const good = ordered(add, remove);
    const hidden = (chain.transactions(chain.height) as IssuedTransaction[])[2]!;
    const { data } = hidden.transaction;
    // Nonce and `to` stand side by side in what is hashed: all of it may be read as nonce.
    const cut = { ...hidden.transaction, data: { ...data, nonce: data.nonce + data.to, to: "" } };
    expect(transactionDataHash(chain.suite.hash, cut.data)).toEqual(hidden.hash);
    const transactions = good.body.transactions.with(2, encodeTransaction(cut, hidden.hash));
    expect(reasonOf({ ...good, body: { ...good.body, transactions } })).toMatch(/a nonce holds the address/);
    const loud = { ...cut, data: { ...cut.data, nonce: cut.data.nonce.toUpperCase() } };
    // In upper case it is another transaction; on another block it must not pass either.
    const others = good.body.transactions.with(2, encodeTransaction(loud, hidden.hash));
    expect(reasonOf({ ...good, body: { ...good.body, transactions: others } })).toMatch(/transactions are not those/);
  });
});
