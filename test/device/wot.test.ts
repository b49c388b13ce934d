import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import formatsPlugin from "ajv-formats";
import { describe, expect, it } from "vitest";
import { thingDescription, thingModel } from "../../src/device/wot/thing.js";
import { readBridgeDevices } from "../../src/device/zigbee/bridge.js";
import { loadProfiles } from "../../src/node/profiles/library.js";
import { PLUG, profileOf } from "./sampleProfiles.js";

const addFormats = formatsPlugin as unknown as (ajv: Ajv) => void;

function schema(name: string): ValidateFunction {
  const text = readFileSync(new URL(`../vectors/wot/${name}-json-schema-validation.json`, import.meta.url), "utf8");
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  return ajv.compile(JSON.parse(text));
}

const asTm = schema("tm");
const asTd = schema("td");
const wrong = (validate: ValidateFunction, value: unknown) =>
  validate(JSON.parse(JSON.stringify(value)))
    ? []
    : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);

const THING = {
  id: "plug-1",
  name: "Plug in the shed",
  base: "mqtt://127.0.0.1:1883",
  address: "shed/plug",
  password: false,
};
const SERIAL = { ...THING, base: "serial:/dev/ttyUSB0", address: "node-7" };
const MODBUS = { ...THING, base: "modbus+tcp://127.0.0.1:502", address: "cabinet/3" };

const zigbee = readBridgeDevices(
  "zigbee2mqtt",
  readFileSync(new URL("../vectors/zigbee2mqtt/bridge-devices.json", import.meta.url)),
).devices.map(({ profile }) => profile);

describe("the Web of Things", () => {
  it("takes the Thing Model and Thing Description of every profile", async () => {
    const { profiles } = await loadProfiles();
    expect(profiles.size).toBeGreaterThan(20);
    for (const profile of [...profiles.values(), ...zigbee, profileOf(PLUG)]) {
      const at = { modbus: MODBUS, mqtt: THING, edgeseal: SERIAL }[profile.binding.protocol];
      expect([profile.id, wrong(asTm, thingModel(profile))]).toEqual([profile.id, []]);
      expect([profile.id, wrong(asTd, thingDescription(profile, at))]).toEqual([profile.id, []]);
      expect([profile.id, wrong(asTd, thingDescription(profile, { ...at, password: true }))]).toEqual([profile.id, []]);
    }
  });

  it("refuses what is no Thing: the schemas are the real ones", () => {
    const { forms: _forms, ...power } = (thingDescription(profileOf(PLUG), THING).properties as Record<string, object>)
      .power as { forms: unknown };
    const td = { ...thingDescription(profileOf(PLUG), THING), properties: { power } };
    expect(wrong(asTd, td).join()).toContain("forms");
    expect(wrong(asTd, { ...thingDescription(profileOf(PLUG), THING), security: undefined }).join()).toContain(
      "security",
    );
    expect(wrong(asTm, { ...thingModel(profileOf(PLUG)), "@type": "Thing" })).not.toEqual([]);
  });

  it("is told values in their unit, and where they are in messages", () => {
    const td = thingDescription(profileOf(PLUG), THING);
    expect(td).toMatchObject({
      id: "urn:edgeseal:device:plug-1",
      "edgeseal:safetyClass": 2,
      properties: {
        power: {
          type: "number",
          minimum: -10,
          maximum: 4000,
          multipleOf: 0.1,
          unit: "W",
          readOnly: true,
          forms: [
            {
              href: "mqtt://127.0.0.1:1883",
              "mqv:filter": "shed/plug/state",
              "edgeseal:path": ["meter", "0", "power"],
            },
          ],
        },
        mode: { "edgeseal:safeDirection": ["off"], enum: ["off", "heat"] },
      },
      actions: { toggle: { idempotent: false, "edgeseal:capability": "switch.toggle" } },
    });
    expect(JSON.stringify(td)).not.toContain('{address}"');
  });

  it("is told registers in the words of the Modbus binding", async () => {
    const { profiles } = await loadProfiles({ wanted: new Set(["eastron/sdm120", "waveshare/relay-8"]) });
    expect(thingDescription(profiles.get("eastron/sdm120")!, MODBUS)).toMatchObject({
      properties: {
        power: {
          forms: [
            {
              href: "modbus+tcp://127.0.0.1:502/3/12?quantity=2",
              "modv:entity": "InputRegister",
              "modv:type": "xsd:float",
              "modv:mostSignificantWord": true,
            },
          ],
        },
      },
    });
    expect(thingDescription(profiles.get("waveshare/relay-8")!, MODBUS)).toMatchObject({
      properties: { relay8: { forms: [{ "modv:entity": "Coil" }, { op: ["writeproperty"] }] } },
    });
  });

  it("is told in a model what has to be filled in for a device", () => {
    const text = JSON.stringify(thingModel(profileOf(PLUG)));
    expect(text).toContain("{{BASE}}");
    expect(text).toContain("{{ADDRESS}}/state");
  });
});
