/** Actions: from how people write them to commands, scenes and notices. */
import type { ValueType } from "../../value.js";
import { affordanceOf } from "../direction.js";
import { propertyOf } from "../facts.js";
import type { Action, OnFail, Setting } from "../language.js";
import { FUEL_STEPS_MAX, NOTICE_CHARACTERS_MAX, RETRIES_MAX } from "../limits.js";
import { type Catalog, type CatalogDevice, commonType, readValue, selectorOf, selectorText } from "./catalog.js";
import { compileExpression, type ExpressionContext, type ExpressionKind } from "./expressionText.js";
import type { Findings } from "./problems.js";
import { durationOf } from "./quantities.js";
import type { ActionText, ValueText } from "./text.js";

export interface TriggerValue {
  readonly kind: ExpressionKind;
  readonly decimals: number;
}

const KINDS = ["set", "do", "scene", "notify", "pay"] as const;

export function compileAction(
  text: ActionText,
  catalog: Catalog,
  trigger: TriggerValue | undefined,
  path: string,
  findings: Findings,
): Action | undefined {
  const kinds = KINDS.filter((kind) => text[kind] !== undefined);
  const kind = kinds[0];
  if (kinds.length !== 1 || kind === undefined) {
    return findings.add(path, { code: "RULE_OPERATOR", found: kinds.length, expected: "set, do, scene or notify" });
  }
  const delayMs = text.after === undefined ? 0 : durationOf(text.after);
  if (delayMs === undefined) {
    return findings.add(`${path}.after`, { code: "RULE_DURATION", text: text.after ?? "" });
  }
  if (kind === "pay") return findings.add(`${path}.pay`, { code: "RULE_PAY_NOT_YET" });
  if (kind === "scene") {
    const scene = text.scene ?? "";
    if (catalog.scenes.has(scene)) return { kind: "scene", scene, delayMs };
    return findings.add(`${path}.scene`, { code: "RULE_SCENE_UNKNOWN", scene });
  }
  if (kind === "notify") {
    const notice = text.notify ?? "";
    if (notice.length <= NOTICE_CHARACTERS_MAX) return { kind: "notify", text: notice, delayMs };
    const expected = `text of at most ${NOTICE_CHARACTERS_MAX} characters`;
    return findings.add(`${path}.notify`, { code: "RULE_VALUE_WRONG", value: notice.slice(0, 32), expected });
  }
  return compileCommand(text, catalog, trigger, path, findings, delayMs);
}

function compileCommand(
  text: ActionText,
  catalog: Catalog,
  trigger: TriggerValue | undefined,
  path: string,
  findings: Findings,
  delayMs: number,
): Action | undefined {
  const where = selectorOf(text, catalog, path, findings);
  if (where === undefined) return undefined;
  const pairs = text.set === undefined ? [[text.do ?? "", text.with] as const] : Object.entries(text.set);
  const pair = pairs[0];
  if (pairs.length !== 1 || pair === undefined) {
    return findings.add(`${path}.set`, { code: "RULE_OPERATOR", found: pairs.length, expected: "one property" });
  }
  const [name, given] = pair;
  const place = text.set === undefined ? `${path}.do` : `${path}.set`;
  const selector = selectorText(where.selector);
  const found = where.members.flatMap(({ profile }) => affordanceOf(profile, name) ?? []);
  const wanted = text.set === undefined ? "action" : "property";
  if (found.length === 0 || found.some(({ kind }) => kind !== wanted)) {
    return findings.add(place, { code: "RULE_NAME_UNKNOWN", name, selector, known: settable(where.members) });
  }
  const types = found.map((one) => (one.kind === "property" ? one.spec.type : one.spec.input));
  const set = settingOf(given, types, catalog, trigger, place, selector, name, findings);
  if (set === undefined) return undefined;
  const type = commonType(types.flatMap((one) => one ?? []));
  const safetyMax =
    text.max === undefined || type?.kind !== "number" || set.kind === "none"
      ? undefined
      : readValue(
          text.max,
          set.decimals > type.decimals ? { ...type, decimals: set.decimals } : type,
          `${path}.max`,
          findings,
        );
  const [onFail, retries] = failOf(text.on_fail);
  return {
    kind: "command",
    target: where.selector,
    name,
    set,
    delayMs,
    onFail,
    retries,
    ...(typeof safetyMax === "number" ? { safetyMax } : {}),
    ...(text.co_signer === undefined ? {} : { coSigner: text.co_signer }),
  };
}

function settingOf(
  given: ValueText | undefined,
  types: readonly (ValueType | undefined)[],
  catalog: Catalog,
  trigger: TriggerValue | undefined,
  path: string,
  selector: string,
  name: string,
  findings: Findings,
): Setting | undefined {
  const known = types.flatMap((type) => type ?? []);
  if (known.length === 0) {
    if (given === undefined) return { kind: "none" };
    return findings.add(path, { code: "RULE_VALUE_WRONG", value: String(given), expected: "nothing" });
  }
  const type = commonType(known);
  if (type === undefined || known.length !== types.length) {
    return findings.add(path, { code: "RULE_KINDS_DIFFER", name, selector });
  }
  if (given === undefined)
    return findings.add(path, { code: "RULE_VALUE_WRONG", value: "", expected: `a ${type.kind}` });
  if (typeof given === "string" && given.startsWith("=")) {
    return expressionOf(given.slice(1), type, catalog, trigger, path, findings);
  }
  const value = readValue(given, type, path, findings);
  if (value === undefined) return undefined;
  return { kind: "value", value, decimals: type.kind === "number" ? type.decimals : 0 };
}

function expressionOf(
  text: string,
  type: ValueType,
  catalog: Catalog,
  trigger: TriggerValue | undefined,
  path: string,
  findings: Findings,
): Setting | undefined {
  const context: ExpressionContext = {
    trigger,
    read: (device, name) => {
      const profile = catalog.devices.find(({ id }) => id === device)?.profile;
      const property = profile === undefined ? undefined : propertyOf(profile, name);
      if (property?.type.kind === "boolean") return { kind: "truth", decimals: 0 };
      return property?.type.kind === "number" ? { kind: "number", decimals: property.type.decimals } : undefined;
    },
  };
  const outcome = compileExpression(text, type.kind === "number" ? type.decimals : 0, context);
  if (!outcome.ok) {
    if ("steps" in outcome) {
      return findings.add(path, { code: "RULE_EXPRESSION_LONG", steps: outcome.steps, max: FUEL_STEPS_MAX });
    }
    return findings.add(path, { code: "RULE_EXPRESSION_SYNTAX", at: outcome.at + 1, expected: outcome.expected });
  }
  const wanted = type.kind === "boolean" ? "truth" : "number";
  if ((type.kind === "boolean" || type.kind === "number") && outcome.kind === wanted) return outcome.setting;
  const expected = type.kind === "boolean" ? "a truth, such as a comparison" : `a ${type.kind}`;
  return findings.add(path, { code: "RULE_VALUE_WRONG", value: `=${text}`.slice(0, 64), expected });
}

function failOf(text: ActionText["on_fail"]): readonly [OnFail, number] {
  if (text === undefined || text === "skip") return ["skip", 0];
  return text === "abort" ? ["abort", 0] : ["retry", Math.min(text.retry, RETRIES_MAX)];
}

function settable(members: readonly CatalogDevice[]): string {
  const names = members.flatMap(({ profile }) => [
    ...[...profile.properties.values()].filter(({ writable }) => writable).map(({ name }) => name),
    ...profile.actions.keys(),
  ]);
  return [...new Set(names)].slice(0, 16).join(", ");
}
