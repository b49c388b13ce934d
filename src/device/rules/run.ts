/**
 * One run: its steps in order, what was started, what was answered, what comes next and when. It says what to emit through
 * a callback and knows neither devices nor policies.
 */
import type { CommandResult } from "../command.js";
import type { DeviceValue } from "../value.js";
import type { PlannedStep } from "./decide.js";
import { COMMAND_LIFE_MS, SETTLE_GRACE_MS } from "./limits.js";
import type { Draft, ReceiptAction } from "./receipt.js";
import type { Timed } from "./timers.js";

interface StepState {
  readonly plan: PlannedStep;
  /** To be set again should another step of an ALL_OR_REVERT scene fail. */
  readonly before?: DeviceValue;
  result: string | undefined;
  started: boolean;
  deadlineMs: number;
  tries: number;
  latencyUs: number;
}

/** Puts a command, notice or scene on its way: a final result, or undefined for one that will be settled. */
export type EmitStep = (run: Run, index: number, plan: PlannedStep) => string | undefined;

export interface RunOptions {
  readonly number: number;
  readonly owner: string;
  readonly kind: "rule" | "scene";
  readonly steps: readonly PlannedStep[];
  /** By place of the step, for ALL_OR_REVERT. */
  readonly snapshot?: readonly (DeviceValue | undefined)[];
  /** Undefined: no receipt. */
  readonly draft: Omit<Draft, "actions"> | undefined;
  readonly depth: number;
  readonly startedMs: number;
  /** Only safe commands were let through. */
  readonly heldBack: boolean;
}

const GOOD: ReadonlySet<string> = new Set(["done", "sent", "noticed", "started"]);

export class Run implements Timed {
  readonly number: number;
  readonly owner: string;
  readonly kind: "rule" | "scene";
  readonly draft: Omit<Draft, "actions"> | undefined;
  readonly depth: number;
  readonly startedMs: number;
  readonly heldBack: boolean;
  dueMs: number | undefined;
  queuedMs: number | undefined;
  readonly #steps: StepState[];
  readonly #revertible: boolean;
  #reverting = false;
  /** The next step to start, and when. */
  #cursor = 0;
  #nextStartMs: number;

  constructor(options: RunOptions) {
    this.number = options.number;
    this.owner = options.owner;
    this.kind = options.kind;
    this.draft = options.draft;
    this.depth = options.depth;
    this.startedMs = options.startedMs;
    this.heldBack = options.heldBack;
    this.#revertible = options.snapshot !== undefined;
    this.#steps = options.steps.map((plan, index) => stateOf(plan, options.snapshot?.[index]));
    this.#nextStartMs = options.startedMs + (options.steps[0]?.delayMs ?? 0);
  }

  /** Steps are still to be started: the rule counts as running. */
  get underWay(): boolean {
    return this.#cursor < this.#steps.length;
  }

  /** Everything has a result. */
  get over(): boolean {
    return !this.underWay && this.#steps.every(({ result }) => result !== undefined);
  }

  get reverted(): boolean {
    return this.#reverting;
  }

  /** A run that had to wait counts its delays from now. */
  begin(nowMs: number): void {
    this.#nextStartMs = nowMs + (this.#steps[0]?.plan.delayMs ?? 0);
  }

  /** Starts what is due, gives up on what was never answered, and sets `dueMs`. */
  advance(nowMs: number, emit: EmitStep): void {
    for (const step of this.#steps) {
      if (step.started && step.result === undefined && step.deadlineMs <= nowMs) this.#finish(step, "expired", 0);
    }
    while (this.underWay && this.#nextStartMs <= nowMs) {
      const at = this.#cursor;
      const step = this.#steps[at] as StepState;
      if (!step.started && step.result === undefined) this.#start(step, at, nowMs, emit);
      if (step.result === undefined && step.plan.onFail === "abort") break;
      // A failure may have moved it: to the end, or to the first step that puts things back.
      if (this.#cursor !== at) continue;
      this.#cursor++;
      this.#nextStartMs += this.#steps[this.#cursor]?.plan.delayMs ?? 0;
    }
    this.dueMs = this.#nextDue();
  }

  settle(index: number, result: CommandResult, latencyUs: number, nowMs: number, emit: EmitStep): void {
    const step = this.#steps[index];
    if (step === undefined || !step.started || step.result !== undefined) return;
    const again = !GOOD.has(result) && step.plan.onFail === "retry" && step.tries <= step.plan.retries;
    if (again) this.#start(step, index, nowMs, emit);
    else this.#finish(step, result, latencyUs);
    this.advance(nowMs, emit);
  }

  /** What has not been started will not be. */
  cancel(): void {
    for (const step of this.#steps.slice(this.#cursor)) {
      if (!step.started && step.result === undefined) step.result = step.plan.code ?? "cancelled";
    }
    this.#cursor = this.#steps.length;
    this.dueMs = this.#nextDue();
  }

  actions(valueHash: (value: DeviceValue) => Uint8Array): ReceiptAction[] {
    return this.#steps.map(({ plan, result, latencyUs }) => ({
      action: plan.action,
      device: plan.device,
      target: plan.target,
      ...(plan.value === undefined ? {} : { valueHash: valueHash(plan.value) }),
      result: result ?? plan.code ?? "interrupted",
      latencyUs,
    }));
  }

  #start(step: StepState, index: number, nowMs: number, emit: EmitStep): void {
    if (step.plan.code !== undefined) {
      this.#finish(step, step.plan.code, 0);
      return;
    }
    step.started = true;
    step.tries++;
    step.deadlineMs = nowMs + COMMAND_LIFE_MS + SETTLE_GRACE_MS;
    const result = emit(this, index, step.plan);
    if (result !== undefined) this.#finish(step, result, 0);
  }

  #finish(step: StepState, result: string, latencyUs: number): void {
    step.result = result;
    step.latencyUs = Math.max(0, Math.floor(latencyUs));
    if (GOOD.has(result) || this.#reverting) return;
    if (this.#revertible) this.#revert();
    else if (step.plan.onFail === "abort") this.cancel();
  }

  /** Puts back what this run has set, or may have set, the last first. */
  #revert(): void {
    this.#reverting = true;
    const undone = this.#steps
      .filter(
        ({ started, before, result }) => started && before !== undefined && (result === undefined || GOOD.has(result)),
      )
      .reverse();
    for (const step of this.#steps) if (!step.started) step.result ??= step.plan.code ?? "cancelled";
    this.#cursor = this.#steps.length;
    for (const { plan, before } of undone) {
      const { code: _code, value: _value, ...rest } = plan;
      this.#steps.push(
        stateOf({
          ...rest,
          onFail: "retry",
          retries: 1,
          delayMs: 0,
          ...(before === undefined ? {} : { value: before }),
        }),
      );
    }
    this.#nextStartMs = this.startedMs;
  }

  #nextDue(): number | undefined {
    let due: number | undefined;
    const waiting = this.#steps[this.#cursor];
    if (waiting !== undefined && !waiting.started) due = this.#nextStartMs;
    for (const { started, result, deadlineMs } of this.#steps) {
      if (started && result === undefined && (due === undefined || deadlineMs < due)) due = deadlineMs;
    }
    return due;
  }
}

function stateOf(plan: PlannedStep, before?: DeviceValue): StepState {
  const state = { plan, result: undefined, started: false, deadlineMs: 0, tries: 0, latencyUs: 0 };
  return before === undefined ? state : { ...state, before };
}
