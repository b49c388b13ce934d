/** Runs from their beginning to their receipts: modes, commands, answers, and what is kept of them until they are over. */
import { EMPTY_BYTES } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { CommandResult } from "../command.js";
import type { DeviceValue } from "../value.js";
import type { DeviceView, Now } from "../view.js";
import type { Decision, PlannedStep } from "./decide.js";
import { isSynced } from "./facts.js";
import type { LoopGuard } from "./guards.js";
import { inputsHash, type RecordedFacts } from "./inputs.js";
import type { HeldRule, HeldScene } from "./language.js";
import { COMMAND_LIFE_MS, INPUT_BYTES_MAX, RUNS_PER_RULE_MAX } from "./limits.js";
import type { RuleMeter } from "./meter.js";
import type { Outbox } from "./outbox.js";
import type { HeldPolicy } from "./policy.js";
import { PolicyRates } from "./rates.js";
import { type Draft, receiptBytes, receiptHash, valueHash } from "./receipt.js";
import { type EmitStep, Run } from "./run.js";

/** A rule or a scene, and its runs. */
export interface Slot {
  readonly id: string;
  readonly version: number;
  readonly hash: Uint8Array;
  readonly rule: HeldRule | undefined;
  readonly scene: HeldScene | undefined;
  readonly meter: RuleMeter;
  /** Runs whose receipts are not complete, oldest first. */
  readonly runs: Run[];
  /** Queued mode: runs that wait for the ones before. */
  readonly waiting: Run[];
  /** What was kept of it cannot be read: nothing but safe commands until somebody has looked. */
  readonly damaged: boolean;
}

const ZERO_HASH = new Uint8Array(HASH_BYTES);
/** Scenes are started by people, or by rules that say how important they are only for themselves. */
const SCENE_PRIORITY = 50;
/** Left out because the same safe command went out a moment ago. */
const REPEATED = "repeated";

/** What the desk asks of the engine. */
export interface DeskHost {
  now(): Now;
  slot(id: string): Slot;
  plan(run: Run): void;
  /** Its state is to be kept anew. */
  touched(slot: Slot): void;
  /** The code for which the step may no longer be done. */
  mayStillDo(slot: Slot, plan: PlannedStep): string | undefined;
  /** The code for which the scene does not start. */
  startScene(scene: string, slot: Slot, run: Run): string | undefined;
  /** A run is over. */
  undone(run: Run, slot: Slot): void;
}

export interface DeskOptions {
  readonly hash: HashFunction;
  readonly gateway: string;
  readonly view: DeviceView;
  readonly policy: HeldPolicy;
  readonly lastReceipt?: { readonly sequence: number; readonly hash: Uint8Array };
}

export class RunDesk {
  readonly rates = new PolicyRates();
  readonly #options: DeskOptions;
  readonly #host: DeskHost;
  readonly #guard: LoopGuard;
  readonly #outbox: Outbox;
  readonly #runs = new Map<number, Run>();
  #nextRun = 1;
  #sequence: number;
  #previous: Uint8Array;

  constructor(options: DeskOptions, host: DeskHost, guard: LoopGuard, outbox: Outbox) {
    this.#options = options;
    this.#host = host;
    this.#guard = guard;
    this.#outbox = outbox;
    this.#sequence = options.lastReceipt?.sequence ?? 0;
    this.#previous = options.lastReceipt?.hash ?? ZERO_HASH;
  }

  /** Numbers of runs go on above those that were used before a restart. */
  usedBefore(run: number): void {
    this.#nextRun = Math.max(this.#nextRun, run + 1);
  }

