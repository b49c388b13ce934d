/** The process that holds an SKF library: ended when the library hangs or dies, and never at the cost of a PIN attempt. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { RESTART_PAUSE_MS, SIGN_HANG_MS } from "../../hsm/skf/limits.js";
import { SkfLogin } from "../../hsm/skf/login.js";
import { SAR } from "../../hsm/skf/problems.js";
import { SkfSession } from "../../hsm/skf/session.js";
import type { SkfBackend } from "../../hsm/skf/skfBackend.js";
import { isZeroBytes, utf8Bytes } from "../../src/base/bytes.js";
import { digestOf, isSignedBy, refusalOf, SIGN_TIMEOUT_MS } from "../support/keyBackendContract.js";
import type { SkfStandIn } from "../support/skfStandIn/build.js";
import { KEY, makeSkfBench, PIN } from "./skfBench.js";

/** Longer than what a hang is told by, shorter than anybody waits. */
const HANG_TIMEOUT_MS = SIGN_HANG_MS + 200;
const HURRIED_MS = 150;

const bench = makeSkfBench();
afterAll(() => bench.remove());

let standIn: SkfStandIn;
let backend: SkfBackend | undefined;

beforeEach(() => {
  standIn = bench.build();
});
afterEach(async () => {
  await backend?.close();
  backend = undefined;
  await expect.poll(bench.processes).toEqual([]);
});

async function opened(): Promise<SkfBackend> {
  backend = await bench.open(standIn);
  return backend;
}

async function signs(seed: number): Promise<boolean> {
  const signature = await backend!.signDigest(digestOf(seed), SIGN_TIMEOUT_MS);
  return isSignedBy("sm2", KEY, digestOf(seed), signature);
}

function refused(timeoutMs = SIGN_TIMEOUT_MS): Promise<string> {
  return refusalOf(backend!.signDigest(digestOf(9), timeoutMs));
}

const presented = () => standIn.calls("VerifyPIN");
const untilCalled = (name: string, times: number) =>
  expect.poll(() => standIn.calls(name), { timeout: SIGN_TIMEOUT_MS }).toBe(times);

describe("a library that hangs", () => {
  test("while it signs: refused in time, its process gone, the next call served by another", async () => {
    const { processId } = await opened();
    standIn.control({ hang: "ECCSignData" });
    const start = performance.now();
    expect(await refused(HANG_TIMEOUT_MS)).toBe("SKF_TIMEOUT");
    expect(performance.now() - start).toBeLessThan(HANG_TIMEOUT_MS + 500);
    await expect.poll(bench.processes).toEqual([]);
    expect(backend!.processId).toBeUndefined();
    standIn.control({});
    expect(await signs(1)).toBe(true);
    expect(backend!.processId).not.toBe(processId);
    expect(presented()).toBe(2);
  });

  test("for a moment only keeps its process, however hurried the caller was", async () => {
    const { processId } = await opened();
    standIn.control({ hang: "ECCSignData" });
    expect(await refused(HURRIED_MS)).toBe("SKF_TIMEOUT");
    standIn.control({});
    expect(await signs(1)).toBe(true);
    expect(backend!.processId).toBe(processId);
    expect(presented()).toBe(1);
  });

  for (const call of ["Load", "EnumDev", "ConnectDev", "ExportPublicKey", "GetPINInfo"]) {
    test(`in ${call} is not opened, and its process is gone`, async () => {
      standIn.control({ hang: call });
      expect(await refusalOf(bench.open(standIn, { openTimeoutMs: 1_000 }))).toBe("SKF_TIMEOUT");
      await expect.poll(bench.processes).toEqual([]);
      expect(presented()).toBe(0);
    });
  }

  test("while handles are given back is ended too", async () => {
    await opened();
    standIn.control({ fault: "failed", hang: "CloseContainer" });
    await refused(HURRIED_MS);
    await expect.poll(bench.processes, { timeout: SIGN_TIMEOUT_MS }).toEqual([]);
    standIn.control({});
    expect(await signs(1)).toBe(true);
  });

  test("at every start is not started for every caller", async () => {
    await opened();
    process.kill(backend!.processId!, "SIGKILL");
    await expect.poll(() => backend!.processId).toBeUndefined();
    standIn.control({ crash: "EnumDev" });
    for (let i = 0; i < 20; i++) expect(await refused()).toBe("SKF_PROCESS_ENDED");
    expect(standIn.calls("EnumDev")).toBeLessThan(6);
    standIn.control({});
    await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
    expect(await signs(1)).toBe(true);
  });
});

