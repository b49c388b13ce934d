/** Keys and transactions from the command line: files and a SoftHSM token, signed offline, sent, proven. */
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plugIn } from "../../hsm/emulator/shieldOnLine.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import { anchorToJson } from "../../src/chain/anchor.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { makeShield, PIN, ShieldPty } from "../hsm/shieldBench.js";
import { startBroker } from "../support/broker.js";
import { anchorAt, makeChain } from "../support/chains.js";
import { until } from "../support/linkContract.js";
import { connectTo } from "../support/network.js";
import { NodeRefusal, type RpcStandIn, startRpcStandIn } from "../support/rpcStandIn.js";
import { buildSkfStandIn } from "../support/skfStandIn/build.js";
import { type CompiledCli, compileCli } from "./compiledCli.js";

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const PASSPHRASE = "a passphrase nobody may see";
const ACCOUNT = /^0x[0-9a-f]{40}$/;
/** A command that has not ended by itself then is killed, and has no exit code. */
const COMMAND_TIMEOUT_MS = 30_000;
const CALL = ["--to", `0x${"cd".repeat(20)}`, "--input", "0x299f7f9d"];

let cli: CompiledCli;
let folder: string;
let config: string;
let rpc: RpcStandIn;
let chain: ChainIssuer;
const ending: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  cli = compileCli();
  folder = mkdtempSync(join(tmpdir(), "edgeseal-keys-"));
  // The command judges headers by the real clock.
  chain = await makeChain({ genesisTime: Date.now() - 60_000, blockIntervalMs: 1_000 });
  chain.issueMany(20);
  const { broker, port } = await startBroker();
  ending.push(() => broker.stop());
  const url = `mqtt://127.0.0.1:${port}`;
  const node = simulatedNode(chain);
  rpc = await startRpcStandIn({ handler: node });
  ending.push(() => rpc.stop());
  const clock = { now: () => Date.now() };
  const publisher = new PublisherNode({
    anchor: anchorAt(chain, 0, { acceptedAt: Date.now() }),
    suite: chain.suite,
    store: new MemoryStore(),
    clock,
    random: systemRandom,
    logger: SILENT_LOGGER,
    sync: SYNC_DEFAULTS,
    source: rpcChainSource({ rpc: chainRpc({ endpoints: [rpc.url], random: systemRandom, clock }), pollMs: 20 }),
    link: connectTo({ url }, "publisher"),
    retainedBytesMax: 64 * 1024 * 1024,
    watch: [],
    onOutput: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  publisher.start();
  ending.push(() => publisher.stop());
  // The commands below block this process: the publisher must be through with its work before.
  await until(() => publisher.status().published?.head === 20, "the published head");
  const anchor = { ...anchorToJson(anchorAt(chain)), acceptedAt: Date.now() };
  writeFileSync(join(folder, "bundle.json"), JSON.stringify({ edgesealBundle: 1, anchor, brokers: [{ url }] }));
  expect(cli.run(["init", "-b", join(folder, "bundle.json"), "--dir", folder]).exitCode).toBe(0);
  config = join(folder, "edgeseal.yaml");
  writeFileSync(join(folder, "pass"), `${PASSPHRASE}\n`, { mode: 0o400 });
  writeFileSync(join(folder, "pin"), "1234\n", { mode: 0o400 });
  const keys = [
    "rpc:",
    `  endpoints: ["${rpc.url}"]`,
    "keys:",
    "  - {name: paying, backend: keystore, secretFile: pass}",
    "  - {name: guomi, backend: keystore, algorithm: sm2, secretFile: pass}",
    "  - {name: imported, backend: keystore, secretFile: pass}",
    `  - {name: token, backend: pkcs11, secretFile: pin, module: ${MODULE}, tokenLabel: edgeseal-cli, keyId: a1}`,
    `  - {name: elsewhere, backend: pkcs11, secretFile: pin, module: ${MODULE}, tokenLabel: edgeseal-cli, keyId: a2}`,
    "  - {name: bare, backend: shield}",
  ];
  writeFileSync(config, `${readFileSync(config, "utf8")}\n${keys.join("\n")}\n`);
});
afterAll(async () => {
  for (const end of ending.reverse()) await end();
  cli.remove();
  rmSync(folder, { recursive: true, force: true });
});

