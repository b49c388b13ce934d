/**
 * The filters that clients have made. They are forgotten when nobody asks for them for a while. A filter costs whoever
 * makes one nothing, so there is a limit to how many there are, and a new one takes the place of the one that was not asked
 * for the longest: nobody keeps others from making filters by keeping all of them alive.
 */
import type { Clock, Millis } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import type { LogQuery } from "./logQuery.js";
import { quantity } from "./numbers.js";

/** FISCO's five minutes (bcos-rpc filter/Common.h). */
export const FILTER_IDLE_MAX_MS = 300_000;
export const FILTERS_MAX = 1_024;
const FILTER_ID_BYTES = 8;

export type FilterKind = { readonly kind: "blocks" } | { readonly kind: "transactions" } | LogFilter;

interface LogFilter {
  readonly kind: "logs";
  readonly query: LogQuery;
}

export type Filter = FilterKind & {
  /** First height that its client has not been told about. */
  nextBlock: number;
};

export class FilterTable {
  readonly #clock: Clock;
  readonly #random: Random;
  /** In the order of their last use, so that the oldest come first. */
  readonly #filters = new Map<string, { readonly filter: Filter; readonly usedAt: Millis }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#filters.size;
  }

  /** The id for the client. */
  add(kind: FilterKind, nextBlock: number): string {
    this.#dropIdle();
    const [oldest] = this.#filters.keys();
    if (this.#filters.size >= FILTERS_MAX && oldest !== undefined) this.#filters.delete(oldest);
    let id = this.#newId();
    while (this.#filters.has(id)) id = this.#newId();
    this.#filters.set(id, { filter: { ...kind, nextBlock }, usedAt: this.#clock.now() });
    return id;
  }

  /** Undefined for one that was never made, was removed, or was not asked for in time. */
  use(id: string): Filter | undefined {
    this.#dropIdle();
    const found = this.#filters.get(id);
    if (found === undefined) return undefined;
    this.#filters.delete(id);
    this.#filters.set(id, { filter: found.filter, usedAt: this.#clock.now() });
    return found.filter;
  }

  remove(id: string): boolean {
    return this.#filters.delete(id);
  }

  /** Where the clock was set back nobody knows how old a filter is; it is forgotten too. */
  #dropIdle(): void {
    const now = this.#clock.now();
    for (const [id, { usedAt }] of this.#filters) {
      if (usedAt <= now && now - usedAt <= FILTER_IDLE_MAX_MS) return;
      this.#filters.delete(id);
    }
  }

  #newId(): string {
    let id = 0n;
    for (const byte of this.#random.bytes(FILTER_ID_BYTES)) id = (id << 8n) | BigInt(byte);
    return quantity(id);
  }
}
