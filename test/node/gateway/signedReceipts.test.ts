/** The real command with a key of its own: heads of receipts are signed, over a kill too. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CompiledCli, compileCli } from "../../cli/compiledCli.js";
import { GatewayNode } from "../../support/gatewayNode.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { NativeAtBroker } from "../../support/nativeAtBroker.js";

const SCENE = `scene: leaving
title: Leaving home
steps:
  - { device: lamp, set: { lit: false } }
`;

let cli: CompiledCli;
let broker: Mosquitto;
let gateway: GatewayNode;
let lamp: NativeAtBroker;

beforeAll(async () => {
  cli = compileCli();
  broker = await startMosquitto();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  gateway = new GatewayNode(cli, {
    brokerUrl: url,
    gateway: { key: "heads", links: [{ name: "home", protocol: "mqtt", broker: { url } }] },
    files: {
      "devices.yaml": "- { id: lamp, profile: virtual/lamp, link: home, address: lamp }\n",
      "scenes/leaving.yaml": SCENE,
    },
    config: {
      keys: [
        { name: "heads", family: "device", backend: "keystore", algorithm: "secp256k1", secretFile: "passphrase" },
      ],
    },
  });
  lamp = new NativeAtBroker({ url, id: "lamp", model: "lamp" });
  gateway.write("passphrase", "a phrase for tests only\n", 0o600);
});
afterAll(async () => {
  await lamp?.stop();
  await gateway?.remove();
  await broker?.stop();
  cli?.remove();
});

it("a key without a history is refused at the start, with advice", async () => {
  expect((await gateway.run("key", "generate", "heads")).exitCode).toBe(0);
  const refused = await gateway.run("start", "--json");
  expect(refused.exitCode).toBe(1);
  expect(refused.out + refused.error).toContain("SIGN_HISTORY_UNKNOWN");
  expect((await gateway.run("key", "history", "advance", "heads", "--receipt", "0")).exitCode).toBe(0);
});

it("receipts come under signed heads, also those of before a kill", async () => {
  await gateway.start();
  await gateway.until("the lamp is there", async () => (await gateway.status()).online === 1);
  const run = () => gateway.ask({ ask: "scene", scene: "leaving" });
  expect(await run()).toEqual({ answer: { started: "leaving" } });
  await gateway.until("it is signed", async () => (await gateway.status()).receiptsSigned === 1);
  await run();
  await gateway.until("the receipt is there", async () => (await gateway.status()).receipts === 2);
  await gateway.end("SIGKILL");
  await gateway.start();
  await gateway.until("the lamp is there again", async () => (await gateway.status()).online === 1);
  await run();
  await gateway.until("all are signed", async () => (await gateway.status()).receiptsSigned === 3);
  expect((await gateway.run("status")).out).toMatch(/^receipts +3, signed up to 3$/m);
});
