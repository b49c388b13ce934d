/**
 * Between the network and the handler: a token bucket per topic and a bound on everything that waits.
 *
 * Only topics that were subscribed to get through, so a broker cannot make the table of buckets grow; what a filter with
 * `+` lets in has a bound of its own (`matchedTopics.ts`), and leaves a quarter of the waiting room to exact topics. The
 * handler runs in its own turn, a few messages at a time, so that a burst does not starve timers; while more than half of the bound
 * waits, reading from the socket stops.
 */
import type { LinkMessage } from "../base/link.js";
import { MATCHED_TOPICS_MAX, MatchedTopics } from "./matchedTopics.js";
import type { LinkDropCode } from "./problems.js";
import { TokenBucket } from "./tokenBucket.js";
import { filterMatches, hasWildcard, topicFault } from "./topics.js";

export const INBOX_MESSAGES_MAX = 4_096;
export const INBOX_BYTES_MAX = 8 * 1024 * 1024;
export const TOPIC_BURST_MESSAGES = 512;
export const TOPIC_MESSAGES_PER_SECOND = 256;
/** Messages handed on before other work gets a turn. */
const INBOX_BATCH_MESSAGES = 64;
/** Of both bounds, for what filters let in; more than the half from which reading from the socket stops. */
const MATCHED_SHARE = 0.75;

export interface InboxLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly topicBurst: number;
  readonly topicPerSecond: number;
  /** Topics with a bucket of their own, for each filter. */
  readonly matchedTopicsMax: number;
}

export const INBOX_LIMITS: InboxLimits = {
  messagesMax: INBOX_MESSAGES_MAX,
  bytesMax: INBOX_BYTES_MAX,
  topicBurst: TOPIC_BURST_MESSAGES,
  topicPerSecond: TOPIC_MESSAGES_PER_SECOND,
  matchedTopicsMax: MATCHED_TOPICS_MAX,
};

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
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #filters = new Map<string, MatchedTopics>();
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

  /** Topics and filters. */
  get topicCount(): number {
    return this.#buckets.size + this.#filters.size;
  }

  get filterCount(): number {
    return this.#filters.size;
  }

  has(filter: string): boolean {
    return this.#buckets.has(filter) || this.#filters.has(filter);
  }

  /** Lets messages of this topic or filter through from now on, with full buckets. */
  open(filter: string): void {
    const now = this.#outlets.monotonicMs();
    const { topicBurst, topicPerSecond, matchedTopicsMax } = this.#limits;
    if (hasWildcard(filter)) {
      const limits = { topicsMax: matchedTopicsMax, topicBurst, topicPerSecond };
      this.#filters.set(filter, new MatchedTopics(limits, now));
    } else this.#buckets.set(filter, new TokenBucket(topicBurst, topicPerSecond, now));
  }

  close(filter: string): void {
    this.#buckets.delete(filter);
    this.#filters.delete(filter);
  }

  offer(message: LinkMessage): void {
    const bucket = this.#buckets.get(message.topic);
    const matched = bucket === undefined ? this.#matched(message.topic) : undefined;
    const now = this.#outlets.monotonicMs();
    if (bucket === undefined && matched === undefined) this.#outlets.dropped("LINK_TOPIC_UNEXPECTED");
    else if (!(bucket?.spend(now) ?? matched?.spend(message.topic, now))) this.#outlets.dropped("LINK_TOPIC_FLOODED");
    else if (this.#isFull(message, matched === undefined ? 1 : MATCHED_SHARE)) this.#outlets.dropped("LINK_INBOX_FULL");
    else this.#put(message);
  }

  /** Forgets all topics and everything that waits. */
  clear(): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#buckets.clear();
    this.#filters.clear();
    this.#queue = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#held = false;
  }

  get #waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** A name that came in is looked at before it becomes one that we keep. */
  #matched(topic: string): MatchedTopics | undefined {
    if (this.#filters.size === 0 || topicFault(topic) !== undefined) return undefined;
    for (const [filter, matched] of this.#filters) if (filterMatches(filter, topic)) return matched;
    return undefined;
  }

  #isFull(message: LinkMessage, share: number): boolean {
    const { messagesMax, bytesMax } = this.#limits;
    return this.#waiting >= share * messagesMax || this.#bytes + message.payload.length > share * bytesMax;
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
