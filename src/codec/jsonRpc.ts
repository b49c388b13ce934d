/**
 * JSON-RPC 2.0 as a server reads and writes it (www.jsonrpc.org/specification). Parameters come by position; ids are
 * given back as they came.
 */
import { type JsonLimits, type JsonValue, parseJson, writeJson } from "./json.js";
import { JsonError } from "./problems.js";

export const JSON_RPC_CODES = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
} as const;

export type RpcId = string | number | bigint | null;

export interface RpcInvocation {
  readonly kind: "call";
  /** Undefined for a notification, which is carried out and never answered. */
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly params: readonly JsonValue[];
}

export interface RpcFault {
  readonly kind: "fault";
  /** Undefined for a notification, whose faults are not answered either. */
  readonly id: RpcId | undefined;
  readonly code: number;
  readonly message: string;
}

export interface RpcText {
  /** Whether the answers belong into one array, also where there is only one. */
  readonly batch: boolean;
  readonly items: readonly (RpcInvocation | RpcFault)[];
}

/** Reads a request, or an array of at most `batchItemsMax`. What is wrong with it becomes a fault; nothing is thrown. */
export function readRpcText(text: string, batchItemsMax: number, limits: JsonLimits = {}): RpcText {
  let value: JsonValue;
  try {
    value = parseJson(text, limits);
  } catch (thrown) {
    if (!(thrown instanceof JsonError)) throw thrown;
    return alone(fault(null, JSON_RPC_CODES.parseError, "Invalid JSON was received by the server."));
  }
  if (!Array.isArray(value)) return alone(readRequest(value));
  if (value.length === 0) return alone(invalid(null));
  if (value.length > batchItemsMax) {
    const message = `A batch holds at most ${batchItemsMax} requests.`;
    return alone(fault(null, JSON_RPC_CODES.invalidRequest, message));
  }
  return { batch: true, items: value.map(readRequest) };
}

function alone(item: RpcInvocation | RpcFault): RpcText {
  return { batch: false, items: [item] };
}

function readRequest(value: JsonValue): RpcInvocation | RpcFault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return invalid(null);
  const { id, jsonrpc, method, params = [] } = value;
  if (id !== undefined && !isId(id)) return invalid(null);
  if (jsonrpc !== "2.0" || typeof method !== "string") return invalid(id ?? null);
  if (Array.isArray(params)) return { kind: "call", id, method, params };
  if (typeof params !== "object" || params === null) return invalid(id ?? null);
  // The specification allows names as well; FISCO's methods have none that all agree on.
  return fault(id, JSON_RPC_CODES.invalidParams, "Invalid params: they are taken by position.");
}

function isId(value: JsonValue): value is RpcId {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}

function invalid(id: RpcId): RpcFault {
  return fault(id, JSON_RPC_CODES.invalidRequest, "The JSON sent is not a valid Request object.");
}

function fault(id: RpcId | undefined, code: number, message: string): RpcFault {
  return { kind: "fault", id, code, message };
}

/** No result is null. @throws JsonError for a result that JSON cannot say. */
export function writeRpcResult(id: RpcId, result: unknown): string {
  return writeJson({ id, jsonrpc: "2.0", result: result ?? null });
}

export function writeRpcError(id: RpcId, code: number, message: string): string {
  return writeJson({ error: { code, message }, id, jsonrpc: "2.0" });
}
