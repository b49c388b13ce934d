/** verifyAdjacent and verifySkipping rule by rule, on both layouts, with every boundary. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { equalBytes } from "../../src/base/bytes.js";
import { Committees } from "../../src/chain/committee.js";
import {
  type Trusted,
  trustedFrom,
  type VerifyInput,
  type VerifyRules,
  verifyAdjacent,
  verifyAdjacentWithSealers,
  verifySkipping,
} from "../../src/chain/verify.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import type { Layout, Profile } from "../../src/codec/profile.js";
import { codeThrownBy } from "../codec/fisco/vectors.js";
import { FISCO, makeChain, rulesOf } from "../support/chains.js";

const BFT: Profile = FISCO;
const TRUSTED = 5;

type Changed = Partial<Omit<VerifyInput, "rules">> & { readonly rules?: Partial<VerifyRules> };

/** Trust in header `from`, and header `to` a moment after it was made. */
function input(chain: ChainIssuer, from: number, to: number, changed: Changed = {}): VerifyInput {
  const untrusted = changed.untrusted ?? chain.header(to);
  const now = changed.now ?? untrusted.header.timestamp + 500;
  return {
    trusted: trustedFrom(chain.header(from), chain.profile, now),
    committees: new Committees(chain.suite, chain.profile.faultModel),
    ...changed,
    untrusted,
    now,
    rules: rulesOf(chain, changed.rules),
  };
}

/** The chain's header with other fields, hashed and signed again by these sealers of the list it carries. */
function resigned(
  chain: ChainIssuer,
  number: number,
  fields: Partial<HashedHeader["header"]>,
  signers?: readonly number[],
): HashedHeader {
  const header = { ...chain.header(number).header, ...fields };
  const hash = headerHash(chain.suite.hash, header);
  const all = [...header.sealers.nodeIds.keys()];
  return { header, hash, signatures: chain.sign(hash, header.sealers, signers ?? all) };
}

function anchorOf(chain: ChainIssuer, number: number, now: number): Trusted {
  return { number, hash: chain.header(number).hash, sealers: chain.sealers(number), vouchedAt: now };
}

