/** The gateway's figures: rules alone, from sensor to actuator, memory and flash; docs/operating/benchmarks.md. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, round } from "../measure.js";
import { here } from "./benchHouse.js";
import { measureLinkage } from "./linkage.js";
import { benchRules } from "./rules.js";

const MIB = 1_048_576;
const DEVICES_FEW = 100;
const DEVICES_MANY = 2_100;
const DEVICES_FLASH = 200;
const FLOAT_BYTES = 8;

export async function* gatewayBench(): AsyncIterable<Figure> {
  const p99Ms = round(benchRules().p99Ms);
  yield { bench: "gateway.rule.p99", value: p99Ms, unit: "ms", limit: 1, ratio: p99Ms, must: "<= 1", met: p99Ms <= 1 };
  yield await linkage();
  yield* footprint();
}

async function linkage(): Promise<Figure> {
  const { gatewayMs, yardstickMs } = await measureLinkage();
  const [value, limit] = [p99(gatewayMs), p99(yardstickMs)];
  const ratio = round(value / limit);
  return {
    ...{ bench: "gateway.linkage", value: round(value), unit: "ms p99", limit: round(limit), ratio },
    ...{ must: "<= 2", met: ratio <= 2 },
  };
}

function* footprint(): Iterable<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-footprint-"));
  try {
    const few = run(DEVICES_FEW, folder);
    const many = run(DEVICES_MANY, folder);
    const rss = ((many.rssBytes - few.rssBytes) / (DEVICES_MANY - DEVICES_FEW)) * (1_000 / MIB);
    yield { ...{ bench: "gateway.rss", value: round(rss), unit: "MiB/1,000" }, ...REPORTED };
    const flash = run(DEVICES_FLASH, folder);
    const value = Math.round((flash.bytesWritten / flash.readings) * 1_000);
    // What a thousand readings are if each were eight bytes and nothing else was written.
    const limit = FLOAT_BYTES * 1_000;
    yield {
      ...{ bench: "gateway.flash", value, unit: "bytes/1,000", limit, ratio: round(value / limit) },
      ...{ must: "report", met: true },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const REPORTED = { limit: 0, ratio: 0, must: "report", met: true };

interface Footprint {
  readonly readings: number;
  readonly bytesWritten: number;
  readonly rssBytes: number;
}

function run(devices: number, folder: string): Footprint {
  const words = ["--expose-gc", here("./footprint.js"), String(devices), folder];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as Footprint;
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
