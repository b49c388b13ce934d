/**
 * The devices of the demonstration's home: stand-ins that speak what real ones speak, at the home's broker and over Modbus
 * TCP. `home/devices.yaml` names the same ones.
 */
import type { Clock } from "../../src/base/clock.js";
import type { Link } from "../../src/base/link.js";
import { loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { ModbusMeter, serveMeters } from "../devices/modbusMeter.js";
import type { ModelName } from "../devices/models.js";
import type { DeviceKey } from "../devices/nativeDevice.js";
import { TasmotaStandIn } from "../devices/tasmota.js";
import { Zigbee2MqttStandIn } from "../devices/zigbee2mqtt.js";
import { Arrivals } from "./arrivals.js";
import { SignedDevice } from "./signedDevice.js";

export const SIGNED: readonly { readonly id: string; readonly model: ModelName }[] = [
  { id: "gas-valve", model: "gas-valve" },
  { id: "window-kitchen", model: "window" },
  { id: "lock-door", model: "lock" },
];
export const LAMP = "light-hall";
/** Devices that the rule of smoke commands. */
const COMMANDED_BY_SMOKE = ["gas-valve", "window-kitchen", LAMP];

const SMOKE_TOPIC = "smoke_kitchen";
const CONTACT_TOPIC = "contact_door";
const LAMP_TOPIC = "tasmota_hall";
const LAMP_COMMAND = `cmnd/${LAMP_TOPIC}/POWER`;
const METER_UNIT = 1;
const LAMP_WATTS = 42;
/** Of everything else in the home. */
const BASE_WATTS = 230;
const VOLTS = 230;
const REPORT_MS = 5_000;
const SECRET_BYTES = 32;

/** What the devices really are, whatever the gateway believes. */
export interface HouseTruth {
  readonly smoke: boolean;
  readonly valveOpen: boolean;
  readonly windowOpen: boolean;
  readonly doorLocked: boolean;
  readonly lampOn: boolean;
}

export class House {
  readonly arrivals = new Arrivals();
  /** Keys of the devices that sign, by id: X || Y, 64 bytes. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Of Modbus TCP; undefined where that optional package is not installed. */
  readonly meterPort: number | undefined;
  readonly #signed: readonly SignedDevice[];
  readonly #bridge: Zigbee2MqttStandIn;
  readonly #lamp: TasmotaStandIn;
  readonly #meter: ModbusMeter;
  readonly #stopMeter: (() => Promise<void>) | undefined;
  #smoke = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(url: string, clock: Clock, keys: ReadonlyMap<string, DeviceKey>, meters: Meters) {
    const link = (clientId: string): Link => mqttLink({ url, clientId, random: systemRandom });
    const commanded = (id: string): void => this.arrivals.arrived(id, performance.now());
    this.keys = new Map([...keys].map(([id, { publicKey }]) => [id, publicKey]));
    this.#signed = SIGNED.map(({ id, model }, index) => {
      return new SignedDevice({ id, model, index, key: keys.get(id) as DeviceKey, url, clock, commanded });
    });
    this.#bridge = new Zigbee2MqttStandIn({
      ...{ link: link("zigbee2mqtt"), clock },
      devices: [
        { ieeeAddress: "0x00158d0001a2b3c4", name: SMOKE_TOPIC, kind: "smoke" },
        { ieeeAddress: "0x00158d0001a2b3c5", name: CONTACT_TOPIC, kind: "contact" },
      ],
    });
    this.#lamp = new TasmotaStandIn({
      link: overheard(link(LAMP_TOPIC), LAMP_COMMAND, () => commanded(LAMP)),
      ...{ clock, topic: LAMP_TOPIC, watts: LAMP_WATTS },
    });
    this.#meter = meters.meter;
    this.meterPort = meters.port;
    this.#stopMeter = meters.stop;
  }

  /** @param url of the home's broker. */
  static async open(url: string, clock: Clock): Promise<House> {
    return new House(url, clock, await makeKeys(), await openMeters());
  }

  start(): void {
    for (const device of this.#signed) device.start();
    this.#bridge.start();
    this.#lamp.start();
    this.#measure();
    this.#timer = setInterval(() => this.#report(), REPORT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#signed, this.#bridge, this.#lamp].map((device) => device.stop()));
    await this.#stopMeter?.();
  }

  /** Smoke comes up in the kitchen. */
  smoke(): void {
    this.#smoke = true;
    this.arrivals.trigger(COMMANDED_BY_SMOKE, performance.now());
    this.#bridge.report(SMOKE_TOPIC, { smoke: true });
  }

  air(): void {
    this.#smoke = false;
    this.#bridge.report(SMOKE_TOPIC, { smoke: false });
  }

  get truth(): HouseTruth {
    const is = (id: string, property: string): boolean =>
      this.#signed.find((device) => device.id === id)?.value(property) === true;
    return {
      smoke: this.#smoke,
      valveOpen: is("gas-valve", "open"),
      windowOpen: is("window-kitchen", "open"),
      doorLocked: is("lock-door", "locked"),
      lampOn: this.#lamp.on,
    };
  }

  #report(): void {
    for (const device of this.#signed) device.report();
    this.#bridge.report(SMOKE_TOPIC, {});
    this.#bridge.report(CONTACT_TOPIC, {});
    this.#lamp.telemetry();
    this.#measure();
  }

  #measure(): void {
    const watts = BASE_WATTS + (this.#lamp.on ? LAMP_WATTS : 0);
    this.#meter.set("voltage", VOLTS);
    this.#meter.set("activePower", watts);
    this.#meter.set("current", watts / VOLTS);
  }
}

interface Meters {
  readonly meter: ModbusMeter;
  readonly port?: number;
  readonly stop?: () => Promise<void>;
}

/** `modbus-serial` is an optional package: without it the home has no meter. */
async function openMeters(): Promise<Meters> {
  const meter = new ModbusMeter();
  try {
    const { port, stop } = await serveMeters(new Map([[METER_UNIT, meter]]));
    return { meter, port, stop };
  } catch {
    return { meter };
  }
}

async function makeKeys(): Promise<ReadonlyMap<string, DeviceKey>> {
  const [suite, signer] = await Promise.all([loadSuite("ecdsa"), loadSoftSigner("ecdsa")]);
  return new Map(
    SIGNED.map(({ id }) => {
      // A hash of 32 bytes is a valid secret but for a chance of 2^-127.
      const secret = suite.hash(systemRandom.bytes(SECRET_BYTES));
      const publicKey = signer.publicKey(secret);
      return [id, { publicKey, sign: (bytes) => signer.signHeader(secret, suite.hash(bytes)) }];
    }),
  );
}

/** Tells somebody of each message on a topic before the device itself; an empty one is a question. */
function overheard(link: Link, topic: string, heard: () => void): Link {
  return {
    start: (handlers) =>
      link.start({
        connected: () => handlers.connected(),
        disconnected: (code) => handlers.disconnected(code),
        dropped: (code) => handlers.dropped(code),
        message: (message) => {
          if (message.topic === topic && message.payload.length > 0) heard();
          handlers.message(message);
        },
      }),
    get connected() {
      return link.connected;
    },
    get traffic() {
      return link.traffic;
    },
    publish: (to, payload, options) => link.publish(to, payload, options),
    subscribe: (filters) => link.subscribe(filters),
    unsubscribe: (filters) => link.unsubscribe(filters),
    stop: () => link.stop(),
  };
}