describe("a library that dies", () => {
  test("while it signs: refused at once, the next call served by another process", async () => {
    await opened();
    standIn.control({ crash: "ECCSignData" });
    expect(await refused()).toBe("SKF_PROCESS_ENDED");
    standIn.control({});
    expect(await signs(1)).toBe(true);
  });

  test("or is killed between calls comes back with one PIN attempt for each start", async () => {
    const { processId } = await opened();
    process.kill(processId!, "SIGKILL");
    await expect.poll(() => backend!.processId).toBeUndefined();
    expect(await signs(1)).toBe(true);
    expect(presented()).toBe(2);
  });
});

describe("a PIN attempt without an answer", () => {
  test("ends the opening, and only a person opens again", async () => {
    standIn.control({ hang: "VerifyPIN" });
    expect(await refusalOf(bench.open(standIn, { pinTimeoutMs: 500 }))).toBe("SKF_PIN_UNANSWERED");
    await expect.poll(bench.processes).toEqual([]);
    standIn.control({});
    await new Promise((resolve) => setTimeout(resolve, 2 * RESTART_PAUSE_MS));
    expect(presented()).toBe(1);
    await opened();
    expect(presented()).toBe(2);
  });

  for (const fault of ["hang", "crash"]) {
    test(`is not repeated by a node that goes on (${fault})`, async () => {
      backend = await bench.open(standIn, { pinTimeoutMs: 1_000 });
      standIn.control({ epoch: 1, [fault]: "VerifyPIN" });
      expect(await refused()).toBe("SKF_PIN_UNANSWERED");
      await expect.poll(bench.processes).toEqual([]);
      standIn.control({ epoch: 1 });
      for (let i = 0; i < 3; i++) {
        expect(await refused()).toBe("SKF_PIN_UNANSWERED");
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      }
      expect(presented()).toBe(2);
      expect(bench.processes()).toEqual([]);
    });
  }

  test("is not made of one whose caller gave up: it goes on and is used", async () => {
    await opened();
    standIn.control({ epoch: 1, hang: "VerifyPIN" });
    const hurried = refused(600);
    await untilCalled("VerifyPIN", 2);
    expect(await hurried).toBe("SKF_TIMEOUT");
    await new Promise((resolve) => setTimeout(resolve, SIGN_HANG_MS));
    standIn.control({ epoch: 1 });
    expect(await signs(1)).toBe(true);
    expect(presented()).toBe(2);
  });
});

describe("close", () => {
  test("ends a process that is starting; no PIN is presented afterwards", async () => {
    await opened();
    process.kill(backend!.processId!, "SIGKILL");
    await expect.poll(() => backend!.processId).toBeUndefined();
    const signing = refused();
    await expect.poll(() => backend!.processId).toBeGreaterThan(0);
    await backend!.close();
    expect(await signing).toBe("SKF_CLOSED");
    await expect.poll(bench.processes).toEqual([]);
    expect(await refused()).toBe("SKF_CLOSED");
    expect(presented()).toBe(1);
  });

  for (const call of ["ConnectDev", "VerifyPIN", "ECCSignData"]) {
    test(`ends a process that hangs in ${call}, and no empty PIN was presented`, async () => {
      await opened();
      const before = standIn.calls(call);
      standIn.control({ epoch: call === "ECCSignData" ? 0 : 1, hang: call });
      const signing = refused();
      await untilCalled(call, before + 1);
      const start = performance.now();
      await backend!.close();
      expect(performance.now() - start).toBeLessThan(2_000);
      expect(await signing).toBe("SKF_CLOSED");
      await expect.poll(bench.processes).toEqual([]);
      standIn.control({ epoch: 1 });
      expect(standIn.calls("EmptyPIN")).toBe(0);
    });
  }
});

