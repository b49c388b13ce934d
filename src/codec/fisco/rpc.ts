/**
 * The JSON-RPC 2.0 envelope and the calls a publisher makes (bcos-rpc/jsonrpc/JsonRpcInterface.cpp). Most methods take
 * the group and a node name first; the empty name lets the service choose a node.
 */
import { to0x } from "../../base/bytes.js";
import { RpcShapeError } from "../problems.js";
import { optionalField, readRecord } from "./rpcFields.js";

/** Of a node's error text; it is shown to people and goes into logs. */
export const RPC_MESSAGE_LENGTH_MAX = 512;

export interface RpcCall {
  readonly method: string;
  readonly params: readonly (string | number | boolean)[];
}

export interface RpcRequest extends RpcCall {
  readonly jsonrpc: "2.0";
  readonly id: number;
}

export function rpcRequest(id: number, method: string, params: RpcCall["params"]): RpcRequest {
  return { jsonrpc: "2.0", method, params, id };
}

/**
 * The result in an answer to request `id`.
 * @throws RpcShapeError `RPC_ERROR` with the node's own code and message, `RPC_ENVELOPE`, `RPC_ID`
 */
export function rpcResult(value: unknown, id: number): unknown {
  const answer = readRecord(value, "answer");
  if (optionalField(answer, "jsonrpc") !== "2.0") throw new RpcShapeError({ code: "RPC_ENVELOPE", path: "jsonrpc" });
  if (optionalField(answer, "id") !== id) throw new RpcShapeError({ code: "RPC_ID", expected: id });
  const error = optionalField(answer, "error");
  if (error !== undefined && error !== null) throw nodeError(error);
  const result = optionalField(answer, "result");
  if (result === undefined) throw new RpcShapeError({ code: "RPC_ENVELOPE", path: "result" });
  return result;
}

function nodeError(value: unknown): RpcShapeError {
  const error = readRecord(value, "error");
  const nodeCode = optionalField(error, "code");
  const message = optionalField(error, "message");
  if (typeof nodeCode !== "number" || !Number.isSafeInteger(nodeCode)) {
    return new RpcShapeError({ code: "RPC_ENVELOPE", path: "error.code" });
  }
  const text = typeof message === "string" ? message.slice(0, RPC_MESSAGE_LENGTH_MAX) : "";
  return new RpcShapeError({ code: "RPC_ERROR", nodeCode, message: text });
}

export const rpcCalls = {
  getBlockNumber(group: string, node: string): RpcCall {
    return { method: "getBlockNumber", params: [group, node] };
  },
  /** `onlyHeader` leaves `transactions` out; otherwise `onlyTxHash` decides between hashes and whole ones. */
  getBlockByNumber(group: string, node: string, number: number, onlyHeader: boolean, onlyTxHash: boolean): RpcCall {
    return { method: "getBlockByNumber", params: [group, node, number, onlyHeader, onlyTxHash] };
  },
  getBlockHashByNumber(group: string, node: string, number: number): RpcCall {
    return { method: "getBlockHashByNumber", params: [group, node, number] };
  },
  getTransaction(group: string, node: string, hash: Uint8Array, withProof: boolean): RpcCall {
    return { method: "getTransaction", params: [group, node, to0x(hash), withProof] };
  },
  getTransactionReceipt(group: string, node: string, hash: Uint8Array, withProof: boolean): RpcCall {
    return { method: "getTransactionReceipt", params: [group, node, to0x(hash), withProof] };
  },
  getSealerList(group: string, node: string): RpcCall {
    return { method: "getSealerList", params: [group, node] };
  },
  getSystemConfigByKey(group: string, node: string, key: string): RpcCall {
    return { method: "getSystemConfigByKey", params: [group, node, key] };
  },
  getGroupInfo(group: string): RpcCall {
    return { method: "getGroupInfo", params: [group] };
  },
  getGroupList(): RpcCall {
    return { method: "getGroupList", params: [] };
  },
  /** @param transaction Tars bytes of `encodeTransaction`. */
  sendTransaction(group: string, node: string, transaction: Uint8Array, withProof: boolean): RpcCall {
    return { method: "sendTransaction", params: [group, node, to0x(transaction), withProof] };
  },
  call(group: string, node: string, to: string, input: Uint8Array): RpcCall {
    return { method: "call", params: [group, node, to, to0x(input)] };
  },
  /** Ours: a record of the state with its proof, at `number` or the newest height. */
  getStateProof(group: string, node: string, table: string, key: string, number: number | undefined): RpcCall {
    const params = [group, node, table, key];
    return { method: "edgeseal_getStateProof", params: number === undefined ? params : [...params, number] };
  },
};
