/**
 * Devices of other protocols behind the real command: a recorded list of Zigbee2MQTT, a device on a serial line, a Modbus TCP
 * meter, each moved by a rule.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ModbusMeter, type RunningMeters, serveMeters } from "../../../simulator/devices/modbusMeter.js";
import { SerialSensor } from "../../../simulator/devices/serialSensor.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { type CompiledCli, compileCli, ROOT } from "../../cli/compiledCli.js";
import { GatewayNode } from "../../support/gatewayNode.js";
import { bytesOf } from "../../support/linkContract.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { connectTo } from "../../support/network.js";
import { PtyPair } from "../../support/ptyPair.js";

/** Of the recorded list. */
const DOOR = "0x00158d0001a2b3c4";
const LAMP = "0x000b57fffec6a5b2";
const LISTED = readFileSync(join(ROOT, "test/vectors/zigbee2mqtt/bridge-devices.json"));

const METER = `vendor: test
model: meter
title: Meter with a relay
class: plug
properties:
  power: { capability: sensor.power, type: number, unit: W, min: -15000, max: 15000, decimals: 1, access: read }
  relay: { capability: switch.on, type: boolean, access: read-write }
binding:
  protocol: modbus
  pollSeconds: 1
  reads:
    - { name: power, table: input, address: 12, kind: f32 }
    - { name: relay, table: coil, address: 0, kind: bit }
  writes:
    - { name: relay, table: coil, address: 0, kind: bit }
`;
const THERMOMETER = `vendor: test
model: thermometer
title: Thermometer with a relay
class: plug
properties:
  temperature: { capability: sensor.temp, type: number, unit: °C, min: -40, max: 85, decimals: 2, access: read }
  relay: { capability: switch.on, type: boolean, access: read-write }
binding:
  protocol: edgeseal
`;
const DEVICES = `- { id: meter, profile: test/meter, link: meters, address: meters/1 }
- { id: kiln, profile: test/thermometer, link: wire, address: kiln }
`;
const rule = (name: string, when: string, then: string) =>
  `rule: ${name}\ntitle: ${name}\nwhen:\n  - ${when}\nthen:\n  - ${then}\noffline: { max_header_age: any }\n`;
const FILES = {
  "devices.yaml": DEVICES,
  "profiles/test/meter.yaml": METER,
  "profiles/test/thermometer.yaml": THERMOMETER,
  "rules/overload.yaml": rule(
    "overload",
    "{ device: meter, property: power, above: 3000, hysteresis: 100 }",
    "{ device: meter, set: { relay: false } }",
  ),
  "rules/kiln-hot.yaml": rule(
    "kiln-hot",
    "{ device: kiln, property: temperature, above: 60, hysteresis: 2 }",
    "{ device: kiln, set: { relay: true } }",
  ),
  "rules/door.yaml": rule(
    "door",
    `{ device: "${DOOR}", property: contact, is: false }`,
    `{ device: "${LAMP}", set: { state: true } }`,
  ),
};

let cli: CompiledCli;
let broker: Mosquitto;
let url: string;
let gateway: GatewayNode;
let meters: RunningMeters;
let sensor: SerialSensor;
let bridge: ReturnType<typeof connectTo>;
const meter = new ModbusMeter();
const pty = new PtyPair();
/** What the bridge was told. */
const told: string[] = [];

beforeAll(async () => {
  cli = compileCli();
  broker = await startMosquitto();
  url = `mqtt://127.0.0.1:${broker.port}`;
  meter.relay = true;
  meter.set("activePower", 200);
  meters = await serveMeters(new Map([[1, meter]]));
  await pty.plug();
  sensor = new SerialSensor({
    ...{ path: pty.far, baudRate: 115_200, address: "kiln", profile: "test/thermometer", serial: "K1", birth: 1 },
    ...{ now: Date.now, random: systemRandom, stateEveryMs: 500 },
  });
  sensor.start();
  bridge = await startBridge();
  gateway = new GatewayNode(cli, {
    brokerUrl: url,
    gateway: {
      profiles: "profiles",
      links: [
        { name: "home", protocol: "mqtt", broker: { url }, zigbee2mqtt: ["zigbee2mqtt"] },
        { name: "meters", protocol: "modbus", host: "127.0.0.1", port: meters.port, timeoutMs: 500 },
        { name: "wire", protocol: "serial", path: pty.near, baudRate: 115_200 },
      ],
    },
    files: FILES,
  });
  await gateway.start();
});
afterAll(async () => {
  await bridge?.stop();
  await sensor?.stop();
  await gateway?.remove();
  await pty.remove();
  await meters?.stop();
  await broker?.stop();
  cli?.remove();
});

