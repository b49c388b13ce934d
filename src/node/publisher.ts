/**
 * Puts verified headers on the content network: the chain record, the newest header, full segments and sealer-set changes
 * as retained messages, answers to requests, and events of watched contracts.
 *
 * It publishes only what its own light client has certified and stored. Retained messages belong to the broker and may be
 * lost or altered there: after each connect the retained head is read back, and a segment that somebody asks for by range
 * although it should be retained is looked at again.
 */
import { equalBytes, toHex, utf8Bytes } from "../base/bytes.js";
import type { Clock } from "../base/clock.js";
import { Counters } from "../base/counters.js";
import { codeOf } from "../base/error.js";
import type { Link, LinkMessage } from "../base/link.js";
import type { Logger } from "../base/logger.js";
import { Committees } from "../chain/committee.js";
import type { LightOutput } from "../chain/lightMessages.js";
import type { ChainStore } from "../chain/store.js";
import { readCertified, reduceStretch } from "../chain/stretch.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { parseJson } from "../codec/json.js";
import { encodeChange, encodeChangeIndex } from "../codec/wire/changeMessage.js";
import type { WireContext } from "../codec/wire/context.js";
import { encodeEvent } from "../codec/wire/eventMessage.js";
import { encodeHead } from "../codec/wire/headMessage.js";
import { PAYLOAD_BYTES_MAX } from "../codec/wire/limits.js";
import { encodeRecord } from "../codec/wire/recordMessage.js";
import { encodeSegment } from "../codec/wire/segment.js";
import type { Subject, Topics } from "../codec/wire/topics.js";
import { RequestDesk } from "./requestDesk.js";
import type { Upstream } from "./upstream.js";

