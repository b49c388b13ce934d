import { afterEach, expect, test } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { GatewayInput } from "../../../src/device/gateway/messages.js";
import { LocalRuleEngine } from "../../../src/device/rules/engine.js";
import { policyHash, type TrustPolicy } from "../../../src/device/rules/policy.js";
import type { Now } from "../../../src/device/view.js";
import { mqttLink } from "../../../src/link/mqttLink.js";
import type { Carrier } from "../../../src/node/gateway/carrier.js";
import { GatewayService } from "../../../src/node/gateway/gatewayService.js";
import { MqttDevices } from "../../../src/node/gateway/mqttDevices.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { MemoryGatewayStore } from "../../../src/store/gateway/memoryGatewayStore.js";
import { EVERYTHING } from "../../support/gatewayHouse.js";
import { virtualProfile, virtualProfileOf } from "../../support/virtualProfiles.js";

const suite = referenceSuite("ecdsa");
const hash = suite.hash.bind(suite);
const clock = { now: () => 1_800_000_000_000 };
const profile = virtualProfile("lamp");
let service: GatewayService | undefined;

afterEach(() => service?.stop());

function serviceWith(carriers: readonly Carrier[], devices: readonly { id: string; link: string; address: string }[]) {
  const failures: unknown[] = [];
  const now: Now = { wallMs: clock.now(), wallSet: true, monotonicMs: performance.now() };
  const policy: TrustPolicy = { id: "all", version: 1, rules: [EVERYTHING] };
  service = new GatewayService({
    core: {
      ...{ gateway: "gw", suite, random: systemRandom, registeredOnly: false, telemetry: false },
      profileOf: virtualProfileOf,
      registrations: { registration: () => ({ verdict: "unknown" }) },
      rules: (view, chain) =>
        new LocalRuleEngine({
          ...{ hash, gateway: "gw", view, chain, rules: [], scenes: [], restored: new Map(), now },
          policy: { policy, hash: policyHash(hash, policy) },
        }),
    },
    ...{ store: new MemoryGatewayStore(clock), carriers, clock, clockIsSet: () => true, logger: SILENT_LOGGER },
    installed: devices.map((device) => ({
      record: {
        ...device,
        profile: profile.id,
        name: device.id,
        groups: [],
        voucher: { kind: "gateway" },
        joinedAt: 0,
      },
      profile,
    })),
    onOutput: () => {},
    onFailure: (error) => failures.push(error),
  });
  return { service, failures };
}

const lampOn = (device: string): GatewayInput => ({
  kind: "command",
  request: { by: "operator", device, target: "lit", value: true },
});

test("a device of ours at an address that fits no topic is counted and stops nobody", () => {
  const link = mqttLink({ url: "mqtt://127.0.0.1:1", clientId: "gw", random: systemRandom, logger: SILENT_LOGGER });
  const mqtt = new MqttDevices({ name: "mqtt", gateway: "gw", link, logger: SILENT_LOGGER, companions: [] });
  const made = serviceWith([mqtt], [{ id: "hall", link: "mqtt", address: "hall/lamp" }]);
  made.service.start();
  made.service.input({ kind: "linkUp", link: "mqtt" });
  made.service.input(lampOn("hall"));
  made.service.turn();
  expect(made.failures).toEqual([]);
  expect(made.service.core.counters.get("DEVICE_MESSAGE_NAME")).toBeGreaterThan(0);
  expect(made.service.core.commandsWaiting).toBe(1);
});

test("a device at a link that is not configured is told to the operator", () => {
  const made = serviceWith([], [{ id: "hall", link: "nowhere", address: "hall" }]);
  made.service.start();
  made.service.input(lampOn("hall"));
  made.service.turn();
  expect(made.failures).toEqual([]);
  expect(made.service.core.counters.get("GATEWAY_LINK_UNKNOWN")).toBe(1);
});