function json(words: readonly string[], env: Record<string, string> = {}) {
  const { exitCode, out, error } = cli.run([...words, "-c", config, "--json"], { env });
  expect(error + out).not.toContain(PASSPHRASE);
  return { exitCode, answer: out === "" ? error : JSON.parse(out) };
}

/** Without blocking this process, which is the chain, the broker and the node. */
async function jsonAside(words: readonly string[], configuration = config) {
  const child = spawn(process.execPath, [cli.main, ...words, "-c", configuration, "--json"], {
    stdio: "pipe",
    timeout: COMMAND_TIMEOUT_MS,
  });
  let out = "";
  let error = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    error += text;
  });
  const exitCode = await new Promise((resolve) => child.once("close", resolve));
  return { exitCode, answer: out === "" ? error : JSON.parse(out) };
}

describe("keys in files", () => {
  it("are listed, made once, shown and tested", () => {
    expect(json(["key", "list"]).answer.keys).toHaveLength(6);
    const made = json(["key", "generate", "paying"]);
    expect(made).toMatchObject({ exitCode: 0, answer: { name: "paying", address: expect.stringMatching(ACCOUNT) } });
    const file = join(folder, "keys/paying.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(json(["key", "generate", "paying"])).toMatchObject({ exitCode: 1, answer: { code: "KEYSTORE_EXISTS" } });
    expect(json(["key", "public", "paying"]).answer).toEqual(made.answer);
    expect(json(["key", "selftest", "paying", "--count", "3"]).answer).toMatchObject({
      ...made.answer,
      extractable: "yes",
      anchor: false,
      signatures: 3,
      p50Ms: expect.any(Number),
      p99Ms: expect.any(Number),
      mechanism: expect.any(String),
    });
    expect(json(["key", "generate", "guomi"]).exitCode).toBe(0);
    expect(json(["key", "selftest", "guomi", "--count", "2"])).toMatchObject({
      exitCode: 0,
      answer: { signatures: 2 },
    });
    expect(cli.run(["key", "selftest", "paying", "-c", config]).out).toContain("anchor     absent");
  });

  it("are taken from a console's account file, of the configured kind only", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const pem = join(folder, "account.pem");
    writeFileSync(pem, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    expect(json(["key", "import", "guomi", "--pem", pem]).answer.code).toBe("KEY_ALGORITHM_OTHER");
    const { answer } = json(["key", "import", "imported", "--pem", pem]);
    const spki = execFileSync("openssl", ["pkey", "-in", pem, "-pubout", "-outform", "DER"]);
    expect(answer.publicKey).toBe(`0x${spki.subarray(-64).toString("hex")}`);
  });

  it("are refused in words where the configuration, the files or the words are wrong", () => {
    expect(json(["key", "public", "nobody"])).toMatchObject({ exitCode: 1, answer: { code: "KEY_UNKNOWN" } });
    expect(json(["key", "public", "bare"]).answer.code).toBe("KEY_FIELD_MISSING");
    expect(json(["key", "generate", "bare"]).answer.code).toBe("KEY_NOT_A_FILE");
    chmodSync(join(folder, "pass"), 0o644);
    const open = json(["key", "public", "paying"]);
    chmodSync(join(folder, "pass"), 0o400);
    expect(open.answer.code).toBe("SECRET_OPEN_TO_OTHERS");
    const credentials = mkdtempSync(join(folder, "credentials-"));
    writeFileSync(join(credentials, "pass"), "another one", { mode: 0o400 });
    expect(json(["key", "public", "paying"], { CREDENTIALS_DIRECTORY: credentials }).answer.code).toBe(
      "KEYSTORE_PASSPHRASE",
    );
    expect(cli.run(["key", "selftest", "paying", "--count", "0", "-c", config]).exitCode).toBe(2);
    expect(cli.run(["tx", "send", "-c", config]).exitCode).toBe(2);
    expect(cli.run(["sign", "tx", "--key", "paying", "--to", "0x12", "-c", config]).exitCode).toBe(2);
  });
});

describe("a key in a SoftHSM token", () => {
  it("is made there, cannot leave it, and has an anchor", () => {
    const tokens = mkdtempSync(join(folder, "tokens-"));
    const conf = join(folder, "softhsm2.conf");
    writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
    const env = { SOFTHSM2_CONF: conf };
    const init = ["--init-token", "--free", "--label", "edgeseal-cli", "--pin", "1234", "--so-pin", "5678"];
    execFileSync("softhsm2-util", init, { env: { ...process.env, ...env } });
    const made = json(["key", "generate", "token"], env);
    expect(made).toMatchObject({ exitCode: 0, answer: { address: expect.stringMatching(ACCOUNT) } });
    expect(json(["key", "selftest", "token"], env).answer).toMatchObject({
      publicKey: made.answer.publicKey,
      backend: "pkcs11",
      extractable: "no",
      anchor: true,
    });
    expect(cli.run(["key", "selftest", "token", "-c", config], { env }).out).toMatch(/^extracted {2}cannot be$/m);
    const { exitCode, answer } = json(["sign", "tx", "--key", "token", ...CALL], env);
    expect({ exitCode, from: answer.from }).toEqual({ exitCode: 0, from: made.answer.address });
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const pem = join(folder, "elsewhere.pem");
    writeFileSync(pem, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const words = ["--import", pem, "--token", "edgeseal-cli", "--label", "elsewhere", "--id", "a2", "--pin", "1234"];
    execFileSync("softhsm2-util", words, { env: { ...process.env, ...env }, stdio: "ignore" });
    const { out } = cli.run(["key", "selftest", "elsewhere", "-c", config], { env });
    expect(out).toMatch(/^extracted {2}not now, but perhaps before: not for sealer keys$/m);
  });
});

describe("a key in a U-shield", () => {
  const configured = (name: string, line: string, pin: string): string => {
    const file = join(folder, `${name}.yaml`);
    const secret = join(folder, `${name}.pin`);
    writeFileSync(secret, `${pin}\n`, { mode: 0o400 });
    const key = `  - {name: ${name}, secretFile: ${secret}, ${line}}`;
    const own = readFileSync(config, "utf8").split("\nkeys:")[0];
    writeFileSync(file, `${own}\nkeys:\n${key}\n`);
    return file;
  };

  it("on a serial line signs with its anchor beside it, and its PIN is counted", async () => {
    const pair = new ShieldPty();
    await pair.plug();
    const plugged = plugIn(makeShield({ button: "pressed" }), pair.far);
    ending.push(async () => {
      await plugged.unplug();
      await pair.remove();
    });
    const right = configured("serial", `backend: shield, device: ${pair.near}`, PIN);
    const tested = await jsonAside(["key", "selftest", "serial", "--count", "3"], right);
    expect(tested).toMatchObject({
      exitCode: 0,
      answer: { backend: "shield", extractable: "no", anchor: true, signatures: 3 },
    });
    const signed = await jsonAside(["sign", "tx", "--key", "serial", ...CALL], right);
    expect(signed).toMatchObject({ exitCode: 0, answer: { from: tested.answer.address } });
    const wrong = configured("serial", `backend: shield, device: ${pair.near}`, "000000");
    expect(await jsonAside(["key", "selftest", "serial"], wrong)).toMatchObject({
      exitCode: 1,
      answer: { code: expect.stringMatching(/^SHIELD_PIN/) },
    });
  });

  it("behind an SKF library signs with SM2; a library that hangs does not keep the command", async () => {
    const standIn = buildSkfStandIn();
    ending.push(() => standIn.remove());
    const home = "application: edgeseal, container: sealer";
    const file = configured("usb", `backend: skf, algorithm: sm2, module: ${standIn.module}, ${home}`, PIN);
    expect(await jsonAside(["key", "selftest", "usb", "--count", "3"], file)).toMatchObject({
      exitCode: 0,
      answer: { backend: "skf", anchor: false, signatures: 3 },
    });
    standIn.control({ hang: "ECCSignData" });
    expect(await jsonAside(["key", "selftest", "usb", "--count", "3"], file)).toMatchObject({
      exitCode: 1,
      answer: { code: "SKF_TIMEOUT" },
    });
  });
});

describe("transactions", () => {
  it("are signed offline and sent through the publisher, twice with one effect", async () => {
    const signed = json(["sign", "tx", "--key", "paying", "--block-limit", "300", ...CALL]);
    expect(signed).toMatchObject({ exitCode: 0, answer: { chainID: "chain0", groupID: "group0", blockLimit: 300 } });
    expect(signed.answer.from).toBe(json(["key", "public", "paying"]).answer.address);
    const file = join(folder, "signed.json");
    writeFileSync(file, JSON.stringify(signed.answer));
    const sent = await jsonAside(["tx", "send", file, "--timeout", "15"]);
    expect(sent).toMatchObject({
      exitCode: 0,
      answer: { hash: signed.answer.hash, from: signed.answer.from, number: 21, status: 0, proven: true },
    });
    expect((await jsonAside(["tx", "send", file, "--timeout", "15"])).answer).toEqual(sent.answer);
    const altered = { ...signed.answer, transaction: signed.answer.transaction.replace("299f7f9d", "299f7f9e") };
    writeFileSync(file, JSON.stringify(altered));
    expect((await jsonAside(["tx", "send", file, "--timeout", "15"])).answer.code).toBe("TRANSACTION_HASH_MISMATCH");
  });

  it("are signed and sent by JSON-RPC in one go", async () => {
    const sent = await jsonAside(["tx", "send", "--key", "imported", "--via", "rpc", ...CALL]);
    expect(sent).toMatchObject({ exitCode: 0, answer: { number: 22, proven: true } });
    expect(readdirSync(join(folder, "data", "sending"))).toEqual([]);
  });

  it("signed on the spot and not answered for, can be sent again with the same bytes", async () => {
    const sink = await startRpcStandIn({
      handler: (method, params) => {
        if (method !== "sendTransaction") return simulatedNode(chain)(method, params);
        throw new NodeRefusal(10_010, "TransactionPoolTimeout");
      },
    });
    ending.push(() => sink.stop());
    const deaf = join(folder, "deaf.yaml");
    writeFileSync(
      deaf,
      readFileSync(config, "utf8").replace(/endpoints: .*/, `endpoints: [${JSON.stringify(sink.url)}]`),
    );
    const before = chain.height;
    const lost = await jsonAside(["tx", "send", "--key", "imported", "--via", "rpc", "--timeout", "2", ...CALL], deaf);
    expect(lost.answer).toMatchObject({
      code: "SEND_NO_ANSWER",
      data: { file: expect.stringContaining("/sending/0x") },
    });
    expect(chain.height).toBe(before);
    const sent = await jsonAside(["tx", "send", lost.answer.data.file, "--via", "rpc"]);
    expect(sent).toMatchObject({ exitCode: 0, answer: { hash: lost.answer.data.hash, proven: true } });
  });

  it("cannot be made with a key of the other suite", () => {
    expect(json(["sign", "tx", "--key", "guomi", ...CALL]).answer.code).toBe("SIGN_KEY_ALGORITHM");
  });
});

describe("the history of a key", () => {
  it("is exported, taken over and advanced; a damaged copy is refused", () => {
    const advanced = json(["key", "history", "advance", "paying", "--height", "7"]);
    const { out, exitCode } = cli.run(["key", "history", "export", "paying", "-c", config]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ edgesealSigning: 1 });
    expect([0, 1]).toContain(advanced.exitCode);
    const file = join(folder, "history.json");
    writeFileSync(file, out);
    expect(json(["key", "history", "import", "paying", file])).toMatchObject({ exitCode: 0, answer: { keys: 1 } });
    writeFileSync(file, out.replace(/"sha256": "../, '"sha256": "00'));
    expect(json(["key", "history", "import", "paying", file]).answer.code).toBe("SIGN_HISTORY_CHECKSUM");
  });
});
