/** The gateway's devices in Home Assistant, over a real broker that is restarted, with a client that plays Home Assistant. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import type { CommandRequest, GatewayOutput } from "../../../src/device/gateway/messages.js";
import type { HomeAssistantProblem } from "../../../src/device/homeassistant/problems.js";
import type { DeviceProfile } from "../../../src/device/profile.js";
import type { DeviceValue } from "../../../src/device/value.js";
import { type EmbeddedBroker, MemoryNetwork, type MqttLink, mqttLink } from "../../../src/link/index.js";
import { HomeAssistantBridge, willOf } from "../../../src/node/gateway/homeAssistantBridge.js";
import { startBroker } from "../../support/broker.js";
import { action, BOOLEAN, choice, event, number, profile, property, record } from "../../support/deviceProfiles.js";
import { HomeAssistantClient } from "../../support/homeAssistantClient.js";
import { seededRandom, until } from "../../support/linkContract.js";
import { startMosquitto } from "../../support/mosquitto.js";
import { TcpProxy } from "../../support/tcpProxy.js";

const NAMES = { gateway: "home" };
const PLUG = profile("shelly/plug", {
  deviceClass: "plug",
  properties: [
    property("on", "switch.on", BOOLEAN, "rw", { safetyClass: 1 }),
    property("power", "sensor.power", number(0, 100_000, 1, "W"), "r"),
  ],
  events: [event("button", "button.event", choice("single", "double"))],
});
const VALVE = profile("gas/valve", {
  properties: [property("open", "valve.open", BOOLEAN, "rw", { safetyClass: 3 })],
  actions: [action("identify", "other.command")],
});
const BASE = "edgeseal/1/gateway/home";

let broker: EmbeddedBroker;
let port: number;
let proxy: TcpProxy;
let link: MqttLink;
let bridge: HomeAssistantBridge;
let there: HomeAssistantClient;
let sent: CommandRequest[];
let problems: HomeAssistantProblem[];

beforeEach(async () => {
  ({ broker, port } = await startBroker());
  proxy = new TcpProxy(port);
  await proxy.start();
  const url = `mqtt://127.0.0.1:${proxy.port}`;
  const random = seededRandom(3);
  link = mqttLink({ url, clientId: "gateway", reconnectMinMs: 20, reconnectMaxMs: 60, random, will: willOf(NAMES) });
  sent = [];
  problems = [];
  bridge = new HomeAssistantBridge({
    ...{ link, names: NAMES, logger: SILENT_LOGGER, spreadMs: 200 },
    send: (request) => sent.push(request),
    refused: (problem) => problems.push(problem),
  });
  there = await HomeAssistantClient.start(port);
});

afterEach(async () => {
  await bridge.stop();
  await link.stop();
  await there.stop();
  await proxy.stop();
  await broker.stop();
});

async function started(): Promise<void> {
  bridge.start();
  await until(() => there.device("edgeseal home") !== undefined, "the gateway");
}

const join = (id: string, of: DeviceProfile) => bridge.output({ kind: "joined", record: record(id, of), profile: of });
const leave = (id: string, of: DeviceProfile) => bridge.output({ kind: "left", record: record(id, of) });
const online = (device: string, availability: "online" | "offline" = "online") =>
  bridge.output({ kind: "availability", device, availability });

function read(device: string, name: string, value: DeviceValue): void {
  const reading = { value, at: 0, monotonicMs: 0, sequence: 0 };
  const output: GatewayOutput = { kind: "reading", device, property: name, reading, changed: true };
  bridge.output(output);
}

async function plugThere(): Promise<void> {
  join("plug", PLUG);
  online("plug");
  read("plug", "on", false);
  read("plug", "power", 125);
  await until(() => there.available("The plug") && there.shows("The plug", "power") === "12.5", "the plug");
}

describe("a device", () => {
  test("appears, shows its state, can be switched, and goes", async () => {
    await started();
    await plugThere();
    expect(there.shows("The plug", "on")).toBe("false");
    const entity = there.entity("The plug", "on");
    await there.publish(String(entity?.command_topic), String(entity?.payload_on));
    await until(() => sent.length > 0, "the command");
    expect(sent).toEqual([{ by: "home-assistant", device: "plug", target: "on", value: true }]);
    read("plug", "on", true);
    await until(() => there.shows("The plug", "on") === "true", "the new state");

    online("plug", "offline");
    await until(() => !there.available("The plug"), "it to be unavailable");
    leave("plug", PLUG);
    await until(() => there.device("The plug") === undefined, "its removal");
    await until(() => there.text(`${BASE}/device/plug/state`) === "", "its state to be cleared");
    const late = await HomeAssistantClient.start(port);
    // What is kept comes with the subscription: of the gateway there is something, of the plug nothing.
    await until(() => late.device("edgeseal home") !== undefined, "the gateway again");
    expect([...late.values.keys()].filter((topic) => topic.includes("plug"))).toEqual([]);
    await late.stop();
  });

  test("that joined before the connection is there after it", async () => {
    join("plug", PLUG);
    online("plug");
    read("plug", "power", 1);
    await started();
    await until(() => there.available("The plug") && there.shows("The plug", "power") === "0.1", "the plug");
    expect(there.shows("The plug", "on")).toBe("None");
  });

  test("says its newest state although it changes faster than it is told", async () => {
    await started();
    await plugThere();
    const before = there.said.length;
    for (let power = 0; power <= 500; power++) read("plug", "power", power);
    await until(() => there.shows("The plug", "power") === "50", "the newest value");
    const states = there.said.slice(before).filter(({ topic }) => topic === `${BASE}/device/plug/state`);
    expect(states.length).toBeLessThanOrEqual(3);
  });

  test("has its events told once, and never kept", async () => {
    await started();
    await plugThere();
    bridge.output({ kind: "event", device: "plug", event: "button", value: "double" });
    const topic = `${BASE}/device/plug/event/button`;
    await until(() => there.values.has(topic), "the event");
    expect(JSON.parse(there.text(topic) ?? "")).toEqual({ event_type: "double", value: "double" });
    expect(there.said.filter((each) => each.topic === topic)).toMatchObject([{ retained: false }]);
    const late = await HomeAssistantClient.start(port);
    await until(() => late.available("The plug"), "the plug for a late client");
    expect(late.values.has(topic)).toBe(false);
    await late.stop();
  });

  test("of another model under the same id replaces the old one", async () => {
    await started();
    await plugThere();
    join("plug", VALVE);
    await until(() => there.entity("The plug", "identify") !== undefined, "the new model");
    expect(there.entity("The plug", "on")).toBeUndefined();
    expect(there.said.some(({ topic, text }) => topic.endsWith("/plug/config") && text === "")).toBe(true);
  });
});

describe("after a restart", () => {
  test("of Home Assistant everything is said again", async () => {
    await started();
    await plugThere();
    join("valve", VALVE);
    online("valve");
    await until(() => there.available("The valve"), "the valve");
    await there.restart();
    await until(() => there.available("The plug") && there.available("The valve"), "both again");
    expect(there.shows("The plug", "power")).toBe("12.5");
    expect(there.text(`${BASE}/availability`)).toBe("online");
  });

  test("of the broker, which has forgotten all it kept, everything is there again and can be switched", async () => {
    await started();
    await plugThere();
    await broker.stop();
    await until(() => !link.connected, "the end of the connection");
    there.devices.clear();
    there.values.clear();
    // Meanwhile one device goes, one comes and one changes.
    join("valve", VALVE);
    online("valve");
    read("plug", "power", 990);
    ({ broker } = await startBroker({ port }));
    await until(() => there.available("The plug") && there.available("The valve"), "both again");
    await until(() => there.shows("The plug", "power") === "99", "the newest state");
    await there.publish(`${BASE}/device/plug/set/on`, "false");
    await there.publish(`${BASE}/device/valve/set/identify`, "PRESS");
    await until(() => sent.length === 2, "both commands");
    expect(sent).toMatchObject([{ target: "on", value: false }, { target: "identify" }]);
  });

  test("of the network a device that left in between is taken away", async () => {
    await started();
    await plugThere();
    proxy.refuse(true);
    proxy.cut();
    await until(() => !link.connected, "the end of the connection");
    await until(() => there.text(`${BASE}/availability`) === "offline", "the gateway's will");
    expect(there.available("The plug")).toBe(false);
    leave("plug", PLUG);
    proxy.refuse(false);
    await until(() => there.text(`${BASE}/availability`) === "online", "the gateway again");
    await until(() => there.device("The plug") === undefined, "the plug's removal");
  });

  test("and at its own end the gateway says that it goes", async () => {
    await started();
    await plugThere();
    await bridge.stop();
    await until(() => there.text(`${BASE}/availability`) === "offline", "the goodbye");
    expect(there.available("The plug")).toBe(false);
  });
});

describe("with Mosquitto", () => {
  test("a device appears, can be switched, and is there again for Home Assistant after a restart", async () => {
    const mosquitto = await startMosquitto();
    const [own = 0] = mosquitto.ports;
    const far = mqttLink({ url: `mqtt://127.0.0.1:${own}`, clientId: "gateway", random: seededRandom(4) });
    const one = new HomeAssistantBridge({
      ...{ link: far, names: NAMES, logger: SILENT_LOGGER, spreadMs: 200 },
      send: (request) => sent.push(request),
    });
    const viewer = await HomeAssistantClient.start(own);
    one.output({ kind: "joined", record: record("plug", PLUG), profile: PLUG });
    one.output({ kind: "availability", device: "plug", availability: "online" });
    one.start();
    await until(() => viewer.available("The plug"), "the plug");
    await viewer.publish(`${BASE}/device/plug/set/on`, "true");
    await until(() => sent.length === 1, "the command");
    await viewer.restart();
    await until(() => viewer.available("The plug"), "the plug again");
    await one.stop();
    await until(() => !viewer.available("The plug"), "the goodbye");
    await far.stop();
    await viewer.stop();
    await mosquitto.stop();
  });
});

describe("a command", () => {
  test("that is wrong, retained, or for what is closed is refused, and the next good one is done", async () => {
    await started();
    await plugThere();
    join("valve", VALVE);
    await until(() => there.device("The valve") !== undefined, "the valve");
    await there.publish(`${BASE}/device/plug/set/on`, "ON");
    await there.publish(`${BASE}/device/plug/set/on`, "true");
    await until(() => sent.length === 1, "the good one");
    expect(problems).toEqual([{ code: "HOMEASSISTANT_VALUE", device: "plug", target: "on", reason: "type" }]);
    // The valve shows, and cannot be moved.
    expect(there.entity("The valve", "open")).toMatchObject({ p: "binary_sensor" });
    await there.publish(`${BASE}/device/valve/set/open`, "true");
    await there.publish(`${BASE}/device/nobody/set/open`, "true");
    await until(() => problems.length === 3, "both refusals");
    expect(problems.slice(1)).toEqual([
      { code: "HOMEASSISTANT_TARGET_CLOSED", device: "valve", target: "open", safetyClass: 3, max: 1 },
      { code: "HOMEASSISTANT_DEVICE_UNKNOWN", device: "nobody" },
    ]);

    await there.publish(`${BASE}/device/plug/set/on`, "true", true);
    await until(() => sent.length === 2, "the live copy of it");
    proxy.cut();
    await until(
      () => problems.some(({ code }) => code === "HOMEASSISTANT_RETAINED"),
      "the kept copy after a reconnect",
    );
    expect(sent).toHaveLength(2);
    expect(bridge.counters.get("HOMEASSISTANT_RETAINED")).toBeGreaterThan(0);
  });

  test("on any topic, with any bytes, is no more than a count", async () => {
    // A link of which a stranger decides what it delivers.
    const network = new MemoryNetwork();
    const heard: HomeAssistantProblem[] = [];
    const one = new HomeAssistantBridge({
      ...{ link: network.link(), names: NAMES, logger: SILENT_LOGGER },
      send: (request) => sent.push(request),
      refused: (problem) => heard.push(problem),
    });
    one.output({ kind: "joined", record: record("plug", PLUG), profile: PLUG });
    one.output({ kind: "joined", record: record("valve", VALVE), profile: VALVE });
    const bytes = [new Uint8Array(0), Uint8Array.of(0xff, 0), new Uint8Array(300_000), new TextEncoder().encode("{}")];
    const rests = ["plug/set/on", "plug/set/__proto__", "plug/set/power", "nobody/set/on", "valve/set/open", "x/y", ""];
    for (const rest of rests) {
      for (const payload of bytes) one.message({ topic: `${BASE}/device/${rest}`, payload, retained: false });
    }
    expect(sent).toEqual([]);
    expect(heard).toHaveLength(rests.length * bytes.length);
    expect([...new Set(heard.map(({ code }) => code))].sort()).toEqual([
      "HOMEASSISTANT_DEVICE_UNKNOWN",
      "HOMEASSISTANT_TARGET_CLOSED",
      "HOMEASSISTANT_TARGET_UNKNOWN",
      "HOMEASSISTANT_TOPIC",
      "HOMEASSISTANT_VALUE",
    ]);
    await one.stop();
  });
});
