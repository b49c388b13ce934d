/**
 * The rule engine: readings, events and time in; commands, notices, refusals, receipts and what to keep out.
 *
 * Total and bounded: whatever comes in, each call does work in proportion to what listens to it, and nothing is thrown for
 * it. Deterministic: the same calls give the same results. What it hands out with `take` is to be durable before any of its
 * commands leave; `ruleState` of all rules and the newest receipt, handed in at construction, bring it back.
 *
 * Of what was under way when the gateway stopped, nothing is done any more: its receipt says `interrupted`.
 */
import { EMPTY_BYTES } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { CommandResult } from "../command.js";
import type { DeviceId } from "../device.js";
import type { DeviceValue } from "../value.js";
import type { ChainFacts, DeviceView, Now } from "../view.js";
import { type Decision, decideRule, decideScene, type PlannedStep } from "./decide.js";
import { affordanceOf, directionOf } from "./direction.js";
import { decimalsOf, type Facts, headerOlderThan, isSynced } from "./facts.js";
import { LoopGuard } from "./guards.js";
import { type Cause, inputsHash, RecordedFacts } from "./inputs.js";
import type { HeldRule, HeldScene } from "./language.js";
import { COMMAND_LIFE_MS, RULES_MAX, RUNS_PER_RULE_MAX, SCENES_MAX } from "./limits.js";
import { Directory, LiveFacts } from "./liveFacts.js";
import { RuleMeter } from "./meter.js";
import { Outbox } from "./outbox.js";
import { askPolicy, type HeldPolicy, type PolicySubject } from "./policy.js";
import type { EventInput, ReadingInput, RuleEngine, RuleRefusal, RuleResults } from "./port.js";
import { RuleError } from "./problems.js";
import { PolicyRates } from "./rates.js";
import { type Draft, receiptBytes, receiptHash, valueHash } from "./receipt.js";
import { type EmitStep, Run } from "./run.js";
import { SCENES_KEY, SceneBook } from "./scenes.js";
import { Timers } from "./timers.js";
import { TriggerIndex } from "./triggerIndex.js";
import { BoundTrigger } from "./triggers.js";

export interface EngineOptions {
  readonly hash: HashFunction;
  /** The gateway's name, as it stands in receipts. */
  readonly gateway: string;
  readonly view: DeviceView;
  readonly chain: () => ChainFacts;
  /** Minutes by which local time is ahead of the universal one; absent: not at all. */
  readonly zoneMinutes?: (wallMs: number) => number;
  readonly rules: readonly HeldRule[];
  readonly scenes: readonly HeldScene[];
  readonly policy: HeldPolicy;
  /** `ruleState` writes by their `rule`. */
  readonly restored: ReadonlyMap<string, Uint8Array>;
  /** The newest receipt that was kept. */
  readonly lastReceipt?: { readonly sequence: number; readonly hash: Uint8Array };
  readonly now: Now;
}

/** A rule or a scene, and its runs. */
interface Slot {
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
  dirty: boolean;
}

const ZERO_HASH = new Uint8Array(HASH_BYTES);
/** Refused although its rule ran, because the same safe command went out a moment ago. */
const REPEATED = "repeated";

export class LocalRuleEngine implements RuleEngine {
  readonly #options: EngineOptions;
  readonly #directory: Directory;
  readonly #index: TriggerIndex;
  readonly #rules: Slot[];
  readonly #slots = new Map<string, Slot>();
  readonly #scenes: SceneBook;
  readonly #sceneBefore = new Map<number, readonly string[]>();
  readonly #timers = new Timers<BoundTrigger | Run>();
  readonly #guard = new LoopGuard();
  readonly #rates = new PolicyRates();
  readonly #outbox = new Outbox();
  readonly #runs = new Map<number, Run>();
  #nextRun = 1;
  #sequence: number;
  #previous: Uint8Array;
  #now: Now;

