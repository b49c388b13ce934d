/** Who ends whom: the node and the token's process, while the module works, hangs, or is about to be given the PIN. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generatePkcs11Key, openPkcs11 } from "../../hsm/pkcs11/pkcs11Backend.js";
import { digestOf, refusalOf, SIGN_TIMEOUT_MS } from "../support/keyBackendContract.js";
import { isRunning, PIN, type ShimFault, startSoftHsm, TOKEN_LABEL } from "../support/softhsm.js";

const hsm = startSoftHsm();
const key = { algorithm: "secp256k1", keyId: "e0" } as const;
/** Much longer than an end takes, much shorter than the shim's hang. */
const END_LIMIT_MS = 5_000;

beforeAll(async () => void (await generatePkcs11Key({ ...hsm.options(true), key }, "ends")));
beforeEach(() => {
  hsm.setFault("none");
  hsm.clearLog();
});
afterAll(() => hsm.remove());

/** A node of its own that starts the token's process as ForeignProcess does, and asks it to open. */
async function startNode(): Promise<{ readonly node: ChildProcess; readonly pid: number }> {
  const open = {
    kind: "open",
    modulePath: hsm.shim,
    token: { label: TOKEN_LABEL },
    key,
    sessions: 1,
    allowExtractable: false,
    findKey: true,
  };
  const script = `const request = { ...${JSON.stringify(open)}, pin: new TextEncoder().encode("${PIN}") };
    const stdio = ["ignore", "ignore", "ignore", "ipc", "pipe"];
    const child = require("node:child_process").fork(process.argv[1], [], { serialization: "advanced", stdio });
    child.send([{ id: 1, timeLeftMs: 20000, request }]);
    process.stdout.write(String(child.pid)); setInterval(() => {}, 1000);`;
  const node = spawn(process.execPath, ["-e", script, hsm.program], { stdio: ["ignore", "pipe", "ignore"] });
  const [pid] = await once(node.stdout, "data");
  return { node, pid: Number(pid) };
}

describe("the token's process ends with the node, however the node ended", () => {
  const HANGS: readonly ShimFault[] = ["none", "login-hang", "slots-hang"];
  for (const fault of HANGS) {
    it(`while the module is at ${fault}`, async () => {
      hsm.setFault(fault);
      const { node, pid } = await startNode();
      const reached = fault === "slots-hang" ? "slots" : "login";
      await expect.poll(() => hsm.log(), { timeout: SIGN_TIMEOUT_MS }).toContain(reached);
      expect(isRunning(pid)).toBe(true);
      node.kill("SIGKILL");
      await expect.poll(() => isRunning(pid), { timeout: END_LIMIT_MS }).toBe(false);
    });
  }
});

describe("a node that has no more to do exits by itself, though nothing was closed", () => {
  /** Opens, says which process holds the token, and signs when told to. */
  const SCRIPT = `
    const [module, options, pin, timeoutMs] = process.argv.slice(1);
    const { openPkcs11 } = await import(module);
    const backend = await openPkcs11({ ...JSON.parse(options), pin: new TextEncoder().encode(pin) });
    process.stdout.write(backend.processId + "\\n");
    process.stdin.once("data", async () => {
      process.stdin.destroy();
      await backend.signDigest(new Uint8Array(32).fill(1), Number(timeoutMs)).catch((error) => console.log(error.code));
    });`;

  for (const [fault, timeoutMs, answer] of [
    ["none", SIGN_TIMEOUT_MS, ""],
    ["hang", 500, "PKCS11_TIMEOUT\n"],
    ["init-hang", 500, "PKCS11_TIMEOUT\n"],
  ] as const) {
    it(`with the module at ${fault}`, async () => {
      const options = JSON.stringify({ ...hsm.options(), key });
      const words = ["--input-type=module", "-e", SCRIPT, hsm.backendModule, options, PIN, String(timeoutMs)];
      const node = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"], timeout: 3 * SIGN_TIMEOUT_MS });
      const ended = once(node, "close");
      let said = "";
      node.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      await expect.poll(() => said, { timeout: SIGN_TIMEOUT_MS }).toMatch(/^\d+\n$/);
      const pid = Number(said);
      hsm.setFault(fault);
      const start = performance.now();
      node.stdin.write("sign\n");
      expect(await ended).toEqual([0, null]);
      expect(performance.now() - start).toBeLessThan(END_LIMIT_MS);
      expect(said).toBe(`${pid}\n${answer}`);
      await expect.poll(() => isRunning(pid), { timeout: END_LIMIT_MS }).toBe(false);
    });
  }
});

describe("closing while a start is under way", () => {
  it("ends the process that hangs in it", async () => {
    const backend = await openPkcs11({ ...hsm.options(), key });
    hsm.setFault("login-hang");
    process.kill(backend.processId!, "SIGKILL");
    hsm.clearLog();
    await expect.poll(() => refusalOf(backend.signDigest(digestOf(1), 100))).toBe("PKCS11_TIMEOUT");
    const signing = refusalOf(backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS));
    await expect.poll(() => hsm.loginPid(), { timeout: SIGN_TIMEOUT_MS }).toBeGreaterThan(0);
    const pid = hsm.loginPid()!;
    const start = performance.now();
    await backend.close();
    expect(performance.now() - start).toBeLessThan(END_LIMIT_MS);
    expect(isRunning(pid)).toBe(false);
    expect(await signing).toBe("PKCS11_CLOSED");
  });

  it("presents no PIN any more, least of all an overwritten one", async () => {
    const backend = await openPkcs11({ ...hsm.options(), key });
    process.kill(backend.processId!, "SIGKILL");
    await refusalOf(backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS));
    hsm.clearLog();
    const signing = refusalOf(backend.signDigest(digestOf(2), SIGN_TIMEOUT_MS));
    await backend.close();
    expect(await signing).toBe("PKCS11_CLOSED");
    expect(hsm.log()).toEqual([]);
  });
});

it("an empty or overwritten PIN is never presented", async () => {
  for (const pin of [new Uint8Array(0), new Uint8Array(PIN.length)]) {
    expect(await refusalOf(openPkcs11({ ...hsm.options(), key, pin }))).toBe("PKCS11_OPTION");
  }
  expect(hsm.log()).toEqual([]);
});
