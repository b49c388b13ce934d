/** The requests of FISCO's documentation, put to our node: every answer has the documented fields, no more and no fewer. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../../simulator/chain/rpcNode.js";
import { to0x } from "../../../src/base/bytes.js";
import type { RpcAnswerer } from "../../../src/node/rpc/jsonRpc.js";
import { vectors } from "../../codec/fisco/vectors.js";
import { makeChain } from "../../support/chains.js";
import { fieldSet } from "../../support/fieldSet.js";
import { ask } from "../../support/rpcView.js";
import { sampleTransaction } from "../../support/sampleTransaction.js";

interface Example {
  readonly request: { readonly method: string; readonly params: readonly unknown[] };
  readonly response: { readonly result: unknown };
}

const EXAMPLES: readonly Example[] = vectors("fisco-rpc-examples").cases.filter(
  (one: Partial<Example>) => one.request !== undefined,
);

/** In answers of nodes that are newer than the documentation (JsonRpcImpl_2_0.cpp, getSealerList). */
const NEWER_FIELDS: Readonly<Record<string, readonly string[]>> = { getSealerList: ["[].termWeight"] };

let chain: ChainIssuer;
let node: RpcAnswerer;

beforeAll(async () => {
  chain = await makeChain();
  chain.issue({ transactions: [sampleTransaction(chain)] });
  chain.issue({ transactions: 2 });
  node = simulatedNode(chain, { name: "node0" });
});

/** What stands on the documented chain only, replaced by the like of ours. */
function ours({ method, params }: Example["request"]): unknown[] {
  const [first] = chain.transactions(1);
  const replaced: Readonly<Record<string, unknown>> = {
    getBlockByHash: to0x(chain.header(2).hash),
    // The documentation asks for block 4 and shows block 0.
    getBlockByNumber: 0,
    getTransactionReceipt: to0x(first!.hash),
    sendTransaction: to0x(sampleTransaction(chain).bytes),
  };
  return Object.hasOwn(replaced, method) ? params.with(2, replaced[method]) : [...params];
}

describe("requests of FISCO's documentation", () => {
  for (const [index, example] of EXAMPLES.entries()) {
    const { method } = example.request;
    // Its documented answer is a shortened one, "0x1".
    if (method === "sendTransaction") continue;
    it(`${method} (${index})`, async () => {
      const documented = example.response.result;
      const answer = await ask(node, method, ...ours(example.request));
      const newer = NEWER_FIELDS[method] ?? [];
      expect(fieldSet(answer)).toEqual([...fieldSet(documented), ...newer].sort());
      expect([method, kindOf(answer)]).toEqual([method, kindOf(documented)]);
    });
  }

  it("are many, and of every group", () => {
    const methods = new Set(EXAMPLES.map(({ request }) => request.method));
    expect(EXAMPLES.length).toBe(43);
    expect(methods.size).toBe(23);
  });

  it("sendTransaction answers with a receipt, its proof under both names", async () => {
    const example = EXAMPLES.find(({ request }) => request.method === "sendTransaction")!;
    const receipt = EXAMPLES.find(({ request }) => request.method === "getTransactionReceipt")!.response.result;
    const answer = await ask(node, "sendTransaction", ...ours(example.request));
    expect(fieldSet(answer)).toEqual(fieldSet(receipt).filter((name) => name !== ".transactionProof"));
    expect(answer.receiptProof).toEqual(answer.txReceiptProof);
  });
});

describe("answers of real nodes", () => {
  const recordings: readonly (readonly [string, string, readonly (readonly unknown[])[]])[] = [
    ["getTransaction", "fisco-transactions", vectors("fisco-transactions").rpcJson],
    ["getTransactionReceipt", "fisco-receipts", vectors("fisco-receipts").cases],
  ];
  for (const [method, file, cases] of recordings) {
    it(`${method}: the newest of ${file}`, async () => {
      const { rpc } = cases.at(-1) as unknown as { rpc: object };
      const [first] = chain.transactions(1);
      const answer = await ask(node, method, "group0", "", to0x(first!.hash), true);
      expect(fieldSet({ ...answer, logEntries: [] })).toEqual(fieldSet({ ...rpc, logEntries: [] }));
    });
  }

  it("getTransactionReceipt without proofs names the transaction's as null, as they do", async () => {
    const [first] = chain.transactions(1);
    const { rpc } = vectors("fisco-receipts").cases[0];
    const answer = await ask(node, "getTransactionReceipt", "group0", "", to0x(first!.hash));
    expect(rpc.transactionProof).toBeNull();
    expect(answer.transactionProof).toBeNull();
    // That one is of a node before 3.3, which did not show extraData.
    expect(fieldSet({ ...answer, logEntries: [] })).toEqual(
      [...fieldSet({ ...rpc, logEntries: [] }), ".extraData"].sort(),
    );
  });
});

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
