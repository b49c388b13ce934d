/** What the gateway sees of its rules: readings and time in; commands, notices, receipts and what to keep out. */
import type { CommandResult, DeviceCommand } from "../command.js";
import type { DeviceId } from "../device.js";
import type { DeviceValue } from "../value.js";
import type { Now, Reading } from "../view.js";

export interface ReadingInput {
  readonly device: DeviceId;
  readonly property: string;
  /** Absent: the first reading since the start. */
  readonly previous?: Reading;
  readonly current: Reading;
}

export interface EventInput {
  readonly device: DeviceId;
  readonly event: string;
  readonly value?: DeviceValue;
  readonly sequence: number;
}

/** A command that a rule or scene wants, already allowed by the policy. */
export interface RuleCommand extends Omit<DeviceCommand, "id"> {
  /** Which run and which of its actions: the receipt is completed with its result. */
  readonly run: number;
  readonly action: number;
}

export interface Notice {
  readonly rule: string;
  readonly text: string;
  readonly run: number;
}

/** Why a rule that was triggered did not run, or an action of it was left out. */
export interface RuleRefusal {
  readonly rule: string;
  /** `RULE_POLICY_DENIES`, `RULE_LIMIT_SPENT`, `RULE_HEADER_OLD`, `RULE_READING_STALE`, `RULE_BUSY`... */
  readonly code: string;
  readonly action?: number;
}

/** To be durable before a command of the same result leaves. */
export type RuleWrite =
  /** Replaces what is kept of a rule: counters, windows, runs since the last sync. Bytes are the engine's own. */
  | { readonly kind: "ruleState"; readonly rule: string; readonly bytes: Uint8Array }
  /** One receipt, canonical bytes; `sequence` has no gaps. */
  | {
      readonly kind: "receipt";
      readonly sequence: number;
      readonly hash: Uint8Array;
      readonly bytes: Uint8Array;
      /** Every value read, canonical; kept for disputes, then pruned. */
      readonly inputs: Uint8Array;
    };

export interface RuleResults {
  readonly commands: readonly RuleCommand[];
  readonly notices: readonly Notice[];
  readonly refusals: readonly RuleRefusal[];
  readonly writes: readonly RuleWrite[];
}

export interface RuleEngine {
  reading(input: ReadingInput, now: Now): void;
  event(input: EventInput, now: Now): void;
  /** Devices have come, gone, or changed their profile or groups: what rules listen to is looked up anew. */
  devicesChanged(now: Now): void;
  /** Delays, `forMs`, restarts, windows of time. */
  tick(now: Now): void;
  /** When `tick` has something to do next, monotonic ms; undefined: nothing is planned. */
  readonly nextMs: number | undefined;
  /** By a person or a rule. @throws RuleError `SCENE_UNKNOWN`... */
  runScene(scene: string, by: string, now: Now): void;
  /** Lets a scene that asks for it be run, by whomever the policy lets, until its time is over. @throws RuleError */
  armScene(scene: string, by: string, now: Now): void;
  settled(run: number, action: number, result: CommandResult, latencyUs: number, now: Now): void;
  /** A device's command with this value: would the policy let `by` do it now? For commands that come from people. */
  allows(
    by: string,
    device: DeviceId,
    target: string,
    value: DeviceValue | undefined,
    now: Now,
  ): RuleRefusal | undefined;
  /** Everything since the last call; undefined when there is nothing. */
  take(): RuleResults | undefined;
}
