/** Types of values, safe directions and conversions: from what is written to what is computed with. */
import type { Conversion } from "../binding.js";
import { isProblem } from "../convert/problems.js";
import { checkValue, RAW_DIGITS_DEFAULT, rawKey } from "../convert/value.js";
import type { SafeDirection } from "../profile.js";
import { CHOICES_MAX, DECIMALS_MAX, type DeviceValue, TEXT_CHARACTERS_MAX, type ValueType } from "../value.js";
import type { ConversionFault, NumberFault, ProblemList, ProfilePath } from "./problems.js";
import type { ConversionSource, SafeSource, TypeSource } from "./source.js";

/** UTF-16 units of one choice. */
export const CHOICE_CHARACTERS_MAX = 64;
export const MAP_PAIRS_MAX = 128;
export const UNIT_CHARACTERS_MAX = 16;

/** The type, or undefined after a problem. */
export function buildType(source: TypeSource, path: ProfilePath, list: ProblemList): ValueType | undefined {
  const isNumber = source.type === "number";
  for (const field of ["min", "max", "decimals", "unit"] as const) {
    if (!isNumber && source[field] !== undefined) {
      list.add({ code: "PROFILE_NUMBER", path: [...path, field], fault: "only for numbers" });
    }
  }
  if (source.type !== "choice" && source.choices !== undefined) {
    list.add({ code: "PROFILE_CHOICES", path: [...path, "choices"], fault: "only for choices", max: CHOICES_MAX });
  }
  if (source.type !== "text" && source.charactersMax !== undefined) {
    list.add({ code: "PROFILE_TEXT", path: [...path, "charactersMax"], max: TEXT_CHARACTERS_MAX });
  }
  switch (source.type) {
    case "boolean":
      return { kind: "boolean" };
    case "number":
      return numberType(source, path, list);
    case "choice":
      return choiceType(source.choices ?? [], path, list);
    case "text": {
      const charactersMax = source.charactersMax ?? TEXT_CHARACTERS_MAX;
      if (Number.isInteger(charactersMax) && charactersMax >= 1 && charactersMax <= TEXT_CHARACTERS_MAX) {
        return { kind: "text", charactersMax };
      }
      list.add({ code: "PROFILE_TEXT", path: [...path, "charactersMax"], max: TEXT_CHARACTERS_MAX });
      return undefined;
    }
  }
}

function numberType(source: TypeSource, path: ProfilePath, list: ProblemList): ValueType | undefined {
  const wrong = (field: string, fault: NumberFault): undefined => {
    list.add({ code: "PROFILE_NUMBER", path: [...path, field], fault });
    return undefined;
  };
  const { decimals = 0, unit } = source;
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > DECIMALS_MAX) return wrong("decimals", "decimals");
  if (source.min === undefined || source.max === undefined) {
    return wrong(source.min === undefined ? "min" : "max", "limits missing");
  }
  const min = toUnits(source.min, decimals);
  const max = toUnits(source.max, decimals);
  if (typeof min === "string") return wrong("min", min);
  if (typeof max === "string") return wrong("max", max);
  if (min >= max) return wrong("min", "min not below max");
  if (unit !== undefined && unit.length > UNIT_CHARACTERS_MAX) {
    list.add({ code: "PROFILE_TOO_LONG", path: [...path, "unit"], what: "unit", max: UNIT_CHARACTERS_MAX });
    return undefined;
  }
  return { kind: "number", decimals, min, max, ...(unit === undefined ? {} : { unit }) };
}

/** Exactly, in integers of 10^-decimals. */
function toUnits(value: number, decimals: number): number | NumberFault {
  const factor = 10 ** decimals;
  const units = Math.round(value * factor);
  if (!Number.isSafeInteger(units)) return "too large";
  // The written number is the double nearest to the decimal one, so dividing back must give it again.
  return units / factor === value ? (units === 0 ? 0 : units) : "more digits than decimals";
}

function choiceType(choices: readonly string[], path: ProfilePath, list: ProblemList): ValueType | undefined {
  const at = [...path, "choices"];
  const wrong = (fault: "none" | "too many" | "twice" | "length", place: ProfilePath = at): undefined => {
    list.add({ code: "PROFILE_CHOICES", path: place, fault, max: CHOICES_MAX });
    return undefined;
  };
  if (choices.length === 0) return wrong("none");
  if (choices.length > CHOICES_MAX) return wrong("too many");
  for (const [i, choice] of choices.entries()) {
    if (choice.length < 1 || choice.length > CHOICE_CHARACTERS_MAX) return wrong("length", [...at, i]);
    if (choices.indexOf(choice) < i) return wrong("twice", [...at, i]);
  }
  return { kind: "choice", choices: [...choices] };
}

