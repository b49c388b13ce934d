import { describe, expect, test } from "vitest";
import { MODELS } from "../../../simulator/devices/models.js";
import { NativeDevice } from "../../../simulator/devices/nativeDevice.js";
import { FAULTS_PER_MINUTE_MAX, ISOLATION_MS, SHADOW_FLUSH_MS } from "../../../src/device/gateway/limits.js";
import { GatewayHouse, LINK } from "../../support/gatewayHouse.js";
import { FIRE, FIRE_DEVICES } from "./sampleRules.js";

describe("joining", () => {
  test("nobody joins while the window is closed, and whoever was heard is asked when it opens", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.input({ kind: "linkUp", link: LINK });
    house.connect(house.device("lamp"));
    house.run(1_000);
    expect(house.core.member("lamp")).toBeUndefined();
    expect(house.refusals()).toContain("GATEWAY_NOT_JOINING");
    expect([...house.core.candidates].map(({ address }) => address)).toEqual(["lamp"]);
    house.input({ kind: "joinWindow", forMs: 5_000 });
    house.run(1_000);
    expect(house.core.member("lamp")?.availability).toBe("online");
    expect([...house.core.candidates]).toEqual([]);
  });

  test("the window closes by itself", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.input({ kind: "linkUp", link: LINK });
    house.input({ kind: "joinWindow", forMs: 1_000 });
    house.run(1_500);
    house.connect(house.device("lamp"));
    house.run(1_000);
    expect(house.core.member("lamp")).toBeUndefined();
    expect(house.outputs.filter(({ kind }) => kind === "joinWindow")).toEqual([
      { kind: "joinWindow", open: true, forMs: 1_000 },
      { kind: "joinWindow", open: false, forMs: 0 },
    ]);
  });

  test("a device with a key answers for itself, the gateway for one without", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    expect(house.core.member("smoke")?.record.voucher).toEqual({ kind: "key", publicKey: house.keyOf(1).publicKey });
    expect(house.core.member("lamp")?.record.voucher).toEqual({ kind: "gateway" });
  });

  test("who answers with another key than it signs with does not join", () => {
    const house = new GatewayHouse({ devices: [] });
    const liar = new NativeDevice({
      ...{ id: "liar", model: MODELS.lamp, seed: 1, index: 9 },
      key: { publicKey: house.keyOf(5).publicKey, sign: house.keyOf(6).sign },
    });
    house.devices.set("liar", liar);
    house.settle();
    expect(house.core.member("liar")).toBeUndefined();
    expect(house.core.counters.get("GATEWAY_SIGNATURE_WRONG")).toBe(1);
  });

  test("a key joins once, whatever name it comes under", () => {
    const house = new GatewayHouse({ devices: [{ id: "first", model: "lamp", signs: true }] });
    house.settle();
    const second = new NativeDevice({ id: "second", model: MODELS.lamp, seed: 1, index: 2, key: house.keyOf(1) });
    house.devices.set("second", second);
    house.input({ kind: "joinWindow", forMs: 60_000 });
    house.connect(second);
    house.run(1_000);
    expect(house.core.member("second")).toBeUndefined();
    expect(house.refusals()).toContain("GATEWAY_KEY_TAKEN");
  });

  test("an answer to a question of yesterday proves nothing", () => {
    const house = new GatewayHouse({ devices: [] });
    const lamp = new NativeDevice({ id: "lamp", model: MODELS.lamp, seed: 1, index: 1, births: 0 });
    house.input({ kind: "linkUp", link: LINK });
    house.input({ kind: "joinWindow", forMs: 60_000 });
    const old = lamp.challenge({ kind: "challenge", nonce: new Uint8Array(32).fill(1) });
    house.publish("lamp", lamp.birthMessage());
    house.run(10);
    house.publish("lamp", old);
    house.run(1_000);
    expect(house.core.member("lamp")).toBeUndefined();
    expect(house.core.counters.get("GATEWAY_INTERVIEW_FAILED")).toBe(1);
  });

  test("where only registered devices may join, the others do not", () => {
    const house = new GatewayHouse({
      devices: FIRE_DEVICES,
      registeredOnly: true,
      registration: (id) =>
        id === "lamp"
          ? { verdict: "registered", trustTier: 1, evidence: { kind: "file", path: "x" } }
          : { verdict: id === "window" ? "suspended" : "unknown" },
    });
    house.settle();
    expect([...house.core.view.devices()].map(({ record }) => record.id)).toEqual(["lamp"]);
    expect(house.core.counters.get("GATEWAY_NOT_REGISTERED")).toBeGreaterThanOrEqual(3);
  });

  test("who has joined is known after a restart, with its readings, which are of unknown age", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    house.report("heat");
    house.run(SHADOW_FLUSH_MS + 1_000);
    house.restart();
    expect(house.core.readingsOf("heat").get("temperature")?.value).toBeGreaterThan(1_000);
    expect(house.core.view.fresh("heat", "temperature", house.now.monotonicMs)).toBe(false);
    house.report("heat");
    house.run(100);
    expect(house.core.view.fresh("heat", "temperature", house.now.monotonicMs)).toBe(true);
  });
});

