/** A whole fleet, wherever it runs: in memory, at a broker in this process or in several, or at a broker of our own. */
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type EmbeddedBroker, embeddedBroker } from "../../src/link/embeddedBroker.js";
import { socketReason } from "../../src/link/socketReason.js";
import { type BrokerPlace, brokerAddress } from "./brokerPlace.js";
import { type Counts, injectedName, mergeSamples, type Sample } from "./metrics.js";
import { FleetPlan } from "./plan.js";
import { FleetError } from "./problems.js";
import { processesFor, runShares } from "./processes.js";
import { type FleetResult, mergeShares, type ShareResult } from "./result.js";
import { runInMemory } from "./runMemory.js";
import { runShare, type ShareOptions } from "./runShare.js";
import { DEVICES_MAX } from "./scenario/limits.js";
import type { Scenario } from "./scenario/schema.js";

/** Points of the report's plots. */
const SAMPLES_MOST = 300;
const SAMPLE_LEAST_MS = 1_000;
const PROBE_LIMIT_MS = 10_000;
const RUN_LEAST_MS = 1_000;
export const SEED_DEFAULT = 1;

/** In memory; at a broker of our own, started for the run; or at somebody's. */
export type FleetPlace =
  | { readonly kind: "memory" }
  | { readonly kind: "embedded" }
  | {
      readonly kind: "broker";
      readonly broker: BrokerPlace;
      /** Stops the broker, waits and starts it again; without it restarts of the scenario are left out. */
      readonly restart?: (downMs: number) => Promise<void>;
    };

export interface FleetOptions {
  readonly scenario: Scenario;
  readonly place: FleetPlace;
  /** Default: the scenario's. */
  readonly devices?: number;
  readonly seed?: number;
  readonly durationMs?: number;
  readonly onProgress?: (progress: FleetProgress) => void;
  readonly signal?: AbortSignal;
  /** Default: as many as the connections need. */
  readonly processes?: number;
  readonly childModule?: string;
}

export interface FleetProgress {
  readonly atMs: number;
  readonly runMs: number;
  readonly devices: number;
  readonly connected: number;
  /** Since the progress before. */
  readonly publishesPerSecond: number;
}

/** @throws FleetError */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const plan = planOf(options);
  const sampleMs = Math.max(SAMPLE_LEAST_MS, Math.ceil(plan.runMs / SAMPLES_MOST / 1_000) * 1_000);
  const startedAt = performance.now();
  const progress = progressOf(plan, options.onProgress);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  if (options.place.kind === "memory") {
    const share = await runInMemory(plan, { sampleMs, onSample: (sample) => progress(0, sample), ...signal });
    const elapsedMs = performance.now() - startedAt;
    return mergeShares([share], { plan, carrier: "memory", elapsedMs, gateways: plan.gateways, extra: {} });
  }
  const place = options.place.kind === "embedded" ? await ownBroker(plan) : { ...options.place, stop: async () => {} };
  try {
    return await atBroker(options, { plan, place, sampleMs, progress });
  } finally {
    await place.stop();
  }
}

interface RunningPlace extends Extract<FleetPlace, { readonly kind: "broker" }> {
  stop(): Promise<void>;
}

interface BrokerRun {
  readonly plan: FleetPlan;
  readonly place: RunningPlace;
  readonly sampleMs: number;
  readonly progress: (process: number, sample: Sample) => void;
}

async function atBroker(options: FleetOptions, { plan, place, sampleMs, progress }: BrokerRun): Promise<FleetResult> {
  await probe(place.broker);
  const processes = options.processes ?? processesFor(plan.devices, plan.gateways);
  const shares = sharesOf(plan, place.broker, processes);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const startedAt = performance.now();
  const restarts = new Restarts(plan, place.restart);
  let results: ShareResult[];
  try {
    const [only] = shares;
    if (shares.length === 1 && only !== undefined) {
      restarts.start();
      results = [await runShare(only, { sampleMs, onSample: (sample) => progress(0, sample), ...signal })];
    } else {
      const child = options.childModule === undefined ? {} : { childModule: options.childModule };
      const onStart = () => restarts.start();
      results = await runShares(shares, { sampleMs, onSample: progress, onStart, ...child, ...signal });
    }
  } finally {
    await restarts.stop();
  }
  return mergeShares(results, {
    ...{ plan, carrier: options.place.kind === "embedded" ? "embedded broker" : place.broker.url },
    elapsedMs: performance.now() - startedAt,
    gateways: shares.reduce((sum, share) => sum + (share.gateways ?? 0), 0),
    extra: restarts.counts,
  });
}

