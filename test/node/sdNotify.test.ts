/** Messages to systemd, received by a real datagram socket as systemd has one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Logger } from "../../src/base/logger.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import { SdNotify } from "../../src/node/sdNotify.js";

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\\n", "|"), flush=True)
`;

let folder: string;
let listener: ChildProcess;
let heard: string[];
let notify: SdNotify | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-notify-"));
  heard = [];
  listener = spawn("python3", ["-c", LISTENER, join(folder, "notify")], { stdio: ["ignore", "pipe", "inherit"] });
  listener.stdout?.setEncoding("utf8");
  await once(listener.stdout as NodeJS.ReadableStream, "data");
  listener.stdout?.on("data", (text: string) => heard.push(...text.split("\n").filter((line) => line !== "")));
});
afterEach(() => {
  notify?.close();
  listener.kill();
  rmSync(folder, { recursive: true, force: true });
});

function make(environment: Record<string, string>, isAlive = () => true, logger: Logger = SILENT_LOGGER): SdNotify {
  notify = new SdNotify({
    environment: { PATH: process.env.PATH ?? "", NOTIFY_SOCKET: join(folder, "notify"), ...environment },
    logger,
    isAlive,
  });
  return notify;
}

const has = (text: string) => () => heard.some((line) => line.includes(text));

describe("systemd", () => {
  it("hears READY with a status of one line, then STOPPING", async () => {
    const messages = make({});
    void messages.ready("light node\nREADY=0 injected");
    await messages.stopping();
    await expect.poll(has("STOPPING=1")).toBe(true);
    const ready = heard.findIndex((line) => line.includes("READY=1"));
    expect(ready).toBeGreaterThanOrEqual(0);
    expect(heard[ready]).toContain("STATUS=light node READY=0 injected");
    expect(heard.findIndex((line) => line.includes("STOPPING=1"))).toBeGreaterThan(ready);
    expect(heard.join()).not.toContain("WATCHDOG");
  });

  it("hears WATCHDOG again and again while the node is alive, and no more when it is not", async () => {
    let alive = true;
    void make({ WATCHDOG_USEC: "100000", WATCHDOG_PID: String(process.pid) }, () => alive).ready("x");
    await expect.poll(() => heard.filter((line) => line.includes("WATCHDOG=1")).length).toBeGreaterThan(2);
    alive = false;
    await notify?.status("asleep");
    await expect.poll(has("STATUS=asleep")).toBe(true);
    const before = heard.length;
    await notify?.status("still");
    await expect.poll(has("STATUS=still")).toBe(true);
    expect(heard.slice(before).filter((line) => line.includes("WATCHDOG"))).toEqual([]);
  });

  it("is not bothered by a watchdog meant for another process", async () => {
    void make({ WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" }).ready("x");
    await notify?.status("later");
    await notify?.status("last");
    await expect.poll(has("STATUS=last")).toBe(true);
    expect(heard.join()).not.toContain("WATCHDOG");
  });
});

describe("without systemd", () => {
  it("nothing is sent", async () => {
    await make({ NOTIFY_SOCKET: "" }).ready("x");
    await make({}).status("marker");
    await expect.poll(has("marker")).toBe(true);
    expect(heard.join()).not.toContain("READY");
  });

  it("a missing program is said once and stops nobody", async () => {
    const warnings: unknown[] = [];
    const logger = { ...SILENT_LOGGER, warn: (fields: unknown) => warnings.push(fields) };
    const messages = new SdNotify({
      environment: { NOTIFY_SOCKET: join(folder, "notify") },
      logger,
      isAlive: () => true,
      program: "/nowhere/systemd-notify",
    });
    await messages.ready("x");
    await messages.stopping();
    expect(warnings).toEqual([{ program: "/nowhere/systemd-notify", reason: "ENOENT" }]);
  });
});
