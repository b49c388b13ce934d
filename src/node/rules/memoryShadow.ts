/** Devices and their newest readings in memory: for trying rules out without devices. */

import type { DeviceValue } from "../../device/value.js";
import type { DeviceFacts, DeviceView, Now, Reading } from "../../device/view.js";
import type { HomeDevice } from "./home.js";

export class MemoryShadow implements DeviceView {
  readonly #devices: ReadonlyMap<string, DeviceFacts>;
  readonly #readings = new Map<string, Reading>();

  constructor(devices: readonly HomeDevice[]) {
    this.#devices = new Map(devices.map((device) => [device.record.id, { ...device, availability: "online" }]));
  }

  devices(): Iterable<DeviceFacts> {
    return this.#devices.values();
  }

  device(id: string): DeviceFacts | undefined {
    return this.#devices.get(id);
  }

  reading(id: string, property: string): Reading | undefined {
    return this.#readings.get(`${id}/${property}`);
  }

  fresh(id: string, property: string, monotonicMs: number): boolean {
    const reading = this.reading(id, property);
    const limit = this.#devices.get(id)?.profile.properties.get(property)?.staleAfterMs;
    return reading !== undefined && (limit === undefined || monotonicMs - reading.monotonicMs <= limit);
  }

  /** @returns what an engine is told. */
  put(device: string, property: string, value: DeviceValue, now: Now) {
    const previous = this.reading(device, property);
    const sequence = (previous?.sequence ?? 0) + 1;
    const current: Reading = { value, at: now.wallMs, monotonicMs: now.monotonicMs, sequence };
    this.#readings.set(`${device}/${property}`, current);
    return { device, property, current, ...(previous === undefined ? {} : { previous }) };
  }
}