  /** @throws RuleError `RULES_TOO_MANY`, `RULE_ID_TWICE`, `RULE_STATE_DAMAGED` */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#now = whole(options.now);
    checkCount("rules", options.rules.length, RULES_MAX);
    checkCount("scenes", options.scenes.length, SCENES_MAX);
    this.#sequence = options.lastReceipt?.sequence ?? 0;
    this.#previous = options.lastReceipt?.hash ?? ZERO_HASH;
    this.#directory = new Directory(options.view);
    this.#index = new TriggerIndex(options.rules);
    this.#index.rebuild(this.#directory);
    const drafts: Draft[] = [];
    this.#rules = options.rules.map((held) => this.#slotOf(held, undefined, drafts));
    for (const held of options.scenes) this.#slotOf(undefined, held, drafts);
    const scenes = new Map(options.scenes.map((held) => [held.scene.id, held]));
    this.#scenes = new SceneBook(scenes, options.restored.get(SCENES_KEY), this.#now);
    drafts.sort((a, b) => a.run - b.run);
    for (const draft of drafts) this.#writeReceipt(draft, draft.actions);
  }

  get nextMs(): number | undefined {
    return this.#timers.nextMs;
  }

  /** Refusals that could not be handed out because there were too many between two calls of `take`. */
  get refusalsDropped(): number {
    return this.#outbox.refusalsDropped;
  }

  devicesChanged(now: Now): void {
    this.#now = whole(now);
    this.#directory.refresh();
    for (const trigger of this.#index.rebuild(this.#directory)) trigger.dueMs = undefined;
  }

  reading(input: ReadingInput, now: Now): void {
    this.#now = whole(now);
    for (const bound of this.#index.ofReading(input.device, input.property)) {
      const fires = bound.reading(input.current.value, this.#now.monotonicMs);
      this.#timers.plan(bound);
      if (!fires) continue;
      const { value, sequence } = input.current;
      this.#fire(bound.rule, {
        kind: "reading",
        source: input.device,
        name: input.property,
        value,
        ...(input.previous === undefined ? {} : { previous: input.previous.value }),
        sequence,
        decimals: decimalsOf(bound.property),
      });
    }
  }

  event(input: EventInput, now: Now): void {
    this.#now = whole(now);
    const { device, event, value, sequence } = input;
    for (const { rule, trigger, decimals } of this.#index.ofEvent(device, event)) {
      if (trigger.value !== undefined && trigger.value !== value) continue;
      const data = value === undefined ? {} : { value };
      this.#fire(rule, { kind: "event", source: device, name: event, ...data, sequence, decimals });
    }
  }

  tick(now: Now): void {
    this.#now = whole(now);
    const nowMs = this.#now.monotonicMs;
    for (let owner = this.#timers.takeDue(nowMs); owner !== undefined; owner = this.#timers.takeDue(nowMs)) {
      if (owner instanceof BoundTrigger) this.#held(owner);
      else this.#advance(owner);
    }
  }

  runScene(scene: string, by: string, now: Now): void {
    this.#now = whole(now);
    const problem = this.#startScene(scene, { kind: "person", source: by, name: scene, sequence: 0, decimals: 0 }, 0);
    if (problem !== undefined) throw problem;
  }

  armScene(scene: string, _by: string, now: Now): void {
    this.#now = whole(now);
    const held = this.#slots.get(sceneKey(scene))?.scene;
    if (held === undefined) throw new RuleError({ code: "SCENE_UNKNOWN", scene });
    if (held.scene.armForMs !== undefined) this.#scenes.arm(scene, held.scene.armForMs, this.#now.monotonicMs);
  }

  settled(run: number, action: number, result: CommandResult, latencyUs: number, now: Now): void {
    this.#now = whole(now);
    const found = this.#runs.get(run);
    if (found === undefined) return;
    found.settle(action, result, latencyUs, this.#now.monotonicMs, this.#emit);
    this.#after(found);
  }

  allows(
    by: string,
    device: DeviceId,
    target: string,
    value: DeviceValue | undefined,
    now: Now,
  ): RuleRefusal | undefined {
    this.#now = whole(now);
    const code = this.#mayDo({ kind: "person", name: by }, device, target, value, this.#facts(undefined)).code;
    return code === undefined ? undefined : { rule: "", code };
  }

  take(): RuleResults | undefined {
    for (const slot of this.#slots.values()) {
      if (!slot.dirty) continue;
      slot.dirty = false;
      const drafts = [...slot.runs, ...slot.waiting].flatMap((run) => this.#draftOf(run) ?? []);
      this.#outbox.write({ kind: "ruleState", rule: slot.id, bytes: slot.meter.bytes(drafts, this.#now) });
    }
    if (this.#scenes.changed) {
      this.#scenes.changed = false;
      this.#outbox.write({ kind: "ruleState", rule: SCENES_KEY, bytes: this.#scenes.bytes(this.#now) });
    }
    return this.#outbox.take();
  }

  #slotOf(rule: HeldRule | undefined, scene: HeldScene | undefined, drafts: Draft[]): Slot {
    const spec = rule?.rule ?? scene?.scene;
    const id = rule === undefined ? sceneKey(spec?.id ?? "") : (spec?.id ?? "");
    if (this.#slots.has(id)) throw new RuleError({ code: "RULE_ID_TWICE", rule: id });
    const bytes = this.#options.restored.get(id);
    const kept = bytes === undefined ? undefined : RuleMeter.restore(id, bytes, this.#now);
    const meter = kept?.meter ?? new RuleMeter();
    this.#nextRun = Math.max(this.#nextRun, meter.lastRun + 1);
    drafts.push(...(kept?.drafts ?? []));
    const slot: Slot = {
      id,
      version: spec?.version ?? 0,
      hash: rule?.hash ?? scene?.hash ?? ZERO_HASH,
      rule,
      scene,
      meter,
      runs: [],
      waiting: [],
      dirty: (kept?.drafts.length ?? 0) > 0,
    };
    this.#slots.set(id, slot);
    return slot;
  }

  #facts(slot: Slot | undefined): LiveFacts {
    const { view, zoneMinutes } = this.#options;
    const now = this.#now;
    const nowMs = now.monotonicMs;
    const context = {
      view,
      directory: this.#directory,
      counter: (name: Parameters<Facts["counter"]>[0]) => slot?.meter.counter(name, nowMs) ?? 0,
      sceneActive: (scene: string) => this.#scenes.active(scene),
      sceneArmed: (scene: string) => this.#scenes.armed(scene, nowMs),
      rateSpent: (rule: number) => this.#rates.spent(this.#options.policy.policy, rule, nowMs),
    };
    return new LiveFacts(context, now, wholeChain(this.#options.chain()), zoneMinutes?.(now.wallMs) ?? 0);
  }

  /** `forMs` is over. */
  #held(bound: BoundTrigger): void {
    const { view } = this.#options;
    const { device, property } = bound;
    const reading = view.reading(device, property.name);
    if (reading === undefined || !view.fresh(device, property.name, this.#now.monotonicMs)) {
      this.#refuse(bound.rule, "RULE_READING_STALE");
      return;
    }
    const { value, sequence } = reading;
    const decimals = decimalsOf(property);
    this.#fire(bound.rule, { kind: "reading", source: device, name: property.name, value, sequence, decimals });
  }

  #fire(place: number, what: Cause): void {
    const slot = this.#rules[place] as Slot;
    const { rule } = slot.rule as HeldRule;
    const nowMs = this.#now.monotonicMs;
    const source = this.#options.view.device(what.source);
    // Whoever is not registered may say what he likes.
    if (source === undefined || source.registration.verdict !== "registered") {
      this.#refuse(place, "RULE_DEVICE_FROZEN");
      return;
    }
    const depth = this.#guard.depthOf(what.source, what.kind === "event" ? "" : what.name, nowMs) + 1;
    const held = this.#guard.heldBy(rule.id, depth, nowMs);
    const cause: Cause = held === undefined ? what : { ...what, held };
    const live = this.#facts(slot);
    if (isSynced(live.chain)) slot.meter.synced();
    const { policy } = this.#options;
    const facts = new RecordedFacts(live, cause, policy.hash, this.#options.hash);
    const decision = decideRule(rule, cause, policy.policy, facts);
    if (decision.truth !== true) {
      if (decision.truth === undefined) this.#refuse(place, "RULE_READING_STALE");
      return;
    }
    for (const code of new Set(decision.steps.flatMap(({ code }) => code ?? []))) {
      const step = decision.steps.find((one) => one.code === code);
      this.#refuse(place, code, decision.held === code ? undefined : step?.action);
    }
    if (!this.#worthARun(decision, nowMs)) return;
    this.#begin(slot, facts, decision, depth);
  }

  /** Held back, only safe commands that did not go out just now make a run; so storms end by themselves. */
  #worthARun({ held, steps }: Decision, nowMs: number): boolean {
    if (held === undefined) return steps.length > 0;
    return steps.some(
      ({ code, device, target, value }) => code === undefined && !this.#guard.justSent(device, target, value, nowMs),
    );
  }

  #begin(slot: Slot, facts: RecordedFacts, decision: Decision, depth: number): void {
    const { rule } = slot.rule as HeldRule;
    const nowMs = this.#now.monotonicMs;
    const running = slot.runs.filter(({ underWay }) => underWay);
    const full = running.length + slot.waiting.length >= (rule.mode === "single" ? 1 : rule.maxRuns);
    if (full && rule.mode !== "restart") {
      this.#outbox.refuse({ rule: slot.id, code: "RULE_BUSY" });
      return;
    }
    if (slot.runs.length + slot.waiting.length >= 2 * RUNS_PER_RULE_MAX) this.#giveUpOldest(slot);
    this.#guard.began(rule.id, nowMs);
    const run = this.#newRun(slot, "rule", facts, decision, depth);
    slot.meter.count(run.number, nowMs, isSynced(facts.chain), decision.held === undefined);
    slot.dirty = true;
    if (rule.mode === "restart") for (const before of running) this.#cancel(before);
    if (rule.mode === "queued" && running.length > 0) slot.waiting.push(run);
    else {
      slot.runs.push(run);
      this.#advance(run);
    }
  }

  #newRun(
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
            wallMs: Math.max(0, this.#now.wallMs),
            monotonicMs: Math.max(0, this.#now.monotonicMs),
            inputs: evidence === "receipt" && !asked ? EMPTY_BYTES : inputs,
            keepInputs: evidence === "receipt" && !asked ? 0 : 1,
          };
    const run = new Run({
      number,
      owner: slot.id,
      kind,
      steps,
      ...(snapshot === undefined ? {} : { snapshot }),
      draft,
      depth,
      startedMs: this.#now.monotonicMs,
      heldBack: held !== undefined,
    });
    this.#runs.set(number, run);
    return run;
  }

  #startScene(scene: string, what: Cause, depth: number): RuleError | undefined {
    const slot = this.#slots.get(sceneKey(scene));
    if (slot?.scene === undefined || slot.scene.status !== "ACTIVE") {
      return new RuleError({ code: "SCENE_UNKNOWN", scene });
    }
    const spec = slot.scene.scene;
    const nowMs = this.#now.monotonicMs;
    if (slot.runs.length >= RUNS_PER_RULE_MAX) return new RuleError({ code: "SCENE_BUSY", scene });
    const held = this.#guard.heldBy(slot.id, depth, nowMs);
    const cause: Cause = held === undefined ? what : { ...what, held };
    const { policy, hash } = this.#options;
    const facts = new RecordedFacts(this.#facts(slot), cause, policy.hash, hash);
    if (!facts.sceneArmed(scene)) return new RuleError({ code: "SCENE_NOT_ARMED", scene });
    const decision = decideScene(spec, cause, policy.policy, facts);
    if (decision.truth !== true) return new RuleError({ code: "SCENE_PRECONDITION", scene });
    let snapshot: readonly (DeviceValue | undefined)[] | undefined;
    if (spec.atomicity === "ALL_OR_REVERT") {
      snapshot = decision.steps.map(({ device, target }) => {
        const { reading, fresh } = facts.reading(device, target);
        return fresh ? reading?.value : undefined;
      });
      const at = decision.steps.findIndex(({ code }, index) => code !== undefined || snapshot?.[index] === undefined);
      const bad = decision.steps[at];
      if (bad !== undefined) {
        const reason = bad.code ?? "RULE_READING_STALE";
        return new RuleError({ code: "SCENE_DENIED", scene, device: bad.device, reason });
      }
    }
    for (const { code, action } of decision.steps) {
      if (code !== undefined) this.#outbox.refuse({ rule: slot.id, code, action });
    }
    this.#guard.began(slot.id, nowMs);
    const run = this.#newRun(slot, "scene", facts, decision, depth + 1, snapshot);
    slot.meter.count(run.number, nowMs, isSynced(facts.chain), decision.held === undefined);
    slot.dirty = true;
    slot.runs.push(run);
    this.#sceneBefore.set(run.number, this.#scenes.begin(scene));
    this.#advance(run);
    return undefined;
  }

  #advance(run: Run): void {
    run.advance(this.#now.monotonicMs, this.#emit);
    this.#after(run);
  }

  /** Plans the next call, writes the receipt of a run that is over, lets the next one in. */
  #after(run: Run): void {
    const slot = this.#slots.get(run.owner) as Slot;
    this.#timers.plan(run);
    if (run.over) this.#close(slot, run);
    if (slot.rule?.rule.mode !== "queued" || slot.waiting.length === 0) return;
    if (slot.runs.some(({ underWay }) => underWay)) return;
    const next = slot.waiting.shift() as Run;
    slot.runs.push(next);
    next.begin(this.#now.monotonicMs);
    this.#advance(next);
  }

  #close(slot: Slot, run: Run): void {
    const place = slot.runs.indexOf(run);
    if (place < 0) return;
    slot.runs.splice(place, 1);
    this.#runs.delete(run.number);
    slot.dirty = true;
    const draft = this.#draftOf(run);
    if (draft !== undefined) this.#writeReceipt(draft, draft.actions);
    const before = this.#sceneBefore.get(run.number);
    this.#sceneBefore.delete(run.number);
    if (run.reverted && before !== undefined && slot.scene !== undefined)
      this.#scenes.undo(slot.scene.scene.id, before);
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

  #writeReceipt(draft: Draft, actions: Draft["actions"]): void {
    const { inputs, keepInputs: _kept, ...head } = draft;
    const sequence = this.#sequence + 1;
    const bytes = receiptBytes({ ...head, sequence, previous: this.#previous, actions });
    const hash = receiptHash(this.#options.hash, bytes);
    this.#sequence = sequence;
    this.#previous = hash;
    this.#outbox.write({ kind: "receipt", sequence, hash, bytes, inputs });
  }

  readonly #emit: EmitStep = (run, index, plan) => {
    const slot = this.#slots.get(run.owner) as Slot;
    const nowMs = this.#now.monotonicMs;
    if (plan.kind === "notify") {
      this.#outbox.notice({ rule: slot.id, text: String(plan.value ?? ""), run: run.number });
      return "noticed";
    }
    if (plan.kind === "scene") {
      const cause: Cause = { kind: "rule", source: slot.id, name: plan.target, sequence: run.number, decimals: 0 };
      const problem = this.#startScene(plan.target, cause, run.depth);
      if (problem === undefined) return "started";
      this.#outbox.refuse({ rule: slot.id, code: problem.code, action: plan.action });
      return problem.code;
    }
    const later = run.startedMs !== nowMs || run.reverted;
    if (later) {
      const code = this.#mayStillDo(slot, plan);
      if (code !== undefined) {
        this.#outbox.refuse({ rule: slot.id, code, action: plan.action });
        return code;
      }
    }
    const { device, target, value } = plan;
    if (plan.direction === "safe" && run.heldBack && this.#guard.justSent(device, target, value, nowMs))
      return REPEATED;
    const { policy } = this.#options;
    this.#rates.add(policy.policy, plan.policyRule, nowMs);
    if (policy.policy.rules[plan.policyRule]?.notify === true) {
      this.#outbox.notice({ rule: slot.id, text: `${device}.${target}`, run: run.number });
    }
    const isProperty = this.#options.view.device(device)?.profile.properties.has(target) === true;
    this.#guard.commanded(device, isProperty ? target : "", run.depth, nowMs);
    this.#guard.sent(device, target, value, nowMs);
    const expiresAt = this.#now.wallMs + COMMAND_LIFE_MS;
    const data = value === undefined ? {} : { value };
    this.#outbox.command({ device, target, ...data, expiresAt, run: run.number, action: index });
    return undefined;
  };

  /** What was allowed when the run began is asked again when its turn comes. */
  #mayStillDo(slot: Slot, plan: PlannedStep): string | undefined {
    const facts = this.#facts(slot);
    const subject: PolicySubject =
      slot.scene === undefined ? { kind: "rule", name: slot.id } : { kind: "scene", name: slot.scene.scene.id };
    const { code, direction } = this.#mayDo(
      subject,
      plan.device,
      plan.target,
      plan.value,
      facts,
      coSignerOf(slot, plan),
    );
    if (code !== undefined || direction === "safe") return code;
    const limitS = slot.rule?.rule.offline.maxHeaderAgeS;
    return limitS !== undefined && headerOlderThan(facts.chain, limitS) ? "RULE_HEADER_OLD" : undefined;
  }

  #mayDo(
    subject: PolicySubject,
    device: DeviceId,
    target: string,
    value: DeviceValue | undefined,
    facts: Facts,
    coSigner?: string,
  ): { readonly code?: string; readonly direction?: string } {
    const standing = facts.standing(device);
    const profile = standing === undefined ? undefined : facts.profile(standing.profile);
    const affordance = profile === undefined ? undefined : affordanceOf(profile, target);
    if (standing === undefined || affordance === undefined) return { code: "RULE_DEVICE_UNFIT" };
    const direction = directionOf(facts, device, affordance, value);
    const { capability } = affordance.spec;
    const signer = coSigner === undefined ? {} : { coSigner };
    const question = { subject, device, standing, capability, direction, ...signer };
    const { code } = askPolicy(this.#options.policy.policy, question, facts);
    return code === undefined ? { direction } : { code, direction };
  }

  #refuse(place: number, code: string, action?: number): void {
    const rule = (this.#rules[place] as Slot).id;
    this.#outbox.refuse(action === undefined ? { rule, code } : { rule, code, action });
  }
}

function coSignerOf(slot: Slot, plan: PlannedStep): string | undefined {
  const action = slot.rule?.rule.actions[plan.action];
  return action?.kind === "command" ? action.coSigner : slot.scene?.scene.steps[plan.action]?.coSigner;
}

function sceneKey(scene: string): string {
  return `scene/${scene}`;
}

/** Clocks may count fractions of a millisecond; receipts and decisions do not. */
function whole({ wallMs, wallSet, monotonicMs }: Now): Now {
  return { wallMs: Math.floor(wallMs), wallSet, monotonicMs: Math.floor(monotonicMs) };
}

function wholeChain(chain: ChainFacts): ChainFacts {
  const { headerAgeMs } = chain;
  return headerAgeMs === undefined ? chain : { ...chain, headerAgeMs: Math.floor(headerAgeMs) };
}

function checkCount(what: string, count: number, max: number): void {
  if (count > max) throw new RuleError({ code: "RULES_TOO_MANY", what, count, max });
}
