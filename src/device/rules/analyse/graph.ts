/** Which rules set off which: cycles of capabilities without a brake, and two that write one target at once. */
import type { DeviceValue } from "../../value.js";
import { type Catalog, membersOf } from "../compile/catalog.js";
import { affordanceOf } from "../direction.js";
import { decimalsOf, propertyOf } from "../facts.js";
import {
  type CommandAction,
  type HeldRule,
  type HeldScene,
  type LinkageRule,
  rescale,
  type Trigger,
} from "../language.js";
import type { Finding } from "./problems.js";
import { canBothBeTrue, type RangeOf } from "./satisfiable.js";

interface Write {
  /** `device/property`; for actions `device/`, which may change anything of it. */
  readonly target: string;
  readonly device: string;
  readonly value: DeviceValue | undefined;
}

/** What a rule may write: its own commands and those of the scenes it runs. */
export function writesOf(rule: LinkageRule, scenes: readonly HeldScene[], catalog: Catalog): readonly Write[] {
  return rule.actions.flatMap((action): readonly Write[] => {
    if (action.kind === "command") return writesOfCommand(action, catalog);
    if (action.kind !== "scene") return [];
    const steps = scenes.find(({ scene }) => scene.id === action.scene)?.scene.steps ?? [];
    return steps.flatMap((step) => writesOfCommand(step, catalog));
  });
}

function writesOfCommand(
  { target, name, set }: Pick<CommandAction, "target" | "name" | "set">,
  catalog: Catalog,
): readonly Write[] {
  return membersOf(catalog, target).flatMap((device): readonly Write[] => {
    const affordance = affordanceOf(device.profile, name);
    if (affordance === undefined) return [];
    if (affordance.kind === "action") return [{ target: `${device.id}/`, device: device.id, value: undefined }];
    const { spec } = affordance;
    let value = set.kind === "value" ? set.value : undefined;
    if (set.kind === "value" && typeof value === "number") value = rescale(value, set.decimals, decimalsOf(spec));
    return [{ target: `${device.id}/${spec.name}`, device: device.id, value }];
  });
}

/** `device/property` that a trigger listens to. */
export function readsOf(trigger: Trigger, catalog: Catalog): readonly string[] {
  return membersOf(catalog, trigger.source).flatMap(({ id, profile }) => {
    if (trigger.op === "event") return [`${id}/!${trigger.name}`];
    const property = propertyOf(profile, trigger.name);
    return property === undefined ? [] : [`${id}/${property.name}`];
  });
}

/** Whether a value that is written can make the trigger fire at all. */
function couldFire(trigger: Trigger, value: DeviceValue | undefined): boolean {
  if (value === undefined || trigger.op === "event" || trigger.op === "changed") return true;
  const { op, value: wanted } = trigger;
  if (typeof value === "number" && typeof wanted === "number") {
    if (op === "gt") return value > wanted;
    if (op === "lt") return value < wanted;
    return op === "crosses" || value === wanted;
  }
  return value === wanted;
}

/** A brake: it may run only so often, or its value must move by more than what is written back and forth. */
function isBraked(rule: LinkageRule, trigger: Trigger): boolean {
  return rule.limits.minIntervalMs > 0 || (trigger.hysteresis > 0 && trigger.op !== "eq");
}

/** Rules in a circle of effects in which no one brakes. Each circle is told once, at its first rule. */
export function findCycles(rules: readonly HeldRule[], scenes: readonly HeldScene[], catalog: Catalog): Finding[] {
  const listeners = new Map<string, { readonly rule: number; readonly trigger: Trigger; readonly place: number }[]>();
  for (const [index, { rule }] of rules.entries()) {
    for (const [place, trigger] of rule.triggers.entries()) {
      for (const read of readsOf(trigger, catalog)) {
        const device = `${read.slice(0, read.indexOf("/"))}/`;
        for (const key of new Set([read, device])) {
          const list = listeners.get(key) ?? [];
          list.push({ rule: index, trigger, place });
          listeners.set(key, list);
        }
      }
    }
  }
  const edges = rules.map(({ rule }) => {
    const next = new Set<number>();
    for (const { target, value } of writesOf(rule, scenes, catalog)) {
      // A property's own listeners; of an action, all of its device.
      for (const { rule: other, trigger } of listeners.get(target) ?? []) {
        const { rule: heard } = rules[other] as HeldRule;
        const scaled = typeof value === "number" && trigger.decimals > 0 ? undefined : value;
        if (!isBraked(heard, trigger) && couldFire(trigger, scaled)) next.add(other);
      }
    }
    return next;
  });
  return components(edges).map((members) => {
    const names = members.map((index) => (rules[index] as HeldRule).rule.id);
    return { level: "error", rule: names[0] ?? "", path: "actions", code: "RULE_CYCLE", through: names.join(" -> ") };
  });
}

