/**
 * A small fault simulator for light clients: virtual clock, sources that lose, delay, repeat and reorder what they send,
 * strangers that inject, a disk that survives crashes. Everything follows from one seed.
 *
 * It is a second driver of the same machine as `src/node/driver.ts`: step, persist, send.
 */

import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { toHex } from "../../src/base/bytes.js";
import { Committees } from "../../src/chain/committee.js";
import { LightClient, type LightClientOptions } from "../../src/chain/lightClient.js";
import type { LightInput, LightMessage, LightOutput } from "../../src/chain/lightMessages.js";
import { restoreLightClient } from "../../src/chain/restore.js";
import { reduceStretch } from "../../src/chain/stretch.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { decodeChange, encodeChange } from "../../src/codec/wire/changeMessage.js";
import { decodeHead, encodeHead } from "../../src/codec/wire/headMessage.js";
import { SEGMENT_BYTES_MAX } from "../../src/codec/wire/limits.js";
import { decodeSegment, encodeSegment } from "../../src/codec/wire/segment.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { clientOptions, GENESIS_TIME, wireOf } from "./chains.js";

export interface Faults {
  /** Chance per message, 0..1. */
  readonly lost: number;
  readonly repeated: number;
  /** Longest delay, ms; deliveries of different delay overtake each other. */
  readonly delayMs: number;
}

export const NO_FAULTS: Faults = { lost: 0, repeated: 0, delayMs: 0 };

export interface WorldOptions {
  readonly chain: ChainIssuer;
  readonly seed: number;
  readonly faults?: Faults;
  readonly sources?: readonly string[];
  readonly segmentSize?: number;
  /** Publishers keep segments retained; without, everything is asked for. */
  readonly retained?: boolean;
  readonly client?: Partial<LightClientOptions>;
  /** May replace or drop what a source answers. */
  readonly tamper?: (source: string, input: LightInput) => LightInput | undefined;
}

interface Delivery {
  readonly at: number;
  readonly order: number;
  readonly input: LightInput;
}

const TICK_MS = 100;

