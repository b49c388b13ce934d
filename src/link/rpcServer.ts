/**
 * A JSON-RPC 2.0 server on HTTP or HTTPS: POST with one request or a batch of them. In: bytes of strangers. Out: what the
 * handler says, within limits. It knows no method and no chain, and nothing a client does ends it.
 */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Counters } from "../base/counters.js";
import { type Logger, SILENT_LOGGER } from "../base/logger.js";
import { type RpcServerCountCode, RpcServerError } from "./problems.js";
import { readBody } from "./rpcServer/body.js";
import { RpcDesk } from "./rpcServer/desk.js";
import { Gate, type Refusal } from "./rpcServer/gate.js";
import { HeldBytes } from "./rpcServer/heldBytes.js";
import {
  RPC_SERVER_ANSWER_BYTES_MAX,
  RPC_SERVER_BATCH_ITEMS_MAX,
  RPC_SERVER_BODY_BYTES_MAX,
  RPC_SERVER_BODY_WAIT_MS,
  RPC_SERVER_CONNECTIONS_MAX,
  RPC_SERVER_DRAIN_WAIT_MS,
  RPC_SERVER_HANDSHAKE_WAIT_MS,
  RPC_SERVER_HEADER_BYTES_MAX,
  RPC_SERVER_HEADER_WAIT_MS,
  RPC_SERVER_HELD_BYTES_MAX,
  RPC_SERVER_IDLE_MAX_MS,
  RPC_SERVER_REQUESTS_MAX,
  RPC_SERVER_STOP_WAIT_MS,
} from "./rpcServer/limits.js";
import { checkOptions, type RpcServerOptions } from "./rpcServer/options.js";
import { RunningRequests } from "./rpcServer/running.js";
import { socketReason } from "./socketReason.js";

export interface RpcServer {
  /** Resolves when it listens. @throws RpcServerError `RPC_SERVER_LISTEN_FAILED`, `RPC_SERVER_RUNNING` */
  start(): Promise<{ readonly port: number; readonly url: string }>;
  /** Takes nothing new, lets what runs end for a while, then closes all connections. */
  stop(): Promise<void>;
  /** RpcServerCountCode, and `RPC_SERVER_ERROR_` with the number of each error that was answered. */
  readonly counters: Counters;
  readonly status: { readonly connections: number; readonly requests: number; readonly heldBytes: number };
}

/** @throws RpcServerError `RPC_SERVER_OPTION_INVALID`, `RPC_SERVER_INSECURE` */
export function rpcServer(options: RpcServerOptions): RpcServer {
  checkOptions(options);
  return new HttpRpcServer(options);
}

/** For a refused client to finish sending, so that it sees the refusal and not a broken connection. */
const LINGER_MS = 1_000;
/** How often Node looks for requests that are too slow. */
const SLOWNESS_CHECK_MS = 1_000;
/** Why a request's signal is aborted. A value of our own spares every request an error with its stack. */
const ENDED = "the request has ended";
const STATUS_OK = 200;
const STATUS_NO_CONTENT = 204;
const STATUS_TOO_LARGE = 413;
const STATUS_BUSY = 503;
const BUSY: Refusal = {
  status: STATUS_BUSY,
  count: "RPC_SERVER_BUSY",
  says: "Too much is going on; ask again.",
  headers: { "retry-after": "1" },
};
const TOO_LARGE: Refusal = {
  status: STATUS_TOO_LARGE,
  count: "RPC_SERVER_BODY_TOO_LARGE",
  says: "The body is too large.",
};
/** By Node's code of a parser's error: what is answered before the connection is closed. */
const HTTP_FAULTS: Readonly<Record<string, { readonly count: RpcServerCountCode; readonly line: string }>> = {
  HPE_HEADER_OVERFLOW: { count: "RPC_SERVER_HEADER_TOO_LARGE", line: "431 Request Header Fields Too Large" },
  ERR_HTTP_REQUEST_TIMEOUT: { count: "RPC_SERVER_TOO_SLOW", line: "408 Request Timeout" },
};
const NOT_HTTP = { count: "RPC_SERVER_NOT_HTTP", line: "400 Bad Request" } as const;

