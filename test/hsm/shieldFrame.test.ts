import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCommand, decodeResponse, encodeCommand } from "../../hsm/shield/apdu.js";
import { COMMAND, decodeCounter, decodeInfo, encodeCounter, encodeInfo } from "../../hsm/shield/commands.js";
import {
  encodeFrame,
  FRAME_PAYLOAD_BYTES_MAX,
  FRAME_TYPE,
  type Frame,
  FrameReader,
  type FrameType,
} from "../../hsm/shield/frame.js";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { crc32c } from "../../src/base/crc32c.js";
import { disturb, seededRandom } from "./shieldBench.js";

/** Of the page, made by another program. */
const SYNC_EXAMPLE = "0006010102030402010105a7597d4800";
const SELECT_EXAMPLE = "000602010203040202021003a4040c0af0454447455345414c01057468bf9800";

const TYPES = Object.keys(FRAME_TYPE) as FrameType[];

const frames: fc.Arbitrary<Frame> = fc.record({
  type: fc.constantFrom(...TYPES),
  session: fc.integer({ min: 0, max: 0xffff_ffff }),
  sequence: fc.integer({ min: 0, max: 0xffff }),
  // Many zeros and long runs without any: both ends of COBS.
  payload: fc.oneof(
    fc.uint8Array({ maxLength: FRAME_PAYLOAD_BYTES_MAX }),
    fc.uint8Array({ max: 1, maxLength: FRAME_PAYLOAD_BYTES_MAX }),
    fc.integer({ min: 0, max: FRAME_PAYLOAD_BYTES_MAX }).map((length) => new Uint8Array(length).fill(0xa5)),
  ),
});

function plain(frame: Frame): unknown {
  return { ...frame, payload: toHex(frame.payload) };
}

function makeFrame(index: number, random: () => number): Frame {
  const payload = Uint8Array.from({ length: Math.floor(random() * 80) }, () =>
    random() < 0.2 ? 0 : Math.floor(random() * 256),
  );
  return { type: "response", session: 0x5eed, sequence: index & 0xffff, payload };
}