export class SeededWorld {
  readonly store = new MemoryStore();
  readonly outputs: LightOutput[] = [];
  readonly #options: WorldOptions;
  readonly #random: SeededRandom;
  readonly #sources: readonly string[];
  readonly #committees: Committees;
  #pending: Delivery[] = [];
  #order = 0;
  client: LightClient;
  now: number;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#sources = options.sources ?? ["one"];
    const { chain } = options;
    this.#committees = new Committees(chain.suite, chain.profile.faultModel);
    this.now = chain.height === 0 ? GENESIS_TIME : chain.head.header.timestamp + 500;
    this.client = this.#makeClient();
    this.connect();
  }

  #makeClient(): LightClient {
    const { chain, client } = this.#options;
    const options = clientOptions(chain, { ...client, random: this.#random.child(`client${this.#order++}`) });
    const restored = restoreLightClient(this.store, options.anchor, wireOf(chain), this.now);
    return new LightClient({ ...options, restored });
  }

  /** The process dies and starts again with what its disk holds; everything under way is lost. */
  crash(): void {
    this.#pending = [];
    this.client = this.#makeClient();
    this.connect();
  }

  connect(): void {
    this.client.tick(this.now);
    this.client.step({ kind: "clock", set: true });
    for (const source of this.#sources) {
      this.client.step({ kind: "connected", source });
      this.announce(source);
    }
    this.carryOut();
  }

  /** What a source keeps retained comes again: record, change index, newest header. */
  announce(only?: string): void {
    const { chain, retained = true, segmentSize = 16 } = this.#options;
    if (chain.height === 0) return;
    for (const source of only === undefined ? this.#sources : [only]) {
      this.send({
        kind: "record",
        source,
        record: {
          chainId: chain.chainId,
          groupId: chain.groupId,
          profile: chain.profile,
          segmentSize,
          firstNumber: 0,
          retainedFrom: retained ? 0 : Number.MAX_SAFE_INTEGER,
          watched: [],
        },
      });
      this.send({ kind: "changeIndex", source, heights: chain.changeHeights });
      const header = decodeHead(encodeHead(chain.head, wireOf(chain)), wireOf(chain));
      this.send({ kind: "head", source, header });
    }
  }

  /** Puts an input on its way, through the faults. */
  send(input: LightInput): void {
    const { lost, repeated, delayMs } = this.#options.faults ?? NO_FAULTS;
    const source = "source" in input ? input.source : "";
    const tampered = this.#options.tamper === undefined ? input : this.#options.tamper(source, input);
    if (tampered === undefined || this.#chance(lost)) return;
    const copies = this.#chance(repeated) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const at = this.now + (delayMs === 0 ? 0 : this.#random.below(delayMs));
      this.#pending.push({ at, order: this.#order++, input: tampered });
    }
  }

  #chance(probability: number): boolean {
    return this.#random.uint32() < probability * 2 ** 32;
  }

  /** Delivers, ticks and answers for `ms` of virtual time. */
  run(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now += TICK_MS;
      this.#deliver();
      this.client.tick(this.now);
      this.carryOut();
    }
  }

  #deliver(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const due = this.#pending.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order);
      if (due.length === 0) return;
      this.#pending = this.#pending.filter(({ at }) => at > this.now);
      for (const { input } of due) {
        this.client.step(input);
        this.carryOut();
      }
    }
    throw new Error("deliveries never end");
  }

  carryOut(): void {
    for (let ready = this.client.ready(); ready !== undefined; ready = this.client.ready()) {
      if (ready.writes.length > 0) this.store.apply(ready.writes);
      this.client.advance();
      this.outputs.push(...ready.outputs);
      for (const message of ready.messages) this.#serve(message);
    }
  }

  #serve(message: LightMessage): void {
    const { chain, segmentSize = 16 } = this.#options;
    const wire = wireOf(chain);
    const { source } = message;
    if (message.kind === "subscribe") {
      for (const subject of message.subjects) {
        if (subject.kind === "segment" && subject.start + segmentSize - 1 <= chain.height) {
          const bytes = this.#segment(subject.start, subject.start + segmentSize - 1);
          const segment = decodeSegment(bytes, wire);
          this.send({ kind: "segment", source, start: subject.start, stretch: { ...segment, bytes } });
        }
        if (subject.kind === "change") {
          const { height } = subject;
          const before = chain.profile.layout === "edgeseal" ? chain.header(height - 1) : undefined;
          const change = decodeChange(encodeChange(before, chain.header(height), wire), wire);
          this.send({ kind: "change", source, change });
        }
      }
      return;
    }
    if (message.kind !== "request") return;
    const id = toHex(message.id);
    const { question } = message;
    if (question.what === "headers" && question.from <= chain.height) {
      const to = Math.min(chain.height, question.from + question.count - 1);
      const bytes = this.#segment(question.from, to);
      if (bytes.length > SEGMENT_BYTES_MAX) this.send({ kind: "declined", source, id, status: "unavailable" });
      else this.send({ kind: "headers", source, id, stretch: { ...decodeSegment(bytes, wire), bytes } });
    } else if (question.what === "block" && chain.hasBody(question.number)) {
      this.send({ kind: "block", source, id, body: chain.body(question.number) });
    } else this.send({ kind: "declined", source, id, status: "unavailable" });
  }

  #segment(from: number, to: number): Uint8Array {
    const { chain } = this.#options;
    const headers: HashedHeader[] = chain.headers(from, to);
    const before = from > 1 ? chain.header(from - 1) : undefined;
    const reduced = headers.length === 1 ? headers : reduceStretch(headers, before, this.#committees);
    return encodeSegment(reduced, true, wireOf(chain));
  }

  get height(): number | undefined {
    return this.client.status().height;
  }

  get refused(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const output of this.outputs)
      if (output.kind === "refused") counts[output.code] = (counts[output.code] ?? 0) + 1;
    return counts;
  }
}
