/** One YAML file of a rule, a scene or a policy: to its text, or to its mistakes with line and column. */
import { readFileSync, statSync } from "node:fs";
import type { Document, LineCounter } from "yaml";
import type { PolicyText, RuleText, SceneText } from "../../device/rules/compile/text.js";
import { nearestOf } from "../config/validate.js";
import { fieldName, valueAt } from "../fieldPaths.js";
import { placeOf } from "../profiles/read.js";
import type { RuleFileProblem, RuleMistake } from "./problems.js";

/** A rule with all there may be of it takes some 10 KiB. */
export const RULE_FILE_BYTES_MAX = 256 * 1024;

export type RuleFileText =
  | { readonly kind: "rule"; readonly text: RuleText }
  | { readonly kind: "scene"; readonly text: SceneText }
  | { readonly kind: "policy"; readonly text: PolicyText };

export interface ReadFile {
  readonly file: string;
  readonly found?: RuleFileText;
  readonly mistakes: readonly RuleMistake[];
  /** Where something in the file stands: `then[0].set`. */
  place(path: string): { readonly line: number; readonly column: number };
}

const NOWHERE = () => ({ line: 0, column: 0 });

/** Never throws for what is in the file or not there. */
export async function readRuleFile(file: string): Promise<ReadFile> {
  const whole = (problem: RuleFileProblem): ReadFile => ({
    file,
    mistakes: [{ file, line: 0, column: 0, problem }],
    place: NOWHERE,
  });
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > RULE_FILE_BYTES_MAX) return whole({ code: "RULE_FILE_TOO_LARGE", size, limit: RULE_FILE_BYTES_MAX });
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "not UTF-8";
    return whole({ code: "RULE_FILE_UNREADABLE", reason });
  }
  return await parseRuleFile(file, text);
}

export async function parseRuleFile(file: string, text: string): Promise<ReadFile> {
  const failed = (line: number, column: number, problem: RuleFileProblem): ReadFile => ({
    file,
    mistakes: [{ file, line, column, problem }],
    place: NOWHERE,
  });
  try {
    return await parseChecked(file, text, failed);
  } catch (thrown) {
    // Brackets within brackets end the stack of whoever reads them one by one.
    if (!(thrown instanceof RangeError)) throw thrown;
    return failed(1, 1, { code: "RULE_FILE_YAML", reason: "it is nested too deeply" });
  }
}

async function parseChecked(
  file: string,
  text: string,
  failed: (line: number, column: number, problem: RuleFileProblem) => ReadFile,
): Promise<ReadFile> {
  const [{ LineCounter, parseDocument }, schemas] = await Promise.all([import("yaml"), import("./schema.js")]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return failed(line, col, { code: "RULE_FILE_YAML", reason: error.message });
  }
  let value: unknown;
  try {
    // Anchors and aliases are not needed here and could make a small file huge.
    value = document.toJS({ maxAliasCount: 0 });
  } catch (thrown) {
    return failed(1, 1, { code: "RULE_FILE_YAML", reason: thrown instanceof Error ? thrown.message : "unreadable" });
  }
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const kind = (["rule", "scene", "policy"] as const).find((key) => keys.includes(key));
  if (kind === undefined) return failed(1, 1, { code: "RULE_FILE_KIND" });
  const schema = {
    rule: schemas.ruleSchema,
    scene: schemas.sceneSchema,
    policy: schemas.policySchema,
  }[kind];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const mistakes = (parsed.error.issues as readonly Issue[]).flatMap((issue) =>
      mistakesOf(file, document, lines, issue, value),
    );
    return { file, mistakes, place: NOWHERE };
  }
  return {
    file,
    found: { kind, text: parsed.data } as RuleFileText,
    mistakes: [],
    place: (path) => placeOf(document, lines, partsOf(path), undefined),
  };
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** What people may have meant, whatever the place. */
const KNOWN_KEYS =
  "rule title version previous author when if then mode max_runs limits offline evidence priority status device group class owner any property event is above below crosses changes for hysteresis all any_of not of time days active header_age runs presence assume set do with scene notify after on_fail max co_signer every per_hour per_day allow max_header_age steps atomicity exclusive_group arm policy rules effect who capability direction min_tier obligations rate count per".split(
    " ",
  );

function mistakesOf(file: string, document: Document, lines: LineCounter, issue: Issue, value: unknown): RuleMistake[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => ({
      file,
      ...placeOf(document, lines, path, key),
      problem: { code: "RULE_FILE_KEY", field: fieldName([...path, key]), nearest: nearestOf(key, KNOWN_KEYS) },
    }));
  }
  const missing = valueAt(value, path) === undefined;
  const reason = missing ? "it is missing" : issue.message;
  const problem = { code: "RULE_FILE_VALUE", field: fieldName(path), reason } as const;
  return [{ file, ...placeOf(document, lines, path, undefined), problem }];
}

/** `then[0].set` as `["then", 0, "set"]`. */
function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? "") : Number(index),
  );
}
