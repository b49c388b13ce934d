/** One process's share of a fleet at a real broker, in real time. */
import { setTimeout as wait } from "node:timers/promises";
import { BrokerCarrier } from "./brokerCarrier.js";
import { type BrokerPlace, brokerAddress } from "./brokerPlace.js";
import { FleetEngine, STEP_MS } from "./engine.js";
import { deviceKeys } from "./keys.js";
import { FleetPlan, type FleetSize } from "./plan.js";
import type { ShareResult } from "./result.js";
import { type RunHooks, shareResult } from "./runMemory.js";

export interface ShareOptions extends FleetSize {
  readonly broker: BrokerPlace;
  /** Counts from 0; each process has a source address of its own where the broker is on this machine. */
  readonly process: number;
}

export async function runShare(options: ShareOptions, { sampleMs, onSample, signal }: RunHooks): Promise<ShareResult> {
  const plan = new FleetPlan(options);
  const address = await brokerAddress(options.broker, options.process);
  const keyOf = plan.scenario.signed === 0 ? undefined : await deviceKeys("ecdsa", plan.seed);
  const floorBytes = process.memoryUsage.rss();
  const startedAt = performance.now();
  const clock = () => performance.now() - startedAt;
  const carrier: BrokerCarrier = new BrokerCarrier(address, plan.count + plan.gateways, () => engine, clock);
  const engine: FleetEngine = new FleetEngine({
    ...{ plan, carrier, startedAt: Date.now(), watchesStrangers: options.process === 0 },
    ...(keyOf === undefined ? {} : { keyOf }),
  });
  engine.start();
  const step = setInterval(() => {
    const nowMs = clock();
    carrier.advance(nowMs);
    engine.advance(nowMs);
  }, STEP_MS);
  try {
    for (let at = sampleMs; ; at += sampleMs) {
      const until = Math.min(at, plan.runMs);
      await wait(Math.max(0, until - clock()), undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
      onSample?.(engine.sampler.take(clock(), engine.connectedDevices, process.memoryUsage.rss()));
      if (until >= plan.runMs || signal?.aborted === true) return shareResult(engine, floorBytes);
    }
  } finally {
    clearInterval(step);
    engine.farewell();
    await carrier.close();
  }
}
