/** Discovery, states and commands for Home Assistant, against the tables of its documentation. */
import { describe, expect, test } from "vitest";
import { isOpen, parseCommand } from "../../../src/device/homeassistant/command.js";
import { discoveryOf, gatewayDiscovery, removalOf } from "../../../src/device/homeassistant/discovery.js";
import { fromPeople, toPeople } from "../../../src/device/homeassistant/people.js";
import { eventOf, stateOf } from "../../../src/device/homeassistant/state.js";
import { type HomeAssistantNames, readSetTopic, setTopic } from "../../../src/device/homeassistant/topics.js";
import type { DeviceProfile } from "../../../src/device/profile.js";
import type { DeviceValue } from "../../../src/device/value.js";
import { action, BOOLEAN, choice, event, number, profile, property, record } from "../../support/deviceProfiles.js";
import { type Discovered, discovered, type Entity, rendered } from "../../support/homeAssistant.js";

const NAMES: HomeAssistantNames = { gateway: "home", software: "1.2.3" };
const TEXT = { kind: "text", charactersMax: 256 } as const;

const PLUG = profile("shelly/plus-plug-s", {
  deviceClass: "plug",
  properties: [
    property("on", "switch.on", BOOLEAN, "rw", { safetyClass: 1 }),
    property("power", "sensor.power", number(-100_000, 100_000, 1, "W"), "r", { title: "Active power" }),
    property("energy", "meter.energy", number(0, 10 ** 9, 3, "kWh"), "r"),
  ],
});
const LAMP = profile("ikea/lamp", {
  deviceClass: "lamp",
  properties: [
    property("on", "light.on", BOOLEAN, "rw"),
    property("level", "light.level", number(0, 254), "rw"),
    property("effect", "light.color", choice("warm", "cold"), "rw"),
  ],
});
const LOCK = profile("yale/lock", {
  deviceClass: "lock",
  properties: [
    property("locked", "lock.state", BOOLEAN, "rw", { safetyClass: 2 }),
    property("battery-low", "sensor.battery-low", BOOLEAN, "r"),
  ],
});
const VALVE = profile("gas/valve", {
  deviceClass: "valve",
  properties: [property("open", "valve.open", BOOLEAN, "rw", { safetyClass: 3 })],
});
const TAP = profile("water/tap", {
  properties: [property("position", "valve.position", number(0, 100, 0, "%"), "rw", { safetyClass: 1 })],
});
const BLIND = profile("somfy/blind", {
  deviceClass: "cover",
  properties: [property("position", "cover.position", number(0, 100, 0, "%"), "rw", { safetyClass: 1 })],
  actions: [action("stop", "cover.stop")],
});
const WINDOW = profile("velux/window", {
  properties: [property("open", "window.open", BOOLEAN, "rw", { safetyClass: 1 })],
});
const SENSORS = profile("acme/everything", {
  properties: [
    property("temp", "sensor.temp", number(-4_000, 12_500, 2, "°C"), "r"),
    property("smoke", "sensor.smoke", BOOLEAN, "r"),
    property("contact", "sensor.contact", BOOLEAN, "r"),
    property("lqi", "sensor.link-quality", number(0, 255, 0, "lqi"), "r"),
    property("factor", "sensor.power-factor", number(-1_000, 1_000, 3), "r"),
    property("flow", "sensor.flow", number(0, 10_000, 1, "l/min"), "r"),
    property("mode", "other.value", choice("eco", "turbo"), "r"),
    property("serial", "other.value", TEXT, "r"),
    property("secret", "other.value", BOOLEAN, "w"),
    property("setpoint", "climate.setpoint", number(50, 300, 1, "°C"), "rw"),
    property("interval", "other.value", number(1, 86_400, 0, "s"), "rw"),
    property("label", "other.value", TEXT, "rw"),
  ],
  actions: [
    action("identify", "other.command"),
    action("effect", "light.effect", { input: choice("blink", "breathe") }),
    action("beep", "other.command", { input: number(1, 10, 0, "s") }),
    action("say", "other.command", { input: TEXT }),
    action("arm", "other.command", { input: BOOLEAN }),
    action("drill", "lock.command", { safetyClass: 2 }),
  ],
  events: [event("button", "button.event", choice("single", "double")), event("ring", "other.event")],
});
const ALL = [PLUG, LAMP, LOCK, VALVE, TAP, BLIND, WINDOW, SENSORS];

function found(of: DeviceProfile, names = NAMES): Discovered {
  const message = discoveryOf(names, record("dev-1", of), of);
  if (message === undefined) throw new TypeError("nothing to discover");
  return discovered(message.topic, message.payload);
}

