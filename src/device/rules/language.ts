/**
 * Linkage rules in the form in which they are hashed, analysed and evaluated: trigger, condition, action.
 *
 * Nothing in it is text to be interpreted. Numbers are integers with their number of decimals beside them; `rescale` brings
 * them to what a device's property has. Names are names of properties, actions and events, or capabilities where they hold
 * a full stop.
 */
import type { DeviceValue } from "../value.js";

export interface Selector {
  readonly by: "device" | "group" | "class" | "owner" | "any";
  /** Empty for `any`. */
  readonly name: string;
  /** All but these. */
  readonly not: boolean;
}

export type TriggerOp = "changed" | "crosses" | "eq" | "gt" | "lt" | "event";

export interface Trigger {
  readonly source: Selector;
  readonly name: string;
  /**
   * `eq`, `gt` and `lt` fire when they become true, and at the first reading after a start if they are true then, so that
   * smoke that began while the gateway was down is not missed. `changed` and `crosses` need a reading before.
   */
  readonly op: TriggerOp;
  /** Of `eq`, `gt`, `lt`, `crosses`; for `event` the event's data, if it matters. */
  readonly value?: DeviceValue;
  /** Of `value` and `hysteresis`. */
  readonly decimals: number;
  /** What fired must stay so for this long. */
  readonly forMs: number;
  /** `gt`, `lt`: how far back it must go before it may fire again; `crosses`: half the band; `changed`: least change. */
  readonly hysteresis: number;
}

export type Quantifier = "every" | "some";

interface LeafBase {
  /** What an unknown answer (stale, missing) counts as; absent: unknown, and the rule does not run. */
  readonly assume?: boolean;
}

export type Condition =
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | StateLeaf
  | NumericLeaf
  | TimeLeaf
  | ModeLeaf
  | HeaderAgeLeaf
  | CounterLeaf
  | PresenceLeaf;

export interface StateLeaf extends LeafBase {
  readonly kind: "state";
  readonly source: Selector;
  readonly name: string;
  readonly equals: DeviceValue;
  readonly decimals: number;
  readonly quantifier: Quantifier;
}

/** Both ends included; at least one of them. */
export interface NumericLeaf extends LeafBase {
  readonly kind: "numeric";
  readonly source: Selector;
  readonly name: string;
  readonly decimals: number;
  readonly min?: number;
  readonly max?: number;
  readonly quantifier: Quantifier;
}

/** From the first minute up to, not including, the second; over midnight where the second is not above the first. */
export interface TimeLeaf extends LeafBase {
  readonly kind: "time";
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Bit 0 is Monday. Over midnight: the day on which the window began. */
  readonly days: number;
}

export interface ModeLeaf extends LeafBase {
  readonly kind: "mode";
  readonly scene: string;
  readonly active: boolean;
}

export interface HeaderAgeLeaf extends LeafBase {
  readonly kind: "headerAge";
  readonly maxS: number;
}

/** Runs of the rule itself. */
export interface CounterLeaf extends LeafBase {
  readonly kind: "counter";
  readonly counter: "hour" | "day" | "sinceSync" | "total";
  readonly below: number;
}

/** Somebody is there: the boolean capability `PRESENCE_CAPABILITY` of the devices chosen. */
export interface PresenceLeaf extends LeafBase {
  readonly kind: "presence";
  readonly source: Selector;
  readonly present: boolean;
}

export const PRESENCE_CAPABILITY = "presence.home";

export type OpCode =
  | "push"
  | "read"
  | "trigger"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "neg"
  | "abs"
  | "eq"
  | "lt"
  | "le"
  | "and"
  | "or"
  | "not"
  | "choose"
  | "scale";

/** One step of a stack machine. The operand is a number, a read's place, or decimals; 0 where it has no meaning. */
export type Step = readonly [op: OpCode, operand: number];

export interface ExpressionRead {
  readonly device: string;
  readonly name: string;
  /** What it is brought to when it is read. */
  readonly decimals: number;
}

