import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMqtt } from "../../src/device/convert/mqttRead.js";
import { refreshMqtt, writeMqtt } from "../../src/device/convert/mqttWrite.js";
import type { DeviceProfile } from "../../src/device/profile.js";
import {
  readBridgeDevices,
  readZigbeeState,
  ZIGBEE_DEVICES_MAX,
  ZIGBEE_LIST_BYTES_MAX,
} from "../../src/device/zigbee/bridge.js";
import { EXPOSES_MAX } from "../../src/device/zigbee/exposes.js";
import { textOf } from "../../src/text/index.js";

const RECORDED = readFileSync(new URL("../vectors/zigbee2mqtt/bridge-devices.json", import.meta.url));
const BASE = "zigbee2mqtt";
const SENDER = { commandId: "00", client: "gateway" };
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function deviceCalled(name: string) {
  const device = readBridgeDevices(BASE, RECORDED).devices.find(({ friendlyName }) => friendlyName === name);
  if (device === undefined) throw new TypeError(`no ${name}`);
  return device;
}

function summary({ properties, actions, events }: DeviceProfile): string[] {
  return [
    ...[...properties.values()].map(
      ({ name, capability, readable, writable, safetyClass }) =>
        `${name} ${capability} ${readable ? "r" : ""}${writable ? `w${safetyClass}` : ""}`,
    ),
    ...[...actions.values()].map(({ name, capability, safetyClass }) => `${name}() ${capability} ${safetyClass}`),
    ...[...events.values()].map(({ name, capability }) => `${name}! ${capability}`),
  ];
}

const said = (name: string, message: unknown) => {
  const { profile, address } = deviceCalled(name);
  return readMqtt(profile, address, address, bytes(message));
};

const told = (name: string, target: string, value?: boolean | number | string) => {
  const { profile, address } = deviceCalled(name);
  const message = writeMqtt(profile, address, target, value, SENDER);
  return "code" in message ? message.code : `${message.topic} ${new TextDecoder().decode(message.payload)}`;
};

