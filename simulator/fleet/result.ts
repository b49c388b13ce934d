/** What a run has brought, of one process and of all. */
import { addCounts, type Counts, Latencies, mergeSamples, type Sample, type SparseLatencies } from "./metrics.js";
import { type FaultOutcome, faultOutcomes } from "./outcomes.js";
import type { FleetPlan } from "./plan.js";

export const REPORT_FORMAT = 1;
const KIB = 1_024;

export interface ShareResult {
  readonly samples: readonly Sample[];
  /** Second of the run and connections accepted in it. */
  readonly connectsBySecond: readonly (readonly [second: number, connects: number])[];
  readonly counts: Counts;
  readonly trace: string;
  /** Resident memory before the first device was made. */
  readonly floorBytes: number;
}

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface FleetResult {
  readonly format: typeof REPORT_FORMAT;
  readonly scenario: string;
  readonly about: string;
  readonly seed: number;
  readonly devices: number;
  readonly gateways: number;
  /** Address of the broker, or `memory`. */
  readonly carrier: string;
  readonly processes: number;
  /** Of the world, and of the watch on the wall. */
  readonly durationMs: number;
  readonly elapsedMs: number;
  /** Hash of everything said, in order; only of runs in memory, which can be repeated exactly. */
  readonly trace?: string;
  readonly connectedMost: number;
  readonly counts: Counts;
  readonly latency: LatencySummary;
  readonly memory: {
    readonly floorMiB: number;
    readonly mostMiB: number;
    /** Beyond the floor, when most devices were connected. */
    readonly kibPerDevice: number;
  };
  readonly faults: readonly FaultOutcome[];
  readonly samples: readonly SampleSummary[];
}

export interface SampleSummary extends Partial<LatencySummary> {
  readonly atMs: number;
  readonly connected: number;
  readonly connectsPerSecond: number;
  readonly publishesPerSecond: number;
  readonly readingsPerSecond: number;
  readonly refusedPerSecond: number;
  readonly rssMiB: number;
}

export interface MergeContext {
  readonly plan: FleetPlan;
  readonly carrier: string;
  readonly elapsedMs: number;
  readonly gateways: number;
  /** Counted beside the devices: restarts of the broker. */
  readonly extra: Counts;
}

export function mergeShares(shares: readonly ShareResult[], context: MergeContext): FleetResult {
  const { plan } = context;
  const samples = mergeSamples(shares.map((share) => share.samples));
  const counts: Counts = {};
  const connects = new Map<number, number>();
  for (const share of shares) {
    addCounts(counts, share.counts);
    for (const [second, count] of share.connectsBySecond) connects.set(second, (connects.get(second) ?? 0) + count);
  }
  addCounts(counts, context.extra);
  const all = new Latencies();
  for (const { latency } of samples) all.merge(latency);
  const floorBytes = shares.reduce((sum, share) => sum + share.floorBytes, 0);
  const fullest = samples.reduce<Sample | undefined>(
    (best, sample) => (best === undefined || sample.connected > best.connected ? sample : best),
    undefined,
  );
  const [only] = shares;
  return {
    format: REPORT_FORMAT,
    scenario: plan.scenario.name,
    about: plan.scenario.about,
    seed: plan.seed,
    devices: plan.devices,
    gateways: context.gateways,
    carrier: context.carrier,
    processes: shares.length,
    durationMs: Math.round(samples.at(-1)?.atMs ?? 0),
    elapsedMs: Math.round(context.elapsedMs),
    ...(context.carrier === "memory" && only !== undefined ? { trace: only.trace } : {}),
    connectedMost: fullest?.connected ?? 0,
    counts: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    latency: summaryOf(all) ?? { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 },
    memory: {
      floorMiB: mib(floorBytes),
      mostMiB: mib(Math.max(0, ...samples.map(({ rssBytes }) => rssBytes))),
      kibPerDevice:
        fullest === undefined || fullest.connected === 0
          ? 0
          : rounded(Math.max(0, fullest.rssBytes - floorBytes) / KIB / fullest.connected, 2),
    },
    faults: faultOutcomes(plan, { counts, samples, connects }),
    samples: samples.map((sample, i) => summarized(sample, samples[i - 1]?.atMs ?? 0)),
  };
}

function summarized({ atMs, connected, counts, latency, rssBytes }: Sample, beforeMs: number): SampleSummary {
  const seconds = Math.max(0.001, (atMs - beforeMs) / 1_000);
  const rate = (count: number) => rounded(count / seconds, 1);
  const refused = Object.entries(counts).reduce(
    (sum, [name, count]) => sum + (name.startsWith("refused.") ? count : 0),
    0,
  );
  return {
    atMs: Math.round(atMs),
    connected,
    connectsPerSecond: rate(counts.connects ?? 0),
    publishesPerSecond: rate(counts.publishes ?? 0),
    readingsPerSecond: rate(counts.readings ?? 0),
    refusedPerSecond: rate(refused),
    rssMiB: mib(rssBytes),
    ...summaryOf(merged(latency)),
  };
}

function merged(sparse: SparseLatencies): Latencies {
  const latencies = new Latencies();
  latencies.merge(sparse);
  return latencies;
}

function summaryOf(latencies: Latencies): LatencySummary | undefined {
  if (latencies.count === 0) return undefined;
  return {
    count: latencies.count,
    p50Ms: rounded(latencies.percentile(0.5), 3),
    p95Ms: rounded(latencies.percentile(0.95), 3),
    p99Ms: rounded(latencies.percentile(0.99), 3),
    maxMs: rounded(latencies.maxMs, 3),
  };
}

function mib(bytes: number): number {
  return rounded(bytes / KIB / KIB, 1);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
