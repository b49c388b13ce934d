/** A key's marks as text, one way only: in the database and in history files. */
import { parseJson } from "../../codec/json.js";
import { FAMILY_TRACKS, type Watermarks } from "./guardRules.js";
import type { KeyMarks } from "./guardStore.js";

type JsonObject = Readonly<Record<string, unknown>>;

export function marksToValue({ watermarks: marks, ...rest }: KeyMarks) {
  const { suite, family, session, intended, clean, highestView } = rest;
  const { height = null, term = null, receipt = null } = marks;
  return { suite, family, session, intended, clean, highestView, watermarks: { height, term, receipt } };
}

export function marksToJson(marks: KeyMarks): string {
  return JSON.stringify(marksToValue(marks));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Undefined for anything but the marks of a key. */
export function marksFromValue(value: unknown): KeyMarks | undefined {
  if (!isObject(value)) return undefined;
  const { suite, family, session, intended, clean, highestView } = value;
  if (suite !== "ecdsa" && suite !== "sm") return undefined;
  if (family !== "sealer" && family !== "account" && family !== "device") return undefined;
  if (!isCount(session) || !isCount(intended) || !isCount(highestView) || typeof clean !== "boolean") return undefined;
  const watermarks = watermarksFrom(value.watermarks);
  if (watermarks === undefined) return undefined;
  for (const track of Object.keys(watermarks)) {
    if (!FAMILY_TRACKS[family].some((known) => known === track)) return undefined;
  }
  return { suite, family, session, intended, clean, highestView, watermarks };
}

function watermarksFrom(value: unknown): Watermarks | undefined {
  if (!isObject(value)) return undefined;
  const found: { -readonly [T in keyof Watermarks]: Watermarks[T] } = {};
  for (const track of ["height", "term", "receipt"] as const) {
    const mark = value[track];
    if (mark === null) continue;
    if (!isCount(mark)) return undefined;
    found[track] = mark;
  }
  return found;
}

export function marksFromJson(text: string): KeyMarks | undefined {
  return marksFromValue(parseJson(text));
}
