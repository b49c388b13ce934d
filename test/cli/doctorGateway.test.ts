/** The doctor at a gateway that does not run: its links, its files, its key. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EmbeddedBroker } from "../../src/link/embeddedBroker.js";
import { checkGateway } from "../../src/node/commands/doctor/gateway.js";
import { checkSerialPath } from "../../src/node/commands/doctor/links.js";
import { FIRST_FILES } from "../../src/node/commands/init/gatewayFiles.js";
import { loadConfig } from "../../src/node/config.js";
import { systemClock } from "../../src/node/systemClock.js";
import { startBroker } from "../support/broker.js";
import { freePort } from "../support/mosquitto.js";

let base: string;
let folder: string;
let count = 0;
let broker: EmbeddedBroker;
let url: string;
let server: Server;
let port: number;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "edgeseal-doctor-gateway-"));
  const started = await startBroker();
  broker = started.broker;
  url = `mqtt://127.0.0.1:${started.port}`;
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(async () => {
  await broker.stop();
  await new Promise((resolve) => server.close(resolve));
  rmSync(base, { recursive: true, force: true });
});
beforeEach(() => {
  folder = join(base, String(count++));
  for (const { name, text } of FIRST_FILES) put(name, text);
});

function put(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

async function findings(gateway: Record<string, unknown>, more: Record<string, unknown> = {}) {
  put("edgeseal.yaml", JSON.stringify({ role: "gateway", brokers: [{ url }], gateway, ...more }));
  const { config } = await loadConfig(join(folder, "edgeseal.yaml"));
  return await checkGateway(config, {}, systemClock);
}

const mqtt = () => ({ name: "home", protocol: "mqtt", broker: { url } });

describe("links", () => {
  it("that work are well", async () => {
    const links = [mqtt(), { name: "meters", protocol: "modbus", host: "127.0.0.1", port }];
    const found = await findings({ links });
    expect(found.filter(({ name }) => name.startsWith("link "))).toEqual([
      { name: "link home", level: "ok", says: "reachable, login accepted (MQTT 4)" },
      { name: "link meters", level: "ok", says: `127.0.0.1:${port} answers` },
    ]);
  });

  it("that do not are told with the reason", async () => {
    const closed = await freePort();
    const links = [
      { ...mqtt(), broker: { url: `mqtt://127.0.0.1:${closed}` } },
      { name: "meters", protocol: "modbus", host: "127.0.0.1", port: closed },
      { name: "wire", protocol: "serial", path: join(folder, "no-such-line") },
    ];
    const found = (await findings({ links })).filter(({ name }) => name.startsWith("link "));
    expect(found).toMatchObject([
      { name: "link home", level: "fail" },
      { name: "link meters", level: "fail", says: expect.stringContaining("ECONNREFUSED") },
      {
        name: "link wire",
        level: "fail",
        says: expect.stringContaining("ENOENT"),
        advice: expect.stringMatching(/udev/),
      },
    ]);
  });

  it("of which there are none are missed", async () => {
    expect((await findings({}))[0]).toMatchObject({ name: "links", level: "warn" });
  });

  it("over a line that can be opened are well", () => {
    put("line", "");
    expect(checkSerialPath("x", join(folder, "line"))).toMatchObject({ level: "ok" });
  });
});

describe("files", () => {
  it("as init writes them are well", async () => {
    const found = await findings({ links: [mqtt()] });
    expect(found.every(({ level }) => level === "ok")).toBe(true);
    expect(found).toContainEqual({ name: "devices", level: "ok", says: "2 known" });
    expect(found).toContainEqual({ name: "rules", level: "ok", says: "1 (0 paused), scenes: 1" });
  });

  it("with mistakes are told with their number and the first one in words", async () => {
    put(
      "rules/wrong.yaml",
      "rule: wrong\ntitle: Wrong\nwhen:\n  - { device: nobody, property: x, is: true }\nthen: []\n",
    );
    put(
      "devices.yaml",
      "- { id: a, profile: no/such, link: home, address: a }\n- { id: b, profile: no/such, link: home, address: b }\n",
    );
    const found = await findings({ links: [mqtt()] });
    const devices = found.find(({ name }) => name === "devices");
    expect(devices).toMatchObject({
      level: "fail",
      says: expect.stringMatching(/devices\.yaml:1: .*no\/such.*\(and 1 more\)$/),
    });
    const rules = found.find(({ name }) => name === "rules");
    expect(rules).toMatchObject({ level: "fail", says: expect.stringMatching(/\[RULE_[A-Z_]+\] \(and \d+ more\)$/) });
  });

  it("without a policy let nobody do anything", async () => {
    const found = await findings({ links: [mqtt()], policy: "none.yaml" });
    expect(found).toContainEqual(expect.objectContaining({ name: "policy", level: "warn" }));
  });
});

it("the key of receipts is opened", async () => {
  const keys = [{ name: "gw", family: "device", backend: "keystore", algorithm: "secp256k1", secretFile: "none" }];
  const found = await findings({ links: [mqtt()], key: "gw" }, { keys });
  expect(found.at(-1)).toMatchObject({ name: "key gw", level: "fail" });
});
