/**
 * JSON-RPC 2.0 over HTTP to FISCO BCOS v3 nodes.
 *
 * The nodes take one request object per POST and refuse arrays (FISCO-BCOS bcos-rpc/jsonrpc/JsonRpcInterface.cpp,
 * parseRpcRequestJson), so several calls go out side by side over kept connections instead of as a JSON-RPC batch.
 * Nothing in an answer is believed here beyond its envelope; whoever asked verifies it.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { Clock } from "../base/clock.js";
import type { Random } from "../base/random.js";
import { parseJson } from "../codec/json.js";
import { isLoopback } from "./loopback.js";
import { RpcError, type RpcProblem } from "./problems.js";
import { type EndpointStatus, type RpcEndpoint, RpcEndpoints } from "./rpcEndpoints.js";
import { resultOf } from "./rpcEnvelope.js";
import { HttpPoster } from "./rpcHttp.js";
import { Slots } from "./slots.js";
import { secureContextOf } from "./tlsOptions.js";

export const RPC_TIMEOUT_MS = 10_000;
export const RPC_RESPONSE_BYTES_MAX = 8 * 1024 * 1024;
export const RPC_REQUEST_BYTES_MAX = 4 * 1024 * 1024;
export const RPC_CONCURRENCY_MAX = 8;
export const RPC_WAITING_MAX = 1_024;
export const RPC_CALLS_MAX = 256;
export const RPC_ENDPOINTS_MAX = 32;

export interface ChainRpcOptions {
  /** `http://` or `https://` addresses of nodes of one chain; the quickest of those that answer is asked. */
  readonly endpoints: readonly string[];
  /** For one attempt at one endpoint; a call tries each endpoint at most once. */
  readonly timeoutMs?: number;
  readonly responseBytesMax?: number;
  readonly concurrencyMax?: number;
  /** PEM text of the authorities to trust instead of the system's. Certificates are always checked. */
  readonly ca?: string;
  /** Sent with every request. Not allowed together with `http://` to another machine, because they tend to be secret. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly random: Random;
  readonly clock: Clock;
}

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface ChainRpc {
  /**
   * The `result` of the first endpoint that gives an answer; integers beyond 2^53-1 are bigints. An answer `error` is an
   * answer: it is thrown, and no other endpoint is asked. Because a call that timed out may have been carried out, only
   * send what may arrive twice (a FISCO transaction may: its nonce is used once).
   * @throws RpcError
   */
  call(method: string, params: readonly unknown[]): Promise<unknown>;
  /** Results in the order of the calls, at most RPC_CALLS_MAX; rejects with the first problem after all have settled. */
  callMany(calls: readonly RpcCall[]): Promise<unknown[]>;
  readonly endpoints: readonly EndpointStatus[];
  /** Ends what runs with `RPC_STOPPED` and closes all connections. */
  stop(): Promise<void>;
}

/** @throws RpcError `RPC_OPTION_INVALID`. */
export function chainRpc(options: ChainRpcOptions): ChainRpc {
  return new ChainRpcClient(options);
}

class ChainRpcClient implements ChainRpc {
  readonly #endpoints: RpcEndpoints;
  readonly #poster: HttpPoster;
  readonly #slots: Slots;
  readonly #clock: Clock;
  #lastId = 0;
  #stopped = false;

