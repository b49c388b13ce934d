/** The RATE obligations of the policy: so many commands in a window that begins with the first one. In memory only. */
import type { TrustPolicy } from "./policy.js";

interface Window {
  fromMs: number;
  count: number;
}

export class PolicyRates {
  readonly #windows = new Map<number, Window>();

  spent(policy: TrustPolicy, rule: number, nowMs: number): boolean {
    const spec = policy.rules[rule];
    const window = this.#windows.get(rule);
    if (spec?.rateCount === undefined) return false;
    if (spec.rateCount === 0) return true;
    if (window === undefined || nowMs - window.fromMs >= (spec.rateWindowMs ?? 0)) return false;
    return window.count >= spec.rateCount;
  }

  add(policy: TrustPolicy, rule: number, nowMs: number): void {
    const spec = policy.rules[rule];
    if (spec?.rateCount === undefined) return;
    const window = this.#windows.get(rule);
    if (window === undefined || nowMs - window.fromMs >= (spec.rateWindowMs ?? 0)) {
      this.#windows.set(rule, { fromMs: nowMs, count: 1 });
    } else window.count++;
  }
}
