/** Bytes put together in memory that is used again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, int32Bytes, int64Bytes, utf8Bytes } from "../../src/base/bytes.js";
import { ScratchBytes } from "../../src/base/scratchBytes.js";

const INT_64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe("scratch bytes", () => {
  it("hold the same as the parts one after the other, whatever they held before", () => {
    const scratch = new ScratchBytes();
    const part = fc.record({
      byte: fc.nat(255),
      int32: fc.integer(),
      int64: fc.oneof(fc.maxSafeInteger(), INT_64),
      bytes: fc.uint8Array({ maxLength: 700 }),
      text: fc.string({ unit: "grapheme", maxLength: 400 }),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        scratch.begin();
        const expected: Uint8Array[] = [];
        for (const { byte, int32, int64, bytes, text } of parts) {
          scratch.byte(byte).int32(int32).int64(int64).bytes(bytes).text(text);
          expected.push(Uint8Array.of(byte), int32Bytes(int32), int64Bytes(int64), bytes, utf8Bytes(text));
        }
        expect(scratch.view()).toEqual(concatBytes(expected));
      }),
    );
  });

  it("write integers as DataView does", () => {
    fc.assert(
      fc.property(INT_64, fc.maxSafeInteger(), fc.integer(), (large, safe, small) => {
        const view = new DataView(new ArrayBuffer(20));
        view.setBigInt64(0, large);
        view.setBigInt64(8, BigInt(safe));
        view.setInt32(16, small);
        const written = new ScratchBytes().begin().int64(large).int64(safe).int32(small).copy();
        expect(written).toEqual(new Uint8Array(view.buffer));
      }),
    );
  });

  it("leave a copy alone when they are used again, also after more than they keep", () => {
    const scratch = new ScratchBytes();
    const long = new Uint8Array(100_000).fill(7);
    const copy = scratch.begin().bytes(long).copy();
    expect(scratch.begin().text("short").copy()).toEqual(utf8Bytes("short"));
    expect(copy).toEqual(long);
  });
});
