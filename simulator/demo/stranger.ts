/** A stranger at the home's broker who lies in the devices' names, and what the gateway refuses each lie with. */
import type { Link } from "../../src/base/link.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { DeviceMessage } from "../../src/codec/device/messages.js";
import { deviceTopic } from "../../src/codec/device/topics.js";
import type { GatewayOutput } from "../../src/device/gateway/messages.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MODELS } from "../devices/models.js";
import { type DeviceKey, NativeDevice } from "../devices/nativeDevice.js";

/**
 * Least time between two lies. A device in whose name too much is wrong within a minute is no longer listened to, which is
 * right, and would be the end of the demonstration.
 */
export const LIE_PAUSE_MS = 1_000;
const RESULTS_KEPT_MAX = 100;
const SEED = 666;

export interface Lie {
  readonly title: string;
  /** Undefined while nothing was heard of it. */
  readonly refusedBy: string | undefined;
}

interface Trick {
  readonly title: string;
  readonly code: string;
  /** Undefined while it is not possible. */
  readonly make: (count: number) => { readonly topic: string; readonly payload: Uint8Array } | undefined;
}

const NOW = { wallMs: 0, worldMs: 1_000_000_000 };
const VICTIM = "window-kitchen";
const GARBAGE = Uint8Array.of(0xff, 0x13, 0x37);

export class Stranger {
  readonly #link: Link;
  readonly #tricks: readonly Trick[];
  /** States of the window, as anybody at the broker may hear them. */
  readonly #recorded: Uint8Array[] = [];
  readonly #open: { readonly code: string; readonly lie: Lie }[] = [];
  #lies: readonly Lie[] = [];
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param key one of the stranger's own */
  constructor(url: string, key: DeviceKey) {
    this.#link = mqttLink({ url, clientId: "stranger", random: systemRandom });
    this.#tricks = tricks(key, () => (this.#recorded.length > 1 ? this.#recorded[0] : undefined));
  }

  start(): void {
    this.#link.start({
      connected: () => void this.#link.subscribe([deviceTopic(VICTIM, "state")]).catch(() => {}),
      disconnected() {},
      message: ({ payload }) => {
        if (this.#recorded.length < 2) this.#recorded.push(payload);
      },
      dropped() {},
    });
  }

  get lies(): readonly Lie[] {
    return this.#lies;
  }

  /** Tells the next lie; nothing happens right after the last one. */
  lie(nowMs: number): void {
    if (nowMs - this.#lastMs < LIE_PAUSE_MS || !this.#link.connected) return;
    this.#lastMs = nowMs;
    const { title, code, make } = this.#tricks[this.#count % this.#tricks.length] as Trick;
    const message = make(this.#count++);
    if (message === undefined) return;
    const lie: Lie = { title, refusedBy: undefined };
    this.#lies = [...this.#lies, lie].slice(-RESULTS_KEPT_MAX);
    this.#open.push({ code, lie });
    this.#link.publish(message.topic, message.payload, { retain: false, qos: 1 }).catch(() => {});
  }

  /** To be told everything that the gateway says. */
  heard(output: GatewayOutput): void {
    if (output.kind !== "refused") return;
    const { code } = output.problem;
    const at = this.#open.findIndex((open) => open.code === code);
    const [found] = at < 0 ? [] : this.#open.splice(at, 1);
    if (found === undefined) return;
    this.#lies = this.#lies.map((lie) => (lie === found.lie ? { ...lie, refusedBy: code } : lie));
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }
}

function tricks(key: DeviceKey, recorded: () => Uint8Array | undefined): readonly Trick[] {
  const said = (device: string, message: DeviceMessage) => ({
    topic: deviceTopic(device, message.kind),
    payload: encodeDeviceMessage(message),
  });
  const valve = new NativeDevice({ id: "gas-valve", model: MODELS["gas-valve"], seed: SEED, index: 1 });
  const lock = new NativeDevice({ id: "lock-door", model: MODELS.lock, seed: SEED, index: 2, key });
  const nobody = (count: number): NativeDevice => {
    const device = new NativeDevice({ id: `nobody-${count}`, model: MODELS.lamp, seed: SEED, index: count, key });
    device.powerOn(NOW);
    return device;
  };
  lock.set("locked", true);
  for (const device of [valve, lock]) device.powerOn(NOW);
  return [
    {
      title: "The gas valve says something without a signature.",
      code: "GATEWAY_SIGNATURE_MISSING",
      make: () => said("gas-valve", valve.state(NOW)),
    },
    {
      title: "The door says it is locked, signed by a stranger's key.",
      code: "GATEWAY_SIGNATURE_WRONG",
      make: () => said("lock-door", lock.state(NOW)),
    },
    {
      title: "The window's word of a while ago, once more.",
      code: "GATEWAY_REPLAYED",
      make: () => {
        const payload = recorded();
        return payload === undefined ? undefined : { topic: deviceTopic(VICTIM, "state"), payload };
      },
    },
    {
      title: "Bytes that are no message, in the door's name.",
      code: "GATEWAY_MESSAGE_UNREADABLE",
      make: () => ({ topic: deviceTopic("lock-door", "state"), payload: GARBAGE }),
    },
    {
      title: "A device that nobody knows wants to join.",
      code: "GATEWAY_NOT_JOINING",
      make: (count) => said(`nobody-${count}`, nobody(count).birthMessage()),
    },
    {
      title: "An answer to a question that nobody asked.",
      code: "GATEWAY_INTERVIEW_FAILED",
      make: () => said("lock-door", lock.challenge({ kind: "challenge", nonce: new Uint8Array(32).fill(1) })),
    },
    {
      title: "The smoke alarm's battery is at 900 percent.",
      code: "GATEWAY_VALUE_REFUSED",
      make: () => ({
        topic: "zigbee2mqtt/smoke_kitchen",
        payload: new TextEncoder().encode(JSON.stringify({ battery: 900 })),
      }),
    },
  ];
}
