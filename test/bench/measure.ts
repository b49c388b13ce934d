/** Timing for benchmarks: the raw costs that any correct program pays, measured alone in the same run. */

export interface Figure {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  readonly ratio: number;
  readonly must: string;
  readonly met: boolean;
}

const NANOSECONDS = 1e9;

export function seconds(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS;
}

/** Median seconds per item of `rounds` timings of `work`, which handles `items` items. */
export function perItem(items: number, rounds: number, work: () => void): number {
  work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = seconds();
    work();
    times.push((seconds() - start) / items);
  }
  return median(times);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function round(value: number): number {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 3;
  return Number(value.toFixed(digits));
}