describe.each<Layout>(["fisco", "edgeseal"])("layout %s", (layout) => {
  let chain: ChainIssuer;
  beforeAll(async () => {
    chain = await makeChain({ profile: { ...BFT, layout }, sealerCount: 7 });
    chain.issueMany(12);
  });

  const both = { adjacent: [verifyAdjacent, 6], skipping: [verifySkipping, 9] } as const;

  describe.each(["adjacent", "skipping"] as const)("%s", (which) => {
    const [verify, to] = both[which];
    const given = (changed: Changed = {}) => input(chain, TRUSTED, to, changed);
    const code = (changed: Changed = {}) => codeThrownBy(() => verify(given(changed)));

    test("believes an honest header and trusts it from then on", () => {
      const { trusted, certificate, sealersChanged } = verify(given());
      expect([trusted.number, equalBytes(trusted.hash, chain.header(to).hash), sealersChanged]).toEqual([
        to,
        true,
        false,
      ]);
      expect(certificate).toEqual({ signers: [0, 1, 2, 3, 4, 5, 6], weight: 7n, quorum: 5n });
      expect(trusted.vouchedAt).toBe(chain.header(to).header.timestamp);
      expect(trusted.nextSealersHash === undefined).toBe(layout === "fisco");
      expect(verify(given({ untrusted: resigned(chain, to, {}, [6, 0, 3, 2, 5]) })).certificate.signers).toEqual([
        0, 2, 3, 5, 6,
      ]);
    });

    test("trust ends exactly one millisecond after its period", () => {
      const { trusted, now } = given();
      const age = now - trusted.vouchedAt;
      expect(code({ rules: { trustingPeriodMs: age } })).toBe("NOTHING_THROWN");
      expect(code({ rules: { trustingPeriodMs: age - 1 } })).toBe("CHAIN_TRUST_EXPIRED");
    });

    test("a header may be ahead of the clock by the drift and no more", () => {
      const { timestamp } = chain.header(to).header;
      expect(code({ now: timestamp - 10_000 })).toBe("NOTHING_THROWN");
      expect(code({ now: timestamp - 10_001 })).toBe("CHAIN_HEADER_FROM_FUTURE");
    });

    test("its time may be the trusted one's, not one earlier", () => {
      const { trusted } = given();
      const { timestamp } = chain.header(to).header;
      expect(code({ trusted: { ...trusted, timestamp } })).toBe("NOTHING_THROWN");
      expect(code({ trusted: { ...trusted, timestamp: timestamp + 1 } })).toBe("CHAIN_TIME_DECREASING");
    });

    test("four of seven are no quorum, nor is one of them twice", () => {
      expect(code({ untrusted: resigned(chain, to, {}, [0, 1, 2, 3]) })).toBe("CHAIN_QUORUM");
      expect(code({ untrusted: resigned(chain, to, {}, [0, 1, 2, 3, 3]) })).toBe("CHAIN_SIGNER_DUPLICATE");
      const honest = chain.header(to);
      const signatures = honest.signatures.map((one, i) => (i === 6 ? { ...one, sealerIndex: 7 } : one));
      expect(code({ untrusted: { ...honest, signatures } })).toBe("CHAIN_SIGNER_RANGE");
    });

    test("signatures over anything else than this hash", () => {
      const honest = chain.header(to);
      const other = chain.header(to + 1).signatures;
      expect(code({ untrusted: { ...honest, signatures: other } })).toBe("CHAIN_SIGNATURE_INVALID");
      const { hash } = resigned(chain, to, { gasUsed: "1" });
      expect(code({ untrusted: { ...honest, hash } })).toBe("CHAIN_SIGNATURE_INVALID");
    });

    test("a list of strangers, signed by all of them", async () => {
      const strangers = await makeChain({ seed: 9, sealerCount: 7, profile: chain.profile });
      const { sealers } = strangers.issue().header;
      const header = { ...chain.header(to).header, sealers };
      const hash = headerHash(chain.suite.hash, header);
      const untrusted = { header, hash, signatures: strangers.sign(hash, sealers, [0, 1, 2, 3, 4, 5, 6]) };
      expect(code({ untrusted })).toBe(
        layout === "edgeseal" && which === "adjacent" ? "CHAIN_SEALERS_NOT_COMMITTED" : "CHAIN_TRUST_SHORT",
      );
    });
  });

  test("heights: adjacent is adjacent, skipping goes up", () => {
    for (const to of [4, 5, 7]) {
      expect(codeThrownBy(() => verifyAdjacent(input(chain, TRUSTED, to)))).toBe("CHAIN_NOT_ADJACENT");
    }
    for (const to of [4, 5]) {
      expect(codeThrownBy(() => verifySkipping(input(chain, TRUSTED, to)))).toBe("CHAIN_NOT_ABOVE");
    }
  });

  test("the adjacent header names the trusted hash, through either function", () => {
    const untrusted = resigned(chain, 6, { parents: [{ number: 5, hash: chain.header(4).hash }] });
    for (const verify of [verifyAdjacent, verifySkipping]) {
      expect(codeThrownBy(() => verify(input(chain, TRUSTED, 6, { untrusted })))).toBe("CHAIN_PARENT_HASH");
    }
  });

  test("block 1 shows the sealers of block 0 and no others", () => {
    const now = chain.header(1).header.timestamp;
    const trusted = anchorOf(chain, 0, now);
    verifyAdjacent(input(chain, 0, 1, { trusted, now }));
    const weights = chain.sealers(1).weights.map((weight, i) => (i === 0 ? weight + 1n : weight));
    const untrusted = resigned(chain, 1, { sealers: { ...chain.sealers(1), weights } });
    expect(codeThrownBy(() => verifyAdjacent(input(chain, 0, 1, { trusted, untrusted, now })))).toBe(
      "CHAIN_GENESIS_SEALERS",
    );
  });

  test("a proven list replaces the overlap and nothing else", () => {
    const given = input(chain, TRUSTED, 6);
    const proven = chain.sealers(6);
    expect(verifyAdjacentWithSealers(given, proven).trusted.number).toBe(6);
    const other = { ...proven, weights: proven.weights.map((weight) => weight + 1n) };
    const refused: [VerifyInput, typeof proven, string][] = [
      [given, other, "CHAIN_SEALERS_DIFFER"],
      [input(chain, TRUSTED, 7), proven, "CHAIN_NOT_ADJACENT"],
      [{ ...given, now: given.trusted.vouchedAt + given.rules.trustingPeriodMs + 1 }, proven, "CHAIN_TRUST_EXPIRED"],
      [{ ...given, now: given.untrusted.header.timestamp - 10_001 }, proven, "CHAIN_HEADER_FROM_FUTURE"],
      [{ ...given, untrusted: resigned(chain, 6, {}, [0, 1]) }, proven, "CHAIN_QUORUM"],
      [{ ...given, untrusted: { ...given.untrusted, hash: new Uint8Array(32) } }, proven, "CHAIN_SIGNATURE_INVALID"],
    ];
    for (const [bad, set, code] of refused) expect(codeThrownBy(() => verifyAdjacentWithSealers(bad, set))).toBe(code);
  });
});