function planOf({ scenario, devices, seed, durationMs }: FleetOptions): FleetPlan {
  const size = devices ?? scenario.devices;
  const option = (name: string, reason: string): never => {
    throw new FleetError({ code: "FLEET_OPTION", option: name, reason });
  };
  if (!Number.isSafeInteger(size) || size < 1 || size > DEVICES_MAX) option("--devices", `1 to ${DEVICES_MAX}`);
  if (seed !== undefined && !Number.isSafeInteger(seed)) option("--seed", "a whole number");
  const runMs = durationMs ?? scenario.duration;
  if (!(runMs >= RUN_LEAST_MS)) option("--duration", "at least 1s");
  return new FleetPlan({ scenario, devices: size, seed: seed ?? SEED_DEFAULT, runMs });
}

function sharesOf(plan: FleetPlan, broker: BrokerPlace, processes: number): ShareOptions[] {
  const { scenario, devices, seed, runMs } = plan;
  const each = Math.ceil(devices / processes);
  const gateways = plan.gateways === 0 ? 0 : Math.max(1, Math.ceil(plan.gateways / processes));
  return Array.from({ length: processes }, (_, process) => {
    const first = process * each;
    const share = { first, count: Math.max(0, Math.min(each, devices - first)) };
    return { scenario, devices, seed, runMs, broker, process, share, gateways };
  }).filter(({ share }) => share.count > 0);
}

/** One connection before thousands of them. */
async function probe(broker: BrokerPlace): Promise<void> {
  const { ip, port } = await brokerAddress(broker, 0);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: ip, port, timeout: PROBE_LIMIT_MS });
    const failed = (reason: string) => {
      socket.destroy();
      reject(new FleetError({ code: "FLEET_BROKER_UNREACHABLE", broker: broker.url, reason }));
    };
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => failed("ETIMEDOUT"));
    socket.once("error", (error) => failed(socketReason(error)));
  });
}

async function ownBroker(plan: FleetPlan): Promise<RunningPlace> {
  const options = { connectionsMax: plan.devices + plan.gateways + 64 };
  let running: EmbeddedBroker = embeddedBroker({ port: 0, ...options });
  const { port } = await running.start();
  return {
    kind: "broker",
    broker: { url: `mqtt://127.0.0.1:${port}` },
    restart: async (downMs) => {
      await running.stop();
      await wait(downMs);
      running = embeddedBroker({ port, ...options });
      await running.start();
    },
    stop: () => running.stop(),
  };
}

/** Carries out the scenario's restarts of the broker at their times. */
class Restarts {
  readonly counts: Counts = {};
  readonly #plan: FleetPlan;
  readonly #restart: ((downMs: number) => Promise<void>) | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #running: Promise<void>[] = [];

  constructor(plan: FleetPlan, restart: ((downMs: number) => Promise<void>) | undefined) {
    this.#plan = plan;
    this.#restart = restart;
  }

  start(): void {
    const restart = this.#restart;
    if (restart === undefined) return;
    for (const [i, fault] of this.#plan.scenario.faults.entries()) {
      if (fault.kind !== "brokerRestart") continue;
      const begin = () => {
        const count = (name: string) => {
          this.counts[name] = (this.counts[name] ?? 0) + 1;
        };
        this.#running.push(
          restart(fault.down).then(
            () => count(injectedName(i)),
            () => count("restart.failed"),
          ),
        );
      };
      this.#timers.push(setTimeout(begin, this.#plan.faultMs(fault)));
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#running);
  }
}

/** A restart by the operator's own command line, which has to return when the broker runs again. */
export function restartByCommand(command: string): (downMs: number) => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(command, { shell: true, stdio: "ignore" });
      const failed = (reason: string) =>
        reject(new FleetError({ code: "FLEET_OPTION", option: "--restart-command", reason }));
      child.once("error", (error) => failed(error.message));
      child.once("exit", (code) => (code === 0 ? resolve() : failed(`exit code ${code}`)));
    });
}

function progressOf(plan: FleetPlan, told: FleetOptions["onProgress"]): (process: number, sample: Sample) => void {
  const newest = new Map<number, Sample>();
  let beforeMs = 0;
  let publishes = 0;
  return (process, sample) => {
    newest.set(process, sample);
    publishes += sample.counts.publishes ?? 0;
    if (process !== 0 || told === undefined) return;
    const [all] = mergeSamples([...newest.values()].map((one) => [one]));
    const seconds = Math.max(0.001, (sample.atMs - beforeMs) / 1_000);
    const { runMs, devices } = plan;
    told({
      ...{ atMs: sample.atMs, runMs, devices, connected: all?.connected ?? 0 },
      publishesPerSecond: Math.round(publishes / seconds),
    });
    beforeMs = sample.atMs;
    publishes = 0;
  };
}
