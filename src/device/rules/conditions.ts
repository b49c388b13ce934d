/**
 * Conditions in three values (Kleene): a stale or missing reading, an unset clock and an unknown device make a leaf
 * unknown, and what stays unknown at the top is not fulfilled.
 */
import type { DeviceId } from "../device.js";
import type { DeviceValue } from "../value.js";
import { decimalsOf, type Facts, freshNumber, headerOlderThan, propertyOfDevice } from "./facts.js";
import { type Condition, PRESENCE_CAPABILITY, type Quantifier, rescale, type TimeLeaf } from "./language.js";

/** Undefined: unknown. */
export type Truth = boolean | undefined;

export function judge(condition: Condition | undefined, facts: Facts): Truth {
  if (condition === undefined) return true;
  switch (condition.kind) {
    case "all":
      return every(condition.of.map((part) => judge(part, facts)));
    case "any":
      return some(condition.of.map((part) => judge(part, facts)));
    case "not": {
      const truth = judge(condition.of, facts);
      return truth === undefined ? undefined : !truth;
    }
    default:
      return judgeLeaf(condition, facts) ?? condition.assume;
  }
}

export type Leaf = Exclude<Condition, { kind: "all" | "any" | "not" }>;

function judgeLeaf(leaf: Leaf, facts: Facts): Truth {
  switch (leaf.kind) {
    case "state":
      return overMembers(facts.members(leaf.source), leaf.quantifier, (device) =>
        hasValue(facts, device, leaf.name, leaf.equals, leaf.decimals),
      );
    case "numeric":
      return overMembers(facts.members(leaf.source), leaf.quantifier, (device) => {
        const value = freshNumber(facts, device, leaf.name, leaf.decimals);
        if (value === undefined) return undefined;
        return (leaf.min === undefined || value >= leaf.min) && (leaf.max === undefined || value <= leaf.max);
      });
    case "time":
      return facts.now.wallSet ? inWindow(leaf, facts.now.wallMs + facts.zoneMinutes * 60_000) : undefined;
    case "mode":
      return facts.sceneActive(leaf.scene) === leaf.active;
    case "headerAge":
      return !headerOlderThan(facts.chain, leaf.maxS);
    case "counter":
      return facts.counter(leaf.counter) < leaf.below;
    case "presence": {
      const there = overMembers(facts.members(leaf.source), "some", (device) =>
        hasValue(facts, device, PRESENCE_CAPABILITY, true, 0),
      );
      return there === undefined ? undefined : there === leaf.present;
    }
  }
}

function hasValue(facts: Facts, device: DeviceId, name: string, wanted: DeviceValue, decimals: number): Truth {
  const property = propertyOfDevice(facts, device, name);
  if (property === undefined) return undefined;
  const { reading, fresh } = facts.reading(device, property.name);
  if (reading === undefined || !fresh) return undefined;
  if (typeof reading.value === "number" && typeof wanted === "number") {
    const value = rescale(reading.value, decimalsOf(property), decimals);
    return value === undefined ? undefined : value === wanted;
  }
  return reading.value === wanted;
}

/** Of no device at all nothing is known. */
function overMembers(
  members: readonly DeviceId[],
  quantifier: Quantifier,
  judgeOne: (device: DeviceId) => Truth,
): Truth {
  if (members.length === 0) return undefined;
  const truths = members.map(judgeOne);
  return quantifier === "every" ? every(truths) : some(truths);
}

function every(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

function some(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday. */
const FIRST_WEEKDAY = 3;

function inWindow(leaf: TimeLeaf, localMs: number): boolean {
  const minutes = Math.floor(localMs / MINUTE_MS);
  const minute = ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  const day = Math.floor(minutes / DAY_MINUTES) + FIRST_WEEKDAY;
  const onDay = (number: number): boolean => ((leaf.days >> (((number % 7) + 7) % 7)) & 1) === 1;
  const { fromMinute, toMinute } = leaf;
  if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute && onDay(day);
  if (minute >= fromMinute) return onDay(day);
  return minute < toMinute && onDay(day - 1);
}
