/** Rules in plain English: what sets one off, when, and what it does then. */
import type { Action, Condition, LinkageRule, Scene, Selector, Setting, Trigger } from "../../device/rules/language.js";
import type { DeviceValue } from "../../device/value.js";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const ALL_DAYS = 127;

export function explainRule(rule: LinkageRule): string[] {
  const { limits, offline } = rule;
  const lines = [`When ${rule.triggers.map(triggerWords).join(", or when ")}:`];
  if (rule.condition !== undefined) lines.push(`  but only if ${conditionWords(rule.condition)}:`);
  for (const action of rule.actions) lines.push(`  - ${actionWords(action)}`);
  lines.push(`  ${MODES[rule.mode]}`);
  if (limits.minIntervalMs > 0) lines.push(`  It runs at most once in ${durationWords(limits.minIntervalMs)}.`);
  if (limits.maxPerHour > 0) lines.push(`  It runs at most ${limits.maxPerHour} times an hour.`);
  if (limits.maxPerDay > 0) lines.push(`  It runs at most ${limits.maxPerDay} times a day.`);
  if (!offline.allow) lines.push("  While the chain is out of reach only its safe commands go out.");
  else if (offline.maxHeaderAgeS !== undefined) {
    const age = durationWords(offline.maxHeaderAgeS * 1_000);
    lines.push(`  When the chain has not been heard of for ${age}, only its safe commands go out.`);
  }
  return lines;
}

export function explainScene(scene: Scene): string[] {
  const lines = [`The scene "${scene.title}" sets:`];
  if (scene.precondition !== undefined) lines.push(`  only if ${conditionWords(scene.precondition)}:`);
  for (const { target, name, set } of scene.steps)
    lines.push(`  - ${name} of ${selectorWords(target)} to ${settingWords(set)}`);
  if (scene.atomicity === "ALL_OR_REVERT") lines.push("  All of it, or everything is put back.");
  if (scene.exclusiveGroup !== undefined) lines.push(`  It ends other scenes of ${scene.exclusiveGroup}.`);
  return lines;
}

const MODES = {
  single: "Set off again while it runs, it does not start anew.",
  restart: "Set off again while it runs, it starts over.",
  queued: "Set off again while it runs, it runs again afterwards.",
  parallel: "Set off again while it runs, it runs a second time beside the first.",
};

export function selectorWords({ by, name, not }: Selector): string {
  const words = {
    device: name,
    group: `every device of the group ${name}`,
    class: `every ${name}`,
    owner: `every device of ${name}`,
    any: "any device",
  }[by];
  return not ? `everything but ${words}` : words;
}

function triggerWords(trigger: Trigger): string {
  const { source, name, op, value, decimals, forMs } = trigger;
  const of = `${name} of ${selectorWords(source)}`;
  const wanted = value === undefined ? "" : valueWords(value, decimals);
  const held = forMs === 0 ? "" : ` and stays so for ${durationWords(forMs)}`;
  switch (op) {
    case "event":
      return `${selectorWords(source)} reports ${name}${value === undefined ? "" : ` with ${wanted}`}`;
    case "changed":
      return `${of} changes${held}`;
    case "crosses":
      return `${of} passes ${wanted}, up or down${held}`;
    case "eq":
      return `${of} becomes ${wanted}${held}`;
    case "gt":
      return `${of} rises above ${wanted}${held}`;
    case "lt":
      return `${of} falls below ${wanted}${held}`;
  }
}

export function conditionWords(condition: Condition): string {
  switch (condition.kind) {
    case "all":
      return condition.of.map((part) => inner(part, "any")).join(" and ");
    case "any":
      return condition.of.map((part) => inner(part, "all")).join(" or ");
    case "not":
      return `not (${conditionWords(condition.of)})`;
    case "state":
      return `${condition.name} of ${selectorWords(condition.source)} is ${valueWords(condition.equals, condition.decimals)}`;
    case "numeric": {
      const { min, max, decimals } = condition;
      const parts = [
        ...(min === undefined ? [] : [`at least ${valueWords(min, decimals)}`]),
        ...(max === undefined ? [] : [`at most ${valueWords(max, decimals)}`]),
      ];
      return `${condition.name} of ${selectorWords(condition.source)} is ${parts.join(" and ")}`;
    }
    case "time": {
      const days =
        condition.days === ALL_DAYS ? "" : ` on ${DAYS.filter((_, day) => (condition.days >> day) & 1).join(", ")}`;
      return `it is between ${clockWords(condition.fromMinute)} and ${clockWords(condition.toMinute)}${days}`;
    }
    case "mode":
      return `the scene ${condition.scene} is ${condition.active ? "" : "not "}active`;
    case "headerAge":
      return `the chain was heard of in the last ${durationWords(condition.maxS * 1_000)}`;
    case "counter":
      return `it has run fewer than ${condition.below} times (${condition.counter})`;
    case "presence":
      return condition.present ? "somebody is at home" : "nobody is at home";
  }
}

function inner(condition: Condition, bracketed: "all" | "any"): string {
  const words = conditionWords(condition);
  return condition.kind === bracketed ? `(${words})` : words;
}

function actionWords(action: Action): string {
  const after = action.delayMs === 0 ? "" : `, ${durationWords(action.delayMs)} after that,`;
  if (action.kind === "scene") return `start the scene ${action.scene}${after}`;
  if (action.kind === "notify") return `tell people${after}: "${action.text}"`;
  const { target, name, set, onFail, retries, coSigner } = action;
  const what = set.kind === "none" ? `do ${name} at` : `set ${name} of`;
  const to = set.kind === "none" ? "" : ` to ${settingWords(set)}`;
  const fail = { skip: "", abort: "; if that fails, stop", retry: `; if that fails, try again up to ${retries} times` }[
    onFail
  ];
  const leave = coSigner === undefined ? "" : ` (with the leave of ${coSigner})`;
  return `${what} ${selectorWords(target)}${to}${after}${leave}${fail}`;
}

function settingWords(set: Setting): string {
  if (set.kind === "value") return valueWords(set.value, set.decimals);
  return set.kind === "none" ? "nothing" : "what its expression gives";
}

export function valueWords(value: DeviceValue, decimals: number): string {
  if (typeof value !== "number") return typeof value === "boolean" ? (value ? "true" : "false") : `"${value}"`;
  if (decimals === 0) return String(value);
  const digits = String(Math.abs(value)).padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -decimals)}${fraction === "" ? "" : `.${fraction}`}`;
}

export function durationWords(ms: number): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}`;
  }
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

function clockWords(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