describe("the PIN", () => {
  test("stands neither among the process's arguments nor its variables", async () => {
    const { processId } = await opened();
    for (const file of ["cmdline", "environ"]) {
      expect(readFileSync(`/proc/${processId}/${file}`, "latin1")).not.toContain(PIN);
    }
  });

  test("once forgotten is not presented, not even as zeros", async () => {
    const login = new SkfLogin(utf8Bytes(PIN));
    login.forget();
    let attempts = 0;
    const verify = async () => {
      attempts++;
      return SAR.ok;
    };
    expect(await refusalOf(login.present(5, verify))).toBe("SKF_CLOSED");
    expect(attempts).toBe(0);
  });

  for (const outcome of ["returns", "fails"]) {
    test(`is overwritten where the library read it, when the call ${outcome}`, async () => {
      let text: Uint8Array = new Uint8Array();
      let read = "";
      const session = new SkfSession({
        async call(_name, ...args) {
          text = args[2] as Uint8Array;
          read = new TextDecoder().decode(text);
          if (outcome === "fails") throw new TypeError("as koffi does");
          return SAR.ok;
        },
      });
      await session.verifyPin(utf8Bytes(PIN)).catch(() => undefined);
      expect(read).toBe(`${PIN}\0`);
      expect(isZeroBytes(text)).toBe(true);
    });
  }
});

describe("a node", () => {
  /** Opens, says so, and signs without ever closing. */
  const SCRIPT = `
    const [module, options, timeoutMs] = process.argv.slice(1);
    const { openSkf } = await import(module);
    const backend = await openSkf(JSON.parse(options));
    process.stdout.write("opened\\n");
    process.stdin.once("data", async () => {
      process.stdin.destroy();
      await backend.signDigest(new Uint8Array(32), Number(timeoutMs)).catch((error) => console.log(error.code));
    });`;

  function startNode(timeoutMs: number) {
    const words = [bench.backendModule, JSON.stringify(bench.optionsOf(standIn)), String(timeoutMs)];
    const node = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, ...words], {
      stdio: ["pipe", "pipe", "inherit"],
      timeout: 3 * SIGN_TIMEOUT_MS,
    });
    let said = "";
    node.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    return { node, ended: once(node, "close"), said: () => said };
  }

  async function signing(timeoutMs: number, settings: Record<string, string>): Promise<ReturnType<typeof startNode>> {
    const started = startNode(timeoutMs);
    await expect.poll(started.said, { timeout: SIGN_TIMEOUT_MS }).toBe("opened\n");
    expect(bench.processes()).toHaveLength(1);
    standIn.control(settings);
    started.node.stdin.write("sign\n");
    await untilCalled("ECCSignData", 1);
    return started;
  }

  for (const [library, timeoutMs, answer] of [
    ["works", SIGN_TIMEOUT_MS, ""],
    ["hangs", HURRIED_MS, "SKF_TIMEOUT\n"],
    ["hangs", HANG_TIMEOUT_MS, "SKF_TIMEOUT\n"],
  ] as const) {
    test(`exits by itself when its work is done, though nothing was closed: a library that ${library}, ${timeoutMs} ms`, async () => {
      const { ended, said } = await signing(timeoutMs, library === "hangs" ? { hang: "ECCSignData" } : {});
      const start = performance.now();
      expect(await ended).toEqual([0, null]);
      expect(performance.now() - start).toBeLessThan(HANG_TIMEOUT_MS + 1_000);
      expect(said()).toBe(`opened\n${answer}`);
      await expect.poll(bench.processes).toEqual([]);
    });
  }

  test("that is killed takes the process with it that hangs in loading its library", async () => {
    standIn.control({ hang: "Load" });
    const { node, ended } = startNode(SIGN_TIMEOUT_MS);
    await untilCalled("Load", 1);
    expect(bench.processes()).toHaveLength(1);
    node.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expect.poll(bench.processes, { timeout: SIGN_TIMEOUT_MS }).toEqual([]);
  });

  test("that is killed takes the process of a hanging library with it", async () => {
    const { node, ended } = await signing(SIGN_TIMEOUT_MS, { hang: "ECCSignData" });
    node.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expect.poll(bench.processes, { timeout: SIGN_TIMEOUT_MS }).toEqual([]);
  });
});
