/** The live picture of the demonstration: a snapshot in, lines of text out. */

import type { ChainSnapshot } from "./chainWorld.js";
import {
  bytes,
  count,
  headerLine,
  labelled,
  milliseconds,
  type Paint,
  painter,
  rate,
  type ScreenOptions,
} from "./figures.js";
import type { RealHeader } from "./realHeaders.js";

const ATTACKS_SHOWN = 6;

export function drawChain(snapshot: ChainSnapshot, real: readonly RealHeader[], options: ScreenOptions): string[] {
  const paint = painter(options.colour);
  const label = labelled(paint);
  const state = paint(snapshot.state === "FOLLOWING" ? "green" : "yellow", snapshot.state);
  const lines = [
    headerLine(paint, "a light node that checks every signature", options.seconds),
    `${label("chain")}${snapshot.chain}  suite ${snapshot.suite} (${snapshot.backend})  layout ${snapshot.layout}`,
    `${label("from")}${snapshot.upstream}  ->  publisher  ->  MQTT broker  ->  light node`,
    "",
    `${label("height")}${paint("bold", count(snapshot.height))}  ${state}  header age ${milliseconds(snapshot.headerAgeMs)}`,
    `${label("signers")}${signers(snapshot)}  quorum ${snapshot.quorum} of ${snapshot.sealers}`,
    `${label("verified")}${count(snapshot.verified)} headers  ${rate(snapshot.rate)} now, ${rate(snapshot.peakRate)} at best`,
    `${label("wire")}${bytes(snapshot.bytesIn)} in, ${perHeader(snapshot)} a header`,
    `${label("lag")}${milliseconds(snapshot.lagMs)} from block to verified and stored`,
    `${label("memory")}${bytes(snapshot.memoryBytes)} for all of this in one process, store ${bytes(snapshot.storeBytes)}`,
    "",
    ...realLines(real, paint),
  ];
  if (snapshot.attacksKnown > 0) lines.push("", ...attackLines(snapshot, paint));
  if (options.keys) lines.push("", keyLine(snapshot, paint));
  return lines;
}

export function realLines(real: readonly RealHeader[], paint: Paint = (_, text) => text): string[] {
  if (real.length === 0) return [paint("yellow", "The headers of real chains are not installed here.")];
  const bad = real.filter(({ code }) => code !== undefined);
  const list = real.map(({ suite, number: height }) => `${suite} #${height}`).join(", ");
  if (bad.length > 0)
    return [paint("red", `${bad.length} of ${real.length} real headers did not verify: ${bad[0]?.code}`)];
  return [paint("green", `${real.length} headers of real FISCO BCOS chains verified: ${list}`)];
}

function attackLines({ attacks, attacksKnown }: ChainSnapshot, paint: Paint): string[] {
  const refused = attacks.filter(({ refusedBy }) => refusedBy !== undefined).length;
  const head = `${paint("dim", "attacks".padEnd(10))}${attacks.length} fired, ${refused} refused, ${attacksKnown} known`;
  const shown = attacks.slice(-ATTACKS_SHOWN).map(({ title, refusedBy }) => {
    const verdict = refusedBy === undefined ? paint("yellow", "...") : paint("green", refusedBy);
    return `  ${title.slice(0, 74).padEnd(75)} ${verdict}`;
  });
  return [head, ...shown];
}

function keyLine({ attacksKnown }: ChainSnapshot, paint: Paint): string {
  const attack = attacksKnown > 0 ? `${paint("inverse", " a ")} attack   ` : "";
  return `${attack}${paint("inverse", " q ")} quit`;
}

function signers({ signers: list, sealers }: ChainSnapshot): string {
  return Array.from({ length: sealers }, (_, i) => (list.includes(i) ? String(i) : "·")).join(" ");
}

function perHeader({ bytesIn, verified }: ChainSnapshot): string {
  return verified === 0 ? "-" : `${Math.round(bytesIn / verified)} bytes`;
}
