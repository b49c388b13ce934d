/**
 * A stand-in for a Zigbee2MQTT bridge and the devices behind it, as its documentation describes them
 * (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html): `bridge/state`, `bridge/devices` and
 * `<device>/availability` retained, states as whole JSON objects, `/set` and `/get`.
 */
import type { JsonValue } from "../../src/codec/json.js";
import { objectOf, StandIn, type StandInOptions } from "./standIn.js";
import { ZIGBEE_MODELS, type ZigbeeKind } from "./zigbeeModels.js";

const READABLE = 1;
const SETTABLE = 2;

export interface ZigbeeMember {
  readonly ieeeAddress: string;
  readonly name: string;
  readonly kind: ZigbeeKind;
}

export interface Zigbee2MqttOptions extends StandInOptions {
  /** Base topic; `zigbee2mqtt`. */
  readonly base?: string;
  readonly devices: readonly ZigbeeMember[];
  /** Whether states are retained; Zigbee2MQTT does so only where a device's settings say it. */
  readonly retainStates?: boolean;
  /** Availability and bridge state as plain text, as before version 2. */
  readonly plainAvailability?: boolean;
}

interface Leaf {
  readonly access: number;
  readonly on?: JsonValue;
  readonly off?: JsonValue;
  readonly toggle?: JsonValue;
}

interface Device extends ZigbeeMember {
  readonly leaves: ReadonlyMap<string, Leaf>;
  state: Record<string, JsonValue>;
  online: boolean;
}

export class Zigbee2MqttStandIn extends StandIn {
  readonly #base: string;
  readonly #devices = new Map<string, Device>();
  readonly #options: Zigbee2MqttOptions;

  constructor(options: Zigbee2MqttOptions) {
    super(options);
    this.#options = options;
    this.#base = options.base ?? "zigbee2mqtt";
    for (const member of options.devices) this.#devices.set(member.name, deviceOf(member));
  }

  /** A device's state as the bridge knows it; undefined where there is none of the name. */
  state(name: string): Readonly<Record<string, JsonValue>> | undefined {
    return this.#devices.get(name)?.state;
  }

  /** A device has measured or done something. */
  report(name: string, changed: Readonly<Record<string, JsonValue>>): void {
    const device = this.#devices.get(name);
    if (device === undefined) return;
    Object.assign(device.state, changed);
    this.#tell(device);
  }

  /** A button is pressed: told once, and not part of the state. */
  action(name: string, action: string): void {
    const device = this.#devices.get(name);
    if (device !== undefined) this.publish(`${this.#base}/${name}`, { ...device.state, action });
  }

  /** The bridge has lost a device, or found it again. */
  setOnline(name: string, online: boolean): void {
    const device = this.#devices.get(name);
    if (device === undefined) return;
    device.online = online;
    this.#tellAvailability(device);
  }

