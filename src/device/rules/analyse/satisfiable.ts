/**
 * Whether a condition can ever be true. Exact for what it looks at: every leaf is a constraint on one variable (a
 * property, the minute of the week, a scene), and a tree of at most 16 leaves has few enough ways to be true.
 *
 * Sound in one direction: `never` is only said where no state of the world fulfils it. Leaves over groups count as free
 * unless they are the very same leaf.
 */
import type { DeviceValue } from "../../value.js";
import type { Condition } from "../language.js";

/** The values that a variable may still have. */
interface Domain {
  readonly min: number;
  readonly max: number;
  /** Numbers or others that it must be, and those that it must not be. */
  readonly is: DeviceValue | undefined;
  readonly isNot: readonly DeviceValue[];
}

const FREE: Domain = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, is: undefined, isNot: [] };

type State = ReadonlyMap<string, Domain>;
/** Beyond so many ways nothing is claimed. */
const WAYS_MAX = 4_096;

/** What is known of values: the range of a property, in the decimals of the leaf. */
export type RangeOf = (device: string, name: string, decimals: number) => { min: number; max: number } | undefined;

/** False: no state of the world makes it true. */
export function canBeTrue(condition: Condition | undefined, rangeOf: RangeOf): boolean {
  return condition === undefined || ways(condition, true, [new Map()], rangeOf).length > 0;
}

/** False: no state in which everything is known makes it false. */
export function canBeFalse(condition: Condition, rangeOf: RangeOf): boolean {
  return ways(condition, false, [new Map()], rangeOf).length > 0;
}

/** Whether both can be true at once. */
export function canBothBeTrue(one: Condition | undefined, other: Condition | undefined, rangeOf: RangeOf): boolean {
  const of = [one, other].flatMap((condition) => (condition === undefined ? [] : [condition]));
  return canBeTrue({ kind: "all", of }, rangeOf);
}

function ways(condition: Condition, wanted: boolean, states: readonly State[], rangeOf: RangeOf): readonly State[] {
  if (condition.kind === "not") return ways(condition.of, !wanted, states, rangeOf);
  if (condition.kind !== "all" && condition.kind !== "any") {
    return states.flatMap((state) => constrain(state, condition, wanted, rangeOf) ?? []);
  }
  if ((condition.kind === "all") === wanted) {
    return condition.of.reduce((left, part) => limited(ways(part, wanted, left, rangeOf)), states);
  }
  return limited(condition.of.flatMap((part) => ways(part, wanted, states, rangeOf)));
}

/** An approximation from above: states without constraints stand for those that were left out. */
function limited(states: readonly State[]): readonly State[] {
  return states.length <= WAYS_MAX ? states : [new Map()];
}

function constrain(
  state: State,
  leaf: Exclude<Condition, { kind: "all" | "any" | "not" }>,
  wanted: boolean,
  rangeOf: RangeOf,
): State | undefined {
  // What is assumed where nothing is known can come true without any reading.
  if (leaf.assume === wanted) return state;
  switch (leaf.kind) {
    case "state":
    case "numeric": {
      if (leaf.source.by !== "device" || leaf.source.not) return withTruth(state, JSON.stringify(leaf), wanted);
      const key = `${leaf.source.name}/${leaf.name}/${leaf.decimals}`;
      const range = rangeOf(leaf.source.name, leaf.name, leaf.decimals);
      const domain = state.get(key) ?? { ...FREE, ...range };
      if (leaf.kind === "state")
        return withDomain(state, key, wanted ? mustBe(domain, leaf.equals) : mustNot(domain, leaf.equals));
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = leaf;
      if (wanted) return withDomain(state, key, within(domain, min, max));
      // Outside is below or above; one of them must be left, and either may be: only certain where one side is none.
      const below = within(domain, Number.NEGATIVE_INFINITY, min - 1);
      const above = within(domain, max + 1, Number.POSITIVE_INFINITY);
      if (below !== undefined && above !== undefined) return state;
      return withDomain(state, key, below ?? above);
    }
    case "time":
      return timeLeft(state, leaf.fromMinute, leaf.toMinute, leaf.days, wanted);
    case "mode":
      return withTruth(state, `mode/${leaf.scene}`, leaf.active === wanted);
    case "presence":
      return withTruth(state, `presence/${JSON.stringify(leaf.source)}`, leaf.present === wanted);
    case "headerAge":
      return withDomain(
        state,
        "headerAge",
        within(
          state.get("headerAge") ?? { ...FREE, min: 0 },
          wanted ? 0 : leaf.maxS + 1,
          wanted ? leaf.maxS : Number.POSITIVE_INFINITY,
        ),
      );
    case "counter":
      return withDomain(
        state,
        `counter/${leaf.counter}`,
        within(
          state.get(`counter/${leaf.counter}`) ?? { ...FREE, min: 0 },
          wanted ? 0 : leaf.below,
          wanted ? leaf.below - 1 : Number.POSITIVE_INFINITY,
        ),
      );
  }
}

