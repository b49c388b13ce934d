/** What keeps loops and storms in bounds: how deep effects hang together, and how many runs a second may begin. */
import type { DeviceId } from "../device.js";
import type { DeviceValue } from "../value.js";
import {
  CHAIN_DEPTH_MAX,
  EFFECT_WINDOW_MS,
  EFFECTS_MAX,
  RANK_MS,
  RULE_RUNS_PER_SECOND_MAX,
  RUNS_PER_SECOND_MAX,
  SAFE_REPEAT_MS,
} from "./limits.js";

const SECOND_MS = 1_000;

interface Effect {
  readonly depth: number;
  readonly untilMs: number;
}

interface Sent {
  readonly value: DeviceValue | undefined;
  readonly priority: number;
  readonly untilMs: number;
  readonly rankUntilMs: number;
}

/** A rate over windows of a second. */
class Rate {
  #fromMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  has(max: number, nowMs: number): boolean {
    return nowMs - this.#fromMs < SECOND_MS && this.#count >= max;
  }

  add(nowMs: number): void {
    if (nowMs - this.#fromMs >= SECOND_MS) {
      this.#fromMs = nowMs;
      this.#count = 0;
    }
    this.#count++;
  }
}

export class LoopGuard {
  readonly #effects = new Map<string, Effect>();
  readonly #sent = new Map<string, Sent>();
  readonly #all = new Rate();
  readonly #rules = new Map<string, Rate>();

  /** How many rules stand behind a reading or event that comes now; 0: none. */
  depthOf(device: DeviceId, property: string, nowMs: number): number {
    return Math.max(this.#depthAt(`${device}/${property}`, nowMs), this.#depthAt(`${device}/`, nowMs));
  }

  /** @param property what is set, or empty for an action, which may change anything of its device. */
  commanded(device: DeviceId, property: string, depth: number, nowMs: number): void {
    remember(this.#effects, `${device}/${property}`, { depth, untilMs: nowMs + EFFECT_WINDOW_MS });
  }

  heldBy(rule: string, depth: number, nowMs: number): "RULE_CHAIN_DEPTH" | "RULE_STORM" | undefined {
    if (depth > CHAIN_DEPTH_MAX) return "RULE_CHAIN_DEPTH";
    const own = this.#rules.get(rule)?.has(RULE_RUNS_PER_SECOND_MAX, nowMs) === true;
    return own || this.#all.has(RUNS_PER_SECOND_MAX, nowMs) ? "RULE_STORM" : undefined;
  }

  began(rule: string, nowMs: number): void {
    this.#all.add(nowMs);
    let rate = this.#rules.get(rule);
    if (rate === undefined) {
      rate = new Rate();
      this.#rules.set(rule, rate);
    }
    rate.add(nowMs);
  }

  /** Whether this very command went out a moment ago. */
  justSent(device: DeviceId, target: string, value: DeviceValue | undefined, nowMs: number): boolean {
    const sent = this.#sent.get(`${device}/${target}`);
    return sent !== undefined && sent.untilMs > nowMs && sent.value === value;
  }

  /** Whether a more important rule has just set it to something else. */
  outranked(
    device: DeviceId,
    target: string,
    value: DeviceValue | undefined,
    priority: number,
    nowMs: number,
  ): boolean {
    const sent = this.#sent.get(`${device}/${target}`);
    return sent !== undefined && sent.rankUntilMs > nowMs && sent.priority > priority && sent.value !== value;
  }

  sent(device: DeviceId, target: string, value: DeviceValue | undefined, priority: number, nowMs: number): void {
    remember(this.#sent, `${device}/${target}`, {
      value,
      priority,
      untilMs: nowMs + SAFE_REPEAT_MS,
      rankUntilMs: nowMs + RANK_MS,
    });
  }

  #depthAt(key: string, nowMs: number): number {
    const effect = this.#effects.get(key);
    if (effect === undefined) return 0;
    if (effect.untilMs > nowMs) return effect.depth;
    this.#effects.delete(key);
    return 0;
  }
}

/** Keeps the newest `EFFECTS_MAX`: a Map is in the order in which keys came. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= EFFECTS_MAX) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
