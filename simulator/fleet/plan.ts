/** Who is who in a fleet: everything here follows from the scenario, the number of devices and the seed. */
import { mixed } from "../devices/curves.js";
import type { HostileKind } from "../devices/hostile.js";
import { MODELS, type ModelName, type VirtualModel } from "../devices/models.js";
import type { Between } from "../devices/nativeDevice.js";
import { momentMs, WHOLE_PPM } from "./scenario/amounts.js";
import type { Fault, Scenario } from "./scenario/schema.js";

/** Independent draws from one seed. */
export const DRAW = {
  fault: 1,
  fallback: 2,
  join: 3,
  phase: 4,
  backoff: 5,
  key: 6,
  command: 7,
  network: 8,
  loss: 9,
} as const;

const PREFIX = "sim";
const DIGITS = 6;

export interface FleetSize {
  readonly scenario: Scenario;
  readonly devices: number;
  readonly seed: number;
  readonly runMs: number;
  /** Of the whole fleet, the devices of this process. Default: all. */
  readonly share?: { readonly first: number; readonly count: number };
  /** Virtual gateways of this process; default the scenario's. */
  readonly gateways?: number;
}

export interface DeviceKind {
  readonly name: ModelName;
  readonly model: VirtualModel;
  readonly every: number;
  readonly between: Between | undefined;
}

export interface Hostility {
  /** Its place among the scenario's faults. */
  readonly fault: number;
  readonly does: HostileKind;
  readonly fromMs: number;
  readonly everyMs: number;
}

export class FleetPlan {
  readonly scenario: Scenario;
  readonly devices: number;
  readonly seed: number;
  readonly runMs: number;
  readonly first: number;
  readonly count: number;
  readonly gateways: number;
  /** World's time at the start of the run, ms since midnight. */
  readonly startsAt: number;
  readonly kinds: readonly DeviceKind[];
  /** Kind of each place in a home. */
  readonly #places: readonly number[];

  constructor(size: FleetSize) {
    this.scenario = size.scenario;
    this.devices = size.devices;
    this.seed = size.seed;
    this.runMs = size.runMs;
    this.first = size.share?.first ?? 0;
    this.count = size.share?.count ?? size.devices;
    this.gateways = size.gateways ?? size.scenario.gateways;
    this.startsAt = size.scenario.startsAt;
    this.kinds = size.scenario.home.map(({ model, every, between }) => ({
      name: model,
      model: MODELS[model],
      every,
      between: Object.keys(between).length === 0 ? undefined : (between as Between),
    }));
    this.#places = size.scenario.home.flatMap(({ count }, kind) => new Array<number>(count).fill(kind));
  }

  /** Of a device of the whole fleet. */
  kindOf(index: number): DeviceKind {
    return this.kinds[this.#places[index % this.#places.length] ?? 0] as DeviceKind;
  }

  homeOf(index: number): number {
    return Math.floor(index / this.#places.length);
  }

  /** Which virtual gateway of this process looks after it; undefined without any. */
  gatewayOf(index: number): number | undefined {
    return this.gateways === 0 ? undefined : this.homeOf(index) % this.gateways;
  }

  idOf(index: number): string {
    return `${PREFIX}-${String(index).padStart(DIGITS, "0")}`;
  }

  /** The device of an id, undefined for one that is not of this fleet. */
  indexOf(id: string): number | undefined {
    if (!id.startsWith(`${PREFIX}-`)) return undefined;
    const digits = id.slice(PREFIX.length + 1);
    if (digits.length < DIGITS || !/^\d+$/.test(digits)) return undefined;
    const index = Number(digits);
    return index < this.devices && this.idOf(index) === id ? index : undefined;
  }

  /** A draw of 0..2^32-1 for a purpose. */
  draw(purpose: number, ...parts: readonly number[]): number {
    return mixed(this.seed, purpose, ...parts);
  }

  /** Below `end`. */
  drawBelow(end: number, purpose: number, ...parts: readonly number[]): number {
    return Math.floor((this.draw(purpose, ...parts) / 0x1_0000_0000) * end);
  }

  /** One after the other over the time of joining, each with a little of its own. */
  joinMs(index: number): number {
    const over = momentMs(this.scenario.joins.over, this.runMs);
    const step = over / this.devices;
    return Math.floor(index * step + this.drawBelow(Math.max(1, Math.ceil(step)), DRAW.join, index));
  }

  signs(index: number): boolean {
    return this.drawBelow(WHOLE_PPM, DRAW.key, index) < this.scenario.signed;
  }

  faultMs(fault: Fault): number {
    return momentMs(fault.at, this.runMs);
  }

  /**
   * The devices that a fault is about, as indices of the whole fleet in rising order: each with the chance of the share,
   * but at least one where there is any that it can be about.
   */
  picked(faultIndex: number): number[] {
    const fault = this.scenario.faults[faultIndex];
    if (fault === undefined || fault.kind === "brokerRestart") return [];
    const able = (index: number): boolean => {
      const kind = this.kindOf(index);
      if (fault.kind === "alarm") return kind.name === fault.model;
      if (fault.kind === "drift") return kind.model.properties.some(({ behaviour }) => behaviour.kind === "curve");
      if (fault.kind === "malicious" && fault.does === "outOfRange") {
        return kind.model.properties.some(({ type }) => type.kind === "number");
      }
      if (fault.kind === "malicious" && (fault.does === "forger" || fault.does === "clone")) return this.devices > 1;
      return true;
    };
    const found: number[] = [];
    const candidates: number[] = [];
    for (let index = 0; index < this.devices; index++) {
      if (!able(index)) continue;
      candidates.push(index);
      if (this.drawBelow(WHOLE_PPM, DRAW.fault, faultIndex, index) < fault.share) found.push(index);
    }
    const one = candidates[this.drawBelow(Math.max(1, candidates.length), DRAW.fallback, faultIndex)];
    if (found.length === 0 && one !== undefined && fault.share > 0) found.push(one);
    return found;
  }

  /** The same, of this process only, as its own numbers. */
  pickedHere(faultIndex: number): number[] {
    return this.picked(faultIndex)
      .filter((index) => index >= this.first && index < this.first + this.count)
      .map((index) => index - this.first);
  }

  /** By own number; a device has one bad intention at most, the first of the list. */
  hostilities(): Map<number, Hostility> {
    const found = new Map<number, Hostility>();
    for (const [faultIndex, fault] of this.scenario.faults.entries()) {
      if (fault.kind !== "malicious") continue;
      for (const own of this.pickedHere(faultIndex)) {
        if (found.has(own)) continue;
        found.set(own, { fault: faultIndex, does: fault.does, fromMs: this.faultMs(fault), everyMs: fault.every });
      }
    }
    return found;
  }

  /** Whom a forger or a clone abuses: the next device. */
  victimOf(index: number): number {
    return (index + 1) % this.devices;
  }
}
