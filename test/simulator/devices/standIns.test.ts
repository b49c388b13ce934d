/** The stand-ins speak as the profiles expect: what is written is done, and what is done is heard. */
import { afterEach, describe, expect, it } from "vitest";
import { ShellyStandIn } from "../../../simulator/devices/shelly.js";
import { TasmotaStandIn } from "../../../simulator/devices/tasmota.js";
import { Zigbee2MqttStandIn } from "../../../simulator/devices/zigbee2mqtt.js";
import type { Link } from "../../../src/base/link.js";
import { mqttTopics, readMqtt } from "../../../src/device/convert/mqttRead.js";
import { refreshMqtt, writeMqtt } from "../../../src/device/convert/mqttWrite.js";
import type { DeviceProfile } from "../../../src/device/profile.js";
import type { DeviceValue } from "../../../src/device/value.js";
import { bridgeTopics, readBridgeDevices, readZigbeeState } from "../../../src/device/zigbee/bridge.js";
import { MemoryNetwork } from "../../../src/link/memoryLink.js";
import { mqttLink } from "../../../src/link/mqttLink.js";
import { loadProfiles } from "../../../src/node/profiles/library.js";
import { startBroker } from "../../support/broker.js";
import { seededRandom, until } from "../../support/linkContract.js";

const SENDER = { commandId: "000102030405060708090a0b0c0d0e0f", client: "gateway-1" };
const { profiles } = await loadProfiles();
const clock = { time: 1_700_000_000_000, now: () => clock.time };

/** A gateway's ear for one device: everything it has heard of it, by its profile. */
class Ear {
  readonly heard = new Map<string, DeviceValue>();
  readonly events: string[] = [];
  readonly problems: string[] = [];
  availability: string | undefined;
  readonly profile: DeviceProfile;
  readonly #address: string;
  readonly #link: Link;

  constructor(link: Link, profile: DeviceProfile, address: string) {
    this.#link = link;
    this.profile = profile;
    this.#address = address;
  }

  async listen(): Promise<void> {
    this.#link.start({
      connected: () => {},
      disconnected: () => {},
      dropped: (code) => void this.problems.push(code),
      message: ({ topic, payload, retained }) => {
        const found = readMqtt(this.profile, this.#address, topic, payload, retained);
        for (const [name, value] of found.readings) this.heard.set(name, value);
        for (const { name, value } of found.events) this.events.push(`${name} ${value}`);
        for (const { problem } of found.problems) this.problems.push(problem.code);
        this.availability = found.availability ?? this.availability;
      },
    });
    await until(() => this.#link.connected, "the gateway's link");
    await this.#link.subscribe(mqttTopics(this.profile, this.#address));
  }

