/** `edgeseal rule simulate`: rules over days of made-up readings, from one seed, in virtual time. */
import type { PropertySpec } from "../../device/profile.js";
import type { DeviceValue } from "../../device/value.js";
import { openHome, type RuleFilesRequest, RuleTrial, TRIAL_START_MS, type TriedLine } from "./rule.js";

export interface SimulatedRules {
  readonly days: number;
  readonly seed: number;
  readonly readings: number;
  readonly commands: number;
  readonly notices: number;
  readonly receipts: number;
  readonly refusals: Readonly<Record<string, number>>;
  /** Commands by device and target. */
  readonly targets: Readonly<Record<string, number>>;
  /** Commands that undid within five seconds what another one had set. */
  readonly reversals: number;
  /** Commands per hour, from the start. */
  readonly perHour: readonly number[];
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const REVERSAL_MS = 5_000;
const DAYS_MAX = 366;

/** Numerical Recipes' linear congruential generator; chance for toys, not for secrets. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param meanS seconds between two readings of one property. */
export async function simulateRules(
  request: RuleFilesRequest,
  days: number,
  seed: number,
  meanS = 600,
): Promise<SimulatedRules> {
  const home = await openHome(request);
  const trial = new RuleTrial(home, TRIAL_START_MS);
  const chance = dice(seed);
  const endMs = Math.min(days, DAYS_MAX) * DAY_MS;
  const sources = home.devices.flatMap(({ record, profile }) =>
    [...profile.properties.values()].filter(({ readable }) => readable).map((spec) => ({ id: record.id, spec })),
  );
  const counts = { readings: 0, commands: 0, notices: 0, reversals: 0 };
  const refusals: Record<string, number> = {};
  const targets: Record<string, number> = {};
  const perHour = new Array<number>(Math.ceil(endMs / HOUR_MS)).fill(0);
  const last = new Map<string, { readonly atMs: number; readonly value: string }>();
  const line = (one: TriedLine): void => {
    if (one.kind === "notice") counts.notices++;
    else if (one.kind === "refusal") refusals[one.code] = (refusals[one.code] ?? 0) + 1;
    else {
      counts.commands++;
      const key = `${one.device}.${one.target}`;
      targets[key] = (targets[key] ?? 0) + 1;
      const hour = Math.floor(one.atMs / HOUR_MS);
      if (hour < perHour.length) perHour[hour] = (perHour[hour] ?? 0) + 1;
      const before = last.get(key);
      if (before !== undefined && before.value !== one.value && one.atMs - before.atMs < REVERSAL_MS)
        counts.reversals++;
      last.set(key, { atMs: one.atMs, value: one.value });
    }
  };
  const stepMs = sources.length === 0 ? endMs : (meanS * 1_000) / sources.length;
  for (let atMs = 0; atMs < endMs && sources.length > 0; atMs += Math.ceil(-Math.log(1 - chance()) * stepMs) + 1) {
    trial.advance(atMs, line);
    const { id, spec } = sources[Math.floor(chance() * sources.length)] as (typeof sources)[number];
    trial.read(id, spec.name, nextValue(spec, trial.shadow.reading(id, spec.name)?.value, chance), line);
    counts.readings++;
  }
  trial.advance(endMs, line);
  return { days, seed, ...counts, receipts: trial.receipts, refusals, targets, perHour };
}

/** Alarms are rare, contacts come and go, numbers wander. */
function nextValue(
  { type, capability }: PropertySpec,
  before: DeviceValue | undefined,
  chance: () => number,
): DeviceValue {
  switch (type.kind) {
    case "boolean":
      return /smoke|\.co$|gas|leak|tamper/.test(capability) ? chance() < 0.02 : chance() < 0.5;
    case "choice":
      return type.choices[Math.floor(chance() * type.choices.length)] ?? "";
    case "text":
      return "";
    case "number": {
      const span = type.max - type.min;
      const from = typeof before === "number" ? before : type.min + span / 2;
      const moved = from + (chance() - 0.5) * span * 0.1;
      return Math.round(Math.min(type.max, Math.max(type.min, moved))) + 0;
    }
  }
}

/** A page with the counts and a picture of the commands per hour. */
export function simulationPage(result: SimulatedRules): string {
  const top = Math.max(1, ...result.perHour);
  const width = Math.max(4, Math.floor(960 / Math.max(1, result.perHour.length)));
  const bars = result.perHour
    .map((count, hour) => {
      const height = Math.round((count / top) * 160);
      return `<rect x="${hour * width}" y="${160 - height}" width="${width - 1}" height="${height}"><title>hour ${hour}: ${count}</title></rect>`;
    })
    .join("");
  const rows = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `<tr><td>${escaped(name)}</td><td>${count}</td></tr>`)
      .join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Rules over ${result.days} days</title>
<style>body{font:15px sans-serif;margin:2rem;max-width:62rem}rect{fill:#2a6f97}td{padding:.1rem 1rem .1rem 0}</style></head><body>
<h1>Rules over ${result.days} days of made-up readings</h1>
<p>Seed ${result.seed}: ${result.readings} readings, ${result.commands} commands, ${result.notices} notices, ${result.receipts} receipts, ${result.reversals} reversals within 5 s.</p>
<h2>Commands per hour</h2><svg width="${width * result.perHour.length}" height="160" role="img">${bars}</svg>
<h2>What was set</h2><table>${rows(result.targets)}</table><h2>What was refused</h2><table>${rows(result.refusals)}</table>
</body></html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
