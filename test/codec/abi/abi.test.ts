import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { encodeAbiCall, SELECTOR_BYTES, selectorOf } from "../../../src/codec/abi/call.js";
import { ABI_BYTES_MAX, ABI_ITEMS_MAX, decodeAbi } from "../../../src/codec/abi/decode.js";
import { encodeAbi } from "../../../src/codec/abi/encode.js";
import {
  ABI_DEPTH_MAX,
  type AbiType,
  type AbiValue,
  headBytes,
  parseAbiSignature,
  parseAbiType,
  parseAbiTypes,
} from "../../../src/codec/abi/types.js";
import { AbiError } from "../../../src/codec/problems.js";
import { codeThrownBy, SUITES, vectors } from "../fisco/vectors.js";

const VECTORS = vectors("abi");

/** The values of the vector file: "69n" is an integer, "0x61" is bytes. */
function vectorValue(json: unknown): AbiValue {
  if (Array.isArray(json)) return json.map(vectorValue);
  if (typeof json !== "string") return json as boolean;
  if (/^\d+n$/.test(json)) return BigInt(json.slice(0, -1));
  return json.startsWith("0x") ? fromHex(json) : json;
}

const elementary = fc.oneof(
  fc.integer({ min: 1, max: 32 }).map((bytes): AbiType => ({ kind: "uint", bits: 8 * bytes })),
  fc.integer({ min: 1, max: 32 }).map((bytes): AbiType => ({ kind: "int", bits: 8 * bytes })),
  fc.integer({ min: 1, max: 32 }).map((size): AbiType => ({ kind: "fixedBytes", size })),
  fc.constantFrom<AbiType>({ kind: "bool" }, { kind: "address" }, { kind: "bytes" }, { kind: "string" }),
);
const anyType = fc.letrec<{ type: AbiType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    elementary,
    tie("type").map((item): AbiType => ({ kind: "array", item })),
    fc
      .tuple(tie("type"), fc.integer({ min: 1, max: 3 }))
      .map(([item, length]): AbiType => ({ kind: "array", item, length })),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((items): AbiType => ({ kind: "tuple", items })),
  ),
})).type;

function anyValue(type: AbiType): fc.Arbitrary<AbiValue> {
  switch (type.kind) {
    case "uint":
      return fc.bigInt({ min: 0n, max: 2n ** BigInt(type.bits) - 1n });
    case "int":
      return fc.bigInt({ min: -(2n ** BigInt(type.bits - 1)), max: 2n ** BigInt(type.bits - 1) - 1n });
    case "bool":
      return fc.boolean();
    case "address":
      return fc.uint8Array({ minLength: 20, maxLength: 20 });
    case "fixedBytes":
      return fc.uint8Array({ minLength: type.size, maxLength: type.size });
    case "bytes":
      return fc.uint8Array({ maxLength: 70 });
    case "string":
      return fc.string({ unit: "binary", maxLength: 40 });
    case "array": {
      const bounds = type.length === undefined ? { maxLength: 3 } : { minLength: type.length, maxLength: type.length };
      return fc.array(anyValue(type.item), bounds);
    }
    case "tuple":
      return fc.tuple(...type.items.map(anyValue));
  }
}

const typed = fc
  .array(anyType, { maxLength: 4 })
  .chain((types) => fc.tuple(fc.constant(types), fc.tuple(...types.map(anyValue))));