  async tell(target: string, value?: DeviceValue): Promise<void> {
    const message = writeMqtt(this.profile, this.#address, target, value, SENDER);
    if ("code" in message) throw new TypeError(message.code);
    await this.#link.publish(message.topic, message.payload, { retain: false, qos: 1 });
  }

  async ask(): Promise<void> {
    for (const { topic, payload } of refreshMqtt(this.profile, this.#address, SENDER)) {
      await this.#link.publish(topic, payload, { retain: false, qos: 1 });
    }
  }

  async hears(name: string, value: DeviceValue): Promise<void> {
    await until(() => this.heard.get(name) === value, `${name} = ${value}, heard ${this.heard.get(name)}`);
  }
}

const named = (id: string): DeviceProfile => {
  const profile = profiles.get(id);
  if (profile === undefined) throw new TypeError(id);
  return profile;
};

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

interface World {
  readonly name: string;
  readonly open: () => Promise<() => Link>;
}

const WORLDS: readonly World[] = [
  {
    name: "in memory",
    open: async () => {
      const network = new MemoryNetwork();
      return () => network.link();
    },
  },
  {
    name: "over the embedded broker",
    open: async () => {
      const { broker, port } = await startBroker();
      ends.push(() => broker.stop());
      let number = 0;
      return () => {
        const options = {
          url: `mqtt://127.0.0.1:${port}`,
          clientId: `device-${++number}`,
          random: seededRandom(number),
        };
        const link = mqttLink(options);
        ends.push(() => link.stop());
        return link;
      };
    },
  },
];

for (const { name, open } of WORLDS) {
  describe(`stand-ins ${name}`, () => {
    it("of a Shelly Plus 1PM are switched, pressed, asked and lost", async () => {
      const link = await open();
      const shelly = new ShellyStandIn({ link: link(), clock, id: "shellyplus1pm-a8032ab636ec", watts: 60 });
      const ear = new Ear(link(), named("shelly/plus-1pm"), "shellyplus1pm-a8032ab636ec");
      await ear.listen();
      shelly.start();
      await until(() => ear.availability === "online", "the device");
      await ear.ask();
      await ear.hears("on", false);
      await ear.hears("voltage", 2_300);
      await ear.tell("on", true);
      await ear.hears("on", true);
      await ear.hears("power", 600);
      expect(shelly.on).toBe(true);
      clock.time += 3_600_000;
      shelly.report();
      await ear.hears("energy", 60_000);
      shelly.press();
      await ear.hears("on", false);
      await ear.tell("toggle");
      await ear.hears("on", true);
      await shelly.stop();
      await until(() => ear.availability === "offline", "the will");
      expect(ear.problems).toEqual([]);
    });

    it("of a Tasmota plug are switched, pressed, asked and lost", async () => {
      const link = await open();
      const plug = new TasmotaStandIn({ link: link(), clock, topic: "tasmota_9CF9D1", watts: 1_150 });
      const ear = new Ear(link(), named("tasmota/plug"), "tasmota_9CF9D1");
      await ear.listen();
      plug.start();
      await until(() => ear.availability === "online", "the device");
      await ear.hears("on", false);
      await ear.tell("on", true);
      await ear.hears("on", true);
      clock.time += 1_800_000;
      await ear.ask();
      await ear.hears("power", 11_500);
      await ear.hears("current", 5_000);
      await ear.hears("energy", 575);
      plug.press();
      await ear.hears("on", false);
      await ear.tell("toggle");
      await ear.hears("on", true);
      plug.setWatts(0);
      plug.telemetry();
      await ear.hears("power", 0);
      await plug.stop();
      await until(() => ear.availability === "offline", "the will");
      expect(ear.problems).toEqual([]);
    });

    it("of a Zigbee2MQTT bridge list devices whose derived profiles work", async () => {
      const link = await open();
      const bridge = new Zigbee2MqttStandIn({
        link: link(),
        clock,
        devices: [
          { ieeeAddress: "0x00158d0000000001", name: "hall/lamp", kind: "lamp" },
          { ieeeAddress: "0x00158d0000000002", name: "front door", kind: "lock" },
          { ieeeAddress: "0x00158d0000000003", name: "kitchen smoke", kind: "smoke" },
          { ieeeAddress: "0x00158d0000000004", name: "gas", kind: "valve" },
        ],
      });
      const topics = bridgeTopics("zigbee2mqtt");
      const lists: Uint8Array[] = [];
      const states: unknown[] = [];
      const listener = link();
      listener.start({
        connected: () => void listener.subscribe([topics.devices, topics.state]),
        disconnected: () => {},
        dropped: () => {},
        message: ({ topic, payload }) => {
          if (topic === topics.devices) lists.push(payload);
          else states.push(readZigbeeState(payload));
        },
      });
      bridge.start();
      await until(() => lists.length === 1 && states.includes("online"), "the list");
      const { devices, problems } = readBridgeDevices("zigbee2mqtt", lists[0] as Uint8Array);
      expect(problems).toEqual([]);
      expect(devices.map(({ profile }) => profile.deviceClass)).toEqual(["lamp", "lock", "sensor.smoke", "valve"]);

      const ears = await Promise.all(
        devices.map(async ({ profile, address }) => {
          const ear = new Ear(link(), profile, address);
          await ear.listen();
          return ear;
        }),
      );
      const [lamp, lock, smoke, valve] = ears as [Ear, Ear, Ear, Ear];
      await until(() => ears.every(({ availability }) => availability === "online"), "all devices");
      await lamp.ask();
      await lamp.hears("state", false);
      await lamp.tell("brightness", 50);
      await lamp.hears("brightness", 50);
      await lamp.tell("state_toggle");
      await lamp.hears("state", true);
      expect(bridge.state("hall/lamp")).toMatchObject({ state: "ON", brightness: 127 });
      await lock.tell("state", false);
      await lock.hears("state", false);
      await lock.hears("lock_state", "unlocked");
      bridge.report("kitchen smoke", { smoke: true });
      await smoke.hears("smoke", true);
      await valve.tell("state", false);
      await valve.hears("state", false);

      bridge.setOnline("gas", false);
      await until(() => valve.availability === "offline", "the loss");
      await valve.tell("state", true);
      await until(() => bridge.refused === 1, "the command that cannot be carried out");
      bridge.setOnline("gas", true);
      await until(() => valve.availability === "online", "the return");
      expect(bridge.state("gas")).toMatchObject({ state: "OFF" });

      bridge.join({ ieeeAddress: "0x00158d0000000005", name: "bell", kind: "motion" });
      bridge.rename("hall/lamp", "hall/ceiling");
      bridge.remove("gas");
      await until(() => lists.length === 4, "the lists");
      const names = readBridgeDevices("zigbee2mqtt", lists[3] as Uint8Array).devices.map((one) => one.friendlyName);
      expect(names.sort()).toEqual(["bell", "front door", "hall/ceiling", "kitchen smoke"]);
      await bridge.stop();
      await until(() => states.at(-1) === "offline", "the bridge's will");
      expect(ears.flatMap((ear) => ear.problems)).toEqual([]);
      await listener.stop();
    });
  });
}

describe("a stand-in", () => {
  it("answers what it does not know as the real one does, and counts what is no command", async () => {
    const network = new MemoryNetwork();
    const shelly = new ShellyStandIn({ link: network.link(), clock, id: "s", statusUpdates: true });
    const answers: Record<string, unknown>[] = [];
    const asker = network.link();
    asker.start({
      connected: () => void asker.subscribe(["me/rpc"]),
      disconnected: () => {},
      dropped: () => {},
      message: ({ payload }) => void answers.push(JSON.parse(new TextDecoder().decode(payload))),
    });
    shelly.start();
    await until(() => network.retained.has("s/online"), "the device");
    const say = (text: string) => asker.publish("s/rpc", new TextEncoder().encode(text), { retain: false, qos: 0 });
    await say('{"id":1,"src":"me","method":"Light.Set","params":{}}');
    await say('{"id":2,"src":"me","method":"Switch.Set","params":{"id":0,"on":"yes"}}');
    await say('{"id":3,"src":"me","method":"Switch.Set","params":{"id":0,"on":true}}');
    await say("{");
    await until(() => answers.length === 3 && shelly.refused === 1, "the answers");
    expect(
      answers.map(({ id, error, result }) => [id, (error as { code: number } | undefined)?.code ?? result]),
    ).toEqual([
      [1, 404],
      [2, -103],
      [3, { was_on: false }],
    ]);
    expect(shelly.lost).toBe(0);
  });

  it("is born again after the broker was away", async () => {
    const network = new MemoryNetwork();
    const plug = new TasmotaStandIn({ link: network.link(), clock, topic: "t" });
    plug.start();
    await until(() => network.retained.has("tele/t/LWT"), "the device");
    network.setUp(false);
    network.forgetRetained();
    network.setUp(true);
    await until(() => network.retained.has("tele/t/LWT"), "the device again");
    const ear = new Ear(network.link(), named("tasmota/plug"), "t");
    await ear.listen();
    await ear.tell("on", true);
    await ear.hears("on", true);
  });
});
