import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { simulateFleet } from "../../../simulator/fleet/command.js";
import { Latencies } from "../../../simulator/fleet/metrics.js";
import { reconnectPeak } from "../../../simulator/fleet/outcomes.js";
import { DATA_ELEMENT_ID, reportPage } from "../../../simulator/fleet/report/page.js";
import type { FleetResult } from "../../../simulator/fleet/result.js";
import { runFleet } from "../../../simulator/fleet/runFleet.js";
import { TimerWheel } from "../../../simulator/fleet/timerWheel.js";
import { tryScenario } from "./tryScenario.js";

const folder = mkdtempSync(join(tmpdir(), "edgeseal-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function dataOf(page: string): FleetResult {
  const [, json = ""] =
    new RegExp(`<script type="application/json" id="${DATA_ELEMENT_ID}">(.*)</script>`).exec(page) ?? [];
  return JSON.parse(json);
}

/** Elements that are opened and not closed, in order; void ones aside. */
function unclosed(page: string): string[] {
  const open: string[] = [];
  const body = page.replace(/<script.*?<\/script>|<style>[\s\S]*?<\/style>|<!doctype html>/g, "");
  for (const [tag, close, name = "", self] of body.matchAll(/<(\/?)([a-z0-9]+)[^<>]*?(\/?)>/g)) {
    if (self === "/" || ["meta", "br"].includes(name)) continue;
    if (close === "") open.push(name);
    else expect(open.pop(), tag).toBe(name);
  }
  return open;
}

describe("a report", () => {
  test("holds the numbers of the run, plots and faults, and loads nothing from anywhere", async () => {
    const faults = "[{ kind: drop, at: 30%, share: 20%, away: 5s }, { kind: malicious, share: 5%, does: replayer }]";
    const result = await runFleet({ scenario: await tryScenario(faults), place: { kind: "memory" } });
    const page = reportPage(result);
    expect(dataOf(page)).toEqual(JSON.parse(JSON.stringify(result)));
    expect(unclosed(page)).toEqual([]);
    expect(page.match(/<svg /g)?.length).toBe(5);
    expect(page).toContain("Devices vanish");
    expect(page).toContain("Malicious devices: replayer");
    expect(page).toContain(`<b>${result.connectedMost}</b>`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    for (const [, letters = ""] of page.matchAll(/ d="([^"]+)"/g)) {
      for (const [, x, y] of letters.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)) {
        expect(Number(x) >= 56 && Number(x) <= 708 && Number(y) >= 30 && Number(y) <= 194, `${x} ${y}`).toBe(true);
      }
    }
    expect(page).not.toMatch(/(src|href)=|url\(|@import|https?:/);
  });

  test("of a run that was nothing is still a page, and takes no name for markup", async () => {
    const scenario = { ...(await tryScenario()), name: "</script><b onload='x'>&", gateways: 0 };
    const result = await runFleet({ scenario, place: { kind: "memory" }, durationMs: 1_000, devices: 1 });
    const page = reportPage(result);
    expect(unclosed(page)).toEqual([]);
    expect(page).not.toContain("<b onload");
    expect(dataOf(page).scenario).toBe(scenario.name);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("the command", () => {
  test("runs a ready scenario, writes the page and says the main figures", async () => {
    const report = join(folder, "report.html");
    const { answer, lines } = await simulateFleet({ scenario: "smart-home", devices: "120", duration: "2m", report });
    expect(answer).toMatchObject({ scenario: "Smart home", devices: 120, durationMs: 120_000, carrier: "memory" });
    expect(dataOf(readFileSync(report, "utf8")).trace).toBe(answer.trace);
    expect(lines.join("\n")).toContain("Broker restarts");
    expect(lines.at(-1)).toBe(`report     ${report}`);
  });

  test.each([
    [{ devices: "0" }, "--devices"],
    [{ devices: "many" }, "--devices"],
    [{ seed: "x" }, "--seed"],
    [{ duration: "soon" }, "--duration"],
    [{ duration: "10ms" }, "--duration"],
    [{ broker: "localhost" }, "--broker"],
    [{ broker: "mqtt://user:word@localhost" }, "--broker"],
    [{ username: "me" }, "--broker"],
    [{ broker: "mqtt://localhost", passwordFile: "/none" }, "--password-file"],
    [{ broker: "mqtts://localhost", ca: "/none" }, "--ca"],
  ])("refuses %j and names the option", async (words, option) => {
    const refused = simulateFleet({ scenario: "smart-home", ...words });
    await expect(refused).rejects.toMatchObject({ problem: { code: "FLEET_OPTION", option } });
  });

  test("says when the report cannot be written", async () => {
    const report = join(folder, "no", "such", "folder.html");
    const words = { scenario: "smart-home", devices: "1", duration: "1s", report };
    await expect(simulateFleet(words)).rejects.toMatchObject({
      problem: { code: "FLEET_REPORT_UNWRITABLE", path: report },
    });
  });
});

describe("figures", () => {
  test("percentiles are never too low, and at most one eighth of an octave too high", () => {
    const latencies = new Latencies();
    for (let i = 1; i <= 1_000; i++) latencies.add(i / 10);
    for (const share of [0.5, 0.95, 0.99]) {
      expect(latencies.percentile(share)).toBeGreaterThanOrEqual(share * 100);
      expect(latencies.percentile(share)).toBeLessThanOrEqual(share * 100 * 2 ** (1 / 8));
    }
    expect(latencies.percentile(1)).toBe(100);
  });

  test("the peak of a return is its busiest second over its average, from the first connection to the last", () => {
    const connects = new Map([
      [1, 900],
      [10, 10],
      [11, 30],
      [12, 20],
      [40, 5],
    ]);
    expect(reconnectPeak(connects, 5_000, 2_000)).toEqual({
      ...{ peakConnectsPerSecond: 30, meanConnectsPerSecond: 20, peakOverMean: 1.5 },
    });
    // All in one second, though they meant to take ten.
    expect(reconnectPeak(new Map([[7, 1_000]]), 0, 10_000).peakOverMean).toBe(10);
    expect(reconnectPeak(new Map(), 0, 10_000)).toEqual({});
  });

  test("the wheel runs everything once, at its step, in order, also far ahead", () => {
    const wheel = new TimerWheel(10);
    const due = [5, 15, 95, 81_925, 163_845, 250_000];
    for (const [item, at] of due.entries()) wheel.schedule(at, item);
    const ran: [number, number][] = [];
    wheel.advance(100, (item, at) => {
      ran.push([item, at]);
      if (item === 2) wheel.schedule(0, 9);
    });
    expect(ran).toEqual([
      [0, 10],
      [1, 20],
      [2, 100],
    ]);
    wheel.advance(300_000, (item, at) => void ran.push([item, at]));
    expect(ran.slice(3)).toEqual([
      [9, 110],
      [3, 81_930],
      [4, 163_850],
      [5, 250_000],
    ]);
    expect(wheel.size).toBe(0);
  });
});
