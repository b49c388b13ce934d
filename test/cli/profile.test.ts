import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { run } from "../../src/cli/program.js";
import { loadProfiles } from "../../src/node/profiles/library.js";
import { profileJsonSchema } from "../../src/node/profiles/schema.js";

const FILE = fileURLToPath(new URL("../../device-profiles/tasmota/plug.yaml", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-profile-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function edgeseal(...words: string[]) {
  const said = { out: "", error: "" };
  const code = await run(words, {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    environment: {},
  });
  return { code, ...said };
}

describe("edgeseal profile", () => {
  it("checks files, and says no where one is bad", async () => {
    expect(await edgeseal("profile", "check", FILE)).toMatchObject({
      code: 0,
      out: expect.stringContaining("tasmota/plug"),
    });
    const bad = await edgeseal("profile", "check", FILE, "/nowhere.yaml", "--json");
    expect(bad.code).toBe(1);
    const { files } = JSON.parse(bad.out);
    expect(files[0]).toMatchObject({ id: "tasmota/plug", mistakes: [] });
    expect(files[1].mistakes).toMatchObject([{ code: "PROFILE_FILE_UNREADABLE", line: 0 }]);
  });

  it("lists and shows profiles", async () => {
    const { profiles } = JSON.parse((await edgeseal("profile", "list", "--json")).out);
    expect(profiles).toContainEqual(expect.objectContaining({ id: "shelly/plus-1pm", protocol: "mqtt" }));
    const shown = await edgeseal("profile", "show", "virtual/thermostat");
    expect(shown.out).toContain("setpoint  capability climate.setpoint");
    expect(shown.out).toContain("safe lower");
    expect(JSON.parse((await edgeseal("profile", "show", FILE, "--json")).out).properties[0]).toMatchObject({
      name: "on",
      type: "boolean",
    });
    expect((await edgeseal("profile", "show", "nobody/nothing", "--json")).out).toContain("PROFILE_UNKNOWN");
  });

  it("exports a Thing Model, and a Thing Description where it is told the device", async () => {
    const tm = await edgeseal("profile", "export", "tasmota/plug");
    expect(JSON.parse(tm.out)["@type"]).toBe("tm:ThingModel");
    const words = ["profile", "export", "tasmota/plug", "--as", "td"];
    expect(await edgeseal(...words)).toMatchObject({ code: 2 });
    expect(await edgeseal(...words, "--device", "a/b", "--base", "mqtt://h")).toMatchObject({ code: 2 });
    const place = ["--base", "mqtt://127.0.0.1:1883/", "--address", "tasmota_1"];
    const td = JSON.parse((await edgeseal(...words, "--device", "plug-1", ...place)).out);
    expect(td).toMatchObject({ id: "urn:edgeseal:device:plug-1", security: ["nosec_sc"] });
    expect(JSON.stringify(td)).toContain("cmnd/tasmota_1/POWER");
  });

  it("prints a schema that takes all profiles and refuses others", async () => {
    const printed = JSON.parse((await edgeseal("profile", "schema")).out);
    expect(printed).toEqual(JSON.parse(JSON.stringify(profileJsonSchema())));
    const kept = new URL("../../device-profiles/profile.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual(printed);
    const validate = new Ajv2020({ strict: false }).compile(printed);
    for (const file of (await loadProfiles()).files.values()) {
      const text = readFileSync(file, "utf8");
      expect([file, validate(parse(text))]).toEqual([file, true]);
      expect(text.startsWith("# yaml-language-server: $schema=../profile.schema.json\n")).toBe(true);
    }
    expect(validate({ ...parse(readFileSync(FILE, "utf8")), colour: "red" })).toBe(false);
  });

  it("does what the page for new profiles promises", async () => {
    const page = readFileSync(new URL("../../device-profiles/README.md", import.meta.url), "utf8");
    const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const file = join(folder, "acme", "plug.yaml");
    mkdirSync(join(folder, "acme"));
    writeFileSync(file, yaml);
    expect(await edgeseal("profile", "check", file)).toMatchObject({ code: 0 });
    const attempt = ["profile", "try", file, "--address", "shed/plug"];
    const message = ["--topic", "shed/plug/state", "--payload", '{"relay":"on","watts":41.5}'];
    expect((await edgeseal(...attempt, ...message)).out).toBe("relay = true\npower = 41.5 W\n");
    expect((await edgeseal(...attempt, "--set", "relay=false")).out).toBe("shed/plug/set  off\n");
    expect((await edgeseal("profile", "list", "--profiles", folder)).out).toContain("acme/plug");
    for (const promised of ["relay = true", "power = 41.5 W", "shed/plug/set  off"]) expect(page).toContain(promised);
  });

  it("tries messages and commands, and says what is wrong with them", async () => {
    const attempt = ["profile", "try", "shelly/plus-1pm", "--address", "s1", "--json"];
    const full = { method: "NotifyStatus", params: { "switch:0": { output: true, apower: "much" } } };
    const heard = await edgeseal(...attempt, "--topic", "s1/events/rpc", "--payload", JSON.stringify(full));
    expect(heard.code).toBe(1);
    expect(JSON.parse(heard.out)).toMatchObject({
      readings: [{ name: "on", value: true }],
      problems: [{ name: "power", code: "DEVICE_VALUE_TYPE" }],
    });
    expect(await edgeseal(...attempt, "--topic", "s1/nothing")).toMatchObject({ code: 1 });
    const told = JSON.parse((await edgeseal(...attempt, "--set", "on=true")).out);
    expect(JSON.parse(told.payload)).toMatchObject({ method: "Switch.Set", params: { id: 0, on: true } });
    expect(await edgeseal(...attempt, "--set", "on=maybe")).toMatchObject({ code: 2 });
    expect((await edgeseal(...attempt, "--set", "power=1")).out).toContain("DEVICE_TARGET_UNKNOWN");
    const wrong = ["profile", "try", "eastron/sdm120", "--address", "a", "--topic", "a"];
    expect((await edgeseal(...wrong, "--json")).out).toContain("DEVICE_BINDING_OTHER");
    expect((await edgeseal("profile", "try", "tasmota/plug", "--address", "a/#", "--json")).out).toContain(
      "DEVICE_ADDRESS",
    );
  });
});
