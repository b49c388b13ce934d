/**
 * Token buckets for the topics that one filter with `+` lets in. Whoever publishes invents these names, so their number
 * has a bound. A topic has a bucket of its own while there is room; a bucket that is in use is never taken away for a
 * newcomer, only one that is full again. Topics without a bucket share one. So whoever sprays names spends what newcomers
 * share, and the topics that are known go on as if nothing were.
 */
import { TokenBucket } from "./tokenBucket.js";

/** As many as a gateway has devices, and the retained messages of all of them come at once. */
export const MATCHED_TOPICS_MAX = 4_096;

export interface MatchedTopicsLimits {
  readonly topicsMax: number;
  readonly topicBurst: number;
  readonly topicPerSecond: number;
}

export class MatchedTopics {
  readonly #limits: MatchedTopicsLimits;
  /** The one that was used longest ago comes first. */
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #newcomers: TokenBucket;

  constructor(limits: MatchedTopicsLimits, nowMs: number) {
    this.#limits = limits;
    this.#newcomers = new TokenBucket(limits.topicsMax, limits.topicPerSecond, nowMs);
  }

  get count(): number {
    return this.#buckets.size;
  }

  spend(topic: string, nowMs: number): boolean {
    const known = this.#buckets.get(topic);
    if (known !== undefined) {
      this.#buckets.delete(topic);
      this.#buckets.set(topic, known);
      return known.spend(nowMs);
    }
    if (!this.#newcomers.spend(nowMs)) return false;
    if (!this.#makeRoom(nowMs)) return true;
    const { topicBurst, topicPerSecond } = this.#limits;
    const bucket = new TokenBucket(topicBurst, topicPerSecond, nowMs);
    this.#buckets.set(topic, bucket);
    return bucket.spend(nowMs);
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#buckets.size < this.#limits.topicsMax) return true;
    const [oldest] = this.#buckets;
    if (oldest === undefined || !oldest[1].isFull(nowMs)) return false;
    return this.#buckets.delete(oldest[0]);
  }
}
