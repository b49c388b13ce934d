/**
 * The newest reading of every property of every device, with its age.
 *
 * What was read from the disk, and what a broker had kept, is of unknown age: it counts as just stale, so that it may be shown
 * and compared with, and no rule that asks for a fresh reading goes by it.
 */

import { utf8Bytes } from "../../base/bytes.js";
import { parseJson, writeJson } from "../../codec/json.js";
import { isProblem } from "../convert/problems.js";
import { checkValue } from "../convert/value.js";
import type { DeviceId } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { DeviceValue } from "../value.js";
import type { Now, Reading } from "../view.js";

/** What a device's count stood at when its readings were kept. */
export interface DeviceMark {
  readonly birth: number;
  readonly sequence: number;
}

export class Shadow {
  readonly #readings = new Map<DeviceId, Map<string, Reading>>();
  readonly #changed = new Set<DeviceId>();

  reading(device: DeviceId, property: string): Reading | undefined {
    return this.#readings.get(device)?.get(property);
  }

  readingsOf(device: DeviceId): ReadonlyMap<string, Reading> {
    return this.#readings.get(device) ?? NOTHING;
  }

  /** The reading that was there before. */
  put(device: DeviceId, property: string, reading: Reading): Reading | undefined {
    let readings = this.#readings.get(device);
    if (readings === undefined) {
      readings = new Map();
      this.#readings.set(device, readings);
    }
    const previous = readings.get(property);
    readings.set(property, reading);
    // Kept for what comes after a restart: the value, not its age.
    if (previous?.value !== reading.value) this.#changed.add(device);
    return previous;
  }

  /** Younger than the property's limit. */
  fresh(device: DeviceId, property: string, staleAfterMs: number | undefined, monotonicMs: number): boolean {
    const reading = this.reading(device, property);
    if (reading === undefined) return false;
    return staleAfterMs === undefined || monotonicMs - reading.monotonicMs < staleAfterMs;
  }

  forget(device: DeviceId): void {
    this.#readings.delete(device);
    this.#changed.delete(device);
  }

  /** Devices whose values differ from what was last kept. */
  get changed(): ReadonlySet<DeviceId> {
    return this.#changed;
  }

  /** What is to be kept of a device, which then counts as unchanged. */
  keep(device: DeviceId, mark: DeviceMark): Uint8Array {
    this.#changed.delete(device);
    const values = [...this.readingsOf(device)].map(([property, { value, at }]) => [property, value, at]);
    return utf8Bytes(writeJson([mark.birth, mark.sequence, values]));
  }

  /** Takes back what was kept; values that the profile of today does not know are left out. */
  restore(device: DeviceId, profile: DeviceProfile, bytes: Uint8Array, now: Now): DeviceMark {
    const [birth, sequence, values] = parseJson(new TextDecoder().decode(bytes)) as [
      number,
      number,
      [string, DeviceValue, number][],
    ];
    const readings = new Map<string, Reading>();
    for (const [property, value, at] of values) {
      const spec = profile.properties.get(property);
      if (spec === undefined || isProblem(checkValue(spec.type, value))) continue;
      const monotonicMs = oldestFresh(spec.staleAfterMs, now);
      readings.set(property, { value, at, monotonicMs, sequence });
    }
    this.#readings.set(device, readings);
    return { birth, sequence };
  }
}

const NOTHING: ReadonlyMap<string, Reading> = new Map();

/** The moment at which a reading of unknown age has to be counted as taken. */
export function oldestFresh(staleAfterMs: number | undefined, now: Now): number {
  return now.monotonicMs - (staleAfterMs ?? 0);
}
