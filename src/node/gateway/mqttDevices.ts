/**
 * Devices at a broker: our own protocol below `dev/`, makers' topics by their profiles, bridges by what they list. Everything is
 * subscribed to again after each connect, and devices are asked how they are, so that a restarted broker costs nothing but time.
 */
import { toHex } from "../../base/bytes.js";
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { LinkMessage } from "../../base/link.js";
import type { Logger } from "../../base/logger.js";
import { decodeDeviceMessage } from "../../codec/device/decode.js";
import { encodeDeviceMessage } from "../../codec/device/encode.js";
import {
  type DeviceTopic,
  deviceTopic,
  deviceTopicFilter,
  FROM_DEVICE_KINDS,
  parseDeviceTopic,
} from "../../codec/device/topics.js";
import { addressProblem } from "../../device/convert/address.js";
import { mqttTopics, readMqtt } from "../../device/convert/mqttRead.js";
import { type MqttMessage, refreshMqtt, writeMqtt } from "../../device/convert/mqttWrite.js";
import type { DeviceRecord } from "../../device/device.js";
import type { FromDevice, GatewayInput, GatewayMessage } from "../../device/gateway/messages.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { MqttLink } from "../../link/mqttLink.js";
import type { Carrier, CarrierStatus } from "./carrier.js";

/** After topics were not taken by a broker that is still there. */
export const SUBSCRIBE_RETRY_MS = 2_000;

export interface MqttDevicesOptions {
  readonly name: string;
  readonly gateway: string;
  readonly link: MqttLink;
  readonly logger: Logger;
  /** Whoever else listens at this broker: bridges, Home Assistant. */
  readonly companions: readonly MqttCompanion[];
}

/** Shares the broker's connection with the devices. */
export interface MqttCompanion {
  /** Topics and filters to subscribe to after each connect. */
  readonly filters: readonly string[];
  connected(): void;
  disconnected(): void;
  /** The join window has opened. */
  joining?(emit: (input: GatewayInput) => void, forMs: number): void;
  /** False: not for me. */
  message(message: LinkMessage, emit: (input: GatewayInput) => void): boolean;
}

interface Listener {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
}

export class MqttDevices implements Carrier {
  readonly name: string;
  readonly #options: MqttDevicesOptions;
  readonly #counters = new Counters();
  readonly #listeners = new Map<string, Map<string, Listener>>();
  #emit: (input: GatewayInput) => void = () => {};
  #subscribeTimer: NodeJS.Timeout | undefined;

  constructor(options: MqttDevicesOptions) {
    this.#options = options;
    this.name = options.name;
  }