describe("the list of a Zigbee2MQTT bridge", () => {
  it("gives every device a profile of its own, and the coordinator none", () => {
    const { devices, problems } = readBridgeDevices(BASE, RECORDED);
    expect(devices.map(({ friendlyName, profile }) => `${friendlyName}: ${profile.deviceClass}`)).toEqual([
      "hall/lamp: lamp",
      "front door: sensor.contact",
      "kitchen smoke: sensor.smoke",
      "hall motion: sensor.motion",
      "front door lock: lock",
      "garden valve: valve",
      "fridge plug: plug",
      "0xa4c1381122334455: plug",
      "Wohnküche Klima: sensor.climate",
      "bed switch: button",
      "bath radiator: thermostat",
      "siren: siren",
      "blind: cover",
      "desk lamp: lamp",
      "stairs: switch",
    ]);
    expect(new Set(devices.map(({ profile }) => profile.id)).size).toBe(devices.length);
    expect(devices[0]).toMatchObject({ address: "zigbee2mqtt/hall/lamp", vendor: "IKEA", battery: false });
    expect(problems).toEqual([]);
  });

  it("gives the same profile again for the same device", () => {
    const ids = () => readBridgeDevices(BASE, RECORDED).devices.map(({ profile }) => profile.id);
    expect(ids()).toEqual(ids());
  });

  it("makes a lamp of a light: level in per cent, toggles apart", () => {
    const { profile } = deviceCalled("desk lamp");
    expect(summary(profile)).toEqual(
      expect.arrayContaining([
        "state light.on rw0",
        "brightness light.level rw0",
        "color_temp light.color-temp rw0",
        "color_temp_startup other.value rw1",
        "color_x light.color r",
        "color_saturation light.color r",
        "effect other.value rw1",
        "state_toggle() switch.toggle 1",
        "identify() other.command 1",
      ]),
    );
    expect(profile.actions.get("state_toggle")).toMatchObject({ idempotent: false, capability: "switch.toggle" });
    const message = { state: "ON", brightness: 127, color: { x: 0.3127, y: 0.329 }, color_temp: 250, linkquality: 9 };
    expect(said("desk lamp", message)).toMatchObject({
      readings: [
        ["state", true],
        ["brightness", 50],
        ["color_temp", 250],
        ["color_x", 3_127],
        ["color_y", 3_290],
      ],
      problems: [],
    });
    expect(told("desk lamp", "brightness", 100)).toBe('zigbee2mqtt/desk lamp/set {"brightness":254}');
    expect(told("desk lamp", "state_toggle")).toBe('zigbee2mqtt/desk lamp/set {"state":"TOGGLE"}');
  });

  it("knows that a closed contact is true", () => {
    expect(said("front door", { contact: true, battery: 91, voltage: 3005 }).readings).toContainEqual([
      "contact",
      true,
    ]);
    expect(said("front door", { contact: false }).readings).toEqual([["contact", false]]);
  });

  it("takes a lock as seriously as a lock, and hears of no PIN", () => {
    const { profile } = deviceCalled("front door lock");
    const lines = summary(profile);
    expect(lines).toContain("state lock.state rw2");
    expect(lines).toContain("lock_state lock.state r");
    expect(lines).toContain("auto_relock_time other.value rw2");
    expect(lines.join("\n")).not.toMatch(/pin/i);
    expect(profile.properties.get("state")?.safe).toEqual({ kind: "values", values: [true] });
    expect(told("front door lock", "state", false)).toBe('zigbee2mqtt/front door lock/set {"state":"UNLOCK"}');
    expect(said("front door lock", { state: "LOCK", lock_state: "locked", action: "unlock" })).toMatchObject({
      readings: [
        ["state", true],
        ["lock_state", "locked"],
      ],
      events: [{ name: "action", value: "unlock" }],
    });
  });

  it("takes a switch whose description says valve for a valve", () => {
    const { profile } = deviceCalled("garden valve");
    expect(profile.properties.get("state")).toMatchObject({
      capability: "valve.open",
      safetyClass: 3,
      safe: { kind: "values", values: [false] },
    });
    expect(profile.properties.get("auto_close_when_water_shortage")?.safetyClass).toBe(3);
    expect(told("garden valve", "state", false)).toBe('zigbee2mqtt/garden valve/set {"state":"OFF"}');
  });

  it("takes what switches a valve, a heater or a part of a lock as seriously as they are", () => {
    const on = { type: "binary", name: "state", property: "state", access: 7, value_on: "ON", value_off: "OFF" };
    const lock = { ...on, value_on: "LOCK", value_off: "UNLOCK" };
    const derived = (description: string, exposes: unknown[]) => {
      const [, entry] = JSON.parse(RECORDED.toString("utf8"));
      const { devices } = readBridgeDevices(
        BASE,
        bytes([{ ...entry, definition: { ...entry.definition, description, exposes } }]),
      );
      return summary(devices[0]!.profile).join(", ");
    };
    expect(derived("Gas valves", [on])).toBe("state valve.open rw3");
    expect(derived("Boiler relay", [{ type: "switch", features: [on] }])).toBe("state heater.on rw2");
    expect(derived("Relay", [{ type: "switch", features: [on] }])).toBe("state switch.on rw1");
    expect(
      derived("TRV", [
        { type: "climate", features: [] },
        { type: "switch", features: [on] },
      ]),
    ).toBe("state heater.on rw2");
    const relay = { ...on, property: "state_relay" };
    expect(
      derived("Lock with relay", [
        { type: "lock", features: [lock] },
        { type: "switch", features: [relay] },
      ]),
    ).toBe("state lock.state rw2, state_relay switch.on rw2");
  });

  it("makes a property of a siren that can only be told", () => {
    expect(told("siren", "siren", true)).toBe(
      'zigbee2mqtt/siren/set {"warning":{"mode":"emergency","strobe":true,"duration":1800}}',
    );
    expect(deviceCalled("siren").profile.properties.get("siren")).toMatchObject({ readable: false, safetyClass: 1 });
  });

  it("keeps the gangs of a switch apart and reads smoke, motion, climate and buttons", () => {
    expect(told("stairs", "state_l2", true)).toBe('zigbee2mqtt/stairs/set {"state_l2":"ON"}');
    expect(said("kitchen smoke", { smoke: true, battery_low: false }).readings).toEqual([
      ["smoke", true],
      ["battery_low", false],
    ]);
    expect(said("hall motion", { occupancy: true, illuminance: 17 }).readings).toEqual([
      ["occupancy", true],
      ["illuminance", 17],
    ]);
    expect(said("Wohnküche Klima", { temperature: 27.34, humidity: 44.72, pressure: 1003.5 }).readings).toEqual([
      ["temperature", 2734],
      ["humidity", 4472],
      ["pressure", 100_350],
    ]);
    expect(said("bed switch", { action: "on" }).events).toEqual([{ name: "action", value: "on" }]);
    expect(said("bed switch", { action: "" })).toMatchObject({ events: [], problems: [] });
    const setpoint = deviceCalled("bath radiator").profile.properties.get("occupied_heating_setpoint");
    expect(setpoint).toMatchObject({ capability: "climate.setpoint", safe: { kind: "lower" }, safetyClass: 2 });
  });

  it("asks a device for its state", () => {
    const { profile, address } = deviceCalled("fridge plug");
    const [message] = refreshMqtt(profile, address, SENDER);
    expect(message?.topic).toBe("zigbee2mqtt/fridge plug/get");
    expect(JSON.parse(new TextDecoder().decode(message?.payload))).toEqual({
      state: "",
      power: "",
      voltage: "",
      current: "",
      energy: "",
    });
  });

  it("tells availability in both formats", () => {
    const { profile, address } = deviceCalled("fridge plug");
    const topic = `${address}/availability`;
    expect(readMqtt(profile, address, topic, bytes({ state: "online" })).availability).toBe("online");
    expect(readMqtt(profile, address, topic, new TextEncoder().encode("offline")).availability).toBe("offline");
    expect(readZigbeeState(bytes({ state: "offline" }))).toBe("offline");
    expect(readZigbeeState(new TextEncoder().encode("online"))).toBe("online");
    for (const other of ["", "on", "{", '{"state":1}', "[]", "x".repeat(2_000)]) {
      expect(readZigbeeState(new TextEncoder().encode(other))).toBeUndefined();
    }
    expect(readZigbeeState(Uint8Array.of(0xff))).toBeUndefined();
  });
});

