/** The strict reader against another library's encoder and against bytes written by hand. */
import { Encoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, utf8Bytes } from "../../../src/base/bytes.js";
import { CborReader } from "../../../src/codec/wire/cborReader.js";
import { encodeWire, integer } from "../../../src/codec/wire/cborWriter.js";
import { decodeChangeIndex } from "../../../src/codec/wire/changeMessage.js";
import { decodeEvent } from "../../../src/codec/wire/eventMessage.js";
import { PAYLOAD_BYTES_MAX } from "../../../src/codec/wire/limits.js";
import { decodeRecord } from "../../../src/codec/wire/recordMessage.js";
import { decodeRequest } from "../../../src/codec/wire/requestMessage.js";
import { codeThrownBy } from "../fisco/vectors.js";
import { canonical, head } from "./cbor.js";

const cborX = new Encoder({ useRecords: false, tagUint8Array: false });
const reader = (hex: string) => new CborReader(fromHex(hex));
const SAFE_MAX = Number.MAX_SAFE_INTEGER;
/** Around every place where the shortest form changes. */
const INTEGERS = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, SAFE_MAX - 1, SAFE_MAX];

describe("values", () => {
  it.each(INTEGERS)("%d comes back from cbor-x's bytes, with both signs", (value) => {
    for (const bytes of [canonical(value), new Uint8Array(cborX.encode(integer(value))), encodeWire(integer(value))]) {
      const one = new CborReader(bytes);
      expect(one.uint("n")).toBe(value);
      one.end();
    }
    const negative = new CborReader(encodeWire(integer(-value)));
    expect(negative.int("n")).toBe(value === 0 ? 0 : -value);
    expect(encodeWire(integer(-value))).toEqual(canonical(-value));
    expect(new CborReader(canonical(value)).bigUint()).toBe(BigInt(value));
  });

  it("reads unsigned integers up to 2^64 - 1 where asked for", () => {
    for (const value of [2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n]) {
      expect(new CborReader(encodeWire(value)).bigUint()).toBe(value);
    }
  });

  it("reads byte strings as views, text, null and arrays, in any mixture", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: fc.constantFrom(..."aZ09 ~_-"), maxLength: 60 }),
        fc.maxSafeInteger(),
        (bytes, text, number) => {
          const encoded = new Uint8Array(cborX.encode([bytes, text, null, [integer(number)]]));
          const read = new CborReader(encoded);
          read.fixedArray("all", 4);
          const view = read.bytes("bytes", 300);
          expect([...view]).toEqual([...bytes]);
          expect(view.buffer).toBe(encoded.buffer);
          expect(read.text("text", 60)).toBe(text);
          expect(read.tryNull()).toBe(true);
          expect(read.atArray).toBe(true);
          expect(read.array("inner", 1)).toBe(1);
          expect(read.tryNull()).toBe(false);
          expect(read.int("number")).toBe(number);
          read.end();
          expect(read.offset).toBe(encoded.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("refused at the first byte that is wrong", () => {
  it.each([
    ["1800", 0],
    ["1817", 23],
    ["190000", 0],
    ["1900ff", 255],
    ["1a0000ffff", 65_535],
    ["1a00000000", 0],
    ["1b00000000ffffffff", 0xffff_ffff],
    ["1b0000000000000000", 0],
  ])("%s: %d in more bytes than it needs", (hex) => {
    expect(codeThrownBy(() => reader(hex).uint("n"))).toBe("WIRE_NOT_MINIMAL");
    expect(codeThrownBy(() => reader(hex).bigUint())).toBe("WIRE_NOT_MINIMAL");
    expect(codeThrownBy(() => reader(hex).int("n"))).toBe("WIRE_NOT_MINIMAL");
  });

  it("every other head in more bytes than it needs", () => {
    for (const width of [1, 2, 4, 8] as const) {
      const refused = (major: number, read: (from: CborReader) => unknown) =>
        codeThrownBy(() => read(new CborReader(concatBytes([head(major, 3, width), new Uint8Array(8)]))));
      expect(refused(1, (from) => from.int("n"))).toBe("WIRE_NOT_MINIMAL");
      expect(refused(2, (from) => from.bytes("b", 9))).toBe("WIRE_NOT_MINIMAL");
      expect(refused(2, (from) => from.fixedBytes("b", 3))).toBe("WIRE_NOT_MINIMAL");
      expect(refused(3, (from) => from.text("t", 9))).toBe("WIRE_NOT_MINIMAL");
      expect(refused(4, (from) => from.array("a", 9))).toBe("WIRE_NOT_MINIMAL");
      expect(refused(4, (from) => from.fixedArray("a", 3))).toBe("WIRE_NOT_MINIMAL");
    }
  });

  it.each([
    ["a float16", "f93c00"],
    ["a float32", "fa3f800000"],
    ["a float64", "fb3ff0000000000000"],
    ["a tag", "c000"],
    ["a bignum tag", "c2410a"],
    ["a map", "a10000"],
    ["an empty map", "a0"],
    ["true", "f5"],
    ["undefined", "f7"],
    ["a break", "ff"],
    ["a simple value", "f820"],
  ])("%s, whatever is asked for", (_, hex) => {
    const reads: ((from: CborReader) => unknown)[] = [
      (from) => from.uint("f"),
      (from) => from.int("f"),
      (from) => from.bigUint(),
      (from) => from.bytes("f", 9),
      (from) => from.text("f", 9),
      (from) => from.array("f", 9),
    ];
    for (const read of reads) expect(codeThrownBy(() => read(reader(hex)))).toBe("WIRE_UNEXPECTED_TYPE");
    expect(reader(hex).tryNull()).toBe(false);
  });

  it.each([
    ["9f00ff", (from: CborReader) => from.array("f", 9)],
    ["5f4100ff", (from: CborReader) => from.bytes("f", 9)],
    ["7f6161ff", (from: CborReader) => from.text("f", 9)],
    ["1c", (from: CborReader) => from.uint("f")],
    ["1f", (from: CborReader) => from.uint("f")],
    ["3f", (from: CborReader) => from.int("f")],
  ])("%s: lengths that are open or reserved", (hex, read) => {
    expect(codeThrownBy(() => read(reader(hex)))).toBe("WIRE_UNEXPECTED_TYPE");
  });

  it("what is cut off, at every length", () => {
    const whole = canonical([7, 300, 70_000, 2n ** 40n, Uint8Array.of(1, 2, 3), "name", null]);
    const read = (from: CborReader) => {
      from.fixedArray("all", 7);
      for (let i = 0; i < 4; i++) from.uint("n");
      from.bytes("b", 9);
      from.text("t", 9);
      if (!from.tryNull()) from.uint("null");
      from.end();
    };
    read(new CborReader(whole));
    for (let length = 0; length < whole.length; length++) {
      expect(codeThrownBy(() => read(new CborReader(whole.subarray(0, length))))).toBe("WIRE_TRUNCATED");
    }
    expect(codeThrownBy(() => read(new CborReader(concatBytes([whole, Uint8Array.of(0)]))))).toBe(
      "WIRE_TRAILING_BYTES",
    );
  });

  it("says where", () => {
    expect(() => reader("1800").uint("n")).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ offset: 0 }) }),
    );
    const second = reader("001800");
    second.uint("n");
    expect(() => second.uint("n")).toThrow(
      expect.objectContaining({ problem: { code: "WIRE_NOT_MINIMAL", offset: 1 } }),
    );
  });

  it("claims of length beyond what is there, up to 2^64", () => {
    for (const claim of [200, 65_536, 0xffff_ffff, SAFE_MAX]) {
      const bytes = (major: number) => concatBytes([head(major, claim), new Uint8Array(40)]);
      expect(codeThrownBy(() => new CborReader(bytes(2)).bytes("b", SAFE_MAX))).toBe("WIRE_TRUNCATED");
      expect(codeThrownBy(() => new CborReader(bytes(3)).text("t", SAFE_MAX))).toBe("WIRE_TRUNCATED");
      expect(codeThrownBy(() => new CborReader(bytes(4)).array("a", SAFE_MAX))).toBe("WIRE_LENGTH");
      expect(codeThrownBy(() => new CborReader(bytes(2)).bytes("b", 100))).toBe("WIRE_LENGTH");
      expect(codeThrownBy(() => new CborReader(bytes(3)).text("t", 100))).toBe("WIRE_LENGTH");
      expect(codeThrownBy(() => new CborReader(bytes(2)).fixedBytes("b", 32))).toBe("WIRE_LENGTH");
      expect(codeThrownBy(() => new CborReader(bytes(4)).fixedArray("a", 3))).toBe("WIRE_LENGTH");
    }
    for (const major of [2, 3, 4]) {
      const most = new CborReader(head(major, 2n ** 64n - 1n));
      const read = [() => most.bytes("f", SAFE_MAX), () => most.text("f", SAFE_MAX), () => most.array("f", SAFE_MAX)];
      expect(codeThrownBy(read[major - 2] as () => unknown)).toBe("WIRE_RANGE");
    }
  });

  it("integers beyond 2^53 - 1 on either side, and beyond what the field allows", () => {
    expect(codeThrownBy(() => reader("1b0020000000000000").uint("n"))).toBe("WIRE_RANGE");
    expect(codeThrownBy(() => reader("1bffffffffffffffff").uint("n"))).toBe("WIRE_RANGE");
    expect(codeThrownBy(() => reader("3b0020000000000000").int("n"))).toBe("WIRE_RANGE");
    expect(reader("3b001ffffffffffffe").int("n")).toBe(-SAFE_MAX);
    expect(codeThrownBy(() => reader("3b001fffffffffffff").int("n"))).toBe("WIRE_RANGE");
    expect(codeThrownBy(() => reader("19ffff").uint("n", 65_534))).toBe("WIRE_RANGE");
    expect(reader("19ffff").uint("n", 65_535)).toBe(65_535);
    expect(codeThrownBy(() => reader("20").uint("n"))).toBe("WIRE_UNEXPECTED_TYPE");
    expect(codeThrownBy(() => reader("20").bigUint())).toBe("WIRE_UNEXPECTED_TYPE");
  });

  it.each(["a\u0000b", "a\nb", "\u001b[2J", "a\u007f", "\u00e9", "\ud83d\ude00", "\u202e"])("text with %j", (text) => {
    const bytes = utf8Bytes(text);
    expect(codeThrownBy(() => new CborReader(concatBytes([head(3, bytes.length), bytes])).text("t", 99))).toBe(
      "WIRE_NAME",
    );
  });
});

