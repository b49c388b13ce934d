/** A publisher: verifies every header of the node it follows and puts it on a broker. */

import { equalBytes } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import type { Link } from "../base/link.js";
import type { LightStatus } from "../chain/lightClient.js";
import type { LightOutput } from "../chain/lightMessages.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { decodeSegment, encodeSegment } from "../codec/wire/segment.js";
import { topicsOf } from "../codec/wire/topics.js";
import { type ChainSetup, clientOptionsOf, type SyncSettings, segmentSizeOf, wireOf } from "./chainSetup.js";
import { LightService } from "./lightService.js";
import { Publisher } from "./publisher.js";
import type { ChainSource, ChainSourceFactory } from "./upstream.js";

export interface PublisherNodeOptions extends ChainSetup {
  readonly sync: SyncSettings;
  /** The node that is followed: by JSON-RPC, or in this process. */
  readonly source: ChainSourceFactory;
  readonly link: Link;
  readonly retainedBytesMax: number;
  /** 20-byte addresses of contracts whose calls are published with proofs. */
  readonly watch: readonly Uint8Array[];
  readonly onOutput: (output: LightOutput) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Pause before block 0 is asked for again. */
const GENESIS_RETRY_MS = 500;
const GENESIS_RECORD = "genesis";

export class PublisherNode {
  readonly #options: PublisherNodeOptions;
  readonly #service: LightService;
  #source: ChainSource | undefined;
  #publisher: Publisher | undefined;
  #stopped = false;
  #genesisTimer: NodeJS.Timeout | undefined;

  constructor(options: PublisherNodeOptions) {
    this.#options = options;
    const { anchor, source, store, clock, logger } = options;
    this.#service = new LightService({
      client: clientOptionsOf(options, { ...options.sync, mode: "forward", fill: false, windowHeaders: 0 }),
      store,
      clock,
      logger,
      onFailure: options.onFailure,
      onOutput: (output) => {
        // Headers verified before the publisher is open are in the store; it finds them there.
        this.#publisher?.onOutput(output);
        options.onOutput(output);
      },
      sources: (emit, count) => {
        this.#source = source({
          chainId: anchor.chainId,
          groupId: anchor.groupId,
          wire: wireOf(options),
          segmentSize: segmentSizeOf(options),
          emit,
          count,
        });
        return [this.#source];
      },
    });
  }

  start(): void {
    this.#service.start();
    void this.#openPublisher();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#genesisTimer);
    await Promise.all([this.#service.stop(), this.#publisher?.stop()]);
  }

  status(): LightStatus & { readonly published: Publisher["status"] | undefined } {
    const status = this.#service.status();
    const counters = { ...status.counters, ...this.#publisher?.counters.snapshot() };
    return { ...status, counters, published: this.#publisher?.status };
  }

  acceptSealers(number: number, hash: Uint8Array): boolean {
    return this.#service.acceptSealers(number, hash);
  }

  /** Block 0 is fetched first, because clients that are anchored at its hash alone ask for it. */
  async #openPublisher(): Promise<void> {
    const { anchor, link, store, watch, clock, logger, retainedBytesMax } = this.#options;
    const genesis = anchor.height === 0 ? await this.#genesis() : undefined;
    if (this.#stopped) return;
    if (anchor.height === 0 && genesis === undefined) {
      this.#genesisTimer = setTimeout(() => void this.#openPublisher(), GENESIS_RETRY_MS);
      return;
    }
    this.#publisher = new Publisher({
      link,
      topics: topicsOf(anchor.chainId, anchor.groupId),
      chainId: anchor.chainId,
      groupId: anchor.groupId,
      wire: wireOf(this.#options),
      store,
      segmentSize: segmentSizeOf(this.#options),
      genesis,
      firstNumber: anchor.height + 1,
      retainedBytesMax,
      watch,
      upstream: this.#source,
      clock,
      logger,
    });
    this.#publisher.start();
  }

  async #genesis(): Promise<HashedHeader | undefined> {
    const { store, anchor, logger } = this.#options;
    const wire = wireOf(this.#options);
    const stored = store.record(GENESIS_RECORD);
    if (stored !== undefined) return decodeSegment(stored, wire).headers[0];
    try {
      const [genesis] = (await this.#source?.headers(0, 1)) ?? [];
      if (genesis === undefined || !equalBytes(genesis.hash, anchor.hash)) return undefined;
      store.apply([{ kind: "record", name: GENESIS_RECORD, bytes: encodeSegment([genesis], true, wire) }]);
      return genesis;
    } catch (thrown) {
      logger.debug({ code: codeOf(thrown) }, "block 0 is not to be had yet");
      return undefined;
    }
  }
}
