/** How people write durations and shares in a scenario. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parts per million: shares as whole numbers. */
export const WHOLE_PPM = 1_000_000;
export const DURATION_MAX_MS = 31 * 86_400_000;

export const DURATION_TEXT = /^(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h|d)$/;
export const SHARE_TEXT = /^(\d{1,3})(?:\.(\d{1,4}))?%$/;

/** `250ms`, `10s`, `1.5h`; undefined for anything else or more than DURATION_MAX_MS. */
export function durationMs(text: string): number | undefined {
  const parts = DURATION_TEXT.exec(text);
  const unit = UNIT_MS[parts?.[3] ?? ""];
  if (parts === null || unit === undefined) return undefined;
  const thousandths = Number(parts[1]) * 1_000 + Number((parts[2] ?? "").padEnd(3, "0"));
  const ms = Math.round((thousandths * unit) / 1_000);
  return ms <= DURATION_MAX_MS ? ms : undefined;
}

/** `12.5%` as 125000; undefined for anything else or more than the whole. */
export function sharePpm(text: string): number | undefined {
  const parts = SHARE_TEXT.exec(text);
  if (parts === null) return undefined;
  const ppm = Number(parts[1]) * 10_000 + Number((parts[2] ?? "").padEnd(4, "0"));
  return ppm <= WHOLE_PPM ? ppm : undefined;
}

/** A moment: a duration from the start, or a share of the run. */
export type Moment = { readonly ms: number } | { readonly ppm: number };

export function momentOf(text: string): Moment | undefined {
  const ppm = sharePpm(text);
  if (ppm !== undefined) return { ppm };
  const ms = durationMs(text);
  return ms === undefined ? undefined : { ms };
}

export function momentMs(moment: Moment, runMs: number): number {
  return "ms" in moment ? moment.ms : Math.floor((runMs / WHOLE_PPM) * moment.ppm);
}