  constructor(options: ChainRpcOptions) {
    checkTransport(options);
    const concurrencyMax = options.concurrencyMax ?? RPC_CONCURRENCY_MAX;
    this.#endpoints = new RpcEndpoints(endpointUrls(options), options.random, options.clock);
    this.#slots = new Slots(
      concurrencyMax,
      RPC_WAITING_MAX,
      (waiting, limit) => new RpcError({ code: "RPC_BUSY", waiting, limit }),
    );
    this.#poster = new HttpPoster({
      timeoutMs: options.timeoutMs ?? RPC_TIMEOUT_MS,
      responseBytesMax: options.responseBytesMax ?? RPC_RESPONSE_BYTES_MAX,
      connectionsMax: concurrencyMax,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    });
    this.#clock = options.clock;
  }

  get endpoints(): readonly EndpointStatus[] {
    return this.#endpoints.status;
  }

  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.#stopped) throw new RpcError({ code: "RPC_STOPPED" });
    this.#lastId = (this.#lastId % Number.MAX_SAFE_INTEGER) + 1;
    const id = this.#lastId;
    const body = requestBody(id, method, params);
    return await this.#slots.run(() => this.#ask(id, body));
  }

  async callMany(calls: readonly RpcCall[]): Promise<unknown[]> {
    if (calls.length > RPC_CALLS_MAX) {
      throw new RpcError({ code: "RPC_BATCH_TOO_LARGE", count: calls.length, limit: RPC_CALLS_MAX });
    }
    const outcomes = await Promise.allSettled(calls.map(({ method, params }) => this.call(method, params)));
    return outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#slots.failWaiting(new RpcError({ code: "RPC_STOPPED" }));
    this.#poster.stop();
  }

  async #ask(id: number, body: Uint8Array): Promise<unknown> {
    const tried = new Set<RpcEndpoint>();
    let problem: RpcProblem | undefined;
    for (;;) {
      const endpoint = this.#endpoints.pick(tried);
      if (endpoint === undefined) {
        const why = problem ?? this.#endpoints.lastProblem();
        throw new RpcError(why ?? { code: "RPC_UNREACHABLE", endpoint: "", reason: "none" });
      }
      tried.add(endpoint);
      try {
        return await this.#askEndpoint(endpoint, id, body);
      } catch (thrown) {
        if (!(thrown instanceof RpcError) || this.#stopped || thrown.code === "RPC_NODE_ERROR") throw thrown;
        problem = thrown.problem;
        endpoint.failed(thrown.problem, this.#clock.now());
      }
    }
  }

  async #askEndpoint(endpoint: RpcEndpoint, id: number, body: Uint8Array): Promise<unknown> {
    const startedAt = performance.now();
    const text = await this.#poster.post(endpoint.url, endpoint.name, body);
    const answer = resultOf(parseAnswer(text, endpoint.name), id, endpoint.name);
    endpoint.succeeded(performance.now() - startedAt);
    if (answer.kind === "error") throw new RpcError(answer.problem);
    return answer.result;
  }
}

function parseAnswer(text: string, endpoint: string): unknown {
  try {
    // Its size was limited in bytes while it arrived.
    return parseJson(text, { lengthMax: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "unknown";
    throw new RpcError({ code: "RPC_NOT_JSON", endpoint, reason }, { cause: thrown });
  }
}

function requestBody(id: number, method: string, params: readonly unknown[]): Uint8Array {
  let text: string;
  try {
    text = JSON.stringify({ jsonrpc: "2.0", method, params, id });
  } catch (thrown) {
    throw new RpcError({ code: "RPC_PARAMS", reason: "not expressible in JSON" }, { cause: thrown });
  }
  const body = Buffer.from(text, "utf8");
  if (body.length > RPC_REQUEST_BYTES_MAX) throw new RpcError({ code: "RPC_PARAMS", reason: "too large" });
  return body;
}

/** What Node would only complain about at the first request. */
function checkTransport({ ca, headers }: ChainRpcOptions): void {
  const invalid = (option: string, reason: string) => new RpcError({ code: "RPC_OPTION_INVALID", option, reason });
  if (ca !== undefined && secureContextOf({ ca }) === undefined) throw invalid("ca", "not a certificate");
  try {
    for (const [name, value] of Object.entries(headers ?? {})) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch {
    throw invalid("headers", "not fit for HTTP");
  }
}

function endpointUrls(options: ChainRpcOptions): URL[] {
  const invalid = (reason: string) => new RpcError({ code: "RPC_OPTION_INVALID", option: "endpoints", reason });
  if (options.endpoints.length === 0) throw invalid("none");
  if (options.endpoints.length > RPC_ENDPOINTS_MAX) throw invalid(`more than ${RPC_ENDPOINTS_MAX}`);
  return options.endpoints.map((text) => {
    if (!URL.canParse(text)) throw invalid("not a URL");
    const url = new URL(text);
    if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid("the scheme is neither http nor https");
    if (url.username !== "" || url.password !== "") throw invalid("credentials belong in headers");
    const readable = url.protocol === "http:" && !isLoopback(url.hostname);
    if (readable && options.headers !== undefined) throw invalid("headers need https");
    return url;
  });
}
