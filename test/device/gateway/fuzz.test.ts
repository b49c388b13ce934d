/** Whatever comes in: nothing is thrown, nothing grows without end, and what goes out can be kept and written on the wire. */
import { expect, test } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { DomainError } from "../../../src/base/error.js";
import { decodeDeviceMessage } from "../../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../../src/codec/device/encode.js";
import type { IdentityMessage } from "../../../src/codec/device/messages.js";
import { CANDIDATES_MAX, COMMANDS_MAX } from "../../../src/device/gateway/limits.js";
import type { FromDevice, GatewayInput } from "../../../src/device/gateway/messages.js";
import type { DeviceValue } from "../../../src/device/value.js";
import { GatewayHouse, LINK } from "../../support/gatewayHouse.js";
import { virtualProfile } from "../../support/virtualProfiles.js";
import { FIRE, FIRE_DEVICES } from "./sampleRules.js";

const STEPS = 6_000;
const NAMES = [
  "smoke",
  "valve",
  "window",
  "lamp",
  "heat",
  "hall",
  "",
  "+",
  "#",
  "a/b",
  "\u0000",
  "\ud800",
  "x".repeat(2_000),
];
const IDS = ["smoke", "valve", "window", "lamp", "heat", "hall", "x".repeat(64), "_", "-"];
const TARGETS = ["smoke", "open", "lit", "level", "temperature", "colour", "__proto__", "constructor", "toString", ""];
const VALUES: readonly DeviceValue[] = [
  ...[true, false, 0, 1, -1, 50, 2_150, 0.5, -0, Number.NaN, Number.POSITIVE_INFINITY],
  ...[Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 60, "", "on", "\u0000", "\ud800", "x".repeat(5_000)],
];
const COUNTS = [1, 2, 3, 4, 5, 100, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER];

class Chaos {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  one<T>(of: readonly T[]): T {
    return of[this.#random.uint32() % of.length] as T;
  }