function entity(of: DeviceProfile, name: string, names = NAMES): Entity {
  const component = found(of, names).cmps[name];
  if (component === undefined) throw new TypeError(`no ${name}`);
  return component;
}

const everything: HomeAssistantNames = { ...NAMES, safetyClassMax: 3 };

describe("discovery", () => {
  test.each(ALL.map((each) => [each.id, each] as const))("of %s has what Home Assistant demands", (_, each) => {
    for (const names of [NAMES, everything]) {
      const { dev, availability, availability_mode } = found(each, names);
      expect(dev).toMatchObject({ ids: ["edgeseal/home/dev-1"], name: "The dev-1", via_device: "edgeseal/home" });
      expect(availability?.map(({ topic }) => topic)).toEqual([
        "edgeseal/1/gateway/home/availability",
        "edgeseal/1/gateway/home/device/dev-1/availability",
      ]);
      expect(availability_mode).toBe("all");
    }
  });

  test("shows every part of a device as the component for it", () => {
    const kinds = (each: DeviceProfile, names = NAMES) =>
      Object.entries(found(each, names).cmps).map(([name, { p }]) => `${name}: ${p}`);
    expect(kinds(PLUG)).toEqual(["on: switch", "power: sensor", "energy: sensor"]);
    expect(kinds(LAMP)).toEqual(["on: light", "effect: select"]);
    expect(kinds(LOCK, everything)).toEqual(["locked: lock", "battery-low: binary_sensor"]);
    expect(kinds(VALVE, everything)).toEqual(["open: valve"]);
    expect(kinds(TAP)).toEqual(["position: valve"]);
    expect(kinds(BLIND)).toEqual(["position: cover", "stop: button"]);
    expect(kinds(WINDOW)).toEqual(["open: cover"]);
    const rest = "smoke: binary_sensor,contact: binary_sensor,lqi: sensor,factor: sensor,flow: sensor,mode: sensor";
    const controls = "serial: sensor,secret: switch,setpoint: number,interval: number,label: text";
    const actions = "identify: button,effect-0: button,effect-1: button,beep: number,say: text";
    expect(kinds(SENSORS).join()).toBe(
      `temp: sensor,${rest},${controls},${actions},arm-0: button,arm-1: button,button: event,ring: event`,
    );
  });

  test("gives measured values their class and unit, and none where the unit is not one of the class", () => {
    expect(entity(PLUG, "power")).toMatchObject({
      ...{ device_class: "power", unit_of_measurement: "W", state_class: "measurement", name: "Active power" },
      suggested_display_precision: 1,
    });
    expect(entity(PLUG, "energy")).toMatchObject({ device_class: "energy", state_class: "total_increasing" });
    expect(entity(SENSORS, "temp")).toMatchObject({ device_class: "temperature", unit_of_measurement: "°C" });
    expect(entity(SENSORS, "lqi")).not.toHaveProperty("device_class");
    expect(entity(SENSORS, "lqi")).toMatchObject({ unit_of_measurement: "lqi" });
    expect(entity(SENSORS, "factor")).toMatchObject({ device_class: "power_factor" });
    expect(entity(SENSORS, "factor")).not.toHaveProperty("unit_of_measurement");
    expect(entity(SENSORS, "flow")).toMatchObject({ device_class: "volume_flow_rate", unit_of_measurement: "L/min" });
    expect(entity(SENSORS, "setpoint")).toMatchObject({ min: 5, max: 30, step: 0.1, device_class: "temperature" });
    expect(entity(SENSORS, "interval")).toMatchObject({ mode: "box" });
    expect(entity(SENSORS, "label")).toMatchObject({ max: 255 });
    expect(entity(PLUG, "on")).toMatchObject({ device_class: "outlet", name: null });
  });

  test("leaves controls of a high safety class out, and shows what they say", () => {
    expect(entity(LOCK, "locked")).toMatchObject({ p: "binary_sensor", device_class: "lock", payload_on: "false" });
    expect(entity(LOCK, "locked")).not.toHaveProperty("command_topic");
    expect(found(VALVE).cmps.open).toMatchObject({ p: "binary_sensor" });
    expect(found(SENSORS).cmps.drill).toBeUndefined();
    expect(found(SENSORS, { ...NAMES, safetyClassMax: 2 }).cmps.drill).toMatchObject({ p: "button" });
    expect(isOpen(NAMES, 1)).toBe(true);
    expect(isOpen(NAMES, 2)).toBe(false);
  });

  test("keeps ids apart from gateway to gateway and the same from time to time", () => {
    const other = { gateway: "home-2" };
    const message = discoveryOf(other, record("dev-1", PLUG), PLUG);
    expect(message?.topic).toBe("homeassistant/device/edgeseal-home-2/dev-1/config");
    expect(entity(PLUG, "on", other).unique_id).toBe("edgeseal/home-2/dev-1/on");
    const renamed = { ...record("dev-1", PLUG), name: "Kettle" };
    const again = discoveryOf(NAMES, renamed, PLUG);
    expect(discovered(again?.topic ?? "", again?.payload ?? new Uint8Array()).cmps).toEqual(found(PLUG).cmps);
  });

  test("of the gateway comes as a device of its own, and a removal is an empty message on the same topic", () => {
    const { topic, payload } = gatewayDiscovery(NAMES);
    const { dev, cmps } = discovered(topic, payload);
    expect(dev.ids).toEqual(["edgeseal/home"]);
    expect(cmps.connection).toMatchObject({
      state_topic: "edgeseal/1/gateway/home/availability",
      payload_on: "online",
    });
    const removal = removalOf(NAMES, "dev-1");
    expect(removal.topic).toBe(discoveryOf(NAMES, record("dev-1", PLUG), PLUG)?.topic);
    expect(removal.payload).toHaveLength(0);
  });

  test("has nothing to say of a device without parts, and leaves out names that fit no topic", () => {
    const nothing = profile("acme/nothing", {});
    expect(discoveryOf(NAMES, record("dev-1", nothing), nothing)).toBeUndefined();
    const odd = profile("acme/odd", {
      properties: [property("a/+/'", "other.value", BOOLEAN, "rw"), property("good", "other.value", BOOLEAN, "r")],
      actions: [action("#", "other.command")],
      events: [event("a b", "other.event")],
    });
    expect(Object.keys(found(odd).cmps)).toEqual(["good"]);
  });
});

