/** The operator's file of devices: what is in it, what is wrong with it and where, and who may take part. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DomainError } from "../../../src/base/error.js";
import type { DeviceRecord } from "../../../src/device/device.js";
import {
  DEVICE_FILE_BYTES_MAX,
  FileRegistrations,
  type InstalledDevice,
  loadDeviceFile,
  MISTAKES_SHOWN_MAX,
  parseDeviceFile,
  readDeviceFile,
  recordOf,
} from "../../../src/node/gateway/deviceFile.js";
import { describe as said } from "../../../src/text/describe.js";

const KEY = "ab".repeat(64);
const GOOD = `# The house
- id: lamp
  profile: ikea/lamp
  link: mqtt
  address: zigbee2mqtt/hall
  name: Hall lamp
  groups: [hall, light]
  owner: person:ann
  trustTier: 3
- { id: meter, profile: eastron/sdm120, link: line-1, address: line-1/7, publicKey: 0x${KEY} }
- { id: old, profile: ikea/lamp, link: mqtt, address: zigbee2mqtt/hall, status: retired }
- { id: lock, profile: yale/lock, link: mqtt, address: zigbee2mqtt/door, status: suspended }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-devices-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function good(text = GOOD): Promise<readonly InstalledDevice[]> {
  const path = join(folder, "good.yaml");
  writeFileSync(path, text);
  return await loadDeviceFile(path);
}

/** `code line:column what` of every mistake. */
async function mistakes(text: string): Promise<string[]> {
  const { mistakes: found } = await parseDeviceFile("devices.yaml", text);
  return found.map((problem) => {
    expect(said(problem).code).toBe(problem.code);
    const what = "field" in problem ? problem.field : "what" in problem ? `${problem.what} ${problem.otherLine}` : "";
    return `${problem.code} ${problem.line}:${problem.column} ${what}`.trim();
  });
}

const line = (rest: string): string => `- { id: a, profile: v/m, link: l, address: x${rest} }`;

