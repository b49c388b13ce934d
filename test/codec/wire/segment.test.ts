/** Segments: every kind of step, what is left out, what is refused, and how large a full one becomes. */
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { codeOf } from "../../../src/base/error.js";
import { COMMITMENT_BYTES } from "../../../src/codec/fisco/headerRules.js";
import type { WireContext } from "../../../src/codec/wire/context.js";
import { SEGMENT_BYTES_MAX, SEGMENT_HEADERS_MAX } from "../../../src/codec/wire/limits.js";
import { decodeSegment, encodeSegment, segmentSizeFor } from "../../../src/codec/wire/segment.js";
import { codeThrownBy } from "../fisco/vectors.js";
import { canonical, wireValueOf } from "./cbor.js";
import { CONTEXTS, type HeaderChange, headersOf, plain, setOf, TIME, VERSION } from "./headers.js";

const random = new SeededRandom(12);
const first = setOf(random, 4);
const second = setOf(random, 5, (index) => BigInt(index) + 1n);

/** Versions, sealers and times that all change, back in time as well. */
const STEPS: readonly HeaderChange[] = [
  { sealers: first, timestamp: TIME },
  { timestamp: TIME + 1_000 },
  { version: VERSION + 0x1_0000, timestamp: TIME + 1_000 },
  { sealers: second, timestamp: TIME - 5_000_000_000 },
  { gasUsed: "18446744073709551615", signers: [4] },
  { sealers: first, version: VERSION, signers: [0, 3], timestamp: TIME + 2 ** 34 },
  { gasUsed: "0", signers: [] },
];

const FRAME = { kind: 0, start: 1, parent: 2, time: 3, versions: 4, sets: 5, rows: 6, signatures: 7 } as const;

describe.each(CONTEXTS)("%s", (_, context) => {
  it.each([1, 1_000, Number.MAX_SAFE_INTEGER - 6])("comes back from height %d on", (start) => {
    const headers = headersOf(context, random, start, STEPS);
    const payload = encodeSegment(headers, true, context);
    expect(payload).toEqual(canonical(wireValueOf(payload)));
    const decoded = decodeSegment(payload, context);
    expect([decoded.start, decoded.signed]).toEqual([start, true]);
    expect(plain(decoded.signedHeaders())).toEqual(plain(headers));
    expect(encodeSegment(decoded.signedHeaders(), true, context)).toEqual(payload);
    const frame = wireValueOf(payload);
    const offsets = (field: number) => (frame[field] as unknown[][]).map(([offset]) => offset);
    expect(offsets(FRAME.versions)).toEqual([0, 2, 5]);
    expect(offsets(FRAME.sets)).toEqual([0, 3, 5]);
  });

  it("holds block 0 with its text, followed by others", () => {
    const headers = headersOf(context, random, 0, STEPS.slice(0, 3));
    const decoded = decodeSegment(encodeSegment(headers, true, context), context);
    expect(plain(decoded.signedHeaders())).toEqual(plain(headers));
    expect(decoded.headers[1]?.header.parents).toEqual([{ number: 0, hash: decoded.headers[0]?.hash }]);
  });

  it("without signatures is the same bytes with null in their place", () => {
    for (const start of [0, 7]) {
      const headers = headersOf(context, random, start, STEPS.slice(start === 0 ? 0 : 2, 6));
      const linked = encodeSegment(headers, false, context);
      expect(decodeSegment(encodeSegment(headers, true, context), context).linkedBytes()).toEqual(linked);
      const decoded = decodeSegment(linked, context);
      expect(decoded.signed).toBe(false);
      expect(decoded.linkedBytes()).toEqual(linked);
      expect(decoded.headers.map(({ hash }) => hash)).toEqual(headers.map(({ hash }) => hash));
      expect(decoded.signedHeaders().every(({ signatures }) => signatures.length === 0)).toBe(true);
    }
  });

  it("one changed bit of what is hashed changes every hash above", () => {
    const headers = headersOf(context, random, 5, STEPS.slice(0, 3));
    const frame = wireValueOf(encodeSegment(headers, true, context));
    ((frame[FRAME.rows] as Uint8Array[][])[0]?.[0] as Uint8Array)[0]! ^= 1;
    const decoded = decodeSegment(canonical(frame), context);
    for (const [i, { hash }] of decoded.headers.entries()) expect(hash).not.toEqual(headers[i]?.hash);
  });
});

