/** Provisioning bundles: what is read from them, what is refused, and what `init` makes of them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, isFingerprint } from "../../src/node/bundle/fingerprint.js";
import { readBundle } from "../../src/node/bundle.js";
import { setAnchor, showAnchor } from "../../src/node/commands/anchor.js";
import { initNode } from "../../src/node/commands/init.js";
import { openNodeState } from "../../src/node/commands/nodeState.js";
import { checkRules } from "../../src/node/commands/rule.js";
import { loadConfig } from "../../src/node/config.js";

const NOW = Date.UTC(2026, 10, 22);
const clock = { now: () => NOW };
const NODE_IDS = [`0x${"11".repeat(64)}`, `0x${"22".repeat(64)}`];

// biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
function bundle(): any {
  return {
    edgesealBundle: 1,
    anchor: {
      chain: "chain0",
      group: "group0",
      suite: "ecdsa",
      layout: "fisco",
      faultModel: "bft",
      height: 7,
      hash: `0x${"ab".repeat(32)}`,
      sealers: NODE_IDS.map((nodeID) => ({ nodeID, weight: "1" })),
    },
    brokers: [{ url: "mqtts://broker.example", username: "me", password: 'pa: "ss" #1', ca: "-----CA-----\n" }],
  };
}

let base: string;
let folder: string;
let count = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "edgeseal-bundle-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(base, String(count++));
});

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value, undefined, 2));

function init(value: unknown, expect?: string) {
  return initNode({
    bundle: bytesOf(value),
    bundleName: "b.json",
    folder,
    clock,
    ...(expect === undefined ? {} : { expect }),
  });
}

describe("the fingerprint", () => {
  it("is the file's SHA-256 in groups, compared without regard to spacing and case", () => {
    const fingerprint = fingerprintOf(Buffer.from("abc"));
    // FIPS 180-4 example.
    expect(fingerprint.replaceAll(" ", "")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(fingerprint.split(" ")).toHaveLength(16);
    expect(isFingerprint(fingerprint.toUpperCase().replaceAll(" ", ":"), fingerprint)).toBe(true);
    expect(isFingerprint(fingerprint.slice(0, -1), fingerprint)).toBe(false);
    expect(isFingerprint("", fingerprint)).toBe(false);
  });
});

describe("reading", () => {
  it("counts trust from now where the file names no time or a later one", () => {
    expect(readBundle(bundle(), NOW).anchor.acceptedAt).toBe(NOW);
    const later = bundle();
    later.anchor.acceptedAt = NOW + 1;
    expect(readBundle(later, NOW).anchor.acceptedAt).toBe(NOW);
    later.anchor.acceptedAt = NOW - 5;
    expect(readBundle(later, NOW).anchor.acceptedAt).toBe(NOW - 5);
  });

  it("refuses other versions, unknown fields and wrong types", () => {
    expect(() => readBundle({ ...bundle(), edgesealBundle: 2 }, NOW)).toThrow("BUNDLE_VERSION");
    expect(() => readBundle({}, NOW)).toThrow("BUNDLE_VERSION");
    expect(() => readBundle({ ...bundle(), borkers: [] }, NOW)).toThrow("BUNDLE_FIELD");
    for (const change of [
      { brokers: {} },
      { brokers: [{ url: "mqtts://b", cafile: "x" }] },
      { brokers: [{ url: "" }] },
      { brokers: [{ url: "mqtts://b", protocolVersion: 3 }] },
      { brokers: Array.from({ length: 17 }, () => ({ url: "mqtts://b" })) },
      { role: "full" },
      { rpc: [] },
      { watch: [3] },
    ]) {
      expect(() => readBundle({ ...bundle(), ...change }, NOW), JSON.stringify(change)).toThrow("BUNDLE_FIELD");
    }
    expect(() => readBundle({ ...bundle(), anchor: { height: 7 } }, NOW)).toThrow(/ANCHOR/);
  });
});

describe("init", () => {
  it("writes a configuration, the credentials and the anchor", async () => {
    const result = await init(bundle(), fingerprintOf(bytesOf(bundle())));
    expect(result).toMatchObject({
      compared: true,
      configWritten: true,
      anchorRecorded: true,
      files: ["broker-1.password", "broker-1.ca.pem"],
    });
    expect(readFileSync(join(folder, "broker-1.password"), "utf8")).toBe('pa: "ss" #1');
    expect(statSync(join(folder, "broker-1.password")).mode & 0o777).toBe(0o600);
    const yaml = readFileSync(join(folder, "edgeseal.yaml"), "utf8");
    expect(yaml).not.toContain("pa:");
    expect(yaml).toMatch(/^#/m);
    const { config, fresh } = await loadConfig(join(folder, "edgeseal.yaml"));
    // The first start finds the file validated.
    expect(fresh).toBeUndefined();
    expect(config.brokers[0]).toMatchObject({ passwordFile: "broker-1.password", caFile: "broker-1.ca.pem" });
    expect(await showAnchor(config, clock)).toMatchObject({ chain: "chain0", height: 7, acceptedAt: NOW });
  });

  it("may be repeated: the operator's configuration stays, credentials are renewed", async () => {
    await init(bundle());
    const path = join(folder, "edgeseal.yaml");
    const edited = `${readFileSync(path, "utf8")}# mine\n`;
    writeFileSync(path, edited);
    const renewed = bundle();
    renewed.brokers[0].password = "new";
    expect(await init(renewed)).toMatchObject({ configWritten: false, anchorRecorded: false });
    expect(readFileSync(path, "utf8")).toBe(edited);
    expect(readFileSync(join(folder, "broker-1.password"), "utf8")).toBe("new");
  });

  it("writes nothing for a bundle that was tampered with, is unusable, or is another chain's", async () => {
    const fingerprint = fingerprintOf(bytesOf(bundle()));
    const tampered = bundle();
    tampered.anchor.hash = `0x${"cd".repeat(32)}`;
    await expect(init(tampered, fingerprint)).rejects.toMatchObject({ code: "BUNDLE_FINGERPRINT" });
    const readable = bundle();
    readable.brokers = [{ url: "mqtt://broker.example" }];
    await expect(init(readable)).rejects.toMatchObject({ code: "BUNDLE_FIELD", problem: { field: "brokers[0].url" } });
    await expect(init([])).rejects.toMatchObject({ code: "INPUT_NOT_OBJECT" });
    expect(existsSync(folder)).toBe(false);

    await init(bundle());
    const password = readFileSync(join(folder, "broker-1.password"), "utf8");
    tampered.brokers[0].password = "theirs";
    await expect(init(tampered)).rejects.toMatchObject({ code: "BUNDLE_ANCHOR_DIFFERS" });
    expect(readFileSync(join(folder, "broker-1.password"), "utf8")).toBe(password);
  });

  it("leaves a folder with foreign data alone", async () => {
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "data/photo.jpg"), "");
    await expect(init(bundle())).rejects.toMatchObject({ code: "DATA_DIR_NOT_EMPTY" });
    expect(existsSync(join(folder, "edgeseal.yaml"))).toBe(false);
  });

  it("makes a publisher of a bundle that says so", async () => {
    const value = { ...bundle(), role: "publisher", rpc: { endpoints: ["https://node:20200"], ca: "PEM" } };
    await init(value);
    const { config } = await loadConfig(join(folder, "edgeseal.yaml"));
    expect(config).toMatchObject({
      role: "publisher",
      rpc: { endpoints: ["https://node:20200"], caFile: "rpc.ca.pem" },
    });
  });
});

describe("anchor set", () => {
  it("drops what was verified from another anchor, and keeps fork evidence aside", async () => {
    await init(bundle());
    const { config } = await loadConfig(join(folder, "edgeseal.yaml"));
    const before = await openNodeState(config, false);
    before.store.apply([
      { kind: "run", run: { start: 8, count: 1, status: "certified", bytes: new Uint8Array(3) } },
      { kind: "record", name: "fork/8", bytes: new Uint8Array([1]) },
    ]);
    before.close();

    expect(await setAnchor(config, bundle(), clock)).toMatchObject({ changed: false });
    const other = bundle().anchor;
    other.height = 9;
    expect(await setAnchor(config, other, clock)).toMatchObject({ changed: true, anchor: { height: 9 } });
    const after = await openNodeState(config, false);
    expect(after.store.spans()).toEqual([]);
    expect(after.store.recordNames("")).toEqual(["anchor", "evidence/8"]);
    after.close();
  });

  it("keeps what was verified when the same anchor is accepted anew", async () => {
    await init(bundle());
    const { config } = await loadConfig(join(folder, "edgeseal.yaml"));
    const later = { now: () => NOW + 1_000 };
    const result = await setAnchor(config, bundle().anchor, later);
    expect(result).toMatchObject({ changed: true, anchor: { acceptedAt: NOW + 1_000 } });
  });
});

describe("init of a gateway", () => {
  const gateway = () => ({ ...bundle(), role: "gateway" });

  it("writes a link to the broker and examples that pass the check of rules", async () => {
    const result = await init(gateway());
    expect(result).toMatchObject({ role: "gateway", configWritten: true });
    expect(result.examples).toEqual([
      "devices.yaml",
      "policy.yaml",
      "rules/example-hall-light.yaml",
      "scenes/example-leaving.yaml",
    ]);
    const { config } = await loadConfig(result.config);
    expect(config.role).toBe("gateway");
    expect(config.sync.mode).toBe("skip");
    const [link] = config.gateway.links;
    expect(link).toMatchObject({ name: "home", protocol: "mqtt", broker: config.brokers[0] });
    const checked = await checkRules({ files: [folder] });
    expect(checked).toMatchObject({ ok: true, mistakes: [], findings: [], scenes: ["example-leaving"] });
    expect(checked.rules).toMatchObject([{ id: "example-hall-light", status: "ACTIVE" }]);
  });

  it("leaves alone what the operator has written", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "policy.yaml"), "policy: mine\nrules: []\n");
    expect((await init(gateway())).examples).toEqual([]);
    expect(readFileSync(join(folder, "policy.yaml"), "utf8")).toBe("policy: mine\nrules: []\n");
    expect(existsSync(join(folder, "rules"))).toBe(false);
  });

  it("goes by the role that the operator names", async () => {
    const options = { bundle: bytesOf(bundle()), bundleName: "b.json", folder, clock };
    expect(await initNode({ ...options, role: "gateway" })).toMatchObject({ role: "gateway" });
    await expect(initNode({ ...options, role: "king" })).rejects.toMatchObject({
      problem: { code: "BUNDLE_FIELD", field: "role" },
    });
  });
});
