/**
 * One HTTP POST with a hard end: connecting, sending, and reading the last byte of the answer share one time limit, and
 * the answer is cut off at its size limit while it arrives.
 */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { RpcError, type RpcProblem } from "./problems.js";
import { isTlsReason, socketReason } from "./socketReason.js";

export interface HttpPosterOptions {
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
  readonly connectionsMax: number;
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Codes that OpenSSL's and Node's certificate checks end a connection with; none of them starts with a common prefix. */
const CERTIFICATE_REASON =
  /CERT|^UNABLE_TO_|^DEPTH_ZERO|^SELF_SIGNED|^HOSTNAME_MISMATCH|^INVALID_(CA|PURPOSE)|^PATH_LENGTH|^EPROTO$/;
const STATUS_OK = 200;

export class HttpPoster {
  readonly #options: HttpPosterOptions;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #running = new Set<(problem: RpcProblem) => void>();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(options: HttpPosterOptions) {
    this.#options = options;
    const kept = { keepAlive: true, maxSockets: options.connectionsMax, maxFreeSockets: options.connectionsMax };
    this.#http = new HttpAgent(kept);
    this.#https = new HttpsAgent({
      ...kept,
      minVersion: "TLSv1.2",
      // Said aloud because NODE_TLS_REJECT_UNAUTHORIZED=0 changes the default.
      rejectUnauthorized: true,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
  }

  /**
   * The text of the answer.
   * @throws RpcError `RPC_UNREACHABLE`, `RPC_TLS`, `RPC_TIMEOUT`, `RPC_HTTP_STATUS`, `RPC_TOO_LARGE`, `RPC_NOT_JSON` (when
   * it is no UTF-8), `RPC_STOPPED`.
   */
  async post(url: URL, endpoint: string, body: Uint8Array): Promise<string> {
    const attempt = await this.#attempt(url, endpoint, body);
    // The server may have closed a kept connection just as it was used again; that says nothing about the server.
    if (attempt.kind === "stale") {
      const again = await this.#attempt(url, endpoint, body);
      if (again.kind === "answer") return this.#text(again.bytes, endpoint);
      throw new RpcError({ code: "RPC_UNREACHABLE", endpoint, reason: "ECONNRESET" });
    }
    return this.#text(attempt.bytes, endpoint);
  }

  /** Ends everything that runs with `RPC_STOPPED`. */
  stop(): void {
    for (const fail of [...this.#running]) fail({ code: "RPC_STOPPED" });
    this.#http.destroy();
    this.#https.destroy();
  }

  #text(bytes: Uint8Array, endpoint: string): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new RpcError({ code: "RPC_NOT_JSON", endpoint, reason: "not UTF-8" });
    }
  }

  #request(url: URL, length: number): ClientRequest {
    const headers = {
      ...this.#options.headers,
      "content-type": "application/json",
      "content-length": String(length),
      "accept-encoding": "identity",
    };
    return url.protocol === "https:"
      ? requestHttps(url, { method: "POST", agent: this.#https, headers })
      : requestHttp(url, { method: "POST", agent: this.#http, headers });
  }

  #attempt(url: URL, endpoint: string, body: Uint8Array): Promise<Outcome> {
    const { timeoutMs, responseBytesMax } = this.#options;
    return new Promise<Outcome>((resolve, reject) => {
      const request = this.#request(url, body.length);
      const settle = (outcome: Outcome | undefined, problem: RpcProblem | undefined) => {
        clearTimeout(timer);
        this.#running.delete(fail);
        if (outcome?.kind !== "answer") request.destroy();
        if (outcome !== undefined) resolve(outcome);
        else if (problem !== undefined) reject(new RpcError(problem));
      };
      const fail = (problem: RpcProblem) => settle(undefined, problem);
      const timer = setTimeout(() => fail({ code: "RPC_TIMEOUT", endpoint, timeoutMs }), timeoutMs);
      this.#running.add(fail);
      request.on("error", (error) => {
        const reason = socketReason(error);
        if (request.reusedSocket && reason === "ECONNRESET") settle({ kind: "stale" }, undefined);
        else fail(unreachable(url, endpoint, reason));
      });
      request.once("response", (response) => {
        readAnswer(response, endpoint, responseBytesMax, (bytes) => settle({ kind: "answer", bytes }, undefined), fail);
      });
      request.end(body);
    });
  }
}

type Outcome = { readonly kind: "answer"; readonly bytes: Uint8Array } | { readonly kind: "stale" };

function readAnswer(
  response: IncomingMessage,
  endpoint: string,
  limit: number,
  done: (bytes: Uint8Array) => void,
  fail: (problem: RpcProblem) => void,
): void {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const announced = Number(response.headers["content-length"] ?? 0);
  response.on("error", (error) => fail({ code: "RPC_UNREACHABLE", endpoint, reason: socketReason(error) }));
  response.once("close", () => {
    if (!response.complete) fail({ code: "RPC_UNREACHABLE", endpoint, reason: "answer cut short" });
  });
  if (response.statusCode !== STATUS_OK) {
    fail({ code: "RPC_HTTP_STATUS", endpoint, status: response.statusCode ?? 0 });
  } else if (announced > limit) {
    fail({ code: "RPC_TOO_LARGE", endpoint, size: announced, limit });
  } else {
    response.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limit) fail({ code: "RPC_TOO_LARGE", endpoint, size, limit });
      else chunks.push(chunk);
    });
    response.once("end", () => {
      if (response.complete) done(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
    });
  }
}

function unreachable(url: URL, endpoint: string, reason: string): RpcProblem {
  const isTls = url.protocol === "https:" && (isTlsReason(reason) || CERTIFICATE_REASON.test(reason));
  return isTls ? { code: "RPC_TLS", endpoint, reason } : { code: "RPC_UNREACHABLE", endpoint, reason };
}
