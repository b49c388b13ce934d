import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { TARS_DEPTH_MAX, TARS_ITEMS_MAX, TarsReader } from "../../../src/codec/tars/reader.js";
import { TarsWriter } from "../../../src/codec/tars/writer.js";
import { codeThrownBy } from "../fisco/vectors.js";

function first<T>(hex: string, read: (reader: TarsReader) => T): T {
  const reader = new TarsReader(fromHex(hex));
  expect(reader.next()).toBe(true);
  const value = read(reader);
  expect(reader.next()).toBe(false);
  return value;
}

/** Tags of the fields that were skipped, so that a field too many or too few shows. */
function skipAll(bytes: Uint8Array): number[] {
  const reader = new TarsReader(bytes);
  const tags: number[] = [];
  while (reader.next()) {
    tags.push(reader.tag);
    reader.skip();
  }
  return tags;
}

function written(write: (writer: TarsWriter) => void): string {
  const writer = new TarsWriter();
  write(writer);
  return toHex(writer.finish());
}

describe("integers", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["1c", 0],
    ["1000", 0],
    ["1080", -128],
    ["107f", 127],
    ["110085", 133],
    ["11ffff", -1],
    ["1201010101", 0x01010101],
    ["1280000000", -(2 ** 31)],
    ["130000000000000001", 1],
    ["13ffffffffffffffff", -1],
    ["13001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ];
  for (const [hex, value] of widths) {
    it(`reads ${hex} as ${value}`, () => {
      expect(first(hex, (reader) => reader.readNumber())).toBe(value);
      expect(first(hex, (reader) => reader.readInt64())).toBe(BigInt(value));
    });
  }

  it("refuses what the field cannot hold", () => {
    expect(codeThrownBy(() => first("130020000000000000", (r) => r.readNumber()))).toBe("TARS_INTEGER_RANGE");
    expect(codeThrownBy(() => first("130000000080000000", (r) => r.readInt32()))).toBe("TARS_INTEGER_RANGE");
    expect(first("137fffffffffffffff", (r) => r.readInt64())).toBe(2n ** 63n - 1n);
    expect(codeThrownBy(() => first("160131", (r) => r.readNumber()))).toBe("TARS_TYPE");
  });

  it("writes the smallest width, like FISCO", () => {
    const cases: readonly (readonly [number | bigint, string])[] = [
      [0, "1c"],
      [1, "1001"],
      [-128, "1080"],
      [128, "110080"],
      [-32_768, "118000"],
      [32_768, "1200008000"],
      [-(2 ** 31), "1280000000"],
      [2 ** 31, "130000000080000000"],
      [2n ** 63n - 1n, "137fffffffffffffff"],
      [-(2n ** 63n), "138000000000000000"],
    ];
    for (const [value, hex] of cases) expect(written((writer) => writer.integer(1, value))).toBe(hex);
    for (const value of [2n ** 63n, 0.5, 2 ** 60, Number.NaN]) {
      expect(codeThrownBy(() => written((writer) => writer.integer(1, value)))).toBe("TARS_NOT_WRITABLE");
    }
  });
});

describe("heads, texts and byte vectors", () => {
  it("uses two head bytes from tag 15 on", () => {
    expect(written((writer) => writer.integer(14, 1))).toBe("e001");
    expect(written((writer) => writer.integer(15, 1))).toBe("f00f01");
    expect(written((writer) => writer.integer(255, 0))).toBe("fcff");
    const reader = new TarsReader(fromHex("e001f00f02fcff"));
    const seen: number[] = [];
    while (reader.next()) seen.push(reader.tag, reader.readNumber());
    expect(seen).toEqual([14, 1, 15, 2, 255, 0]);
    expect(codeThrownBy(() => written((writer) => writer.integer(256, 0)))).toBe("TARS_NOT_WRITABLE");
  });

  it("carries short and long texts and byte vectors through", () => {
    for (const length of [0, 1, 255, 256, 5000]) {
      const text = "é".repeat(length);
      const bytes = new Uint8Array(length).fill(7);
      const hex = written((writer) => {
        writer.text(1, text);
        writer.bytes(2, bytes);
      });
      const reader = new TarsReader(fromHex(hex));
      reader.next();
      expect(reader.readText()).toBe(text);
      reader.next();
      expect(reader.readBytes()).toEqual(bytes);
      expect(reader.next()).toBe(false);
    }
    expect(first("1604efbbbf61", (reader) => reader.readText())).toBe("\ufeffa");
  });

  it("gives copies, also of a Buffer", () => {
    const buffer = Buffer.from("2d00000301020300", "hex").subarray(0, 7);
    const reader = new TarsReader(buffer);
    reader.next();
    const value = reader.readBytes();
    buffer.fill(0xff);
    expect(toHex(value)).toBe("010203");
  });
});