describe("a bad list", () => {
  const good = JSON.parse(RECORDED.toString("utf8"))[1];
  const expose = { type: "numeric", name: "power", property: "power", access: 1, unit: "W" };
  const withExposes = (...exposes: unknown[]) => ({ ...good, definition: { ...good.definition, exposes } });
  const read = (entries: unknown) => {
    const { devices, problems } = readBridgeDevices(BASE, bytes(entries));
    for (const problem of problems) expect(textOf(problem.code)?.says(problem)).not.toContain("undefined");
    return { names: devices.map(({ friendlyName }) => friendlyName), codes: problems.map(({ code }) => code) };
  };

  it("that is none costs itself only", () => {
    const codes = (payload: Uint8Array) => readBridgeDevices(BASE, payload).problems.map(({ code }) => code);
    expect(codes(new Uint8Array(ZIGBEE_LIST_BYTES_MAX + 1))).toEqual(["ZIGBEE_LIST_SIZE"]);
    expect(codes(Uint8Array.of(0xff))).toEqual(["ZIGBEE_LIST_JSON"]);
    expect(codes(new TextEncoder().encode("[".repeat(5_000)))).toEqual(["ZIGBEE_LIST_JSON"]);
    expect(codes(bytes({}))).toEqual(["ZIGBEE_LIST_SHAPE"]);
    const many = Array.from({ length: ZIGBEE_DEVICES_MAX + 1 }, () => null);
    expect(codes(bytes(many))[0]).toBe("ZIGBEE_TOO_MANY_DEVICES");
  });

  it("loses its bad entries one by one", () => {
    const bad: [unknown, string][] = [
      [null, "ZIGBEE_DEVICE_SHAPE"],
      [[], "ZIGBEE_DEVICE_SHAPE"],
      [{ ...good, ieee_address: "0x1" }, "ZIGBEE_DEVICE_SHAPE"],
      [{ ...good, friendly_name: 7 }, "ZIGBEE_DEVICE_SHAPE"],
      [{ ...good, friendly_name: "a/+" }, "ZIGBEE_DEVICE_NAME"],
      [{ ...good, friendly_name: "a\u0000" }, "ZIGBEE_DEVICE_NAME"],
      [{ ...good, friendly_name: "bridge/state" }, "ZIGBEE_DEVICE_NAME"],
      [{ ...good, friendly_name: "other/set" }, "ZIGBEE_DEVICE_NAME"],
      [{ ...good, friendly_name: "x".repeat(300) }, "ZIGBEE_DEVICE_NAME"],
      [{ ...good, interview_state: "FAILED" }, "ZIGBEE_DEVICE_NOT_READY"],
      [{ ...good, interview_state: undefined, interview_completed: false }, "ZIGBEE_DEVICE_NOT_READY"],
      [{ ...good, definition: null }, "ZIGBEE_DEVICE_UNSUPPORTED"],
      [{ ...good, definition: { ...good.definition, exposes: "x" } }, "ZIGBEE_DEVICE_SHAPE"],
      [withExposes(), "ZIGBEE_DEVICE_EMPTY"],
    ];
    const other = { ...good, ieee_address: "0x00000000000000aa", friendly_name: "good one" };
    for (const [entry, code] of bad) expect(read([entry, other])).toEqual({ names: ["good one"], codes: [code] });
    expect(read([good, good])).toEqual({ names: ["hall/lamp"], codes: ["ZIGBEE_DEVICE_TWICE"] });
    expect(read([good, { ...other, friendly_name: good.friendly_name }]).codes).toEqual(["ZIGBEE_DEVICE_TWICE"]);
  });

  it("loses the abilities that are malformed, and keeps the device", () => {
    const bad: [unknown, string][] = [
      [null, "ZIGBEE_EXPOSE_SHAPE"],
      [{}, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: undefined, name: undefined }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "a{value}" }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "x".repeat(65) }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "p2", access: 8 }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "p2", access: "1" }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "p2", value_min: 5, value_max: 5 }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "p2", value_max: 1e300 }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ ...expose, property: "p2", value_min: "low" }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "binary", property: "p2", access: 1, value_on: "ON", value_off: "ON" }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "binary", property: "p2", access: 1, value_on: {}, value_off: 0 }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "enum", property: "p2", access: 1, values: [] }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "enum", property: "p2", access: 1, values: ["a", "a"] }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "enum", property: "p2", access: 1, values: [["a"]] }, "ZIGBEE_EXPOSE_SHAPE"],
      [{ type: "list", property: "p2", access: 1 }, "ZIGBEE_EXPOSE_UNKNOWN"],
      [{ type: "composite", features: [] }, "ZIGBEE_EXPOSE_SHAPE"],
      [expose, "ZIGBEE_EXPOSE_TWICE"],
    ];
    for (const [one, code] of bad)
      expect([one, read([withExposes(expose, one)])]).toEqual([one, { names: ["hall/lamp"], codes: [code] }]);
  });

  it("with strange but possible abilities still gives a profile", () => {
    const strange = [
      { ...expose, property: "__proto__", name: "__proto__" },
      { ...expose, property: "1 Ω", name: "constructor" },
      { ...expose, property: "p3", unit: "a unit that is much too long", value_step: 0.005 },
      { type: "enum", property: "p4", access: 7, values: [0, 1, "two"] },
      { type: "enum", property: "p5", access: 3, values: Array.from({ length: 80 }, (_, i) => `v${i}`) },
      { type: "numeric", property: "p6", access: 2, value_min: 0.15, value_max: 7 },
      {
        type: "light",
        features: [{ ...expose, name: "brightness", property: "brightness", access: 7, value_max: 10 }],
      },
      { type: "composite", property: "c", features: [{ type: "composite", property: "d", features: [] }] },
    ];
    const found = read([withExposes(...strange)]);
    expect(found).toEqual({ names: ["hall/lamp"], codes: ["ZIGBEE_EXPOSE_SHAPE"] });
  });

  it("with more abilities than anybody has is cut", () => {
    const many = Array.from({ length: EXPOSES_MAX * 2 }, (_, i) => ({ ...expose, property: `p${i}` }));
    const { names, codes } = read([withExposes(...many)]);
    expect(names).toEqual(["hall/lamp"]);
    expect(codes).toContain("ZIGBEE_EXPOSES_TOO_MANY");
  });

  it("never makes the reader throw, whatever a member is replaced by", () => {
    const places: [Record<string, unknown>, string][] = [];
    const list = JSON.parse(RECORDED.toString("utf8"));
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [name, value] of Object.entries(node)) {
        places.push([node as Record<string, unknown>, name]);
        visit(value);
      }
    };
    visit(list.slice(0, 6));
    fc.assert(
      fc.property(fc.nat({ max: places.length - 1 }), fc.jsonValue({ maxDepth: 2 }), (i, value) => {
        const [node, name] = places[i]!;
        const before = node[name];
        node[name] = value;
        const { devices } = readBridgeDevices(BASE, bytes(list.slice(0, 6)));
        node[name] = before;
        expect(devices.length).toBeGreaterThanOrEqual(3);
      }),
      { numRuns: 300 },
    );
  });
});
