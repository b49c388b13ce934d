/**
 * The in-memory twin of a content network: one broker, any number of links, retained last values, no real time.
 *
 * Deliveries stand in one first-in-first-out queue. In `automatic` mode it is emptied in a microtask, so two equal runs
 * deliver in equal order; in `manual` mode a test or simulator delivers one by one and may take them out of order.
 * QoS changes nothing here: an unfaulted network loses nothing.
 */
import type { Link, LinkHandlers, LinkMessage, PublishOptions } from "../base/link.js";
import { PAYLOAD_BYTES_MAX } from "./limits.js";
import { type LinkDropCode, LinkError } from "./problems.js";
import { checkFilter, checkTopic, filterMatches, hasWildcard, topicFault } from "./topics.js";

/** Deliveries that may wait at once; more is a test that forgot to deliver. */
export const MEMORY_QUEUE_MESSAGES_MAX = 1_000_000;

export interface MemoryDelivery {
  readonly to: MemoryLink;
  readonly message: LinkMessage;
}

export interface MemoryNetworkOptions {
  readonly mode?: "automatic" | "manual";
  /** How many copies of this delivery reach the link: 0 drops it, 2 duplicates it. Asked once per delivery, when it is queued. */
  readonly copies?: (delivery: MemoryDelivery) => number;
}

export interface MemoryLink extends Link {
  readonly name: string;
}

const NO_HANDLERS: LinkHandlers = { connected() {}, disconnected() {}, message() {}, dropped() {} };

