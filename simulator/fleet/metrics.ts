/** What is counted of a fleet: counters, latencies in buckets, and samples of both over time. All of it can be added up. */

/** Eight buckets to the octave: a percentile is at most 9 % too high. */
const PER_OCTAVE = 8;
const BUCKETS = 32 * PER_OCTAVE;
const MICROSECONDS_PER_MS = 1_000;

export class Latencies {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #maxMs = 0;

  get count(): number {
    return this.#total;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  add(ms: number): void {
    const us = Math.max(1, ms * MICROSECONDS_PER_MS);
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(us) * PER_OCTAVE));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** Upper bound of the bucket that the share falls into, never above the longest seen; NaN of nothing. */
  percentile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = share * this.#total;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.#maxMs, 2 ** ((bucket + 1) / PER_OCTAVE) / MICROSECONDS_PER_MS);
    }
    return this.#maxMs;
  }

  /** Bucket and count of the buckets that hold any. */
  toSparse(): SparseLatencies {
    const buckets: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket] ?? 0;
      if (count > 0) buckets.push(bucket, count);
    }
    return { buckets, maxMs: this.#maxMs };
  }

  merge({ buckets, maxMs }: SparseLatencies): void {
    for (let i = 0; i < buckets.length; i += 2) {
      const bucket = buckets[i] as number;
      const count = buckets[i + 1] as number;
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#total += count;
    }
    if (maxMs > this.#maxMs) this.#maxMs = maxMs;
  }
}

export interface SparseLatencies {
  readonly buckets: readonly number[];
  readonly maxMs: number;
}

/** Names: `connects`, `publishes`, `refused.VALUE_RANGE`, `injected.0`... docs/operating/simulator.md lists them. */
export type Counts = Record<string, number>;

/** What was done for a fault, by its place in the scenario. */
export function injectedName(fault: number): string {
  return `injected.${fault}`;
}

export class CountsByName {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toObject(): Counts {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

export function addCounts(into: Counts, more: Readonly<Counts>): void {
  for (const [name, count] of Object.entries(more)) into[name] = (into[name] ?? 0) + count;
}

/** What has come since the sample before, but for `connected` and `rssBytes`, which are of the moment. */
export interface Sample {
  readonly atMs: number;
  readonly connected: number;
  readonly counts: Counts;
  readonly latency: SparseLatencies;
  readonly rssBytes: number;
}

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #counts: CountsByName;
  #before: Counts = {};
  #latencies = new Latencies();

  constructor(counts: CountsByName) {
    this.#counts = counts;
  }

  latency(ms: number): void {
    this.#latencies.add(ms);
  }

  take(atMs: number, connected: number, rssBytes: number): Sample {
    const now = this.#counts.toObject();
    const counts: Counts = {};
    for (const [name, count] of Object.entries(now)) {
      const delta = count - (this.#before[name] ?? 0);
      if (delta !== 0) counts[name] = delta;
    }
    const sample = { atMs, connected, counts, latency: this.#latencies.toSparse(), rssBytes };
    this.#before = now;
    this.#latencies = new Latencies();
    this.samples.push(sample);
    return sample;
  }
}

/** Samples of several processes at the same moments. */
export function mergeSamples(series: readonly (readonly Sample[])[]): Sample[] {
  const length = Math.max(0, ...series.map((samples) => samples.length));
  return Array.from({ length }, (_, i) => {
    const parts = series.flatMap((samples) => samples[i] ?? []);
    const counts: Counts = {};
    const latencies = new Latencies();
    for (const part of parts) {
      addCounts(counts, part.counts);
      latencies.merge(part.latency);
    }
    return {
      atMs: Math.max(...parts.map(({ atMs }) => atMs)),
      connected: parts.reduce((sum, { connected }) => sum + connected, 0),
      counts,
      latency: latencies.toSparse(),
      rssBytes: parts.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    };
  });
}
