/** A fleet in memory and in virtual time: a day in seconds, and the same again from the same seed. */
import { setImmediate as breathe } from "node:timers/promises";
import { FleetEngine, STEP_MS } from "./engine.js";
import { deviceKeys } from "./keys.js";
import { MemoryCarrier } from "./memoryCarrier.js";
import type { Sample } from "./metrics.js";
import type { FleetPlan } from "./plan.js";
import type { ShareResult } from "./result.js";

/** 2026-01-01T00:00:00Z: the wall clock of the virtual world starts here, whenever it is run. */
export const VIRTUAL_EPOCH_MS = 1_767_225_600_000;
const BREATHE_EVERY_MS = 50;

export interface RunHooks {
  readonly sampleMs: number;
  readonly onSample?: (sample: Sample) => void;
  /** Ends the run early; what has been until then is reported. */
  readonly signal?: AbortSignal;
}

export async function runInMemory(plan: FleetPlan, { sampleMs, onSample, signal }: RunHooks): Promise<ShareResult> {
  const floorBytes = process.memoryUsage.rss();
  const carrier: MemoryCarrier = new MemoryCarrier(
    plan,
    () => engine,
    () => engine.counts,
  );
  const engine: FleetEngine = new FleetEngine({
    plan,
    carrier,
    startedAt: VIRTUAL_EPOCH_MS,
    watchesStrangers: true,
    connectingMax: Number.POSITIVE_INFINITY,
    restartBroker: (fault, nowMs) => carrier.restart(nowMs, fault.down),
    ...(plan.scenario.signed === 0 ? {} : { keyOf: await deviceKeys("ecdsa", plan.seed) }),
  });
  engine.start();
  let breathed = performance.now();
  for (let nowMs = STEP_MS; nowMs <= plan.runMs; nowMs += STEP_MS) {
    carrier.advance(nowMs);
    engine.advance(nowMs);
    const isLast = nowMs + STEP_MS > plan.runMs;
    if (nowMs % sampleMs < STEP_MS || isLast) {
      onSample?.(engine.sampler.take(nowMs, engine.connectedDevices, process.memoryUsage.rss()));
      if (performance.now() - breathed > BREATHE_EVERY_MS) {
        await breathe();
        breathed = performance.now();
      }
      if (signal?.aborted === true) break;
    }
  }
  return shareResult(engine, floorBytes);
}

export function shareResult(engine: FleetEngine, floorBytes: number): ShareResult {
  return {
    samples: engine.sampler.samples,
    connectsBySecond: [...engine.connectsBySecond],
    counts: engine.counts.toObject(),
    trace: engine.trace.hex,
    floorBytes,
  };
}
