/** The light client at work: its driver, its store and its sources, started and stopped together. */
import type { Clock } from "../base/clock.js";
import { Counters } from "../base/counters.js";
import { codeOf } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { LightClient, type LightClientOptions, type LightStatus } from "../chain/lightClient.js";
import type { LightInput, LightMessage, LightOutput } from "../chain/lightMessages.js";
import type { ChainStore, ChainWrite } from "../chain/store.js";
import { Driver } from "./driver.js";
import { clockIsSet } from "./systemClock.js";

/** Something headers come from: a broker (MqttSource) or a node's JSON-RPC (RpcSource). */
export interface HeaderSource {
  readonly name: string;
  start(): void;
  send(message: LightMessage): void;
  stop(): Promise<void>;
}

export interface LightServiceOptions {
  readonly client: LightClientOptions;
  readonly store: ChainStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes the sources, given where their inputs go. */
  readonly sources: (emit: (input: LightInput) => void, count: (code: string) => void) => readonly HeaderSource[];
  /** After it was stored. */
  readonly onOutput: (output: LightOutput) => void;
  /** The store failed: the node must stop. */
  readonly onFailure: (error: unknown) => void;
}

const CLOCK_CHECK_MS = 5_000;

export class LightService {
  readonly #options: LightServiceOptions;
  readonly #client: LightClient;
  readonly #driver: Driver<LightInput, ChainWrite, LightMessage, LightOutput>;
  readonly #sources: ReadonlyMap<string, HeaderSource>;
  /** What happened on links, by code. */
  readonly #linkCounters = new Counters();
  #clockTimer: NodeJS.Timeout | undefined;
  #clockSet: boolean | undefined;

  constructor(options: LightServiceOptions) {
    this.#options = options;
    this.#client = new LightClient(options.client);
    const sources = options.sources(
      (input) => this.#driver.input(input),
      (code) => this.#linkCounters.add(code),
    );
    this.#sources = new Map(sources.map((source) => [source.name, source]));
    this.#driver = new Driver(this.#client, {
      persist: (writes) => options.store.apply(writes),
      send: (message) => this.#sources.get(message.source)?.send(message),
      output: (output) => this.#report(output),
      failed: (error) => options.onFailure(error),
      clock: options.clock,
    });
  }

  start(): void {
    this.#checkClock();
    this.#clockTimer = setInterval(() => this.#checkClock(), CLOCK_CHECK_MS);
    this.#driver.start();
    for (const source of this.#sources.values()) source.start();
  }

  /** Resolves when every link is closed; the store stays open for its owner. */
  async stop(): Promise<void> {
    clearInterval(this.#clockTimer);
    this.#driver.stop();
    await Promise.all([...this.#sources.values()].map((source) => source.stop()));
  }

  status(): LightStatus {
    const status = this.#client.status();
    return { ...status, counters: { ...status.counters, ...this.#linkCounters.snapshot() } };
  }

  input(input: LightInput): void {
    this.#driver.input(input);
  }

  /** A header certified since an operator's decision, at once: true when the sealers were taken. */
  acceptSealers(number: number, hash: Uint8Array): boolean {
    this.#driver.input({ kind: "acceptSealers", number, hash });
    this.#driver.turn();
    return (this.#client.status().height ?? -1) >= number;
  }

  #checkClock(): void {
    const { clock, logger } = this.#options;
    const set = clockIsSet(clock.now(), this.#client.status().headerTime);
    if (set === this.#clockSet) return;
    if (!set) logger.warn({ now: clock.now() }, "the system clock is not set; nothing is accepted until it is");
    this.#clockSet = set;
    this.#driver.input({ kind: "clock", set });
  }

  #report(output: LightOutput): void {
    const { logger, onOutput } = this.#options;
    if (output.kind === "state") {
      const { height } = this.#client.status();
      logger.info({ state: output.state, height, ...output.problem }, "state");
    }
    if (output.kind === "refused") logger.debug({ source: output.source, code: output.code }, "refused");
    else if (output.kind === "fork")
      logger.error({ height: output.evidence.height }, "two certified headers at one height");
    try {
      onOutput(output);
    } catch (thrown) {
      // A listener's mistake must not stop the chain.
      this.#linkCounters.add("LISTENER_FAILED");
      logger.error({ code: codeOf(thrown) }, "a listener failed");
    }
  }
}