describe("a state", () => {
  const shown = (of: DeviceProfile, name: string, readings: Record<string, DeviceValue>, member = "value_template") =>
    rendered(entity(of, name, everything)[member], stateOf(of, new Map(Object.entries(readings))));

  test("is one object of people's numbers, null where nothing is known", () => {
    const bytes = stateOf(
      SENSORS,
      new Map<string, DeviceValue>(Object.entries({ temp: -5, smoke: false, factor: 999 })),
    );
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      ...{ temp: -0.05, smoke: false, contact: null, lqi: null, factor: 0.999, flow: null, mode: null },
      ...{ serial: null, setpoint: null, interval: null, label: null },
    });
  });

  test("is read by every component's template as the component expects", () => {
    const lock = entity(LOCK, "locked", everything);
    expect(shown(LOCK, "locked", { locked: true })).toBe(lock.state_locked);
    expect(shown(LOCK, "locked", { locked: false })).toBe(lock.state_unlocked);
    expect(shown(LOCK, "locked", {})).toBe("None");
    expect(shown(VALVE, "open", { open: true })).toBe(entity(VALVE, "open", everything).state_open);
    expect(shown(TAP, "position", { position: 40 })).toBe("40");
    const lamp = entity(LAMP, "on");
    expect(shown(LAMP, "on", { on: true }, "state_value_template")).toBe(lamp.payload_on);
    expect(shown(LAMP, "on", { level: 254 }, "brightness_value_template")).toBe(String(lamp.brightness_scale));
    expect(shown(LAMP, "on", {}, "brightness_value_template")).toBe("");
    expect(shown(BLIND, "position", { position: 100 }, "position_template")).toBe("100");
    expect(shown(SENSORS, "temp", { temp: 2_150 })).toBe("21.5");
    expect(shown(SENSORS, "mode", { mode: "eco" })).toBe("eco");
    const contact = entity(SENSORS, "contact");
    expect(shown(SENSORS, "contact", { contact: false })).toBe(contact.payload_on);
    expect(contact.device_class).toBe("opening");
  });

  test("of an event names one of the announced types", () => {
    const said = (name: string, value?: DeviceValue) => {
      const bytes = eventOf(SENSORS, name, value);
      return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString());
    };
    expect(said("button", "double")).toEqual({ event_type: "double", value: "double" });
    expect(entity(SENSORS, "button")).toMatchObject({ event_types: ["single", "double"], device_class: "button" });
    expect(said("ring")).toEqual({ event_type: "ring" });
    expect(said("nothing")).toBeUndefined();
  });
});

