/** `edgeseal simulate fleet`: from words of a command line to a run, and from its result to lines for people. */
import { readFile, writeFile } from "node:fs/promises";
import type { BrokerPlace } from "./brokerPlace.js";
import { parseBrokerUrl } from "./brokerPlace.js";
import { FleetError } from "./problems.js";
import { faultName, reportPage } from "./report/page.js";
import { duration } from "./report/plot.js";
import type { FleetResult } from "./result.js";
import { type FleetPlace, type FleetProgress, restartByCommand, runFleet } from "./runFleet.js";
import { durationMs } from "./scenario/amounts.js";
import { loadScenario } from "./scenario/load.js";

export const EMBEDDED_BROKER = "embedded";

export interface FleetWords {
  readonly scenario: string;
  readonly devices?: string;
  /** Absent: in memory. */
  readonly broker?: string;
  readonly ca?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly restartCommand?: string;
  readonly seed?: string;
  readonly duration?: string;
  readonly report?: string;
  readonly onProgress?: (progress: FleetProgress) => void;
  readonly signal?: AbortSignal;
}

export interface FleetAnswer {
  readonly answer: FleetResult;
  readonly lines: readonly string[];
}

/** @throws FleetError */
export async function simulateFleet(words: FleetWords): Promise<FleetAnswer> {
  const place = await placeOf(words);
  const devices = numberOf("--devices", words.devices);
  const seed = numberOf("--seed", words.seed);
  const runMs = words.duration === undefined ? undefined : durationMs(words.duration);
  if (words.duration !== undefined && runMs === undefined) refuse("--duration", "a time such as 90s, 10m or 1d");
  const scenario = await loadScenario(words.scenario);
  const result = await runFleet({
    ...{ scenario, place },
    ...(devices === undefined ? {} : { devices }),
    ...(seed === undefined ? {} : { seed }),
    ...(runMs === undefined ? {} : { durationMs: runMs }),
    ...(words.onProgress === undefined ? {} : { onProgress: words.onProgress }),
    ...(words.signal === undefined ? {} : { signal: words.signal }),
  });
  if (words.report !== undefined) await writeReport(words.report, result);
  return { answer: result, lines: linesOf(result, words.report) };
}

async function placeOf(words: FleetWords): Promise<FleetPlace> {
  const { broker, ca, username, passwordFile, restartCommand } = words;
  if (broker === undefined || broker === EMBEDDED_BROKER) {
    const beside = Object.entries({ ca, username, passwordFile, restartCommand }).find(
      ([, value]) => value !== undefined,
    );
    if (beside !== undefined) refuse("--broker", "its other options need the address of a broker");
    return { kind: broker === undefined ? "memory" : "embedded" };
  }
  parseBrokerUrl(broker);
  if (passwordFile !== undefined && username === undefined) refuse("--password-file", "a password needs a user name");
  const place: BrokerPlace = {
    url: broker,
    ...(ca === undefined ? {} : { ca: await textOf("--ca", ca) }),
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined
      ? {}
      : { password: (await textOf("--password-file", passwordFile)).replace(/\r?\n$/, "") }),
  };
  const restart = restartCommand === undefined ? {} : { restart: restartByCommand(restartCommand) };
  return { kind: "broker", broker: place, ...restart };
}

function linesOf(result: FleetResult, report: string | undefined): string[] {
  const { devices, counts, latency, memory, carrier } = result;
  const lines = [
    `scenario   ${result.scenario}, ${devices} devices, seed ${result.seed}`,
    `ran        ${duration(result.durationMs)} of the world in ${duration(result.elapsedMs)}, ${carrier === "memory" ? "in memory" : `at ${carrier}`}`,
    `connected  ${result.connectedMost} at most, ${counts.connects ?? 0} connections in all, ${counts.losses ?? 0} lost`,
    `messages   ${counts.publishes ?? 0} published, ${counts.readings ?? 0} readings accepted`,
    ...(latency.count === 0
      ? []
      : [`latency    half within ${duration(latency.p50Ms)}, 99 % within ${duration(latency.p99Ms)}`]),
    ...(carrier === "memory" ? [] : [`memory     ${memory.kibPerDevice} KiB per device`]),
    ...(result.trace === undefined ? [] : [`trace      ${result.trace}`]),
  ];
  for (const fault of result.faults) {
    const effects = Object.entries(fault.effects).map(([name, value]) => `${name} ${value}`);
    const caused = fault.injected === 0 ? "did not happen here" : effects.join(", ");
    lines.push(`fault      ${faultName(fault)} at ${duration(fault.atMs)}, ${fault.devices} devices: ${caused}`);
  }
  if (report !== undefined) lines.push(`report     ${report}`);
  return lines;
}

async function writeReport(path: string, result: FleetResult): Promise<void> {
  try {
    await writeFile(path, reportPage(result));
  } catch (thrown) {
    throw new FleetError({ code: "FLEET_REPORT_UNWRITABLE", path, reason: reasonOf(thrown) }, { cause: thrown });
  }
}

async function textOf(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw new FleetError({ code: "FLEET_OPTION", option, reason: `${path}: ${reasonOf(thrown)}` }, { cause: thrown });
  }
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) refuse(option, "a whole number");
  return Number(text);
}

function refuse(option: string, reason: string): never {
  throw new FleetError({ code: "FLEET_OPTION", option, reason });
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
}