  start(emit: (input: GatewayInput) => void): void {
    this.#emit = emit;
    this.#options.link.start({
      connected: () => void this.#connected(),
      disconnected: (code) => {
        this.#options.logger.info({ link: this.name, code }, "link down");
        for (const companion of this.#options.companions) companion.disconnected();
        emit({ kind: "linkDown", link: this.name });
      },
      message: (message) => this.#message(message),
      dropped: (code) => this.#counters.add(code),
    });
  }

  came(record: DeviceRecord, profile: DeviceProfile): void {
    // One topic that is none would keep the broker from taking the others.
    const problem = addressProblem(record.address);
    if (problem !== undefined) {
      this.#counters.add(problem.code);
      this.#options.logger.error({ device: record.id, ...problem }, "not listened to");
      return;
    }
    const topics = mqttTopics(profile, record.address);
    const added: string[] = [];
    for (const topic of topics) {
      let at = this.#listeners.get(topic);
      if (at === undefined) {
        at = new Map();
        this.#listeners.set(topic, at);
        added.push(topic);
      }
      at.set(record.id, { record, profile });
    }
    if (added.length === 0 || !this.#options.link.connected) return;
    void this.#subscribe(added).then((taken) => {
      if (!taken) this.#subscribeAgain();
    });
  }

  left(record: DeviceRecord): void {
    const empty: string[] = [];
    for (const [topic, at] of this.#listeners) {
      if (!at.delete(record.id) || at.size > 0) continue;
      this.#listeners.delete(topic);
      empty.push(topic);
    }
    if (empty.length > 0 && this.#options.link.connected)
      this.#options.link.unsubscribe(empty).catch((thrown) => this.#counters.add(codeOf(thrown)));
  }

  joining(forMs: number): void {
    for (const companion of this.#options.companions) companion.joining?.(this.#emit, forMs);
  }

  send(message: GatewayMessage): void {
    if (message.kind === "say") this.#say(message);
    else if (message.kind === "carry") this.#carry(message);
    else {
      const sender = { commandId: "", client: this.#options.gateway };
      for (const refresh of refreshMqtt(message.profile, message.record.address, sender)) void this.#publish(refresh);
    }
  }

  /** A message of the gateway's own. False: not now. */
  publish(topic: string, payload: Uint8Array): Promise<boolean> {
    return this.#publish({ topic, payload });
  }

  status(): CarrierStatus {
    const { link } = this.#options;
    const problem = link.connected ? undefined : link.lastProblem?.code;
    return {
      ...{ name: this.name, protocol: "mqtt", connected: link.connected },
      ...(problem === undefined ? {} : { problem }),
      counters: { ...link.counters.snapshot(), ...this.#counters.snapshot() },
    };
  }

  stop(): Promise<void> {
    clearTimeout(this.#subscribeTimer);
    return this.#options.link.stop();
  }

  async #connected(): Promise<void> {
    const { companions, logger } = this.#options;
    const filters = [...FROM_DEVICE_KINDS].map(deviceTopicFilter);
    const others = companions.flatMap(({ filters: wanted }) => wanted);
    if (!(await this.#subscribe([...filters, ...others, ...this.#listeners.keys()]))) {
      this.#subscribeAgain();
      return;
    }
    logger.info({ link: this.name }, "link up");
    this.#emit({ kind: "linkUp", link: this.name });
    for (const companion of companions) companion.connected();
  }

  /** After the connection has ended the next one subscribes; a broker that did not take it now may take it later. */
  #subscribeAgain(): void {
    clearTimeout(this.#subscribeTimer);
    this.#subscribeTimer = setTimeout(() => {
      if (this.#options.link.connected) void this.#connected();
    }, SUBSCRIBE_RETRY_MS);
  }

  /** False when the broker did not take all of them, or the connection ended meanwhile. */
  async #subscribe(filters: readonly string[]): Promise<boolean> {
    try {
      await this.#options.link.subscribe(filters);
      return true;
    } catch (thrown) {
      this.#counters.add(codeOf(thrown));
      return false;
    }
  }

  #message(message: LinkMessage): void {
    const native = parseDeviceTopic(message.topic);
    if (native !== undefined) this.#native(native, message);
    else if (!this.#foreign(message)) {
      const taken = this.#options.companions.some((companion) => companion.message(message, this.#emit));
      if (!taken) this.#counters.add("LINK_TOPIC_UNEXPECTED");
    }
  }

  #native({ id, kind }: DeviceTopic, { payload, retained }: LinkMessage): void {
    // An emptied topic says nothing.
    if (payload.length === 0) return;
    const place = { link: this.name, address: id };
    try {
      const message = decodeDeviceMessage(payload);
      if (message.kind === kind && FROM_DEVICE_KINDS.has(kind))
        this.#emit({ kind: "said", ...place, retained, message: message as FromDevice });
      else this.#emit({ kind: "unreadable", ...place, code: "DEVICE_MESSAGE_KIND" });
    } catch (thrown) {
      this.#emit({ kind: "unreadable", ...place, code: codeOf(thrown) });
    }
  }

  /** False: no device is heard there. */
  #foreign({ topic, payload, retained }: LinkMessage): boolean {
    const at = this.#listeners.get(topic);
    if (at === undefined) return false;
    for (const { record, profile } of at.values()) {
      const { readings, events, availability, problems } = readMqtt(profile, record.address, topic, payload, retained);
      if (readings.length + events.length + problems.length === 0 && availability === undefined) continue;
      this.#emit({
        ...{ kind: "heard", device: record.id, retained, readings },
        events: events.map(({ name, value }) => [name, value]),
        faults: problems.map(({ name, problem }) => ({ code: problem.code, name: name ?? topic })),
        ...(availability === undefined ? {} : { availability }),
      });
    }
    return true;
  }

  #say({ address, message }: GatewayMessage & { kind: "say" }): void {
    void this.#publish({ topic: deviceTopic(address, message.kind), payload: encodeDeviceMessage(message) });
  }

  #carry({ record, profile, command }: GatewayMessage & { kind: "carry" }): void {
    const sender = { commandId: toHex(command.id), client: this.#options.gateway };
    const written = writeMqtt(profile, record.address, command.target, command.value, sender);
    if ("code" in written) {
      this.#counters.add(written.code);
      this.#emit({ kind: "carried", id: command.id, result: "failed" });
      return;
    }
    // Not acknowledged: the core sends it again until it expires.
    void this.#publish(written).then((arrived) => {
      if (arrived) this.#emit({ kind: "carried", id: command.id, result: "sent" });
    });
  }

  async #publish({ topic, payload }: MqttMessage): Promise<boolean> {
    try {
      await this.#options.link.publish(topic, payload, { qos: 1, retain: false });
      return true;
    } catch (thrown) {
      this.#counters.add(codeOf(thrown));
      return false;
    }
  }
}
