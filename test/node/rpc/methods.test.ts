/** What the methods answer about a chain, checked with the readers and verifiers of our own light side. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { concatBytes, EMPTY_BYTES, fromHex, to0x, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import { proofFromRpc } from "../../../src/codec/fisco/proofRpc.js";
import { receiptHash } from "../../../src/codec/fisco/receiptHash.js";
import { receiptFromRpc } from "../../../src/codec/fisco/receiptRpc.js";
import { consensusStatusFromRpc, syncStatusFromRpc } from "../../../src/codec/fisco/rpcResults.js";
import { transactionFromRpc } from "../../../src/codec/fisco/transactionRpc.js";
import { verifyMerkleProof } from "../../../src/crypto/merkle.js";
import type { NodeView } from "../../../src/node/rpc/context.js";
import { OPENRPC, RPC_METHODS } from "../../../src/node/rpc/jsonRpc.js";
import type { RpcMethod } from "../../../src/node/rpc/method.js";
import { makeChain } from "../../support/chains.js";
import { schemaFaults } from "../../support/fieldSet.js";
import { ask, GROUP, rpcOver, viewOf } from "../../support/rpcView.js";
import { sampleTransaction } from "../../support/sampleTransaction.js";

/** The methods of FISCO's documentation and of bcos-rpc jsonrpc/JsonRpcInterface.cpp that every SDK may call. */
const DOCUMENTED: readonly string[] = [
  ...["getBlockNumber", "getBlockHashByNumber", "getBlockByNumber", "getBlockByHash", "getTotalTransactionCount"],
  ...["sendTransaction", "getTransaction", "getTransactionReceipt", "getPendingTxSize"],
  ...["call", "getCode", "getABI"],
  ...["getSealerList", "getObserverList", "getNodeListByType", "getSystemConfigByKey"],
  ...["getGroupList", "getGroupInfo", "getGroupInfoList", "getGroupNodeInfo", "getGroupPeers", "getPeers"],
  ...["getPbftView", "getConsensusStatus", "getSyncStatus"],
  ...["newBlockFilter", "newPendingTransactionFilter", "newFilter", "uninstallFilter"],
  ...["getFilterChanges", "getFilterLogs", "getLogs"],
];
const CONTRACT = "ab".repeat(20);

async function busyChain(suite: "ecdsa" | "sm" = "ecdsa", blockOf = 5): Promise<ChainIssuer> {
  const chain = await makeChain({ profile: { suite, layout: "fisco", faultModel: "bft" } });
  chain.issue({ transactions: blockOf });
  chain.issue({ transactions: 1 });
  return chain;
}

describe("proofs", () => {
  for (const suite of ["ecdsa", "sm"] as const) {
    it(`${suite}: lead from every transaction and receipt to the header's roots, at the same place`, async () => {
      const chain = await busyChain(suite, 7);
      const rpc = rpcOver(chain);
      const { hash } = chain.suite;
      for (const number of [1, 2]) {
        const header = headerFromRpc(await ask(rpc, "getBlockByNumber", GROUP, "", number)).signed.header;
        expect(toHex(headerHash(hash, header))).toBe(toHex(chain.header(number).hash));
        for (const [index, { hash: named }] of chain.transactions(number).entries()) {
          const shown = await ask(rpc, "getTransaction", GROUP, "", to0x(named), true);
          const leaf = transactionFromRpc(shown, hash).hash;
          const place = verifyMerkleProof(hash, leaf, header.txsRoot, proofFromRpc(shown.txProof));
          const answer = receiptFromRpc(await ask(rpc, "getTransactionReceipt", GROUP, "", to0x(named), true));
          const other = receiptHash(hash, answer.receipt);
          const receiptPlace = verifyMerkleProof(hash, other, header.receiptsRoot, answer.proof ?? []);
          expect([place?.index, receiptPlace?.index]).toEqual([index, index]);
          // The way of one is not the way of the other.
          expect(verifyMerkleProof(hash, other, header.txsRoot, answer.proof ?? [])).toBeUndefined();
        }
      }
    });
  }

  it("are given for what was just sent, and only where they are asked for", async () => {
    const chain = await busyChain();
    const rpc = rpcOver(chain);
    const sent = await ask(rpc, "sendTransaction", GROUP, "", to0x(sampleTransaction(chain).bytes), true);
    const { receipt, proof } = receiptFromRpc(sent);
    const root = chain.head.header.receiptsRoot;
    expect(verifyMerkleProof(chain.suite.hash, receiptHash(chain.suite.hash, receipt), root, proof!)?.index).toBe(0);
    const plain = await ask(rpc, "sendTransaction", GROUP, "", to0x(sampleTransaction(chain).bytes));
    expect(Object.keys(plain).filter((name) => /proof/i.test(name))).toEqual([]);
    expect(await ask(rpc, "getTransaction", GROUP, "", plain.transactionHash)).not.toHaveProperty("txProof");
  });
});

