/**
 * A real HTTP server that stands in for a FISCO BCOS node: it answers from recorded request and response pairs, or from a
 * handler, and can misbehave in the ways a node or the network in front of it does.
 */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Certificate } from "./tls.js";

export type RpcHandler = (method: string, params: readonly unknown[]) => unknown;

export type RpcFault =
  | "status 500"
  | "hang"
  | "drip"
  | "huge body"
  | "huge length"
  | "bad json"
  | "not utf-8"
  | "not an object"
  | "no result"
  | "wrong id"
  | "error object"
  | "reset"
  | "cut short"
  | "redirect";

/** A node's own refusal: throw it from a handler to answer with a JSON-RPC error. */
export class NodeRefusal extends Error {
  readonly nodeCode: number;

  constructor(nodeCode: number, message: string) {
    super(message);
    this.nodeCode = nodeCode;
  }
}

export interface RpcStandIn {
  readonly url: string;
  /** Requests that arrived. */
  readonly requests: number;
  readonly connections: number;
  setFault(fault: RpcFault | undefined): void;
  stop(): Promise<void>;
}

interface RpcPair {
  readonly request: { readonly method: string; readonly params: readonly unknown[] };
  readonly response: { readonly result: unknown };
}

const VECTORS = new URL("../vectors/rpc-examples-v3.json", import.meta.url);
const METHOD_NOT_FOUND = -32601;
const DRIP_MS = 50;
const HUGE_CHUNK = Buffer.alloc(256 * 1024, 0x20);

/** The recorded pairs that could be parsed. Where the documentation answers one request twice, the first answer counts. */
export function recordedPairs(): readonly RpcPair[] {
  const file = JSON.parse(readFileSync(VECTORS, "utf8")) as { cases: (Partial<RpcPair> & { unparsed?: unknown })[] };
  const known = new Set<string>();
  return file.cases.filter((pair): pair is RpcPair => {
    if (pair.request === undefined || pair.response === undefined || !("result" in pair.response)) return false;
    const key = keyOf(pair.request.method, pair.request.params);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

function keyOf(method: string, params: readonly unknown[]): string {
  return `${method} ${JSON.stringify(params)}`;
}

/** Answers from the recorded pairs, matched by method and parameters. */
export function recordedHandler(): RpcHandler {
  const answers = new Map(
    recordedPairs().map((pair) => [keyOf(pair.request.method, pair.request.params), pair.response.result]),
  );
  return (method, params) => {
    const key = keyOf(method, params);
    if (!answers.has(key)) throw new NodeRefusal(METHOD_NOT_FOUND, "The method does not exist/is not available.");
    return answers.get(key);
  };
}

export async function startRpcStandIn(
  options: { readonly handler?: RpcHandler; readonly tls?: Certificate; readonly port?: number } = {},
): Promise<RpcStandIn> {
  const handler = options.handler ?? recordedHandler();
  const sockets = new Set<Socket>();
  let fault: RpcFault | undefined;
  let requests = 0;
  let connections = 0;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    readBody(request).then(
      async (body) => {
        requests++;
        await respond(body, handler, fault, response);
      },
      () => response.destroy(),
    );
  };
  const server: Server =
    options.tls === undefined
      ? createHttpServer(answer)
      : createHttpsServer({ cert: options.tls.certificate, key: options.tls.key }, answer);
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    get connections() {
      return connections;
    },
    setFault: (next) => {
      fault = next;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}

async function respond(body: string, handler: RpcHandler, fault: RpcFault | undefined, response: ServerResponse) {
  const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: readonly unknown[] };
  if (fault !== undefined) {
    misbehave(fault, id, response);
    return;
  }
  let answer: unknown;
  try {
    answer = { id, jsonrpc: "2.0", result: (await handler(method, params)) ?? null };
  } catch (thrown) {
    const code = thrown instanceof NodeRefusal ? thrown.nodeCode : -32603;
    answer = { id, jsonrpc: "2.0", error: { code, message: thrown instanceof Error ? thrown.message : "unknown" } };
  }
  send(
    response,
    JSON.stringify(answer, (_key, value) => (typeof value === "bigint" ? Number(value) : value)),
  );
}

function send(response: ServerResponse, body: string | Uint8Array, status = 200): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function misbehave(fault: RpcFault, id: number, response: ServerResponse): void {
  const text = JSON.stringify({ id, jsonrpc: "2.0", result: 8 });
  const faults: Record<RpcFault, () => void> = {
    "status 500": () => send(response, "broken", 500),
    redirect: () => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    hang: () => {},
    drip: () => drip(response, text),
    "huge body": () => gush(response),
    "huge length": () => response.writeHead(200, { "content-length": 2 ** 40 }).write("{"),
    "bad json": () => send(response, text.slice(0, -1)),
    "not utf-8": () => send(response, Uint8Array.of(0x22, 0xff, 0x22)),
    "not an object": () => send(response, "[1]"),
    "no result": () => send(response, JSON.stringify({ id, jsonrpc: "2.0" })),
    "wrong id": () => send(response, JSON.stringify({ id: id + 1, jsonrpc: "2.0", result: 8 })),
    "error object": () =>
      send(response, JSON.stringify({ id, jsonrpc: "2.0", error: { code: -32000, message: "no" } })),
    reset: () => void response.socket?.resetAndDestroy(),
    "cut short": () => {
      response.writeHead(200, { "content-length": text.length });
      response.write(text.slice(0, 5), () => response.destroy());
    },
  };
  faults[fault]();
}

function drip(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-length": text.length });
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length - 1) response.write(text[at++]);
  }, DRIP_MS);
  response.once("close", () => clearInterval(timer));
}

function gush(response: ServerResponse): void {
  response.writeHead(200);
  const more = () => {
    while (!response.destroyed && response.write(HUGE_CHUNK));
  };
  response.on("drain", more);
  more();
}
