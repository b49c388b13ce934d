/** What devices report, against what their profiles say they can: readings and events to the rules, faults to their conduct. */

import { isProblem } from "../convert/problems.js";
import { checkValue } from "../convert/value.js";
import type { RuleEngine } from "../rules/port.js";
import type { DeviceValue } from "../value.js";
import { argumentProblem } from "./argument.js";
import { ISOLATION_MS } from "./limits.js";
import type { Age } from "./nativeSpeech.js";
import type { Pile } from "./pile.js";
import type { Presence } from "./presence.js";
import type { GatewayProblem } from "./problems.js";
import { oldestFresh, type Shadow } from "./shadow.js";
import type { Member } from "./table.js";
import type { Telemetry } from "./telemetry.js";

export interface Said {
  readonly sequence: number;
  readonly signature?: Uint8Array;
  readonly age: Age;
  /** Kept by a broker and known already: shown, and no reason to do anything. */
  readonly isNew: boolean;
}

export interface IntakeParts {
  readonly pile: Pile;
  readonly shadow: Shadow;
  readonly presence: Presence;
  readonly telemetry: Telemetry | undefined;
  readonly rules: () => RuleEngine;
}

export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Whether it may speak at all: registered, not isolated, not too much.
   * @param anybodys of a device with a key: there is no signature, so anybody may have said it
   */
  listensTo(member: Member, anybodys = false): boolean {
    const { record, registration, conduct } = member;
    const { monotonicMs } = this.#parts.pile.now;
    if (conduct.isolated(monotonicMs)) {
      this.#parts.pile.counters.add("GATEWAY_ISOLATED");
      return false;
    }
    if (registration.verdict !== "registered") {
      this.#parts.pile.refuse({ code: "GATEWAY_NOT_REGISTERED", device: record.id, verdict: registration.verdict });
      return false;
    }
    if (conduct.maySpeak(monotonicMs, anybodys)) return true;
    this.suspect(member, { code: "GATEWAY_FLOODED", device: record.id });
    return false;
  }

  reading(member: Member, property: string, value: DeviceValue, said: Said): void {
    const problem = readingProblem(member, property, value);
    if (problem === undefined) this.#take(member, property, value, said);
    else this.fault(member, problem);
  }

  happened(member: Member, event: string, value: DeviceValue | undefined, sequence: number): void {
    const { pile, rules } = this.#parts;
    const problem = eventProblem(member, event, value);
    if (problem !== undefined) {
      this.fault(member, problem);
      return;
    }
    const device = member.record.id;
    pile.outputs.push({ kind: "event", device, event, value });
    rules().event({ device, event, sequence, ...(value === undefined ? {} : { value }) }, pile.now);
  }

  /**
   * Said in the device's name. Where the device has a key and this was not signed with it, somebody else may have said it
   * to get the device shut out: it is refused, and not held against the device.
   */
  suspect(member: Member, problem: GatewayProblem): void {
    if (member.record.voucher.kind === "key") this.#parts.pile.refuse(problem);
    else this.fault(member, problem);
  }

  /** The device's own doing. */
  fault(member: Member, problem: GatewayProblem): void {
    const { monotonicMs } = this.#parts.pile.now;
    this.#parts.pile.refuse(problem);
    if (!member.conduct.fault(monotonicMs)) return;
    const isolation: GatewayProblem = { code: "GATEWAY_ISOLATED", device: member.record.id, forMs: ISOLATION_MS };
    this.#isolate(member, monotonicMs + ISOLATION_MS, isolation);
  }

  /** Two fight for one connection; which is the true one may show by itself. */
  contested(member: Member): void {
    const { pile } = this.#parts;
    const problem: GatewayProblem = { code: "GATEWAY_DEVICE_CLONED", device: member.record.id };
    pile.refuse(problem);
    this.#isolate(member, pile.now.monotonicMs + ISOLATION_MS, problem);
  }

  /** Which of the two is the true one only a person can tell. */
  cloned(member: Member): void {
    const problem: GatewayProblem = { code: "GATEWAY_DEVICE_CLONED", device: member.record.id };
    this.#parts.pile.refuse(problem);
    this.#isolate(member, Number.POSITIVE_INFINITY, problem);
  }

  #isolate(member: Member, untilMs: number, problem: GatewayProblem): void {
    member.conduct.isolatedUntilMs = untilMs;
    this.#parts.presence.gone(member);
    this.#parts.pile.outputs.push({ kind: "isolated", device: member.record.id, problem });
  }

  #take({ record, profile }: Member, property: string, value: DeviceValue, said: Said): void {
    const { pile, shadow, telemetry, rules } = this.#parts;
    const { now } = pile;
    const device = record.id;
    const staleAfterMs = profile.properties.get(property)?.staleAfterMs;
    const monotonicMs = said.age === "now" ? now.monotonicMs : oldestFresh(staleAfterMs, now);
    const signed = said.signature === undefined ? {} : { signature: said.signature };
    const current = { value, at: now.wallMs, monotonicMs, sequence: said.sequence, ...signed };
    const previous = shadow.put(device, property, current);
    if (said.age === "now") telemetry?.add(device, property, current);
    pile.outputs.push({ kind: "reading", device, property, reading: current, changed: previous?.value !== value });
    if (said.isNew)
      rules().reading({ device, property, current, ...(previous === undefined ? {} : { previous }) }, now);
  }
}

function readingProblem({ record, profile }: Member, name: string, value: DeviceValue): GatewayProblem | undefined {
  const device = record.id;
  const spec = profile.properties.get(name);
  if (spec === undefined) return { code: "GATEWAY_NAME_UNKNOWN", device, name };
  if (!spec.readable) return { code: "GATEWAY_NOT_READABLE", device, name };
  const checked = checkValue(spec.type, value);
  return isProblem(checked) ? { code: "GATEWAY_VALUE_REFUSED", device, name, reason: checked.code } : undefined;
}

function eventProblem(
  { record, profile }: Member,
  name: string,
  value: DeviceValue | undefined,
): GatewayProblem | undefined {
  const device = record.id;
  const spec = profile.events.get(name);
  if (spec === undefined) return { code: "GATEWAY_NAME_UNKNOWN", device, name };
  return argumentProblem(device, name, spec.data, value);
}
