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
import { type Cause, RecordedFacts } from "./inputs.js";
import type { HeldRule, HeldScene } from "./language.js";
import { DRAFT_INPUT_BYTES_MAX, RULES_MAX, RUNS_PER_RULE_MAX, SCENES_MAX } from "./limits.js";
import { Directory, LiveFacts } from "./liveFacts.js";
import { RuleMeter } from "./meter.js";
import { Outbox } from "./outbox.js";
import { askPolicy, type HeldPolicy, type PolicySubject } from "./policy.js";
import type { EventInput, ReadingInput, RuleEngine, RuleRefusal, RuleResults } from "./port.js";
import { RuleError } from "./problems.js";
import type { Draft } from "./receipt.js";
import type { Run } from "./run.js";
import { type DeskHost, RunDesk, type Slot } from "./runDesk.js";
import { SCENES_KEY, SceneBook } from "./scenes.js";
import { Timers } from "./timers.js";
import { TriggerIndex } from "./triggerIndex.js";
import { BoundTrigger } from "./triggers.js";
import { isWellFormedRule, isWellFormedScene } from "./wellFormed.js";

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
  /** The engine that served until now: rules that have not changed go on with what their triggers know. */
  readonly before?: LocalRuleEngine;
  readonly now: Now;
}

const ZERO_HASH = new Uint8Array(HASH_BYTES);

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
  readonly #outbox = new Outbox();
  readonly #desk: RunDesk;
  readonly #dirty = new Set<Slot>();
  #now: Now;

  /** @throws RuleError `RULES_TOO_MANY`, `RULE_ID_TWICE` */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#now = whole(options.now);
    checkCount("rules", options.rules.length, RULES_MAX);
    checkCount("scenes", options.scenes.length, SCENES_MAX);
    const host: DeskHost = {
      now: () => this.#now,
      slot: (id) => this.#slots.get(id) as Slot,
      plan: (run) => this.#timers.plan(run),
      touched: (slot) => this.#dirty.add(slot),
      mayStillDo: (slot, plan) => this.#mayStillDo(slot, plan),
      startScene: (scene, slot, run) => this.#sceneOfRule(scene, slot, run),
      undone: (run, slot) => this.#closed(run, slot),
    };
    this.#desk = new RunDesk(options, host, this.#guard, this.#outbox);
    this.#directory = new Directory(options.view);
    const rules = options.rules.map((held) => this.#usable(held));
    this.#index = new TriggerIndex(rules);
    this.#index.rebuild(this.#directory);
    if (options.before !== undefined) {
      for (const waiting of this.#index.goOnFrom(options.before.#index)) this.#timers.plan(waiting);
    }
    const drafts: Draft[] = [];
    this.#rules = rules.map((held) => this.#slotOf(held, undefined, drafts));
    for (const held of options.scenes) this.#slotOf(undefined, held, drafts);
    this.#leaveBehind(drafts);
    const scenes = new Map(options.scenes.map((held) => [held.scene.id, held]));
    const kept = options.restored.get(SCENES_KEY);
    this.#scenes = new SceneBook(scenes);
    if (kept !== undefined && !this.#scenes.restore(kept, this.#now)) {
      this.#outbox.refuse({ rule: SCENES_KEY, code: "RULE_STATE_DAMAGED" });
    }
    drafts.sort((a, b) => a.run - b.run);
    for (const draft of drafts) this.#desk.writeReceipt(draft);
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
      else this.#desk.advance(owner);
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
    this.#desk.settled(run, action, result, latencyUs);
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
    for (const slot of this.#dirty) {
      // What cannot be read stays as it is, for somebody to look at.
      if (slot.damaged) continue;
      const bytes = stateBytes(slot.meter, this.#desk.drafts(slot), this.#now);
      this.#outbox.write({ kind: "ruleState", rule: slot.id, bytes });
    }
    this.#dirty.clear();
    if (this.#scenes.changed) {
      this.#scenes.changed = false;
      this.#outbox.write({ kind: "ruleState", rule: SCENES_KEY, bytes: this.#scenes.bytes(this.#now) });
    }
    return this.#outbox.take();
  }

  /** Of rules that are no more: what they had begun gets its receipt, and numbers of runs are not used again. */
  #leaveBehind(drafts: Draft[]): void {
    for (const [id, bytes] of this.#options.restored) {
      if (id === SCENES_KEY || this.#slots.has(id)) continue;
      const kept = RuleMeter.restore(bytes, this.#now);
      if (kept === undefined) continue;
      this.#desk.usedBefore(kept.meter.lastRun);
      if (kept.drafts.length === 0) continue;
      drafts.push(...kept.drafts);
      this.#outbox.write({ kind: "ruleState", rule: id, bytes: kept.meter.bytes([], this.#now) });
    }
  }

  /** What passes the limits of the language is told about and does not run. */
  #usable(held: HeldRule): HeldRule {
    if (isWellFormedRule(held.rule)) return held;
    this.#outbox.refuse({ rule: held.rule.id, code: "RULE_MALFORMED" });
    return { ...held, status: "PAUSED" };
  }

  #slotOf(rule: HeldRule | undefined, scene: HeldScene | undefined, drafts: Draft[]): Slot {
    const spec = rule?.rule ?? scene?.scene;
    const id = rule === undefined ? sceneKey(spec?.id ?? "") : (spec?.id ?? "");
    if (this.#slots.has(id)) throw new RuleError({ code: "RULE_ID_TWICE", rule: id });
    const bytes = this.#options.restored.get(id);
    const kept = bytes === undefined ? undefined : RuleMeter.restore(bytes, this.#now);
    const damaged = bytes !== undefined && kept === undefined;
    if (damaged) this.#outbox.refuse({ rule: id, code: "RULE_STATE_DAMAGED" });
    const meter = kept?.meter ?? new RuleMeter();
    this.#desk.usedBefore(meter.lastRun);
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
      damaged,
    };
    if ((kept?.drafts.length ?? 0) > 0) this.#dirty.add(slot);
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
      rateSpent: (rule: number) => this.#desk.rates.spent(this.#options.policy.policy, rule, nowMs),
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
    const held = slot.damaged ? "RULE_STATE_DAMAGED" : this.#guard.heldBy(rule.id, depth, nowMs);
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
    this.#desk.begin(slot, facts, decision, depth);
  }

  /** Held back, only safe commands that did not go out just now make a run; so storms end by themselves. */
  #worthARun({ held, steps }: Decision, nowMs: number): boolean {
    if (held === undefined) return steps.length > 0;
    return steps.some(
      ({ code, device, target, value }) => code === undefined && !this.#guard.justSent(device, target, value, nowMs),
    );
  }

  #startScene(scene: string, what: Cause, depth: number): RuleError | undefined {
    const slot = this.#slots.get(sceneKey(scene));
    if (slot?.scene === undefined || slot.scene.status !== "ACTIVE" || !isWellFormedScene(slot.scene.scene)) {
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
    const run = this.#desk.newRun(slot, "scene", facts, decision, depth + 1, snapshot);
    slot.meter.count(run.number, nowMs, isSynced(facts.chain), decision.held === undefined);
    this.#dirty.add(slot);
    slot.runs.push(run);
    this.#sceneBefore.set(run.number, this.#scenes.begin(scene));
    this.#desk.advance(run);
    return undefined;
  }

  #sceneOfRule(scene: string, slot: Slot, run: Run): string | undefined {
    const cause: Cause = { kind: "rule", source: slot.id, name: scene, sequence: run.number, decimals: 0 };
    return this.#startScene(scene, cause, run.depth)?.code;
  }

  #closed(run: Run, slot: Slot): void {
    const before = this.#sceneBefore.get(run.number);
    this.#sceneBefore.delete(run.number);
    if (run.reverted && before !== undefined && slot.scene !== undefined) {
      this.#scenes.undo(slot.scene.scene.id, before);
    }
  }

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

/** Many runs that have each read many devices are kept without what they have read; their hashes stay. */
function stateBytes(meter: RuleMeter, drafts: readonly Draft[], now: Now): Uint8Array {
  const read = drafts.reduce((sum, { inputs }) => sum + inputs.length, 0);
  const kept = read <= DRAFT_INPUT_BYTES_MAX ? drafts : drafts.map((draft) => ({ ...draft, inputs: EMPTY_BYTES }));
  return meter.bytes(kept, now);
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