describe("a command", () => {
  const asked = (of: DeviceProfile, target: string, payload: string | Uint8Array, names = everything) => {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const place = readSetTopic(names, setTopic(names, "dev-1", target));
    if (place === undefined) throw new TypeError("no command topic");
    const parsed = parseCommand(names, place, bytes, of);
    if ("command" in parsed) return parsed.command.value;
    return "reason" in parsed.problem ? `${parsed.problem.code} ${parsed.problem.reason}` : parsed.problem.code;
  };

  test("is what each component sends", () => {
    const sent: readonly (readonly [DeviceProfile, string, string, DeviceValue | undefined])[] = [
      [PLUG, "on", "payload_on", true],
      [PLUG, "on", "payload_off", false],
      [LOCK, "locked", "payload_lock", true],
      [LOCK, "locked", "payload_unlock", false],
      [VALVE, "open", "payload_close", false],
      [WINDOW, "open", "payload_open", true],
      [BLIND, "position", "payload_open", 100],
      [BLIND, "position", "payload_close", 0],
      [BLIND, "stop", "payload_press", undefined],
      [SENSORS, "identify", "payload_press", undefined],
    ];
    for (const [of, target, member, value] of sent) {
      expect(asked(of, target, String(entity(of, target, everything)[member])), `${of.id} ${member}`).toBe(value);
    }
    expect(asked(SENSORS, "effect", String(entity(SENSORS, "effect-1").payload_press))).toBe("breathe");
    expect(asked(SENSORS, "arm", String(entity(SENSORS, "arm-0").payload_press))).toBe(true);
    expect(asked(SENSORS, "setpoint", "21.5")).toBe(215);
    expect(asked(LAMP, "level", "254")).toBe(254);
    expect(asked(SENSORS, "label", "ä€😀")).toBe("ä€😀");
  });

  test("that is none is refused with a code", () => {
    expect(asked(PLUG, "on", "ON")).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(PLUG, "on", "")).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(PLUG, "power", "1")).toBe("HOMEASSISTANT_TARGET_UNKNOWN");
    expect(asked(PLUG, "constructor", "1")).toBe("HOMEASSISTANT_TARGET_UNKNOWN");
    expect(asked(SENSORS, "setpoint", "31")).toBe("HOMEASSISTANT_VALUE range");
    expect(asked(SENSORS, "setpoint", "4.9")).toBe("HOMEASSISTANT_VALUE range");
    expect(asked(SENSORS, "setpoint", "1e2")).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(SENSORS, "setpoint", "NaN")).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(SENSORS, "effect", "explode")).toBe("HOMEASSISTANT_VALUE range");
    expect(asked(SENSORS, "identify", "anything")).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(SENSORS, "label", "x".repeat(257))).toBe("HOMEASSISTANT_VALUE length");
    expect(asked(SENSORS, "label", "x".repeat(10_000))).toBe("HOMEASSISTANT_VALUE length");
    expect(asked(SENSORS, "label", Uint8Array.of(0xff))).toBe("HOMEASSISTANT_VALUE type");
    expect(asked(VALVE, "open", "true", NAMES)).toBe("HOMEASSISTANT_TARGET_CLOSED");
    expect(asked(SENSORS, "drill", "PRESS", NAMES)).toBe("HOMEASSISTANT_TARGET_CLOSED");
  });

  test("comes on a topic of this gateway only", () => {
    const base = "edgeseal/1/gateway/home/device";
    expect(readSetTopic(NAMES, `${base}/dev-1/set/on`)).toEqual({ device: "dev-1", target: "on" });
    const wrong = [
      "dev-1/set",
      "dev-1/set/on/x",
      "dev-1/get/on",
      "/set/on",
      "dev 1/set/on",
      "dev-1/set/a b",
      "dev-1/set/",
    ];
    for (const rest of wrong) expect(readSetTopic(NAMES, `${base}/${rest}`), rest).toBeUndefined();
    expect(readSetTopic(NAMES, "edgeseal/1/gateway/other/device/dev-1/set/on")).toBeUndefined();
  });
});

describe("people's numbers", () => {
  test("go out and come back as the same integer, whatever the decimals", () => {
    for (let decimals = 0; decimals <= 6; decimals++) {
      const type = { kind: "number", decimals, min: -(10 ** 12), max: 10 ** 12 } as const;
      for (const value of [0, 1, -1, 5, 99, 100_001, 123_456_789_012, -987_654_321_098]) {
        expect(fromPeople(String(toPeople(value, type)), decimals), `${value} with ${decimals}`).toBe(value);
      }
    }
  });

  test("are rounded half away from zero, and only decimal numbers are numbers", () => {
    expect(fromPeople("21.449", 1)).toBe(214);
    expect(fromPeople("21.45", 1)).toBe(215);
    expect(fromPeople("-0.05", 1)).toBe(-1);
    expect(fromPeople("-0.04", 1)).toBe(0);
    expect(Object.is(fromPeople("-0", 0), 0)).toBe(true);
    for (const text of ["", " 1", "1 ", "0x1", "1e3", ".5", "5.", "١", "1_0", "9".repeat(16)]) {
      expect(fromPeople(text, 0), text).toBeUndefined();
    }
    expect(fromPeople("999999999999999", 3)).toBeUndefined();
  });
});
