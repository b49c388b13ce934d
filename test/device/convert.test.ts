import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Conversion } from "../../src/device/binding.js";
import { addressProblem } from "../../src/device/convert/address.js";
import {
  DEVICE_JSON_DEPTH_MAX,
  DEVICE_JSON_ITEMS_MAX,
  DEVICE_PAYLOAD_BYTES_MAX,
  mqttTopics,
  readMqtt,
} from "../../src/device/convert/mqttRead.js";
import { refreshMqtt, writeMqtt } from "../../src/device/convert/mqttWrite.js";
import { isProblem } from "../../src/device/convert/problems.js";
import { convertIn, convertOut } from "../../src/device/convert/value.js";
import type { ValueType } from "../../src/device/value.js";
import { PLUG, profileOf } from "./sampleProfiles.js";

const SAME: Conversion = { kind: "same" };
const TENTHS: ValueType = { kind: "number", decimals: 1, min: -400, max: 1250 };
const bytes = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytes(JSON.stringify(value));
const plug = profileOf(PLUG);
const SENDER = { commandId: "00112233445566778899aabbccddeeff", client: "gateway-1" };

describe("a device's value", () => {
  it("becomes an integer of the property's smallest step", () => {
    expect(convertIn(SAME, TENTHS, 21.5)).toBe(215);
    expect(convertIn(SAME, TENTHS, -0.04)).toBe(0);
    expect(convertIn({ kind: "scale", multiply: 1, divide: 10, offset: 0 }, TENTHS, 230)).toBe(230);
    expect(convertIn({ kind: "scale", multiply: 5, divide: 9, offset: -18 }, TENTHS, 212)).toBe(998);
    expect(Object.is(convertIn(SAME, TENTHS, -0.01), 0)).toBe(true);
  });

  it("is refused with a code where it does not fit", () => {
    const codeFor = (type: ValueType, raw: unknown, conversion: Conversion = SAME) => {
      const found = convertIn(conversion, type, raw);
      return isProblem(found) ? found.code : found;
    };
    for (const raw of [Number.NaN, Number.POSITIVE_INFINITY, "21", null, undefined, [], {}, true, 1e308 * 10]) {
      expect(codeFor(TENTHS, raw)).toBe("DEVICE_VALUE_TYPE");
    }
    for (const raw of [125.1, -40.1, 2n ** 80n]) expect(codeFor(TENTHS, raw)).toBe("DEVICE_VALUE_RANGE");
    expect(codeFor({ kind: "boolean" }, "true")).toBe("DEVICE_VALUE_TYPE");
    expect(codeFor({ kind: "choice", choices: ["a"] }, "b")).toBe("DEVICE_VALUE_UNKNOWN");
    expect(codeFor({ kind: "choice", choices: ["a"] }, 1)).toBe("DEVICE_VALUE_TYPE");
    expect(codeFor({ kind: "text", charactersMax: 3 }, "abcd")).toBe("DEVICE_VALUE_TEXT_LENGTH");
    expect(codeFor({ kind: "text", charactersMax: 3 }, "a\u001b")).toBe("DEVICE_VALUE_TEXT_CONTROL");
    expect(codeFor({ kind: "text", charactersMax: 3 }, "a\ud800")).toBe("DEVICE_VALUE_TEXT_CONTROL");
    const map: Conversion = { kind: "map", pairs: [['"ON"', true]] };
    expect(codeFor({ kind: "boolean" }, "on", map)).toBe("DEVICE_VALUE_UNKNOWN");
    expect(codeFor({ kind: "boolean" }, ["ON"], map)).toBe("DEVICE_VALUE_UNKNOWN");
    expect(codeFor({ kind: "boolean" }, true, { kind: "scale", multiply: 1, divide: 1, offset: 0 })).toBe(true);
  });

  it("never makes the reader throw, and gives values of the type or a problem", () => {
    const types: ValueType[] = [
      { kind: "boolean" },
      TENTHS,
      { kind: "choice", choices: ["ON", "1"] },
      { kind: "text", charactersMax: 5 },
    ];
    const conversions: Conversion[] = [
      SAME,
      { kind: "scale", multiply: 100, divide: 254, offset: -3 },
      { kind: "map", pairs: [["1", true]] },
    ];
    const anything = fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true }), fc.double());
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.constantFrom(...conversions), anything, (type, conversion, raw) => {
        const value = convertIn(conversion, type, raw);
        if (isProblem(value)) return;
        expect(isProblem(convertIn(SAME, type, type.kind === "number" ? Number(value) / 10 : value))).toBe(false);
      }),
    );
  });

  it("comes back within one step when it is written and read again", () => {
    const scale = fc.record({
      kind: fc.constant("scale" as const),
      multiply: fc.integer({ min: 1, max: 100 }),
      divide: fc.integer({ min: 100, max: 1000 }),
      offset: fc.integer({ min: -50, max: 50 }),
    });
    fc.assert(
      fc.property(
        scale,
        fc.integer({ min: -400, max: 1250 }),
        fc.integer({ min: 1, max: 6 }),
        (made, value, digits) => {
          const conversion: Conversion = { ...made, digits };
          const raw = convertOut(conversion, TENTHS, value);
          const back = convertIn(conversion, TENTHS, raw);
          // At an end of the range rounding may lead out of it by one step.
          if (isProblem(back)) expect(value === -400 || value === 1250).toBe(true);
          else expect(Math.abs(Number(back) - value)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("MQTT messages of a device", () => {
  const state = "shed/plug/state";
  const read = (topic: string, payload: Uint8Array, retained?: boolean) =>
    readMqtt(plug, "shed/plug", topic, payload, retained);

  it("come on the profile's topics, each named once", () => {
    expect(mqttTopics(plug, "shed/plug").sort()).toEqual(["shed/plug/note", "shed/plug/online", "shed/plug/state"]);
  });

  it("are readings and events", () => {
    const message = { on: "ON", meter: [{ power: 12.34 }], brightness: 127, action: "double", bell: 1, method: "Full" };
    expect(read(state, json(message))).toEqual({
      readings: [
        ["on", true],
        ["power", 123],
        ["level", 50],
      ],
      events: [{ name: "button", value: "double" }, { name: "bell" }],
      problems: [],
    });
    expect(read(state, json({ mode: "heat", method: "Full" })).readings).toEqual([["mode", "heat"]]);
    expect(read(state, json({ mode: "heat", method: "Part" })).readings).toEqual([]);
    expect(read("shed/plug/note", bytes("hi")).readings).toEqual([["note", "hi"]]);
  });

  it("say nothing with absent members, null, an empty payload or somebody else's topic", () => {
    for (const value of [{}, { on: null }, [], 7, "x", { meter: [] }, { action: "" }]) {
      expect(read(state, json(value))).toEqual({ readings: [], events: [], problems: [] });
    }
    expect(read(state, bytes("")).problems).toEqual([]);
    expect(readMqtt(plug, "other", state, json({ on: "ON" })).readings).toEqual([]);
  });

  it("tell availability as text and as JSON", () => {
    expect(read("shed/plug/online", bytes("online")).availability).toBe("online");
    expect(read("shed/plug/online", json({ state: "offline" })).availability).toBe("offline");
    for (const other of ["", "ONLINE", '{"state":"x"}', '{"state":{}}', "[1]"]) {
      expect(read("shed/plug/online", bytes(other)).availability).toBeUndefined();
    }
  });

  it("are no events when the broker had kept them", () => {
    const { events, readings } = read(state, json({ on: "OFF", action: "single" }), true);
    expect(events).toEqual([]);
    expect(readings).toEqual([["on", false]]);
  });

  it("lose only the member that is wrong", () => {
    const { readings, problems } = read(state, json({ on: "MAYBE", meter: [{ power: 5 }], action: "triple" }));
    expect(readings).toEqual([["power", 50]]);
    expect(problems.map(({ name, problem }) => [name, problem.code])).toEqual([
      ["on", "DEVICE_VALUE_UNKNOWN"],
      ["button", "DEVICE_VALUE_UNKNOWN"],
    ]);
  });

  it("are refused as a whole when they are too large, too deep, too full, no UTF-8 or no JSON", () => {
    const codes = (payload: Uint8Array) => read(state, payload).problems.map(({ problem }) => problem.code);
    expect(codes(new Uint8Array(DEVICE_PAYLOAD_BYTES_MAX + 1))).toEqual(["DEVICE_PAYLOAD_SIZE"]);
    expect(codes(Uint8Array.of(0xff, 0xfe))).toEqual(["DEVICE_PAYLOAD_UTF8"]);
    const depth = DEVICE_JSON_DEPTH_MAX + 1;
    const bad = ["{", "on", `${"[".repeat(depth)}${"]".repeat(depth)}`, '{"on":"ON","on":"OFF"}', '{"on":1e999}'];
    bad.push(`[${"0,".repeat(DEVICE_JSON_ITEMS_MAX)}0]`);
    for (const text of bad) expect(codes(bytes(text))).toEqual(["DEVICE_PAYLOAD_JSON"]);
  });

  it("reach no prototype", () => {
    const { binding } = PLUG;
    if (binding.protocol !== "mqtt") throw new TypeError("no MQTT");
    const paths = [["__proto__", "on"], ["constructor", "name"], ["toString"], ["meter", "length"]];
    for (const path of paths) {
      const reads = binding.reads.map((one) => (one.to === "note" ? { ...one, topic: "{address}/state", path } : one));
      const profile = profileOf({ ...PLUG, binding: { ...binding, reads } });
      const found = readMqtt(profile, "a", "a/state", bytes('{"meter":["x"]}'));
      expect(found).toEqual({ readings: [], events: [], problems: [] });
    }
  });

  it("never make the reader throw", () => {
    const payloads = fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.json().map(bytes));
    fc.assert(fc.property(payloads, (payload) => void read(state, payload)));
  });
});

describe("commands over MQTT", () => {
  const sent = (target: string, value?: boolean | number | string) => {
    const message = writeMqtt(plug, "shed/plug", target, value, SENDER);
    return "code" in message ? message.code : [message.topic, new TextDecoder().decode(message.payload)];
  };

  it("say the value as the device has it", () => {
    expect(sent("on", true)).toEqual(["shed/plug/set/on", "ON"]);
    expect(sent("level", 50)).toEqual([
      "shed/plug/set",
      '{"id":"00112233445566778899aabbccddeeff","src":"gateway-1","brightness":127}',
    ]);
    expect(sent("mode", "off")).toEqual(["shed/plug/set", '{"mode":"off"}']);
    expect(sent("toggle")).toEqual(["shed/plug/set/on", "TOGGLE"]);
    expect(sent("effect", "blink")).toEqual(["shed/plug/set", '{"effect":"blink"}']);
  });

  it("are refused where the profile has no such target or value", () => {
    expect(sent("power", 1)).toBe("DEVICE_TARGET_UNKNOWN");
    expect(sent("nothing")).toBe("DEVICE_TARGET_UNKNOWN");
    expect(sent("on")).toBe("DEVICE_VALUE_MISSING");
    expect(sent("toggle", true)).toBe("DEVICE_VALUE_UNWANTED");
    expect(sent("level", 101)).toBe("DEVICE_VALUE_RANGE");
    expect(sent("level", 0.5)).toBe("DEVICE_VALUE_TYPE");
    expect(sent("effect", "explode")).toBe("DEVICE_VALUE_UNKNOWN");
    const native = profileOf({ ...PLUG, binding: { protocol: "edgeseal" } });
    expect(writeMqtt(native, "a", "on", true, SENDER)).toMatchObject({ code: "DEVICE_BINDING_OTHER" });
  });

  it("put nothing of an address into JSON that could end a text of it", () => {
    const message = refreshMqtt(
      profileOf({
        ...PLUG,
        binding: {
          ...(PLUG.binding as Extract<typeof PLUG.binding, { protocol: "mqtt" }>),
          refresh: [{ topic: "{address}/get", payload: '{"src":"{address}"}' }],
        },
      }),
      'a"$&b',
      SENDER,
    )[0]!;
    expect(message.topic).toBe('a"$&b/get');
    expect(JSON.parse(new TextDecoder().decode(message.payload))).toEqual({ src: 'a"$&b' });
  });
});

it("an address with wildcards, controls, empty levels or beyond measure is refused", () => {
  for (const good of ["plug", "zigbee2mqtt/Küche 1", "a/b/c", 'say "x"']) expect(addressProblem(good)).toBeUndefined();
  const bad = ["", "a/+", "#", "a\0", "$SYS", "/a", "a/", "a//b", "\ud800", "x".repeat(257), "a\nb"];
  for (const address of bad) expect(addressProblem(address)?.code).toBe("DEVICE_ADDRESS");
});