function withTruth(state: State, key: string, truth: boolean): State | undefined {
  return withDomain(state, key, mustBe(state.get(key) ?? FREE, truth));
}

function withDomain(state: State, key: string, domain: Domain | undefined): State | undefined {
  return domain === undefined ? undefined : new Map(state).set(key, domain);
}

function mustBe(domain: Domain, value: DeviceValue): Domain | undefined {
  if (domain.is !== undefined && domain.is !== value) return undefined;
  if (domain.isNot.includes(value)) return undefined;
  if (typeof value === "number" && (value < domain.min || value > domain.max)) return undefined;
  return { ...domain, is: value };
}

function mustNot(domain: Domain, value: DeviceValue): Domain | undefined {
  if (domain.is === value) return undefined;
  const isNot = [...domain.isNot, value];
  if (typeof value === "boolean" && isNot.includes(!value)) return undefined;
  return nonEmpty({ ...domain, isNot });
}

function within(domain: Domain, min: number, max: number): Domain | undefined {
  const narrowed = { ...domain, min: Math.max(domain.min, min), max: Math.min(domain.max, max) };
  if (typeof domain.is === "number" && (domain.is < narrowed.min || domain.is > narrowed.max)) return undefined;
  return nonEmpty(narrowed);
}

function nonEmpty(domain: Domain): Domain | undefined {
  if (domain.min > domain.max) return undefined;
  const size = domain.max - domain.min + 1;
  if (!Number.isFinite(size) || size > domain.isNot.length) return domain;
  const taken = new Set(
    domain.isNot.filter((value) => typeof value === "number" && value >= domain.min && value <= domain.max),
  );
  return taken.size < size ? domain : undefined;
}

const WEEK_MINUTES = 7 * 1_440;

/** The minutes of the week that are left, as a set of stretches in one key each way. */
function timeLeft(state: State, from: number, to: number, days: number, wanted: boolean): State | undefined {
  const before = MINUTES.get(state.get("time") ?? FREE);
  const left = new Uint8Array(WEEK_MINUTES);
  let some = false;
  for (let minute = 0; minute < WEEK_MINUTES; minute++) {
    if (before !== undefined && before[minute] === 0) continue;
    if (inWeek(minute, from, to, days) !== wanted) continue;
    left[minute] = 1;
    some = true;
  }
  if (!some) return undefined;
  const domain: Domain = { ...FREE };
  MINUTES.set(domain, left);
  return new Map(state).set("time", domain);
}

const MINUTES = new WeakMap<Domain, Uint8Array>();

function inWeek(minuteOfWeek: number, from: number, to: number, days: number): boolean {
  const day = Math.floor(minuteOfWeek / 1_440);
  const minute = minuteOfWeek % 1_440;
  const on = (number: number): boolean => ((days >> ((number + 7) % 7)) & 1) === 1;
  if (from < to) return minute >= from && minute < to && on(day);
  return minute >= from ? on(day) : minute < to && on(day - 1);
}
