/** Commands on their way while clocks are set, processes end, and senders repeat themselves. */
import { expect, test } from "vitest";
import { COMMAND_LIFE_MS, COMMANDS_PER_DEVICE_MAX } from "../../../src/device/gateway/limits.js";
import { SENDERS_MAX } from "../../../src/device/gateway/requests.js";
import { EVERYTHING, GatewayHouse, type HouseOptions, LINK } from "../../support/gatewayHouse.js";
import { virtualProfileOf } from "../../support/virtualProfiles.js";
import { FIRE_DEVICES } from "./sampleRules.js";

const YEARS_MS = 50 * 365 * 86_400_000;
const ID = new Uint8Array(16).fill(9);
const lampOn = { by: "operator", device: "lamp", target: "lit", value: true };
const valveShut = { by: "operator", device: "valve", target: "open", value: false };

function house(options: Partial<HouseOptions> = {}): GatewayHouse {
  const made = new GatewayHouse({ devices: FIRE_DEVICES, ...options });
  made.settle();
  return made;
}

test("the same command again, with the sender's id, stays on the disk until it is answered", () => {
  const home = house();
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: { ...lampOn, id: ID } });
  home.input({ kind: "command", request: { ...lampOn, id: ID } });
  home.run(1_000);
  expect(home.store.load().commands).toHaveLength(1);
  home.restart();
  home.run(5_000);
  expect(home.device("lamp").commandsDone).toBe(1);
  expect(home.store.load().commands).toHaveLength(0);
});

test("an id that is on its way is not another command's too", () => {
  const home = house();
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: { ...lampOn, id: ID } });
  for (let i = 0; i <= COMMANDS_PER_DEVICE_MAX; i++) {
    home.input({ kind: "command", request: { ...valveShut, id: ID } });
    home.input({ kind: "command", request: { ...lampOn, value: false, id: ID } });
  }
  expect(new Set(home.refusals())).toEqual(new Set(["GATEWAY_COMMAND_ID"]));
  home.input({ kind: "linkUp", link: LINK });
  home.run(1_000);
  expect(home.settled("lamp").map(({ result }) => result)).toEqual(["done"]);
});

test("nobody can tell an id beforehand and answer for the device", () => {
  const ids = [1, 2].map((seed) => {
    const home = house({ seed });
    home.input({ kind: "command", request: lampOn });
    home.run(100);
    return home.arrived.map(({ id }) => id);
  });
  expect(ids[0]).toHaveLength(1);
  expect(ids[0]).not.toEqual(ids[1]);
});

test("who asked before a restart is not confused with who asks after it", () => {
  const home = house();
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: { ...lampOn, ref: 1 } });
  home.restart();
  home.run(5_000);
  expect(home.settled("lamp")).toMatchObject([{ result: "done", cause: { kind: "request", by: "operator" } }]);
  expect(home.settled("lamp")[0]?.cause).not.toHaveProperty("ref");
});

test.each([
  ["set", -YEARS_MS, 0],
  ["put forward", 0, YEARS_MS],
])("a clock that is %s does not make what waits too late", (_, before, after) => {
  const home = house();
  home.wallShiftMs = before;
  home.wallSet = before === 0;
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: valveShut });
  home.run(1_000);
  home.wallShiftMs = after;
  home.wallSet = true;
  home.run(1_000);
  expect(home.core.commandsWaiting).toBe(1);
  home.input({ kind: "linkUp", link: LINK });
  home.run(1_000);
  expect(home.settled("valve").map(({ result }) => result)).toEqual(["done"]);
});

test("a clock that is put back does not keep a command alive", () => {
  const home = house();
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: lampOn });
  home.wallShiftMs = -YEARS_MS;
  home.run(COMMAND_LIFE_MS + 500);
  expect(home.settled("lamp").map(({ result }) => result)).toEqual(["expired"]);
});

test("after a start without a set clock a safe command waits for its device's profile", () => {
  let known = true;
  const home = house({ profileOf: (id) => (known ? virtualProfileOf(id) : undefined) });
  const valve = home.core.member("valve");
  if (valve === undefined) throw new TypeError("no valve");
  home.input({ kind: "linkDown", link: LINK });
  home.input({ kind: "command", request: valveShut });
  known = false;
  home.wallSet = false;
  home.restart();
  home.run(5_000);
  expect(home.core.member("valve")).toBeUndefined();
  expect(home.core.commandsWaiting).toBe(1);
  home.input({ kind: "install", record: valve.record, profile: valve.profile, by: "bridge" });
  home.run(10_000);
  expect(home.device("valve").commandsDone).toBe(1);
});

test("senders that the policy does not know take no place of those it knows", () => {
  const subject = { kind: "person", name: "panel", not: false } as const;
  const home = house({ policy: [{ ...EVERYTHING, subject }] });
  for (let i = 0; i <= SENDERS_MAX; i++)
    home.input({ kind: "command", request: { ...lampOn, by: `made-up-${i}`, sequence: 1 } });
  expect(new Set(home.refusals())).toEqual(new Set(["GATEWAY_COMMAND_DENIED"]));
  home.input({ kind: "command", request: { ...lampOn, by: "panel", sequence: 1 } });
  home.run(1_000);
  expect(home.device("lamp").commandsDone).toBe(1);
  expect([...home.store.load().counters.keys()].filter((name) => name.startsWith("sender:"))).toEqual(["sender:panel"]);
});

test("a planned stop keeps how far devices have counted, also where no value is another", () => {
  const home = house();
  const smoke = home.device("smoke");
  home.run(61_000);
  expect(home.core.readingsOf("smoke").get("smoke")?.value).toBe(false);
  const first = smoke.state(home.deviceNow);
  home.publish("smoke", first);
  home.run(10);
  home.publish("smoke", smoke.state(home.deviceNow));
  home.run(10);
  home.core.flush();
  home.run(10);
  home.restart();
  home.outputs = [];
  home.publish("smoke", first);
  home.run(10);
  expect(home.refusals()).toEqual(["GATEWAY_REPLAYED"]);
});

test("who is said to be gone again and again is asked all the same", () => {
  const home = house();
  const lamp = home.device("lamp");
  home.input({ kind: "joinWindow", forMs: 0 });
  home.outputs = [];
  for (let second = 0; second < 30; second++) {
    home.publish("lamp", lamp.death());
    home.run(1_000);
  }
  const told = home.outputs.filter(({ kind }) => kind === "availability");
  expect(told).toContainEqual({ kind: "availability", device: "lamp", availability: "online" });
});
