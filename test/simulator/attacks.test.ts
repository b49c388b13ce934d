import { describe, expect, it } from "vitest";
import { onHead } from "../../simulator/chain/attacks/attack.js";
import { rereadReceipt, rereadTransaction } from "../../simulator/chain/attacks/eventAttacks.js";
import { ATTACKS, type Attack } from "../../simulator/chain/attacks.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { Forger, resplitHeader } from "../../simulator/chain/forger.js";
import { to0x } from "../../src/base/bytes.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import type { Profile } from "../../src/codec/profile.js";
import { decodeEvent } from "../../src/codec/wire/eventMessage.js";
import type { Suite } from "../../src/crypto/suite.js";
import { GENESIS_TIME, makeChain } from "../support/chains.js";
import { Victim } from "./victim.js";

/** Nine blocks; most first sealers are replaced in block 4, so that retired keys exist. */
async function chainUnderAttack(profile: Profile): Promise<ChainIssuer> {
  const issuer = await makeChain({ profile, signaturesPerBlock: "quorum" });
  issuer.issueMany(3, { transactions: 1 });
  issuer.issue({ sealers: [{ kind: "replace", count: 3 }] });
  issuer.issueMany(5);
  return issuer;
}

/** What went wrong with one attack, or undefined. */
function outcome(issuer: ChainIssuer, forger: Forger, attack: Attack, suite?: Suite): string | undefined {
  const hostile = attack.run(forger);
  const anchorAt = issuer.height - 2;
  const victim = new Victim({ issuer, forger, anchorAt, ...(suite === undefined ? {} : { suite }) });
  if (victim.height !== issuer.height) return "the client does not follow the honest chain";
  const accepted = victim.accepted.length;
  victim.takeCodes();
  victim.suffer(hostile);
  const codes = victim.takeCodes();
  const halted = victim.client.status().state === "FORKED";
  if (victim.accepted.length !== accepted || victim.height !== issuer.height) return "accepted";
  if (codes.includes("EVENTS_EVIDENCE")) return "taken as evidence";
  if (!codes.some((code) => hostile.expectedCodes.includes(code)))
    return `${codes} instead of ${hostile.expectedCodes}`;
  if (halted !== codes.includes("CHAIN_FORK") || (halted && !attack.halts)) return "halted";
  if (halted) return undefined;
  issuer.issue();
  victim.showHonest();
  return victim.height === issuer.height ? undefined : "the client does not go on after it";
}

const PROFILES: readonly Profile[] = [
  { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
  { suite: "ecdsa", layout: "edgeseal", faultModel: "bft" },
  { suite: "ecdsa", layout: "edgeseal", faultModel: "crash" },
  { suite: "sm", layout: "fisco", faultModel: "bft" },
  { suite: "sm", layout: "edgeseal", faultModel: "bft" },
];

describe("every attack is refused for its own reason, and the client goes on", () => {
  for (const profile of PROFILES) {
    it(`${profile.suite}, ${profile.layout}, ${profile.faultModel}`, async () => {
      const issuer = await chainUnderAttack(profile);
      const forger = new Forger(issuer, 1);
      const outcomes: Record<string, string> = {};
      for (const attack of ATTACKS.filter(({ appliesTo }) => appliesTo(forger))) {
        const wrong = outcome(issuer, forger, attack);
        if (wrong !== undefined) outcomes[attack.name] = wrong;
      }
      expect(outcomes).toEqual({});
    });
  }
});

describe("a client anchored at block 0", () => {
  it("refuses a block 1 with other sealers than block 0 lists", async () => {
    const issuer = await makeChain();
    const forger = new Forger(issuer, 1);
    const victim = new Victim({ issuer, forger, anchorAt: 0 });
    const header = forger.draft({ sealers: forger.ownSealers, timestamp: GENESIS_TIME });
    victim.suffer(onHead(forger.headPayload(forger.signed(header)), "CHAIN_GENESIS_SEALERS"));
    expect(victim.takeCodes()).toContain("CHAIN_GENESIS_SEALERS");
    issuer.issue();
    victim.showHonest();
    expect(victim.height).toBe(1);
  });
});

describe("a client that trusts the header at which all sealers leave", () => {
  it("refuses a header further up that these have signed", async () => {
    for (const layout of ["fisco", "edgeseal"] as const) {
      const issuer = await makeChain({ profile: { suite: "ecdsa", layout, faultModel: "bft" } });
      issuer.issueMany(3);
      const leaving = issuer.sealers(3);
      issuer.issue({ sealers: [{ kind: "replace", count: 4 }] });
      const forger = new Forger(issuer, 1);
      const victim = new Victim({ issuer, forger, anchorAt: 2 });
      expect(victim.height).toBe(4);
      const payload = forger.headPayload(forger.signed(forger.draftAt(9, { sealers: leaving })));
      victim.suffer(onHead(payload));
      // Without committed sets nobody can know up there that they have left: that is the price of that layout.
      expect(victim.height).toBe(layout === "edgeseal" ? 4 : 9);
    }
  });
});

describe("the list of attacks", () => {
  it("names each once, with a sentence", () => {
    const names = ATTACKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, title } of ATTACKS) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(title).toMatch(/^\S.{5,}\.$/);
    }
  });

  it("has every attack at work on some chain", async () => {
    const possible = new Set<string>();
    for (const profile of PROFILES) {
      const forger = new Forger(await chainUnderAttack(profile), 1);
      for (const { name, appliesTo } of ATTACKS) if (appliesTo(forger)) possible.add(name);
    }
    expect(ATTACKS.map(({ name }) => name).filter((name) => !possible.has(name))).toEqual([]);
  });

  it("makes the same input from the same seeds", async () => {
    const [one, two] = await Promise.all(
      [1, 1].map(async (seed) => new Forger(await chainUnderAttack(PROFILES[0] as Profile), seed)),
    );
    for (const attack of ATTACKS) {
      if (!attack.appliesTo(one!)) continue;
      const [a, b] = [attack.run(one!), attack.run(two!)];
      // Compared as bytes: some are large, and a deep comparison takes seconds.
      expect(Buffer.compare(Buffer.from(a.payload), Buffer.from(b.payload))).toBe(0);
    }
  });
});

