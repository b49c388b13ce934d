/** One trigger of one rule at one property of one device: when it fires. Knows readings and time, nothing else. */
import type { DeviceId } from "../device.js";
import type { PropertySpec } from "../profile.js";
import type { DeviceValue } from "../value.js";
import { decimalsOf } from "./facts.js";
import { rescale, type Trigger } from "./language.js";
import type { Timed } from "./timers.js";

export class BoundTrigger implements Timed {
  readonly rule: number;
  readonly trigger: Trigger;
  readonly device: DeviceId;
  readonly property: PropertySpec;
  dueMs: number | undefined;
  queuedMs: number | undefined;
  /** `eq`, `gt`, `lt`: true now. `crosses`: above. Undefined before the first reading. */
  #active: boolean | undefined;
  /** `changed`: the value against which the next one is held. */
  #reference: DeviceValue | undefined;

  constructor(rule: number, trigger: Trigger, device: DeviceId, property: PropertySpec) {
    this.rule = rule;
    this.trigger = trigger;
    this.device = device;
    this.property = property;
  }

  /** Goes on from where another one of the same rule stood at the same property. */
  goOnFrom(before: BoundTrigger): void {
    this.#active = before.#active;
    this.#reference = before.#reference;
    this.dueMs = before.dueMs;
  }

  /** Whether it fires at once. With `forMs` it sets `dueMs` instead, or clears it. */
  reading(value: DeviceValue, nowMs: number): boolean {
    const fires = this.#moves(value);
    if (fires === undefined) return false;
    if (this.trigger.forMs === 0) return fires;
    this.dueMs = fires ? nowMs + this.trigger.forMs : undefined;
    return false;
  }

  /** True: fires. False: no longer so. Undefined: as before. */
  #moves(value: DeviceValue): boolean | undefined {
    const { op } = this.trigger;
    if (op === "changed") return this.#changes(value);
    if (op === "crosses") return this.#crosses(value);
    const before = this.#active ?? false;
    this.#active = this.#isTrue(value, before);
    return this.#active === before ? undefined : this.#active;
  }

  #changes(value: DeviceValue): boolean | undefined {
    const before = this.#reference;
    if (before === undefined) {
      this.#reference = value;
      return undefined;
    }
    if (typeof value === "number" && typeof before === "number") {
      const least = rescale(this.trigger.hysteresis, this.trigger.decimals, decimalsOf(this.property)) ?? 1;
      if (Math.abs(value - before) < Math.max(1, least)) return undefined;
    } else if (value === before) return undefined;
    this.#reference = value;
    return true;
  }

  #crosses(value: DeviceValue): boolean | undefined {
    const threshold = this.trigger.value;
    const number = this.#number(value);
    if (number === undefined || typeof threshold !== "number") return undefined;
    const before = this.#active;
    const { hysteresis } = this.trigger;
    if (number >= threshold + hysteresis) this.#active = true;
    else if (number < threshold - hysteresis) this.#active = false;
    return before === undefined || this.#active === before ? undefined : true;
  }

  #isTrue(value: DeviceValue, before: boolean): boolean {
    const { op, value: wanted, hysteresis } = this.trigger;
    const number = this.#number(value);
    if (op === "eq") return number !== undefined && typeof wanted === "number" ? number === wanted : value === wanted;
    if (number === undefined || typeof wanted !== "number") return false;
    if (op === "gt") return before ? number > wanted - hysteresis : number > wanted;
    return before ? number < wanted + hysteresis : number < wanted;
  }

  #number(value: DeviceValue): number | undefined {
    return typeof value === "number" ? rescale(value, decimalsOf(this.property), this.trigger.decimals) : undefined;
  }
}
