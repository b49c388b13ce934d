/** Conditions: from how people write them to the tree that is evaluated. */
import { propertyOf } from "../facts.js";
import { type Condition, PRESENCE_CAPABILITY } from "../language.js";
import { CONDITION_DEPTH_MAX, CONDITION_LEAVES_MAX } from "../limits.js";
import { type Catalog, type CatalogDevice, commonType, readValue, selectorOf, selectorText } from "./catalog.js";
import type { Findings } from "./problems.js";
import { durationOf, windowOf } from "./quantities.js";
import { type ConditionText, DAYS } from "./text.js";

const ALL_DAYS = 127;
const KINDS = ["all", "any_of", "not", "property", "time", "mode", "header_age", "runs", "presence"] as const;

export function compileCondition(
  text: ConditionText,
  catalog: Catalog,
  path: string,
  findings: Findings,
): Condition | undefined {
  const compiled = compilePart(text, catalog, path, findings, 1);
  if (compiled === undefined) return undefined;
  const leaves = countLeaves(compiled);
  if (leaves <= CONDITION_LEAVES_MAX) return compiled;
  return findings.add(path, { code: "RULE_TOO_MANY", what: "conditions", count: leaves, max: CONDITION_LEAVES_MAX });
}

export function countLeaves(condition: Condition): number {
  if (condition.kind === "not") return countLeaves(condition.of);
  if (condition.kind !== "all" && condition.kind !== "any") return 1;
  return condition.of.reduce((sum, part) => sum + countLeaves(part), 0);
}

function compilePart(
  text: ConditionText,
  catalog: Catalog,
  path: string,
  findings: Findings,
  depth: number,
): Condition | undefined {
  const kinds = KINDS.filter((kind) => text[kind] !== undefined);
  const kind = kinds[0];
  if (kinds.length !== 1 || kind === undefined) {
    return findings.add(path, { code: "RULE_OPERATOR", found: kinds.length, expected: KINDS.join(", ") });
  }
  if (depth > CONDITION_DEPTH_MAX) {
    return findings.add(path, {
      code: "RULE_TOO_MANY",
      what: "levels of conditions",
      count: depth,
      max: CONDITION_DEPTH_MAX,
    });
  }
  if (kind === "all" || kind === "any_of") {
    const of = (text[kind] ?? []).flatMap(
      (part, index) => compilePart(part, catalog, `${path}.${kind}[${index}]`, findings, depth + 1) ?? [],
    );
    return { kind: kind === "all" ? "all" : "any", of };
  }
  if (kind === "not") {
    const of = compilePart(text.not ?? {}, catalog, `${path}.not`, findings, depth + 1);
    return of === undefined ? undefined : { kind: "not", of };
  }
  const leaf = compileLeaf(kind, text, catalog, path, findings);
  return leaf === undefined || text.assume === undefined ? leaf : ({ ...leaf, assume: text.assume } as Condition);
}

function compileLeaf(
  kind: Exclude<(typeof KINDS)[number], "all" | "any_of" | "not">,
  text: ConditionText,
  catalog: Catalog,
  path: string,
  findings: Findings,
): Condition | undefined {
  switch (kind) {
    case "property":
      return compareLeaf(text, catalog, path, findings);
    case "time": {
      const window = windowOf(text.time ?? "");
      if (window === undefined) {
        return findings.add(`${path}.time`, { code: "RULE_TIME_OF_DAY", text: text.time ?? "" });
      }
      const days =
        text.days === undefined ? ALL_DAYS : text.days.reduce((mask, day) => mask | (1 << DAYS.indexOf(day)), 0);
      return { kind: "time", fromMinute: window.from, toMinute: window.to, days };
    }
    case "mode": {
      const scene = text.mode ?? "";
      if (!catalog.scenes.has(scene)) return findings.add(`${path}.mode`, { code: "RULE_SCENE_UNKNOWN", scene });
      return { kind: "mode", scene, active: text.active ?? true };
    }
    case "header_age": {
      const ms = durationOf(text.header_age ?? "");
      if (ms === undefined) {
        return findings.add(`${path}.header_age`, { code: "RULE_DURATION", text: text.header_age ?? "" });
      }
      return { kind: "headerAge", maxS: Math.ceil(ms / 1_000) };
    }
    case "runs": {
      const { count, below } = text.runs ?? { count: "total", below: 0 };
      return { kind: "counter", counter: count === "since_sync" ? "sinceSync" : count, below };
    }
    case "presence": {
      const where = selectorOf(text, catalog, path, findings);
      if (where === undefined) return undefined;
      const known = where.members.some(({ profile }) => propertyOf(profile, PRESENCE_CAPABILITY) !== undefined);
      if (known) return { kind: "presence", source: where.selector, present: text.presence === "home" };
      return findings.add(path, {
        code: "RULE_NAME_UNKNOWN",
        name: PRESENCE_CAPABILITY,
        selector: selectorText(where.selector),
        known: "",
      });
    }
  }
}

function compareLeaf(text: ConditionText, catalog: Catalog, path: string, findings: Findings): Condition | undefined {
  const where = selectorOf(text, catalog, path, findings);
  if (where === undefined) return undefined;
  const name = text.property ?? "";
  const type = readableType(where.members, name, selectorText(where.selector), `${path}.property`, findings);
  if (type === undefined) return undefined;
  const quantifier = text.of ?? "every";
  const source = where.selector;
  const decimals = type.kind === "number" ? type.decimals : 0;
  const operators = (["is", "above", "below"] as const).filter((operator) => text[operator] !== undefined);
  if (text.is !== undefined && operators.length === 1) {
    const equals = readValue(text.is, type, `${path}.is`, findings);
    return equals === undefined ? undefined : { kind: "state", source, name, equals, decimals, quantifier };
  }
  if (operators.length === 0 || text.is !== undefined || type.kind !== "number") {
    const expected = type.kind === "number" ? "is, or above and below" : "is";
    return findings.add(path, { code: "RULE_OPERATOR", found: operators.length, expected });
  }
  const above = text.above === undefined ? undefined : readValue(text.above, type, `${path}.above`, findings);
  const below = text.below === undefined ? undefined : readValue(text.below, type, `${path}.below`, findings);
  return {
    kind: "numeric",
    source,
    name,
    decimals,
    ...(typeof above === "number" ? { min: above + 1 } : {}),
    ...(typeof below === "number" ? { max: below - 1 } : {}),
    quantifier,
  };
}

/** The type of what devices tell under a name. */
export function readableType(
  members: readonly CatalogDevice[],
  name: string,
  selector: string,
  path: string,
  findings: Findings,
) {
  const found = members.flatMap(({ profile }) => propertyOf(profile, name) ?? []);
  if (found.length === 0) {
    const known = [...new Set(members.flatMap(({ profile }) => [...profile.properties.keys()]))]
      .slice(0, 16)
      .join(", ");
    return findings.add(path, { code: "RULE_NAME_UNKNOWN", name, selector, known });
  }
  const type = commonType(found.map((property) => property.type));
  return type ?? findings.add(path, { code: "RULE_KINDS_DIFFER", name, selector });
}
