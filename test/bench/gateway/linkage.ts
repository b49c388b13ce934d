/**
 * From a sensor's message to the command at the actuator, through a real gateway; and through a process that only syncs a block
 * and repeats what it heard. Both in turns over one broker, everything at QoS 1, each part a process of its own.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type MqttClient } from "mqtt";
import { MODELS } from "../../../simulator/devices/models.js";
import { NativeDevice } from "../../../simulator/devices/nativeDevice.js";
import { decodeDeviceMessage } from "../../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../../src/codec/device/encode.js";
import { startMosquitto } from "../../support/mosquitto.js";
import { here } from "./benchHouse.js";
import { withoutNagle } from "./withoutNagle.js";

const ROUNDS = 800;
const WARM_UP = 100;
/** After each message: a device that says more than its due (limits.ts) is not heard. */
const PAUSE_MS = 28;
const LOST_AFTER_MS = 5_000;

export interface Linkage {
  readonly gatewayMs: readonly number[];
  readonly yardstickMs: readonly number[];
}

export async function measureLinkage(): Promise<Linkage> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-linkage-"));
  const broker = await startMosquitto({ settings: ["set_tcp_nodelay true"] });
  const children: ChildProcess[] = [];
  const client = connect(`mqtt://127.0.0.1:${broker.port}`, { clientId: "bench" });
  try {
    await new Promise((resolve) => client.once("connect", resolve));
    withoutNagle(client);
    await client.subscribeAsync(["echo/out", "dev/lamp/command"], { qos: 1 });
    for (const file of ["./linkageGateway.js", "./linkageEcho.js"]) {
      const child = fork(here(file), [String(broker.port), folder], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      children.push(child);
      await new Promise((resolve) => child.once("message", resolve));
    }
    return await rounds(client);
  } finally {
    for (const child of children) child.disconnect();
    await client.endAsync(true);
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rounds(client: MqttClient): Promise<Linkage> {
  const sensor = new NativeDevice({ id: "sensor", model: MODELS.motion, seed: 1, index: 1 });
  const lamp = new NativeDevice({ id: "lamp", model: MODELS.lamp, seed: 1, index: 2 });
  const now = () => ({ wallMs: Date.now(), worldMs: performance.now() });
  sensor.powerOn(now());
  lamp.powerOn(now());
  const gatewayMs: number[] = [];
  const yardstickMs: number[] = [];
  for (let i = 0; i < ROUNDS + WARM_UP; i++) {
    sensor.set("motion", i % 2 === 0);
    const state = encodeDeviceMessage(sensor.state(now()));
    const through = await oneWay(client, "dev/sensor/state", state, "dev/lamp/command");
    // Acknowledged, so that nothing is repeated into the next measurement.
    const command = decodeDeviceMessage(through.payload);
    if (command.kind === "command")
      for (const answer of lamp.command(command, false, now()).messages)
        client.publish(`dev/lamp/${answer.kind}`, Buffer.from(encodeDeviceMessage(answer)), { qos: 1 });
    await pause();
    const echoed = await oneWay(client, "echo/in", state, "echo/out");
    await pause();
    if (i < WARM_UP) continue;
    gatewayMs.push(through.ms);
    yardstickMs.push(echoed.ms);
  }
  return { gatewayMs, yardstickMs };
}

function oneWay(
  client: MqttClient,
  to: string,
  payload: Uint8Array,
  from: string,
): Promise<{ readonly ms: number; readonly payload: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const lost = setTimeout(() => reject(new Error(`nothing came on ${from}`)), LOST_AFTER_MS);
    const start = performance.now();
    const heard = (topic: string, answer: Uint8Array): void => {
      if (topic !== from) return;
      const ms = performance.now() - start;
      clearTimeout(lost);
      client.off("message", heard);
      resolve({ ms, payload: answer });
    };
    client.on("message", heard);
    client.publish(to, Buffer.from(payload), { qos: 1 });
  });
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
