import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../../../src/base/error.js";
import type { Conversion } from "../../../src/device/binding.js";
import { addressProblem } from "../../../src/device/convert/address.js";
import { readMqtt } from "../../../src/device/convert/mqttRead.js";
import { writeMqtt } from "../../../src/device/convert/mqttWrite.js";
import { isProblem } from "../../../src/device/convert/problems.js";
import { convertIn, convertOut } from "../../../src/device/convert/value.js";
import type { DeviceProfile } from "../../../src/device/profile.js";
import type { DeviceValue, ValueType } from "../../../src/device/value.js";
import { readBridgeDevices } from "../../../src/device/zigbee/bridge.js";
import { findProfile, loadProfiles, shippedFolder } from "../../../src/node/profiles/library.js";
import type { ProfileMistake } from "../../../src/node/profiles/problems.js";
import { PROFILE_FILE_BYTES_MAX, parseProfile, readProfile } from "../../../src/node/profiles/read.js";
import { describe as inWords } from "../../../src/text/describe.js";

const GOOD = `vendor: acme
model: bell
title: Bell
class: button
events:
  ring:
    capability: button.event
binding:
  protocol: mqtt
  reads:
    - topic: "{address}/ring"
      to: ring
  writes: []
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-profiles-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const places = (mistakes: readonly ProfileMistake[]) =>
  mistakes.map(({ line, column, problem }) => `${line}:${column} ${problem.code}`);

describe("a profile file", () => {
  it("is read", async () => {
    const { profile } = await readProfile(put("acme/bell.yaml", GOOD));
    expect(profile?.id).toBe("acme/bell");
  });

  it("is refused with line and column of every mistake", async () => {
    const at = async (from: string, to: string) =>
      places((await parseProfile("x.yaml", GOOD.replace(from, to))).mistakes);
    expect(await at("title: Bell", "titel: Bell")).toEqual(["1:1 PROFILE_FILE_VALUE", "3:1 PROFILE_FILE_KEY"]);
    expect(await at("button.event", "button.evnt")).toEqual(["7:17 PROFILE_FILE_VALUE"]);
    expect(await at("to: ring", "to: rang")).toEqual(["12:11 PROFILE_REFERENCE", "7:5 PROFILE_UNREACHED"]);
    expect(await at('"{address}/ring"', '"ring"')).toEqual(["11:14 PROFILE_TEMPLATE"]);
    expect(await at('"{address}/ring"', "{address}/ring")).toEqual([
      expect.stringMatching(/^11:\d+ PROFILE_FILE_YAML$/),
    ]);
    expect(await at("model: bell", "vendor: bell")).toEqual([expect.stringMatching(/^2:\d+ PROFILE_FILE_YAML$/)]);
    expect(await at("protocol: mqtt", "protocol: coap")).toEqual([expect.stringMatching(/ PROFILE_FILE_VALUE$/)]);
    expect(places((await parseProfile("x.yaml", "")).mistakes)).toEqual(["1:1 PROFILE_FILE_VALUE"]);
    expect(places((await parseProfile("x.yaml", "- 1")).mistakes)).toEqual(["1:1 PROFILE_FILE_VALUE"]);
  });

  it("that is no file, no text, too large or full of aliases is refused", async () => {
    const codes = async (file: string) => (await readProfile(file)).mistakes.map(({ problem }) => problem.code);
    expect(await codes(join(folder, "none.yaml"))).toEqual(["PROFILE_FILE_UNREADABLE"]);
    expect(await codes(put("a.yaml", "#".repeat(PROFILE_FILE_BYTES_MAX + 1)))).toEqual(["PROFILE_FILE_TOO_LARGE"]);
    const binary = put("b.yaml", "");
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0xfd));
    expect(await codes(binary)).toEqual(["PROFILE_FILE_UNREADABLE"]);
    const bomb = `a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n`;
    expect(await codes(put("c.yaml", bomb))).toEqual(["PROFILE_FILE_YAML"]);
  });

  it("has a sentence for every mistake", async () => {
    for (const text of ["", "- 1", "a: [", GOOD.replace("ring:", "1:"), GOOD.replace("class", "klass")]) {
      for (const { problem } of (await parseProfile("x.yaml", text)).mistakes) {
        const { code, sentence } = inWords(problem);
        expect(code).toBe(problem.code);
        expect(sentence).not.toContain("undefined");
      }
    }
  });
});

describe("the library", () => {
  it("holds what comes with edgeseal and what is in a folder of one's own", async () => {
    put("acme/bell.yaml", GOOD);
    const { profiles, mistakes, files } = await loadProfiles({ folder });
    expect(mistakes).toEqual([]);
    expect(files.get("acme/bell")).toBe(join(folder, "acme/bell.yaml"));
    for (const id of ["shelly/plus-1pm", "tasmota/plug", "eastron/sdm120", "waveshare/relay-8", "virtual/gas-valve"]) {
      expect(profiles.has(id)).toBe(true);
    }
    expect([...(await loadProfiles({ wanted: new Set(["tasmota/plug"]) })).profiles.keys()]).toEqual(["tasmota/plug"]);
  });

  it("leaves out bad files, files at the wrong place and second ones, and keeps the rest", async () => {
    const shipped = join(folder, "shipped");
    const own = join(folder, "own");
    put("shipped/acme/bell.yaml", GOOD);
    put("own/acme/bell.yaml", GOOD.replace("title: Bell", "title: Another"));
    put("own/acme/gong.yaml", GOOD);
    put("own/acme/bad.yaml", "vendor: acme");
    put("own/acme/fine.yaml", GOOD.replace("model: bell", "model: fine"));
    put("own/acme/notes.txt", "no profile");
    const { profiles, mistakes } = await loadProfiles({ shipped, folder: own });
    expect([...profiles.keys()]).toEqual(["acme/bell", "acme/fine"]);
    expect(profiles.get("acme/bell")?.title).toBe("Bell");
    const codes = new Set(mistakes.map(({ problem }) => problem.code));
    expect(codes).toEqual(new Set(["PROFILE_FILE_VALUE", "PROFILE_FILE_TWICE", "PROFILE_FILE_NAME"]));
    const gone = await loadProfiles({ shipped, folder: join(folder, "gone") });
    expect(gone.mistakes.map(({ problem }) => problem.code)).toEqual(["PROFILE_FOLDER_UNREADABLE"]);
    expect(gone.profiles.size).toBe(1);
  });

  it("names the nearest profile where there is none of a name", async () => {
    expect((await findProfile("tasmota/plug")).title).toContain("Tasmota");
    const thrown = await findProfile("tasmota/plugg").catch((error: unknown) => error);
    expect(codeOf(thrown)).toBe("PROFILE_UNKNOWN");
    expect(inWords(thrown).sentence).toContain("tasmota/plug.");
  });
});

/** Values of a type; for numbers both ends as well. */
function valuesOf(type: ValueType): fc.Arbitrary<DeviceValue> {
  switch (type.kind) {
    case "boolean":
      return fc.boolean();
    case "number":
      return fc.oneof(fc.integer({ min: type.min, max: type.max }), fc.constantFrom(type.min, type.max));
    case "choice":
      return fc.constantFrom(...type.choices);
    case "text":
      return fc.string({ maxLength: type.charactersMax }).filter((text) => !/\p{Cc}/u.test(text));
  }
}

function conversionsOf({ binding, properties }: DeviceProfile): [string, Conversion, ValueType][] {
  if (binding.protocol === "edgeseal") return [];
  const reads =
    binding.protocol === "mqtt"
      ? binding.reads.map((one) => [one.to, one.convert] as const)
      : binding.reads.map((one) => [one.name, one.convert] as const);
  const writes =
    binding.protocol === "mqtt"
      ? binding.writes.map((one) => [one.from, one.convert] as const)
      : binding.writes.map((one) => [one.name, one.convert] as const);
  return [...reads, ...writes].flatMap(([name, convert]) => {
    const type = properties.get(name)?.type;
    return type === undefined ? [] : [[name, convert, type] as [string, Conversion, ValueType]];
  });
}

describe("every profile that comes with edgeseal or is derived from a bridge", async () => {
  const profiles = [...(await loadProfiles()).profiles.values()];

  it("is there, under the name of its file", () => {
    expect(shippedFolder()).toMatch(/device-profiles$/);
    expect(profiles.length).toBeGreaterThanOrEqual(21);
  });

  const recorded = readFileSync(new URL("../../vectors/zigbee2mqtt/bridge-devices.json", import.meta.url));
  const derived = readBridgeDevices("zigbee2mqtt", recorded).devices.map((device) => device.profile);

  for (const profile of [...profiles, ...derived]) {
    it(`${profile.id} gives values back within one step`, () => {
      for (const [name, convert, type] of conversionsOf(profile)) {
        fc.assert(
          fc.property(valuesOf(type), (value) => {
            const raw = convertOut(convert, type, value);
            if (isProblem(raw)) throw new TypeError(`${name}: ${raw.code}`);
            const back = convertIn(convert, type, raw);
            if (typeof value === "number") expect(Math.abs(Number(back) - value)).toBeLessThanOrEqual(1);
            else expect(back).toBe(value);
          }),
          { numRuns: 50 },
        );
      }
    });
  }

  it("that speaks MQTT writes what it would read again", () => {
    let tried = 0;
    for (const profile of profiles.filter(({ id }) => id.startsWith("zigbee2mqtt/"))) {
      for (const { name, type, writable, readable } of profile.properties.values()) {
        if (!writable || !readable) continue;
        const address = "zigbee2mqtt/room";
        expect(addressProblem(address)).toBeUndefined();
        for (const value of fc.sample(valuesOf(type), 10)) {
          const message = writeMqtt(profile, address, name, value, { commandId: "00", client: "gw" });
          if ("code" in message) throw new TypeError(message.code);
          expect(message.topic).toBe(`${address}/set`);
          // Zigbee2MQTT publishes the same members as state.
          const [reading] = readMqtt(profile, address, address, message.payload).readings;
          expect(reading?.[0]).toBe(name);
          expect(Math.abs(Number(reading?.[1]) - Number(value))).toBeLessThanOrEqual(1);
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(40);
  });
});
