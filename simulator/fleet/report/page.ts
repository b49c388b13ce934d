/** A run as one HTML page that needs nothing else: plots, figures, faults, and the numbers themselves for programs. */
import type { FaultOutcome } from "../outcomes.js";
import type { FleetResult, SampleSummary } from "../result.js";
import { amount, duration, escaped, type Mark, plot, type Series } from "./plot.js";

/** The element that holds the result as JSON. */
export const DATA_ELEMENT_ID = "edgeseal-fleet";

export function reportPage(result: FleetResult): string {
  const marks = result.faults
    .filter(({ injected, kind }) => injected > 0 && kind !== "malicious")
    .map((fault): Mark => ({ atMs: fault.atMs, label: `${faultName(fault)}, ${duration(fault.atMs)}` }));
  const { durationMs: runMs, samples } = result;
  const line = (name: string, tone: Series["tone"], of: (sample: SampleSummary) => number | undefined): Series => ({
    name,
    tone,
    points: samples.flatMap((sample) => {
      const value = of(sample);
      return value === undefined ? [] : [[sample.atMs, value] as const];
    }),
  });
  const plots = [
    plot({
      ...{ title: "Connected devices", unit: "", runMs, marks },
      series: [{ ...line("connected", "a", ({ connected }) => connected), filled: true }],
    }),
    plot({
      ...{ title: "New connections", unit: "per second", runMs, marks },
      series: [{ ...line("connects", "b", ({ connectsPerSecond }) => connectsPerSecond), filled: true }],
    }),
    plot({
      ...{ title: "Messages", unit: "per second", runMs, marks },
      series: [
        line("published", "a", ({ publishesPerSecond }) => publishesPerSecond),
        line("readings", "b", ({ readingsPerSecond }) => readingsPerSecond),
        line("refused", "c", ({ refusedPerSecond }) => refusedPerSecond),
      ],
    }),
    plot({
      ...{ title: "From device to gateway", unit: "ms", runMs, marks },
      series: [
        line("half", "a", ({ p50Ms }) => p50Ms),
        line("95 %", "b", ({ p95Ms }) => p95Ms),
        line("99 %", "c", ({ p99Ms }) => p99Ms),
      ],
    }),
    plot({
      ...{ title: "Memory of the simulator", unit: "MiB resident", runMs, marks },
      series: [{ ...line("memory", "a", ({ rssMiB }) => rssMiB), filled: true }],
    }),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(result.scenario)}: ${result.devices} devices</title><style>${STYLE}</style></head><body><main>
<header><h1>${escaped(result.scenario)}</h1><p>${escaped(result.about)}</p>
<p class="facts">${factsOf(result).map(escaped).join(" · ")}</p></header>
<section class="tiles">${tilesOf(result).join("")}</section>
<section>${plots.join("\n")}<p class="note">Dashed lines: faults, as in the table below.</p></section>
<section><h2>Faults, and what they caused</h2>${faultTable(result.faults)}</section>
<section><h2>Refused by the gateways</h2>${refusalTable(result)}</section>
<section><details><summary>All counters</summary>${countTable(Object.entries(result.counts))}</details></section>
</main><script type="application/json" id="${DATA_ELEMENT_ID}">${jsonOf(result)}</script></body></html>
`;
}

function factsOf(result: FleetResult): string[] {
  const { devices, gateways, carrier, processes, durationMs, elapsedMs, seed, trace } = result;
  return [
    `${devices} devices`,
    `${gateways} virtual gateways`,
    carrier === "memory" ? "in memory" : carrier,
    ...(processes > 1 ? [`${processes} processes`] : []),
    `${duration(durationMs)} of the world in ${duration(elapsedMs)}`,
    `seed ${seed}`,
    ...(trace === undefined ? [] : [`trace ${trace}`]),
  ];
}

function tilesOf({ connectedMost, counts, latency, memory, carrier }: FleetResult): string[] {
  const tile = (value: string, label: string) => `<div><b>${escaped(value)}</b><span>${escaped(label)}</span></div>`;
  return [
    tile(amount(connectedMost), "devices connected at most"),
    tile(amount(counts.publishes ?? 0), "messages published"),
    tile(amount(counts.readings ?? 0), "readings accepted"),
    ...(latency.count === 0
      ? []
      : [tile(duration(latency.p50Ms), "half arrive within"), tile(duration(latency.p99Ms), "99 % arrive within")]),
    ...(carrier === "memory" ? [] : [tile(`${memory.kibPerDevice} KiB`, "memory per device")]),
  ];
}

function faultTable(faults: readonly FaultOutcome[]): string {
  if (faults.length === 0) return "<p>None were planned.</p>";
  const rows = faults.map((fault) => {
    const effects = Object.entries(fault.effects).map(
      ([name, value]) => `${effectName(name)}: <b>${effectValue(name, value)}</b>`,
    );
    const caused = fault.injected === 0 ? "did not happen here" : effects.join("<br>") || "nothing to be seen";
    return `<tr><td>${escaped(faultName(fault))}</td><td>${duration(fault.atMs)}</td><td>${amount(fault.devices)}</td><td>${amount(fault.injected)}</td><td>${caused}</td></tr>`;
  });
  return `<table><thead><tr><th>What</th><th>At</th><th>Devices</th><th>Times</th><th>Caused</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function refusalTable({ counts }: FleetResult): string {
  const refusals = Object.entries(counts).filter(([name]) => name.startsWith("refused."));
  return refusals.length === 0
    ? "<p>Nothing.</p>"
    : countTable(refusals.map(([name, count]) => [name.slice("refused.".length), count]));
}

function countTable(counts: readonly (readonly [string, number])[]): string {
  const rows = counts.map(([name, count]) => `<tr><td><code>${escaped(name)}</code></td><td>${count}</td></tr>`);
  return `<table class="counts"><tbody>${rows.join("")}</tbody></table>`;
}

const FAULT_NAMES: Readonly<Record<FaultOutcome["kind"], string>> = {
  storm: "Storm of readings",
  drop: "Devices vanish",
  brokerRestart: "Broker restarts",
  drift: "Sensors drift",
  alarm: "Smoke",
  malicious: "Malicious devices",
};

export function faultName({ kind, does }: FaultOutcome): string {
  return does === undefined ? FAULT_NAMES[kind] : `${FAULT_NAMES[kind]}: ${does}`;
}

/** `peakOverMean` as `peak over mean`; codes of refusals stay as they are. */
function effectName(name: string): string {
  if (/^[A-Z_0-9]+$/.test(name)) return `<code>${escaped(name)}</code>`;
  return escaped(name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
}

function effectValue(name: string, value: number): string {
  return name.endsWith("Ms") ? duration(value) : amount(value);
}

/** Inside a script element nothing may look like its end. */
function jsonOf(result: FleetResult): string {
  return JSON.stringify(result).replaceAll("<", "\\u003c");
}

const STYLE = `
:root{color-scheme:light dark;--paper:#fbfbf9;--ink:#1c2126;--soft:#66707a;--rule:#dfe3e6;--card:#fff;--a:#2367b8;--b:#1f8a6d;--c:#c2541b}
@media(prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e4e8eb;--soft:#93a0ab;--rule:#2a3138;--card:#1b2026;--a:#6aa9f0;--b:#4fc3a1;--c:#f0925c}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 20px 64px}h1{margin:0;font-size:28px}h2{margin:36px 0 12px;font-size:18px}
header p{margin:6px 0;max-width:75ch}.facts,.note{color:var(--soft);font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 14px}
.tiles b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.tiles span{color:var(--soft);font-size:12px}
section:nth-of-type(2){display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:14px}
figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:8px}svg{display:block;width:100%;height:auto}
.title{font-size:14px;font-weight:600;fill:var(--ink)}.unit,.tick{font-size:11px;font-weight:400;fill:var(--soft)}
.grid{stroke:var(--rule)}.mark{stroke:var(--c);stroke-dasharray:3 3;opacity:.7}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.line.a{stroke:var(--a)}.line.b{stroke:var(--b)}.line.c{stroke:var(--c)}
.area{opacity:.16}.area.a,.key.a{fill:var(--a)}.area.b,.key.b{fill:var(--b)}.area.c,.key.c{fill:var(--c)}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--rule);border-radius:10px}
th,td{text-align:left;padding:7px 12px;border-top:1px solid var(--rule);vertical-align:top;font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:500;font-size:12px}.counts{width:auto;min-width:320px}code{font-size:13px}summary{cursor:pointer;color:var(--soft)}
`;
