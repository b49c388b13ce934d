import { describe, expect, test } from "vitest";
import { COMMAND_LIFE_MS, COMMANDS_PER_DEVICE_MAX } from "../../../src/device/gateway/limits.js";
import { GatewayHouse, type HouseOptions, LINK } from "../../support/gatewayHouse.js";
import { FIRE, FIRE_DEVICES } from "./sampleRules.js";

function house(options: Partial<HouseOptions> = {}): GatewayHouse {
  const made = new GatewayHouse({ devices: FIRE_DEVICES, ...options });
  made.settle();
  return made;
}

const lampOn = { by: "operator", device: "lamp", target: "lit", value: true };

describe("a command", () => {
  test("is carried out once and settled with the device's word", () => {
    const home = house();
    home.input({ kind: "command", request: { ...lampOn, ref: 7 } });
    home.run(1_000);
    expect(home.settled("lamp")).toMatchObject([{ result: "done", cause: { kind: "request", ref: 7 } }]);
    expect(home.device("lamp").commandsDone).toBe(1);
    expect(home.core.commandsWaiting).toBe(0);
    expect(home.store.load().commands).toHaveLength(0);
  });

  test("is on the disk before it is sent", () => {
    const home = house();
    home.dieAfter(1);
    home.input({ kind: "command", request: lampOn });
    expect(home.alive).toBe(false);
    expect(home.arrived).toEqual([]);
    expect(home.store.load().commands).toHaveLength(1);
    home.restart();
    home.run(5_000);
    expect(home.device("lamp").commandsDone).toBe(1);
  });

  test("is repeated with the same id until it is answered, and done once", () => {
    const home = house({ lost: 0.5, seed: 3 });
    for (let i = 0; i < 20; i++) {
      home.input({ kind: "command", request: { ...lampOn, value: i % 2 === 0 } });
      home.run(COMMAND_LIFE_MS + 1_000);
    }
    const results = home.settled("lamp").map(({ result }) => result);
    const ids = new Set(home.arrived.map(({ id }) => id));
    expect(results).toHaveLength(20);
    expect(home.arrived.length).toBeGreaterThan(ids.size);
    expect(home.device("lamp").commandsDone).toBe(ids.size);
    expect(results.filter((result) => result === "done").length).toBeGreaterThan(10);
  });

  test("that nobody answers expires", () => {
    const home = house();
    home.devices.delete("lamp");
    home.input({ kind: "command", request: lampOn });
    home.run(COMMAND_LIFE_MS + 500);
    expect(home.settled("lamp").map(({ result }) => result)).toEqual(["expired"]);
  });

  test("waits for its link and its device, and goes out at once when they are back", () => {
    const home = house();
    home.input({ kind: "linkDown", link: LINK });
    home.input({ kind: "command", request: lampOn });
    home.run(5_000);
    expect(home.arrived).toEqual([]);
    home.input({ kind: "linkUp", link: LINK });
    home.run(10);
    expect(home.device("lamp").commandsDone).toBe(1);
  });

  test("gives way to a later one for the same target", () => {
    const home = house();
    home.input({ kind: "linkDown", link: LINK });
    home.input({ kind: "command", request: lampOn });
    home.input({ kind: "command", request: { ...lampOn, value: false } });
    home.input({ kind: "linkUp", link: LINK });
    home.run(1_000);
    expect(home.settled("lamp").map(({ result }) => result)).toEqual(["superseded", "done"]);
    expect(home.device("lamp").commandsDone).toBe(1);
  });

  test.each([
    ["an unknown device", { ...lampOn, device: "nobody" }, "GATEWAY_DEVICE_MISSING"],
    ["an unknown target", { ...lampOn, target: "colour" }, "GATEWAY_NAME_UNKNOWN"],
    ["what can only be read", { ...lampOn, device: "smoke", target: "smoke" }, "GATEWAY_NOT_WRITABLE"],
    ["another type", { ...lampOn, value: 1 }, "GATEWAY_VALUE_REFUSED"],
    ["no value", { by: "operator", device: "lamp", target: "lit" }, "GATEWAY_VALUE_REFUSED"],
    ["a value out of range", { ...lampOn, target: "level", value: 101 }, "GATEWAY_VALUE_REFUSED"],
    ["a time that is over", { ...lampOn, expiresAt: 1 }, "GATEWAY_COMMAND_EXPIRED"],
  ])("for %s is refused", (_, request, code) => {
    const home = house();
    home.input({ kind: "command", request });
    home.run(1_000);
    expect(home.refusals()).toEqual([code]);
    expect(home.arrived).toEqual([]);
  });

  test("with a number that was used before is refused, also after a restart", () => {
    const home = house();
    home.input({ kind: "command", request: { ...lampOn, sequence: 5 } });
    home.input({ kind: "command", request: { ...lampOn, sequence: 5 } });
    home.restart();
    home.input({ kind: "command", request: { ...lampOn, sequence: 4 } });
    expect(home.refusals()).toEqual(["GATEWAY_COMMAND_REPLAYED", "GATEWAY_COMMAND_REPLAYED"]);
    home.input({ kind: "command", request: { ...lampOn, sequence: 6 } });
    expect(home.refusals()).toHaveLength(2);
  });

  test("of too many for one device is refused; each target has one at a time", () => {
    const home = house();
    home.input({ kind: "linkDown", link: LINK });
    for (let i = 0; i < 3 * COMMANDS_PER_DEVICE_MAX; i++)
      home.input({ kind: "command", request: { ...lampOn, value: i % 2 === 0 } });
    expect(home.refusals()).toEqual([]);
    expect(home.core.commandsWaiting).toBe(1);
  });

  test("goes out again after a start without a set clock only where it goes the safe way", () => {
    const home = house();
    home.input({ kind: "linkDown", link: LINK });
    home.input({ kind: "command", request: { ...lampOn, target: "level", value: 5 } });
    home.input({ kind: "command", request: { by: "operator", device: "valve", target: "open", value: false } });
    home.wallSet = false;
    home.restart();
    home.run(10_000);
    expect(home.device("valve").commandsDone).toBe(1);
    expect(home.device("lamp").commandsDone).toBe(0);
  });
});

