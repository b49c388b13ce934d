import { afterEach, expect, test } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import type { DeviceRecord } from "../../../src/device/device.js";
import type { GatewayInput } from "../../../src/device/gateway/messages.js";
import type { BrokerAccess } from "../../../src/link/brokerHooks.js";
import { embeddedBroker } from "../../../src/link/embeddedBroker.js";
import { mqttLink } from "../../../src/link/mqttLink.js";
import { MqttDevices } from "../../../src/node/gateway/mqttDevices.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { PLUG, profileOf } from "../../device/sampleProfiles.js";

const profile = profileOf(PLUG);
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function broker(access: BrokerAccess = {}): Promise<string> {
  const made = embeddedBroker({ host: "127.0.0.1", port: 0, logger: SILENT_LOGGER, ...access });
  const { port } = await made.start();
  running.push(made);
  return `mqtt://127.0.0.1:${port}`;
}

function devicesAt(url: string) {
  const link = mqttLink({ url, clientId: "gateway", random: systemRandom, logger: SILENT_LOGGER });
  const devices = new MqttDevices({ name: "mqtt", gateway: "gw", link, logger: SILENT_LOGGER, companions: [] });
  running.push(devices);
  const waiting: [GatewayInput["kind"], (input: GatewayInput) => void][] = [];
  const next = (kind: GatewayInput["kind"]) => new Promise<GatewayInput>((resolve) => waiting.push([kind, resolve]));
  const emit = (input: GatewayInput): void => {
    const at = waiting.findIndex(([kind]) => kind === input.kind);
    if (at >= 0) waiting.splice(at, 1)[0]?.[1](input);
  };
  return { devices, next, emit };
}

const record = (address: string): DeviceRecord => ({
  ...{ id: address.replaceAll(/[^a-z]/g, "-"), profile: profile.id, link: "mqtt", address, name: "plug", groups: [] },
  ...{ voucher: { kind: "gateway" as const }, joinedAt: 0 },
});

test("a broker that does not take the topics at first is asked again", async () => {
  let refusals = 0;
  const url = await broker({ maySubscribe: () => ++refusals > 1 });
  const { devices, next, emit } = devicesAt(url);
  const up = next("linkUp");
  devices.start(emit);
  expect(await up).toEqual({ kind: "linkUp", link: "mqtt" });
  expect(refusals).toBeGreaterThan(1);
});

test.each(["#", "plugs/+", "plugs/#/one", "a\u0000b", "x".repeat(300)])(
  "a device at the impossible address %j does not keep the others from being heard",
  async (address) => {
    const url = await broker();
    const { devices, next, emit } = devicesAt(url);
    devices.came(record(address), profile);
    devices.came(record("plug-one"), profile);
    const up = next("linkUp");
    devices.start(emit);
    await up;
    const heard = next("heard");
    const sender = mqttLink({ url, clientId: "plug", random: systemRandom, logger: SILENT_LOGGER });
    running.push(sender);
    await new Promise<void>((resolve) =>
      sender.start({ connected: resolve, disconnected() {}, message() {}, dropped() {} }),
    );
    await sender.publish("plug-one/state", new TextEncoder().encode('{"on":"ON"}'), { qos: 1, retain: false });
    expect(await heard).toMatchObject({ device: "plug-one", readings: [["on", true]] });
    expect(devices.status().counters.DEVICE_ADDRESS).toBe(1);
  },
);
