/**
 * The trust policy: may this subject let this device do that? Deny by default, at most 64 rules, no loops, no calls.
 *
 * Order: a device that is not registered, suspended or retired is frozen -> DENY rules by priority -> ALLOW and ASK rules
 * by priority -> the default. Of equal priority the earlier one goes first; a DENY wins ties by being looked at before.
 */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { DeviceId } from "../device.js";
import type { Direction } from "./direction.js";
import { type DeviceStanding, type Facts, headerOlderThan, selects } from "./facts.js";
import type { Selector } from "./language.js";
import { NAME_CHARACTERS_MAX, POLICY_RULES_MAX } from "./limits.js";
import { encodeShape, flag, list, oneOf, optional, record, text, uint } from "./shape.js";

export interface PolicySubject {
  readonly kind: "rule" | "scene" | "person";
  readonly name: string;
}

export interface SubjectSelector {
  readonly kind: "rule" | "scene" | "person" | "any";
  /** Absent: all of the kind. */
  readonly name?: string;
  readonly not: boolean;
}

export interface PolicyRule {
  readonly subject: SubjectSelector;
  readonly object: Selector;
  /** A capability (`lock.state`), a class of them (`lock.*`) or `*`. */
  readonly capability: string;
  /** Only commands of this direction. */
  readonly direction?: Direction;
  readonly effect: "ALLOW" | "DENY" | "ASK";
  readonly minTier: number;
  /** Of commands that do not go the safe way. */
  readonly maxHeaderAgeS?: number;
  readonly coSigner?: string;
  /** 0 to 100, the higher one first. */
  readonly priority: number;
  readonly log: boolean;
  readonly receipt: boolean;
  readonly notify: boolean;
  readonly rateCount?: number;
  readonly rateWindowMs?: number;
}

export interface TrustPolicy {
  readonly id: string;
  readonly version: number;
  readonly rules: readonly PolicyRule[];
}

export interface HeldPolicy {
  readonly policy: TrustPolicy;
  readonly hash: Uint8Array;
}

export type PolicyCode =
  | "RULE_DEVICE_FROZEN"
  | "RULE_POLICY_DENIES"
  | "RULE_POLICY_ASKS"
  | "RULE_HEADER_OLD"
  | "RULE_LIMIT_SPENT";

export interface PolicyVerdict {
  /** Absent: allowed. */
  readonly code?: PolicyCode;
  /** Which rule of the policy decided; -1: none, the default or the freeze. */
  readonly rule: number;
}

export interface PolicyQuestion {
  readonly subject: PolicySubject;
  readonly device: DeviceId;
  readonly standing: DeviceStanding;
  readonly capability: string;
  readonly direction: Direction;
  readonly coSigner?: string;
}

export const POLICY_TAG = utf8Bytes("edgeseal/policy1");

const NAME = text(NAME_CHARACTERS_MAX);
const POLICY_SHAPE = record<TrustPolicy>({
  id: NAME,
  version: uint(),
  rules: list(
    record<PolicyRule>({
      subject: record<SubjectSelector>({
        kind: oneOf("rule", "scene", "person", "any"),
        name: optional(NAME),
        not: flag,
      }),
      object: record<Selector>({ by: oneOf("device", "group", "class", "owner", "any"), name: NAME, not: flag }),
      capability: NAME,
      direction: optional(oneOf("safe", "away", "neutral")),
      effect: oneOf("ALLOW", "DENY", "ASK"),
      minTier: uint(4),
      maxHeaderAgeS: optional(uint()),
      coSigner: optional(NAME),
      priority: uint(100),
      log: flag,
      receipt: flag,
      notify: flag,
      rateCount: optional(uint()),
      rateWindowMs: optional(uint()),
    }),
    POLICY_RULES_MAX,
  ),
});

export function policyBytes(policy: TrustPolicy): Uint8Array {
  return encodeShape(POLICY_SHAPE, policy);
}

export function policyHash(hash: HashFunction, policy: TrustPolicy): Uint8Array {
  return hash(concatBytes([POLICY_TAG, policyBytes(policy)]));
}

export function askPolicy(policy: TrustPolicy, question: PolicyQuestion, facts: Facts): PolicyVerdict {
  if (question.standing.verdict !== "registered") return { code: "RULE_DEVICE_FROZEN", rule: -1 };
  const denies = best(policy, (rule) => rule.effect === "DENY" && applies(rule, question));
  if (denies >= 0) return { code: "RULE_POLICY_DENIES", rule: denies };
  // The most urgent reason among ALLOW rules that would have fitted is what a person is told.
  let code: PolicyCode = "RULE_POLICY_DENIES";
  let decider = -1;
  for (const index of ordered(policy)) {
    const rule = policy.rules[index] as PolicyRule;
    if (rule.effect === "DENY" || !applies(rule, question) || !meets(rule, question)) continue;
    const safe = question.direction === "safe";
    if (!safe && rule.maxHeaderAgeS !== undefined && headerOlderThan(facts.chain, rule.maxHeaderAgeS)) {
      code = "RULE_HEADER_OLD";
      decider = index;
      continue;
    }
    if (!safe && rule.rateCount !== undefined && facts.rateSpent(index)) {
      code = "RULE_LIMIT_SPENT";
      decider = index;
      continue;
    }
    return rule.effect === "ASK" ? { code: "RULE_POLICY_ASKS", rule: index } : { rule: index };
  }
  return { code, rule: decider };
}

const ORDERS = new WeakMap<TrustPolicy, readonly number[]>();

/** Places of rules, the higher priority first, then as they stand. */
function ordered(policy: TrustPolicy): readonly number[] {
  let order = ORDERS.get(policy);
  if (order === undefined) {
    const { rules } = policy;
    order = rules
      .map((_, index) => index)
      .sort((a, b) => (rules[b] as PolicyRule).priority - (rules[a] as PolicyRule).priority || a - b);
    ORDERS.set(policy, order);
  }
  return order;
}

function best(policy: TrustPolicy, fits: (rule: PolicyRule) => boolean): number {
  return ordered(policy).find((index) => fits(policy.rules[index] as PolicyRule)) ?? -1;
}

function applies(rule: PolicyRule, question: PolicyQuestion): boolean {
  return (
    (rule.direction === undefined || rule.direction === question.direction) &&
    subjectFits(rule.subject, question.subject) &&
    capabilityFits(rule.capability, question.capability) &&
    selects(rule.object, question.device, question.standing)
  );
}

function meets(rule: PolicyRule, question: PolicyQuestion): boolean {
  return (
    question.standing.trustTier >= rule.minTier && (rule.coSigner === undefined || rule.coSigner === question.coSigner)
  );
}

function subjectFits(selector: SubjectSelector, subject: PolicySubject): boolean {
  const fits =
    (selector.kind === "any" || selector.kind === subject.kind) &&
    (selector.name === undefined || selector.name === subject.name);
  return fits !== selector.not;
}

function capabilityFits(pattern: string, capability: string): boolean {
  if (pattern === "*" || pattern === capability) return true;
  return pattern.endsWith(".*") && capability.startsWith(pattern.slice(0, -1));
}
