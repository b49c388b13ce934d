/** A Zigbee2MQTT bridge at a broker: its devices are installed under their Zigbee addresses, with profiles made from what it says. */
import { utf8Bytes } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import { Counters } from "../../base/counters.js";
import type { LinkMessage } from "../../base/link.js";
import type { Logger } from "../../base/logger.js";
import type { DeviceRecord } from "../../device/device.js";
import type { GatewayInput } from "../../device/gateway/messages.js";
import { bridgeTopics, readBridgeDevices, readZigbeeState, type ZigbeeDevice } from "../../device/zigbee/bridge.js";
import type { MqttCompanion } from "./mqttDevices.js";

/** A Zigbee network is open for no longer at a time. */
const PERMIT_JOIN_SECONDS_MAX = 254;

export class ZigbeeBridge implements MqttCompanion {
  readonly filters: readonly string[];
  readonly counters = new Counters();
  readonly #base: string;
  readonly #link: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #publish: (topic: string, payload: Uint8Array) => void;
  /** As the bridge listed them last. */
  #devices: readonly ZigbeeDevice[] = [];

  constructor(
    base: string,
    link: string,
    clock: Clock,
    logger: Logger,
    publish: (topic: string, payload: Uint8Array) => void,
  ) {
    this.#publish = publish;
    this.#base = base;
    this.#link = link;
    this.#clock = clock;
    this.#logger = logger;
    const { devices, state } = bridgeTopics(base);
    this.filters = [devices, state];
  }

  connected(): void {}

  disconnected(): void {}

  message({ topic, payload }: LinkMessage, emit: (input: GatewayInput) => void): boolean {
    const [devices, state] = this.filters;
    if (topic === devices) this.#list(payload, emit);
    else if (topic === state) this.#state(payload, emit);
    else return false;
    return true;
  }

  #list(payload: Uint8Array, emit: (input: GatewayInput) => void): void {
    const { devices, problems } = readBridgeDevices(this.#base, payload);
    for (const { code } of problems) this.counters.add(code);
    const there = devices.filter(({ disabled }) => !disabled);
    this.#logger.info({ bridge: this.#base, devices: there.length, problems: problems.length }, "bridge lists devices");
    this.#devices = there;
    this.#offer(emit);
  }

  /**
   * The window of the gateway is that of the Zigbee network too: the bridge is asked to let devices in for as long, at most as
   * long as it does (zigbee2mqtt.io, "Permit join"), and to stop when the window is closed. What it has listed before is
   * offered once more: a bridge tells its list once, perhaps long before the window opens.
   */
  joining(emit: (input: GatewayInput) => void, forMs: number): void {
    const time = Math.min(PERMIT_JOIN_SECONDS_MAX, Math.ceil(forMs / 1_000));
    this.#publish(`${this.#base}/bridge/request/permit_join`, utf8Bytes(JSON.stringify({ time })));
    if (forMs > 0) this.#offer(emit);
  }

  #offer(emit: (input: GatewayInput) => void): void {
    for (const device of this.#devices)
      emit({ kind: "install", record: this.#recordOf(device), profile: device.profile, by: "bridge" });
  }

  /** When the bridge is gone, nobody speaks for its devices. */
  #state(payload: Uint8Array, emit: (input: GatewayInput) => void): void {
    if (readZigbeeState(payload) !== "offline") return;
    for (const { ieeeAddress } of this.#devices) {
      emit({
        ...{ kind: "heard", device: ieeeAddress, retained: false, readings: [], events: [], faults: [] },
        availability: "offline",
      });
    }
  }

  #recordOf({ ieeeAddress, friendlyName, address, profile }: ZigbeeDevice): DeviceRecord {
    return {
      ...{ id: ieeeAddress, profile: profile.id, link: this.#link, address, name: friendlyName, groups: [] },
      voucher: { kind: "gateway" },
      joinedAt: this.#clock.now(),
    };
  }
}
