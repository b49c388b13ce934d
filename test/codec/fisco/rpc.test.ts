import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.js";
import { rpcCalls, rpcRequest, rpcResult } from "../../../src/codec/fisco/rpc.js";
import { RpcShapeError } from "../../../src/codec/problems.js";
import { RPC_DECODERS } from "../../support/rpcDecoders.js";
import { codeThrownBy, SUITES, vectors } from "./vectors.js";

interface Example {
  readonly request?: { readonly method: string; readonly params: readonly unknown[]; readonly id: number };
  readonly response?: { readonly result: unknown };
}

const EXAMPLES: readonly Example[] = vectors("fisco-rpc-examples").cases;

type Method = keyof typeof RPC_DECODERS;

/** Bytes of a hex text, read without our own code. */
function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace("0x", ""), "hex"));
}

/** What each result says, taken by hand from the JSON that the node sent. */
// biome-ignore lint/suspicious/noExplicitAny: a recorded answer is whatever its method answers
const FACTS: Readonly<Record<Method, (raw: any) => unknown>> = {
  getBlockNumber: (raw) => raw,
  getPbftView: (raw) => raw,
  getPendingTxSize: (raw) => raw,
  getBlockHashByNumber: hex,
  getBlockByNumber: (raw) => ({
    signed: {
      header: {
        version: raw.version,
        parents: [],
        txsRoot: hex(raw.txsRoot),
        receiptsRoot: hex(raw.receiptsRoot),
        stateRoot: hex(raw.stateRoot),
        number: raw.number,
        gasUsed: raw.gasUsed,
        timestamp: raw.timestamp,
        sealer: raw.sealer,
        sealers: { nodeIds: [], weights: [] },
        extraData: hex(raw.extraData),
      },
      signatures: [],
    },
    claimedHash: hex(raw.hash),
    transactionHashes: [],
  }),
  getTransactionReceipt: (raw) => ({
    receipt: {
      version: raw.version,
      gasUsed: raw.gasUsed,
      contractAddress: raw.contractAddress.slice(2),
      status: raw.status,
      output: hex(raw.output),
      logs: [],
      blockNumber: raw.blockNumber,
      effectiveGasPrice: "",
      message: raw.message,
    },
    claimedHash: hex(raw.hash),
    claimedTransactionHash: hex(raw.transactionHash),
    proof: [raw.txReceiptProof.map(hex)],
  }),
  getSealerList: (raw) =>
    raw.map(({ nodeID, weight }: { nodeID: string; weight: number }) => ({
      nodeId: hex(nodeID),
      weight: BigInt(weight),
    })),
  getObserverList: (raw) => raw.map(hex),
  getGroupPeers: (raw) => raw.map(hex),
  getGroupInfo: (raw) => {
    const [node] = raw.nodeList;
    const suite = JSON.parse(node.iniConfig).smCryptoType ? "sm" : "ecdsa";
    const { compatibilityVersion } = node.protocol;
    return { chainId: raw.chainID, groupId: raw.groupID, nodes: [{ name: node.name, suite, compatibilityVersion }] };
  },
  getGroupList: (raw) => raw.groupList,
  getConsensusStatus: (raw) => {
    const { blockNumber, hash, view } = JSON.parse(raw);
    return { blockNumber, hash: hex(hash), view };
  },
  getSyncStatus: (raw) => {
    const { blockNumber, genesisHash, latestHash, isSyncing } = JSON.parse(raw);
    return { blockNumber, genesisHash: hex(genesisHash), latestHash: hex(latestHash), isSyncing };
  },
  getSystemConfigByKey: (raw) => raw,
  getTotalTransactionCount: (raw) => raw,
  call: ({ output, ...rest }) => ({ ...rest, output: hex(output) }),
};

