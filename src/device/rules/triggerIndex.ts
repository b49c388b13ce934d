/** From a device's property or event to the triggers that listen to it: a reading costs what listens, not all there is. */
import { toHex } from "../../base/bytes.js";
import type { DeviceId } from "../device.js";
import { propertyOf } from "./facts.js";
import type { HeldRule, Trigger } from "./language.js";
import type { Directory } from "./liveFacts.js";
import { BoundTrigger } from "./triggers.js";

export interface BoundEvent {
  readonly rule: number;
  readonly trigger: Trigger;
  readonly decimals: number;
}

const NONE: readonly never[] = [];

export class TriggerIndex {
  readonly #rules: readonly HeldRule[];
  #readings = new Map<DeviceId, Map<string, BoundTrigger[]>>();
  #events = new Map<DeviceId, Map<string, BoundEvent[]>>();
  /** Keeps what triggers know of the past over a change of devices. */
  #bound = new Map<string, BoundTrigger>();

  constructor(rules: readonly HeldRule[]) {
    this.#rules = rules;
  }

  /** @returns triggers that are no more: their timers are to be stopped. */
  rebuild(directory: Directory): readonly BoundTrigger[] {
    const before = this.#bound;
    this.#readings = new Map();
    this.#events = new Map();
    this.#bound = new Map();
    const facts = new Map([...directory.all].map((one) => [one.record.id, one]));
    // Of rules that hear the same reading the more important one goes first.
    const order = [...this.#rules.entries()].sort(([a, one], [b, other]) => {
      return other.rule.priority - one.rule.priority || a - b;
    });
    for (const [rule, { rule: spec, status }] of order) {
      if (status !== "ACTIVE") continue;
      for (const [place, trigger] of spec.triggers.entries()) {
        for (const device of directory.members(trigger.source)) {
          const profile = facts.get(device)?.profile;
          if (profile === undefined) continue;
          if (trigger.op === "event") {
            for (const event of profile.events.values()) {
              if (event.name !== trigger.name && event.capability !== trigger.name) continue;
              const decimals = event.data?.kind === "number" ? event.data.decimals : 0;
              add(this.#events, device, event.name, { rule, trigger, decimals });
            }
            continue;
          }
          const property = propertyOf(profile, trigger.name);
          if (property === undefined) continue;
          const key = `${rule}/${place}/${device}/${property.name}`;
          const known = before.get(key);
          const bound =
            known !== undefined && known.property === property
              ? known
              : new BoundTrigger(rule, trigger, device, property);
          this.#bound.set(key, bound);
          add(this.#readings, device, property.name, bound);
        }
      }
    }
    return [...before].filter(([key, trigger]) => this.#bound.get(key) !== trigger).map(([, trigger]) => trigger);
  }

  /**
   * What triggers of unchanged rules know of the past, out of another index: what has fired has fired, and who waits goes on.
   * @returns those that wait for their time.
   */
  goOnFrom(before: TriggerIndex): readonly BoundTrigger[] {
    const known = new Map([...before.#bound.values()].map((bound) => [before.#lasting(bound), bound]));
    const waiting: BoundTrigger[] = [];
    for (const bound of this.#bound.values()) {
      const other = known.get(this.#lasting(bound));
      if (other === undefined || other.property !== bound.property) continue;
      bound.goOnFrom(other);
      if (bound.dueMs !== undefined) waiting.push(bound);
    }
    return waiting;
  }

  /** A name that does not depend on which other rules there are. */
  #lasting({ rule, trigger, device, property }: BoundTrigger): string {
    const held = this.#rules[rule] as HeldRule;
    return `${toHex(held.hash)}/${held.rule.triggers.indexOf(trigger)}/${device}/${property.name}`;
  }

  ofReading(device: DeviceId, property: string): readonly BoundTrigger[] {
    return this.#readings.get(device)?.get(property) ?? NONE;
  }

  ofEvent(device: DeviceId, event: string): readonly BoundEvent[] {
    return this.#events.get(device)?.get(event) ?? NONE;
  }
}

function add<T>(index: Map<DeviceId, Map<string, T[]>>, device: DeviceId, name: string, value: T): void {
  let names = index.get(device);
  if (names === undefined) {
    names = new Map();
    index.set(device, names);
  }
  const list = names.get(name);
  if (list === undefined) names.set(name, [value]);
  else list.push(value);
}