describe("frames", () => {
  test("CRC-32C gives the known answer", () => {
    expect(crc32c(utf8Bytes("123456789"))).toBe(0xe306_9283);
  });

  test("are the bytes of docs/operating/shield-protocol.md", () => {
    const sync = encodeFrame({ type: "sync", session: 0x0102_0304, sequence: 1, payload: new Uint8Array(0) });
    expect(toHex(sync)).toBe(SYNC_EXAMPLE);
    const select = encodeCommand(COMMAND.select);
    expect(toHex(select)).toBe("00a404000af0454447455345414c0100");
    const request = encodeFrame({ type: "request", session: 0x0102_0304, sequence: 2, payload: select });
    expect(toHex(request)).toBe(SELECT_EXAMPLE);
  });

  test("come out as they went in, in pieces of any size", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 4 }), fc.integer({ min: 1, max: 300 }), (sent, piece) => {
        const reader = new FrameReader();
        const wire = concatBytes(sent.map(encodeFrame));
        const received: Frame[] = [];
        for (let at = 0; at < wire.length; at += piece) received.push(...reader.push(wire.subarray(at, at + piece)));
        expect(received.map(plain)).toEqual(sent.map(plain));
        expect(reader.rejected).toBe(0);
      }),
    );
  });

  test("inside hold no zero, and are never longer than the reader holds", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const encoded = encodeFrame(frame);
        expect([encoded[0], encoded.at(-1)]).toEqual([0, 0]);
        expect(encoded.subarray(1, -1).includes(0)).toBe(false);
      }),
    );
  });

  test("follow any noise: the first whole one is read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), frames, (noise, frame) => {
        const received = new FrameReader().push(concatBytes([noise, encodeFrame(frame)]));
        expect(plain(received.at(-1)!)).toEqual(plain(frame));
      }),
    );
  });

  test("with any one or two flipped bits are not accepted", () => {
    const encoded = encodeFrame(makeFrame(1, seededRandom(1)));
    const bits = encoded.length * 8;
    for (let first = 0; first < bits; first++) {
      for (let second = first; second < bits; second += 7) {
        const bent = Uint8Array.from(encoded);
        bent[first >> 3]! ^= 1 << (first & 7);
        if (second !== first) bent[second >> 3]! ^= 1 << (second & 7);
        const isDelimiterOnly = [first, second].every((bit) => bit < 8 || bit >= bits - 8);
        const received = new FrameReader().push(concatBytes([bent, Uint8Array.of(0)]));
        if (!isDelimiterOnly) expect(received).toEqual([]);
      }
    }
  });

  test("of a length beyond the limit are no frames", () => {
    const long = encodeFrame({
      type: "request",
      session: 1,
      sequence: 1,
      payload: new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + 1).fill(1),
    });
    const reader = new FrameReader();
    expect(reader.push(long)).toEqual([]);
    expect(reader.rejected).toBe(1);
  });

  for (const rate of [1e-4, 1e-3, 1e-2]) {
    test(`through noise of ${rate}: none wrong accepted, back within two frames of every disturbance`, () => {
      const random = seededRandom(Math.round(1 / rate));
      const reader = new FrameReader();
      let before: Frame | undefined;
      let accepted = 0;
      let intactInARow = 0;
      let isDamaged = 0;
      for (let index = 0; index < 20_000; index++) {
        const sent = makeFrame(index, random);
        const clean = encodeFrame(sent);
        let wire = disturb(clean, { flipBit: rate, dropByte: rate, repeatByte: rate }, random);
        if (random() < rate) wire = wire.subarray(0, Math.floor(random() * wire.length));
        const isIntact = toHex(wire) === toHex(clean);
        if (!isIntact) isDamaged++;
        intactInARow = isIntact ? intactInARow + 1 : 0;
        const received = reader.push(wire);
        for (const frame of received) {
          accepted++;
          // One whose last zero was lost ends at the next frame's first.
          const original = frame.sequence === sent.sequence ? sent : before;
          expect(plain(frame)).toEqual(plain(original!));
        }
        if (intactInARow >= 2) expect(received.at(-1)?.sequence).toBe(sent.sequence);
        before = sent;
      }
      expect(accepted).toBeGreaterThan(0);
      expect(isDamaged).toBeGreaterThan(100);
    });
  }
});

describe("commands", () => {
  test("of the four cases come out as they went in", () => {
    const data = fc.uint8Array({ maxLength: 255 });
    const expected = fc.option(fc.integer({ min: 1, max: 256 }), { nil: undefined });
    fc.assert(
      fc.property(data, expected, (data, expected) => {
        const command = { cla: 0x80, ins: 1, p1: 2, p2: 3, data, ...(expected === undefined ? {} : { expected }) };
        expect(decodeCommand(encodeCommand(command))).toEqual(command);
      }),
    );
  });

  test("of other lengths are none", () => {
    for (const hex of ["", "00a404", "00a4040002aa", "00a4040000aabb", "00a4040001aabbcc"]) {
      expect(decodeCommand(fromHex(hex))).toBeUndefined();
    }
    expect(decodeResponse(new Uint8Array(1))).toBeUndefined();
    expect(decodeResponse(new Uint8Array(259))).toBeUndefined();
  });

  test("carry a description and a counter without loss", () => {
    const info = {
      algorithm: "sm2",
      secretStays: true,
      presence: false,
      hasCounter: true,
      pinTriesMax: 5,
      serial: "ES-0001",
    } as const;
    expect(toHex(encodeInfo(info))).toBe("0102050545532d30303031");
    expect(decodeInfo(encodeInfo(info))).toEqual(info);
    for (const hex of ["", "0102050f", "0202050545", "0109050545", "010205051b", `01020505${"41".repeat(33)}`]) {
      expect(decodeInfo(fromHex(hex))).toBeUndefined();
    }
    const counter = { session: 3, reserved: 2 ** 40 + 5 };
    expect(toHex(encodeCounter(counter))).toBe("00000000000000030000010000000005");
    expect(decodeCounter(encodeCounter(counter))).toEqual(counter);
    expect(decodeCounter(new Uint8Array(16).fill(0xff))).toBeUndefined();
    expect(decodeCounter(new Uint8Array(15))).toBeUndefined();
  });
});
