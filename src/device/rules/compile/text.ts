/** Rules, scenes and policies as people write them, after YAML has been read: the shapes that the compiler takes. */

/** Which devices: exactly one of these. */
export interface WhereText {
  readonly device?: string | undefined;
  readonly group?: string | undefined;
  readonly class?: string | undefined;
  readonly owner?: string | undefined;
  readonly any?: true | undefined;
}

export type ValueText = boolean | number | string;

/** One of `is`, `above`, `below`, `crosses`, `changes`; or `event` instead of `property`. */
export interface TriggerText extends WhereText {
  readonly property?: string | undefined;
  readonly event?: string | undefined;
  readonly is?: ValueText | undefined;
  readonly above?: number | string | undefined;
  readonly below?: number | string | undefined;
  readonly crosses?: number | string | undefined;
  readonly changes?: true | undefined;
  readonly for?: string | undefined;
  readonly hysteresis?: number | string | undefined;
}

/** One of: `all`, `any_of`, `not`, a property with `is`/`above`/`below`, `time`, `mode`, `header_age`, `runs`, `presence`. */
export interface ConditionText extends WhereText {
  readonly all?: readonly ConditionText[] | undefined;
  readonly any_of?: readonly ConditionText[] | undefined;
  readonly not?: ConditionText | undefined;
  readonly property?: string | undefined;
  readonly is?: ValueText | undefined;
  readonly above?: number | string | undefined;
  readonly below?: number | string | undefined;
  /** Of several devices: all of them, or one of them. */
  readonly of?: "every" | "some" | undefined;
  /** `22:30-06:00` */
  readonly time?: string | undefined;
  readonly days?: readonly DayText[] | undefined;
  readonly mode?: string | undefined;
  readonly active?: boolean | undefined;
  readonly header_age?: string | undefined;
  readonly runs?: { readonly count: "hour" | "day" | "since_sync" | "total"; readonly below: number } | undefined;
  readonly presence?: "home" | "away" | undefined;
  readonly assume?: boolean | undefined;
}

export type DayText = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";
export const DAYS: readonly DayText[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export interface ActionText extends WhereText {
  /** One property or capability and its value; text that begins with `=` is an expression. */
  readonly set?: Readonly<Record<string, ValueText>> | undefined;
  /** An action of the device, and its argument. */
  readonly do?: string | undefined;
  readonly with?: ValueText | undefined;
  readonly scene?: string | undefined;
  readonly notify?: string | undefined;
  readonly pay?: unknown;
  readonly after?: string | undefined;
  readonly on_fail?: "skip" | "abort" | { readonly retry: number } | undefined;
  readonly max?: number | string | undefined;
  readonly co_signer?: string | undefined;
}

export interface RuleText {
  readonly rule: string;
  readonly title?: string | undefined;
  readonly version?: number | undefined;
  readonly previous?: string | undefined;
  readonly author?: string | undefined;
  readonly when: readonly TriggerText[];
  readonly if?: ConditionText | undefined;
  readonly then: readonly ActionText[];
  readonly mode?: "single" | "restart" | "queued" | "parallel" | undefined;
  readonly max_runs?: number | undefined;
  readonly limits?:
    | {
        readonly every?: string | undefined;
        readonly per_hour?: number | undefined;
        readonly per_day?: number | undefined;
      }
    | undefined;
  readonly offline?:
    | {
        readonly allow?: boolean | undefined;
        readonly max_header_age?: string | undefined;
        readonly max_runs?: number | undefined;
      }
    | undefined;
  readonly evidence?: "none" | "receipt" | "readings" | undefined;
  readonly priority?: number | undefined;
  readonly status?: StatusText | undefined;
}

export type StatusText = "draft" | "active" | "paused" | "revoked";

export interface SceneText {
  readonly scene: string;
  readonly title?: string | undefined;
  readonly version?: number | undefined;
  readonly steps: readonly ActionText[];
  readonly atomicity?: "best_effort" | "all_or_revert" | undefined;
  readonly if?: ConditionText | undefined;
  readonly exclusive_group?: string | undefined;
  readonly arm?: string | undefined;
  readonly status?: StatusText | undefined;
}

export interface PolicyText {
  readonly policy: string;
  readonly version?: number | undefined;
  readonly rules: readonly PolicyRuleText[];
}

export interface PolicyRuleText extends WhereText {
  readonly effect: "allow" | "deny" | "ask";
  /** `rule:<id>`, `scene:<id>`, `person:<name>`, or a kind alone, or `any`. */
  readonly who?: string | undefined;
  readonly capability?: string | undefined;
  readonly direction?: "safe" | "away" | "neutral" | undefined;
  readonly min_tier?: number | undefined;
  readonly max_header_age?: string | undefined;
  readonly co_signer?: string | undefined;
  readonly priority?: number | undefined;
  readonly obligations?: readonly ("log" | "receipt" | "notify")[] | undefined;
  readonly rate?: { readonly count: number; readonly per: string } | undefined;
}
