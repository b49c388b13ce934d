/** The system's clock and randomness behind the ports of the pure rooms. */
import { randomBytes } from "node:crypto";
import type { Clock, Millis } from "../base/clock.js";
import type { Random } from "../base/random.js";

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** No correct clock shows an earlier time than the one at which this code was written. */
const CLOCK_FLOOR_MS = Date.UTC(2026, 0, 1);
/** How far our clock may lie behind the newest certified header before it counts as not set. */
const BEHIND_HEADER_MAX_MS = 60_000;

/**
 * Boxes without a battery-backed clock start in 1970 or at the image's build date: such a clock must not decide how old
 * trust is. The newest certified header is a floor that moves.
 */
export function clockIsSet(now: Millis, newestHeaderTime: Millis | undefined): boolean {
  return now >= CLOCK_FLOOR_MS && now + BEHIND_HEADER_MAX_MS >= (newestHeaderTime ?? 0);
}
