/** The doctor's judgement of brokers over real TLS, of back ends, of clocks and of old anchors. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anchorFromJson } from "../../src/chain/anchor.js";
import { type EmbeddedBroker, embeddedBroker } from "../../src/link/embeddedBroker.js";
import { checkBrokers } from "../../src/node/commands/doctor/brokers.js";
import { checkClock, checkNode, judgePart } from "../../src/node/commands/doctor/machine.js";
import { checkAnchor } from "../../src/node/commands/doctor/state.js";
import { type Config, loadConfig } from "../../src/node/config.js";
import { makeTlsMaterial, type TlsMaterial } from "../support/tls.js";

const DAY_MS = 86_400_000;

let folder: string;
let tls: TlsMaterial;
let broker: EmbeddedBroker;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-doctor-"));
  tls = makeTlsMaterial();
  const { certificate, key } = tls.right;
  broker = embeddedBroker({ port: 0, tls: { certificate, key }, users: new Map([["me", "right"]]) });
  port = (await broker.start()).port;
});
afterAll(async () => {
  await broker.stop();
  tls.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function configWith(fields: Record<string, unknown>): Promise<Config> {
  const path = join(folder, "edgeseal.yaml");
  writeFileSync(path, JSON.stringify({ brokers: [{ url: `mqtts://localhost:${port}`, username: "me", ...fields }] }));
  return (await loadConfig(path)).config;
}

function password(name: string, content: string, mode = 0o600): string {
  writeFileSync(join(folder, name), content, { mode });
  return name;
}

describe("a broker", () => {
  it("that lets the node in is shown with its certificate", async () => {
    const config = await configWith({ caFile: tls.caFile, passwordFile: password("right", "right\n") });
    const findings = await checkBrokers(config, {});
    expect(findings).toMatchObject([
      { level: "ok", says: expect.stringContaining("login accepted") },
      {
        level: "warn",
        says: expect.stringMatching(/^TLSv1\.[23], .*certificate of localhost by ca, valid for [12] more days$/),
      },
    ]);
  });

  it("that does not is shown with the reason", async () => {
    const wrong = await configWith({ caFile: tls.caFile, passwordFile: password("wrong", "wrong") });
    expect(await checkBrokers(wrong, {})).toMatchObject([{ level: "fail", problem: { code: "LINK_REFUSED" } }]);
    const untrusted = await configWith({ passwordFile: "right" });
    expect(await checkBrokers(untrusted, {})).toMatchObject([{ level: "fail", problem: { code: "LINK_TLS" } }]);
    const missing = await configWith({ caFile: tls.caFile, passwordFile: "nowhere" });
    expect(await checkBrokers(missing, {})).toMatchObject([
      { level: "fail", problem: { code: "CONFIG_FILE_UNREADABLE", field: "brokers[0].passwordFile" } },
    ]);
  });

  it("whose password others can read is warned about, unless systemd keeps it", async () => {
    const passwordFile = password("open", "right", 0o644);
    const config = await configWith({ caFile: tls.caFile, passwordFile });
    const warning = { level: "warn", advice: `chmod 600 ${join(folder, "open")}` };
    expect((await checkBrokers(config, {}))[0]).toMatchObject(warning);
    expect((await checkBrokers(config, { CREDENTIALS_DIRECTORY: folder }))[0]).toMatchObject({ level: "ok" });
  });
});

describe("the machine", () => {
  it("needs a Node that is new enough", () => {
    const levels = ["18.20.0", "20.18.0", "20.19.0", "22.1.0", "24.0.0"].map((version) => checkNode(version).level);
    expect(levels).toEqual(["fail", "fail", "warn", "ok", "ok"]);
  });

  it("is told which back end serves and why a faster one does not", () => {
    const fast = { name: "fast", part: "hash", available: true, passed: true } as const;
    const absent = { ...fast, available: false, passed: false, reason: "ERR_MODULE_NOT_FOUND" } as const;
    const slow = { ...fast, name: "slow" } as const;
    expect(judgePart("x", [fast, slow])).toMatchObject({ level: "ok" });
    expect(judgePart("x", [absent, slow])).toMatchObject({
      level: "warn",
      says: "slow; faster ones do not serve: fast (ERR_MODULE_NOT_FOUND)",
    });
    expect(judgePart("x", [absent])).toMatchObject({ level: "fail" });
  });

  it("needs a clock that is set and not behind the chain", () => {
    const now = Date.UTC(2026, 10, 22);
    expect(checkClock(now, undefined).level).toBe("ok");
    expect(checkClock(0, undefined).level).toBe("fail");
    expect(checkClock(now, now + DAY_MS).level).toBe("fail");
  });
});

describe("the anchor", () => {
  it("is fine, then to be thought of, then too old", async () => {
    const config = await configWith({});
    const json = { chain: "c", group: "g", suite: "ecdsa", layout: "fisco", faultModel: "bft", height: 0 };
    const anchor = anchorFromJson({ ...json, hash: `0x${"00".repeat(32)}` }, 0);
    const levels = [1, 22, 23, 30, 31].map((days) => checkAnchor(anchor, 0, config, days * DAY_MS).level);
    expect(levels).toEqual(["ok", "ok", "warn", "warn", "fail"]);
  });
});
