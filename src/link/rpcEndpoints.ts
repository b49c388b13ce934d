/** Which of several nodes to ask next: the one that answers best, and none that failed a moment ago. */
import type { Clock, Millis } from "../base/clock.js";
import type { Random } from "../base/random.js";
import { Backoff } from "./backoff.js";
import type { RpcProblem } from "./problems.js";

export const RPC_BACKOFF_MIN_MS = 250;
export const RPC_BACKOFF_MAX_MS = 10_000;
/** Weight of the newest call in the running averages. */
const NEWEST_WEIGHT = 0.2;
/** A call that failed counts as slow as this, so that the score is one number. */
const FAILURE_COST_MS = 5_000;

export interface EndpointStatus {
  readonly endpoint: string;
  /** Running average in milliseconds per call, failures included at a fixed price; smaller is better. */
  readonly costMs: number;
  /** Failures since the last success. */
  readonly failures: number;
  readonly lastProblem: RpcProblem | undefined;
}

export class RpcEndpoint {
  readonly url: URL;
  /** Origin and path, for people. */
  readonly name: string;
  readonly #backoff: Backoff;
  #costMs = 0;
  #notBefore: Millis = 0;
  #lastProblem: RpcProblem | undefined;

  constructor(url: URL, random: Random) {
    this.url = url;
    this.name = `${url.origin}${url.pathname}`;
    this.#backoff = new Backoff(RPC_BACKOFF_MIN_MS, RPC_BACKOFF_MAX_MS, random);
  }

  get costMs(): number {
    return this.#costMs;
  }

  get lastProblem(): RpcProblem | undefined {
    return this.#lastProblem;
  }

  get status(): EndpointStatus {
    const { name, costMs, lastProblem } = this;
    return { endpoint: name, costMs: Math.round(costMs), failures: this.#backoff.failures, lastProblem };
  }

  /** A wall clock that was set back must not keep the endpoint out for longer than the longest wait. */
  open(now: Millis): boolean {
    const left = this.#notBefore - now;
    return left <= 0 || left > RPC_BACKOFF_MAX_MS;
  }

  succeeded(tookMs: number): void {
    this.#costMs += (Math.max(0, tookMs) - this.#costMs) * NEWEST_WEIGHT;
    this.#backoff.reset();
    this.#notBefore = 0;
  }

  failed(problem: RpcProblem, now: Millis): void {
    this.#costMs += (FAILURE_COST_MS - this.#costMs) * NEWEST_WEIGHT;
    this.#lastProblem = problem;
    // Several calls that were under way together fail together; that is one failure, not many.
    if (this.open(now)) this.#notBefore = now + this.#backoff.next();
  }
}

export class RpcEndpoints {
  readonly #endpoints: readonly RpcEndpoint[];
  readonly #clock: Clock;

  constructor(urls: readonly URL[], random: Random, clock: Clock) {
    this.#endpoints = urls.map((url) => new RpcEndpoint(url, random));
    this.#clock = clock;
  }

  get status(): readonly EndpointStatus[] {
    return this.#endpoints.map((endpoint) => endpoint.status);
  }

  /** The best open endpoint that is not among `tried`. */
  pick(tried: ReadonlySet<RpcEndpoint>): RpcEndpoint | undefined {
    const now = this.#clock.now();
    let best: RpcEndpoint | undefined;
    for (const endpoint of this.#endpoints) {
      if (tried.has(endpoint) || !endpoint.open(now)) continue;
      if (best === undefined || endpoint.costMs < best.costMs) best = endpoint;
    }
    return best;
  }

  /** Why nothing is open: the newest problem of the endpoint that is best otherwise. */
  lastProblem(): RpcProblem | undefined {
    let best: RpcEndpoint | undefined;
    for (const endpoint of this.#endpoints) {
      if (endpoint.lastProblem !== undefined && (best === undefined || endpoint.costMs < best.costMs)) best = endpoint;
    }
    return best?.lastProblem;
  }
}
