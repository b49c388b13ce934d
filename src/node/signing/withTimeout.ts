/** An end for waits on hardware that may never answer. */
import type { Millis } from "../../base/clock.js";

/** What `promise` comes to, or the error of `late` after `ms`; what comes later is dropped. */
export async function withTimeout<T>(promise: Promise<T>, ms: Millis, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
