/** What goes wrong in a house, to the real command: the broker dies, the gateway is killed, a device goes mad. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { hostileMessages } from "../../../simulator/devices/hostile.js";
import { deviceTopic } from "../../../src/codec/device/topics.js";
import { type CompiledCli, compileCli } from "../../cli/compiledCli.js";
import { GatewayNode } from "../../support/gatewayNode.js";
import { bytesOf } from "../../support/linkContract.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { NativeAtBroker } from "../../support/nativeAtBroker.js";

const RULE = `rule: hall-light
title: Light when somebody comes
when:
  - { device: motion, property: motion, is: true }
then:
  - { device: lamp, set: { lit: true } }
offline: { max_header_age: any }
`;
/** Enough for a device to be isolated: more than FAULTS_PER_MINUTE_MAX, far more than DEVICE_BURST_MESSAGES. */
const GARBAGE_MESSAGES = 60;
const FLOODS = 8;

let cli: CompiledCli;
let broker: Mosquitto;
let url: string;
let gateway: GatewayNode;
const devices: NativeAtBroker[] = [];

beforeAll(async () => {
  cli = compileCli();
  broker = await startMosquitto();
  url = `mqtt://127.0.0.1:${broker.port}`;
});
afterAll(async () => {
  await end();
  await broker?.stop();
  cli?.remove();
});
beforeEach(end);

async function end(): Promise<void> {
  for (const device of devices.splice(0)) await device.stop();
  await gateway?.remove();
}

type Model = ConstructorParameters<typeof NativeAtBroker>[0]["model"];

/** A new gateway with these devices, all joined and online, and the rule in force. */
async function house(
  models: Readonly<Record<string, Model>>,
): Promise<Readonly<Record<string, NativeAtBroker | undefined>>> {
  gateway = new GatewayNode(cli, {
    brokerUrl: url,
    gateway: { links: [{ name: "home", protocol: "mqtt", broker: { url } }] },
    files: { "rules/hall-light.yaml": RULE },
  });
  await gateway.start();
  await gateway.ask({ ask: "join", forMs: 60_000 });
  const house: Record<string, NativeAtBroker> = {};
  for (const [id, model] of Object.entries(models)) {
    const device = new NativeAtBroker({ url, id, model });
    devices.push(device);
    house[id] = device;
  }
  const count = Object.keys(models).length;
  await gateway.until("all are online", async () => (await gateway.status()).online === count);
  await gateway.ask({ ask: "join", forMs: 0 });
  await gateway.until("the rule is in force", async () => (await gateway.status()).rules.active === 1);
  return house;
}

/** Somebody comes, and the light goes on. */
async function lightGoesOn(motion: NativeAtBroker, lamp: NativeAtBroker): Promise<void> {
  lamp.device.set("lit", false);
  motion.measure("motion", false);
  await gateway.until("nobody is there", async () => (await gateway.reading("motion", "motion")) === false);
  motion.measure("motion", true);
  await gateway.until("the light is on", () => lamp.value("lit") === true);
}

it("a broker that is killed and started again costs nothing but time", async () => {
  const { motion, lamp } = await house({ motion: "motion", lamp: "lamp" });
  if (motion === undefined || lamp === undefined) throw new Error("no devices");
  await lightGoesOn(motion, lamp);
  const { pid } = gateway;
  await broker.kill();
  await gateway.until("the link is down", async () => (await gateway.status()).links[0]?.connected === false);
  expect((await gateway.status()).links[0]?.problem).toMatch(/^LINK_/);
  expect(await gateway.availability("lamp")).toBe("unknown");
  await broker.restart();
  await gateway.until("all are online again", async () => (await gateway.status()).online === 2);
  await lightGoesOn(motion, lamp);
  expect(gateway.pid).toBe(pid);
});

it("killed between a command and its answer, it does everything once", async () => {
  const { motion, lamp } = await house({ motion: "motion", lamp: "lamp" });
  if (motion === undefined || lamp === undefined) throw new Error("no devices");
  lamp.hold();
  motion.device.set("motion", true);
  const trigger = motion.device.state({ wallMs: Date.now(), worldMs: Date.now() });
  motion.say(trigger);
  await gateway.until("the command has come", () => lamp.commands.length > 0);
  expect(lamp.device.commandsDone).toBe(1);
  // What it says from now on, on its own, is another state; the same message may still come twice.
  motion.device.set("motion", false);
  await gateway.end("SIGKILL");
  // Nobody hears it.
  lamp.release();
  await gateway.start();
  motion.say(trigger);
  await gateway.until("the answer has come", async () => (await gateway.status()).commandsWaiting === 0);
  await gateway.until("the receipt is written", async () => (await gateway.status()).receipts === 1);
  motion.say(trigger);
  motion.measure("motion", false);
  await gateway.until("motion was heard after it", async () => (await gateway.reading("motion", "motion")) === false);
  await gateway.until("all are online", async () => (await gateway.status()).online === 2);
  expect(lamp.device.commandsDone).toBe(1);
  expect(new Set(lamp.commands.map(({ id }) => id.join())).size).toBe(1);
  expect(lamp.commands.length).toBeGreaterThan(1);
  // The run ended with the first process; that its command was carried out is the second one's business.
  const receipts = await gateway.receiptsAfterStop();
  expect(receipts).toMatchObject({
    valid: true,
    receipts: [{ rule: "hall-light", actions: [{ result: "interrupted" }] }],
  });
  expect(receipts.receipts).toHaveLength(1);
});

it("devices that send garbage or floods are shut out, and the others are served", async () => {
  const { motion, lamp, mad, loud } = await house({ motion: "motion", lamp: "lamp", mad: "contact", loud: "contact" });
  if (motion === undefined || lamp === undefined || mad === undefined || loud === undefined)
    throw new Error("no devices");
  const now = { wallMs: Date.now(), worldMs: Date.now() };
  for (let count = 0; count < GARBAGE_MESSAGES; count++) {
    const context = { device: mad.device, victim: "lamp", seed: 1, count, recorded: undefined };
    for (const { device, kind, bytes } of hostileMessages("garbage", context, now))
      mad.publish(deviceTopic(device, kind), bytes);
  }
  for (let count = 0; count < FLOODS; count++) {
    const context = { device: loud.device, victim: "lamp", seed: 1, count, recorded: undefined };
    for (const { device, kind, bytes } of hostileMessages("flooder", context, now))
      loud.publish(deviceTopic(device, kind), bytes);
  }
  // Nobody's ids, and topics that are none.
  for (const topic of [
    "dev/x y/state",
    `dev/${"x".repeat(200)}/birth`,
    "dev/stranger/state",
    "dev//state",
    "dev/lamp/ack",
  ])
    mad.publish(topic, bytesOf("\u0000"));
  await gateway.until("the mad one is isolated", async () => {
    return (await gateway.ask({ ask: "device", device: "mad" })).answer.isolated !== undefined;
  });
  await gateway.until("the flood is counted", async () => {
    const { counters } = await gateway.status();
    return Object.entries(counters).some(([name, count]) => name === "GATEWAY_FLOODED" && count > 0);
  });
  await lightGoesOn(motion, lamp);
  expect(await gateway.availability("lamp")).toBe("online");
  expect(await gateway.run("device", "release", "mad")).toMatchObject({ exitCode: 0, out: "mad released\n" });
  expect((await gateway.ask({ ask: "device", device: "mad" })).answer.isolated).toBeUndefined();
  mad.measure("closed", false);
  await gateway.until("it is heard again", async () => (await gateway.reading("mad", "closed")) === false);
});