  settled(run: number, action: number, result: CommandResult, latencyUs: number): void {
    const found = this.#runs.get(run);
    if (found === undefined) return;
    found.settle(action, result, latencyUs, this.#host.now().monotonicMs, this.#emit);
    this.#after(found);
  }

  /** What is kept of the runs of a rule until they are over. */
  drafts(slot: Slot): Draft[] {
    return [...slot.runs, ...slot.waiting].flatMap((run) => this.#draftOf(run) ?? []);
  }

  /** Of a rule, by its mode. */
  begin(slot: Slot, facts: RecordedFacts, decision: Decision, depth: number): void {
    const { rule } = slot.rule as HeldRule;
    const nowMs = this.#host.now().monotonicMs;
    const running = slot.runs.filter(({ underWay }) => underWay);
    const full = running.length + slot.waiting.length >= (rule.mode === "single" ? 1 : rule.maxRuns);
    if (full && rule.mode !== "restart") {
      this.#outbox.refuse({ rule: slot.id, code: "RULE_BUSY" });
      return;
    }
    if (slot.runs.length + slot.waiting.length >= 2 * RUNS_PER_RULE_MAX) this.#giveUpOldest(slot);
    this.#guard.began(rule.id, nowMs);
    const run = this.newRun(slot, "rule", facts, decision, depth);
    slot.meter.count(run.number, nowMs, isSynced(facts.chain), decision.held === undefined);
    this.#host.touched(slot);
    if (rule.mode === "restart") for (const before of running) this.#cancel(before);
    if (rule.mode === "queued" && running.length > 0) slot.waiting.push(run);
    else {
      slot.runs.push(run);
      this.advance(run);
    }
  }

  newRun(
    slot: Slot,
    kind: "rule" | "scene",
    facts: RecordedFacts,
    { steps, held }: Decision,
    depth: number,
    snapshot?: readonly (DeviceValue | undefined)[],
  ): Run {
    const number = this.#nextRun++;
    const { hash, gateway, policy } = this.#options;
    const evidence = slot.rule?.rule.evidence ?? "receipt-readings";
    const asked = steps.some(({ safetyClass, policyRule }) => {
      return safetyClass >= 2 || policy.policy.rules[policyRule]?.receipt === true;
    });
    const inputs = facts.bytes();
    const { chain } = facts;
    const draft =
      evidence === "none" && !asked
        ? undefined
        : {
            gateway,
            kind,
            rule: slot.scene?.scene.id ?? slot.id,
            version: slot.version,
            ruleHash: slot.hash,
            policyHash: policy.hash,
            headerHeight: chain.height,
            headerHash: chain.headerHash.length === HASH_BYTES ? chain.headerHash : ZERO_HASH,
            inputsHash: inputsHash(hash, inputs),
            run: number,
            wallMs: Math.max(0, this.#host.now().wallMs),
            monotonicMs: Math.max(0, this.#host.now().monotonicMs),
            // More than can be kept: their hash still says what they were.
            inputs: (evidence === "receipt" && !asked) || inputs.length > INPUT_BYTES_MAX ? EMPTY_BYTES : inputs,
          };
    const run = new Run({
      number,
      owner: slot.id,
      kind,
      steps,
      ...(snapshot === undefined ? {} : { snapshot }),
      draft,
      depth,
      startedMs: this.#host.now().monotonicMs,
      heldBack: held !== undefined,
    });
    this.#runs.set(number, run);
    return run;
  }

  advance(run: Run): void {
    run.advance(this.#host.now().monotonicMs, this.#emit);
    this.#after(run);
  }

  /** Plans the next call, writes the receipt of a run that is over, lets the next one in. */
  #after(run: Run): void {
    const slot = this.#host.slot(run.owner);
    this.#host.plan(run);
    if (run.over) this.#close(slot, run);
    if (slot.rule?.rule.mode !== "queued" || slot.waiting.length === 0) return;
    if (slot.runs.some(({ underWay }) => underWay)) return;
    const next = slot.waiting.shift() as Run;
    slot.runs.push(next);
    next.begin(this.#host.now().monotonicMs);
    this.advance(next);
  }

  #close(slot: Slot, run: Run): void {
    const place = slot.runs.indexOf(run);
    if (place < 0) return;
    slot.runs.splice(place, 1);
    this.#runs.delete(run.number);
    this.#host.touched(slot);
    const draft = this.#draftOf(run);
    if (draft !== undefined) this.writeReceipt(draft);
    this.#host.undone(run, slot);
  }

  #cancel(run: Run): void {
    run.cancel();
    this.#after(run);
  }

  /** Runs wait for answers only so long; their number is bounded too. */
  #giveUpOldest(slot: Slot): void {
    const oldest = slot.runs[0];
    if (oldest === undefined) return;
    oldest.cancel();
    this.#close(slot, oldest);
  }

  #draftOf(run: Run): Draft | undefined {
    if (run.draft === undefined) return undefined;
    return { ...run.draft, actions: run.actions((value) => valueHash(this.#options.hash, value)) };
  }

  writeReceipt(draft: Draft): void {
    const { inputs, ...head } = draft;
    const sequence = this.#sequence + 1;
    const bytes = receiptBytes({ ...head, sequence, previous: this.#previous });
    const hash = receiptHash(this.#options.hash, bytes);
    this.#sequence = sequence;
    this.#previous = hash;
    this.#outbox.write({ kind: "receipt", sequence, hash, bytes, inputs });
  }

  readonly #emit: EmitStep = (run, index, plan) => {
    const slot = this.#host.slot(run.owner);
    const nowMs = this.#host.now().monotonicMs;
    if (plan.kind === "notify") {
      this.#outbox.notice({ rule: slot.id, text: String(plan.value ?? ""), run: run.number });
      return "noticed";
    }
    if (plan.kind === "scene") {
      const code = this.#host.startScene(plan.target, slot, run);
      if (code === undefined) return "started";
      this.#outbox.refuse({ rule: slot.id, code, action: plan.action });
      return code;
    }
    const later = run.startedMs !== nowMs || run.reverted;
    if (later) {
      const code = this.#host.mayStillDo(slot, plan);
      if (code !== undefined) {
        this.#outbox.refuse({ rule: slot.id, code, action: plan.action });
        return code;
      }
    }
    const { device, target, value } = plan;
    if (plan.direction === "safe" && run.heldBack && this.#guard.justSent(device, target, value, nowMs))
      return REPEATED;
    const priority = slot.rule?.rule.priority ?? SCENE_PRIORITY;
    if (plan.direction !== "safe" && this.#guard.outranked(device, target, value, priority, nowMs)) {
      this.#outbox.refuse({ rule: slot.id, code: "RULE_OUTRANKED", action: plan.action });
      return "RULE_OUTRANKED";
    }
    const { policy } = this.#options;
    this.rates.add(policy.policy, plan.policyRule, nowMs);
    if (policy.policy.rules[plan.policyRule]?.notify === true) {
      this.#outbox.notice({ rule: slot.id, text: `${device}.${target}`, run: run.number });
    }
    const isProperty = this.#options.view.device(device)?.profile.properties.has(target) === true;
    this.#guard.commanded(device, isProperty ? target : "", run.depth, nowMs);
    this.#guard.sent(device, target, value, priority, nowMs);
    const expiresAt = this.#host.now().wallMs + COMMAND_LIFE_MS;
    const data = value === undefined ? {} : { value };
    this.#outbox.command({ device, target, ...data, expiresAt, run: run.number, action: index });
    return undefined;
  };
}
