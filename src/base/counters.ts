/** Counts by name, bounded: a hostile peer may invent reasons, but not make this map grow without end. */

export const COUNTER_NAMES_MAX = 512;
const OVERFLOW_NAME = "COUNTER_NAMES_EXHAUSTED";

export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, amount = 1): void {
    const known = this.#counts.get(name);
    if (known !== undefined) this.#counts.set(name, known + amount);
    else if (this.#counts.size < COUNTER_NAMES_MAX) this.#counts.set(name, amount);
    else this.#counts.set(OVERFLOW_NAME, (this.#counts.get(OVERFLOW_NAME) ?? 0) + amount);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** A copy, sorted by name. */
  snapshot(): Record<string, number> {
    const entries = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  }
}
