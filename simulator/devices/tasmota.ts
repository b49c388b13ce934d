/**
 * A stand-in for a plug with Tasmota and energy metering, as its documentation describes it
 * (https://tasmota.github.io/docs/MQTT/): `cmnd/<topic>/...` in, `stat/<topic>/...` and `tele/<topic>/...` out,
 * `tele/<topic>/LWT` retained.
 */
import { StandIn, type StandInOptions } from "./standIn.js";

const VOLTS = 230;
const HOUR_MS = 3_600_000;
const SENSOR_STATUS = "10";

export interface TasmotaOptions extends StandInOptions {
  /** Its Topic, such as `tasmota_9CF9D1`. */
  readonly topic: string;
  readonly watts?: number;
}

export class TasmotaStandIn extends StandIn {
  readonly #topic: string;
  #watts: number;
  #on = false;
  #kilowattHours = 0;
  #meteredAt: number;

  constructor(options: TasmotaOptions) {
    super(options);
    this.#topic = options.topic;
    this.#watts = options.watts ?? 0;
    this.#meteredAt = options.clock.now();
  }

  get on(): boolean {
    return this.#on;
  }

  /** Somebody presses the button at the device. */
  press(): void {
    this.#switch(!this.#on);
  }

  setWatts(watts: number): void {
    this.#meter();
    this.#watts = watts;
  }

  /** What the device does every TelePeriod. */
  telemetry(): void {
    this.#tele("STATE", { Time: this.#time(), UptimeSec: 60, POWER: this.#word() });
    this.#tele("SENSOR", this.#sensors());
  }

  protected override topics(): readonly string[] {
    return ["POWER", "STATUS", "STATE"].map((command) => `cmnd/${this.#topic}/${command}`);
  }

  protected override birth(): void {
    this.publish(`tele/${this.#topic}/LWT`, "Online", true);
    this.#tell();
    this.telemetry();
  }

  protected override lastWill(): void {
    this.publish(`tele/${this.#topic}/LWT`, "Offline", true);
  }

  protected override command(topic: string, text: string): boolean {
    switch (topic.slice(topic.lastIndexOf("/") + 1)) {
      case "POWER":
        return this.#power(text.trim().toUpperCase());
      case "STATUS":
        if (text.trim() === SENSOR_STATUS) {
          this.publish(`stat/${this.#topic}/STATUS${SENSOR_STATUS}`, { StatusSNS: this.#sensors() });
        }
        return text.trim() === SENSOR_STATUS;
      case "STATE":
        this.publish(`stat/${this.#topic}/RESULT`, { Time: this.#time(), POWER: this.#word() });
        return true;
      default:
        return false;
    }
  }

  /** Nothing asks; other words do nothing but are answered all the same. */
  #power(word: string): boolean {
    if (word === "ON" || word === "1") this.#switch(true);
    else if (word === "OFF" || word === "0") this.#switch(false);
    else if (word === "TOGGLE" || word === "2") this.#switch(!this.#on);
    else this.#tell();
    return ["", "ON", "1", "OFF", "0", "TOGGLE", "2"].includes(word);
  }

  #switch(on: boolean): void {
    this.#meter();
    this.#on = on;
    this.#tell();
  }

  #tell(): void {
    this.publish(`stat/${this.#topic}/RESULT`, { POWER: this.#word() });
    this.publish(`stat/${this.#topic}/POWER`, this.#word());
  }

  #tele(kind: string, message: object): void {
    this.publish(`tele/${this.#topic}/${kind}`, message);
  }

  #sensors(): object {
    this.#meter();
    const watts = this.#on ? this.#watts : 0;
    return {
      Time: this.#time(),
      ENERGY: {
        TotalStartTime: "2024-01-01T00:00:00",
        Total: Math.round(this.#kilowattHours * 1_000) / 1_000,
        Power: Math.round(watts),
        ApparentPower: Math.round(watts),
        ReactivePower: 0,
        Factor: watts === 0 ? 0 : 1,
        Voltage: VOLTS,
        Current: Math.round((watts / VOLTS) * 1_000) / 1_000,
      },
    };
  }

  #word(): string {
    return this.#on ? "ON" : "OFF";
  }

  /** Local time without a zone, as Tasmota writes it. */
  #time(): string {
    return new Date(this.clock.now()).toISOString().slice(0, 19);
  }

  #meter(): void {
    const now = this.clock.now();
    if (this.#on) this.#kilowattHours += (this.#watts * Math.max(0, now - this.#meteredAt)) / HOUR_MS / 1_000;
    this.#meteredAt = now;
  }
}
