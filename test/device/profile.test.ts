import { describe, expect, it } from "vitest";
import { CAPABILITIES } from "../../src/device/capability.js";
import { buildProfile, PROPERTIES_MAX } from "../../src/device/profile/build.js";
import type { MqttSource, ProfileSource, PropertySource } from "../../src/device/profile/source.js";
import { profilePlace } from "../../src/text/en/deviceProfiles.js";
import { textOf } from "../../src/text/index.js";
import { PLUG, profileOf } from "./sampleProfiles.js";

const mqtt = PLUG.binding as MqttSource;

/** `place CODE fault` of every problem. */
function found(source: ProfileSource): string[] {
  return (buildProfile(source).problems ?? []).map((problem) => {
    const text = textOf(problem.code);
    expect(text?.says(problem).length).toBeGreaterThan(10);
    expect(text?.says(problem)).not.toContain("undefined");
    const fault = "fault" in problem ? ` (${problem.fault})` : "";
    return `${profilePlace(problem.path)} ${problem.code}${fault}`;
  });
}

const withProperty = (name: string, change: Partial<PropertySource>): ProfileSource => ({
  ...PLUG,
  properties: { ...PLUG.properties, [name]: { ...PLUG.properties![name]!, ...change } },
});

describe("a profile", () => {
  it("holds numbers as integers and takes class and safe direction from its capabilities", () => {
    const { properties, safetyClass, id } = profileOf(PLUG);
    expect(id).toBe("acme/plug-1");
    expect(properties.get("power")).toMatchObject({
      type: { kind: "number", decimals: 1, min: -100, max: 40_000, unit: "W" },
      readable: true,
      writable: false,
      safetyClass: 0,
    });
    expect(properties.get("power")).not.toHaveProperty("safe");
    expect(properties.get("mode")).toMatchObject({ safetyClass: 2, safe: { kind: "values", values: ["off"] } });
    expect(properties.get("on")).not.toHaveProperty("safe");
    expect(properties.get("level")).toMatchObject({ safe: { kind: "higher" } });
    expect(safetyClass).toBe(2);
  });

  it("may be stricter than its capabilities, never laxer", () => {
    const strict = profileOf(withProperty("on", { safetyClass: 3, safe: [false], staleAfterSeconds: 1.5 }));
    expect(strict.properties.get("on")).toMatchObject({
      safetyClass: 3,
      safe: { kind: "values", values: [false] },
      staleAfterMs: 1_500,
    });
    expect(found(withProperty("on", { safetyClass: 0 }))).toEqual(["properties.on.safetyClass PROFILE_SAFETY_LOWERED"]);
    expect(found({ ...PLUG, safetyClass: 1 })).toEqual(["safetyClass PROFILE_SAFETY_LOWERED"]);
  });

  it("is refused with the place of every mistake in a type", () => {
    const at = (change: Partial<PropertySource>, name = "power") => found(withProperty(name, change));
    expect(at({ min: undefined })).toEqual(["properties.power.min PROFILE_NUMBER (limits missing)"]);
    expect(at({ min: 4000 })).toEqual(["properties.power.min PROFILE_NUMBER (min not below max)"]);
    expect(at({ max: 0.05 })).toEqual(["properties.power.max PROFILE_NUMBER (more digits than decimals)"]);
    expect(at({ max: 1e16 })).toEqual(["properties.power.max PROFILE_NUMBER (too large)"]);
    expect(at({ max: Number.NaN })).toEqual(["properties.power.max PROFILE_NUMBER (too large)"]);
    expect(at({ decimals: 7 })).toEqual(["properties.power.decimals PROFILE_NUMBER (decimals)"]);
    expect(at({ unit: "V" })).toEqual(["properties.power.unit PROFILE_CAPABILITY_UNIT"]);
    expect(at({ min: 1 }, "on")).toEqual(["properties.on.min PROFILE_NUMBER (only for numbers)"]);
    expect(at({ choices: ["a", "a"] }, "mode")).toEqual(["properties.mode.choices[1] PROFILE_CHOICES (twice)"]);
    expect(at({ choices: [] }, "mode")).toEqual(["properties.mode.choices PROFILE_CHOICES (none)"]);
    expect(at({ charactersMax: 257 }, "note")).toEqual(["properties.note.charactersMax PROFILE_TEXT"]);
    expect(at({ safe: ["boil"] }, "mode")).toEqual(["properties.mode.safe[0] PROFILE_SAFE (not in the type)"]);
    expect(at({ safe: "lower" }, "on")).toEqual(["properties.on.safe PROFILE_SAFE (no number)"]);
    expect(at({ safe: "lower" })).toEqual(["properties.power.safe PROFILE_SAFE (only read)"]);
    expect(at({ capability: "sensor.magic" })).toEqual(["properties.power.capability PROFILE_CAPABILITY_UNKNOWN"]);
    expect(at({ capability: "switch.toggle" })).toContain("properties.power.capability PROFILE_CAPABILITY_USE");
    expect(at({ capability: "switch.on" })).toEqual(["properties.power.capability PROFILE_CAPABILITY_TYPE"]);
    expect(at({ staleAfterSeconds: 0 })).toEqual(["properties.power.staleAfterSeconds PROFILE_STALENESS"]);
  });

  it("is refused where names are no names, are used twice or are too many", () => {
    const power = PLUG.properties!.power!;
    expect(found({ ...PLUG, vendor: "ACME" })).toEqual(["vendor PROFILE_ID"]);
    expect(found({ ...PLUG, class: "Plug" })).toEqual(["class PROFILE_NAME"]);
    for (const name of ["a/b", "1a", "", "a b", "x".repeat(65)]) {
      expect(found({ ...PLUG, properties: { ...PLUG.properties, [name]: power } })[0]).toContain("PROFILE_NAME");
    }
    const toggle = PLUG.actions!.toggle!;
    expect(found({ ...PLUG, actions: { ...PLUG.actions, on: toggle } })[0]).toBe("actions.on PROFILE_NAME_TWICE");
    const many = Object.fromEntries(Array.from({ length: PROPERTIES_MAX + 1 }, (_, i) => [`p${i}`, power]));
    expect(found({ ...PLUG, properties: many })).toContain("properties PROFILE_TOO_MANY");
    const empty: ProfileSource = {
      ...PLUG,
      properties: {},
      actions: {},
      events: {},
      binding: { protocol: "edgeseal" },
    };
    expect(found(empty)).toEqual(["the profile PROFILE_EMPTY"]);
    expect(found({ ...PLUG, actions: { toggle: { ...toggle, idempotent: true } } })[0]).toBe(
      "actions.toggle.idempotent PROFILE_IDEMPOTENCE",
    );
  });

  it("is refused where its binding names what is not there, or leaves something out", () => {
    const binding = (change: Partial<MqttSource>) => found({ ...PLUG, binding: { ...mqtt, ...change } });
    const [read] = mqtt.reads;
    const [write] = mqtt.writes;
    expect(binding({ reads: [...mqtt.reads, { topic: "{address}/x", to: "nobody" }] })).toEqual([
      "binding.reads[7].to PROFILE_REFERENCE",
    ]);
    expect(binding({ writes: [...mqtt.writes, { ...write!, from: "power" }] })).toContain(
      "binding.writes[5].from PROFILE_REFERENCE",
    );
    expect(binding({ reads: mqtt.reads.slice(1) })).toEqual(["properties.on PROFILE_UNREACHED"]);
    expect(binding({ writes: mqtt.writes.slice(1) })).toEqual(["properties.on PROFILE_UNREACHED"]);
    expect(binding({ writes: [...mqtt.writes, write!] })).toEqual(["binding.writes[5] PROFILE_WRITE_TWICE"]);
    const topics: [string, string][] = [
      ["state", "no address"],
      ["{address}/#", "wildcard"],
      ["{address}/{name}", "unknown placeholder"],
      [`{address}/${"x".repeat(300)}`, "too long"],
    ];
    for (const [topic, fault] of topics) {
      expect(binding({ reads: [{ ...read!, topic }, ...mqtt.reads.slice(1)] })).toEqual([
        `binding.reads[0].topic PROFILE_TEMPLATE (${fault})`,
      ]);
    }
    const payloads: [string, string][] = [
      ["on", "value missing"],
      ["{valu}{value}", "unknown placeholder"],
      ['{"on":{value}', "not JSON"],
    ];
    for (const [payload, fault] of payloads) {
      expect(binding({ writes: [{ ...write!, payload }, ...mqtt.writes.slice(1)] })).toEqual([
        `binding.writes[0].payload PROFILE_TEMPLATE (${fault})`,
      ]);
    }
    expect(binding({ refresh: [{ topic: "{address}/get", payload: "{value}" }] })).toEqual([
      "binding.refresh[0].payload PROFILE_TEMPLATE (value not wanted)",
    ]);
  });

  it("is refused where a conversion does not fit its type", () => {
    const convert = (i: number, change: MqttSource["writes"][number]["convert"]) =>
      found({
        ...PLUG,
        binding: { ...mqtt, writes: mqtt.writes.map((one, at) => (at === i ? { ...one, convert: change } : one)) },
      }).map((line) => line.replace("binding.writes", ""));
    expect(convert(0, { multiply: 2 })).toEqual(["[0].convert PROFILE_CONVERSION (only for numbers)"]);
    expect(convert(0, { map: [["ON", true]] })).toEqual(["[0].convert.map PROFILE_CONVERSION (values not told)"]);
    expect(convert(0, { map: [[Number.NaN, true]] })).toEqual([
      "[0].convert.map[0][0] PROFILE_CONVERSION (no device value)",
    ]);
    expect(convert(0, { map: [["ON", true]], digits: 1 })).toEqual([
      "[0].convert PROFILE_CONVERSION (map and numbers)",
    ]);
    expect(convert(0, { map: [] })).toEqual(["[0].convert.map PROFILE_CONVERSION (empty)"]);
    expect(convert(0, { map: [["ON", 1]] })).toEqual(["[0].convert.map[0][1] PROFILE_CONVERSION (not in the type)"]);
    const twice: [string, boolean][] = [
      ["ON", true],
      ["ON", false],
    ];
    expect(convert(0, { map: twice })).toEqual(["[0].convert.map[1][0] PROFILE_CONVERSION (device value twice)"]);
    expect(convert(1, { divide: 0 })).toEqual(["[1].convert.divide PROFILE_CONVERSION (zero)"]);
    expect(convert(1, { digits: 9 })).toEqual(["[1].convert.digits PROFILE_CONVERSION (digits)"]);
    expect(convert(1, { multiply: 10, digits: 0 })).toEqual(["[1].convert PROFILE_CONVERSION (too coarse)"]);
  });

  it("in registers is refused where they cannot be", () => {
    const meter = (point: object, use: "reads" | "writes" = "reads"): string[] => {
      const good = { name: "v", table: "holding", address: 0, kind: "u16" } as const;
      const points = { reads: [good], writes: [good] };
      return found({
        ...PLUG,
        actions: {},
        events: {},
        properties: {
          v: { capability: "other.value", type: "number", min: 0, max: 100, access: "read-write" },
        },
        binding: { protocol: "modbus", pollSeconds: 1, ...points, [use]: [{ ...good, ...point }] },
      });
    };
    expect(meter({})).toEqual([]);
    expect(meter({ table: "coil" })).toEqual(["binding.reads[0].kind PROFILE_REGISTER (bit)"]);
    expect(meter({ table: "input" }, "writes")).toEqual(["binding.writes[0].table PROFILE_REGISTER (read-only table)"]);
    expect(meter({ address: -1 })).toEqual(["binding.reads[0].address PROFILE_REGISTER (address)"]);
    expect(meter({ address: 65_535, kind: "f32" })).toEqual([
      "binding.reads[0].address PROFILE_REGISTER (beyond the end)",
    ]);
    expect(meter({ absent: 65_535 })).toEqual([]);
    expect(meter({ absent: 65_536 })).toEqual(["binding.reads[0].absent PROFILE_REGISTER (absent)"]);
    expect(meter({ kind: "f32", absent: 1 })).toEqual(["binding.reads[0].absent PROFILE_REGISTER (absent)"]);
    expect(meter({ convert: { divide: 0.1 } }, "writes")).toEqual([
      "binding.writes[0].convert PROFILE_CONVERSION (too coarse)",
    ]);
  });
});

describe("the vocabulary", () => {
  it("has the safe sides that rules rely on", () => {
    const safe = (name: string) => CAPABILITIES.get(name)?.safe;
    expect(safe("valve.open")).toEqual({ boolean: { kind: "values", values: [false] } });
    expect(safe("heater.on")).toEqual({ boolean: { kind: "values", values: [false] } });
    expect(safe("siren.on")).toEqual({ boolean: { kind: "values", values: [true] } });
    expect(safe("light.on")).toEqual({ boolean: { kind: "values", values: [true] } });
    expect(safe("lock.state")?.boolean).toEqual({ kind: "values", values: [true] });
    expect(safe("switch.on")).toBeUndefined();
    expect(CAPABILITIES.get("valve.open")?.safetyClass).toBe(3);
    expect(CAPABILITIES.get("lock.state")?.safetyClass).toBe(2);
  });
});
