/** How many devices one process simulates at Mosquitto, what each costs, and how evenly they return; docs/operating/benchmarks.md. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { reconnectPeak } from "../../../simulator/fleet/outcomes.js";
import { descriptorLimit } from "../../../simulator/fleet/processes.js";
import { parseScenario } from "../../../simulator/fleet/scenario/load.js";
import { startMosquitto } from "../../support/mosquitto.js";
import { type Figure, round } from "../measure.js";
import type { FromFleet, ToFleet } from "./messages.js";

const DEVICES_MIN = 15_000;
const KIB_MAX = 12;
const PEAK_MAX = 3;
const RETURNING_DEVICES = 10_000;
/** Of a process, beside its connections; the gateway's is one more. */
const DESCRIPTORS_BESIDE = 96;
/** Seconds that a fleet is kept at work before it is measured or loses its broker. */
const SETTLE_SAMPLES = 10;
/** Without one more connection for so long, no more are to come. */
const STALLED_SAMPLES = 15;
const DOWN_MS = 2_000;
const KIB = 1_024;
const SETTINGS = ["max_queued_messages 100000", "max_inflight_messages 1000"];

const SCENARIO = `
name: Benchmark
duration: 10m
devices: ${RETURNING_DEVICES}
home:
  - { model: thermostat, every: 30s }
  - { model: meter, every: 30s }
  - { model: lamp, every: 60s }
  - { model: smoke, every: 60s }
joins: { over: 5s }
`;

class FleetProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Set<{ take: (message: FromFleet) => boolean; fail: (reason: string) => void }>();

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./fleetMain.js", import.meta.url)));
    this.#child.on("message", (message: FromFleet) => {
      for (const one of this.#waiting) {
        if (message.kind === "failed") one.fail(message.reason);
        else if (one.take(message)) this.#waiting.delete(one);
      }
    });
    this.#child.once("exit", (code) => {
      for (const { fail } of this.#waiting) fail(`the fleet's process ended with ${code}`);
    });
  }

  tell(message: ToFleet): void {
    this.#child.send(message);
  }

  /** Resolves with the first message for which `done` gives something. */
  until<T>(done: (message: FromFleet) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({
        take: (message) => {
          const value = done(message);
          if (value !== undefined) resolve(value);
          return value !== undefined;
        },
        fail: (reason) => reject(new Error(reason)),
      });
    });
  }

  /** The moment when all are connected, or as many as will be, and have been so for a while. */
  settled(devices: number): Promise<Extract<FromFleet, { kind: "state" }>> {
    let best = 0;
    let quiet = 0;
    return this.until((message) => {
      if (message.kind !== "state") return undefined;
      quiet = message.connected > best ? 0 : quiet + 1;
      best = Math.max(best, message.connected);
      const needed = message.connected >= devices ? SETTLE_SAMPLES : STALLED_SAMPLES;
      return best > 0 && quiet >= needed ? message : undefined;
    });
  }

  result(): Promise<Extract<FromFleet, { kind: "result" }>> {
    const result = this.until((message) => (message.kind === "result" ? message : undefined));
    this.tell({ kind: "stop" });
    return result;
  }

  end(): void {
    this.#child.kill();
  }
}

export async function* fleetBench(): AsyncGenerator<Figure> {
  const allowed = descriptorLimit() ?? Number.POSITIVE_INFINITY;
  if (allowed < DEVICES_MIN + DESCRIPTORS_BESIDE) {
    process.stderr.write(
      `A process may have ${allowed} files open here, and each connection is one: run \`ulimit -n ${DEVICES_MIN + 5_000}\` before.\n`,
    );
  }
  yield* connected(await socketsPossible());
  yield await returned(Math.min(RETURNING_DEVICES, allowed - DESCRIPTORS_BESIDE));
}

async function socketsPossible(): Promise<number> {
  const broker = await startMosquitto({ settings: SETTINGS });
  const fleet = new FleetProcess();
  try {
    const open = fleet.until((message) => (message.kind === "sockets" ? message.open : undefined));
    fleet.tell({ kind: "sockets", port: broker.port });
    return await open;
  } finally {
    fleet.end();
    await broker.stop();
  }
}

async function* connected(sockets: number): AsyncGenerator<Figure> {
  const broker = await startMosquitto({ settings: SETTINGS });
  const fleet = new FleetProcess();
  try {
    const devices = Math.max(1, sockets - DESCRIPTORS_BESIDE);
    const settled = fleet.settled(devices);
    fleet.tell({ kind: "fleet", port: broker.port, devices, scenario: await parseScenario("benchmark", SCENARIO) });
    const state = await settled;
    const { floorBytes } = await fleet.result();
    const kib = (state.rssBytes - floorBytes) / KIB / state.connected;
    yield {
      ...{ bench: "fleet.devices", value: state.connected, unit: "devices", limit: sockets },
      ratio: round(state.connected / sockets),
      ...{ must: `value >= ${DEVICES_MIN}`, met: state.connected >= DEVICES_MIN },
    };
    yield {
      ...{ bench: "fleet.kib", value: round(kib), unit: "KiB/device", limit: KIB_MAX, ratio: round(kib / KIB_MAX) },
      ...{ must: `value <= ${KIB_MAX}`, met: kib <= KIB_MAX },
    };
  } finally {
    fleet.end();
    await broker.stop();
  }
}

async function returned(devices: number): Promise<Figure> {
  const broker = await startMosquitto({ settings: SETTINGS });
  const fleet = new FleetProcess();
  try {
    const settled = fleet.settled(devices);
    const scenario = await parseScenario("benchmark", SCENARIO);
    fleet.tell({ kind: "fleet", port: broker.port, devices, scenario });
    const { atMs } = await settled;
    await broker.kill();
    await new Promise((resolve) => setTimeout(resolve, DOWN_MS));
    await broker.restart();
    await fleet.settled(devices);
    const { connectsBySecond } = await fleet.result();
    const { peakOverMean = Number.NaN } = reconnectPeak(new Map(connectsBySecond), atMs, scenario.reconnect.spread);
    return {
      ...{ bench: "fleet.reconnect.peak", value: peakOverMean, unit: "x mean", limit: PEAK_MAX },
      ratio: round(peakOverMean / PEAK_MAX),
      ...{ must: `value <= ${PEAK_MAX}`, met: peakOverMean <= PEAK_MAX },
    };
  } finally {
    fleet.end();
    await broker.stop();
  }
}
