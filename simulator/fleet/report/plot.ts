/** Line plots as SVG text: no script, no font, no colour of its own but the page's. */

export interface Series {
  readonly name: string;
  /** Class of the stylesheet: `a`, `b`, `c`. */
  readonly tone: "a" | "b" | "c";
  readonly points: readonly (readonly [atMs: number, value: number])[];
  readonly filled?: boolean;
}

export interface Mark {
  readonly atMs: number;
  readonly label: string;
}

export interface PlotOptions {
  readonly title: string;
  readonly unit: string;
  readonly runMs: number;
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
}

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 56;
const RIGHT = 12;
const TOP = 30;
const BOTTOM = 26;
const TICKS_X = 6;
const TICKS_Y = 4;
const INNER_WIDTH = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;

export function plot(options: PlotOptions): string {
  const { title, unit, runMs, series, marks } = options;
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  const top = niceCeiling(Math.max(0, ...values));
  const x = (atMs: number) => rounded(LEFT + (INNER_WIDTH * atMs) / Math.max(1, runMs));
  const y = (value: number) => rounded(TOP + INNER_HEIGHT - (INNER_HEIGHT * value) / top);
  const grid = ticks(TICKS_Y).map((share) => {
    const at = y(top * share);
    const label = `<text class="tick" x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${amount(top * share)}</text>`;
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>${label}`;
  });
  const times = ticks(TICKS_X).map((share) => {
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    return `<text class="tick" x="${x(runMs * share)}" y="${HEIGHT - 8}" text-anchor="${anchor}">${duration(runMs * share)}</text>`;
  });
  const flags = marks.map(
    ({ atMs, label }) =>
      `<line class="mark" x1="${x(atMs)}" x2="${x(atMs)}" y1="${TOP}" y2="${TOP + INNER_HEIGHT}"><title>${escaped(label)}</title></line>`,
  );
  const lines = series.map(({ tone, points, filled }) => {
    if (points.length === 0) return "";
    const path = points.map(([atMs, value], i) => `${i === 0 ? "M" : "L"}${x(atMs)} ${y(value)}`).join("");
    const last = points.at(-1)?.[0] ?? 0;
    const area = `${path}L${x(last)} ${y(0)}L${x(points[0]?.[0] ?? 0)} ${y(0)}Z`;
    return `${filled === true ? `<path class="area ${tone}" d="${area}"/>` : ""}<path class="line ${tone}" d="${path}"/>`;
  });
  const legend = series
    .map(
      ({ name, tone }, i) =>
        `<g transform="translate(${WIDTH - RIGHT - (series.length - i) * 96} 12)"><rect class="key ${tone}" width="10" height="10" rx="2"/><text class="tick" x="15" y="9">${escaped(name)}</text></g>`,
    )
    .join("");
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<text class="title" x="${LEFT}" y="18">${escaped(title)} <tspan class="unit">${escaped(unit)}</tspan></text>
${series.length > 1 ? legend : ""}${grid.join("")}${times.join("")}${flags.join("")}${lines.join("")}</svg></figure>`;
}

function ticks(count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => i / count);
}

/** 1, 2, 2.5, 5 or 10 times a power of ten. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 4, 5, 8, 10].find((one) => one * power >= value) ?? 10;
  return factor * power;
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

export function amount(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`;
  if (value >= 10_000) return `${Number((value / 1_000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

export function duration(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Names of scenarios are whatever somebody wrote. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
