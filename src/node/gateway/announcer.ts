/**
 * Retained values on their way to the broker: of each topic only the newest, one at a time, and all topics fairly. What
 * cannot be published now is tried again while the connection lasts; after a reconnect values are put in anew anyway, and
 * topics that are to be cleared are still waiting.
 */
import { EMPTY_BYTES } from "../../base/bytes.js";
import type { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { Link } from "../../base/link.js";
import { DEVICES_MAX } from "../../device/device.js";

interface Waiting {
  readonly payload: Uint8Array;
  /** The topic is to be cleared before: what stood there was of something else, which must be seen to go. */
  readonly clearFirst: boolean;
}

/** Topics that wait: four of each device there may be. The oldest makes room and is counted. */
export const ANNOUNCEMENTS_WAITING_MAX = 4 * DEVICES_MAX;
/** Publishes that wait for their acknowledgement. */
export const ANNOUNCEMENTS_IN_FLIGHT = 16;
/** Pause after one that failed. */
export const ANNOUNCE_RETRY_MS = 1_000;

const CLEARED: Waiting = { payload: EMPTY_BYTES, clearFirst: false };

export class Announcer {
  readonly #link: Link;
  readonly #counters: Counters;
  /** By topic, oldest first. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #inFlight = new Set<string>();
  #retryTimer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(link: Link, counters: Counters) {
    this.#link = link;
    this.#counters = counters;
  }

  /** The newest value of a topic; an empty one clears it, and is never left out for a later value. */
  put(topic: string, payload: Uint8Array): void {
    const before = this.#waiting.get(topic);
    if (before === undefined && this.#waiting.size >= ANNOUNCEMENTS_WAITING_MAX) this.#dropOldest();
    const clearing = before !== undefined && (before.clearFirst || before.payload.length === 0);
    this.#waiting.set(topic, { payload, clearFirst: clearing && payload.length > 0 });
    this.#next();
  }

  /** Resolves when nothing waits and nothing is under way, or the connection has ended. */
  idle(): Promise<void> {
    if (!this.#link.connected || this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** The connection has ended: values are put in anew after the next connect, what is to be cleared would be forgotten. */
  forgetValues(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    for (const [topic, { payload, clearFirst }] of this.#waiting) {
      if (clearFirst) this.#waiting.set(topic, CLEARED);
      else if (payload.length > 0) this.#waiting.delete(topic);
    }
    this.#settleIdle();
  }

  /** Forgets everything. */
  clear(): void {
    this.forgetValues();
    this.#waiting.clear();
  }

  #dropOldest(): void {
    for (const topic of this.#waiting.keys()) {
      this.#waiting.delete(topic);
      this.#counters.add("HOMEASSISTANT_ANNOUNCEMENT_LOST");
      return;
    }
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#inFlight.size === 0;
  }

  #next(): void {
    if (!this.#link.connected || this.#retryTimer !== undefined) return;
    for (const [topic, { payload, clearFirst }] of this.#waiting) {
      if (this.#inFlight.size >= ANNOUNCEMENTS_IN_FLIGHT) return;
      // Two values of one topic could overtake each other.
      if (this.#inFlight.has(topic)) continue;
      if (clearFirst) this.#waiting.set(topic, { payload, clearFirst: false });
      else this.#waiting.delete(topic);
      void this.#publish(topic, clearFirst ? EMPTY_BYTES : payload);
    }
  }

  async #publish(topic: string, payload: Uint8Array): Promise<void> {
    this.#inFlight.add(topic);
    try {
      await this.#link.publish(topic, payload, { retain: true, qos: 1 });
      this.#counters.add("HOMEASSISTANT_PUBLISHED");
    } catch (thrown) {
      this.#failed(topic, payload, codeOf(thrown));
    } finally {
      this.#inFlight.delete(topic);
    }
    this.#next();
    if (this.#isIdle() || !this.#link.connected) this.#settleIdle();
  }

  #failed(topic: string, payload: Uint8Array, code: string): void {
    this.#counters.add(code);
    // Those will not be better the next time.
    if (code === "LINK_PAYLOAD_TOO_LARGE" || code === "LINK_TOPIC_INVALID") return;
    const { connected } = this.#link;
    const newer = this.#waiting.get(topic);
    if (payload.length === 0) {
      const clearFirst = newer !== undefined && newer.payload.length > 0;
      this.#waiting.set(topic, clearFirst && connected ? { payload: newer.payload, clearFirst } : CLEARED);
    } else if (newer === undefined && connected) this.#waiting.set(topic, { payload, clearFirst: false });
    if (!connected) return;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#next();
    }, ANNOUNCE_RETRY_MS);
  }

  #settleIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