describe("the attacks are real ones", () => {
  it("a re-split header keeps its hash", async () => {
    for (const profile of PROFILES) {
      const forger = new Forger(await chainUnderAttack(profile), 1);
      const honest = forger.draft();
      const resplit = resplitHeader(honest);
      expect(resplit.sealers.nodeIds.length).toBe(1);
      expect(to0x(forger.hashOf(resplit))).toBe(to0x(forger.hashOf(honest)));
    }
  });

  it("a re-read event keeps its hashes, and only the list of publishers refuses it", async () => {
    for (const profile of PROFILES) {
      const issuer = await chainUnderAttack(profile);
      const forger = new Forger(issuer, 1);
      const hostile = ATTACKS.find(({ name }) => name === "event-reread")!.run(forger);
      const [issued] = issuer.transactions(issuer.height);
      const { transaction, receipt } = issued!;
      const { hash } = issuer.suite;
      expect(transactionDataHash(hash, rereadTransaction(forger, transaction).data)).toEqual(issued!.hash);
      expect(receiptHash(hash, rereadReceipt(forger, receipt))).toEqual(issued!.receiptHash);
      const victim = new Victim({ issuer, forger, anchorAt: issuer.height - 1 });
      const { transaction: sent } = decodeEvent((hostile as { payload: Uint8Array }).payload);
      expect(sent).not.toEqual(issued!.bytes);
      victim.suffer(hostile);
      expect(victim.verdicts).toMatchObject([{ level: "hash-consistent", doubts: ["SENDER_NOT_NAMED"] }]);
    }
  });

  it("the publisher's own event is evidence, so that the refusals above mean something", async () => {
    const issuer = await chainUnderAttack(PROFILES[0] as Profile);
    const forger = new Forger(issuer, 1);
    ATTACKS.find(({ name }) => name === "event-other-receipt")!.run(forger);
    const victim = new Victim({ issuer, forger, anchorAt: issuer.height - 1 });
    victim.showEvent(issuer.proofs(issuer.height, 1));
    expect(victim.verdicts).toMatchObject([{ level: "evidence", doubts: [] }]);
  });

  it("a client whose suite says yes to every signature accepts what only signatures refuse", async () => {
    for (const profile of PROFILES) {
      const issuer = await chainUnderAttack(profile);
      const forger = new Forger(issuer, 1);
      const gullible: Suite = { ...issuer.suite, prepare: () => ({ verify: () => true }) };
      const fooled = ATTACKS.filter((attack) => {
        return attack.appliesTo(forger) && outcome(issuer, forger, attack, gullible) === "accepted";
      });
      const names = fooled.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(["quorum-one-invalid", "signature-malleable", "signature-of-parent", "other-hash"]),
      );
      // What structure, quorum, lists and times refuse does not hang on signatures.
      expect(names.filter((name) => !/^(signature|quorum-one-invalid|content|other-hash)/.test(name))).toEqual([]);
    }
  });
});