describe("refused", () => {
  const [, context] = CONTEXTS[0] as (typeof CONTEXTS)[0];
  const headers = headersOf(context, random, 5, STEPS);
  const signaturesOf = (frame: unknown[], offset: number) =>
    (frame[FRAME.signatures] as unknown[][])[offset] as unknown[];
  const set = (frame: unknown[]) => ((frame[FRAME.sets] as unknown[][])[0] as unknown[])[1];

  function refused(change: (frame: unknown[]) => void): string {
    const frame = wireValueOf(encodeSegment(headers, true, context));
    change(frame);
    return codeThrownBy(() => decodeSegment(canonical(frame), context));
  }

  it.each<[string, (frame: unknown[]) => void, string]>([
    ["another kind", (f) => (f[FRAME.kind] = 2), "WIRE_KIND"],
    ["no parent hash above block 0", (f) => (f[FRAME.parent] = null), "HEADER_PARENT_COUNT"],
    ["a parent hash below block 0", (f) => (f[FRAME.start] = 0), "WIRE_LENGTH"],
    ["numbers beyond 2^53 - 1", (f) => (f[FRAME.start] = Number.MAX_SAFE_INTEGER - 5), "WIRE_SEGMENT_SHAPE"],
    ["no versions", (f) => (f[FRAME.versions] = []), "WIRE_SEGMENT_SHAPE"],
    ["no sets", (f) => (f[FRAME.sets] = []), "WIRE_SEGMENT_SHAPE"],
    ["a first version that is not at 0", (f) => (f[FRAME.versions] = [[1, VERSION]]), "WIRE_SEGMENT_SHAPE"],
    ["a first set that is not at 0", (f) => (f[FRAME.sets] = [[1, set(f)]]), "WIRE_SEGMENT_SHAPE"],
    [
      "versions out of order",
      (f) => (f[FRAME.versions] = [0, 5, 2].map((at, i) => [at, VERSION + i])),
      "WIRE_SEGMENT_SHAPE",
    ],
    [
      "two versions at one offset",
      (f) => (f[FRAME.versions] = [0, 2, 2].map((at, i) => [at, VERSION + i])),
      "WIRE_SEGMENT_SHAPE",
    ],
    ["sets out of order", (f) => (f[FRAME.sets] as unknown[]).reverse(), "WIRE_SEGMENT_SHAPE"],
    [
      "a version that no row uses",
      (f) => (f[FRAME.versions] as unknown[]).push([7, VERSION + 1]),
      "WIRE_SEGMENT_SHAPE",
    ],
    ["a set that no row uses", (f) => (f[FRAME.sets] as unknown[]).push([128, set(f)]), "WIRE_SEGMENT_SHAPE"],
    ["a step beyond any segment", (f) => (f[FRAME.versions] as unknown[]).push([129, VERSION]), "WIRE_RANGE"],
    [
      "a version that is listed again",
      (f) => (f[FRAME.versions] as unknown[]).push([6, VERSION]),
      "WIRE_SEGMENT_SHAPE",
    ],
    ["a set that is listed again", (f) => (f[FRAME.sets] as unknown[]).push([6, set(f)]), "WIRE_SEGMENT_SHAPE"],
    ["no rows", (f) => (f[FRAME.rows] = []), "WIRE_SEGMENT_SHAPE"],
    ["a row too short", (f) => (f[FRAME.rows] as unknown[][])[3]?.pop(), "WIRE_LENGTH"],
    ["a row with extra", (f) => (f[FRAME.rows] as unknown[][])[3]?.push(new Uint8Array(0)), "WIRE_LENGTH"],
    ["a time before 1970", (f) => ((f[FRAME.rows] as unknown[][])[1]![2] = -TIME - 1), "HEADER_TIMESTAMP"],
    ["a time beyond 2^53", (f) => ((f[FRAME.rows] as unknown[][])[1]![2] = 2n ** 53n - 1n), "HEADER_TIMESTAMP"],
    ["gas beyond 2^64", (f) => ((f[FRAME.rows] as unknown[][])[1]![1] = -1), "WIRE_UNEXPECTED_TYPE"],
    ["fewer signatures", (f) => (f[FRAME.signatures] as unknown[]).pop(), "WIRE_SEGMENT_SHAPE"],
    [
      "more signatures",
      (f) => (f[FRAME.signatures] as unknown[]).push([Uint8Array.of(0), new Uint8Array(0)]),
      "WIRE_SEGMENT_SHAPE",
    ],
    ["a signer beyond the list", (f) => (signaturesOf(f, 0)[0] = Uint8Array.of(0b1_0011)), "WIRE_SIGNER_MAP"],
    ["a signer more than signatures", (f) => (signaturesOf(f, 0)[0] = Uint8Array.of(0b1111)), "WIRE_SIGNER_MAP"],
    ["a signer fewer than signatures", (f) => (signaturesOf(f, 0)[0] = Uint8Array.of(0b0011)), "WIRE_SIGNER_MAP"],
    ["a bitmap too long", (f) => (signaturesOf(f, 0)[0] = Uint8Array.of(0b0111, 0)), "WIRE_LENGTH"],
    ["a byte of signature more", (f) => (signaturesOf(f, 0)[1] = new Uint8Array(3 * 65 + 1)), "WIRE_SIGNER_MAP"],
    ["a byte of signature fewer", (f) => (signaturesOf(f, 0)[1] = new Uint8Array(3 * 65 - 1)), "WIRE_SIGNER_MAP"],
    ["five signatures of four", (f) => (signaturesOf(f, 0)[1] = new Uint8Array(5 * 65)), "WIRE_LENGTH"],
    ["one item more", (f) => f.push(null), "WIRE_LENGTH"],
  ])("%s", (_, change, code) => {
    expect(refused(() => {})).toBe("NOTHING_THROWN");
    expect(refused(change)).toBe(code);
  });

  it("129 headers, on both sides", () => {
    const many = headersOf(context, random, 1, [{ sealers: first }, ...Array.from({ length: 128 }, () => ({}))]);
    expect(codeThrownBy(() => encodeSegment(many, true, context))).toBe("WIRE_SEGMENT_SHAPE");
    expect(codeThrownBy(() => encodeSegment([], true, context))).toBe("WIRE_SEGMENT_SHAPE");
    const most = encodeSegment(many.slice(0, SEGMENT_HEADERS_MAX), false, context);
    expect(decodeSegment(most, context).headers).toHaveLength(SEGMENT_HEADERS_MAX);
    const frame = wireValueOf(most);
    const rows = frame[FRAME.rows] as unknown[];
    rows.push(rows[1]);
    expect(codeThrownBy(() => decodeSegment(canonical(frame), context))).toBe("WIRE_LENGTH");
  });

  it("any cut, with a typed error", () => {
    const payload = encodeSegment(headers, true, context);
    for (let length = 0; length < payload.length; length++) {
      try {
        decodeSegment(payload.subarray(0, length), context);
        expect.unreachable(`accepted ${length} bytes`);
      } catch (thrown) {
        expect(codeOf(thrown)).toMatch(/^WIRE_/);
      }
    }
  });
});