describe("depth bombs", () => {
  it("200,000 open arrays end at the second one, in every message and without a deep stack", () => {
    const arrays = new Uint8Array(200_000).fill(0x81);
    const open = new Uint8Array(200_000).fill(0x9f);
    const maps = new Uint8Array(200_000).fill(0xa1);
    const tags = new Uint8Array(200_000).fill(0xc6);
    for (const bomb of [arrays, open, maps, tags]) {
      for (const decode of [decodeRecord, decodeRequest, decodeEvent, decodeChangeIndex]) {
        expect(["WIRE_LENGTH", "WIRE_UNEXPECTED_TYPE"]).toContain(codeThrownBy(() => decode(bomb)));
      }
    }
    const inside = concatBytes([fromHex("8204"), arrays]);
    expect(codeThrownBy(() => decodeChangeIndex(inside))).toBe("WIRE_UNEXPECTED_TYPE");
  });

  it("nothing larger than the largest payload is looked at", () => {
    const large = new Uint8Array(PAYLOAD_BYTES_MAX + 1);
    for (const decode of [decodeRecord, decodeRequest, decodeEvent, decodeChangeIndex]) {
      expect(codeThrownBy(() => decode(large))).toBe("WIRE_TOO_LARGE");
    }
  });
});

describe("text of any script", () => {
  it.each(["", "auto", "厨房", "é😀", "\uFEFFbom"])("%j comes back, and is told from other items", (text) => {
    const one = new CborReader(encodeWire(text));
    expect(one.atText).toBe(true);
    expect(one.utf8("field", 64)).toBe(text);
    one.end();
  });

  it.each([
    ["62c328", "WIRE_TEXT"],
    ["61ff", "WIRE_TEXT"],
    ["62c080", "WIRE_TEXT"],
    ["63eda080", "WIRE_TEXT"],
    ["6261", "WIRE_TRUNCATED"],
    ["6561626364", "WIRE_LENGTH"],
    ["4161", "WIRE_UNEXPECTED_TYPE"],
    ["7f6161ff", "WIRE_UNEXPECTED_TYPE"],
  ])("%s is refused with %s", (hex, code) => {
    expect(codeThrownBy(() => reader(hex).utf8("field", 4))).toBe(code);
  });

  it.each(["01", "20", "4161", "80", "f6", ""])("%s is no text", (hex) => {
    expect(reader(hex).atText).toBe(false);
  });
});