export type Setting =
  | { readonly kind: "value"; readonly value: DeviceValue; readonly decimals: number }
  | {
      readonly kind: "expression";
      readonly reads: readonly ExpressionRead[];
      readonly steps: readonly Step[];
      /** Of the result, and of the trigger's value. */
      readonly decimals: number;
    }
  /** An action without an argument. */
  | { readonly kind: "none" };

export type OnFail = "skip" | "abort" | "retry";

export interface CommandAction {
  readonly kind: "command";
  readonly target: Selector;
  readonly name: string;
  readonly set: Setting;
  /** After the action before it was started. */
  readonly delayMs: number;
  /** `abort`: the ones after it wait for it, and are left out if it fails. */
  readonly onFail: OnFail;
  readonly retries: number;
  /** No more than this, whatever the expression says; in the setting's decimals. */
  readonly safetyMax?: number;
  /** Who else has agreed to a command of safety class 2 or 3 away from the safe direction. */
  readonly coSigner?: string;
}

export type Action =
  | CommandAction
  | { readonly kind: "scene"; readonly scene: string; readonly delayMs: number }
  | { readonly kind: "notify"; readonly text: string; readonly delayMs: number };

export type RunMode = "single" | "restart" | "queued" | "parallel";

export interface RuleLimits {
  readonly minIntervalMs: number;
  /** Runs in an hour (a day) that begins with a run; 0: no limit. */
  readonly maxPerHour: number;
  readonly maxPerDay: number;
}

/** For commands that do not go the safe way. */
export interface OfflineAllowance {
  /** Whether it may run while the chain is not followed (`SYNCED_HEADER_AGE_MS`). */
  readonly allow: boolean;
  /** Absent: of any age. */
  readonly maxHeaderAgeS?: number;
  /** Runs while the chain is not followed; absent: as many as it takes. */
  readonly maxRunsSinceSync?: number;
}

export type EvidenceLevel = "none" | "receipt" | "receipt-readings";

export type RuleStatus =
  | "DRAFT"
  | "PROPOSED"
  | "CONSENTED"
  | "ACTIVE"
  | "PAUSED"
  | "SUPERSEDED"
  | "REVOKED"
  | "EXPIRED";

/** What owners agree to: all of it is hashed. */
export interface LinkageRule {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  /** 32 bytes: hash of the version before; zeros for version 1. */
  readonly prevHash: Uint8Array;
  readonly author: string;
  readonly triggers: readonly Trigger[];
  readonly condition?: Condition;
  readonly actions: readonly Action[];
  readonly mode: RunMode;
  readonly maxRuns: number;
  readonly limits: RuleLimits;
  readonly offline: OfflineAllowance;
  readonly evidence: EvidenceLevel;
  /** The higher one wins where two rules write one target; 0 to 100. */
  readonly priority: number;
}

/** A rule with its hash and where it stands; only `ACTIVE` ones run. The status is not hashed: it changes over its life. */
export interface HeldRule {
  readonly rule: LinkageRule;
  readonly hash: Uint8Array;
  readonly status: RuleStatus;
}

export interface SceneStep {
  readonly target: Selector;
  readonly name: string;
  readonly set: Setting;
  readonly transitionMs: number;
  readonly onFail: OnFail;
  readonly retries: number;
  readonly coSigner?: string;
}

export interface Scene {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly steps: readonly SceneStep[];
  readonly atomicity: "BEST_EFFORT" | "ALL_OR_REVERT";
  readonly precondition?: Condition;
  /** At most one scene of a group is active. */
  readonly exclusiveGroup?: string;
  /** Only runs after somebody has armed it, for at most this long. */
  readonly armForMs?: number;
}

export interface HeldScene {
  readonly scene: Scene;
  readonly hash: Uint8Array;
  readonly status: RuleStatus;
}

/**
 * An integer with `from` decimals as one with `to` decimals; undefined where that is not exact or leaves the safe integers.
 */
export function rescale(value: number, from: number, to: number): number | undefined {
  if (from === to) return value;
  const factor = 10 ** Math.abs(to - from);
  const scaled = to > from ? value * factor : value / factor;
  return Number.isSafeInteger(scaled) ? scaled + 0 : undefined;
}