describe("hostile input", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["TARS_CUT_SHORT", "11ff"],
    ["TARS_CUT_SHORT", "f0"],
    ["TARS_CUT_SHORT", "1605616263"],
    ["TARS_CUT_SHORT", "17ffffffff61"],
    ["TARS_CUT_SHORT", "1d000003ffff"],
    ["TARS_CUT_SHORT", "1d00030000ffffffffffff"],
    ["TARS_LENGTH", "1d0000ff"],
    ["TARS_LENGTH", "190003"],
    ["TARS_LENGTH", "1900ff"],
    ["TARS_LENGTH", "18000100"],
    ["TARS_TYPE", "1d0c"],
    ["TARS_TYPE", "1d0600"],
    ["TARS_TYPE", "1e"],
    ["TARS_TYPE", "1f"],
    ["TARS_ITEM_TAG", "1d1001"],
    ["TARS_ITEM_TAG", "1900011001"],
    ["TARS_ITEM_TAG", "1800010c0c"],
    ["TARS_STRUCT_END", "1a1001"],
    ["TARS_STRUCT_END", "1a"],
    ["TARS_STRUCT_END", "0b"],
    ["TARS_STRUCT_END", "1c0b"],
    ["TARS_TAG_ORDER", "1c1c"],
    ["TARS_TAG_ORDER", "2c1c"],
    ["TARS_TAG_ORDER", "1a2c2c0b"],
    ["TARS_TAG_ORDER", "1a0b00"],
    ["TARS_TOO_MANY_ITEMS", "19027fffffff"],
  ];
  for (const [code, hex] of cases) {
    it(`refuses ${hex} with ${code}`, () => expect(codeThrownBy(() => skipAll(fromHex(hex)))).toBe(code));
  }

  it("skips every type, maps and nested structs included", () => {
    const numbers = ["1001", "2100ff", "3200000001", "430000000000000001", "543f800000", "653ff0000000000000"];
    const texts = ["760161", "870000000162"];
    const map = "9800010601611010";
    const rest = ["a900020c0c", "ba1c0b", "cc", "dd000001ff"];
    const tags = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
    expect(skipAll(fromHex([...numbers, ...texts, map, ...rest].join("")))).toEqual(tags);
  });

  it("refuses depth before it recurses further", () => {
    const deep = (levels: number): Uint8Array =>
      concatBytes([new Uint8Array(levels).fill(0x1a), new Uint8Array(levels).fill(0x0b)]);
    expect(skipAll(deep(TARS_DEPTH_MAX))).toEqual([1]);
    expect(codeThrownBy(() => skipAll(deep(TARS_DEPTH_MAX + 1)))).toBe("TARS_TOO_DEEP");
    expect(codeThrownBy(() => skipAll(new Uint8Array(900_000).fill(0x1a)))).toBe("TARS_TOO_DEEP");
    const lists = fromHex(`19${"000109".repeat(200)}`);
    expect(codeThrownBy(() => skipAll(lists))).toBe("TARS_TOO_DEEP");
  });

  it("counts items over the whole message, not per list", () => {
    const list = (tag: number, count: number): Uint8Array => {
      const writer = new TarsWriter();
      writer.list(tag, new Array<number>(count).fill(0), (item) => writer.integer(0, item));
      return writer.finish();
    };
    expect(skipAll(concatBytes([list(1, TARS_ITEMS_MAX - 5), list(2, 5)]))).toEqual([1, 2]);
    const over = concatBytes([list(1, TARS_ITEMS_MAX - 5), list(2, 6)]);
    expect(codeThrownBy(() => skipAll(over))).toBe("TARS_TOO_MANY_ITEMS");
  });

  it("refuses a message above its limit unread", () => {
    expect(codeThrownBy(() => new TarsReader(new Uint8Array(11), { bytesMax: 10 }))).toBe("TARS_TOO_LARGE");
  });

  it("refuses text that is not UTF-8", () => {
    expect(codeThrownBy(() => first("1601ff", (reader) => reader.readText()))).toBe("TARS_TEXT_NOT_UTF8");
    expect(codeThrownBy(() => first("1603eda080", (reader) => reader.readText()))).toBe("TARS_TEXT_NOT_UTF8");
  });
});
