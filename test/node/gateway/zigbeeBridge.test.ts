import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import type { GatewayInput } from "../../../src/device/gateway/messages.js";
import { ZigbeeBridge } from "../../../src/node/gateway/zigbeeBridge.js";

const LIST = readFileSync(new URL("../../vectors/zigbee2mqtt/bridge-devices.json", import.meta.url));

function bridge() {
  const inputs: GatewayInput[] = [];
  const asked: [string, unknown][] = [];
  const made = new ZigbeeBridge("zigbee2mqtt", "home", { now: () => 7 }, SILENT_LOGGER, (topic, payload) =>
    asked.push([topic, JSON.parse(new TextDecoder().decode(payload))]),
  );
  const emit = (input: GatewayInput): void => void inputs.push(input);
  const hear = (topic: string, payload: Uint8Array): boolean => made.message({ topic, payload, retained: true }, emit);
  return { made, inputs, asked, emit, hear };
}

test("the window of the gateway opens the Zigbee network for as long, and closes it", () => {
  const { made, asked, emit } = bridge();
  made.joining(emit, 60_000);
  made.joining(emit, 900_000);
  made.joining(emit, 0);
  const topic = "zigbee2mqtt/bridge/request/permit_join";
  expect(asked).toEqual([
    [topic, { time: 60 }],
    [topic, { time: 254 }],
    [topic, { time: 0 }],
  ]);
});

test("what it listed before the window is offered when it opens, and not when it closes", () => {
  const { made, inputs, emit, hear } = bridge();
  expect(hear("zigbee2mqtt/bridge/devices", LIST)).toBe(true);
  const listed = inputs.splice(0);
  expect(listed.length).toBeGreaterThan(5);
  made.joining(emit, 1_000);
  expect(inputs).toEqual(listed);
  made.joining(emit, 0);
  expect(inputs).toHaveLength(listed.length);
});

test("when the bridge is gone, so are its devices", () => {
  const { inputs, hear } = bridge();
  hear("zigbee2mqtt/bridge/devices", LIST);
  const count = inputs.splice(0).length;
  hear("zigbee2mqtt/bridge/state", new TextEncoder().encode('{"state":"online"}'));
  expect(inputs).toEqual([]);
  hear("zigbee2mqtt/bridge/state", new TextEncoder().encode('{"state":"offline"}'));
  expect(inputs).toHaveLength(count);
  expect(inputs.every((input) => input.kind === "heard" && input.availability === "offline")).toBe(true);
});

test("other topics are somebody else's", () => {
  expect(bridge().hear("zigbee2mqtt/kitchen", LIST)).toBe(false);
});
