/** The stand-in of a serial device, spoken to by a gateway's line over a pty. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SerialSensor, type SerialSensorOptions } from "../../simulator/devices/serialSensor.js";
import { concatBytes } from "../../src/base/bytes.js";
import { decodeDeviceMessage } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { CommandMessage, DeviceMessage } from "../../src/codec/device/messages.js";
import { identitySigningBytes, stateSigningBytes } from "../../src/codec/device/signingBytes.js";
import { type FramedSerialLine, serialLine } from "../../src/link/serialLine.js";
import { seededRandom, until } from "../support/linkContract.js";
import { PtyPair } from "../support/ptyPair.js";

const NOW = 1_700_000_000_000;
const BAUD = 115_200;

let pty: PtyPair;
let gateway: FramedSerialLine;
let sensor: SerialSensor;
let heard: DeviceMessage[];

beforeEach(async () => {
  pty = new PtyPair();
  await pty.plug();
  heard = [];
  gateway = serialLine({ path: pty.near, baudRate: BAUD, random: seededRandom() });
  gateway.start({
    up: () => {},
    down: () => {},
    message: (_, bytes) => heard.push(decodeDeviceMessage(bytes)),
    dropped: () => {},
  });
  await until(() => gateway.up, "the gateway's end");
});

afterEach(async () => {
  await sensor.stop();
  await gateway.stop();
  await pty.remove();
});

function plugIn(more: Partial<SerialSensorOptions> = {}): void {
  const options = { path: pty.far, baudRate: BAUD, address: "thermo-1", profile: "edgeseal/serial-sensor" };
  sensor = new SerialSensor({ ...options, serial: "T1", birth: 4, now: () => NOW, random: seededRandom(), ...more });
  sensor.start();
}

function kinds<K extends DeviceMessage["kind"]>(kind: K): Extract<DeviceMessage, { readonly kind: K }>[] {
  return heard.filter((message) => message.kind === kind) as Extract<DeviceMessage, { readonly kind: K }>[];
}

function command(more: Partial<CommandMessage> = {}): Uint8Array {
  const id = new Uint8Array(16).fill(more.sequence ?? 1);
  const message = { kind: "command", sender: "gw", sequence: 1, id, expiresAt: NOW + 1, target: "relay" } as const;
  return encodeDeviceMessage({ ...message, value: true, ...more });
}

describe("the stand-in of a serial device", () => {
  it("tells its birth and its state, and its state when that changes", async () => {
    plugIn();
    await until(() => kinds("state").length === 1, "the first state");
    expect(heard[0]).toMatchObject({ kind: "birth", birth: 4, profile: "edgeseal/serial-sensor", serial: "T1" });
    sensor.setTemperature(2_150);
    await until(() => kinds("state").length === 2, "the second state");
    const [first, second] = kinds("state");
    expect(first?.values).toEqual([
      ["temperature", 2_000],
      ["relay", false],
    ]);
    expect(second?.values).toEqual([
      ["temperature", 2_150],
      ["relay", false],
    ]);
    expect(second?.sequence).toBeGreaterThan(first?.sequence ?? 0);
  });

  it("carries a command out once, and acknowledges it again", async () => {
    plugIn();
    await until(() => kinds("state").length === 1, "the first state");
    await gateway.send("thermo-1", command());
    await gateway.send("thermo-1", command());
    await until(() => kinds("ack").length === 2, "both acknowledgements");
    expect(kinds("ack").map(({ result }) => result)).toEqual(["done", "done"]);
    expect([sensor.relay, sensor.carriedOut]).toEqual([true, 1]);
  });

  it("refuses a command that is late, out of order, of no use or for somebody else", async () => {
    plugIn();
    await until(() => kinds("state").length === 1, "the first state");
    await gateway.send("thermo-2", command({ sequence: 3 }));
    await gateway.send("thermo-1", command({ sequence: 5, expiresAt: NOW }));
    await gateway.send("thermo-1", command({ sequence: 6, target: "boiler" }));
    await gateway.send("thermo-1", command({ sequence: 2 }));
    await gateway.send("thermo-1", Uint8Array.of(0x80));
    await gateway.send("thermo-1", command({ sequence: 7, value: 1 }));
    await until(() => kinds("ack").length === 4, "the answers");
    expect(kinds("ack").map(({ result }) => result)).toEqual(["expired", "refused", "refused", "refused"]);
    expect([sensor.relay, sensor.carriedOut, sensor.refused]).toEqual([false, 0, 1]);
  });

  it("signs its states and its identity where it has a key", async () => {
    const signed: Uint8Array[] = [];
    const publicKey = new Uint8Array(64).fill(3);
    const sign = (bytes: Uint8Array) => {
      signed.push(bytes);
      return new Uint8Array(65).fill(signed.length);
    };
    plugIn({ key: { publicKey, sign } });
    await until(() => kinds("state").length === 1, "the first state");
    const nonce = new Uint8Array(32).fill(9);
    await gateway.send("thermo-1", encodeDeviceMessage({ kind: "challenge", nonce }));
    await until(() => kinds("identity").length === 1, "the identity");
    const [state] = kinds("state");
    const [identity] = kinds("identity");
    if (state === undefined || identity === undefined) throw new TypeError("nothing came");
    expect(identity).toMatchObject({ nonce, birth: 4, publicKey });
    expect(concatBytes(signed)).toEqual(
      concatBytes([stateSigningBytes("thermo-1", state), identitySigningBytes("thermo-1", identity)]),
    );
    expect([state.signature[0], identity.signature[0]]).toEqual([1, 2]);
  });
});