describe("answers of real nodes", () => {
  const read = (method: Method, value: unknown): unknown => RPC_DECODERS[method](value, SUITES.sm.hash);

  for (const [index, { request, response }] of EXAMPLES.entries()) {
    if (request === undefined || !Object.hasOwn(FACTS, request.method)) continue;
    const method = request.method as Method;
    it(`${method} says what it says (${index})`, () => {
      const result = rpcResult(response, request.id);
      expect(read(method, result)).toEqual(FACTS[method](result));
    });

    it(`${method} is refused where it is of another shape (${index})`, () => {
      for (const wrong of [undefined, null, {}, [{}], "", "{", true, -1]) {
        // An empty list is a list of any kind.
        expect(codeThrownBy(() => read(method, wrong))).toMatch(/^(RPC|JSON)_/);
      }
    });
  }

  it("are there for every method", () => {
    const answered = new Set(EXAMPLES.map(({ request }) => request?.method));
    expect(Object.keys(FACTS).filter((method) => !answered.has(method))).toEqual([]);
  });

  it("of newer nodes name a weight of terms", () => {
    const newer = [{ nodeID: "ab".repeat(64), weight: 1, termWeight: 0 }];
    expect(RPC_DECODERS.getSealerList(newer)[0]?.termWeight).toBe(0n);
  });
});

describe("envelope", () => {
  it("writes requests in the shape of the examples", () => {
    const { request } = EXAMPLES[5] as { request: NonNullable<Example["request"]> };
    const { method, params } = rpcCalls.getBlockByNumber("group0", "node0", 4, false, false);
    expect(JSON.stringify(rpcRequest(1, method, params))).toBe(JSON.stringify(request));
    const hash = fromHex("ab".repeat(32));
    expect(rpcCalls.getTransaction("g", "", hash, true).params).toEqual(["g", "", `0x${"ab".repeat(32)}`, true]);
    expect(rpcCalls.sendTransaction("g", "", fromHex("1a0b"), false).params).toEqual(["g", "", "0x1a0b", false]);
    for (const call of [
      rpcCalls.getBlockNumber("g", "n"),
      rpcCalls.getBlockHashByNumber("g", "n", 1),
      rpcCalls.getTransactionReceipt("g", "n", hash, true),
      rpcCalls.getSealerList("g", "n"),
      rpcCalls.getSystemConfigByKey("g", "n", "tx_count_limit"),
      rpcCalls.getGroupInfo("g"),
      rpcCalls.call("g", "n", "", hash),
    ]) {
      expect(call.params[0]).toBe("g");
    }
    expect(rpcCalls.getGroupList().params).toEqual([]);
  });

  it("hands the node's own error on, cut to a length", () => {
    const answer = { jsonrpc: "2.0", id: 7, error: { code: -32006, message: "x".repeat(2000), data: {} } };
    let thrown: unknown;
    try {
      rpcResult(answer, 7);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RpcShapeError);
    expect((thrown as RpcShapeError).problem).toEqual({
      code: "RPC_ERROR",
      nodeCode: -32006,
      message: "x".repeat(512),
    });
  });

  const refused: readonly (readonly [string, unknown])[] = [
    ["RPC_FIELD_TYPE", null],
    ["RPC_FIELD_TYPE", []],
    ["RPC_ENVELOPE", { id: 1, result: 1 }],
    ["RPC_ENVELOPE", { jsonrpc: "1.0", id: 1, result: 1 }],
    ["RPC_ENVELOPE", { jsonrpc: "2.0", id: 1 }],
    ["RPC_ENVELOPE", { jsonrpc: "2.0", id: 1, error: { code: "x" } }],
    ["RPC_FIELD_TYPE", { jsonrpc: "2.0", id: 1, error: "x" }],
    ["RPC_ID", { jsonrpc: "2.0", id: 2, result: 1 }],
    ["RPC_ID", { jsonrpc: "2.0", id: "1", result: 1 }],
    ["RPC_ID", { jsonrpc: "2.0", result: 1 }],
  ];
  for (const [index, [code, answer]] of refused.entries()) {
    it(`refuses ${code} (${index})`, () => expect(codeThrownBy(() => rpcResult(answer, 1))).toBe(code));
  }

  it("takes a null result, which the caller then judges", () => {
    expect(rpcResult({ jsonrpc: "2.0", id: 1, result: null, error: null }, 1)).toBeNull();
  });
});
