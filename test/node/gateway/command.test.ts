/** A gateway as its operator meets it: the real command at a real broker, devices that join, a rule, receipts, files changed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompiledCli, compileCli } from "../../cli/compiledCli.js";
import { GatewayNode } from "../../support/gatewayNode.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { NativeAtBroker } from "../../support/nativeAtBroker.js";

const RULE = `rule: hall-light
title: Light when somebody comes
when:
  - { device: motion, property: motion, is: true }
then:
  - { device: lamp, set: { lit: true } }
offline: { max_header_age: any }
`;
const SCENE = `scene: leaving
title: Leaving home
steps:
  - { device: lamp, set: { lit: false } }
`;

let cli: CompiledCli;
let broker: Mosquitto;
let gateway: GatewayNode;
let motion: NativeAtBroker;
let lamp: NativeAtBroker;

beforeAll(async () => {
  cli = compileCli();
  broker = await startMosquitto();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  gateway = new GatewayNode(cli, {
    brokerUrl: url,
    gateway: { links: [{ name: "home", protocol: "mqtt", broker: { url } }] },
    files: { "rules/hall-light.yaml": RULE, "scenes/leaving.yaml": SCENE },
  });
  await gateway.start();
  motion = new NativeAtBroker({ url, id: "motion", model: "motion" });
  lamp = new NativeAtBroker({ url, id: "lamp", model: "lamp" });
});
afterAll(async () => {
  await motion?.stop();
  await lamp?.stop();
  await gateway?.remove();
  await broker?.stop();
  cli?.remove();
});

const json = async (...words: string[]) => {
  const { exitCode, out } = await gateway.run(...words, "--json");
  return { exitCode, answer: JSON.parse(out) };
};

describe("the gateway", () => {
  it("shows who waits, and lets in nobody by itself", async () => {
    await gateway.until(
      "both wait",
      async () => (await gateway.ask({ ask: "devices" })).answer.candidates.length === 2,
    );
    const { exitCode, answer } = await json("device", "list");
    expect(exitCode).toBe(0);
    expect(answer.devices).toEqual([]);
    expect(answer.candidates.map(({ address }: { address: string }) => address).sort()).toEqual(["lamp", "motion"]);
    expect((await gateway.run("device", "list")).out).toMatch(
      /^lamp +waiting +virtual\/lamp +serial V\d+, over home$/m,
    );
  });

  it("lets devices in while the window is open, and tells who came", async () => {
    const { exitCode, answer } = await json("device", "join", "--seconds", "4");
    expect(exitCode).toBe(0);
    expect(answer.joined.map(({ id }: { id: string }) => id).sort()).toEqual(["lamp", "motion"]);
    expect(answer.candidates).toEqual([]);
    await gateway.until("both are there", async () => (await gateway.status()).online === 2);
    await gateway.until("the rule is in force", async () => (await gateway.status()).rules.active === 1);
  });

  it("carries out a command and says what became of it", async () => {
    const { exitCode, answer } = await json("device", "set", "lamp", "lit", "on");
    expect({ exitCode, ...answer }).toMatchObject({ exitCode: 0, device: "lamp", target: "lit", result: "done" });
    expect(lamp.value("lit")).toBe(true);
    await gateway.until("the shadow knows", async () => (await gateway.reading("lamp", "lit")) === true);
    expect((await gateway.run("device", "show", "lamp")).out).toMatch(/^ {2}lit +true +\d+ s ago$/m);
  });

  it("starts a scene by its name", async () => {
    expect(await json("scene", "run", "leaving")).toEqual({ exitCode: 0, answer: { started: "leaving" } });
    await gateway.until("the lamp is off", () => lamp.value("lit") === false);
  });

  it("carries out a rule and writes its receipt", async () => {
    const before = (await gateway.status()).receipts;
    motion.measure("motion", true);
    await gateway.until("the lamp is on", () => lamp.value("lit") === true);
    await gateway.until("the receipt is written", async () => (await gateway.status()).receipts > before);
  });

  it.each([
    [["device", "show", "nobody"], "GATEWAY_DEVICE_MISSING"],
    [["device", "set", "nobody", "lit", "on"], "GATEWAY_DEVICE_MISSING"],
    [["device", "set", "lamp", "colour", "red"], "GATEWAY_NAME_UNKNOWN"],
    [["device", "set", "lamp", "level", "101"], "GATEWAY_VALUE_REFUSED"],
    [["device", "set", "lamp", "level", ""], "GATEWAY_VALUE_REFUSED"],
    [["device", "set", "motion", "motion", "on"], "GATEWAY_NOT_WRITABLE"],
    [["device", "remove", "nobody"], "GATEWAY_DEVICE_MISSING"],
    [["scene", "run", "nothing"], "SCENE_UNKNOWN"],
  ])("refuses %j with a sentence", async (words, code) => {
    const refused = await json(...words);
    expect(refused).toMatchObject({ exitCode: 1, answer: { code } });
    expect(refused.answer.message).not.toContain("undefined");
    expect(await gateway.run(...words)).toMatchObject({ exitCode: 1, out: "" });
  });

  it("does not understand a window of no length", async () => {
    expect((await gateway.run("device", "join", "--seconds", "0")).exitCode).toBe(2);
    expect((await gateway.run("device", "join", "--seconds", "soon")).exitCode).toBe(2);
  });

  it("shows its devices, links, rules and what it writes in the status", async () => {
    const lines = (await gateway.run("status")).out;
    expect(lines).toMatch(/^devices +2 of 2 online$/m);
    expect(lines).toMatch(/^link +home \(mqtt\), connected$/m);
    expect(lines).toMatch(/^rules +1 active, 0 paused, 1 scenes$/m);
    expect(lines).toMatch(/^written +.*KiB on the disk$/m);
  });

  it("reads its files again when asked, and keeps what was right where one is wrong", async () => {
    gateway.write("rules/hall-light.yaml", RULE.replace("lit: true", "colour: red"));
    const wrong = await json("rule", "reload");
    expect(wrong).toMatchObject({ exitCode: 1, answer: { rules: { active: 0, scenes: 1 } } });
    expect(wrong.answer.mistakes).toMatchObject([{ line: 6 }]);
    gateway.write("rules/hall-light.yaml", RULE);
    expect(await json("rule", "reload")).toMatchObject({ exitCode: 0, answer: { rules: { active: 1 }, mistakes: [] } });
  });

  it("a rule that has acted does not act once more because another one was read", async () => {
    expect(motion.value("motion")).toBe(true);
    expect((await json("device", "set", "lamp", "lit", "off")).answer.result).toBe("done");
    motion.measure("motion", false);
    motion.measure("motion", true);
    await gateway.until("the lamp is on", () => lamp.value("lit") === true);
    await json("device", "set", "lamp", "lit", "off");
    gateway.write("rules/other.yaml", RULE.replaceAll("hall-light", "other").replace("is: true", "is: false"));
    expect(await json("rule", "reload")).toMatchObject({ exitCode: 0, answer: { rules: { active: 2 } } });
    const said = async (): Promise<number> =>
      (await gateway.ask({ ask: "device", device: "motion" })).answer.readings.motion.sequence;
    const [before, commands] = [await said(), lamp.commands.length];
    motion.measure("motion", true);
    await gateway.until("motion was heard", async () => (await said()) > before);
    await gateway.until("nothing waits", async () => (await gateway.status()).commandsWaiting === 0);
    expect(lamp.commands.length).toBe(commands);
    expect(lamp.value("lit")).toBe(false);
  });

  it("takes devices of the file in and out without a restart", async () => {
    const line = "- { id: meter, profile: virtual/meter, link: home, address: meter, name: Meter }\n";
    gateway.write("devices.yaml", line);
    expect((await json("rule", "reload")).exitCode).toBe(0);
    expect((await json("device", "show", "meter")).answer).toMatchObject({
      id: "meter",
      fixed: true,
      availability: "unknown",
    });
    expect((await json("device", "remove", "meter")).answer.code).toBe("GATEWAY_DEVICE_FIXED");
    gateway.write("devices.yaml", "- { id: meter, profile: no/such, link: home, address: meter }\n- { id: x }\n");
    expect((await json("rule", "reload")).answer.mistakes.length).toBeGreaterThan(0);
    expect((await json("device", "show", "meter")).exitCode).toBe(0);
    gateway.write("devices.yaml", "[]\n");
    expect((await json("rule", "reload")).exitCode).toBe(0);
    expect((await json("device", "show", "meter")).answer.code).toBe("GATEWAY_DEVICE_MISSING");
    expect((await gateway.status()).devices).toBe(2);
  });

  it("forgets a device, which then has to join again", async () => {
    expect(await json("device", "remove", "lamp")).toEqual({ exitCode: 0, answer: { removed: "lamp" } });
    expect((await json("device", "show", "lamp")).exitCode).toBe(1);
  });
});

it("a gateway that does not run, and a node that is none, are told apart", async () => {
  await gateway.end("SIGTERM");
  expect((await json("device", "list")).answer.code).toBe("COMMAND_NODE_NOT_RUNNING");
  gateway.write("edgeseal.yaml", JSON.stringify({ role: "light", brokers: [{ url: "mqtt://127.0.0.1:1" }] }));
  expect((await json("device", "list")).answer.code).toBe("COMMAND_NOT_GATEWAY");
});
