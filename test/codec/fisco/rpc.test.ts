import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { blockFromRpc } from "../../../src/codec/fisco/blockRpc.js";
import { receiptFromRpc } from "../../../src/codec/fisco/receiptRpc.js";
import { rpcCalls, rpcRequest, rpcResult } from "../../../src/codec/fisco/rpc.js";
import {
  callResultFromRpc,
  consensusStatusFromRpc,
  groupInfoFromRpc,
  groupListFromRpc,
  hashFromRpc,
  nodeIdListFromRpc,
  numberFromRpc,
  sealerListFromRpc,
  syncStatusFromRpc,
  systemConfigFromRpc,
  transactionCountFromRpc,
} from "../../../src/codec/fisco/rpcResults.js";
import { RpcShapeError } from "../../../src/codec/problems.js";
import { codeThrownBy, SUITES, vectors } from "./vectors.js";

interface Example {
  readonly request?: { readonly method: string; readonly params: readonly unknown[]; readonly id: number };
  readonly response?: { readonly result: unknown };
}

const EXAMPLES: readonly Example[] = vectors("fisco-rpc-examples").cases;

const DECODERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  getBlockNumber: numberFromRpc,
  getPbftView: numberFromRpc,
  getPendingTxSize: numberFromRpc,
  getBlockHashByNumber: hashFromRpc,
  getBlockByNumber: (value) => blockFromRpc(value, SUITES.sm.hash),
  getTransactionReceipt: (value) => receiptFromRpc(value),
  getSealerList: sealerListFromRpc,
  getObserverList: nodeIdListFromRpc,
  getGroupPeers: nodeIdListFromRpc,
  getGroupInfo: groupInfoFromRpc,
  getGroupList: groupListFromRpc,
  getConsensusStatus: consensusStatusFromRpc,
  getSyncStatus: syncStatusFromRpc,
  getSystemConfigByKey: systemConfigFromRpc,
  getTotalTransactionCount: transactionCountFromRpc,
  call: callResultFromRpc,
};

describe("answers of real nodes", () => {
  for (const [index, { request, response }] of EXAMPLES.entries()) {
    const decode = request === undefined ? undefined : DECODERS[request.method];
    if (request === undefined || decode === undefined) continue;
    it(`${request.method} is read (${index})`, () => {
      const result = rpcResult(response, request.id);
      expect(() => decode(result)).not.toThrow();
      for (const wrong of [undefined, null, {}, [{}], "", "{", true, -1]) {
        // An empty list is a list of any kind.
        expect(codeThrownBy(() => decode(wrong))).toMatch(/^(RPC|JSON)_/);
      }
    });
  }

  it("say what they say", () => {
    const result = (method: string): unknown =>
      EXAMPLES.find((example) => example.request?.method === method)?.response?.result;
    expect(numberFromRpc(result("getBlockNumber"))).toBe(8);
    expect(sealerListFromRpc(result("getSealerList")).map(({ weight }) => weight)).toEqual([1n, 1n, 1n]);
    const withTerm = [{ nodeID: "ab".repeat(64), weight: 1, termWeight: 0 }];
    expect(sealerListFromRpc(withTerm)[0]?.termWeight).toBe(0n);
    const [node] = groupInfoFromRpc(result("getGroupInfo")).nodes;
    expect(node).toMatchObject({ suite: "sm", compatibilityVersion: 0x03030000 });
    expect(consensusStatusFromRpc(result("getConsensusStatus"))).toMatchObject({ blockNumber: 7, view: 3 });
    expect(toHex(syncStatusFromRpc(result("getSyncStatus")).genesisHash)).toMatch(/^47c6d949/);
    expect(systemConfigFromRpc(result("getSystemConfigByKey"))).toEqual({ blockNumber: 0, value: "1000" });
    expect(groupListFromRpc(result("getGroupList"))).toEqual(["group0"]);
    expect(callResultFromRpc(result("call")).status).toBe(16);
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
