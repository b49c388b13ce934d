import { describe, expect, it } from "vitest";
import type { Profile } from "../../src/codec/profile.js";
import { cryptoOf } from "../support/chains.js";
import { expectHeld, Siege } from "./hostile.js";

const COUNT = 1_000;
const PROFILES: readonly Profile[] = [
  { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
  { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" },
  { suite: "sm", layout: "fisco", faultModel: "bft" },
  { suite: "sm", layout: "edgeseal", faultModel: "bft" },
];

describe("hostile headers with real signatures", () => {
  for (const profile of PROFILES) {
    it(`none of ${COUNT} is accepted, every honest one is: ${profile.suite}, ${profile.layout}`, async () => {
      const report = new Siege({ ...(await cryptoOf(profile.suite)), profile, seed: 4, count: COUNT }).run();
      expectHeld(report, COUNT);
      expect(report.codes.CHAIN_SIGNATURE_INVALID ?? 0).toBeGreaterThan(10);
    });
  }
});
