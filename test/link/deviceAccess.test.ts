/** A broker of devices: each keeps to its own topics, and two with one name are seen. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceAccess, type EmbeddedBroker, type MqttLink, mqttLink } from "../../src/link/index.js";
import { startBroker } from "../support/broker.js";
import { bytesOf, codeOfRejection, Recorder, seededRandom, until } from "../support/linkContract.js";

const LIVE = { retain: false, qos: 1 } as const;
const access = deviceAccess({ trusted: new Set(["gateway"]), below: new Map([["z2m", ["zigbee2mqtt"]]]) });

let broker: EmbeddedBroker;
let port: number;
let takenOver: string[];
const links: MqttLink[] = [];

beforeEach(async () => {
  takenOver = [];
  const users = new Map([
    ["gateway", "g"],
    ["lamp", "l"],
    ["z2m", "z"],
  ]);
  const clientTakenOver = (clientId: string) => takenOver.push(clientId);
  ({ broker, port } = await startBroker({ users, ...access, clientTakenOver }));
});

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.stop()));
  await broker.stop();
});

async function login(username: string, clientId = username): Promise<{ link: MqttLink; seen: Recorder }> {
  const options = { url: `mqtt://127.0.0.1:${port}`, clientId, username, password: username.slice(0, 1) };
  const link = mqttLink({ ...options, random: seededRandom(), reconnectMinMs: 60_000, reconnectMaxMs: 60_000 });
  links.push(link);
  const seen = new Recorder();
  link.start(seen);
  await until(() => link.connected, "the broker");
  return { link, seen };
}

describe("what a device may do", () => {
  it.each([
    ["dev/lamp/birth", true],
    ["dev/lamp/state", true],
    ["dev/lamp/event", true],
    ["dev/lamp/death", true],
    ["dev/lamp/ack", true],
    ["dev/lamp/identity", true],
    ["dev/lamp/command", false],
    ["dev/lamp/challenge", false],
    ["dev/lamp/other", false],
    ["dev/lock/state", false],
    ["dev/lamp/state/x", false],
    ["edgeseal/1/chain/group/head", false],
    ["zigbee2mqtt/lock", false],
    ["homeassistant/status", false],
  ])("publish to %s: %s", (topic, allowed) => {
    expect(access.mayPublish({ clientId: "anything", username: "lamp" }, topic)).toBe(allowed);
    expect(access.mayPublish({ clientId: "lamp", username: undefined }, topic)).toBe(allowed);
    // The user counts, not what the client calls itself.
    expect(access.mayPublish({ clientId: "lamp", username: "lock" }, topic)).toBe(topic === "dev/lock/state");
  });

  it.each([
    ["dev/lamp/command", true],
    ["dev/lamp/challenge", true],
    ["dev/lamp/state", false],
    ["dev/+/command", false],
    ["dev/lamp/+", false],
    ["dev/lamp/#", false],
    ["#", false],
    ["+/lamp/command", false],
    ["dev/lock/command", false],
    ["$SYS/#", false],
  ])("subscribe to %s: %s", (filter, allowed) => {
    expect(access.maySubscribe({ clientId: "x", username: "lamp" }, filter)).toBe(allowed);
    expect(access.maySubscribe({ clientId: "x", username: "gateway" }, filter)).toBe(true);
  });

  it("a name that is no device id has no topics, whatever it hides", () => {
    for (const name of ["+", "#", "", "a/b", "lamp\0"]) {
      const client = { clientId: name, username: undefined };
      expect(access.maySubscribe(client, `dev/${name}/command`)).toBe(false);
      expect(access.mayPublish(client, `dev/${name}/state`)).toBe(false);
    }
  });

  it("a bridge keeps below its own topics", () => {
    const client = { clientId: "x", username: "z2m" };
    expect(access.mayPublish(client, "zigbee2mqtt/kitchen")).toBe(true);
    expect(access.maySubscribe(client, "zigbee2mqtt/+/set")).toBe(true);
    expect(access.mayPublish(client, "zigbee2mqttx/kitchen")).toBe(false);
    expect(access.maySubscribe(client, "dev/+/command")).toBe(false);
  });
});

describe("a broker with these rules", () => {
  it("carries a device's messages to the gateway and its commands back, and nothing of another's", async () => {
    const gateway = await login("gateway");
    const lamp = await login("lamp");
    await gateway.link.subscribe(["dev/+/birth", "dev/lamp/state"]);
    await lamp.link.subscribe(["dev/lamp/command"]);
    expect(await codeOfRejection(lamp.link.subscribe(["dev/lock/command"]))).toBe("LINK_REFUSED");
    await lamp.link.publish("dev/lamp/birth", bytesOf("hello"), LIVE);
    await gateway.link.publish("dev/lamp/command", bytesOf("on"), LIVE);
    await until(() => gateway.seen.messages.length === 1 && lamp.seen.messages.length === 1, "both messages");
    // MQTT 3.1.1 has no other refusal than the end of the connection.
    await codeOfRejection(lamp.link.publish("dev/lock/state", bytesOf("open"), LIVE));
    await until(() => lamp.seen.ends.length === 1, "the end of the liar");
    expect(gateway.seen.messages).toHaveLength(1);
    expect(broker.counters.get("BROKER_REFUSED_PUBLISH")).toBe(1);
  });

  it("tells that a second client came with the id of one that is connected", async () => {
    const first = await login("lamp");
    expect(takenOver).toEqual([]);
    const second = await login("lamp");
    await until(() => first.seen.ends.length === 1, "the end of the first");
    expect(takenOver).toEqual(["lamp"]);
    expect(broker.counters.get("BROKER_CLIENT_TAKEN_OVER")).toBe(1);
    expect(second.link.connected).toBe(true);
    await second.link.stop();
    await until(() => broker.status.connections === 0, "nobody");
    await login("lamp");
    expect(takenOver).toEqual(["lamp"]);
  });
});
