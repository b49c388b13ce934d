/**
 * A simulated node behind HTTP, for demos and end-to-end tests on one machine. Like the real ones it takes one JSON-RPC
 * request object per POST and no arrays (bcos-rpc/jsonrpc/JsonRpcInterface.cpp).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type JsonValue, parseJson, writeJson } from "../../src/codec/json.js";
import { JsonError, RpcRefusal } from "../../src/codec/problems.js";
import { SimulatorError } from "./problems.js";
import type { SimulatedNode } from "./rpcNode.js";

export interface RpcServerOptions {
  readonly node: SimulatedNode;
  /** 0 (default) lets the system choose. */
  readonly port?: number;
  /** A loopback address; 127.0.0.1 by default. There is no TLS and no access control here. */
  readonly host?: string;
}

export interface RpcServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** A transaction's hex twice over, and the envelope. */
export const RPC_BODY_BYTES_MAX = 4 * 1024 * 1024;
export const RPC_BODY_WAIT_MS = 10_000;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;

/**
 * Resolves when it listens. @throws SimulatorError `SIMULATOR_OPTION` for a host that is not loopback; node's own
 * error when it cannot listen.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const host = options.host ?? "127.0.0.1";
  if (!LOOPBACK.has(host)) {
    throw new SimulatorError({ code: "SIMULATOR_OPTION", option: "host", reason: "only loopback addresses" });
  }
  const server = createServer({ requestTimeout: RPC_BODY_WAIT_MS }, (request, response) => {
    serve(options.node, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const shownHost = host === "::1" ? "[::1]" : host;
  return { port, url: `http://${shownHost}:${port}`, stop: () => stop(server) };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

function serve(node: SimulatedNode, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "POST") {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > RPC_BODY_BYTES_MAX) request.destroy();
    else chunks.push(chunk);
  });
  // A client that goes away is no problem of the node's.
  request.on("error", () => response.destroy());
  request.on("end", async () => {
    const body = await answerText(node, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
}

/** The answer to one request as JSON text. Never throws. */
export async function answerText(node: SimulatedNode, text: string): Promise<string> {
  let id: JsonValue = 0;
  try {
    const request = parseJson(text, { lengthMax: RPC_BODY_BYTES_MAX });
    if (typeof request !== "object" || request === null || Array.isArray(request)) return failure(id, INVALID_REQUEST);
    id = request.id ?? 0;
    const { method, params } = request;
    if (typeof method !== "string" || !Array.isArray(params)) return failure(id, INVALID_REQUEST);
    return writeJson({ id, jsonrpc: "2.0", result: await node(method, params) });
  } catch (thrown) {
    if (thrown instanceof JsonError) return failure(id, PARSE_ERROR);
    if (thrown instanceof RpcRefusal) {
      return failure(id, thrown.problem.nodeCode, thrown.problem.message);
    }
    return failure(id, INTERNAL_ERROR, thrown instanceof Error ? thrown.message : "unknown");
  }
}

function failure(id: JsonValue, code: number, message = "Invalid request"): string {
  return writeJson({ error: { code, message }, id, jsonrpc: "2.0" });
}
