/** A serial line over a real pty: messages both ways, noise, half frames, an adapter pulled out and put back. */
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concatBytes, utf8Bytes } from "../../src/base/bytes.js";
import { DomainError } from "../../src/base/error.js";
import { encodeDeviceFrame } from "../../src/codec/device/frame.js";
import { type FramedSerialLine, type SerialLineHandlers, serialLine } from "../../src/link/serialLine.js";
import { type OpenedPort, type OpenSerialPort, openSerialPort } from "../../src/link/serialPort.js";
import { seededRandom, until } from "../support/linkContract.js";
import { PtyPair } from "../support/ptyPair.js";

const BAUD = 115_200;
const QUICK = { random: seededRandom(), reopenMinMs: 20, reopenMaxMs: 100 };

class Ear implements SerialLineHandlers {
  readonly heard: string[] = [];
  readonly downs: string[] = [];
  readonly drops: string[] = [];
  ups = 0;

  up(): void {
    this.ups++;
  }

  down(code: string): void {
    this.downs.push(code);
  }

  message(address: string, bytes: Uint8Array): void {
    this.heard.push(`${address}:${Buffer.from(bytes).toString()}`);
  }

  dropped(code: string): void {
    this.drops.push(code);
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (thrown) {
    if (thrown instanceof DomainError) return thrown.code as string;
    throw thrown;
  }
}

let pty: PtyPair;
const lines: FramedSerialLine[] = [];
const ports: OpenedPort[] = [];

beforeEach(async () => {
  pty = new PtyPair();
  await pty.plug();
});

afterEach(async () => {
  for (const line of lines.splice(0)) await line.stop();
  for (const port of ports.splice(0)) await port.close();
  await pty.remove();
});

function line(end: "gateway" | "device", ear: SerialLineHandlers, options: { openPort?: OpenSerialPort } = {}) {
  const made = serialLine({ path: end === "gateway" ? pty.near : pty.far, baudRate: BAUD, end, ...QUICK, ...options });
  lines.push(made);
  made.start(ear);
  return made;
}

async function bothUp(): Promise<{ gateway: FramedSerialLine; device: FramedSerialLine; ear: Ear; far: Ear }> {
  const ear = new Ear();
  const far = new Ear();
  const gateway = line("gateway", ear);
  const device = line("device", far);
  await until(() => gateway.up && device.up, "both ends");
  return { gateway, device, ear, far };
}

/** The far end without frames, for whatever a device may do wrong. */
async function rawFarEnd(): Promise<OpenedPort> {
  const port = await openSerialPort({ path: pty.far, baudRate: BAUD }, { data: () => {}, lost: () => {} });
  ports.push(port);
  return port;
}

const fromDevice = (address: string, text: string) =>
  encodeDeviceFrame({ direction: "from-device", address, message: utf8Bytes(text) });

describe("a serial line", () => {
  it("carries messages of several devices both ways", async () => {
    const { gateway, device, ear, far } = await bothUp();
    await device.send("lamp", utf8Bytes("on"));
    await device.send("relay", utf8Bytes("off"));
    await gateway.send("lamp", utf8Bytes("toggle"));
    await until(() => ear.heard.length === 2 && far.heard.length === 1, "the messages");
    expect(ear.heard).toEqual(["lamp:on", "relay:off"]);
    expect(far.heard).toEqual(["lamp:toggle"]);
    expect(gateway.traffic.bytesIn).toBe(device.traffic.bytesOut);
    expect(ear.drops).toEqual([]);
  });

  it("drops noise, half frames, wrong checksums and its own echo, counts each, and hears what comes next", async () => {
    const ear = new Ear();
    const gateway = line("gateway", ear);
    const raw = await rawFarEnd();
    await until(() => gateway.up, "the line");
    const whole = fromDevice("lamp", "whole");
    const bent = new Uint8Array(whole);
    bent[5] = (bent[5] as number) ^ 0x10;
    const echo = encodeDeviceFrame({ direction: "to-device", address: "lamp", message: utf8Bytes("mine") });
    await raw.write(concatBytes([utf8Bytes("login: "), whole.subarray(0, 9), fromDevice("lamp", "first"), bent, echo]));
    await raw.write(concatBytes([new Uint8Array(3_000).fill(0x55), fromDevice("lamp", "last")]));
    await until(() => ear.heard.length === 2, "what comes next");
    expect(ear.heard).toEqual(["lamp:first", "lamp:last"]);
    // The prompt, the half frame, the bent one, the long one; and the echo.
    expect(ear.drops.filter((code) => code === "LINE_NOISE")).toHaveLength(4);
    expect(ear.drops.filter((code) => code === "LINE_ECHO")).toHaveLength(1);
    expect(gateway.counters.snapshot()).toMatchObject({ LINE_NOISE: 4, LINE_ECHO: 1 });
  });

  it("is opened again when the adapter was pulled out and put back", async () => {
    const { gateway, device, ear, far } = await bothUp();
    await pty.unplug();
    await until(() => ear.downs.length > 0 && far.downs.length > 0, "the loss");
    expect(gateway.up).toBe(false);
    expect(ear.downs[0]).toBe("LINE_DOWN");
    expect(await codeOf(gateway.send("lamp", utf8Bytes("lost")))).toBe("LINE_DOWN");
    await pty.plug();
    await until(() => gateway.up && device.up, "the adapter");
    expect(ear.ups).toBe(2);
    await device.send("lamp", utf8Bytes("again"));
    await until(() => ear.heard.length === 1, "the message");
    expect(ear.heard).toEqual(["lamp:again"]);
  });

  it("notices that the adapter is gone where the system says nothing", async () => {
    const ear = new Ear();
    const gateway = line("gateway", ear);
    await until(() => gateway.up, "the line");
    // The other end lives on: nothing is hung up.
    rmSync(pty.near);
    await until(() => ear.downs.length > 0, "the loss");
    expect(gateway.lastProblem).toMatchObject({ code: "LINE_DOWN", line: pty.near, reason: "ENOENT" });
  });

  it("waits for a device that is plugged in later", async () => {
    await pty.unplug();
    const ear = new Ear();
    const gateway = line("gateway", ear);
    await until(() => ear.downs.length >= 2, "failed openings");
    expect(gateway.lastProblem).toMatchObject({ code: "LINE_DOWN", line: pty.near });
    await pty.plug();
    await until(() => gateway.up, "the adapter");
    expect(ear.ups).toBe(1);
  });

  it("forgets half a message of before the adapter was pulled out", async () => {
    const ear = new Ear();
    const gateway = line("gateway", ear);
    const raw = await rawFarEnd();
    await until(() => gateway.up, "the line");
    const whole = fromDevice("lamp", "cut");
    await raw.write(whole.subarray(0, 12));
    await until(() => gateway.traffic.bytesIn === 12, "the first half");
    await pty.unplug();
    await until(() => ear.downs.length > 0, "the loss");
    await pty.plug();
    await until(() => gateway.up, "the adapter");
    const again = await rawFarEnd();
    await again.write(concatBytes([whole.subarray(12), fromDevice("lamp", "next")]));
    await until(() => ear.heard.length > 0, "the next message");
    expect(ear.heard).toEqual(["lamp:next"]);
  });

  it("refuses to queue without a bound, and refuses what waits when the line ends", async () => {
    let letGo = () => {};
    let losePort: (reason: string) => void = () => {};
    const stuck: OpenSerialPort = async (_, handlers) => {
      losePort = handlers.lost;
      const written = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return { write: () => written, close: async () => {} };
    };
    const ear = new Ear();
    const gateway = line("gateway", ear, { openPort: stuck });
    await until(() => gateway.up, "the line");
    const sent = Array.from({ length: 6 }, () => codeOf(gateway.send("lamp", new Uint8Array(1_000).fill(1))));
    await expect(sent[4]).resolves.toBe("LINE_BUSY");
    expect(gateway.counters.snapshot()).toMatchObject({ LINE_BUSY: 2 });
    losePort("EIO");
    letGo();
    expect(await Promise.all(sent)).toEqual([
      "LINE_DOWN",
      "LINE_DOWN",
      "LINE_DOWN",
      "LINE_DOWN",
      "LINE_BUSY",
      "LINE_BUSY",
    ]);
  });

  it("goes on when a handler throws", async () => {
    const far = new Ear();
    const ear = new Ear();
    const device = line("device", far);
    const drops: string[] = [];
    let calls = 0;
    const gateway = line("gateway", {
      up: () => ear.up(),
      down: () => {},
      message: (address, bytes) => {
        if (++calls === 1) throw new TypeError("a mistake");
        ear.message(address, bytes);
      },
      dropped: (code) => drops.push(code),
    });
    await until(() => gateway.up && device.up, "both ends");
    await device.send("lamp", utf8Bytes("1"));
    await device.send("lamp", utf8Bytes("2"));
    await until(() => ear.heard.length === 1, "the second message");
    expect(drops).toEqual(["LINE_HANDLER_FAILED"]);
  });

  it("refuses addresses and sizes that no frame can have, and everything after it was stopped", async () => {
    const { gateway } = await bothUp();
    expect(await codeOf(gateway.send("a/#", utf8Bytes("x")))).toBe("DEVICE_MESSAGE_NAME");
    expect(await codeOf(gateway.send("a", new Uint8Array(1_025)))).toBe("DEVICE_MESSAGE_TOO_LARGE");
    await gateway.stop();
    expect(await codeOf(gateway.send("a", utf8Bytes("x")))).toBe("LINE_STOPPED");
  });

  it.each([
    ["no path", { path: "", baudRate: 9_600 }],
    ["a speed of nobody", { path: "/dev/null", baudRate: 0 }],
  ])("is not made of %s", (_, options) => {
    expect(() => serialLine({ ...options, ...QUICK })).toThrow(DomainError);
  });
});
