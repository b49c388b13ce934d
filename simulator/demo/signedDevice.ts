/** A virtual device of our own protocol at a broker: signed states, its death as its last will, answers to whoever asks. */
import type { Clock } from "../../src/base/clock.js";
import type { LinkMessage } from "../../src/base/link.js";
import { decodeDeviceMessage } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { DeviceMessage } from "../../src/codec/device/messages.js";
import { type DeviceTopicKind, deviceTopic } from "../../src/codec/device/topics.js";
import type { DeviceValue } from "../../src/device/value.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MODELS, type ModelName } from "../devices/models.js";
import { type DeviceKey, type DeviceNow, NativeDevice } from "../devices/nativeDevice.js";

const LISTENS_TO: readonly DeviceTopicKind[] = ["command", "challenge"];
const SEED = 1;

export interface SignedDeviceOptions {
  readonly id: string;
  readonly model: ModelName;
  /** Its place among the others: its serial number. */
  readonly index: number;
  readonly key: DeviceKey;
  /** Broker. */
  readonly url: string;
  readonly clock: Clock;
  /** A command has arrived, whatever becomes of it. */
  readonly commanded: (id: string) => void;
}

export class SignedDevice {
  readonly id: string;
  readonly #options: SignedDeviceOptions;
  readonly #device: NativeDevice;
  readonly #link: ReturnType<typeof mqttLink>;
  /** One message after the other, so that their numbers arrive in order. */
  #sending: Promise<void> = Promise.resolve();
  /** Messages that did not leave, or were no messages. */
  lost = 0;

  constructor(options: SignedDeviceOptions) {
    const { id, model, index, key, url } = options;
    this.id = id;
    this.#options = options;
    this.#device = new NativeDevice({ id, model: MODELS[model], seed: SEED, index, key });
    this.#device.powerOn(this.#now());
    const payload = encodeDeviceMessage(this.#device.death());
    this.#link = mqttLink({
      ...{ url, clientId: id, random: systemRandom },
      will: { topic: deviceTopic(id, "death"), payload, retain: false },
    });
  }

  start(): void {
    this.#link.start({
      connected: () => void this.#connected(),
      disconnected: () => {},
      message: (message) => this.#message(message),
      dropped: () => {
        this.lost++;
      },
    });
  }

  /** All its properties, as it does every few seconds. */
  report(): void {
    if (this.#link.connected) this.#say(this.#device.report(this.#now()));
  }

  /** What one of its properties really is, whoever believes what. */
  value(name: string): DeviceValue | undefined {
    const property = this.#device.model.properties.find((one) => one.name === name);
    return property === undefined ? undefined : this.#device.value(property, this.#now());
  }

  async stop(): Promise<void> {
    await this.#sending;
    await this.#link.stop();
  }

  async #connected(): Promise<void> {
    try {
      await this.#link.subscribe(LISTENS_TO.map((kind) => deviceTopic(this.id, kind)));
      this.#say([this.#device.birthMessage(), this.#device.state(this.#now())]);
    } catch {
      // The connection is gone again; the next one begins anew.
      this.lost++;
    }
  }

  #message({ payload, retained }: LinkMessage): void {
    let message: DeviceMessage;
    try {
      message = decodeDeviceMessage(payload);
    } catch {
      this.lost++;
      return;
    }
    if (message.kind === "command") {
      this.#options.commanded(this.id);
      this.#say(this.#device.command(message, retained, this.#now()).messages);
    } else if (message.kind === "challenge") {
      this.#say([this.#device.challenge(message), this.#device.state(this.#now())]);
    }
  }

  #say(messages: readonly DeviceMessage[]): void {
    for (const message of messages) {
      const { kind } = message;
      const send = () =>
        this.#link.publish(deviceTopic(this.id, kind), encodeDeviceMessage(message), {
          retain: kind === "birth",
          qos: 1,
        });
      this.#sending = this.#sending.then(send).catch(() => {
        this.lost++;
      });
    }
  }

  #now(): DeviceNow {
    const wallMs = this.#options.clock.now();
    return { wallMs, worldMs: wallMs };
  }
}