describe("calls", () => {
  it("tell the contract who signed them", async () => {
    const chain = await busyChain();
    const callers: (string | undefined)[] = [];
    const view = viewOf(chain);
    const rpc = rpcOver(chain, {
      view: {
        call: (to, input, caller) => {
          callers.push(caller === undefined ? undefined : toHex(caller));
          return { ...view.call(to, input, caller), status: 0, output: input };
        },
      },
    });
    const data = fromHex("0102");
    const user = chain.users[0]!;
    const digest = chain.suite.hash(concatBytes([utf8Bytes(CONTRACT), data]));
    const sign = to0x(chain.signer.signTransaction(user.secretKey, digest));
    expect(await ask(rpc, "call", GROUP, "", `0x${CONTRACT.toUpperCase()}`, "0x0102", sign)).toEqual({
      blockNumber: 2,
      output: "0x0102",
      status: 0,
    });
    await ask(rpc, "call", GROUP, "", CONTRACT, "0102");
    await ask(rpc, "call", GROUP, "", CONTRACT, "0102", "0x");
    expect(callers).toEqual([toHex(user.address), undefined, undefined]);
  });

  it("show code and ABI, empty where there is none", async () => {
    const chain = await busyChain();
    expect(await ask(rpcOver(chain), "getCode", GROUP, "", CONTRACT)).toBe("");
    const view = { code: (at: string) => (at === CONTRACT ? fromHex("6080") : EMPTY_BYTES), abi: () => "[]" };
    expect(await ask(rpcOver(chain, { view }), "getCode", GROUP, "", `0x${CONTRACT}`)).toBe("0x6080");
    expect(await ask(rpcOver(chain, { view }), "getABI", GROUP, "", CONTRACT)).toBe("[]");
  });
});

describe("state proofs", () => {
  it("come with the root they lead to, for records that are there and for those that are not", async () => {
    const chain = await busyChain();
    const asked: unknown[] = [];
    const rpc = rpcOver(chain, {
      view: {
        stateProof: (table, key, number = 2) => {
          asked.push([table, key, number]);
          return { number, value: key === "x" ? fromHex("0a") : undefined, proof: fromHex("0b0c") };
        },
      },
    });
    expect(await ask(rpc, "edgeseal_getStateProof", GROUP, "", "t", "x", 1)).toEqual({
      blockNumber: 1,
      proof: "0x0b0c",
      stateRoot: to0x(chain.header(1).header.stateRoot),
      value: "0x0a",
    });
    const absent = await ask(rpc, "edgeseal_getStateProof", GROUP, "", "t", "y");
    expect(absent).toMatchObject({ blockNumber: 2, value: null, stateRoot: to0x(chain.head.header.stateRoot) });
    expect(asked).toEqual([
      ["t", "x", 1],
      ["t", "y", 2],
    ]);
  });
});

describe("node and group", () => {
  const peer = { nodeId: new Uint8Array(64).fill(5), endPoint: "10.0.0.2:30300", blockNumber: 9 };

  it("are shown as the node sees them", async () => {
    const chain = await busyChain();
    const highest = { number: 9, hash: new Uint8Array(32).fill(9) };
    const node: NodeView = {
      name: "gate",
      endPoint: "10.0.0.1:30300",
      peers: () => [{ ...peer, latestHash: highest.hash }],
      consensus: () => ({ view: 12, leaderIndex: 3, timeout: true, changeCycle: 2 }),
      highest: () => highest,
    };
    const observer = new Uint8Array(64).fill(6);
    const rpc = rpcOver(chain, { node, view: { observers: () => [observer] } });
    const own = toHex(chain.sealers(0).nodeIds[0]!);
    const status = JSON.parse(await ask(rpc, "getConsensusStatus", GROUP, "gate"));
    expect(status).toMatchObject({ view: 12, leaderIndex: 3, timeout: true, changeCycle: 2, index: 0 });
    expect(status).toMatchObject({ minRequiredQuorum: 3, maxFaultyQuorum: 1, connectedNodeList: 2, nodeID: own });
    const sync = await ask(rpc, "getSyncStatus", GROUP, "");
    expect(syncStatusFromRpc(sync)).toMatchObject({ isSyncing: true, blockNumber: 2 });
    expect(JSON.parse(sync)).toMatchObject({ knownHighestNumber: 9, peers: [{ blockNumber: 9 }] });
    expect(await ask(rpc, "getPeers")).toMatchObject({ p2pNodeID: own, peers: [{ endPoint: peer.endPoint }] });
    expect(await ask(rpc, "getGroupPeers", GROUP)).toEqual([toHex(peer.nodeId), own].sort());
    expect(await ask(rpc, "getGroupPeers", "other")).toEqual([]);
    expect(await ask(rpc, "getObserverList", GROUP, "")).toEqual([toHex(observer)]);
    const observers = await ask(rpc, "getNodeListByType", GROUP, "", "consensus_observer");
    expect(observers).toEqual([{ nodeID: toHex(observer), termWeight: 0, weight: 0 }]);
    expect(await ask(rpc, "getNodeListByType", GROUP, "", "consensus_sealer")).toHaveLength(4);
    expect(await ask(rpc, "getNodeListByType", GROUP, "", "anything")).toEqual([]);
    expect(await ask(rpc, "getGroupNodeInfo", GROUP, "gate")).toMatchObject({ name: "gate", nodeID: own });
    expect(await ask(rpc, "getGroupNodeInfo", GROUP, "gate2")).toBeNull();
    expect(await ask(rpc, "getGroupInfo", "other")).toBeNull();
    expect(await ask(rpc, "getGroupBlockNumber")).toEqual([{ group0: 2 }]);
    expect(await ask(rpc, "getPbftView", GROUP, "")).toBe(12);
  });

  it("alone, a node has no peers and says so", async () => {
    const chain = await busyChain("sm");
    const rpc = rpcOver(chain);
    expect(consensusStatusFromRpc(await ask(rpc, "getConsensusStatus", GROUP, ""))).toMatchObject({ view: 3 });
    expect(await ask(rpc, "getPeers")).toMatchObject({ endPoint: "", peers: [] });
    expect((await ask(rpc, "getGroupNodeInfo", GROUP, "")).type).toBe(1);
  });

  it("a weight beyond 2^53 is not rounded", async () => {
    const chain = await busyChain();
    chain.issue({ sealers: [{ kind: "add", weight: 2n ** 60n + 1n }] });
    const weights = (await ask(rpcOver(chain), "getSealerList", GROUP, "")).map(
      ({ weight }: { weight: unknown }) => weight,
    );
    expect(weights).toContain(2n ** 60n + 1n);
  });

  it("failed transactions are counted apart", async () => {
    const chain = await busyChain();
    chain.issue({
      transactions: [sampleTransaction(chain, {}), { ...sampleTransaction(chain), outcome: { status: 16 } }],
    });
    expect(await ask(rpcOver(chain), "getTotalTransactionCount", GROUP, "")).toEqual({
      blockNumber: 3,
      failedTransactionCount: 1,
      transactionCount: 8,
    });
  });
});

