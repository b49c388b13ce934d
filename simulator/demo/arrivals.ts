/** How long it takes from a sensor's message to the commands at the devices, by the devices' own word. */

/** Newest ones of which the percentiles are made. */
export const SAMPLES_KEPT_MAX = 1_000;

export interface ArrivalFigures {
  readonly count: number;
  /** The slowest of the commands of the newest trigger, ms. */
  readonly lastMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export class Arrivals {
  #samples: number[] = [];
  #count = 0;
  #waiting = new Set<string>();
  #startMs = 0;
  #lastMs: number | undefined;

  /** The sensor speaks now; the first command that each of these devices hears belongs to it. */
  trigger(devices: Iterable<string>, nowMs: number): void {
    this.#waiting = new Set(devices);
    this.#startMs = nowMs;
    this.#lastMs = undefined;
  }

  arrived(device: string, nowMs: number): void {
    if (!this.#waiting.delete(device)) return;
    const ms = nowMs - this.#startMs;
    this.#count++;
    this.#lastMs = ms;
    this.#samples = [...this.#samples, ms].slice(-SAMPLES_KEPT_MAX);
  }

  /** Devices that were to be commanded and were not yet. */
  get missing(): readonly string[] {
    return [...this.#waiting];
  }

  get figures(): ArrivalFigures {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const at = (share: number): number | undefined => sorted[Math.ceil(sorted.length * share) - 1];
    return { count: this.#count, lastMs: this.#lastMs, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
