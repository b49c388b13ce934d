/**
 * What virtual devices measure: integers that follow from a seed, a device's index and the time, and from nothing that was
 * drawn before. So a reading is the same whatever happened to the device's neighbours, and no device keeps a generator.
 */

const GOLDEN = 0x9e3779b9;
const HOURS = 24;
export const HOUR_MS = 3_600_000;
export const DAY_MS = HOURS * HOUR_MS;

/** A finished 32-bit mixture of whole numbers (the finalizer of MurmurHash3 by A. Appleby, public domain, after each one). */
export function mixed(...parts: readonly number[]): number {
  let state = GOLDEN;
  for (const part of parts) {
    state = (state ^ part ^ Math.imul(Math.floor(part / 0x1_0000_0000), GOLDEN)) | 0;
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state = (state ^ (state >>> 16)) + GOLDEN;
  }
  return state >>> 0;
}

/** An integer of low..high, both included, from a mixture. */
export function within(mixture: number, low: number, high: number): number {
  return low + Math.floor((mixture / 0x1_0000_0000) * (high - low + 1));
}

/**
 * Values at the full hours of a day in thousandths of the way from the lowest to the highest; between them they run
 * straight. Shapes as everybody knows them: rooms are warmest in the afternoon, people are up in the morning and evening.
 */
export const CURVES = {
  /** Air temperature of a room. */
  warmth: [
    220, 170, 120, 80, 40, 0, 40, 130, 260, 400, 540, 680, 800, 900, 970, 1000, 980, 900, 780, 660, 550, 450, 360, 290,
  ],
  /** What a household takes from the grid, and how much its people move about. */
  household: [
    120, 80, 50, 40, 50, 110, 380, 700, 620, 410, 330, 360, 480, 430, 340, 350, 470, 690, 910, 1000, 930, 720, 450, 240,
  ],
  /** Two shifts from 6 to 22. */
  shifts: [
    60, 50, 50, 50, 60, 300, 900, 980, 1000, 960, 970, 820, 900, 980, 900, 960, 980, 950, 830, 930, 950, 900, 300, 90,
  ],
  /** A cold store: the compressor's slow swing, a little warmer while goods come in. */
  cold: [
    150, 60, 140, 50, 150, 240, 420, 640, 560, 480, 520, 430, 480, 550, 650, 600, 500, 400, 320, 240, 300, 180, 220,
    130,
  ],
  /** The same at any hour. */
  flat: new Array<number>(HOURS).fill(500),
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type CurveName = keyof typeof CURVES;

/** 0..1000 at a time of day, `ms` since any midnight. */
export function curveAt(curve: CurveName, ms: number): number {
  const ofDay = ((ms % DAY_MS) + DAY_MS) % DAY_MS;
  const hour = Math.floor(ofDay / HOUR_MS);
  const from = CURVES[curve][hour] ?? 0;
  const to = CURVES[curve][(hour + 1) % HOURS] ?? 0;
  return from + Math.trunc(((to - from) * (ofDay - hour * HOUR_MS)) / HOUR_MS);
}

/** What a counter has counted since midnight of day 0 when it counts `perHour` x curve / 1000 an hour; never falls. */
export function countedUntil(curve: CurveName, perHour: number, ms: number): number {
  const days = Math.floor(ms / DAY_MS);
  const ofDay = ms - days * DAY_MS;
  const hour = Math.floor(ofDay / HOUR_MS);
  const values = CURVES[curve];
  const whole = (end: number) => values.slice(0, end).reduce((sum, value) => sum + value, 0);
  const part = Math.floor(((values[hour] ?? 0) * (ofDay - hour * HOUR_MS)) / HOUR_MS);
  return Math.floor(((days * whole(HOURS) + whole(hour) + part) * perHour) / 1_000);
}
