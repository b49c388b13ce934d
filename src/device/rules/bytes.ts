/** Canonical bytes and hashes of rules and scenes. docs/protocol.md, "Rules and receipts", has the table. */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type {
  Action,
  Condition,
  ExpressionRead,
  LinkageRule,
  OfflineAllowance,
  RuleLimits,
  Scene,
  SceneStep,
  Selector,
  Setting,
  Step,
  Trigger,
} from "./language.js";
import {
  ACTIONS_MAX,
  CONDITION_DEPTH_MAX,
  CONDITION_LEAVES_MAX,
  DURATION_MS_MAX,
  EXPRESSION_READS_MAX,
  FUEL_STEPS_MAX,
  NAME_CHARACTERS_MAX,
  NOTICE_CHARACTERS_MAX,
  RETRIES_MAX,
  RUNS_PER_RULE_MAX,
  SCENE_STEPS_MAX,
  TRIGGERS_MAX,
} from "./limits.js";
import {
  bytesOf,
  decodeShape,
  deviceValue,
  encodeShape,
  flag,
  int,
  list,
  nested,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  uint,
  union,
} from "./shape.js";

/** What is hashed begins with one of these: a rule is never read as a scene, a receipt or something that was signed. */
export const RULE_TAG = utf8Bytes("edgeseal/rule-v1");
export const SCENE_TAG = utf8Bytes("edgeseal/scene-1");

const name = text(NAME_CHARACTERS_MAX);
const decimals = uint(12);
const duration = uint(DURATION_MS_MAX);
const quantifier = oneOf("every", "some");

const selector: Shape<Selector> = record<Selector>({
  by: oneOf("device", "group", "class", "owner", "any"),
  name,
  not: flag,
});

const trigger: Shape<Trigger> = record<Trigger>({
  source: selector,
  name,
  op: oneOf("changed", "crosses", "eq", "gt", "lt", "event"),
  value: optional(deviceValue),
  decimals,
  forMs: duration,
  hysteresis: uint(),
});

function conditionShape(inner: Shape<Condition>): Shape<Condition> {
  const assume = optional(flag);
  return union<Condition>({
    all: { of: list(inner, CONDITION_LEAVES_MAX) },
    any: { of: list(inner, CONDITION_LEAVES_MAX) },
    not: { of: inner },
    state: { source: selector, name, equals: deviceValue, decimals, quantifier, assume },
    numeric: {
      source: selector,
      name,
      decimals,
      min: optional(int),
      max: optional(int),
      quantifier,
      assume,
    },
    time: { fromMinute: uint(1_439), toMinute: uint(1_439), days: uint(127), assume },
    mode: { scene: name, active: flag, assume },
    headerAge: { maxS: uint(), assume },
    counter: { counter: oneOf("hour", "day", "sinceSync", "total"), below: uint(), assume },
    presence: { source: selector, present: flag, assume },
  });
}
/** One level more than the depth, for `not`, which does not count. */
export const condition: Shape<Condition> = nested(conditionShape, 2 * CONDITION_DEPTH_MAX + 1);

const OP_CODES = [
  "push",
  "read",
  "trigger",
  "add",
  "sub",
  "mul",
  "div",
  "min",
  "max",
  "neg",
  "abs",
  "eq",
  "lt",
  "le",
  "and",
  "or",
  "not",
  "choose",
  "scale",
] as const;
const opCode = oneOf(...OP_CODES);
const step: Shape<Step> = {
  write: ([op, operand]) => [opCode.write(op), int.write(operand)],
  read: (reader, field) => {
    reader.fixedArray(field, 2);
    return [opCode.read(reader, field), int.read(reader, field)];
  },
};

const setting: Shape<Setting> = union<Setting>({
  value: { value: deviceValue, decimals },
  expression: {
    reads: list(record<ExpressionRead>({ device: name, name, decimals }), EXPRESSION_READS_MAX),
    steps: list(step, FUEL_STEPS_MAX),
    decimals,
  },
  none: {},
});

const onFail = oneOf("skip", "abort", "retry");
const action: Shape<Action> = union<Action>({
  command: {
    target: selector,
    name,
    set: setting,
    delayMs: duration,
    onFail,
    retries: uint(RETRIES_MAX),
    safetyMax: optional(int),
    coSigner: optional(name),
  },
  scene: { scene: name, delayMs: duration },
  notify: { text: text(NOTICE_CHARACTERS_MAX), delayMs: duration },
});

const ruleShape: Shape<LinkageRule> = record<LinkageRule>({
  id: name,
  title: text(NOTICE_CHARACTERS_MAX),
  version: uint(),
  prevHash: bytesOf(HASH_BYTES),
  author: name,
  triggers: list(trigger, TRIGGERS_MAX),
  condition: optional(condition),
  actions: list(action, ACTIONS_MAX),
  mode: oneOf("single", "restart", "queued", "parallel"),
  maxRuns: uint(RUNS_PER_RULE_MAX),
  limits: record<RuleLimits>({ minIntervalMs: duration, maxPerHour: uint(), maxPerDay: uint() }),
  offline: record<OfflineAllowance>({
    allow: flag,
    maxHeaderAgeS: optional(uint()),
    maxRunsSinceSync: optional(uint()),
  }),
  evidence: oneOf("none", "receipt", "receipt-readings"),
  priority: uint(100),
});

const sceneShape: Shape<Scene> = record<Scene>({
  id: name,
  title: text(NOTICE_CHARACTERS_MAX),
  version: uint(),
  steps: list(
    record<SceneStep>({
      target: selector,
      name,
      set: setting,
      transitionMs: duration,
      onFail,
      retries: uint(RETRIES_MAX),
      coSigner: optional(name),
    }),
    SCENE_STEPS_MAX,
  ),
  atomicity: oneOf("BEST_EFFORT", "ALL_OR_REVERT"),
  precondition: optional(condition),
  exclusiveGroup: optional(name),
  armForMs: optional(duration),
});

export function ruleBytes(rule: LinkageRule): Uint8Array {
  return encodeShape(ruleShape, rule);
}

/** @throws WireError. Whether the rule makes sense is the analyser's business. */
export function readRule(bytes: Uint8Array): LinkageRule {
  return decodeShape(ruleShape, bytes, "rule");
}

export function ruleHash(hash: HashFunction, rule: LinkageRule): Uint8Array {
  return hash(concatBytes([RULE_TAG, ruleBytes(rule)]));
}

export function sceneBytes(scene: Scene): Uint8Array {
  return encodeShape(sceneShape, scene);
}

/** @throws WireError */
export function readScene(bytes: Uint8Array): Scene {
  return decodeShape(sceneShape, bytes, "scene");
}

export function sceneHash(hash: HashFunction, scene: Scene): Uint8Array {
  return hash(concatBytes([SCENE_TAG, sceneBytes(scene)]));
}
