/**
 * The rules at work: what they are told, what they want done, and what people ask for past them. Everything that they answer
 * goes onto the pile; commands go to the actuation.
 */
import { codeOf } from "../../base/error.js";
import type { CommandResult } from "../command.js";
import type { RuleEngine } from "../rules/port.js";
import { RuleError } from "../rules/problems.js";
import type { ChainFacts, DeviceView } from "../view.js";
import type { Actuation } from "./actuation.js";
import type { CommandCause, CommandRequest, GatewayInput } from "./messages.js";
import type { Pile } from "./pile.js";
import type { GatewayProblem } from "./problems.js";
import type { Requests } from "./requests.js";
import type { ShadowKeeper } from "./shadowKeeper.js";
import type { Member } from "./table.js";

/** Times that rules may answer to what their own commands led to within one step; what is left waits for the next tick. */
export const RULE_ROUNDS_MAX = 32;

const NO_CHAIN: ChainFacts = { height: 0, headerHash: new Uint8Array(0), headerAgeMs: undefined };

/** Makes the rules, which read the devices through the view. */
export type MakeRules = (view: DeviceView, chain: () => ChainFacts) => RuleEngine;

export interface RuleWorkParts {
  readonly pile: Pile;
  readonly view: DeviceView;
  readonly actuation: Actuation;
  readonly requests: Requests;
  readonly keeper: ShadowKeeper;
}

export class RuleWork {
  readonly #parts: RuleWorkParts;
  #engine: RuleEngine;
  #chain = NO_CHAIN;
  #chainAtMs = 0;
  /** The rules have not looked yet who is there now. */
  #devicesChanged = false;

  constructor(parts: RuleWorkParts, make: MakeRules) {
    this.#parts = parts;
    this.#engine = make(parts.view, () => this.#chainNow());
  }

  get engine(): RuleEngine {
    return this.#engine;
  }

  replace(make: MakeRules): void {
    this.drain(undefined);
    this.#engine = make(this.#parts.view, () => this.#chainNow());
    this.#devicesChanged = true;
  }

  tick(): void {
    this.#engine.tick(this.#parts.pile.now);
    this.drain(undefined);
  }

  settled(cause: CommandCause, result: CommandResult, latencyUs: number): void {
    if (cause.kind === "rule") this.#engine.settled(cause.run, cause.action, result, latencyUs, this.#parts.pile.now);
  }

  chain(facts: ChainFacts): void {
    this.#chain = facts;
    this.#chainAtMs = this.#parts.pile.now.monotonicMs;
  }

  /** Somebody has come or gone. */
  devicesChanged(): void {
    this.#devicesChanged = true;
  }

  command(request: CommandRequest): void {
    const problem = this.#tryCommand(request);
    if (problem !== undefined) {
      this.#parts.pile.counters.add(problem.code);
      this.#parts.pile.outputs.push({ kind: "refused", problem, ...refOf(request.ref) });
    }
    this.drain(undefined);
  }

  #tryCommand(request: CommandRequest): GatewayProblem | undefined {
    const read = this.#parts.requests.read(request);
    if ("code" in read) return read;
    const { device, target, value } = read;
    const refusal = this.#engine.allows(request.by, device, target, value, this.#parts.pile.now);
    if (refusal !== undefined) return { code: "GATEWAY_COMMAND_DENIED", device, target, reason: refusal.code };
    // Only of senders that the policy knows is a number kept: names can be made up without end.
    const replayed = this.#parts.requests.useNumber(request);
    if (replayed !== undefined) return replayed;
    const cause: CommandCause = { kind: "request", by: request.by, ...refOf(request.ref) };
    return this.#parts.actuation.start(read, cause, this.#parts.pile.now.monotonicMs, request.id);
  }

  runScene({ scene, by, ref }: GatewayInput & { kind: "runScene" }): void {
    try {
      this.#engine.runScene(scene, by, this.#parts.pile.now);
    } catch (thrown) {
      const code = codeOf(thrown);
      this.#parts.pile.counters.add(code);
      const problem = thrown instanceof RuleError ? { problem: thrown.problem } : {};
      this.#parts.pile.outputs.push({ kind: "sceneRefused", scene, code, ...problem, ...refOf(ref) });
    }
    this.drain(undefined);
  }

  /** Carries out what the rules want. With commands goes the state of the device that set them off: kept in one transaction. */
  drain(origin: Member | undefined): void {
    for (let round = 0; round < RULE_ROUNDS_MAX; round++) {
      const results = this.#engine.take();
      if (results === undefined) return;
      const { writes, outputs, counters, now } = this.#parts.pile;
      for (const write of results.writes) {
        writes.push(write);
        if (write.kind === "receipt") outputs.push({ kind: "receipt", sequence: write.sequence, hash: write.hash });
      }
      for (const notice of results.notices) outputs.push({ kind: "notice", notice });
      for (const refusal of results.refusals) {
        counters.add(refusal.code);
        outputs.push({ kind: "ruleRefused", refusal });
      }
      if (results.commands.length > 0 && origin !== undefined) this.#parts.keeper.keep(origin);
      for (const { run, action, ...wanted } of results.commands) {
        const problem = this.#parts.actuation.start(wanted, { kind: "rule", run, action }, now.monotonicMs);
        if (problem === undefined) continue;
        this.#parts.pile.refuse(problem);
        this.#engine.settled(run, action, "refused", 0, now);
      }
    }
    this.#parts.pile.refuse({ code: "GATEWAY_RULE_ROUNDS_SPENT", max: RULE_ROUNDS_MAX });
  }

  /** Once for many that came together. */
  showDevices(): void {
    if (!this.#devicesChanged) return;
    this.#devicesChanged = false;
    this.#engine.devicesChanged(this.#parts.pile.now);
  }

  #chainNow(): ChainFacts {
    const { headerAgeMs } = this.#chain;
    if (headerAgeMs === undefined) return this.#chain;
    return { ...this.#chain, headerAgeMs: headerAgeMs + this.#parts.pile.now.monotonicMs - this.#chainAtMs };
  }
}

function refOf(ref: number | undefined): { readonly ref?: number } {
  return ref === undefined ? {} : { ref };
}
