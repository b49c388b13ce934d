/** The shapes of `devices.yaml`, `rules/*.yaml`, `scenes/*.yaml` and `policy.yaml`. Loaded when such a file is read. */
import { z } from "zod";
import type { ConditionText, PolicyText, RuleText, SceneText } from "../../device/rules/compile/text.js";
import {
  ACTIONS_MAX,
  CONDITION_LEAVES_MAX,
  NAME_CHARACTERS_MAX,
  NOTICE_CHARACTERS_MAX,
  POLICY_RULES_MAX,
  RETRIES_MAX,
  RUNS_PER_RULE_MAX,
  SCENE_STEPS_MAX,
  TRIGGERS_MAX,
} from "../../device/rules/limits.js";

const name = z.string().min(1).max(NAME_CHARACTERS_MAX);
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");
const title = z.string().min(1).max(NOTICE_CHARACTERS_MAX).optional();
const duration = z.string().max(64);
const quantity = z.union([z.number(), z.string().max(64)]);
const value = z.union([z.boolean(), z.number(), z.string().max(1_024)]);
const version = z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional();
const count = z.int().min(0).max(1_000_000).optional();
const status = z.enum(["draft", "active", "paused", "revoked"]).optional();

const where = {
  device: id.optional(),
  group: name.optional(),
  class: name.optional(),
  owner: name.optional(),
  any: z.literal(true).optional(),
};

const trigger = z.strictObject({
  ...where,
  property: name.optional(),
  event: name.optional(),
  is: value.optional(),
  above: quantity.optional(),
  below: quantity.optional(),
  crosses: quantity.optional(),
  changes: z.literal(true).optional(),
  for: duration.optional(),
  hysteresis: quantity.optional(),
});

const condition: z.ZodType<ConditionText> = z.strictObject({
  ...where,
  get all() {
    return z.array(condition).min(1).max(CONDITION_LEAVES_MAX).optional();
  },
  get any_of() {
    return z.array(condition).min(1).max(CONDITION_LEAVES_MAX).optional();
  },
  get not() {
    return condition.optional();
  },
  property: name.optional(),
  is: value.optional(),
  above: quantity.optional(),
  below: quantity.optional(),
  of: z.enum(["every", "some"]).optional(),
  time: z.string().max(32).optional(),
  days: z
    .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
    .min(1)
    .max(7)
    .optional(),
  mode: id.optional(),
  active: z.boolean().optional(),
  header_age: duration.optional(),
  runs: z
    .strictObject({ count: z.enum(["hour", "day", "since_sync", "total"]), below: z.int().min(0).max(1_000_000) })
    .optional(),
  presence: z.enum(["home", "away"]).optional(),
  assume: z.boolean().optional(),
});

const action = z.strictObject({
  ...where,
  set: z.record(name, value).optional(),
  do: name.optional(),
  with: value.optional(),
  scene: id.optional(),
  notify: z.string().min(1).max(NOTICE_CHARACTERS_MAX).optional(),
  pay: z.unknown().optional(),
  after: duration.optional(),
  on_fail: z.union([z.enum(["skip", "abort"]), z.strictObject({ retry: z.int().min(1).max(RETRIES_MAX) })]).optional(),
  max: quantity.optional(),
  co_signer: name.optional(),
});

export const ruleSchema = z.strictObject({
  rule: id,
  title,
  version,
  previous: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{64}$/, "64 hex digits")
    .optional(),
  author: name.optional(),
  when: z.array(trigger).min(1).max(TRIGGERS_MAX),
  if: condition.optional(),
  // biome-ignore lint/suspicious/noThenProperty: the word that people write; no promise.
  then: z.array(action).min(1).max(ACTIONS_MAX),
  mode: z.enum(["single", "restart", "queued", "parallel"]).optional(),
  max_runs: z.int().min(1).max(RUNS_PER_RULE_MAX).optional(),
  limits: z.strictObject({ every: duration.optional(), per_hour: count, per_day: count }).optional(),
  offline: z
    .strictObject({ allow: z.boolean().optional(), max_header_age: duration.optional(), max_runs: count })
    .optional(),
  evidence: z.enum(["none", "receipt", "readings"]).optional(),
  priority: z.int().min(0).max(100).optional(),
  status,
}) satisfies z.ZodType<RuleText>;

export const sceneSchema = z.strictObject({
  scene: id,
  title,
  version,
  steps: z.array(action).min(1).max(SCENE_STEPS_MAX),
  atomicity: z.enum(["best_effort", "all_or_revert"]).optional(),
  if: condition.optional(),
  exclusive_group: name.optional(),
  arm: duration.optional(),
  status,
}) satisfies z.ZodType<SceneText>;

export const policySchema = z.strictObject({
  policy: id,
  version,
  rules: z
    .array(
      z.strictObject({
        ...where,
        effect: z.enum(["allow", "deny", "ask"]),
        who: z.string().max(80).optional(),
        capability: name.optional(),
        direction: z.enum(["safe", "away", "neutral"]).optional(),
        min_tier: z.int().min(0).max(4).optional(),
        max_header_age: duration.optional(),
        co_signer: name.optional(),
        priority: z.int().min(0).max(100).optional(),
        obligations: z
          .array(z.enum(["log", "receipt", "notify"]))
          .max(3)
          .optional(),
        rate: z.strictObject({ count: z.int().min(0).max(1_000_000), per: duration }).optional(),
      }),
    )
    .max(POLICY_RULES_MAX),
}) satisfies z.ZodType<PolicyText>;