export class MemoryNetwork {
  /** Last values by topic, as a broker keeps them. Tests may read it, and alter it the way a hostile broker would. */
  readonly retained = new Map<string, Uint8Array>();
  readonly #links: MemoryEnd[] = [];
  /** By topic and by filter. */
  readonly #subscribers = new Map<string, Set<MemoryEnd>>();
  readonly #filters = new Set<string>();
  readonly #queue: { readonly end: MemoryEnd; readonly message: LinkMessage }[] = [];
  readonly #options: MemoryNetworkOptions;
  #copies: ((delivery: MemoryDelivery) => number) | undefined;
  #scheduled = false;
  #up = true;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#options = options;
    this.#copies = options.copies;
  }

  /** A new link of this network, not started. */
  link(name = `link-${this.#links.length}`): MemoryLink {
    const end = new MemoryEnd(this, name);
    this.#links.push(end);
    return end;
  }

  /** Replaces the fault hook; undefined delivers everything once. */
  setCopies(copies: ((delivery: MemoryDelivery) => number) | undefined): void {
    this.#copies = copies;
  }

  /** False cuts every link and keeps them cut; true connects all started links again, in the order they were made. */
  setUp(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    for (const end of this.#links) {
      if (up) end.connect();
      else end.disconnect("LINK_CLOSED");
    }
  }

  get up(): boolean {
    return this.#up;
  }

  /** Cuts one link: what is queued for it is lost and its subscriptions are forgotten. */
  disconnect(link: MemoryLink, code = "LINK_CLOSED"): void {
    this.#end(link)?.disconnect(code);
  }

  /** Connects a started link that was cut. */
  reconnect(link: MemoryLink): void {
    if (this.#up) this.#end(link)?.connect();
  }

  /** Forgets all retained values, as a broker without persistence does when it restarts. */
  forgetRetained(): void {
    this.retained.clear();
  }

  /** What waits, oldest first. */
  get pending(): readonly MemoryDelivery[] {
    return this.#queue.map((entry) => ({ to: entry.end, message: entry.message }));
  }

  /** Delivers the waiting message at `index` (0 is the oldest). False when there is none. */
  deliver(index = 0): boolean {
    const entry = index === 0 ? this.#queue.shift() : this.#queue.splice(index, 1)[0];
    if (entry === undefined) return false;
    entry.end.receive(entry.message);
    return true;
  }

  /** Delivers until nothing waits, including what is published meanwhile. At most MEMORY_QUEUE_MESSAGES_MAX. */
  flush(): number {
    let delivered = 0;
    while (delivered < MEMORY_QUEUE_MESSAGES_MAX && this.deliver()) delivered++;
    return delivered;
  }

  /** Used by the links of this network. */
  broadcast(topic: string, payload: Uint8Array, retain: boolean): void {
    if (retain && payload.length === 0) this.retained.delete(topic);
    else if (retain) this.retained.set(topic, payload);
    const message: LinkMessage = { topic, payload, retained: false };
    const ends = new Set(this.#subscribers.get(topic));
    for (const filter of this.#filters) {
      if (!filterMatches(filter, topic)) continue;
      for (const end of this.#subscribers.get(filter) ?? []) ends.add(end);
    }
    for (const end of ends) this.#enqueue(end, message);
  }

  /** Used by the links of this network. */
  addSubscriber(end: MemoryEnd, topic: string): void {
    const ends = this.#subscribers.get(topic);
    if (ends === undefined) this.#subscribers.set(topic, new Set([end]));
    else ends.add(end);
    if (hasWildcard(topic)) {
      this.#filters.add(topic);
      for (const [kept, payload] of [...this.retained]) {
        if (filterMatches(topic, kept)) this.#enqueue(end, { topic: kept, payload, retained: true });
      }
      return;
    }
    const payload = this.retained.get(topic);
    if (payload !== undefined) this.#enqueue(end, { topic, payload, retained: true });
  }

  /** Used by the links of this network. */
  removeSubscriber(end: MemoryEnd, topic: string): void {
    const ends = this.#subscribers.get(topic);
    ends?.delete(end);
    if (ends?.size !== 0) return;
    this.#subscribers.delete(topic);
    this.#filters.delete(topic);
  }

  /** Used by the links of this network. */
  forgetQueued(end: MemoryEnd): void {
    for (let i = this.#queue.length - 1; i >= 0; i--) if (this.#queue[i]?.end === end) this.#queue.splice(i, 1);
  }

  #end(link: MemoryLink): MemoryEnd | undefined {
    return this.#links.find((end) => end === link);
  }

  #enqueue(end: MemoryEnd, message: LinkMessage): void {
    const copies = this.#copies?.({ to: end, message }) ?? 1;
    for (let i = 0; i < copies; i++) {
      if (this.#queue.length >= MEMORY_QUEUE_MESSAGES_MAX) end.countDropped("LINK_INBOX_FULL");
      else this.#queue.push({ end, message });
    }
    if (this.#options.mode === "manual" || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}

class MemoryEnd implements MemoryLink {
  readonly name: string;
  readonly #network: MemoryNetwork;
  readonly #topics = new Set<string>();
  #handlers: LinkHandlers = NO_HANDLERS;
  #started = false;
  #connected = false;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(network: MemoryNetwork, name: string) {
    this.#network = network;
    this.name = name;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Payload and topic bytes: there is no wire. */
  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    return { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  start(handlers: LinkHandlers): void {
    if (this.#started) return;
    this.#started = true;
    this.#handlers = handlers;
    queueMicrotask(() => this.connect());
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void> {
    checkTopic(topic);
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new LinkError({ code: "LINK_PAYLOAD_TOO_LARGE", size: payload.length, limit: PAYLOAD_BYTES_MAX });
    }
    this.#demandConnection();
    this.#bytesOut += topic.length + payload.length;
    this.#network.broadcast(topic, new Uint8Array(payload), options.retain);
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) checkFilter(filter);
    this.#demandConnection();
    for (const topic of new Set(filters)) {
      this.#topics.add(topic);
      this.#network.addSubscriber(this, topic);
    }
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) checkFilter(filter);
    this.#demandConnection();
    for (const topic of filters) this.#unsubscribe(topic);
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.disconnect("LINK_CLOSED");
    this.#handlers = NO_HANDLERS;
  }

  connect(): void {
    if (!this.#started || this.#connected || !this.#network.up) return;
    this.#connected = true;
    this.#guarded(() => this.#handlers.connected());
  }

  disconnect(code: string): void {
    if (!this.#connected) return;
    this.#connected = false;
    for (const topic of this.#topics) this.#unsubscribe(topic);
    this.#network.forgetQueued(this);
    this.#guarded(() => this.#handlers.disconnected(code));
  }

  receive(message: LinkMessage): void {
    if (!this.#wants(message.topic)) return;
    this.#bytesIn += message.topic.length + message.payload.length;
    if (message.payload.length > PAYLOAD_BYTES_MAX) this.countDropped("LINK_PAYLOAD_TOO_LARGE");
    else this.#guarded(() => this.#handlers.message(message));
  }

  #wants(topic: string): boolean {
    if (this.#topics.has(topic)) return true;
    if (topicFault(topic) !== undefined) return false;
    for (const filter of this.#topics) if (hasWildcard(filter) && filterMatches(filter, topic)) return true;
    return false;
  }

  countDropped(code: LinkDropCode): void {
    try {
      this.#handlers.dropped(code);
    } catch {
      // A counter that throws has nobody left to tell.
    }
  }

  #unsubscribe(topic: string): void {
    this.#topics.delete(topic);
    this.#network.removeSubscriber(this, topic);
  }

  #demandConnection(): void {
    if (!this.#connected) throw new LinkError({ code: "LINK_NOT_CONNECTED" });
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch {
      this.countDropped("LINK_HANDLER_FAILED");
    }
  }
}