describe("smoke", () => {
  function alarm(home: GatewayHouse): void {
    home.device("smoke").set("smoke", true);
    home.report("smoke");
  }

  test("closes the valve, opens the window and switches the light on, and leaves a receipt", () => {
    const home = house({ rules: [FIRE] });
    alarm(home);
    home.run(1_000);
    expect(
      home.settled().map(({ command, result }) => [command.device, command.target, command.value, result]),
    ).toEqual([
      ["valve", "open", false, "done"],
      ["window", "open", true, "done"],
      ["lamp", "lit", true, "done"],
    ]);
    expect(home.store.receipts(1, 10)).toHaveLength(1);
  });

  test("is not forgotten when the gateway was down as it began", () => {
    const home = house({ rules: [FIRE] });
    home.dieAfter(0);
    home.input({ kind: "joinWindow", forMs: 1 });
    home.run(300);
    home.device("smoke").set("smoke", true);
    const kept = home.device("smoke").state(home.deviceNow);
    home.restart();
    home.publish("smoke", kept, true);
    home.run(1_000);
    expect(home.settled()).toHaveLength(3);
  });

  test("that was answered before a crash is not answered again for what the broker had kept", () => {
    const home = house({ rules: [FIRE] });
    home.device("smoke").set("smoke", true);
    const state = home.device("smoke").state(home.deviceNow);
    home.publish("smoke", state);
    home.run(2_000);
    home.outputs = [];
    // Out of reach: all there is of it is what the broker kept.
    home.devices.delete("smoke");
    home.restart();
    home.publish("smoke", state, true);
    home.run(2_000);
    expect(home.settled()).toEqual([]);
  });

  test("does each thing exactly once, wherever the gateway dies and whatever the network loses", () => {
    let died = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const home = house({ rules: [FIRE], seed, lost: 0.2, repeated: 0.2, delayMs: 50 });
      home.dieAfter(seed % 8);
      home.device("smoke").set("smoke", true);
      const state = home.device("smoke").state(home.deviceNow);
      home.publish("smoke", state);
      home.run(500);
      if (!home.alive) died++;
      home.restart();
      // As a broker does at a new subscription.
      home.publish("smoke", state, true);
      home.run(COMMAND_LIFE_MS);
      for (const id of ["valve", "window", "lamp"]) {
        const commands = new Set(home.arrived.filter(({ device }) => device === id).map((one) => one.id));
        expect(home.device(id).commandsDone, `seed ${seed}, ${id}`).toBe(commands.size);
        expect(commands.size, `seed ${seed}, ${id}`).toBeLessThanOrEqual(2);
      }
      const receipts = home.store.receipts(1, 10);
      expect(receipts.map(({ sequence }) => sequence)).toEqual(receipts.map((_, i) => i + 1));
    }
    expect(died).toBeGreaterThan(60);
  });
});
