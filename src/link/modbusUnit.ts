/** When one device of a Modbus line is asked next, and for what. */
import type { Random } from "../base/random.js";
import type { ModbusPlan, ModbusReadRequest } from "../device/modbus/plan.js";
import { Backoff } from "./backoff.js";

/** A device that has just been found gone is asked again after this, where it is polled faster. */
const SILENT_MIN_MS = 1_000;

export class ModbusUnit {
  readonly address: string;
  readonly unit: number;
  readonly plan: ModbusPlan;
  readonly #backoff: Backoff;
  /** Place in the plan; 0 between polls. */
  #next = 0;
  /** When the poll that is going on, or the next one, was to begin. */
  #pollAtMs = 0;
  #nextAtMs = 0;
  #askableAtMs = 0;

  constructor(address: string, unit: number, plan: ModbusPlan, silentMaxMs: number, random: Random) {
    this.address = address;
    this.unit = unit;
    this.plan = plan;
    const silentMinMs = Math.min(silentMaxMs, Math.max(SILENT_MIN_MS, plan.pollMs));
    this.#backoff = new Backoff(silentMinMs, silentMaxMs, random);
  }

  /** `performance.now()` at which the next request is due. */
  get nextAtMs(): number {
    return Math.max(this.#nextAtMs, this.#askableAtMs);
  }

  /** Before this a late answer of the last request may come. */
  get askableAtMs(): number {
    return this.#askableAtMs;
  }

  dueNow(now: number): void {
    this.#next = 0;
    this.#pollAtMs = now;
    this.#nextAtMs = now;
  }

  /** The next request of this poll; undefined for a plan without any. */
  takeRequest(): ModbusReadRequest | undefined {
    return this.plan.requests[this.#next++];
  }

  answered(now: number): void {
    this.#backoff.reset();
    if (this.#next >= this.plan.requests.length) this.finished(now);
    // Behind those that have waited longer.
    else this.#nextAtMs = now;
  }

  /** The poll is over; polls keep their pace and are not made up for. */
  finished(now: number): void {
    this.#next = 0;
    this.#pollAtMs += this.plan.pollMs;
    if (this.#pollAtMs < now) this.#pollAtMs = now;
    this.#nextAtMs = this.#pollAtMs;
  }

  /** @param lateMs for how long a late answer may still come. */
  silent(now: number, lateMs: number): void {
    this.#next = 0;
    this.#askableAtMs = now + lateMs;
    this.#pollAtMs = now + this.#backoff.next();
    this.#nextAtMs = this.#pollAtMs;
  }
}
