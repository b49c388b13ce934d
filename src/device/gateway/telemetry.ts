/** Readings for the record: collected and written together, so that a thousand of them cost one write and not a thousand. */
import { utf8Bytes } from "../../base/bytes.js";
import type { DeviceId } from "../device.js";
import type { DeviceValue } from "../value.js";
import type { Reading } from "../view.js";
import { TELEMETRY_FLUSH_MS, TELEMETRY_PIECE_BYTES_MAX, TELEMETRY_WAITING_MAX } from "./limits.js";
import type { Pile } from "./pile.js";

/** Of one reading without a text, and of one name beside its letters: three numbers, brackets, quotes. */
const ENTRY_BYTES = 48;
/** Of one UTF-16 unit in JSON, escaped. */
const CHARACTER_BYTES = 6;

/** One written piece: names once, then what was read, times as differences. */
export interface TelemetryPiece {
  readonly names: readonly (readonly [device: DeviceId, property: string])[];
  /** `name` is an index of `names`; `afterMs` the time since the reading before. */
  readonly readings: readonly (readonly [name: number, afterMs: number, value: DeviceValue])[];
}

export class Telemetry {
  readonly #pile: Pile;
  #names = new Map<string, number>();
  #piece: { names: [DeviceId, string][]; readings: [number, number, DeviceValue][] } = { names: [], readings: [] };
  /** Not less than what it takes. */
  #bytes = 0;
  #from = 0;
  #last = 0;
  #dueMs: number | undefined;

  constructor(pile: Pile) {
    this.#pile = pile;
  }

  add(device: DeviceId, property: string, { value, at }: Reading): void {
    const { readings } = this.#piece;
    if (readings.length === 0) {
      this.#from = at;
      this.#last = at;
      this.#dueMs = this.#pile.now.monotonicMs + TELEMETRY_FLUSH_MS;
    }
    readings.push([this.#name(device, property), at - this.#last, value]);
    this.#last = at;
    this.#bytes += ENTRY_BYTES + (typeof value === "string" ? CHARACTER_BYTES * value.length : 0);
    if (readings.length >= TELEMETRY_WAITING_MAX || this.#bytes >= TELEMETRY_PIECE_BYTES_MAX) this.flush();
  }

  tick(): void {
    if (this.#dueMs !== undefined && this.#pile.now.monotonicMs >= this.#dueMs) this.flush();
  }

  flush(): void {
    const { readings } = this.#piece;
    if (readings.length === 0) return;
    const bytes = utf8Bytes(JSON.stringify(this.#piece));
    const [from, to] = this.#from <= this.#last ? [this.#from, this.#last] : [this.#last, this.#from];
    this.#pile.writes.push({ kind: "telemetry", from, to, readings: readings.length, bytes });
    this.#names = new Map();
    this.#piece = { names: [], readings: [] };
    this.#bytes = 0;
    this.#dueMs = undefined;
  }

  #name(device: DeviceId, property: string): number {
    const key = `${device}\n${property}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const place = this.#piece.names.push([device, property]) - 1;
    this.#names.set(key, place);
    this.#bytes += ENTRY_BYTES + key.length;
    return place;
  }
}
