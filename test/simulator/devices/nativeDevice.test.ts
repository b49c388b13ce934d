import { describe, expect, test } from "vitest";
import { MODELS, type VirtualModel } from "../../../simulator/devices/models.js";
import { ACKS_KEPT_MAX, fits, NativeDevice, SENDERS_MAX } from "../../../simulator/devices/nativeDevice.js";
import { deviceKeys } from "../../../simulator/fleet/keys.js";
import { decodeDeviceMessage } from "../../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../../src/codec/device/encode.js";
import type { CommandMessage } from "../../../src/codec/device/messages.js";
import { identitySigningBytes, stateSigningBytes } from "../../../src/codec/device/signingBytes.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import { loadProfiles } from "../../../src/node/profiles/library.js";

const HOUR_MS = 3_600_000;
const NOW = { wallMs: 1_800_000_000_000, worldMs: 8 * HOUR_MS };

function deviceOf(model: VirtualModel, more: { index?: number; seed?: number } = {}): NativeDevice {
  const device = new NativeDevice({ id: "d1", model, seed: more.seed ?? 1, index: more.index ?? 0 });
  device.powerOn(NOW);
  return device;
}

let ids = 0;
function command(more: Partial<CommandMessage> = {}): CommandMessage {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, ++ids);
  return {
    ...{ kind: "command", sender: "gateway", sequence: ids, id, expiresAt: NOW.wallMs + 1_000 },
    ...{ target: "lit", value: true },
    ...more,
  };
}

const at = (worldMs: number) => ({ wallMs: NOW.wallMs, worldMs });

describe("virtual models", () => {
  test("have the names, types and ranges of the profiles that are published", async () => {
    const { profiles } = await loadProfiles();
    for (const [name, model] of Object.entries(MODELS)) {
      const profile = profiles.get(`virtual/${name}`);
      expect(profile?.id).toBe(model.profile);
      const properties = [...(profile?.properties.values() ?? [])].map(({ name, type, writable }) => ({
        ...{ name, type, writable },
      }));
      expect(model.properties.map(({ name, type, writable }) => ({ name, type, writable }))).toEqual(properties);
      expect(model.actions.map(({ name }) => name)).toEqual([...(profile?.actions.keys() ?? [])]);
      expect(model.events.map(({ name }) => name)).toEqual([...(profile?.events.keys() ?? [])]);
    }
  });

  test("measure only what their types allow, through two days and for many devices", () => {
    for (const model of Object.values(MODELS)) {
      for (let index = 0; index < 20; index++) {
        const device = deviceOf(model, { index });
        for (let hour = 0; hour < 48; hour++) {
          for (const property of model.properties) {
            const value = device.value(property, at(hour * HOUR_MS + 1));
            expect(fits(property.type, value), `${model.profile} ${property.name} ${value}`).toBe(true);
          }
        }
      }
    }
  });

  test("count energy upwards, and feel the warmth of the afternoon", () => {
    const meter = deviceOf(MODELS.meter);
    const energy = MODELS.meter.properties.find(({ name }) => name === "energy")!;
    let before = -1;
    for (let ms = 0; ms < 72 * HOUR_MS; ms += 7 * 60_000) {
      const value = meter.value(energy, at(ms)) as number;
      expect(value).toBeGreaterThanOrEqual(before);
      before = value;
    }
    expect(before).toBeGreaterThan(20_000);
    const room = deviceOf(MODELS.thermostat);
    const temperature = MODELS.thermostat.properties.find(({ name }) => name === "temperature")!;
    expect(room.value(temperature, at(15 * HOUR_MS))).toBeGreaterThan(
      (room.value(temperature, at(5 * HOUR_MS)) as number) + 300,
    );
  });

  test("measure the same from the same seed, and something else from another", () => {
    const said = (seed: number) => {
      const device = deviceOf(MODELS.thermostat, { seed });
      return Array.from({ length: 10 }, (_, i) => encodeDeviceMessage(device.state(at(i * HOUR_MS))));
    };
    expect(said(7)).toEqual(said(7));
    expect(said(7)).not.toEqual(said(8));
  });

  test("heat when it is colder than it shall be, unless they are off", () => {
    const device = deviceOf(MODELS.thermostat);
    const heating = MODELS.thermostat.properties.find(({ name }) => name === "heating")!;
    device.set("setpoint", 300);
    expect(device.value(heating, NOW)).toBe(true);
    device.set("mode", "off");
    expect(device.value(heating, NOW)).toBe(false);
  });
});