/** Zigbee2MQTT as far as two of its devices go. */
async function startBridge() {
  const link = connectTo({ url }, "bridge");
  const say = (topic: string, payload: Uint8Array, retain: boolean) => link.publish(topic, payload, { qos: 1, retain });
  await new Promise<void>((resolve) => {
    link.start({
      connected: () => resolve(),
      disconnected: () => {},
      dropped: () => {},
      message: ({ topic, payload }) => {
        const text = new TextDecoder().decode(payload);
        told.push(`${topic} ${text}`);
        if (topic === "zigbee2mqtt/hall/lamp/set") void say("zigbee2mqtt/hall/lamp", payload, false);
      },
    });
  });
  await link.subscribe(["zigbee2mqtt/hall/lamp/set", "zigbee2mqtt/hall/lamp/get"]);
  await say("zigbee2mqtt/bridge/state", bytesOf('{"state":"online"}'), true);
  await say("zigbee2mqtt/bridge/devices", LISTED, true);
  return link;
}

const door = (contact: boolean) =>
  bridge.publish("zigbee2mqtt/front door", bytesOf(JSON.stringify({ contact, battery: 97 })), {
    qos: 1,
    retain: false,
  });

describe("Zigbee2MQTT", () => {
  it("lists devices long before the join window opens, and they come in then", async () => {
    await gateway.until("the link is up", async () => (await gateway.status()).links[0]?.connected === true);
    await gateway.until("the list was heard", () => gateway.log.includes("bridge lists devices"));
    expect(await gateway.availability(LAMP)).toBeUndefined();
    await gateway.ask({ ask: "join", forMs: 60_000 });
    await gateway.until("lamp and door are there", async () => (await gateway.availability(LAMP)) !== undefined);
    await gateway.ask({ ask: "join", forMs: 0 });
    expect(await gateway.ask({ ask: "device", device: DOOR })).toMatchObject({
      answer: { id: DOOR, address: "zigbee2mqtt/front door", registration: "registered", vouchedFor: "the gateway" },
    });
  });

  it("a rule switches the lamp when the door opens", async () => {
    await gateway.until("the rule is in force", async () => (await gateway.status()).rules.active === 3);
    await door(true);
    await gateway.until("the door is shut", async () => (await gateway.reading(DOOR, "contact")) === true);
    await door(false);
    await gateway.until("the lamp is told", () => told.includes('zigbee2mqtt/hall/lamp/set {"state":"ON"}'));
    await gateway.until("the lamp is on", async () => (await gateway.reading(LAMP, "state")) === true);
  });

  it("its devices are there again after a restart, without joining", async () => {
    await gateway.end("SIGKILL");
    told.length = 0;
    await gateway.start();
    await gateway.until("all rules are in force", async () => (await gateway.status()).rules.active === 3);
    await door(true);
    await gateway.until("the door is shut", async () => (await gateway.reading(DOOR, "contact")) === true);
    await door(false);
    await gateway.until("the lamp is told", () => told.includes('zigbee2mqtt/hall/lamp/set {"state":"ON"}'));
  });
});

it("a rule switches the relay of a Modbus meter off when the power is above its limit", async () => {
  await gateway.until("the meter is read", async () => (await gateway.reading("meter", "power")) === 200);
  expect(meter.relay).toBe(true);
  meter.set("activePower", 3_500);
  await gateway.until("the relay is off", () => !meter.relay);
  await gateway.until("it is read back", async () => (await gateway.reading("meter", "relay")) === false);
});

it("a rule switches a device on a serial line, also after its adapter was unplugged", async () => {
  sensor.setTemperature(2_000);
  await gateway.until("it is read", async () => (await gateway.reading("kiln", "temperature")) === 20);
  sensor.setTemperature(6_500);
  await gateway.until("the relay is on", () => sensor.relay);
  await pty.unplug();
  await gateway.until("the line is down", async () => (await gateway.status()).links[2]?.connected === false);
  expect((await gateway.status()).links[2]?.problem).toMatch(/^LINE_/);
  await pty.plug();
  const carriedOut = sensor.carriedOut;
  await gateway.until("it is there again", async () => (await gateway.availability("kiln")) === "online");
  const set = gateway.ask({ ask: "set", device: "kiln", target: "relay", value: "off" });
  await gateway.until("the relay is off", () => !sensor.relay);
  expect((await set).answer.result).toBe("done");
  expect(sensor.carriedOut).toBe(carriedOut + 1);
});
