import { describe, expect, it } from "vitest";
import { symbolicCrypto } from "../../simulator/chain/symbolicCrypto.js";
import type { Profile } from "../../src/codec/profile.js";
import type { Suite } from "../../src/crypto/suite.js";
import { expectHeld, Siege } from "./hostile.js";

const COUNT = 50_000;
const PROFILES: readonly Profile[] = [
  { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
  { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" },
];

describe("hostile headers with unforgeable signatures", () => {
  for (const profile of PROFILES) {
    for (const seed of [1, 2]) {
      it(`none of ${COUNT} is accepted, every honest one is: ${profile.layout}, seed ${seed}`, () => {
        const report = new Siege({ ...symbolicCrypto(profile.suite), profile, seed, count: COUNT }).run();
        expectHeld(report, COUNT);
        expect(report.changes).toBeGreaterThan(report.honest / 50);
        // Variety: no single early check may hide the others.
        const codes = Object.keys(report.codes);
        for (const code of [
          "CHAIN_QUORUM",
          "CHAIN_SIGNER_DUPLICATE",
          "CHAIN_SIGNER_RANGE",
          "CHAIN_SIGNATURE_INVALID",
        ]) {
          expect(report.codes[code] ?? 0).toBeGreaterThan(COUNT / 500);
        }
        expect(codes.length).toBeGreaterThan(25);
      });
    }
  }

  it("are accepted by a client whose suite says yes to every signature", () => {
    for (const profile of PROFILES) {
      const { suite, signer } = symbolicCrypto(profile.suite);
      const verifier: Suite = { ...suite, prepare: () => ({ verify: () => true }) };
      const report = new Siege({ suite, signer, verifier, profile, seed: 3, count: 2_000 }).run();
      expect(report.falseAccepts).toBeGreaterThan(0);
    }
  });
});