class HttpRpcServer implements RpcServer {
  readonly counters = new Counters();
  readonly #options: RpcServerOptions;
  readonly #gate: Gate;
  readonly #desk: RpcDesk;
  readonly #held: HeldBytes;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #running = new RunningRequests<AbortController>((owner) => {
    this.#held.release(owner);
    owner.abort(ENDED);
  });
  #server: Server | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT_LOGGER;
    this.#gate = new Gate(options.origins ?? [], options.token);
    this.#held = new HeldBytes(options.heldBytesMax ?? RPC_SERVER_HELD_BYTES_MAX);
    this.#desk = new RpcDesk({
      handler: options.handler,
      bodyBytesMax: this.#bodyBytesMax,
      answerBytesMax: options.answerBytesMax ?? RPC_SERVER_ANSWER_BYTES_MAX,
      batchItemsMax: options.batchItemsMax ?? RPC_SERVER_BATCH_ITEMS_MAX,
      logger: this.#logger,
      count: (code) => this.counters.add(code),
    });
  }

  get status(): RpcServer["status"] {
    return { connections: this.#sockets.size, requests: this.#running.size, heldBytes: this.#held.total };
  }

  async start(): Promise<{ readonly port: number; readonly url: string }> {
    if (this.#server !== undefined) throw new RpcServerError({ code: "RPC_SERVER_RUNNING" });
    const { host = "127.0.0.1", port: wanted, tls } = this.#options;
    const server = this.#createServer();
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(wanted, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
    } catch (thrown) {
      this.#server = undefined;
      throw new RpcServerError({ code: "RPC_SERVER_LISTEN_FAILED", reason: socketReason(thrown) }, { cause: thrown });
    }
    server.on("error", (error) => this.#logger.error({ reason: socketReason(error) }, "The JSON-RPC port failed."));
    const { port } = server.address() as AddressInfo;
    const shown = host.includes(":") ? `[${host}]` : host;
    return { port, url: `${tls === undefined ? "http" : "https"}://${shown}:${port}` };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await this.#running.idle(this.#options.stopWaitMs ?? RPC_SERVER_STOP_WAIT_MS);
    await Promise.all([closed, ...[...this.#sockets].map(destroyed)]);
  }

  get #bodyBytesMax(): number {
    return this.#options.bodyBytesMax ?? RPC_SERVER_BODY_BYTES_MAX;
  }

  #count(code: RpcServerCountCode): void {
    this.counters.add(code);
  }

  #createServer(): Server {
    const { tls, headerWaitMs = RPC_SERVER_HEADER_WAIT_MS, bodyWaitMs = RPC_SERVER_BODY_WAIT_MS } = this.#options;
    const http = {
      maxHeaderSize: RPC_SERVER_HEADER_BYTES_MAX,
      headersTimeout: headerWaitMs,
      requestTimeout: Math.max(headerWaitMs, bodyWaitMs),
      connectionsCheckingInterval: Math.min(SLOWNESS_CHECK_MS, headerWaitMs),
      keepAliveTimeout: this.#options.idleMaxMs ?? RPC_SERVER_IDLE_MAX_MS,
      noDelay: true,
    };
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((thrown: unknown) => {
        this.#logger.error({ reason: socketReason(thrown) }, "A JSON-RPC request could not be served.");
        response.destroy();
      });
    };
    const server =
      tls === undefined
        ? createServer(http, serve)
        : createTlsServer(
            {
              ...http,
              cert: tls.certificate,
              key: tls.key,
              minVersion: "TLSv1.2",
              handshakeTimeout: RPC_SERVER_HANDSHAKE_WAIT_MS,
              ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
            },
            serve,
          );
    server.maxConnections = this.#options.connectionsMax ?? RPC_SERVER_CONNECTIONS_MAX;
    server.on("drop", () => this.#count("RPC_SERVER_REFUSED_CONNECTION"));
    server.on("tlsClientError", () => this.#count("RPC_SERVER_TLS_FAILED"));
    server.on("clientError", (error, socket) => this.#badHttp(error, socket));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  #badHttp(error: NodeJS.ErrnoException, socket: Duplex): void {
    const reason = error.code ?? "";
    // A client that went away is none that did something wrong.
    if (reason === "ECONNRESET" || reason === "EPIPE" || !socket.writable) {
      socket.destroy();
      return;
    }
    const { count, line } = HTTP_FAULTS[reason] ?? NOT_HTTP;
    this.#count(count);
    socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\n\r\n`);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const owner = new AbortController();
    response.once("close", () => this.#running.end(owner));
    response.on("error", () => response.destroy());
    const busy =
      this.#server === undefined || this.#running.size >= (this.#options.requestsMax ?? RPC_SERVER_REQUESTS_MAX);
    this.#running.begin(owner, request.socket);
    const headers = this.#gate.answerHeaders(request.headers);
    const verdict = this.#gate.judge(request);
    if (verdict.kind === "refused") return this.#refuse(request, response, verdict.refusal, headers);
    if (busy) return this.#refuse(request, response, BUSY, headers);
    if (verdict.kind === "preflight")
      return this.#send(response, STATUS_NO_CONTENT, { ...headers, ...verdict.headers });
    const body = await readBody(request, this.#bodyBytesMax, this.#held, owner);
    if (body.kind === "too large") return this.#refuse(request, response, TOO_LARGE, headers);
    if (body.kind === "busy") return this.#refuse(request, response, BUSY, headers);
    if (body.kind === "gone") return;
    const text = await this.#desk.answer(body.bytes, owner.signal);
    if (text === undefined) return this.#send(response, STATUS_NO_CONTENT, headers);
    this.#held.release(owner);
    const answer = Buffer.from(text, "utf8");
    if (!this.#held.take(owner, answer.length)) return this.#refuse(request, response, BUSY, headers);
    this.#send(response, STATUS_OK, { ...headers, "content-type": "application/json" }, answer);
  }

  #send(response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
    if (response.destroyed) return;
    const length = status === STATUS_NO_CONTENT ? {} : { "content-length": String(body?.length ?? 0) };
    const close = this.#server === undefined ? { connection: "close" } : {};
    response.writeHead(status, { ...headers, ...length, ...close, "cache-control": "no-store" });
    response.end(body);
    const timer = setTimeout(() => {
      this.#count("RPC_SERVER_ANSWER_NOT_READ");
      response.destroy();
    }, this.#options.drainWaitMs ?? RPC_SERVER_DRAIN_WAIT_MS).unref();
    response.once("close", () => clearTimeout(timer));
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, headers: OutgoingHttpHeaders): void {
    this.#count(refusal.count);
    const body = Buffer.from(`${refusal.says}\n`, "utf8");
    this.#send(response, refusal.status, { ...headers, ...refusal.headers, "content-type": "text/plain" }, body);
    if (request.complete) return;
    request.resume();
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once("close", () => clearTimeout(timer));
  }
}

function destroyed(socket: Socket): Promise<void> {
  return new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}