describe("a file of devices", () => {
  test("gives each device with its defaults", async () => {
    const devices = await good();
    expect(devices.map(({ id, line: at }) => `${id} ${at}`)).toEqual(["lamp 2", "meter 10", "old 11", "lock 12"]);
    expect(devices[0]).toEqual({
      ...{ id: "lamp", profile: "ikea/lamp", link: "mqtt", address: "zigbee2mqtt/hall", name: "Hall lamp", line: 2 },
      ...{ groups: ["hall", "light"], owner: "person:ann", trustTier: 3, status: "active" },
    });
    expect(devices[1]).toMatchObject({
      name: "meter",
      groups: [],
      trustTier: 1,
      publicKey: new Uint8Array(64).fill(0xab),
    });
    expect(recordOf(devices[1] as InstalledDevice, 5)).toMatchObject({ voucher: { kind: "key" }, joinedAt: 5 });
    expect(recordOf(devices[0] as InstalledDevice, 5)).toMatchObject({
      voucher: { kind: "gateway" },
      owner: "person:ann",
    });
  });

  test("has texts as they are written, also where YAML would see numbers", async () => {
    const [device] = await good(`- { id: 017, profile: v/m, link: 1e3, address: 0x10, publicKey: ${"12".repeat(64)} }`);
    expect(device).toMatchObject({ id: "017", link: "1e3", address: "0x10", publicKey: new Uint8Array(64).fill(0x12) });
  });

  test("may be empty", async () => {
    expect(await good("")).toEqual([]);
    expect(await good("# nobody yet\n[]\n")).toEqual([]);
  });

  test("is told all its mistakes with line and column", async () => {
    const text = `- id: "a b"
  profile: v/m
  link: l
  adress: x
- { id: b, profile: V, link: l, address: y, trustTier: 5, status: gone }
- { id: c, profile: v/m, link: l, address: "z\\u0007", groups: [ok, "not ok"], publicKey: abc }
`;
    expect(await mistakes(text)).toEqual([
      "DEVICES_VALUE 1:7 [0].id",
      "DEVICES_VALUE 1:3 [0].address",
      "DEVICES_KEY_UNKNOWN 4:3 [0].adress",
      "DEVICES_VALUE 5:21 [1].profile",
      "DEVICES_VALUE 5:56 [1].trustTier",
      "DEVICES_VALUE 5:67 [1].status",
      "DEVICES_VALUE 6:44 [2].address",
      "DEVICES_VALUE 6:68 [2].groups[1]",
      "DEVICES_VALUE 6:90 [2].publicKey",
    ]);
    const { mistakes: found } = await parseDeviceFile("devices.yaml", text);
    expect(found.find(({ code }) => code === "DEVICES_KEY_UNKNOWN")).toMatchObject({ nearest: "address" });
  });

  test("that is no list, no YAML or a bomb is refused", async () => {
    expect(await mistakes("devices: []")).toEqual(["DEVICES_VALUE 1:1"]);
    expect(await mistakes("- just text")).toEqual(["DEVICES_VALUE 1:3 [0]"]);
    expect(await mistakes("- id: a\n  id: b\n")).toEqual(["DEVICES_YAML 2:3"]);
    expect(await mistakes("- [")).toEqual(["DEVICES_YAML 1:4"]);
    expect(await mistakes("- &a [x, x]\n- &b [*a, *a]\n- [*b, *b]")).toEqual(["DEVICES_YAML 1:1"]);
    const many = await mistakes(Array.from({ length: 500 }, () => "- 1").join("\n"));
    expect(many).toHaveLength(MISTAKES_SHOWN_MAX);
    const full = Array.from({ length: 4_097 }, (_, i) => line(i === 0 ? "" : `${i}`).replace("id: a", `id: a${i}`));
    expect(await mistakes(full.join("\n"))).toEqual(["DEVICES_VALUE 1:1"]);
  });

  test("has no id, address or key twice", async () => {
    const twice = (...rows: string[]) => mistakes(rows.map((row) => `- { ${row} }`).join("\n"));
    const [a, b] = ["id: a, profile: v/m, link: l, address: x", "id: b, profile: v/m, link: l, address: y"];
    expect(await twice(a, b)).toEqual([]);
    expect(await twice(a, b.replace("id: b", "id: a"))).toEqual(["DEVICES_TWICE 2:9 id 1"]);
    expect(await twice(a, b.replace("address: y", "address: x"))).toEqual(["DEVICES_TWICE 2:44 address 1"]);
    expect(await twice(a, b.replace("link: l, address: y", "link: k, address: x"))).toEqual([]);
    const keyed = (row: string, key: string) => `${row}, publicKey: ${key}`;
    expect(await twice(keyed(a, KEY), keyed(b, `0x${KEY.toUpperCase()}`))).toEqual(["DEVICES_TWICE 2:58 key 1"]);
    const retired = `${keyed(a, KEY)}, status: retired`;
    expect(await twice(retired, keyed(b.replace("address: y", "address: x"), KEY))).toEqual([]);
    expect(await twice(retired, b.replace("id: b", "id: a"))).toEqual(["DEVICES_TWICE 2:9 id 1"]);
  });

  test("that cannot be read is said so", async () => {
    const codeOf = async (path: string) => (await readDeviceFile(path)).mistakes.map(({ code }) => code);
    expect(await codeOf(join(folder, "none.yaml"))).toEqual(["DEVICES_UNREADABLE"]);
    const path = join(folder, "bad.yaml");
    writeFileSync(path, Uint8Array.of(0xff, 0xfe));
    expect(await codeOf(path)).toEqual(["DEVICES_UNREADABLE"]);
    writeFileSync(path, " ".repeat(DEVICE_FILE_BYTES_MAX + 1));
    expect(await codeOf(path)).toEqual(["DEVICES_TOO_LARGE"]);
    await expect(loadDeviceFile(path)).rejects.toBeInstanceOf(DomainError);
  });
});

describe("registrations out of the file", () => {
  const keyed = (record: DeviceRecord, publicKey: Uint8Array): DeviceRecord => ({
    ...record,
    voucher: { kind: "key", publicKey },
  });

  test("say who may take part, and what it rests on", async () => {
    const devices = await good();
    const records = devices.map((device) => recordOf(device, 0));
    const [lamp, meter, old, lock] = records as [DeviceRecord, DeviceRecord, DeviceRecord, DeviceRecord];
    const registrations = new FileRegistrations("devices.yaml", devices);
    const verdict = (record: DeviceRecord) => registrations.registration(record).verdict;
    const evidence = { kind: "file", path: "devices.yaml" };
    expect(registrations.registration(lamp)).toEqual({ verdict: "registered", trustTier: 3, evidence });
    expect(verdict(keyed(lamp, new Uint8Array(64)))).toBe("registered");
    expect(verdict(old)).toBe("retired");
    expect(verdict(lock)).toBe("suspended");
    expect(verdict({ ...lamp, id: "stranger" })).toBe("unknown");
    expect(verdict(meter)).toBe("registered");
    expect(verdict(keyed(meter, new Uint8Array(64)))).toBe("key-mismatch");
    expect(verdict({ ...meter, voucher: { kind: "gateway" } })).toBe("key-mismatch");
    registrations.replace(devices.map((device) => ({ ...device, status: "suspended" })));
    expect(verdict(lamp)).toBe("suspended");
  });
});
