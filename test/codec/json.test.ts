import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JSON_DEPTH_MAX, parseJson, writeJson } from "../../src/codec/json.js";
import { codeThrownBy } from "./fisco/vectors.js";

/** Plain objects and no negative zero, which JSON text cannot keep apart here. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("JSON", () => {
  it("reads what JSON.parse reads", () => {
    const json = fc.json({ maxDepth: 6 });
    fc.assert(
      fc.property(json, (text) => {
        const large = /\d{16}/.test(text);
        const surrogate = /\p{Surrogate}/u.test(text) || /\\ud[89a-f]/i.test(text);
        fc.pre(!large && !surrogate);
        expect(plain(parseJson(text))).toEqual(plain(JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it("writes what it reads", () => {
    for (const text of ['{"b":[1,-2.5,null,true,"\\n\\"é"],"a":9223372036854775807}', "[]", "{}", '"x"', "0"]) {
      expect(writeJson(parseJson(text))).toBe(text);
    }
    expect(writeJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    for (const value of [undefined, [undefined], () => 1, Number.NaN]) {
      expect(codeThrownBy(() => writeJson(value))).toBe("JSON_NOT_WRITABLE");
    }
  });

  it("keeps integers beyond 2^53-1 exactly", () => {
    expect(parseJson("9007199254740991")).toBe(9007199254740991);
    expect(parseJson("9007199254740993")).toBe(9007199254740993n);
    expect(parseJson("-9223372036854775808")).toBe(-9223372036854775808n);
    expect(parseJson("1e3")).toBe(1000);
    expect(parseJson("9007199254740993.0")).toBe(9007199254740992);
  });

  it("has own keys only, and no prototype to reach", () => {
    const value = parseJson('{"__proto__":{"x":1},"constructor":2}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  const refused: readonly (readonly [string, string])[] = [
    ["JSON_SYNTAX", ""],
    ["JSON_SYNTAX", " "],
    ["JSON_SYNTAX", "nul"],
    ["JSON_SYNTAX", "undefined"],
    ["JSON_SYNTAX", "01"],
    ["JSON_SYNTAX", "1."],
    ["JSON_SYNTAX", "-"],
    ["JSON_SYNTAX", "+1"],
    ["JSON_SYNTAX", "[1,]"],
    ["JSON_SYNTAX", "[1"],
    ["JSON_SYNTAX", "[1 2]"],
    ["JSON_SYNTAX", '{"a"}'],
    ["JSON_SYNTAX", '{"a":1,}'],
    ["JSON_SYNTAX", "{a:1}"],
    ["JSON_SYNTAX", '"abc'],
    ["JSON_SYNTAX", '"\\x"'],
    ["JSON_SYNTAX", '"\\u12"'],
    ["JSON_SYNTAX", '"a\nb"'],
    ["JSON_SYNTAX", "1 2"],
    ["JSON_SYNTAX", "// a\n1"],
    ["JSON_SYNTAX", "\ufeff1"],
    ["JSON_KEY_DUPLICATE", '{"a":1,"a":1}'],
    ["JSON_KEY_DUPLICATE", '{"a":1,"\\u0061":1}'],
    ["JSON_STRING_SURROGATE", '"\\ud800"'],
    ["JSON_STRING_SURROGATE", '{"\udc00":1}'],
    ["JSON_NUMBER_UNSAFE", "1e999"],
    ["JSON_NUMBER_UNSAFE", "1".repeat(101)],
    ["JSON_TOO_DEEP", "[".repeat(JSON_DEPTH_MAX + 1)],
    ["JSON_TOO_DEEP", '{"a":'.repeat(1_000_000)],
  ];
  for (const [code, text] of refused) {
    it(`refuses ${JSON.stringify(text).slice(0, 24)} with ${code}`, () =>
      expect(codeThrownBy(() => parseJson(text))).toBe(code));
  }

  it("keeps its limits", () => {
    expect(codeThrownBy(() => parseJson("[1,2,3]", { itemsMax: 2 }))).toBe("JSON_TOO_MANY_ITEMS");
    expect(codeThrownBy(() => parseJson("[1,2,3]", { lengthMax: 6 }))).toBe("JSON_TOO_LARGE");
    expect(codeThrownBy(() => parseJson("[[1]]", { depthMax: 1 }))).toBe("JSON_TOO_DEEP");
    parseJson("[".repeat(JSON_DEPTH_MAX) + "]".repeat(JSON_DEPTH_MAX));
  });

  it("throws nothing but its own errors on any text", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "1",
      "-",
      "e",
      ".",
      "\\",
      "u",
      "true",
      " ",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(codeThrownBy(() => parseJson(parts.join("")))).toMatch(/^JSON_|^NOTHING_THROWN$/);
      }),
      { numRuns: 5000 },
    );
  });
});
