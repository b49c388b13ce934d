import type { Millis } from "../../src/base/clock.js";

/** Settles as `work`, or rejects with what `timedOut` makes. A late answer is dropped. */
export function withinTime<T>(work: Promise<T>, timeoutMs: Millis, timedOut: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), Math.max(0, timeoutMs));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