describe("the description", () => {
  it("names every method once, and is what rpc.discover answers", async () => {
    const names = RPC_METHODS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !DOCUMENTED.includes(name))).toEqual([
      "getGroupBlockNumber",
      "edgeseal_getStateProof",
      "rpc.discover",
    ]);
    expect(DOCUMENTED.filter((name) => !names.includes(name))).toEqual([]);
    expect(await ask(rpcOver(await busyChain()), "rpc.discover")).toEqual(JSON.parse(JSON.stringify(OPENRPC)));
  });

  it("is true: answers are as their schemas say", async () => {
    const chain = await makeChain();
    chain.issue({ transactions: 12 });
    const rpc = rpcOver(chain, {
      view: { stateProof: () => ({ number: 1, value: undefined, proof: new Uint8Array(3) }) },
    });
    const some = chain.transactions(1)[0]!;
    const given: Readonly<Record<string, readonly unknown[]>> = {
      getBlockHashByNumber: [GROUP, "", 1],
      getBlockByNumber: [GROUP, "", 1, false, false],
      getBlockByHash: [GROUP, "", to0x(chain.head.hash), false, true],
      getTransaction: [GROUP, "", to0x(some.hash), true],
      getTransactionReceipt: [GROUP, "", to0x(some.hash), true],
      call: [GROUP, "", CONTRACT, "0x"],
      getCode: [GROUP, "", CONTRACT],
      getABI: [GROUP, "", CONTRACT],
      getNodeListByType: [GROUP, "", "consensus_sealer"],
      getSystemConfigByKey: [GROUP, "", "tx_count_limit"],
      getGroupInfo: [GROUP],
      getGroupPeers: [GROUP],
      newFilter: [GROUP, {}],
      uninstallFilter: [GROUP, "0x1"],
      getLogs: [GROUP, { fromBlock: 0 }],
      edgeseal_getStateProof: [GROUP, "", "t", "k"],
    };
    const answered = async ({ name }: RpcMethod): Promise<unknown> => {
      if (name === "sendTransaction") return ask(rpc, name, GROUP, "", to0x(sampleTransaction(chain).bytes), true);
      if (!name.startsWith("getFilter")) return ask(rpc, name, ...(given[name] ?? [GROUP, ""]));
      return ask(rpc, name, GROUP, await ask(rpc, "newFilter", GROUP, { fromBlock: 0 }));
    };
    for (const method of RPC_METHODS) {
      expect([method.name, schemaFaults(await answered(method), method.result.schema)]).toEqual([method.name, []]);
    }
    const receipt = RPC_METHODS.find(({ name }) => name === "getTransactionReceipt")!;
    expect(schemaFaults({ blockNumber: 1, surprise: 2 }, receipt.result.schema)).toContain(
      ".surprise is not described",
    );
  });

  it("knows which parameters have to be there", () => {
    fc.assert(
      fc.property(fc.constantFrom(...RPC_METHODS), ({ params }) => {
        const firstOptional = params.findIndex(({ required }) => !required);
        const lastRequired = params.findLastIndex(({ required }) => required);
        // Positions: only the node's name may be left empty before something that may not.
        return firstOptional < 0 || lastRequired < firstOptional || params[firstOptional]?.name === "nodeName";
      }),
    );
  });
});