  bytes(...lengths: readonly number[]): Uint8Array {
    return new Uint8Array(this.one(lengths)).fill(this.#random.uint32() % 3);
  }

  some<T>(make: () => T): T[] {
    return Array.from({ length: this.#random.uint32() % 5 }, make);
  }

  /** As the decoder lets it through. */
  message(): FromDevice {
    for (;;) {
      try {
        return decodeDeviceMessage(encodeDeviceMessage(this.#anyMessage())) as FromDevice;
      } catch (thrown) {
        if (!(thrown instanceof DomainError)) throw thrown;
      }
    }
  }

  #anyMessage(): FromDevice {
    const birth = this.one(COUNTS);
    const counted = { birth, sequence: this.one(COUNTS), uptimeMs: this.one([0, ...COUNTS]) };
    const signature = this.bytes(0, 64, 65);
    const name = this.one(TARGETS.filter((target) => target !== ""));
    const born = {
      birth,
      profile: this.one(["virtual/lamp", "virtual/smoke", "virtual/nothing", "shelly/plus-1"]),
      serial: this.one(["", "1", " "]),
      software: "",
      publicKey: this.bytes(0, 64),
    };
    const value = this.one(VALUES.filter((one) => typeof one !== "number" || Number.isSafeInteger(one)));
    const identity: IdentityMessage = { kind: "identity", nonce: this.bytes(32), ...born, signature };
    const values: [string, DeviceValue][] = [[name, value]];
    return this.one<FromDevice>([
      { kind: "birth", ...born },
      { kind: "death", birth },
      { kind: "state", ...counted, values, signature },
      { kind: "event", ...counted, name, value, signature },
      { kind: "ack", id: this.bytes(16), result: this.one(["done", "refused", "failed", "expired"]) },
      identity,
    ]);
  }

  input(): GatewayInput {
    const link = this.one([LINK, LINK, LINK, "serial", ""]);
    const device = this.one(NAMES);
    const address = this.one(IDS);
    const retained = this.one([true, false]);
    const by = this.one(["operator", "home-assistant", ...IDS]);
    const id = this.one(IDS);
    const model = this.one(["lamp", "smoke", "gas-valve"] as const);
    const profile = virtualProfile(model);
    const voucher = this.one([{ kind: "gateway" as const }, { kind: "key" as const, publicKey: this.bytes(64) }]);
    // Names come out of JSON or YAML that was read strictly.
    const name = device === "\ud800" ? "" : device;
    const record = { id, profile: profile.id, link, address, name, groups: [], voucher, joinedAt: 0 };
    const reading = (): [string, DeviceValue] => [this.one(TARGETS), this.one(VALUES)];
    const request = {
      ...{ by, device, target: this.one(TARGETS), value: this.one(VALUES) },
      ...this.one([{}, { expiresAt: this.one([0, ...COUNTS]) }]),
      ...this.one([{}, { id: this.bytes(16) }]),
      ...this.one([{}, { sequence: this.one([...COUNTS, 0, -1, 0.5, Number.NaN]) }]),
      ...this.one([{}, { ref: 1 }]),
    };
    return this.one<GatewayInput>([
      { kind: this.one(["linkUp", "linkDown"]), link },
      { kind: "said", link, address, retained, message: this.message() },
      { kind: "said", link, address, retained, message: this.message() },
      {
        ...{ kind: "heard", device, retained, readings: this.some(reading), events: this.some(reading) },
        faults: this.some(() => ({ code: "DEVICE_VALUE_TYPE", name: this.one(NAMES) })),
        ...this.one([{}, { availability: this.one(["online", "offline"] as const) }]),
      },
      { kind: "unreadable", link, address: device, code: "DEVICE_MESSAGE_KIND" },
      { kind: "takenOver", link, address },
      { kind: "install", record, profile, by: this.one(["file", "bridge", "bridge"]) },
      { kind: "joinWindow", forMs: this.one([0, -1, 1_000, Number.MAX_SAFE_INTEGER]) },
      { kind: "remove", device },
      { kind: "release", device },
      { kind: "command", request },
      { kind: "command", request },
      { kind: "runScene", scene: device, by },
      { kind: "carried", id: this.bytes(16), result: this.one(["sent", "done", "failed"]) },
      {
        kind: "chain",
        facts: { height: 1, headerHash: this.bytes(0, 32), headerAgeMs: this.one([undefined, 0, 1e9]) },
      },
      { kind: "registrationsChanged" },
    ]);
  }
}

test.each([1, 2, 3])(
  "nothing that comes in stops the gateway, seed %i",
  (seed) => {
    const home = new GatewayHouse({ devices: FIRE_DEVICES, rules: [FIRE], seed });
    home.settle();
    const chaos = new Chaos(seed);
    for (let step = 0; step < STEPS; step++) {
      home.input(chaos.input());
      if (step % 20 === 0) home.run(chaos.one([1, 300, 5_000]));
      if (step % 500 === 0) home.wallShiftMs = chaos.one([0, -1e12, 1e12]);
      if (step % 700 === 0) home.wallSet = chaos.one([true, false]);
      if (step % 1_000 === 999) home.restart();
      home.outputs = [];
    }
    expect(home.alive).toBe(true);
    expect([...home.core.candidates].length).toBeLessThanOrEqual(CANDIDATES_MAX);
    expect(home.core.commandsWaiting).toBeLessThanOrEqual(COMMANDS_MAX);
    home.wallShiftMs = 0;
    home.wallSet = true;
    home.run((24 * 3_600_000) / 8);
    // It still works.
    home.input({ kind: "linkUp", link: LINK });
    const profile = virtualProfile("lamp");
    const voucher = { kind: "gateway" as const };
    const record = {
      id: "lamp",
      profile: profile.id,
      link: LINK,
      address: "lamp",
      name: "lamp",
      groups: [],
      voucher,
      joinedAt: 0,
    };
    home.input({ kind: "install", record, profile, by: "file" });
    home.input({ kind: "release", device: "lamp" });
    home.input({ kind: "command", request: { by: "operator", device: "lamp", target: "lit", value: true, ref: 5 } });
    home.run(5_000);
    expect(home.settled("lamp").at(-1)).toMatchObject({ result: "done", cause: { ref: 5 } });
  },
  120_000,
);
