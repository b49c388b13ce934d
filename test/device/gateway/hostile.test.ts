/** What a stranger at the broker may try in the name of somebody else. */
import { describe, expect, test } from "vitest";
import { MODELS } from "../../../simulator/devices/models.js";
import { NativeDevice } from "../../../simulator/devices/nativeDevice.js";
import type { DeviceMessage } from "../../../src/codec/device/messages.js";
import type { Registration } from "../../../src/device/device.js";
import { DOUBT_MS, FAULTS_PER_MINUTE_MAX, ISOLATION_MS } from "../../../src/device/gateway/limits.js";
import { GatewayHouse, type HouseOptions, LINK } from "../../support/gatewayHouse.js";
import { FIRE, FIRE_DEVICES } from "./sampleRules.js";

const MANY = 3 * FAULTS_PER_MINUTE_MAX;

function house(options: Partial<HouseOptions> = {}): GatewayHouse {
  const made = new GatewayHouse({ devices: FIRE_DEVICES, rules: [FIRE], ...options });
  made.settle();
  made.input({ kind: "joinWindow", forMs: 0 });
  return made;
}

/** The alarm still works. */
function expectFireIsHeard(home: GatewayHouse): void {
  home.device("smoke").set("smoke", true);
  home.report("smoke");
  home.run(2_000);
  expect(home.core.member("smoke")?.conduct.isolatedUntilMs).toBeUndefined();
  expect(home.core.readingsOf("smoke").get("smoke")?.value).toBe(true);
  expect(home.device("valve").commandsDone).toBe(1);
}

describe("a device with a key is not shut out by what others say in its name", () => {
  const stranger = () => new NativeDevice({ id: "smoke", model: MODELS.smoke, seed: 1, index: 1, births: 0 });
  const key = { publicKey: new Uint8Array(64).fill(7), signature: new Uint8Array(65).fill(7) };

  test.each<[string, (home: GatewayHouse, round: number) => DeviceMessage]>([
    ["births of an earlier start", () => ({ ...stranger().birthMessage(), birth: 1 })],
    ["births of a later start", (_, round) => ({ ...stranger().birthMessage(), birth: 100 + round })],
    ["states without a signature", (home) => stranger().state(home.deviceNow)],
    ["states with a wrong signature", (home) => ({ ...stranger().state(home.deviceNow), signature: key.signature })],
    ["answers to nobody's question", () => identity(new Uint8Array(32).fill(1))],
    ["deaths", (home) => ({ kind: "death", birth: home.device("smoke").birth })],
    ["acknowledgements", () => ({ kind: "ack", id: new Uint8Array(16), result: "done" })],
  ])("%s", (_, make) => {
    const home = house();
    home.device("smoke").powerOn(home.deviceNow);
    home.connect(home.device("smoke"));
    home.run(1_000);
    for (let round = 0; round < MANY; round++) {
      home.publish("smoke", make(home, round));
      home.run(100);
      expect(home.core.member("smoke")?.availability).toBe("online");
    }
    expectFireIsHeard(home);
  });

  function identity(nonce: Uint8Array): DeviceMessage {
    const { profile, serial, software } = stranger().birthMessage();
    return { kind: "identity", nonce, birth: 9, profile, serial, software, ...key };
  }

  test("nor by bytes that are no message, nor by others who take over its connection", () => {
    const home = house();
    for (let round = 0; round < MANY; round++) {
      home.input({ kind: "unreadable", link: LINK, address: "smoke", code: "DEVICE_MESSAGE_KIND" });
      home.input({ kind: "takenOver", link: LINK, address: "smoke" });
    }
    expectFireIsHeard(home);
  });

  test("nor by repetitions of what it has signed itself, in this start or in an earlier one", () => {
    const home = house();
    const smoke = home.device("smoke");
    const early = smoke.state(home.deviceNow);
    home.run(1_000);
    smoke.powerOn(home.deviceNow);
    home.connect(smoke);
    home.run(1_000);
    const late = smoke.state(home.deviceNow);
    home.report("smoke");
    home.run(1_000);
    for (let round = 0; round < MANY; round++) {
      home.publish("smoke", early);
      home.publish("smoke", late);
      home.run(200);
    }
    expectFireIsHeard(home);
  });

  test("nor by whoever answers faster than it does", () => {
    const home = house();
    const smoke = home.device("smoke");
    const challenge = smoke.challenge.bind(smoke);
    // The other one hears the question too, and is first.
    smoke.challenge = (asked) => {
      home.publish("smoke", identity(asked.nonce));
      return challenge(asked);
    };
    home.input({ kind: "linkDown", link: LINK });
    home.input({ kind: "linkUp", link: LINK });
    const state = smoke.state.bind(smoke);
    smoke.state = (now) => ({ ...state(now), signature: new Uint8Array(0) });
    home.run(6_000);
    expect(home.core.counters.get("GATEWAY_KEY_MISMATCH")).toBeGreaterThan(0);
    expect(home.core.member("smoke")?.availability).toBe("online");
  });

  test("who says that it is gone is believed only when it does not answer", () => {
    const home = house();
    const smoke = home.device("smoke");
    home.publish("smoke", smoke.death());
    home.run(100);
    expect(home.core.member("smoke")?.availability).toBe("online");
    home.devices.delete("smoke");
    home.publish("smoke", smoke.death());
    home.run(DOUBT_MS + 500);
    expect(home.core.member("smoke")?.availability).toBe("offline");
  });

  test("two devices with one key and different starts are found by the answer to a fresh number", () => {
    const home = house();
    const { birth } = home.device("smoke");
    const copy = new NativeDevice({ id: "smoke", model: MODELS.smoke, seed: 1, index: 0, key: home.keyOf(1) });
    copy.powerOn(home.deviceNow);
    expect(copy.birth).toBeLessThanOrEqual(birth);
    home.device("smoke").powerOn(home.deviceNow);
    home.connect(home.device("smoke"));
    home.run(1_000);
    home.devices.set("smoke", copy);
    for (let round = 0; round < 6; round++) {
      home.publish("smoke", copy.state(home.deviceNow));
      home.run(1_000);
    }
    expect(home.refusals()).toContain("GATEWAY_DEVICE_CLONED");
  });
});

