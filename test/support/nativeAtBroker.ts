/** A virtual device of our own protocol at a real broker, with a connection of its own. */
import { MODELS, type ModelName } from "../../simulator/devices/models.js";
import { type DeviceKey, NativeDevice } from "../../simulator/devices/nativeDevice.js";
import { decodeDeviceMessage } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { CommandMessage, DeviceMessage } from "../../src/codec/device/messages.js";
import { deviceTopic } from "../../src/codec/device/topics.js";
import type { DeviceValue } from "../../src/device/value.js";
import type { MqttLink } from "../../src/link/mqttLink.js";
import { connectTo } from "./network.js";

export interface NativeAtBrokerOptions {
  readonly url: string;
  readonly id: string;
  readonly model: ModelName;
  readonly key?: DeviceKey;
}

export class NativeAtBroker {
  readonly device: NativeDevice;
  readonly link: MqttLink;
  /** Commands as they came, repeated ones too. */
  readonly commands: CommandMessage[] = [];
  readonly #id: string;
  #holds = false;
  #held: DeviceMessage[] = [];
  #sending: Promise<void> = Promise.resolve();

  constructor({ url, id, model, key }: NativeAtBrokerOptions) {
    this.#id = id;
    this.device = new NativeDevice({
      id,
      model: MODELS[model],
      seed: 1,
      index: 1,
      ...(key === undefined ? {} : { key }),
    });
    this.device.powerOn(now());
    this.link = connectTo({ url }, id);
    this.link.start({
      connected: () => void this.#connected(),
      disconnected: () => {},
      dropped: () => {},
      message: ({ topic, payload, retained }) => this.#message(topic, payload, retained),
    });
  }

  /** From the world. */
  measure(property: string, value: DeviceValue): void {
    this.device.set(property, value);
    for (const message of this.device.report(now())) this.say(message);
  }

  value(property: string): DeviceValue | undefined {
    const found = this.device.model.properties.find(({ name }) => name === property);
    return found === undefined ? undefined : this.device.value(found, now());
  }

  say(message: DeviceMessage): void {
    this.publish(deviceTopic(this.#id, message.kind), encodeDeviceMessage(message));
  }

  publish(topic: string, bytes: Uint8Array): void {
    this.#sending = this.#sending
      .then(() => this.link.publish(topic, bytes, { qos: 1, retain: false }))
      .catch(() => {});
  }

  /** Answers to commands are held back until `release`: the device has done it, nobody hears of it. */
  hold(): void {
    this.#holds = true;
  }

  /** Answers from now on, and says what it held back. */
  release(): void {
    this.#holds = false;
    for (const message of this.#held.splice(0)) this.say(message);
  }

  async stop(): Promise<void> {
    await this.#sending;
    await this.link.stop();
  }

  async #connected(): Promise<void> {
    try {
      await this.link.subscribe([deviceTopic(this.#id, "command"), deviceTopic(this.#id, "challenge")]);
    } catch {
      // The connection is gone again; the next one begins anew.
      return;
    }
    this.say(this.device.birthMessage());
    this.say(this.device.state(now()));
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    if (payload.length === 0) return;
    const message = decodeDeviceMessage(payload);
    if (message.kind === "challenge") {
      this.say(this.device.challenge(message));
      this.say(this.device.state(now()));
    } else if (message.kind === "command" && topic === deviceTopic(this.#id, "command")) {
      this.commands.push(message);
      for (const answer of this.device.command(message, retained, now()).messages) {
        if (this.#holds) this.#held.push(answer);
        else this.say(answer);
      }
    }
  }
}

function now() {
  return { wallMs: Date.now(), worldMs: Date.now() };
}
