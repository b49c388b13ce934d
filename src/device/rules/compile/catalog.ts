/** What names in rules are looked up in: the gateway's devices with their profiles, and its scenes. */
import type { DeviceProfile } from "../../profile.js";
import type { DeviceValue, ValueType } from "../../value.js";
import { type DeviceStanding, selects } from "../facts.js";
import type { Selector } from "../language.js";
import type { Findings } from "./problems.js";
import { decimalOf } from "./quantities.js";
import type { ValueText, WhereText } from "./text.js";

export interface CatalogDevice {
  readonly id: string;
  readonly groups: readonly string[];
  readonly owner?: string;
  readonly profile: DeviceProfile;
}

export interface Catalog {
  readonly devices: readonly CatalogDevice[];
  readonly scenes: ReadonlySet<string>;
}

export function membersOf(catalog: Catalog, selector: Selector): readonly CatalogDevice[] {
  return catalog.devices.filter((device) => selects(selector, device.id, standing(device)));
}

function standing(device: CatalogDevice): Omit<DeviceStanding, "verdict"> {
  return {
    profile: device.profile.id,
    deviceClass: device.profile.deviceClass,
    groups: device.groups,
    ...(device.owner === undefined ? {} : { owner: device.owner }),
    trustTier: 0,
    availability: "unknown",
  };
}

/** The selector, and whom it means now; undefined after a problem was found. */
export function selectorOf(
  where: WhereText,
  catalog: Catalog,
  path: string,
  findings: Findings,
): { readonly selector: Selector; readonly members: readonly CatalogDevice[] } | undefined {
  const given = (["device", "group", "class", "owner", "any"] as const).filter((by) => where[by] !== undefined);
  const by = given[0];
  if (given.length !== 1 || by === undefined) return findings.add(path, { code: "RULE_SELECTOR", found: given.length });
  const name = by === "any" ? "" : (where[by] ?? "");
  const selector: Selector = { by, name, not: false };
  const members = membersOf(catalog, selector);
  if (members.length > 0) return { selector, members };
  if (by === "device") return findings.add(`${path}.device`, { code: "RULE_DEVICE_UNKNOWN", device: name });
  return findings.add(path, { code: "RULE_SELECTOR_EMPTY", selector: selectorText(selector) });
}

export function selectorText({ by, name, not }: Selector): string {
  return `${not ? "not " : ""}${by === "any" ? "any device" : `${by} ${name}`}`;
}

/**
 * The type in common of what several devices have under one name; numbers with the finest decimals and the widest range.
 * Undefined where their kinds differ.
 */
export function commonType(types: readonly ValueType[]): ValueType | undefined {
  const first = types[0];
  if (first === undefined || types.some(({ kind }) => kind !== first.kind)) return undefined;
  if (first.kind === "choice") {
    const choices = types.flatMap((type) => (type.kind === "choice" ? type.choices : []));
    return { kind: "choice", choices: [...new Set(choices)] };
  }
  if (first.kind !== "number") return first;
  const numbers = types.flatMap((type) => (type.kind === "number" ? [type] : []));
  const decimals = Math.max(...numbers.map((type) => type.decimals));
  const scaled = numbers.map((type) => {
    const factor = 10 ** (decimals - type.decimals);
    return { min: type.min * factor, max: type.max * factor };
  });
  return {
    ...first,
    decimals,
    min: Math.min(...scaled.map(({ min }) => min)),
    max: Math.max(...scaled.map(({ max }) => max)),
  };
}

const TRUE_WORDS = ["true", "on", "yes"];
const FALSE_WORDS = ["false", "off", "no"];

/** A value as people write it in a type's integers; undefined after a problem was found. */
export function readValue(text: ValueText, type: ValueType, path: string, findings: Findings): DeviceValue | undefined {
  const wrong = (expected: string): undefined =>
    findings.add(path, { code: "RULE_VALUE_WRONG", value: String(text), expected });
  switch (type.kind) {
    case "boolean":
      if (typeof text === "boolean") return text;
      if (TRUE_WORDS.includes(String(text))) return true;
      return FALSE_WORDS.includes(String(text)) ? false : wrong("true or false");
    case "choice":
      return typeof text === "string" && type.choices.includes(text) ? text : wrong(type.choices.join(", "));
    case "text":
      return typeof text === "string" && text.length <= type.charactersMax
        ? text
        : wrong(`text of at most ${type.charactersMax} characters`);
    case "number": {
      const decimal = typeof text === "boolean" ? undefined : decimalOf(text, type.unit);
      const expected = `a number with at most ${type.decimals} decimals${type.unit === undefined ? "" : ` in ${type.unit}`}`;
      if (decimal === undefined || decimal.decimals > type.decimals) return wrong(expected);
      const value = decimal.digits * 10 ** (type.decimals - decimal.decimals);
      return Number.isSafeInteger(value) ? value + 0 : wrong(expected);
    }
  }
}