describe("size of segments", () => {
  const WIRE_EXTRA_BYTES = { fisco: 0, edgeseal: 64 } as const;

  it("is 128 at 4 sealers, 8 at 100, always a power of two, never larger for more sealers", () => {
    for (const bytes of [64, 65]) {
      for (const extra of [0, WIRE_EXTRA_BYTES.edgeseal]) {
        expect(segmentSizeFor(4, bytes, extra)).toBe(128);
        expect(segmentSizeFor(100, bytes, extra)).toBe(bytes === 65 && extra > 0 ? 4 : 8);
      }
      let before = 128;
      for (let sealers = 1; sealers <= 1_024; sealers++) {
        const size = segmentSizeFor(sealers, bytes, COMMITMENT_BYTES);
        expect([1, 2, 4, 8, 16, 32, 64, 128]).toContain(size);
        expect(size).toBeLessThanOrEqual(before);
        before = size;
      }
    }
  });

  it.each(CONTEXTS)("%s: a full segment with one change of sealers really stays under 48 KiB", (_, context) => {
    for (const count of [1, 4, 7, 10, 31, 100])
      expect(fullSegment(context, count)).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
  });

  function fullSegment(context: WireContext, count: number): number {
    const size = segmentSizeFor(count, context.suite.headerSignatureBytes, WIRE_EXTRA_BYTES[context.profile.layout]);
    const signers = Array.from({ length: count - Math.floor((count - 1) / 3) }, (_, i) => i);
    const rows: HeaderChange[] = Array.from({ length: size }, (_, i) => ({ timestamp: TIME + i * 1_000, signers }));
    const gasUsed = "3000000000";
    rows[0] = { ...rows[0], gasUsed, sealers: setOf(random, count) };
    if (size > 1) rows[size - 1] = { ...rows[size - 1], gasUsed, sealers: setOf(random, count) };
    return encodeSegment(headersOf(context, random, 1_000_000, rows), true, context).length;
  }
});