describe("an open window is no door to who is there already", () => {
  test("another key does not take the place of the one that joined", () => {
    const home = house();
    const before = home.core.member("smoke")?.record.voucher;
    for (const device of [
      new NativeDevice({ id: "smoke", model: MODELS.smoke, seed: 1, index: 1, births: 50, key: home.keyOf(200) }),
      new NativeDevice({ id: "smoke", model: MODELS.smoke, seed: 1, index: 1, births: 50 }),
    ]) {
      home.devices.set("smoke", device);
      home.input({ kind: "joinWindow", forMs: 60_000 });
      home.connect(device);
      home.run(15_000);
      expect(home.core.member("smoke")?.record.voucher).toEqual(before);
    }
    expect(home.core.counters.get("GATEWAY_KEY_MISMATCH")).toBeGreaterThan(0);
  });

  test("nobody joins under the name of a device that is elsewhere", () => {
    const home = house();
    const lamp = home.core.member("lamp");
    if (lamp === undefined) throw new TypeError("no lamp");
    const record = { ...lamp.record, id: "hall", address: "lamp-7" };
    home.input({ kind: "install", record, profile: lamp.profile, by: "file" });
    const hall = new NativeDevice({ id: "hall", model: MODELS.lamp, seed: 1, index: 1 });
    hall.powerOn(home.deviceNow);
    home.devices.set("hall", hall);
    home.input({ kind: "joinWindow", forMs: 60_000 });
    home.connect(hall);
    home.run(5_000);
    expect(home.core.member("hall")).toMatchObject({ fixed: true, record: { address: "lamp-7" } });
    expect(home.refusals()).toContain("GATEWAY_DEVICE_EXISTS");
  });

  test("a bridge does not take over a device with a key", () => {
    const home = house();
    const smoke = home.core.member("smoke");
    const lamp = home.core.member("lamp");
    if (smoke === undefined || lamp === undefined) throw new TypeError("not there");
    const record = { ...smoke.record, profile: lamp.profile.id, voucher: { kind: "gateway" as const } };
    home.input({ kind: "install", record, profile: lamp.profile, by: "bridge" });
    expect(home.core.member("smoke")?.profile.id).toBe(smoke.profile.id);
  });

  test("joining again makes what was said before no newer", () => {
    const home = house();
    const smoke = home.device("smoke");
    smoke.set("smoke", true);
    const alarm = smoke.state(home.deviceNow);
    home.publish("smoke", alarm);
    home.run(100);
    smoke.set("smoke", false);
    home.publish("smoke", smoke.state(home.deviceNow));
    home.run(100);
    const challenge = smoke.challenge.bind(smoke);
    // Only the answer arrives before the repetition.
    home.input({ kind: "joinWindow", forMs: 60_000 });
    const birth = smoke.birthMessage();
    smoke.challenge = (asked) => challenge(asked);
    smoke.state = () => alarm as ReturnType<NativeDevice["state"]>;
    home.publish("smoke", birth);
    home.run(5_000);
    expect(home.core.readingsOf("smoke").get("smoke")?.value).toBe(false);
  });
});