describe("presence", () => {
  test("a will makes a device offline, its next word online again", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const lamp = house.device("lamp");
    house.publish("lamp", lamp.death());
    house.run(100);
    expect(house.core.member("lamp")?.availability).toBe("offline");
    house.report("lamp");
    house.run(100);
    expect(house.core.member("lamp")?.availability).toBe("online");
  });

  test("the will of an earlier start says nothing about this one", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    const lamp = house.device("lamp");
    const old = lamp.death();
    lamp.powerOn(house.deviceNow);
    house.settle();
    house.publish("lamp", old, true);
    house.run(100);
    expect(house.core.member("lamp")?.availability).toBe("online");
  });

  test("a device that falls silent is offline, is asked again with growing pauses, and answers when it is back", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const heat = house.device("heat");
    house.devices.delete("heat");
    house.run(50 * 60_000);
    expect(house.core.member("heat")?.availability).toBe("offline");
    const member = house.core.member("heat");
    const early = member?.probes ?? 0;
    house.run(60 * 60_000);
    expect((member?.probes ?? 0) - early).toBeLessThan(8);
    house.devices.set("heat", heat);
    house.run(60 * 60_000);
    expect(house.core.member("heat")?.availability).toBe("online");
  });

  test("while the link is down nobody knows, and what was said then does not count as fresh", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    house.input({ kind: "linkDown", link: LINK });
    expect(house.core.member("lamp")?.availability).toBe("unknown");
    house.input({ kind: "linkUp", link: LINK });
    house.run(6_000);
    expect(house.core.member("lamp")?.availability).toBe("online");
  });
});