describe("Solidity ABI", () => {
  it("encodes and decodes the examples of its specification", () => {
    const cases = VECTORS.calls[0].cases;
    expect(cases.length).toBe(5);
    for (const { signature, values, call } of cases) {
      const wanted = values.map(vectorValue);
      expect(toHex(encodeAbiCall(SUITES.ecdsa.hash, signature, wanted))).toBe(call);
      const args = fromHex(call).subarray(SELECTOR_BYTES);
      expect(decodeAbi(parseAbiSignature(signature), args)).toEqual(wanted);
    }
  });

  it.each(["ecdsa", "sm"] as const)("makes the selectors that FISCO lists (%s)", (suite) => {
    const cases = VECTORS.selectors[0].cases;
    expect(cases.length).toBe(4);
    for (const one of cases) expect(toHex(selectorOf(SUITES[suite].hash, one.signature))).toBe(one[suite]);
  });

  it("carries any values of any types through", () => {
    fc.assert(
      fc.property(typed, ([types, values]) => {
        const bytes = encodeAbi(types, values);
        expect(bytes.length % 32).toBe(0);
        expect(decodeAbi(types, bytes)).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  it("takes one encoding only: what is altered is refused, or is the encoding of other values", () => {
    const altered = fc.tuple(typed, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(altered, ([[types, values], place, change, kind]) => {
        const bytes = encodeAbi(types, values);
        fc.pre(bytes.length > 0);
        const other = mutate(bytes, place, change, kind);
        let read: AbiValue[];
        try {
          read = decodeAbi(types, other);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AbiError);
          return;
        }
        expect(toHex(encodeAbi(types, read))).toBe(toHex(other));
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws anything but its own errors, and never reads beyond its limits", () => {
    fc.assert(
      fc.property(fc.array(anyType, { maxLength: 3 }), fc.uint8Array({ maxLength: 400 }), (types, bytes) => {
        try {
          decodeAbi(types, bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AbiError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  const word = (value: bigint | number) => BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, "0");
  const abc = `616263${"00".repeat(29)}`;
  const refused: readonly (readonly [string, string, string])[] = [
    ["ABI_CUT_SHORT", "(uint256)", ""],
    ["ABI_CUT_SHORT", "(uint256)", word(1).slice(2)],
    ["ABI_TRAILING", "(uint256)", `${word(1)}00`],
    ["ABI_TRAILING", "()", "00"],
    ["ABI_RANGE", "(uint8)", word(256)],
    ["ABI_RANGE", "(int8)", word(128)],
    ["ABI_RANGE", "(int8)", word(-129)],
    ["ABI_RANGE", "(bool)", word(2)],
    ["ABI_PADDING", "(address)", `01${word(1).slice(2)}`],
    ["ABI_PADDING", "(bytes3)", `616263${"00".repeat(28)}01`],
    ["ABI_PADDING", "(bytes)", word(32) + word(3) + abc.replace(/0$/, "1")],
    // Offsets: behind the tail's place, before it, onto the other's tail, far away.
    ["ABI_OFFSET", "(bytes)", word(64) + word(0) + word(3) + abc],
    ["ABI_OFFSET", "(bytes)", word(0) + word(3) + abc],
    ["ABI_OFFSET", "(bytes,bytes)", word(64) + word(64) + word(3) + abc],
    ["ABI_OFFSET", "(bytes)", word(2n ** 255n) + word(3) + abc],
    ["ABI_CUT_SHORT", "(bytes)", word(32)],
    ["ABI_CUT_SHORT", "(bytes)", word(32) + word(33) + abc],
    ["ABI_CUT_SHORT", "(bytes)", `${word(32)}${word(3)}616263`],
    ["ABI_CUT_SHORT", "(bytes)", word(32) + word(2n ** 256n - 1n) + abc],
    ["ABI_CUT_SHORT", "(uint256[])", word(32) + word(2) + word(1)],
    ["ABI_CUT_SHORT", "(uint256[])", word(32) + word(2n ** 64n)],
    ["ABI_CUT_SHORT", "(uint256[3])", word(1) + word(2)],
    ["ABI_TEXT_NOT_UTF8", "(string)", `${word(32)}${word(2)}c328${"00".repeat(30)}`],
    ["ABI_TEXT_NOT_UTF8", "(string)", `${word(32)}${word(3)}eda080${"00".repeat(29)}`],
  ];
  it.each(refused)("refuses with %s: %s of %s", (code, types, hex) => {
    expect(codeThrownBy(() => decodeAbi(parseAbiTypes(types), fromHex(hex)))).toBe(code);
  });

  it("keeps a byte order mark and other odd characters of a text", () => {
    const [type] = parseAbiTypes("(string)");
    for (const text of ["\ufeffa", "\u0000", "\u{10ffff}", ""]) {
      expect(decodeAbi([type!], encodeAbi([type!], [text]))).toEqual([text]);
    }
  });

  it("has limits on bytes, items and depth", () => {
    const bytes = concatBytes([fromHex(word(32) + word(ABI_BYTES_MAX)), new Uint8Array(ABI_BYTES_MAX)]);
    expect(codeThrownBy(() => decodeAbi(parseAbiTypes("(bytes)"), bytes))).toBe("ABI_TOO_LARGE");
    const list = (length: number) => encodeAbi(parseAbiTypes("(bool[])"), [Array<boolean>(length).fill(true)]);
    // The list itself counts too.
    expect(decodeAbi(parseAbiTypes("(bool[])"), list(ABI_ITEMS_MAX - 1))[0]).toHaveLength(ABI_ITEMS_MAX - 1);
    expect(codeThrownBy(() => decodeAbi(parseAbiTypes("(bool[])"), list(ABI_ITEMS_MAX)))).toBe("ABI_TOO_MANY_ITEMS");
    expect(parseAbiType(`bool${"[]".repeat(ABI_DEPTH_MAX)}`).kind).toBe("array");
    expect(codeThrownBy(() => parseAbiType(`bool${"[]".repeat(ABI_DEPTH_MAX + 1)}`))).toBe("ABI_TYPE");
    const nested = (depth: number) => `${"(".repeat(depth)}bool${")".repeat(depth)}`;
    expect(parseAbiType(nested(ABI_DEPTH_MAX)).kind).toBe("tuple");
    expect(codeThrownBy(() => parseAbiType(nested(ABI_DEPTH_MAX + 1)))).toBe("ABI_TYPE");
  });

  const noTypes = [
    ...["", "uint", "int", "uint0", "uint7", "uint264", "uint08", "bytes0", "bytes33", "bytes01", "function", "Bool"],
    ...["()", "(", "(bool", "(bool,)", "bool)", "bool[0]", "bool[01]", "bool[-1]", "bool[65536]", "bool[", "bool[]]"],
    ...[" bool", "bool ", "(bool, bool)", "fixed128x18", "x".repeat(600)],
  ];
  it.each(noTypes)("does not take %j for a type", (text) => {
    expect(codeThrownBy(() => parseAbiType(text))).toBe("ABI_TYPE");
  });

  it.each(["get", "get(string", "1get(string)", "get (string)", "get(string) ", "", "a.b()"])(
    "does not take %j for a function",
    (text) => {
      expect(codeThrownBy(() => parseAbiSignature(text))).toBe("ABI_TYPE");
    },
  );

  it("writes no value that is not of its type", () => {
    const wrong: readonly (readonly [string, AbiValue])[] = [
      ["uint8", 256n],
      ["uint8", -1n],
      ["int8", 128n],
      ["uint256", "1"],
      ["bool", 1n],
      ["address", new Uint8Array(19)],
      ["bytes4", new Uint8Array(5)],
      ["bytes", "0x00"],
      ["string", "\ud800"],
      ["string", new Uint8Array(1)],
      ["bool[2]", [true]],
      ["bool[]", true],
      ["(bool,bool)", [true]],
    ];
    for (const [type, value] of wrong) {
      expect(codeThrownBy(() => encodeAbi([parseAbiType(type)], [value]))).toBe("ABI_VALUE");
    }
    expect(codeThrownBy(() => encodeAbi([], [true]))).toBe("ABI_VALUE");
    expect(headBytes(parseAbiType("(uint8,bool[3])[2]"))).toBe(8 * 32);
  });
});

function mutate(bytes: Uint8Array, place: number, change: number, kind: number): Uint8Array {
  const at = place % bytes.length;
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return concatBytes([bytes, new Uint8Array(change)]);
  if (kind === 2) return concatBytes([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 32))]);
  const other = new Uint8Array(bytes);
  other[at] = (other[at] as number) ^ change;
  return other;
}
