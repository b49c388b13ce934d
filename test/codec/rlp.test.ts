import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.js";
import { decodeRlp, encodeRlp, RLP_DEPTH_MAX, RLP_ITEMS_MAX, type RlpItem, rlpInteger } from "../../src/codec/rlp.js";
import { codeThrownBy } from "./fisco/vectors.js";

const tree = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof({ depthSize: "small" }, fc.uint8Array({ maxLength: 80 }), fc.array(tie("item"), { maxLength: 4 })),
})).item;

function depthOf(item: RlpItem): number {
  return item instanceof Uint8Array ? 0 : 1 + Math.max(0, ...item.map(depthOf));
}

describe("RLP", () => {
  it("encodes the examples of the Ethereum documentation", () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const empty: RlpItem = [];
    const cases: readonly (readonly [RlpItem, string])[] = [
      [text("dog"), "83646f67"],
      [[text("cat"), text("dog")], "c88363617483646f67"],
      [text(""), "80"],
      [empty, "c0"],
      [new Uint8Array([0]), "00"],
      [new Uint8Array([0x0f]), "0f"],
      [new Uint8Array([4, 0]), "820400"],
      [[empty, [empty], [empty, [empty]]], "c7c0c1c0c3c0c1c0"],
      [
        text("Lorem ipsum dolor sit amet, consectetur adipisicing elit"),
        "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974",
      ],
    ];
    for (const [item, hex] of cases) {
      expect(toHex(encodeRlp(item))).toBe(hex);
      expect(decodeRlp(fromHex(hex))).toEqual(item);
    }
    expect(toHex(rlpInteger(1024n))).toBe("0400");
    expect(toHex(rlpInteger(0n))).toBe("");
  });

  it("carries any tree through", () => {
    fc.assert(
      fc.property(tree, (item) => {
        fc.pre(depthOf(item) <= RLP_DEPTH_MAX);
        expect(decodeRlp(encodeRlp(item))).toEqual(item);
      }),
      { numRuns: 1000 },
    );
  });

  const refused: readonly (readonly [string, string])[] = [
    ["RLP_CUT_SHORT", ""],
    ["RLP_CUT_SHORT", "83646f"],
    ["RLP_CUT_SHORT", "c883636174"],
    ["RLP_CUT_SHORT", "c183"],
    ["RLP_CUT_SHORT", "c28363"],
    ["RLP_CUT_SHORT", "b9"],
    ["RLP_CUT_SHORT", "bfffffffffffffffff"],
    ["RLP_CUT_SHORT", "ffffffffffffffffff"],
    ["RLP_NOT_CANONICAL", "8100"],
    ["RLP_NOT_CANONICAL", "817f"],
    ["RLP_NOT_CANONICAL", "b80161"],
    ["RLP_NOT_CANONICAL", "b90001"],
    ["RLP_NOT_CANONICAL", "f800"],
    ["RLP_NOT_CANONICAL", `b837${"ff".repeat(55)}`],
    ["RLP_TRAILING", "8000"],
    ["RLP_TRAILING", "c0c0"],
  ];
  for (const [code, hex] of refused) {
    it(`refuses ${hex} with ${code}`, () => expect(codeThrownBy(() => decodeRlp(fromHex(hex)))).toBe(code));
  }

  it("refuses depth, item and size bombs", () => {
    let nested: RlpItem = [];
    for (let i = 0; i < RLP_DEPTH_MAX; i++) nested = [nested];
    expect(codeThrownBy(() => decodeRlp(encodeRlp(nested)))).toBe("RLP_TOO_DEEP");
    const many = new Array<Uint8Array>(RLP_ITEMS_MAX).fill(new Uint8Array(0));
    expect(codeThrownBy(() => decodeRlp(encodeRlp(many)))).toBe("RLP_TOO_MANY_ITEMS");
    expect(codeThrownBy(() => decodeRlp(new Uint8Array(1024 * 1024 + 1)))).toBe("RLP_TOO_LARGE");
  });

  it("accepts only what it would write, and throws nothing but its own errors", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const code = codeThrownBy(() => expect(toHex(encodeRlp(decodeRlp(bytes)))).toBe(toHex(bytes)));
        expect(code).toMatch(/^RLP_|^NOTHING_THROWN$/);
      }),
      { numRuns: 5000 },
    );
  });
});