/** A value as written, numbers in the unit, as one of the type. */
function ownValue(type: ValueType, value: DeviceValue): DeviceValue | undefined {
  const units = type.kind === "number" && typeof value === "number" ? toUnits(value, type.decimals) : value;
  if (typeof units === "string" && typeof value === "number") return undefined;
  const checked = checkValue(type, units);
  return isProblem(checked) ? undefined : checked;
}

/** `none` and problems: undefined. */
export function buildSafe(
  source: SafeSource,
  type: ValueType,
  path: ProfilePath,
  list: ProblemList,
): SafeDirection | undefined {
  if (source === "none") return undefined;
  if (source === "lower" || source === "higher") {
    if (type.kind === "number") return { kind: source };
    list.add({ code: "PROFILE_SAFE", path, fault: "no number" });
    return undefined;
  }
  if (source.length === 0) {
    list.add({ code: "PROFILE_SAFE", path, fault: "no values" });
    return undefined;
  }
  const values: DeviceValue[] = [];
  for (const [i, value] of source.entries()) {
    const own = ownValue(type, value);
    if (own === undefined) list.add({ code: "PROFILE_SAFE", path: [...path, i], fault: "not in the type" });
    else values.push(own);
  }
  return { kind: "values", values };
}

/**
 * @param told whether values of the type are sent to the device: then every one of them must have a way there.
 * @param wholeNumbers whether the device takes integers only, unless `digits` says otherwise.
 */
export function buildConversion(
  source: ConversionSource | undefined,
  type: ValueType,
  path: ProfilePath,
  list: ProblemList,
  { told, wholeNumbers = false }: { readonly told: boolean; readonly wholeNumbers?: boolean },
): Conversion {
  const wrong = (place: ProfilePath, fault: ConversionFault): Conversion => {
    list.add({ code: "PROFILE_CONVERSION", path: place, fault });
    return { kind: "same" };
  };
  if (source?.map !== undefined) {
    const counted = source.multiply ?? source.divide ?? source.offset ?? source.digits;
    return counted === undefined ? buildMap(source.map, type, path, told, wrong) : wrong(path, "map and numbers");
  }
  if (source === undefined && !(wholeNumbers && type.kind === "number")) return { kind: "same" };
  const { multiply = 1, divide = 1, offset = 0, digits } = source ?? {};
  if (type.kind !== "number") return wrong(path, "only for numbers");
  if (multiply === 0 || divide === 0) return wrong([...path, multiply === 0 ? "multiply" : "divide"], "zero");
  const taken = digits ?? (wholeNumbers ? 0 : RAW_DIGITS_DEFAULT);
  if (!Number.isInteger(taken) || taken < 0 || taken > RAW_DIGITS_DEFAULT) return wrong([...path, "digits"], "digits");
  // One step of the device must not be more than one of ours, or what is read back is not what was written.
  const stepOfDevice = Math.abs(multiply / divide) * 10 ** -taken;
  if (told && stepOfDevice > 10 ** -type.decimals * (1 + Number.EPSILON * 8)) return wrong(path, "too coarse");
  return { kind: "scale", multiply, divide, offset, digits: taken };
}

function buildMap(
  source: readonly (readonly [device: DeviceValue, ours: DeviceValue])[],
  type: ValueType,
  path: ProfilePath,
  told: boolean,
  wrong: (place: ProfilePath, fault: ConversionFault) => Conversion,
): Conversion {
  const at = [...path, "map"];
  if (source.length === 0) return wrong(at, "empty");
  const pairs: (readonly [string, DeviceValue])[] = [];
  for (const [i, [device, ours]] of source.entries()) {
    const key = rawKey(device);
    if (key === undefined) return wrong([...at, i, 0], "no device value");
    if (pairs.some(([known]) => known === key)) return wrong([...at, i, 0], "device value twice");
    const own = ownValue(type, ours);
    if (own === undefined) return wrong([...at, i, 1], "not in the type");
    pairs.push([key, own]);
  }
  const all: readonly DeviceValue[] | undefined =
    type.kind === "boolean" ? [true, false] : type.kind === "choice" ? type.choices : undefined;
  if (told && all?.every((value) => pairs.some(([, ours]) => ours === value)) === false) {
    return wrong(at, "values not told");
  }
  return { kind: "map", pairs };
}