describe("overlap with the trusted set on the fisco layout", () => {
  /** Ten blocks; block 5 orders `count` of the sealers replaced, so that block 6 shows the new list. */
  async function replaced(count: number, changed: Parameters<typeof makeChain>[0] = {}): Promise<ChainIssuer> {
    const chain = await makeChain({ sealerCount: 7, ...changed });
    chain.issueMany(4);
    chain.issue({ sealers: [{ kind: "replace", count }] });
    chain.issueMany(5);
    return chain;
  }

  const code = (chain: ChainIssuer, to: number, rules: Partial<VerifyRules> = {}) =>
    codeThrownBy(() => verifySkipping(input(chain, TRUSTED, to, { rules })));

  test.each([
    [1, "NOTHING_THROWN", "NOTHING_THROWN"],
    [2, "NOTHING_THROWN", "NOTHING_THROWN"],
    [3, "CHAIN_TRUST_SHORT", "NOTHING_THROWN"],
    [4, "CHAIN_TRUST_SHORT", "NOTHING_THROWN"],
    [5, "CHAIN_TRUST_SHORT", "CHAIN_TRUST_SHORT"],
    [7, "CHAIN_TRUST_SHORT", "CHAIN_TRUST_SHORT"],
  ])("%d of 7 replaced: strict %s, by thirds %s", async (count, strict, third) => {
    const chain = await replaced(count);
    for (const to of [6, 9]) {
      expect(code(chain, to)).toBe(strict);
      expect(code(chain, to, { trustLevel: "third" })).toBe(third);
    }
  });

  test("a third of the weight exactly is not more than a third", async () => {
    const chain = await replaced(4, { sealerCount: 6 });
    expect(code(chain, 6, { trustLevel: "third" })).toBe("CHAIN_TRUST_SHORT");
    const heavier = await replaced(4, { sealerCount: 6, weights: [1n, 1n, 1n, 1n, 1n, 2n] });
    const left = heavier
      .sealers(6)
      .nodeIds.filter((id) => heavier.sealers(5).nodeIds.some((old) => equalBytes(id, old)));
    expect(left).toHaveLength(2);
    expect(code(heavier, 6, { trustLevel: "third" })).toBe("NOTHING_THROWN");
  });

  test("trusted weights count, not those of the new list", async () => {
    const chain = await makeChain({ sealerCount: 4, weights: [10n, 1n, 1n, 1n] });
    chain.issueMany(4);
    const heavy = chain.sealers(5).nodeIds[0]!;
    chain.issue({ sealers: [{ kind: "weight", nodeId: heavy, weight: 1n }] });
    chain.issue();
    // Quorum of the old set is 9 of 13: without the heavy one its weight is short, whatever the new list says.
    const without = resigned(chain, 6, {}, [1, 2, 3]);
    expect(codeThrownBy(() => verifyAdjacent(input(chain, 5, 6, { untrusted: without })))).toBe("CHAIN_TRUST_SHORT");
    expect(verifyAdjacent(input(chain, 5, 6)).sealersChanged).toBe(true);
  });

  test("crash chains: half of the trusted weight and more, never thirds", async () => {
    const profile: Profile = { ...FISCO, faultModel: "crash" };
    const three = await replaced(3, { profile });
    const four = await replaced(4, { profile });
    expect(code(three, 6)).toBe("NOTHING_THROWN");
    expect(code(four, 6)).toBe("CHAIN_TRUST_SHORT");
    expect(code(four, 6, { trustLevel: "third" })).toBe("CHAIN_TRUST_SHORT");
  });
});

describe("committed sets of the edgeseal layout", () => {
  let chain: ChainIssuer;
  beforeAll(async () => {
    chain = await makeChain({ sealerCount: 4, profile: { ...FISCO, layout: "edgeseal" } });
    chain.issueMany(4);
    chain.issue({ sealers: [{ kind: "replace", count: 4 }] });
    chain.issueMany(4);
    chain.issue({ sealers: [{ kind: "replace", count: 4 }] });
    chain.issueMany(3);
  });

  test("the next header, with a list that has nobody in common", () => {
    const { sealersChanged, trusted } = verifyAdjacent(input(chain, 5, 6));
    expect([sealersChanged, trusted.number]).toEqual([true, 6]);
  });

  test("further up, as long as the list is the one committed to", () => {
    expect(verifySkipping(input(chain, 5, 9)).trusted.number).toBe(9);
    expect(verifySkipping(input(chain, 5, 10)).trusted.number).toBe(10);
  });

  test("not past another change, nor from below the commitment", () => {
    expect(codeThrownBy(() => verifySkipping(input(chain, 5, 11)))).toBe("CHAIN_TRUST_SHORT");
    expect(codeThrownBy(() => verifySkipping(input(chain, 4, 6)))).toBe("CHAIN_TRUST_SHORT");
  });

  test("the old sealers may not go on once the trusted header names others", () => {
    const sealers = chain.sealers(5);
    const untrusted = resigned(chain, 8, { sealers });
    expect(codeThrownBy(() => verifySkipping(input(chain, 5, 8, { untrusted })))).toBe("CHAIN_TRUST_SHORT");
    const adjacent = resigned(chain, 6, { sealers });
    expect(codeThrownBy(() => verifyAdjacent(input(chain, 5, 6, { untrusted: adjacent })))).toBe(
      "CHAIN_SEALERS_NOT_COMMITTED",
    );
  });

  test("an anchor knows no commitment: overlap decides", () => {
    const now = chain.header(6).header.timestamp;
    expect(codeThrownBy(() => verifyAdjacent(input(chain, 5, 6, { trusted: anchorOf(chain, 5, now) })))).toBe(
      "CHAIN_TRUST_SHORT",
    );
    expect(verifyAdjacent(input(chain, 4, 5, { trusted: anchorOf(chain, 4, now) })).trusted.number).toBe(5);
  });
});
