/** Rules of the virtual house, written down directly. */
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import { ruleHash } from "../../../src/device/rules/bytes.js";
import type { CommandAction, HeldRule, LinkageRule } from "../../../src/device/rules/language.js";

const suite = referenceSuite("ecdsa");

const set = (device: string, name: string, value: boolean | number): CommandAction => ({
  kind: "command",
  target: { by: "device", name: device, not: false },
  name,
  set: { kind: "value", value, decimals: 0 },
  delayMs: 0,
  onFail: "skip",
  retries: 0,
});

const fire: LinkageRule = {
  id: "fire",
  title: "Smoke",
  version: 1,
  prevHash: new Uint8Array(32),
  author: "test",
  triggers: [
    {
      source: { by: "device", name: "smoke", not: false },
      name: "smoke",
      op: "eq",
      value: true,
      decimals: 0,
      forMs: 0,
      hysteresis: 0,
    },
  ],
  actions: [
    set("valve", "open", false),
    { ...set("window", "open", true), coSigner: "owner" },
    set("lamp", "lit", true),
  ],
  mode: "single",
  maxRuns: 1,
  limits: { minIntervalMs: 0, maxPerHour: 0, maxPerDay: 0 },
  offline: { allow: true },
  evidence: "receipt",
  priority: 0,
};

export const FIRE: HeldRule = { rule: fire, hash: ruleHash(suite.hash.bind(suite), fire), status: "ACTIVE" };

export const FIRE_DEVICES = [
  { id: "smoke", model: "smoke", signs: true },
  { id: "valve", model: "gas-valve" },
  { id: "window", model: "window" },
  { id: "lamp", model: "lamp" },
  { id: "heat", model: "thermostat" },
] as const;
