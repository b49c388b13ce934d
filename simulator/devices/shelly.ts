/**
 * A stand-in for a Shelly Plus 1PM, as the Shelly API documents it for devices of the second generation
 * (https://shelly-api-docs.shelly.cloud/gen2/): requests at `<prefix>/rpc`, answers at `<src>/rpc`, notifications at
 * `<prefix>/events/rpc`, whole states at `<prefix>/status/switch:0` where that is switched on, `<prefix>/online` retained.
 */
import type { JsonValue } from "../../src/codec/json.js";
import { memberOf, objectOf, StandIn, type StandInOptions } from "./standIn.js";

/** As the Shelly RPC protocol numbers them. */
const NO_HANDLER = 404;
const INVALID_ARGUMENT = -103;
const VOLTS = 230;
const HOUR_MS = 3_600_000;

export interface ShellyOptions extends StandInOptions {
  /** Prefix of its topics and its id, such as `shellyplus1pm-a8032ab636ec`. */
  readonly id: string;
  /** "Generic status update over MQTT"; off as it comes. */
  readonly statusUpdates?: boolean;
  /** What the thing behind the relay draws when it is on. */
  readonly watts?: number;
}

export class ShellyStandIn extends StandIn {
  readonly #id: string;
  readonly #statusUpdates: boolean;
  #watts: number;
  #on = false;
  #source = "init";
  #wattHours = 0;
  #meteredAt: number;

  constructor(options: ShellyOptions) {
    super(options);
    this.#id = options.id;
    this.#statusUpdates = options.statusUpdates ?? false;
    this.#watts = options.watts ?? 0;
    this.#meteredAt = options.clock.now();
  }

  get on(): boolean {
    return this.#on;
  }

  /** Somebody presses the button at the device. */
  press(): void {
    this.#switch(!this.#on, "button");
  }

  /** The thing behind the relay draws more or less. */
  setWatts(watts: number): void {
    this.#meter();
    this.#watts = watts;
    if (this.#on) this.#notify({ apower: watts, current: watts / VOLTS });
  }

  /** What the device does once a minute. */
  report(): void {
    this.#meter();
    this.#notify({ aenergy: this.#energy() });
  }

  protected override topics(): readonly string[] {
    return [`${this.#id}/rpc`, `${this.#id}/command`];
  }

  protected override birth(): void {
    this.publish(`${this.#id}/online`, "true", true);
    this.#update();
  }

  protected override lastWill(): void {
    this.publish(`${this.#id}/online`, "false", true);
  }

  protected override command(topic: string, text: string): boolean {
    if (topic === `${this.#id}/command`) {
      if (text !== "status_update") return false;
      this.publish(`${this.#id}/status/switch:0`, this.#status());
      return true;
    }
    const request = objectOf(text);
    if (request === undefined || typeof request.method !== "string") return false;
    this.#answer(request, this.#call(request.method, request.params));
    return true;
  }

  #answer({ id, src }: { readonly [name: string]: JsonValue }, outcome: object): void {
    // A request without a source gets no answer.
    if (typeof src !== "string" || src === "") return;
    this.publish(`${src}/rpc`, { id: id ?? null, src: this.#id, dst: src, ...outcome });
  }

  #call(method: string, params: JsonValue | undefined): object {
    const component = memberOf(params, "id");
    const error = (code: number, message: string) => ({ error: { code, message } });
    switch (method) {
      case "Switch.Set": {
        const on = memberOf(params, "on");
        if (component !== 0 || typeof on !== "boolean")
          return error(INVALID_ARGUMENT, "Argument 'on', value is invalid!");
        return { result: { was_on: this.#switch(on, "MQTT") } };
      }
      case "Switch.Toggle":
        return component === 0
          ? { result: { was_on: this.#switch(!this.#on, "MQTT") } }
          : error(INVALID_ARGUMENT, "Argument 'id', value is invalid!");
      case "Switch.GetStatus":
        return component === 0
          ? { result: this.#status() }
          : error(INVALID_ARGUMENT, "Argument 'id', value is invalid!");
      case "Shelly.GetStatus":
        return { result: { mqtt: { connected: true }, "switch:0": this.#status() } };
      default:
        return error(NO_HANDLER, `No handler for ${method}`);
    }
  }

  /** @returns what it was before. */
  #switch(on: boolean, source: string): boolean {
    const before = this.#on;
    this.#meter();
    this.#on = on;
    this.#source = source;
    if (on !== before) {
      const watts = on ? this.#watts : 0;
      this.#notify({ output: on, source, apower: watts, current: watts / VOLTS });
    }
    return before;
  }

  #notify(changed: object): void {
    const params = { ts: this.clock.now() / 1_000, "switch:0": { id: 0, ...changed } };
    const dst = `${this.#id}/events`;
    this.publish(`${dst}/rpc`, { src: this.#id, dst, method: "NotifyStatus", params });
    this.#update();
  }

  #update(): void {
    if (this.#statusUpdates) this.publish(`${this.#id}/status/switch:0`, this.#status());
  }

  #status(): object {
    this.#meter();
    const watts = this.#on ? this.#watts : 0;
    return {
      id: 0,
      source: this.#source,
      output: this.#on,
      apower: watts,
      voltage: VOLTS,
      current: watts / VOLTS,
      aenergy: this.#energy(),
      temperature: { tC: 41.5, tF: 106.7 },
    };
  }

  #energy(): object {
    const minute = Math.floor(this.clock.now() / 60_000) * 60;
    return { total: Math.round(this.#wattHours * 1_000) / 1_000, by_minute: [0, 0, 0], minute_ts: minute };
  }

  #meter(): void {
    const now = this.clock.now();
    if (this.#on) this.#wattHours += (this.#watts * Math.max(0, now - this.#meteredAt)) / HOUR_MS;
    this.#meteredAt = now;
  }
}