describe("hostile devices", () => {
  test("of a device with a key only what it has signed counts", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES, rules: [FIRE] });
    house.settle();
    const forged = new NativeDevice({ id: "smoke", model: MODELS.smoke, seed: 1, index: 1, births: 9 });
    forged.set("smoke", true);
    house.publish("smoke", forged.birthMessage());
    house.publish("smoke", forged.state(house.deviceNow));
    house.run(1_000);
    expect(house.core.counters.get("GATEWAY_SIGNATURE_MISSING")).toBe(1);
    expect(house.core.readingsOf("smoke").get("smoke")?.value).toBe(false);
    expect(house.arrived).toEqual([]);
    // The true one goes on being heard.
    house.device("smoke").set("smoke", true);
    house.report("smoke");
    house.run(1_000);
    expect(house.core.readingsOf("smoke").get("smoke")?.value).toBe(true);
  });

  test("a message of another device's name and key is refused under this one's", () => {
    const house = new GatewayHouse({
      devices: [
        { id: "a", model: "smoke", signs: true },
        { id: "b", model: "smoke", signs: true },
      ],
    });
    house.settle();
    house.device("a").set("smoke", true);
    const [state] = house.device("a").report(house.deviceNow);
    if (state !== undefined) house.publish("b", { ...state, sequence: 99 } as typeof state);
    house.run(100);
    expect(house.core.readingsOf("b").get("smoke")?.value).toBe(false);
    expect(house.core.counters.get("GATEWAY_SIGNATURE_WRONG")).toBe(1);
  });

  test("old messages again are refused and change nothing", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const lamp = house.device("lamp");
    const old = lamp.state(house.deviceNow);
    lamp.set("lit", true);
    house.run(10);
    house.publish("lamp", lamp.state(house.deviceNow));
    house.run(100);
    house.publish("lamp", old);
    house.run(100);
    expect(house.core.readingsOf("lamp").get("lit")?.value).toBe(true);
    expect(house.refusals()).toContain("GATEWAY_REPLAYED");
  });

  test("a broker's repetition of the newest message is no offence", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const state = house.device("lamp").state(house.deviceNow);
    house.publish("lamp", state);
    house.publish("lamp", state);
    house.run(100);
    expect(house.refusals()).toEqual([]);
    expect(house.core.counters.get("GATEWAY_MESSAGE_REPEATED")).toBe(1);
  });

  test("two devices under one name: both are shut out until somebody says which is the true one", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const lamp = house.device("lamp");
    const clone = new NativeDevice({ id: "lamp", model: MODELS.lamp, seed: 2, index: 3, births: lamp.birth - 1 });
    clone.powerOn(house.deviceNow);
    clone.set("lit", true);
    for (let round = 0; round < 6; round++) {
      house.publish("lamp", lamp.state(house.deviceNow));
      house.publish("lamp", clone.state({ ...house.deviceNow, worldMs: 20_000 + house.deviceNow.worldMs }));
      house.run(1_000);
    }
    expect(house.refusals()).toContain("GATEWAY_DEVICE_CLONED");
    expect(house.core.member("lamp")?.availability).toBe("offline");
    house.input({ kind: "command", request: { by: "operator", device: "lamp", target: "lit", value: true } });
    expect(house.refusals().at(-1)).toBe("GATEWAY_ISOLATED");
    house.input({ kind: "release", device: "lamp" });
    lamp.powerOn(house.deviceNow);
    house.connect(lamp);
    house.run(6_000);
    expect(house.core.member("lamp")?.availability).toBe("online");
  });

  test("a device that keeps saying wrong things is not listened to for a while; the others do not notice", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const lamp = house.device("lamp");
    for (let i = 0; i <= FAULTS_PER_MINUTE_MAX; i++) {
      house.publish("lamp", lamp.stateOf([["level", 101 + i]], house.deviceNow));
      house.run(200);
    }
    expect(house.outputs.filter(({ kind }) => kind === "isolated")).toHaveLength(1);
    expect(house.core.readingsOf("lamp").get("level")?.value).toBe(100);
    house.report("window");
    house.run(100);
    expect(house.core.member("window")?.availability).toBe("online");
    house.run(ISOLATION_MS);
    house.report("lamp");
    house.run(100);
    expect(house.core.member("lamp")?.availability).toBe("online");
  });

  test("a flood is cut off", () => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    for (let i = 0; i < 400; i++) house.publish("lamp", house.device("lamp").state(house.deviceNow));
    house.run(1_000);
    expect(house.core.counters.get("GATEWAY_FLOODED")).toBeGreaterThan(0);
    expect(house.outputs.filter(({ kind }) => kind === "reading").length).toBeLessThan(400);
  });

  test.each([
    ["a property it does not have", [["colour", 3]]],
    ["another type", [["lit", 1]]],
    ["a value out of range", [["level", 101]]],
  ] as const)("%s is refused, and what else the message says is taken", (_, values) => {
    const house = new GatewayHouse({ devices: FIRE_DEVICES });
    house.settle();
    const lamp = house.device("lamp");
    house.publish("lamp", lamp.stateOf([...values, ["level", 55]], house.deviceNow));
    house.run(100);
    expect(house.refusals()).toHaveLength(1);
    expect(house.core.readingsOf("lamp").get("level")?.value).toBe(55);
  });
});