describe("a virtual device", () => {
  test("says what the codec can read back, and counts every message of a birth", () => {
    const device = deviceOf(MODELS.lamp);
    expect(decodeDeviceMessage(encodeDeviceMessage(device.birthMessage()))).toEqual(device.birthMessage());
    const first = device.state(NOW);
    const second = device.state(NOW);
    expect(decodeDeviceMessage(encodeDeviceMessage(first))).toEqual(first);
    expect([first.birth, first.sequence, second.sequence]).toEqual([1, 1, 2]);
    device.powerOn(NOW);
    expect([device.birth, device.state(NOW).sequence]).toEqual([2, 1]);
    expect(device.death()).toEqual({ kind: "death", birth: 2 });
  });

  test("carries a command out once, however often it comes", () => {
    const device = deviceOf(MODELS.lamp);
    const toggle = command({ target: "toggle", value: undefined as never });
    const { value: _none, ...plain } = toggle;
    const first = device.command(plain, false, NOW);
    expect(first.messages.map(({ kind }) => kind)).toEqual(["ack", "state"]);
    const again = device.command(plain, false, NOW);
    expect(again.messages).toEqual([{ kind: "ack", id: plain.id, result: "done" }]);
    expect(device.commandsDone).toBe(1);
    expect(device.state(NOW).values).toContainEqual(["lit", true]);
    device.powerOn(NOW);
    expect(device.command(plain, false, NOW).messages).toEqual(again.messages);
    expect(device.commandsDone).toBe(1);
  });

  test("refuses what is retained, expired, old, unknown, of a wrong value or from too many senders", () => {
    const device = deviceOf(MODELS.lamp);
    const refused = (message: CommandMessage, retained = false) => {
      const { refusal, messages } = device.command(message, retained, NOW);
      const [ack] = messages;
      return [refusal, ack?.kind === "ack" ? ack.result : undefined];
    };
    expect(refused(command(), true)).toEqual(["COMMAND_RETAINED", "refused"]);
    expect(refused(command({ expiresAt: NOW.wallMs }))).toEqual(["COMMAND_EXPIRED", "expired"]);
    const good = command();
    expect(refused(good)).toEqual([undefined, "done"]);
    expect(refused(command({ sequence: good.sequence }))).toEqual(["COMMAND_SEQUENCE", "refused"]);
    expect(refused(command({ target: "nothing" }))).toEqual(["COMMAND_TARGET", "refused"]);
    expect(refused(command({ value: 1 }))).toEqual(["COMMAND_VALUE", "refused"]);
    expect(refused(command({ target: "level", value: 101 }))).toEqual(["COMMAND_VALUE", "refused"]);
    expect(refused(command({ target: "toggle", value: true }))).toEqual(["COMMAND_VALUE", "refused"]);
    device.breakDown(true);
    expect(refused(command())).toEqual(["COMMAND_BROKEN", "failed"]);
    device.breakDown(false);
    for (let i = 1; i < SENDERS_MAX; i++) expect(refused(command({ sender: `g${i}` }))).toEqual([undefined, "done"]);
    expect(refused(command({ sender: "one-too-many" }))).toEqual(["COMMAND_SENDERS", "refused"]);
    expect(refused(command())).toEqual([undefined, "done"]);
  });

  test("does not let an old command in again when its acknowledgement is forgotten", () => {
    const device = deviceOf(MODELS.lamp);
    const old = command();
    device.command(old, false, NOW);
    for (let i = 0; i < ACKS_KEPT_MAX; i++) device.command(command(), false, NOW);
    expect(device.command(old, false, NOW).refusal).toBe("COMMAND_SEQUENCE");
  });

  test("refuses measured properties as targets", () => {
    const device = deviceOf(MODELS.meter);
    expect(device.command(command({ target: "power", value: 1 }), false, NOW).refusal).toBe("COMMAND_TARGET");
  });

  test("says an event once when a property becomes true", () => {
    const smoke = MODELS.smoke;
    const device = deviceOf({ ...smoke, events: [{ name: "alarm", when: "smoke" }] });
    const kinds = () => device.report(NOW).map(({ kind }) => kind);
    expect(kinds()).toEqual(["state"]);
    device.set("smoke", true);
    expect(kinds()).toEqual(["event", "state"]);
    expect(kinds()).toEqual(["state"]);
    device.set("smoke", false);
    expect(kinds()).toEqual(["state"]);
    device.set("smoke", true);
    expect(kinds()).toEqual(["event", "state"]);
  });

  test("signs its readings and its identity with its key", async () => {
    const key = (await deviceKeys("ecdsa", 5))(3);
    const suite = await loadSuite("ecdsa");
    const device = new NativeDevice({ id: "d1", model: MODELS.lock, seed: 5, index: 3, key });
    device.powerOn(NOW);
    const prepared = suite.prepare(device.birthMessage().publicKey)!;
    const state = device.state(NOW);
    expect(prepared.verify(suite.hash(stateSigningBytes("d1", state)), state.signature)).toBe(true);
    const identity = device.challenge({ kind: "challenge", nonce: new Uint8Array(32).fill(9) });
    expect(prepared.verify(suite.hash(identitySigningBytes("d1", identity)), identity.signature)).toBe(true);
    expect(prepared.verify(suite.hash(identitySigningBytes("d2", identity)), identity.signature)).toBe(false);
  });
});
