/** Anchors as operators write them: every malformed field by its name, lists in any order, there and back. */
import { describe, expect, it, test } from "vitest";
import { anchorFromJson, anchorToJson, sealersFromJson } from "../../src/chain/anchor.js";
import { ChainError } from "../../src/chain/problems.js";
import { anchorAt, makeChain } from "../support/chains.js";

// biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
type Json = any;

const id = (fill: string) => `0x${fill.repeat(128)}`;
const GOOD = {
  chain: "chain0",
  group: "group0",
  suite: "ecdsa",
  layout: "fisco",
  faultModel: "bft",
  height: 7,
  hash: `0x${"ab".repeat(32)}`,
  sealers: [
    { nodeID: id("1"), weight: "1" },
    { nodeID: id("2"), weight: "9223372036854775807" },
  ],
  acceptedAt: 5,
  publishers: [`0x${"01".repeat(20)}`],
  governors: [`0x${"02".repeat(20)}`],
};

function problemOf(value: unknown): unknown {
  try {
    anchorFromJson(value, 0);
  } catch (thrown) {
    if (thrown instanceof ChainError) return thrown.problem;
    throw thrown;
  }
  return "fine";
}

const malformed = (field: string) => ({ code: "ANCHOR_MALFORMED", field });

describe("a malformed anchor", () => {
  it.each([null, undefined, 7, "text", [], [GOOD]])("%j is none at all", (value) => {
    expect(problemOf(value)).toEqual(malformed("anchor"));
  });

  it.each<[string, unknown[]]>([
    ["chain", ["", "a/b", "+", 7, null, "c".repeat(65), "名"]],
    ["group", ["", "#", {}, undefined]],
    ["suite", ["sm2", "", 0, null, "__proto__"]],
    ["layout", ["FISCO", "", 1]],
    ["faultModel", ["pbft", "", 2]],
    ["height", [-1, 1.5, "7", null, 2 ** 53, Number.NaN]],
    ["hash", ["", "0x", "0xab", "ab".repeat(31), "ab".repeat(33), "zz".repeat(32), 7, null]],
    ["sealers", [[], {}, "x", null, [7], [null], Array.from({ length: 1_025 }, (_, i) => i)]],
    ["acceptedAt", [-1, 1.5, "5", Number.POSITIVE_INFINITY]],
    ["publishers", ["x", {}, [7], ["0x01"], [`0x${"01".repeat(21)}`], Array.from({ length: 257 }, () => GOOD.hash)]],
    ["governors", [7, ["0x"], [`0x${"0g".repeat(20)}`]]],
  ])("%s", (field, values) => {
    for (const value of values) expect(problemOf({ ...GOOD, [field]: value })).toEqual(malformed(field));
  });

  it.each(["chain", "group", "suite", "layout", "faultModel", "height", "hash"])("without %s", (field) => {
    const { [field]: _, ...rest }: Json = GOOD;
    expect(problemOf(rest)).toEqual(malformed(field));
    // What an object inherits is not what it says.
    expect(problemOf(Object.assign(Object.create({ [field]: (GOOD as Json)[field] }), rest))).toEqual(malformed(field));
  });

  it.each<[string, Json, string]>([
    ["a short key", [{ nodeID: "0x1234", weight: "1" }], "nodeID"],
    ["no key", [{ weight: "1" }], "nodeID"],
    ["no weight", [{ nodeID: id("1") }], "weight"],
    ["weight 0", [{ nodeID: id("1"), weight: "0" }], "weight"],
    ["a weight with a sign", [{ nodeID: id("1"), weight: "+1" }], "weight"],
    ["a weight with a zero before it", [{ nodeID: id("1"), weight: "01" }], "weight"],
    ["a negative weight", [{ nodeID: id("1"), weight: -1 }], "weight"],
    ["half a weight", [{ nodeID: id("1"), weight: 0.5 }], "weight"],
    ["a weight beyond 2^53 as a number", [{ nodeID: id("1"), weight: 2 ** 53 }], "weight"],
    ["a weight of 20 digits", [{ nodeID: id("1"), weight: "18446744073709551615" }], "weight"],
    ["a weight of 2^63", [{ nodeID: id("1"), weight: "9223372036854775808" }], "sealers (HEADER_WEIGHT_RANGE)"],
    ["a weight of 0n", [{ nodeID: id("1"), weight: 0n }], "sealers (HEADER_WEIGHT_RANGE)"],
    ["one sealer twice", [GOOD.sealers[0], GOOD.sealers[1], GOOD.sealers[0]], "sealers (HEADER_NODE_ID_DUPLICATE)"],
  ])("with %s", (_, sealers, field) => {
    expect(problemOf({ ...GOOD, sealers })).toEqual(malformed(field));
  });

  it("a bare hash is enough at height 0 and nowhere else", () => {
    const { sealers: _, ...bare } = GOOD;
    expect(problemOf(bare)).toEqual({ code: "ANCHOR_NEEDS_SEALERS", height: 7 });
    expect(anchorFromJson({ ...bare, height: 0 }, 0).sealers).toBeUndefined();
  });
});

describe("a good anchor", () => {
  it("comes back from its JSON", () => {
    expect(anchorToJson(anchorFromJson(GOOD, 0))).toEqual(GOOD);
    const { publishers: _p, governors: _g, acceptedAt: _a, ...least } = GOOD;
    const anchor = anchorFromJson(least, 99);
    expect([anchor.acceptedAt, anchor.publishers, anchor.governors]).toEqual([99, [], []]);
    expect(anchorToJson(anchor)).toEqual({ ...least, acceptedAt: 99 });
  });

  it("takes sealers in any order, with their own weights, and keys in any case, with or without 0x", () => {
    const [one, two] = GOOD.sealers as [Json, Json];
    const sorted = sealersFromJson(GOOD.sealers);
    expect(sealersFromJson([two, one])).toEqual(sorted);
    expect(sorted.weights).toEqual([1n, 2n ** 63n - 1n]);
    const loud = [two, one].map(({ nodeID, weight }) => ({ nodeID: nodeID.slice(2).toUpperCase(), weight }));
    expect(sealersFromJson(loud)).toEqual(sorted);
    expect(
      sealersFromJson([
        { ...one, weight: 1 },
        { ...two, weight: 2n ** 63n - 1n },
      ]),
    ).toEqual(sorted);
  });

  test.each(["ecdsa", "sm"] as const)("of a chain on %s", async (suite) => {
    const chain = await makeChain({
      profile: { suite, layout: "edgeseal", faultModel: "crash" },
      weights: [4n, 3n, 2n, 1n],
    });
    chain.issue();
    const anchor = anchorAt(chain, 1);
    expect(anchorFromJson(JSON.parse(JSON.stringify(anchorToJson(anchor))), 0)).toEqual(anchor);
    expect(anchor.sealers).toEqual(chain.sealers(1));
  });
});
