/** What was done to a fleet, and what came of it. */
import { type Counts, injectedName, type Sample } from "./metrics.js";
import type { FleetPlan } from "./plan.js";
import type { Fault } from "./scenario/schema.js";

/** A fleet is back when so much of it is. */
const BACK_PER_MILLE = 990;

export interface FaultOutcome {
  readonly kind: Fault["kind"];
  /** Of malicious devices: what they do. */
  readonly does?: string;
  readonly atMs: number;
  readonly devices: number;
  /** Messages, devices or restarts, whichever the kind counts; 0: it did not happen. */
  readonly injected: number;
  /** Figures by name; docs/operating/simulator.md explains them. */
  readonly effects: Readonly<Record<string, number>>;
}

export interface RunFacts {
  readonly counts: Readonly<Counts>;
  readonly samples: readonly Sample[];
  /** Accepted connections by second of the run. */
  readonly connects: ReadonlyMap<number, number>;
}

/** Refusals that speak of each intention; others may fall under them too. */
const NOTICED_BY: Readonly<Record<string, readonly string[]>> = {
  forger: ["DEVICE_UNKNOWN", "BIRTH_OTHER"],
  replayer: ["SEQUENCE_OLD"],
  outOfRange: ["VALUE_RANGE"],
  wrongType: ["VALUE_TYPE"],
  flooder: ["RATE_EXCEEDED"],
  garbage: ["WIRE_UNEXPECTED_TYPE", "WIRE_NOT_MINIMAL", "WIRE_TRUNCATED", "DEVICE_MESSAGE_KIND"],
  clone: ["DEVICE_CLONED", "SEQUENCE_OLD"],
};

export function faultOutcomes(plan: FleetPlan, facts: RunFacts): FaultOutcome[] {
  return plan.scenario.faults.map((fault, i) => {
    const atMs = plan.faultMs(fault);
    const devices = fault.kind === "brokerRestart" ? plan.devices : plan.picked(i).length;
    const injected = facts.counts[injectedName(i)] ?? 0;
    const effects = injected === 0 ? {} : effectsOf(fault, atMs, plan, facts);
    return {
      kind: fault.kind,
      ...(fault.kind === "malicious" ? { does: fault.does } : {}),
      ...{ atMs, devices, injected, effects },
    };
  });
}

/** MQTT 3.1.1 section 3.1.2.10, and what the messages need. */
const KEEP_ALIVE_FACTOR = 1.5;
const ON_THE_WAY_MS = 3_000;

function effectsOf(fault: Fault, atMs: number, plan: FleetPlan, facts: RunFacts): Record<string, number> {
  switch (fault.kind) {
    case "malicious":
      return Object.fromEntries(
        (NOTICED_BY[fault.does] ?? []).flatMap((code) => {
          const count = facts.counts[`refused.${code}`] ?? 0;
          return count === 0 ? [] : [[code, count]];
        }),
      );
    case "storm": {
      const during = rateBetween(facts.samples, "publishes", atMs, atMs + fault.for);
      const before = rateBetween(facts.samples, "publishes", atMs - fault.for, atMs);
      return { publishesPerSecond: during, publishesPerSecondBefore: before };
    }
    case "drift":
      return {
        devicesAstray: facts.counts["devices.astray"] ?? 0,
        readingsAstray: facts.counts["readings.astray"] ?? 0,
      };
    case "alarm":
      return { alarmingReadings: countBetween(facts.samples, "readings.alarming", atMs, Number.POSITIVE_INFINITY) };
    case "drop": {
      const noticedWithinMs =
        ON_THE_WAY_MS + (fault.how === "silent" ? KEEP_ALIVE_FACTOR * plan.scenario.keepAlive : 0);
      return {
        deathsHeard: countBetween(facts.samples, "deaths", atMs, atMs + noticedWithinMs),
        ...returnOf(facts, atMs, atMs + fault.away),
      };
    }
    case "brokerRestart":
      return {
        connectionsLost: countBetween(facts.samples, "losses", atMs, Number.POSITIVE_INFINITY),
        ...returnOf(facts, atMs, atMs + fault.down),
        ...reconnectPeak(facts.connects, atMs + fault.down, plan.scenario.reconnect.spread),
      };
  }
}

/** How long after `fromMs` as many were connected again as before `atMs`. */
function returnOf({ samples }: RunFacts, atMs: number, fromMs: number): Record<string, number> {
  const before = Math.max(0, ...samples.filter((sample) => sample.atMs <= atMs).map(({ connected }) => connected));
  const back = samples.find(
    (sample) => sample.atMs > fromMs && sample.connected * 1_000 >= before * BACK_PER_MILLE && before > 0,
  );
  return back === undefined ? {} : { backAfterMs: Math.max(0, Math.round(back.atMs - fromMs)) };
}

/**
 * From the moment the broker is there again until the return is over (a gap of `GAP_SECONDS` without connections): the
 * busiest second over the average from the first connection to the last, taken over the time in which the devices mean to
 * return (`spreadMs`) at least: everybody in one second would otherwise look perfectly even.
 */
export function reconnectPeak(
  connects: ReadonlyMap<number, number>,
  fromMs: number,
  spreadMs: number,
): Record<string, number> {
  const rates: number[] = [];
  let quiet = 0;
  const last = Math.max(0, ...connects.keys());
  for (let second = Math.floor(fromMs / 1_000); second <= last && quiet < GAP_SECONDS; second++) {
    const count = connects.get(second) ?? 0;
    if (rates.length === 0 && count === 0) continue;
    rates.push(count);
    quiet = count === 0 ? quiet + 1 : 0;
  }
  while (rates.at(-1) === 0) rates.pop();
  if (rates.length === 0) return {};
  const peak = Math.max(...rates);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / Math.max(rates.length, spreadMs / 1_000);
  return {
    peakConnectsPerSecond: peak,
    meanConnectsPerSecond: Number(mean.toFixed(1)),
    peakOverMean: Number((peak / mean).toFixed(2)),
  };
}

const GAP_SECONDS = 15;

function countBetween(samples: readonly Sample[], name: string, fromMs: number, toMs: number): number {
  return samples
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
}

function rateBetween(samples: readonly Sample[], name: string, fromMs: number, toMs: number): number {
  const inside = samples.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  const startMs = samples.filter(({ atMs }) => atMs <= fromMs).at(-1)?.atMs ?? 0;
  const endMs = inside.at(-1)?.atMs ?? startMs;
  if (endMs <= startMs) return 0;
  const count = inside.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  return Number(((count * 1_000) / (endMs - startMs)).toFixed(1));
}
