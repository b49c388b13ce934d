/**
 * Between the network and the handler: a token bucket per topic and a bound on everything that waits.
 *
 * Only topics that were subscribed to get through, so a broker cannot make the table of buckets grow. The handler runs in
 * its own turn, a few messages at a time, so that a burst does not starve timers; while more than half of the bound
 * waits, reading from the socket stops.
 */
import type { LinkMessage } from "../base/link.js";
import type { LinkDropCode } from "./problems.js";

export const INBOX_MESSAGES_MAX = 4_096;
export const INBOX_BYTES_MAX = 8 * 1024 * 1024;
export const TOPIC_BURST_MESSAGES = 512;
export const TOPIC_MESSAGES_PER_SECOND = 256;
/** Messages handed on before other work gets a turn. */
const INBOX_BATCH_MESSAGES = 64;

export interface InboxLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly topicBurst: number;
  readonly topicPerSecond: number;
}

export const INBOX_LIMITS: InboxLimits = {
  messagesMax: INBOX_MESSAGES_MAX,
  bytesMax: INBOX_BYTES_MAX,
  topicBurst: TOPIC_BURST_MESSAGES,
  topicPerSecond: TOPIC_MESSAGES_PER_SECOND,
};

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export interface InboxOutlets {
  deliver(message: LinkMessage): void;
  dropped(code: LinkDropCode): void;
  /** Asks the source to stop or go on. */
  hold(held: boolean): void;
  /** Milliseconds of a clock that never jumps. */
  monotonicMs(): number;
}

export class Inbox {
  readonly #limits: InboxLimits;
  readonly #outlets: InboxOutlets;
  readonly #buckets = new Map<string, Bucket>();
  #queue: LinkMessage[] = [];
  /** Index of the oldest message in `#queue`; cheaper than shifting a long array. */
  #next = 0;
  #bytes = 0;
  #held = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(limits: InboxLimits, outlets: InboxOutlets) {
    this.#limits = limits;
    this.#outlets = outlets;
  }

  get topicCount(): number {
    return this.#buckets.size;
  }

  has(topic: string): boolean {
    return this.#buckets.has(topic);
  }

  /** Lets messages of this topic through from now on, with a full bucket. */
  open(topic: string): void {
    this.#buckets.set(topic, { tokens: this.#limits.topicBurst, filledAtMs: this.#outlets.monotonicMs() });
  }

  close(topic: string): void {
    this.#buckets.delete(topic);
  }

  offer(message: LinkMessage): void {
    const bucket = this.#buckets.get(message.topic);
    if (bucket === undefined) this.#outlets.dropped("LINK_TOPIC_UNEXPECTED");
    else if (!this.#spend(bucket)) this.#outlets.dropped("LINK_TOPIC_FLOODED");
    else if (this.#waiting >= this.#limits.messagesMax || this.#bytes + message.payload.length > this.#limits.bytesMax)
      this.#outlets.dropped("LINK_INBOX_FULL");
    else this.#put(message);
  }

  /** Forgets all topics and everything that waits. */
  clear(): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#buckets.clear();
    this.#queue = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#held = false;
  }

  get #waiting(): number {
    return this.#queue.length - this.#next;
  }

  #spend(bucket: Bucket): boolean {
    const now = this.#outlets.monotonicMs();
    const gained = ((now - bucket.filledAtMs) / 1000) * this.#limits.topicPerSecond;
    bucket.tokens = Math.min(this.#limits.topicBurst, bucket.tokens + gained);
    bucket.filledAtMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #put(message: LinkMessage): void {
    this.#queue.push(message);
    this.#bytes += message.payload.length;
    this.#turn ??= setImmediate(() => this.#deliver());
    this.#steer();
  }

  #deliver(): void {
    this.#turn = undefined;
    for (let i = 0; i < INBOX_BATCH_MESSAGES; i++) {
      const message = this.#queue[this.#next];
      if (message === undefined) break;
      this.#next++;
      this.#bytes -= message.payload.length;
      this.#outlets.deliver(message);
    }
    if (this.#waiting === 0) {
      this.#queue = [];
      this.#next = 0;
    } else {
      if (this.#next > this.#limits.messagesMax) {
        this.#queue = this.#queue.slice(this.#next);
        this.#next = 0;
      }
      this.#turn ??= setImmediate(() => this.#deliver());
    }
    this.#steer();
  }

  /** Holds above one half of either bound and goes on below one quarter of both. */
  #steer(): void {
    const { messagesMax, bytesMax } = this.#limits;
    const level = Math.max(this.#waiting / messagesMax, this.#bytes / bytesMax);
    const held = this.#held ? level > 0.25 : level > 0.5;
    if (held === this.#held) return;
    this.#held = held;
    this.#outlets.hold(held);
  }
}
