/** edgeseal.yaml: what is accepted, what is refused and how it is named, and that everything made from the schema is in step. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CONFIG_SCHEMA_ID, readChecked, writeChecked } from "../../src/node/config/checked.js";
import { readBrokerAccess } from "../../src/node/config/files.js";
import { configJsonSchema, configSchema } from "../../src/node/config/schema.js";
import { configProblems, nearestOf } from "../../src/node/config/validate.js";
import { DATA_DIR_DEFAULT, loadConfig } from "../../src/node/config.js";
import { describe as inWords } from "../../src/text/describe.js";

let base: string;
let folder: string;
let count = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "edgeseal-config-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(base, String(count++));
  mkdirSync(folder);
});

const PARTICIPANT = `role: participant
brokers: [{ url: mqtts://broker.example }]
keys: [{ name: sealer, family: sealer, backend: keystore }]
`;
const BROKER = "brokers:\n  - url: mqtts://broker.example\n";

function write(yaml: string | Buffer): string {
  const path = join(folder, "edgeseal.yaml");
  writeFileSync(path, yaml);
  return path;
}

async function problemOf(yaml: string | Buffer): Promise<Record<string, unknown>> {
  try {
    await loadConfig(write(yaml));
  } catch (thrown) {
    const { problem } = thrown as { problem: Record<string, unknown> };
    expect(inWords(thrown).code).toBe(problem.code);
    return problem;
  }
  return { code: "ACCEPTED" };
}

describe("a good file", () => {
  it("needs a broker and nothing else", async () => {
    const { config } = await loadConfig(write(BROKER));
    expect(config).toMatchObject({
      role: "light",
      folder,
      dataDir: join(folder, "data"),
      sync: { mode: "skip", fill: true, trustingPeriodDays: 30, trustLevel: "strict" },
      brokers: [{ url: "mqtts://broker.example", protocolVersion: 4, insecure: false }],
    });
    expect(config.client).toMatch(/^light-[0-9a-f]{8}$/);
  });

  it("gives two nodes of one machine different names, and each the same at every start", async () => {
    const path = write(BROKER);
    const { client } = (await loadConfig(path)).config;
    expect((await loadConfig(path)).config.client).toBe(client);
    write(`${BROKER}dataDir: other\n`);
    expect((await loadConfig(path)).config.client).not.toBe(client);
  });

  it("lets a publisher certify every header", async () => {
    const yaml = `role: publisher\n${BROKER}rpc:\n  endpoints: ["http://127.0.0.1:20200"]\n`;
    expect((await loadConfig(write(yaml))).config.sync.mode).toBe("forward");
  });
});

describe("a bad file", () => {
  it("names an unknown key and the one that is probably meant", async () => {
    expect(await problemOf(`${BROKER}brockers: []\n`)).toMatchObject({
      code: "CONFIG_KEY_UNKNOWN",
      field: "brockers",
      nearest: "brokers",
    });
    const nested = await problemOf("brokers:\n  - url: mqtts://b\n    pasword: x\n");
    expect(nested).toMatchObject({ field: "brokers[0].pasword", nearest: "passwordFile" });
    expect(await problemOf(`${BROKER}sync:\n  clockDrift: 1\n`)).toMatchObject({ nearest: "clockDriftMs" });
    expect(await problemOf(`${BROKER}__proto__: {}\n`)).toMatchObject({ code: "CONFIG_KEY_UNKNOWN" });
  });

  it("names the value that is wrong or missing", async () => {
    expect(await problemOf("brokers:\n  - username: me\n")).toMatchObject({
      code: "CONFIG_VALUE",
      field: "brokers[0].url",
      reason: "it is missing",
    });
    for (const [yaml, field] of [
      ["role: full\n", "role"],
      ["log: {level: loud}\n", "log.level"],
      ["sync: {clockDriftMs: -1}\n", "sync.clockDriftMs"],
      ["client: 'a b'\n", "client"],
      ["watch: ['0x12']\n", "watch[0]"],
      ["- a\n", ""],
    ] as const) {
      expect(await problemOf(yaml.startsWith("-") ? yaml : yaml + BROKER), yaml).toMatchObject({
        code: "CONFIG_VALUE",
        field,
      });
    }
  });

  it("refuses fields that do not fit each other", async () => {
    for (const [yaml, field] of [
      ["{}\n", "brokers"],
      [`role: publisher\n${BROKER}`, "rpc.endpoints"],
      ["brokers: [{url: 'mqtt://broker.example'}]\n", "brokers[0].url"],
      ["brokers: [{url: 'mqtt://127.0.0.1', caFile: ca.pem}]\n", "brokers[0].caFile"],
      ["brokers: [{url: 'mqtts://b', clientCertFile: c.pem}]\n", "brokers[0].clientKeyFile"],
      ["brokers: [{url: 'mqtts://b', passwordFile: p}]\n", "brokers[0].username"],
      ["brokers: [{url: 'mqtts://b'}, {url: 'mqtts://b'}]\n", "brokers[1].url"],
      [`role: publisher\n${BROKER}sync: {mode: skip}\nrpc: {endpoints: ['http://h']}\n`, "sync.mode"],
      [`role: participant\n${BROKER}`, "participant.key"],
      [`${PARTICIPANT}sync: {mode: skip}\n`, "sync.mode"],
      [`${PARTICIPANT}participant: {serve: {certFile: c}}\n`, "participant.serve.keyFile"],
      [`${PARTICIPANT}participant: {serve: {clientCaFile: c}}\n`, "participant.serve.clientCaFile"],
      [`${PARTICIPANT}participant: {serve: {host: 0.0.0.0, certFile: c, keyFile: k}}\n`, "participant.serve.host"],
    ] as const) {
      expect(await problemOf(yaml), yaml).toMatchObject({ code: "CONFIG_FIELDS", field });
    }
    expect(await problemOf("brokers: [{url: 'mqtt://b.example', insecure: true}]\n")).toEqual({ code: "ACCEPTED" });
    expect(await problemOf("brokers: [{url: 'mqtt://localhost:1'}]\n")).toEqual({ code: "ACCEPTED" });
    const served = "{host: 0.0.0.0, certFile: c, keyFile: k, tokenFile: t}";
    expect(await problemOf(`${PARTICIPANT}participant: {serve: ${served}}\n`)).toEqual({ code: "ACCEPTED" });
  });

  it("takes no password in the file and no password in an address", async () => {
    expect(await problemOf("brokers: [{url: 'mqtts://b', password: x}]\n")).toMatchObject({
      code: "CONFIG_KEY_UNKNOWN",
      nearest: "passwordFile",
    });
    expect(await problemOf("brokers: [{url: 'mqtts://me:secret@b'}]\n")).toMatchObject({ code: "CONFIG_VALUE" });
  });

  it("refuses what is no YAML, too large, doubled or made of aliases", async () => {
    expect(await problemOf("a: [1\nb: }\n")).toMatchObject({ code: "CONFIG_YAML" });
    expect(await problemOf("role: light\nrole: light\n")).toMatchObject({ code: "CONFIG_YAML", line: 2 });
    expect(await problemOf("a: &x [1]\nb: *x\n")).toMatchObject({ code: "CONFIG_YAML" });
    expect(await problemOf(Buffer.alloc(300 * 1024, 35))).toMatchObject({ code: "CONFIG_TOO_LARGE" });
    rmSync(join(folder, "edgeseal.yaml"));
    await expect(loadConfig(join(folder, "edgeseal.yaml"))).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
    await expect(loadConfig(folder)).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  });

  it("finds all mistakes at once for the doctor", () => {
    const value = { roles: 1, brokers: [{ url: "ftp://x" }], log: { level: 3 } };
    expect(
      configProblems("f", value)
        .map((problem) => "field" in problem && problem.field)
        .sort(),
    ).toEqual(["brokers[0].url", "log.level", "roles"]);
  });

  it("finds the nearest name by edits", () => {
    expect(nearestOf("brkoers", ["role", "brokers", "rpc"])).toBe("brokers");
    expect(nearestOf("x".repeat(10_000), ["role"])).toBe("role");
  });
});

describe("named files", () => {
  const yaml = `brokers:
  - url: mqtts://b
    username: me
    passwordFile: broker.password
    caFile: certs/ca.pem
`;

  it("are read from beside the configuration", async () => {
    const { config } = await loadConfig(write(yaml));
    const broker = config.brokers[0]!;
    mkdirSync(join(folder, "certs"));
    writeFileSync(join(folder, "certs/ca.pem"), "PEM");
    expect(() => readBrokerAccess(config, broker, {})).toThrow("CONFIG_FILE_UNREADABLE");
    writeFileSync(join(folder, "broker.password"), " pass word \r\n");
    expect(readBrokerAccess(config, broker, {})).toEqual({
      username: "me",
      password: " pass word ",
      tls: { ca: "PEM" },
    });
    writeFileSync(join(folder, "broker.password"), "\n");
    expect(() => readBrokerAccess(config, broker, {})).toThrow("CONFIG_PASSWORD_EMPTY");
    writeFileSync(join(folder, "broker.password"), "x".repeat(5_000));
    expect(() => readBrokerAccess(config, broker, {})).toThrow("CONFIG_FILE_TOO_LARGE");
  });

  it("are looked for among the systemd credentials first when they are bare names", async () => {
    const { config } = await loadConfig(write(yaml));
    const credentials = join(folder, "credentials");
    mkdirSync(credentials);
    mkdirSync(join(folder, "certs"));
    writeFileSync(join(folder, "certs/ca.pem"), "PEM");
    writeFileSync(join(folder, "broker.password"), "beside");
    const environment = { CREDENTIALS_DIRECTORY: credentials };
    expect(readBrokerAccess(config, config.brokers[0]!, environment).password).toBe("beside");
    writeFileSync(join(credentials, "broker.password"), "credential\n");
    expect(readBrokerAccess(config, config.brokers[0]!, environment).password).toBe("credential");
  });
});

describe("the record of the last validated file", () => {
  it("stands in for the schema as long as not a byte has changed", async () => {
    const path = write(`${BROKER}dataDir: elsewhere\n`);
    const first = await loadConfig(path);
    mkdirSync(first.config.dataDir);
    writeChecked(first.config.dataDir, first.fileId, first.fresh!);
    const second = await loadConfig(path);
    expect(second.fresh).toBeUndefined();
    expect(second.config).toEqual(first.config);
    write(`${BROKER}dataDir: elsewhere\n# changed\n`);
    const third = await loadConfig(path);
    expect(third.fileId).not.toEqual(first.fileId);
    expect(third.fresh).toEqual(first.fresh);
  });

  it("is found in the usual place without parsing, and ignored when damaged or of another schema", async () => {
    const path = write(BROKER);
    const { config, fileId, fresh } = await loadConfig(path);
    mkdirSync(config.dataDir);
    writeChecked(config.dataDir, fileId, fresh!);
    expect((await loadConfig(path)).fresh).toBeUndefined();
    const record = join(config.dataDir, "config.checked.json");
    for (const damaged of ["", "{", "null", JSON.stringify({ schema: "old", file: fileId, values: fresh })]) {
      writeFileSync(record, damaged);
      expect(readChecked(config.dataDir, fileId), damaged).toBeUndefined();
    }
  });

  it("carries the number of the schema in use", () => {
    const id = createHash("sha256").update(JSON.stringify(configJsonSchema())).digest("hex").slice(0, 32);
    expect(CONFIG_SCHEMA_ID).toBe(id);
    expect(configSchema.parse({}).dataDir).toBe(DATA_DIR_DEFAULT);
  });
});

describe("the schema", () => {
  it("explains every field", () => {
    const lacking: string[] = [];
    const walk = (node: Record<string, unknown>, at: string): void => {
      for (const [name, child] of Object.entries((node.properties ?? {}) as Record<string, Record<string, unknown>>)) {
        if (child.description === undefined) lacking.push(`${at}${name}`);
        walk(child, `${at}${name}.`);
        if (child.items !== undefined) walk(child.items as Record<string, unknown>, `${at}${name}[].`);
      }
    };
    walk(configJsonSchema(), "");
    expect(lacking).toEqual([]);
  });
});