export interface PublisherOptions {
  readonly link: Link;
  readonly topics: Topics;
  readonly chainId: string;
  readonly groupId: string;
  readonly wire: WireContext;
  readonly store: ChainStore;
  /** Headers per segment; fixed for the life of the chain's topics. */
  readonly segmentSize: number;
  /** Block 0 (or the anchor's header) where it is known, so that clients anchored at its hash can ask for it. */
  readonly genesis: HashedHeader | undefined;
  /** Lowest certified height in the store. */
  readonly firstNumber: number;
  /** Retained segments in all; older ones come on request. Default SEGMENTS_RETAINED_BYTES. */
  readonly retainedBytesMax?: number;
  readonly watch: readonly Uint8Array[];
  readonly upstream: Upstream | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const SEGMENTS_RETAINED_BYTES = 64 * 1024 * 1024;
/** How long a read-back may take before the topic counts as empty. */
export const READ_BACK_MS = 1_500;
const STATE_RECORD = "publisher";
const HEAD_RECORD = "publisher/head";
const RETRY_MS = 1_000;

/** What survives a restart. */
interface PublisherState {
  changes: number[];
  /** First segment start that is not yet published. */
  nextSegment: number;
  retainedFrom: number;
  /** Height up to which events of watched contracts were published; those before the first start are not. */
  eventsDone: number | undefined;
}

export class Publisher {
  readonly counters = new Counters();
  readonly #options: PublisherOptions;
  readonly #committees: Committees;
  readonly #desk: RequestDesk;
  readonly #state: PublisherState;
  #newest: HashedHeader | undefined;
  #headPublished: number | undefined;
  #changesPublished = 0;
  #recordDirty = true;
  #checks: number[] = [];
  #readBacks = new Map<string, (payload: Uint8Array | undefined) => void>();
  #working = false;
  /** The retained state at the broker was looked at since the last connect. */
  #settled = false;
  #stopped = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #segmentBytes = new Map<number, number>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#committees = new Committees(options.wire.suite, options.wire.profile.faultModel);
    this.#state = this.#restore();
    this.#desk = new RequestDesk({
      ...options,
      committees: this.#committees,
      count: (code) => this.counters.add(code),
      askedForSegment: (start) => this.#recheck(start),
    });
  }

  start(): void {
    this.#options.link.start({
      connected: () => this.#onConnected(),
      disconnected: (code) => this.#onDisconnected(code),
      message: (message) => this.#onMessage(message),
      dropped: (code) => this.counters.add(code),
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    await this.#options.link.stop();
  }

  /** Output of the light client that certifies every header (mode `forward`). */
  onOutput(output: LightOutput): void {
    if (output.kind !== "accepted") return;
    this.#newest = output.header;
    const { number } = output.header.header;
    // The first header after the anchor shows the anchor's own list; only later differences are changes.
    if (output.sealersChanged && number > this.#options.firstNumber) this.#state.changes.push(number);
    this.#work();
  }

  get status(): { readonly head: number | undefined; readonly retainedFrom: number; readonly changes: number } {
    const { retainedFrom, changes } = this.#state;
    return { head: this.#headPublished, retainedFrom, changes: changes.length };
  }

  #restore(): PublisherState {
    const { store, segmentSize, firstNumber, wire } = this.#options;
    const newestSpan = store
      .spans()
      .filter(({ status }) => status === "certified")
      .at(-1);
    if (newestSpan !== undefined) {
      const last = newestSpan.start + newestSpan.count - 1;
      this.#newest = readCertified(store, last, last, wire)[0];
    }
    const first = Math.ceil(firstNumber / segmentSize) * segmentSize;
    const fresh = { changes: [], nextSegment: first, retainedFrom: first, eventsDone: undefined };
    const bytes = store.record(STATE_RECORD);
    if (bytes === undefined) return fresh;
    return { ...fresh, ...(parseJson(new TextDecoder().decode(bytes)) as Partial<PublisherState>) };
  }

  #saveState(): void {
    this.#options.store.apply([{ kind: "record", name: STATE_RECORD, bytes: utf8Bytes(JSON.stringify(this.#state)) }]);
  }

  #onConnected(): void {
    const { link, topics } = this.#options;
    const request = topics.name({ kind: "request" });
    link.subscribe([request]).catch((thrown: unknown) => this.counters.add(codeOf(thrown)));
    this.#recordDirty = true;
    this.#headPublished = undefined;
    this.#settled = false;
    void this.#restoreRetained();
  }

  #onDisconnected(code: string): void {
    this.counters.add(code);
    this.#headPublished = undefined;
    for (const resolve of this.#readBacks.values()) resolve(undefined);
    this.#readBacks.clear();
  }

  #onMessage({ topic, payload }: LinkMessage): void {
    const readBack = this.#readBacks.get(topic);
    if (readBack !== undefined) {
      this.#readBacks.delete(topic);
      readBack(payload);
      return;
    }
    if (this.#options.topics.parse(topic)?.kind === "request") void this.#desk.serve(payload);
  }

  /** Reads the retained head and change index back; where they are not ours, everything retained is published again. */
  async #restoreRetained(): Promise<void> {
    const expected = this.#options.store.record(HEAD_RECORD);
    // Whoever never published anything has nothing to read back.
    const [head, changes] =
      expected === undefined
        ? []
        : await Promise.all([this.#readBack({ kind: "head" }), this.#readBack({ kind: "changes" })]);
    const intact =
      head !== undefined &&
      expected !== undefined &&
      equalBytes(head, expected) &&
      changes !== undefined &&
      equalBytes(changes, encodeChangeIndex(this.#state.changes));
    if (intact) {
      this.#changesPublished = this.#state.changes.length;
    } else {
      if (expected !== undefined) this.counters.add("RETAINED_RESTORED");
      this.#changesPublished = 0;
      this.#state.nextSegment = this.#state.retainedFrom;
    }
    this.#settled = true;
    this.#work();
  }

  async #readBack(subject: Subject): Promise<Uint8Array | undefined> {
    const { link, topics } = this.#options;
    const topic = topics.name(subject);
    const arrived = new Promise<Uint8Array | undefined>((resolve) => {
      this.#readBacks.set(topic, resolve);
      setTimeout(() => resolve(undefined), READ_BACK_MS).unref();
    });
    try {
      await link.subscribe([topic]);
      const payload = await arrived;
      this.#readBacks.delete(topic);
      await link.unsubscribe([topic]);
      return payload;
    } catch (thrown) {
      this.counters.add(codeOf(thrown));
      return undefined;
    }
  }

  /** A full segment was asked for by range although it should be retained: look whether it still is. */
  #recheck(start: number): void {
    const { segmentSize } = this.#options;
    const published = start >= this.#state.retainedFrom && start + segmentSize <= this.#state.nextSegment;
    if (published && !this.#checks.includes(start) && this.#checks.length < 64) this.#checks.push(start);
    this.#work();
  }

  /** Publishes whatever is due, one thing at a time, until nothing is. */
  #work(): void {
    if (this.#working || this.#stopped || !this.#settled || !this.#options.link.connected) return;
    this.#working = true;
    void this.#publishDue()
      .catch((thrown: unknown) => {
        this.counters.add(codeOf(thrown));
        this.#options.logger.debug({ code: codeOf(thrown) }, "publishing paused");
        this.#retryTimer = setTimeout(() => this.#work(), RETRY_MS);
      })
      .finally(() => {
        this.#working = false;
        if (this.#due()) this.#work();
      });
  }

  #due(): boolean {
    if (!this.#options.link.connected || this.#newest === undefined || this.#retryTimer?.hasRef()) return false;
    return this.#headPublished !== this.#newest.header.number || this.#checks.length > 0;
  }

  async #publishDue(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (this.#recordDirty) await this.#publishRecord();
    await this.#publishChanges();
    await this.#publishSegments();
    await this.#publishHead();
    await this.#recheckSegments();
    await this.#publishEvents();
  }

  async #publish(subject: Subject, payload: Uint8Array): Promise<void> {
    await this.#options.link.publish(this.#options.topics.name(subject), payload, { retain: true, qos: 1 });
    this.counters.add("PUBLISHED");
  }

  async #publishRecord(): Promise<void> {
    const { chainId, groupId, wire, segmentSize, firstNumber, genesis, watch } = this.#options;
    this.#recordDirty = false;
    const record = {
      chainId,
      groupId,
      profile: wire.profile,
      segmentSize,
      firstNumber: genesis === undefined ? firstNumber : genesis.header.number,
      retainedFrom: this.#state.retainedFrom,
      watched: watch,
    };
    await this.#publish({ kind: "record" }, encodeRecord(record));
  }

  async #publishChanges(): Promise<void> {
    const { store, wire } = this.#options;
    if (this.#changesPublished === this.#state.changes.length && this.#headPublished !== undefined) return;
    for (; this.#changesPublished < this.#state.changes.length; this.#changesPublished++) {
      const height = this.#state.changes[this.#changesPublished] as number;
      const [before, header] = readCertified(store, height - 1, height, wire);
      if (before === undefined || header === undefined) continue;
      const committing = wire.profile.layout === "edgeseal" ? before : undefined;
      await this.#publish({ kind: "change", height }, encodeChange(committing, header, wire));
    }
    this.#saveState();
    await this.#publish({ kind: "changes" }, encodeChangeIndex(this.#state.changes));
  }

  async #publishSegments(): Promise<void> {
    const { segmentSize } = this.#options;
    const newest = this.#newest?.header.number ?? -1;
    let published = false;
    while (this.#state.nextSegment + segmentSize - 1 <= newest) {
      const start = this.#state.nextSegment;
      const payload = this.#segment(start);
      if (payload !== undefined) {
        await this.#publish({ kind: "segment", start }, payload);
        this.#segmentBytes.set(start, payload.length);
      }
      this.#state.nextSegment = start + segmentSize;
      published = true;
      await this.#releaseOldSegments();
    }
    if (published) this.#saveState();
  }

  /** The full segment reduced to quorum signatures, or undefined where headers are missing or it would be too large. */
  #segment(start: number): Uint8Array | undefined {
    const { store, segmentSize, wire } = this.#options;
    const [before] = readCertified(store, start - 1, start - 1, wire);
    const headers = readCertified(store, start, start + segmentSize - 1, wire);
    if (headers.length !== segmentSize) return undefined;
    const payload = encodeSegment(reduceStretch(headers, before, this.#committees), true, wire);
    // Sealers may have become many since the size was chosen; such a stretch comes on request, in parts.
    return payload.length > PAYLOAD_BYTES_MAX ? undefined : payload;
  }

  /** Clears the oldest retained segments when all together pass the limit; they come on request from then on. */
  async #releaseOldSegments(): Promise<void> {
    const { link, topics, segmentSize, retainedBytesMax = SEGMENTS_RETAINED_BYTES } = this.#options;
    const perSegment = this.#segmentBytes.get(this.#state.nextSegment - segmentSize) ?? 0;
    while (((this.#state.nextSegment - this.#state.retainedFrom) / segmentSize) * perSegment > retainedBytesMax) {
      const start = this.#state.retainedFrom;
      this.#state.retainedFrom = start + segmentSize;
      this.#segmentBytes.delete(start);
      this.#recordDirty = true;
      await link.publish(topics.name({ kind: "segment", start }), new Uint8Array(0), { retain: true, qos: 1 });
    }
  }

  async #publishHead(): Promise<void> {
    const { wire, store } = this.#options;
    const newest = this.#newest;
    if (newest === undefined || newest.header.number === this.#headPublished) return;
    const payload = encodeHead(newest, wire);
    await this.#publish({ kind: "head" }, payload);
    this.#headPublished = newest.header.number;
    store.apply([{ kind: "record", name: HEAD_RECORD, bytes: payload }]);
  }

  async #recheckSegments(): Promise<void> {
    for (let start = this.#checks.shift(); start !== undefined; start = this.#checks.shift()) {
      const expected = this.#segment(start);
      const retained = await this.#readBack({ kind: "segment", start });
      if (expected === undefined || (retained !== undefined && equalBytes(retained, expected))) continue;
      this.counters.add("RETAINED_RESTORED");
      await this.#publish({ kind: "segment", start }, expected);
    }
  }

  /** Events of watched contracts, block by block in order, at least once. */
  async #publishEvents(): Promise<void> {
    const { upstream, watch } = this.#options;
    const newest = this.#newest?.header.number ?? -1;
    if (upstream === undefined || watch.length === 0 || this.#state.eventsDone === undefined) {
      this.#state.eventsDone = newest;
      return;
    }
    while (this.#state.eventsDone < newest) {
      const number: number = this.#state.eventsDone + 1;
      try {
        await this.#publishEventsOf(number, upstream);
      } catch (thrown) {
        // A node that refuses will refuse again; one that cannot be reached is asked again.
        if (codeOf(thrown) !== "RPC_NODE_ERROR") throw thrown;
        this.counters.add("EVENTS_UNAVAILABLE");
      }
      this.#state.eventsDone = number;
      this.#saveState();
    }
  }

  async #publishEventsOf(number: number, upstream: Upstream): Promise<void> {
    const { watch, link, topics } = this.#options;
    for (const { hash, to } of await upstream.callsTo(number, watch)) {
      const event = await upstream.proof(hash);
      if (event === undefined) {
        this.counters.add("EVENTS_UNAVAILABLE");
        continue;
      }
      await link.publish(topics.name({ kind: "event", address: toHex(to) }), encodeEvent(event), {
        retain: false,
        qos: 1,
      });
      this.counters.add("EVENTS_PUBLISHED");
    }
  }
}