describe("registration", () => {
  const registered: Registration = { verdict: "registered", trustTier: 1, evidence: { kind: "file", path: "x" } };

  test.each(["suspended", "retired", "unknown", "key-mismatch"] as const)(
    "a device that is %s is not heard",
    (verdict) => {
      const now = new Map<string, Registration>();
      const home = house({ registeredOnly: true, registration: (id) => now.get(id) ?? registered });
      expect(home.core.view.fresh("smoke", "smoke", home.now.monotonicMs)).toBe(true);
      now.set("smoke", { verdict });
      home.input({ kind: "registrationsChanged" });
      home.device("smoke").set("smoke", true);
      home.report("smoke");
      home.run(1_000);
      expect(home.core.readingsOf("smoke").get("smoke")?.value).toBe(false);
      expect(home.core.view.fresh("smoke", "smoke", home.now.monotonicMs)).toBe(false);
      expect(home.arrived).toEqual([]);
      expect(home.refusals()).toContain("GATEWAY_NOT_REGISTERED");
    },
  );

  test("a device whose record names a key, and whose protocol signs nothing, is not believed", () => {
    const home = house();
    const smoke = home.core.member("smoke");
    if (smoke === undefined) throw new TypeError("no smoke");
    const readings = [["smoke", true]] as const;
    home.input({ kind: "heard", device: "smoke", retained: false, readings, events: [], faults: [] });
    expect(home.core.readingsOf("smoke").get("smoke")?.value).toBe(false);
    expect(home.refusals()).toContain("GATEWAY_SIGNATURE_MISSING");
  });

  test("a retired device's place is free for another one, in whatever order the file names them", () => {
    const retired: Registration = { verdict: "retired" };
    const home = house({ registration: (id) => (id === "old" ? retired : registered) });
    const lamp = home.core.member("lamp");
    if (lamp === undefined) throw new TypeError("no lamp");
    const { record, profile } = lamp;
    for (const id of ["old", "lamp", "old"])
      home.input({ kind: "install", record: { ...record, id }, profile, by: "file" });
    home.device("lamp").set("lit", true);
    home.report("lamp");
    home.run(100);
    expect(home.core.readingsOf("lamp").get("lit")?.value).toBe(true);
  });
});

test("a device of the file without a key may answer with any", () => {
  const home = house();
  const smoke = home.core.member("smoke");
  if (smoke === undefined) throw new TypeError("no smoke");
  const record = { ...smoke.record, voucher: { kind: "gateway" as const } };
  home.input({ kind: "install", record, profile: smoke.profile, by: "file" });
  home.run(10_000);
  expect(home.core.member("smoke")?.availability).toBe("online");
  expect(home.refusals()).toEqual([]);
});

test("all devices of a large house are asked and answer, however slow their network is", () => {
  const devices = Array.from({ length: 200 }, (_, i) => ({ id: `lamp${i}`, model: "lamp" as const }));
  const home = new GatewayHouse({ devices, delayMs: 4_000 });
  home.settle();
  home.input({ kind: "joinWindow", forMs: 600_000 });
  for (let round = 0; round < 10; round++) {
    for (const device of home.devices.values()) if (home.core.member(device.id) === undefined) home.connect(device);
    home.run(10_000);
  }
  home.input({ kind: "joinWindow", forMs: 0 });
  home.run(10_000);
  expect([...home.core.view.devices()]).toHaveLength(200);
  home.outputs = [];
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "linkUp", link: LINK });
  home.run(15_000);
  expect(home.refusals()).not.toContain("GATEWAY_INTERVIEW_FAILED");
});

describe("two connections under one name, of a device without a key", () => {
  const twoAt = (home: GatewayHouse, times: number): void => {
    for (let i = 0; i < times; i++) home.input({ kind: "takenOver", link: LINK, address: "lamp" });
  };

  test("a bad connection shuts nobody out", () => {
    const home = new GatewayHouse({ devices: FIRE_DEVICES });
    home.settle();
    for (let minute = 0; minute < 5; minute++) {
      twoAt(home, 5);
      home.run(60_000);
    }
    expect(home.outputs.filter(({ kind }) => kind === "isolated")).toEqual([]);
  });

  test("a fight for it does, for a while", () => {
    const home = new GatewayHouse({ devices: FIRE_DEVICES });
    home.settle();
    twoAt(home, 20);
    expect(home.refusals()).toContain("GATEWAY_DEVICE_CLONED");
    expect(home.core.member("lamp")?.availability).toBe("offline");
    home.run(ISOLATION_MS);
    home.report("lamp");
    home.run(1_000);
    expect(home.core.member("lamp")?.availability).toBe("online");
  });
});
