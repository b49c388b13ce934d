/**
 * What is counted of one rule, and kept: runs in windows of an hour and a day that begin with a run, runs since the chain
 * was last followed, the time since the last run, and runs whose receipts are not complete.
 *
 * Time is monotonic. After a restart the windows go on from the age they had; the time in between counts only where the
 * wall clock was known before and is known now.
 */
import { WireError } from "../../codec/wire/problems.js";
import type { Now } from "../view.js";
import type { CounterName } from "./facts.js";
import { DAY_MS, HOUR_MS, RUNS_PER_RULE_MAX } from "./limits.js";
import { DRAFT, type Draft } from "./receipt.js";
import { decodeShape, encodeShape, flag, list, optional, record, uint } from "./shape.js";

interface KeptMeter {
  readonly total: number;
  readonly hourRuns: number;
  readonly hourAgeMs: number;
  readonly dayRuns: number;
  readonly dayAgeMs: number;
  readonly sinceSync: number;
  readonly sinceRunMs?: number;
  readonly lastRun: number;
  readonly wallMs: number;
  readonly wallSet: boolean;
  readonly drafts: readonly Draft[];
}

/** Runs that are over but wait for late answers count too. */
const DRAFTS_MAX = 4 * RUNS_PER_RULE_MAX;

const KEPT = record<KeptMeter>({
  total: uint(),
  hourRuns: uint(),
  hourAgeMs: uint(),
  dayRuns: uint(),
  dayAgeMs: uint(),
  sinceSync: uint(),
  sinceRunMs: optional(uint()),
  lastRun: uint(),
  wallMs: uint(),
  wallSet: flag,
  drafts: list(DRAFT, DRAFTS_MAX),
});

export class RuleMeter {
  #total = 0;
  #hourRuns = 0;
  #hourFromMs = 0;
  #dayRuns = 0;
  #dayFromMs = 0;
  #sinceSync = 0;
  #lastRunMs: number | undefined;
  #lastRun = 0;

  /** Undefined for bytes that are no state of a rule. */
  static restore(bytes: Uint8Array, now: Now): { meter: RuleMeter; drafts: readonly Draft[] } | undefined {
    let kept: KeptMeter;
    try {
      kept = decodeShape(KEPT, bytes, "ruleState");
    } catch (thrown) {
      if (thrown instanceof WireError) return undefined;
      throw thrown;
    }
    const away = kept.wallSet && now.wallSet ? Math.max(0, Math.floor(now.wallMs) - kept.wallMs) : 0;
    const meter = new RuleMeter();
    meter.#total = kept.total;
    meter.#hourRuns = kept.hourRuns;
    meter.#hourFromMs = now.monotonicMs - kept.hourAgeMs - away;
    meter.#dayRuns = kept.dayRuns;
    meter.#dayFromMs = now.monotonicMs - kept.dayAgeMs - away;
    meter.#sinceSync = kept.sinceSync;
    meter.#lastRunMs = kept.sinceRunMs === undefined ? undefined : now.monotonicMs - kept.sinceRunMs - away;
    meter.#lastRun = kept.lastRun;
    return { meter, drafts: kept.drafts };
  }

  get lastRun(): number {
    return this.#lastRun;
  }

  counter(name: CounterName, nowMs: number): number {
    switch (name) {
      case "total":
        return this.#total;
      case "hour":
        return nowMs - this.#hourFromMs < HOUR_MS ? this.#hourRuns : 0;
      case "day":
        return nowMs - this.#dayFromMs < DAY_MS ? this.#dayRuns : 0;
      case "sinceSync":
        return this.#sinceSync;
      case "sinceRunMs":
        return this.#lastRunMs === undefined ? -1 : Math.floor(nowMs - this.#lastRunMs);
    }
  }

  /** The chain is followed: what was done without it is no longer counted. */
  synced(): void {
    this.#sinceSync = 0;
  }

  /** @param counted false for a run that was let through for its safe commands only. */
  count(run: number, nowMs: number, synced: boolean, counted: boolean): void {
    this.#lastRun = run;
    if (!counted) return;
    if (this.counter("hour", nowMs) === 0) {
      this.#hourRuns = 0;
      this.#hourFromMs = nowMs;
    }
    if (this.counter("day", nowMs) === 0) {
      this.#dayRuns = 0;
      this.#dayFromMs = nowMs;
    }
    this.#total++;
    this.#hourRuns++;
    this.#dayRuns++;
    this.#sinceSync = synced ? 0 : this.#sinceSync + 1;
    this.#lastRunMs = nowMs;
  }

  bytes(drafts: readonly Draft[], now: Now): Uint8Array {
    const age = (fromMs: number): number => Math.max(0, Math.floor(now.monotonicMs - fromMs));
    return encodeShape(KEPT, {
      total: this.#total,
      hourRuns: this.#hourRuns,
      hourAgeMs: age(this.#hourFromMs),
      dayRuns: this.#dayRuns,
      dayAgeMs: age(this.#dayFromMs),
      sinceSync: this.#sinceSync,
      ...(this.#lastRunMs === undefined ? {} : { sinceRunMs: age(this.#lastRunMs) }),
      lastRun: this.#lastRun,
      wallMs: Math.max(0, Math.floor(now.wallMs)),
      wallSet: now.wallSet,
      drafts: drafts.slice(0, DRAFTS_MAX),
    });
  }
}
