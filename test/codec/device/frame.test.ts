/** Frames on a serial line: vectors, pieces of any size, noise of every kind. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import {
  type DeviceFrame,
  DeviceFrameReader,
  encodeDeviceFrame,
  FRAME_MESSAGE_BYTES_MAX,
} from "../../../src/codec/device/frame.js";
import { DeviceMessageError } from "../../../src/codec/device/problems.js";

interface FrameVector {
  readonly direction: DeviceFrame["direction"];
  readonly address: string;
  readonly message: string;
  readonly hex: string;
}

const { frames: VECTORS } = JSON.parse(readFileSync("test/vectors/device/frames.json", "utf8")) as {
  readonly frames: readonly FrameVector[];
};

const addresses = fc.string({ unit: fc.constantFrom(..."AZaz09_-"), minLength: 1, maxLength: 64 });
const frames: fc.Arbitrary<DeviceFrame> = fc.record({
  direction: fc.constantFrom("from-device" as const, "to-device" as const),
  address: addresses,
  // Many zeros and long runs without any: both ends of COBS.
  message: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: FRAME_MESSAGE_BYTES_MAX }),
    fc.uint8Array({ max: 1, minLength: 1, maxLength: 300 }),
    fc.integer({ min: 1, max: FRAME_MESSAGE_BYTES_MAX }).map((length) => new Uint8Array(length).fill(0xa5)),
  ),
});
const plain = (frame: DeviceFrame) => ({ ...frame, message: toHex(frame.message) });

describe("frames", () => {
  it.each(VECTORS)("are the bytes of the protocol: $address", ({ direction, address, message, hex }) => {
    const frame = { direction, address, message: fromHex(message) };
    expect(toHex(encodeDeviceFrame(frame))).toBe(hex);
    expect(new DeviceFrameReader().push(fromHex(hex)).map(plain)).toEqual([plain(frame)]);
  });

  it("come out as they went in, in pieces of any size", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 4 }), fc.integer({ min: 1, max: 300 }), (sent, piece) => {
        const reader = new DeviceFrameReader();
        const wire = concatBytes(sent.map(encodeDeviceFrame));
        const received: DeviceFrame[] = [];
        for (let at = 0; at < wire.length; at += piece) received.push(...reader.push(wire.subarray(at, at + piece)));
        expect(received.map(plain)).toEqual(sent.map(plain));
        expect([reader.droppedPieces, reader.droppedBytes]).toEqual([0, 0]);
      }),
    );
  });

  it("with a flipped or missing byte are dropped and counted, and the next one is read", () => {
    fc.assert(
      fc.property(frames, frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (damaged, next, place, mask) => {
        const whole = encodeDeviceFrame(damaged);
        const at = 1 + (place % (whole.length - 2));
        const flipped = new Uint8Array(whole);
        flipped[at] = (whole[at] as number) ^ mask;
        for (const bytes of [flipped, concatBytes([whole.subarray(0, at), whole.subarray(at + 1)])]) {
          const reader = new DeviceFrameReader();
          const received = reader.push(concatBytes([bytes, encodeDeviceFrame(next)]));
          expect(received.map(plain)).toEqual([plain(next)]);
          expect(reader.droppedPieces).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("are found again after noise of any length, which is counted", () => {
    const frame = { direction: "from-device", address: "a", message: Uint8Array.of(1) } as const;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (noise) => {
        const reader = new DeviceFrameReader();
        const before = reader.push(noise);
        expect(before).toEqual([]);
        // The first zero ends the noise.
        expect(reader.push(encodeDeviceFrame(frame)).map(plain)).toEqual([plain(frame)]);
        expect(reader.droppedBytes).toBe(noise.filter((byte) => byte !== 0).length);
      }),
    );
  });

  it("that never end are counted before they do", () => {
    const reader = new DeviceFrameReader();
    reader.push(new Uint8Array(2_000).fill(7));
    expect([reader.droppedPieces, reader.droppedBytes]).toEqual([1, 2_000]);
    reader.push(Uint8Array.of(7, 0));
    expect([reader.droppedPieces, reader.droppedBytes]).toEqual([1, 2_001]);
  });

  it("cut off when the line was closed are forgotten", () => {
    const frame = { direction: "from-device", address: "a", message: Uint8Array.of(1, 2, 3) } as const;
    const reader = new DeviceFrameReader();
    reader.push(encodeDeviceFrame(frame).subarray(0, 5));
    reader.reset();
    expect(reader.push(encodeDeviceFrame(frame).subarray(1)).map(plain)).toEqual([plain(frame)]);
    expect([reader.droppedPieces, reader.droppedBytes]).toEqual([1, 4]);
  });

  it.each([
    ["an address with a wildcard", { address: "a/+", message: Uint8Array.of(1) }, "DEVICE_MESSAGE_NAME"],
    ["no address", { address: "", message: Uint8Array.of(1) }, "DEVICE_MESSAGE_NAME"],
    ["no message", { address: "a", message: new Uint8Array(0) }, "DEVICE_MESSAGE_LENGTH"],
    ["a long message", { address: "a", message: new Uint8Array(1_025) }, "DEVICE_MESSAGE_TOO_LARGE"],
  ])("are not made of %s", (_, frame, code) => {
    let refused: unknown;
    try {
      encodeDeviceFrame({ direction: "to-device", ...frame });
    } catch (thrown) {
      refused = thrown;
    }
    expect(refused).toBeInstanceOf(DeviceMessageError);
    expect((refused as DeviceMessageError).code).toBe(code);
  });
});