  /** A new device has joined and been interviewed. */
  join(member: ZigbeeMember): void {
    const device = deviceOf(member);
    this.#devices.set(member.name, device);
    this.listen(this.#topicsOf(member.name));
    const data = { friendly_name: member.name, ieee_address: member.ieeeAddress };
    this.publish(`${this.#base}/bridge/event`, { type: "device_joined", data });
    this.#tellDevices();
    this.#tellAvailability(device);
    this.#tell(device);
  }

  /** Somebody has given it another name: other topics, the same device. */
  rename(from: string, to: string): void {
    const device = this.#devices.get(from);
    if (device === undefined || this.#devices.has(to)) return;
    this.#devices.delete(from);
    const renamed = { ...device, name: to };
    this.#devices.set(to, renamed);
    this.listen(this.#topicsOf(to));
    // The old retained topics are cleared.
    this.publish(`${this.#base}/${from}/availability`, "", true);
    if (this.#options.retainStates === true) this.publish(`${this.#base}/${from}`, "", true);
    this.#tellDevices();
    this.#tellAvailability(renamed);
    this.#tell(renamed);
  }

  remove(name: string): void {
    if (!this.#devices.delete(name)) return;
    this.publish(`${this.#base}/${name}/availability`, "", true);
    if (this.#options.retainStates === true) this.publish(`${this.#base}/${name}`, "", true);
    this.#tellDevices();
  }

  protected override topics(): readonly string[] {
    const request = `${this.#base}/bridge/request/permit_join`;
    return [request, ...[...this.#devices.keys()].flatMap((name) => this.#topicsOf(name))];
  }

  protected override birth(): void {
    this.#tellBridge("online");
    this.#tellDevices();
    for (const device of this.#devices.values()) {
      this.#tellAvailability(device);
      this.#tell(device);
    }
  }

  protected override lastWill(): void {
    this.#tellBridge("offline");
  }

  protected override command(topic: string, text: string): boolean {
    const rest = topic.slice(this.#base.length + 1);
    if (rest === "bridge/request/permit_join") {
      const time = objectOf(text)?.time ?? 0;
      this.publish(`${this.#base}/bridge/response/permit_join`, { data: { time }, status: "ok" });
      return true;
    }
    const cut = rest.lastIndexOf("/");
    const device = this.#devices.get(rest.slice(0, cut));
    const message = objectOf(text);
    if (device === undefined || message === undefined) return false;
    if (rest.slice(cut + 1) === "set") return this.#set(device, message);
    // A battery device that sleeps would not answer; the bridge says what it knows.
    this.#tell(device);
    return true;
  }

  #set(device: Device, message: { readonly [name: string]: JsonValue }): boolean {
    const changed: Record<string, JsonValue> = {};
    for (const [name, value] of Object.entries(message)) {
      const leaf = device.leaves.get(name);
      if (leaf === undefined || (leaf.access & SETTABLE) === 0) continue;
      const isToggle = leaf.toggle !== undefined && value === leaf.toggle;
      const set = isToggle ? (device.state[name] === leaf.on ? leaf.off : leaf.on) : value;
      if (set !== undefined) changed[name] = set;
    }
    if (device.kind === "lock" && "state" in changed) {
      changed.lock_state = changed.state === "LOCK" ? "locked" : "unlocked";
    }
    if (Object.keys(changed).length === 0) return false;
    // What is out of reach cannot be set; the bridge writes it into its log and says nothing else.
    if (!device.online) return false;
    Object.assign(device.state, changed);
    this.#tell(device);
    return true;
  }

  #topicsOf(name: string): string[] {
    return [`${this.#base}/${name}/set`, `${this.#base}/${name}/get`];
  }

  #tell({ name, state, leaves }: Device): void {
    const readable = Object.entries(state).filter(([member]) => ((leaves.get(member)?.access ?? 0) & READABLE) !== 0);
    const message = { ...Object.fromEntries(readable), linkquality: 120 };
    this.publish(`${this.#base}/${name}`, message, this.#options.retainStates === true);
  }

  #tellAvailability({ name, online }: Device): void {
    this.#tellState(`${this.#base}/${name}/availability`, online ? "online" : "offline");
  }

  #tellBridge(state: "online" | "offline"): void {
    this.#tellState(`${this.#base}/bridge/state`, state);
  }

  #tellState(topic: string, state: string): void {
    this.publish(topic, this.#options.plainAvailability === true ? state : { state }, true);
  }

  #tellDevices(): void {
    const coordinator = {
      definition: null,
      disabled: false,
      friendly_name: "Coordinator",
      ieee_address: "0x00124b0000000000",
      interview_state: "SUCCESSFUL",
      network_address: 0,
      supported: true,
      type: "Coordinator",
    };
    const entries = [...this.#devices.values()].map(entryOf);
    this.publish(`${this.#base}/bridge/devices`, [coordinator, ...entries], true);
  }
}

function deviceOf(member: ZigbeeMember): Device {
  const { exposes, initial } = ZIGBEE_MODELS[member.kind];
  return { ...member, leaves: leavesOf(exposes), state: { ...initial }, online: true };
}

function leavesOf(exposes: readonly JsonValue[]): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  for (const expose of exposes) {
    const members = expose as { readonly [name: string]: JsonValue };
    if (Array.isArray(members.features)) {
      for (const [name, leaf] of leavesOf(members.features)) leaves.set(name, leaf);
    } else {
      const { property, access, value_on: on, value_off: off, value_toggle: toggle } = members;
      leaves.set(String(property), {
        access: Number(access),
        ...(on === undefined ? {} : { on }),
        ...(off === undefined ? {} : { off }),
        ...(toggle === undefined ? {} : { toggle }),
      });
    }
  }
  return leaves;
}

function entryOf({ ieeeAddress, name, kind }: Device, i: number): object {
  const { vendor, model, description, battery, exposes } = ZIGBEE_MODELS[kind];
  return {
    definition: { description, exposes, model, options: [], source: "native", supports_ota: false, vendor },
    disabled: false,
    endpoints: { 1: { bindings: [], clusters: { input: [], output: [] }, configured_reportings: [], scenes: [] } },
    friendly_name: name,
    ieee_address: ieeeAddress,
    interview_completed: true,
    interview_state: "SUCCESSFUL",
    interviewing: false,
    manufacturer: vendor,
    model_id: model,
    network_address: 1_000 + i,
    power_source: battery ? "Battery" : "Mains (single phase)",
    supported: true,
    type: battery ? "EndDevice" : "Router",
  };
}