/** Strongly connected parts with a cycle, each in order of place (Tarjan's algorithm, without recursion). */
export function components(edges: readonly ReadonlySet<number>[]): number[][] {
  const count = edges.length;
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const onStack = new Uint8Array(count);
  const stack: number[] = [];
  const found: number[][] = [];
  let next = 0;
  for (let root = 0; root < count; root++) {
    if (index[root] !== -1) continue;
    const work: { readonly node: number; readonly rest: Iterator<number> }[] = [];
    const enter = (node: number): void => {
      index[node] = next;
      low[node] = next++;
      stack.push(node);
      onStack[node] = 1;
      work.push({ node, rest: (edges[node] as ReadonlySet<number>).values() });
    };
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { node, rest } = top;
      const step = rest.next();
      if (step.done !== true) {
        if (index[step.value] === -1) enter(step.value);
        else if (onStack[step.value] === 1) low[node] = Math.min(low[node] as number, index[step.value] as number);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      const members: number[] = [];
      for (let member = -1; member !== node; ) {
        member = stack.pop() as number;
        onStack[member] = 0;
        members.push(member);
      }
      if (members.length > 1 || edges[node]?.has(node) === true) found.push(members.sort((a, b) => a - b));
    }
  }
  return found.sort((a, b) => (a[0] as number) - (b[0] as number));
}

/** Two rules of one priority that may set one target to different values under conditions that can hold together. */
export function findConflicts(
  rules: readonly HeldRule[],
  scenes: readonly HeldScene[],
  catalog: Catalog,
  rangeOf: RangeOf,
): Finding[] {
  const writers = new Map<string, { readonly rule: number; readonly value: DeviceValue | undefined }[]>();
  for (const [index, { rule }] of rules.entries()) {
    for (const { target, value } of writesOf(rule, scenes, catalog)) {
      const list = writers.get(target) ?? [];
      list.push({ rule: index, value });
      writers.set(target, list);
    }
  }
  const told = new Set<string>();
  const findings: Finding[] = [];
  for (const [target, list] of writers) {
    for (const [place, one] of list.entries()) {
      for (const other of list.slice(place + 1)) {
        const key = `${one.rule}/${other.rule}`;
        if (one.rule === other.rule || told.has(key)) continue;
        if (one.value !== undefined && one.value === other.value) continue;
        const first = (rules[one.rule] as HeldRule).rule;
        const second = (rules[other.rule] as HeldRule).rule;
        if (first.priority !== second.priority || exclusive(first, second)) continue;
        if (!canBothBeTrue(first.condition, second.condition, rangeOf)) continue;
        told.add(key);
        findings.push({
          level: "error",
          rule: first.id,
          path: "actions",
          code: "RULE_WRITERS_CONFLICT",
          other: second.id,
          target: target.replace("/", "."),
        });
      }
    }
  }
  return findings;
}

/** Set off by opposite values of the same things: "motion" and "no motion" do not fight. */
function exclusive(one: LinkageRule, other: LinkageRule): boolean {
  return one.triggers.every((left) => other.triggers.every((right) => areOpposite(left, right)));
}

function areOpposite(left: Trigger, right: Trigger): boolean {
  const same =
    left.source.by === "device" &&
    right.source.by === "device" &&
    left.source.name === right.source.name &&
    !left.source.not &&
    !right.source.not &&
    left.name === right.name;
  if (!same) return false;
  if (left.op === "eq" && right.op === "eq") return left.value !== right.value;
  const [low, high] = left.op === "lt" ? [left, right] : [right, left];
  if (low.op !== "lt" || high.op !== "gt") return false;
  if (typeof low.value !== "number" || typeof high.value !== "number" || low.decimals !== high.decimals) return false;
  return low.value <= high.value;
}
