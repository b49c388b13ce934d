/** One entry of `exposes` that has a value: binary, numeric, enum or text. */
import type { JsonValue } from "../../codec/json.js";
import type { Capability } from "../capability.js";
import type { ConversionSource, TypeSource } from "../profile/source.js";
import { CHOICE_CHARACTERS_MAX, UNIT_CHARACTERS_MAX } from "../profile/types.js";
import { CHOICES_MAX, DECIMALS_MAX } from "../value.js";

type Members = { readonly [name: string]: JsonValue };

/** Characters of a property's name; longer ones are nobody's. */
const PROPERTY_CHARACTERS_MAX = 64;
/** Numbers without limits of their own, in the unit. */
const UNLIMITED = 1_000_000_000;
const DECIMALS_UNKNOWN = 2;
const ACCESS_BITS = 7;

export interface LeafType {
  readonly source: TypeSource;
  readonly convert?: ConversionSource;
}

export interface Leaf {
  /** Without the endpoint's name. */
  readonly name: string;
  /** In messages. */
  readonly property: string;
  /** Bits: 1 in the state, 2 can be set, 4 can be asked for. */
  readonly access: number;
  readonly type: LeafType;
  /** The type with the limits and decimals that the capability has where the device says none. */
  readonly typeFor: (capability: Capability | undefined, unit: string | undefined) => LeafType;
  readonly unit?: string;
  readonly max?: number;
  readonly toggle?: string;
}

export type LeafFault =
  | { readonly expose: string; readonly field: string }
  | { readonly expose: string; readonly unknown: string };

export function leafOf(members: Members): Leaf | LeafFault {
  const type = textAt(members, "type") ?? "";
  const property = textAt(members, "property") ?? textAt(members, "name");
  if (property === undefined || property.length > PROPERTY_CHARACTERS_MAX || /[{}]/.test(property)) {
    return { expose: (property ?? "").slice(0, PROPERTY_CHARACTERS_MAX), field: "property" };
  }
  const { access } = members;
  if (typeof access !== "number" || !Number.isInteger(access) || access < 0 || access > ACCESS_BITS) {
    return { expose: property, field: "access" };
  }
  const head = { name: textAt(members, "name") ?? property, property, access };
  switch (type) {
    case "binary":
      return binary(members, head);
    case "numeric":
      return numeric(members, head);
    case "enum":
      return choice(members, head);
    case "text":
      return fixed(head, { source: { type: "text" } });
    default:
      return { expose: property, unknown: type.slice(0, PROPERTY_CHARACTERS_MAX) };
  }
}

type Head = Pick<Leaf, "name" | "property" | "access">;

function fixed(head: Head, type: LeafType): Leaf {
  return { ...head, type, typeFor: () => type };
}

function binary(members: Members, head: Head): Leaf | LeafFault {
  const { value_on: on, value_off: off, value_toggle: toggle } = members;
  if (!isScalar(on) || !isScalar(off) || on === off) return { expose: head.property, field: "value_on" };
  const plain = on === true && off === false;
  const convert: ConversionSource = {
    map: [
      [on, true],
      [off, false],
    ],
  };
  const leaf = fixed(head, { source: { type: "boolean" }, ...(plain ? {} : { convert }) });
  return typeof toggle === "string" && !/[{}]/.test(toggle) ? { ...leaf, toggle } : leaf;
}

function numeric(members: Members, head: Head): Leaf | LeafFault {
  for (const field of ["value_min", "value_max", "value_step"] as const) {
    const value = members[field];
    if (value !== undefined && (typeof value !== "number" || Math.abs(value) > UNLIMITED)) {
      return { expose: head.property, field };
    }
  }
  const [min, max, step] = [members.value_min, members.value_max, members.value_step] as (number | undefined)[];
  if (min !== undefined && max !== undefined && min >= max) return { expose: head.property, field: "value_max" };
  const said = textAt(members, "unit");
  const unit = said === undefined || said.length > UNIT_CHARACTERS_MAX ? undefined : said;
  const typeFor: Leaf["typeFor"] = (capability, unitHere) => {
    const range = capability?.range;
    const decimals = step === undefined || step <= 0 ? (range?.decimals ?? DECIMALS_UNKNOWN) : decimalsOf(step);
    const low = min ?? Math.min(range?.min ?? -UNLIMITED, max ?? 0);
    const high = max ?? Math.max(range?.max ?? UNLIMITED, min ?? 0);
    const factor = 10 ** decimals;
    const source: TypeSource = {
      type: "number",
      // Outwards, so that the device's own ends are inside.
      min: Math.floor(low * factor) / factor,
      max: Math.ceil(high * factor) / factor,
      decimals,
      ...(unitHere === undefined ? {} : { unit: unitHere }),
    };
    return { source };
  };
  return {
    ...head,
    type: typeFor(undefined, unit),
    typeFor,
    ...(unit === undefined ? {} : { unit }),
    ...(max === undefined ? {} : { max }),
  };
}

function decimalsOf(step: number): number {
  let decimals = 0;
  while (decimals < DECIMALS_MAX && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-9) {
    decimals++;
  }
  return decimals;
}

function choice(members: Members, head: Head): Leaf | LeafFault {
  const values = listAt(members, "values");
  const wrong = { expose: head.property, field: "values" };
  if (values === undefined || values.length === 0) return wrong;
  const scalars: (string | number | boolean)[] = [];
  for (const value of values) {
    // An empty choice is how some converters say "nothing".
    if (value === "") continue;
    if (!isScalar(value) || String(value).length > CHOICE_CHARACTERS_MAX) return wrong;
    scalars.push(value);
  }
  const choices = scalars.map(String);
  if (choices.length === 0 || new Set(choices).size < choices.length) return wrong;
  const allText = scalars.every((value) => typeof value === "string");
  if (choices.length > CHOICES_MAX) {
    return allText ? fixed(head, { source: { type: "text", charactersMax: CHOICE_CHARACTERS_MAX } }) : wrong;
  }
  const source: TypeSource = { type: "choice", choices };
  if (allText) return fixed(head, { source });
  const convert: ConversionSource = { map: scalars.map((value) => [value, String(value)] as const) };
  return fixed(head, { source, convert });
}

function isScalar(value: JsonValue | undefined): value is string | number | boolean {
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}

export function membersOf(value: JsonValue | undefined): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

export function textAt(members: Members | undefined, name: string): string | undefined {
  const value = members?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function listAt(members: Members | undefined, name: string): JsonValue[] | undefined {
  const value = members?.[name];
  return Array.isArray(value) ? value : undefined;
}
