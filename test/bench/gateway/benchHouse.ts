/** Devices and rules for benchmarks of the gateway: models of the simulator, one rule that answers a sensor with a lamp. */
import { fileURLToPath } from "node:url";
import type { ModelName } from "../../../simulator/devices/models.js";
import type { HashFunction } from "../../../src/crypto/hashFunction.js";
import type { DeviceRecord } from "../../../src/device/device.js";
import { ruleHash } from "../../../src/device/rules/bytes.js";
import type { HeldRule, LinkageRule } from "../../../src/device/rules/language.js";
import { type HeldPolicy, policyHash, type TrustPolicy } from "../../../src/device/rules/policy.js";
import { virtualProfileOf } from "../../support/virtualProfiles.js";

export const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export const profileOf = virtualProfileOf;

export function deviceRecord(id: string, model: ModelName, link: string): DeviceRecord {
  return {
    ...{ id, profile: `virtual/${model}`, link, address: id, name: id, groups: [] },
    voucher: { kind: "gateway" },
    joinedAt: 0,
  };
}

export function policyOf(hash: HashFunction): HeldPolicy {
  const policy: TrustPolicy = {
    id: "bench",
    version: 1,
    rules: [
      {
        subject: { kind: "any", not: false },
        object: { by: "any", name: "", not: false },
        ...{ capability: "*", effect: "ALLOW", minTier: 0, priority: 0, log: false, receipt: false, notify: false },
      },
    ],
  };
  return { policy, hash: policyHash(hash, policy) };
}

/** Motion switches the lamp on, and its end off again. */
export function motionRules(hash: HashFunction, sensor: string, lamp: string): HeldRule[] {
  return [true, false].map((value) => {
    const rule: LinkageRule = {
      id: `${sensor}-${value}`,
      title: "Motion",
      version: 1,
      prevHash: new Uint8Array(32),
      author: "bench",
      triggers: [
        {
          source: { by: "device", name: sensor, not: false },
          ...{ name: "motion", op: "eq", value, decimals: 0, forMs: 0, hysteresis: 0 },
        },
      ],
      actions: [
        {
          kind: "command",
          target: { by: "device", name: lamp, not: false },
          name: "lit",
          set: { kind: "value", value, decimals: 0 },
          ...{ delayMs: 0, onFail: "skip", retries: 0 },
        },
      ],
      ...{ mode: "parallel", maxRuns: 10, priority: 0, evidence: "receipt" },
      limits: { minIntervalMs: 0, maxPerHour: 0, maxPerDay: 0 },
      offline: { allow: true },
    };
    return { rule, hash: ruleHash(hash, rule), status: "ACTIVE" };
  });
}
