import fc from "fast-check";
import mqtt from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { FrameFilter, type FrameVerdict } from "../../src/link/mqttFrames.js";

const LIMIT = 300;

function run(chunks: readonly Uint8Array[], oversizedPublish: "skip" | "break" = "skip", qosMax: 1 | 2 = 1) {
  const passed: Uint8Array[] = [];
  const verdicts: FrameVerdict[] = [];
  const filter = new FrameFilter(
    { packetBytesMax: LIMIT, oversizedPublish, qosMax },
    (bytes) => passed.push(Uint8Array.from(bytes)),
    (verdict) => verdicts.push(verdict),
  );
  for (const chunk of chunks) filter.push(chunk);
  return { passed: Buffer.concat(passed), verdicts };
}

function publish(topic: string, payloadBytes: number, qos: 0 | 1, messageId = 1): Buffer {
  const packet = {
    cmd: "publish",
    topic,
    payload: Buffer.alloc(payloadBytes, 0x30),
    dup: false,
    retain: false,
  } as const;
  return mqtt.generate(qos === 0 ? { ...packet, qos } : { ...packet, qos, messageId });
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

describe("the frame filter", () => {
  it("passes every packet within the limit unchanged and skips the others, however the stream is cut", () => {
    const packet = fc.oneof(
      fc.record({
        payload: fc.integer({ min: 0, max: 600 }),
        qos: fc.constantFrom(0 as const, 1 as const),
        id: fc.integer({ min: 1, max: 65_535 }),
      }),
      fc.constant("ping" as const),
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 12 }), sizes, (packets, cuts) => {
        const stream: Buffer[] = [];
        const expected: Buffer[] = [];
        const skipped: FrameVerdict[] = [];
        for (const one of packets) {
          const bytes =
            one === "ping" ? mqtt.generate({ cmd: "pingresp" }) : publish("a/b", one.payload, one.qos, one.id);
          stream.push(bytes);
          if (one === "ping" || bytes.length <= LIMIT) expected.push(bytes);
          else skipped.push({ kind: "skipped", size: bytes.length, acknowledge: one.qos === 1 ? one.id : undefined });
        }
        const { passed, verdicts } = run(cut(Buffer.concat(stream), cuts));
        expect(passed.equals(Buffer.concat(expected))).toBe(true);
        expect(verdicts).toEqual(skipped);
      }),
      { numRuns: 500 },
    );
  });

  it("skips a packet whose topic alone is longer than any piece it arrives in", () => {
    const bytes = publish("t".repeat(65_535), 10, 1, 0x1234);
    for (const size of [1, 7, 65_530, 65_541, 100_000]) {
      expect(run(cut(bytes, [size])).verdicts).toEqual([{ kind: "skipped", size: bytes.length, acknowledge: 0x1234 }]);
    }
  });

  it.each([
    ["a fifth length byte", [0x30, 0x80, 0x80, 0x80, 0x80], "remaining length"],
    ["QoS 2", [0x34, 0x05], "quality of service"],
    ["both QoS bits", [0x36, 0x05], "quality of service"],
    ["a large packet of another kind", [0x20, 0xff, 0x7f], "packet too large"],
  ])("ends the stream at %s", (_name, bytes, reason) => {
    const good = publish("a", 1, 0);
    const { passed, verdicts } = run([good, Uint8Array.from(bytes), good]);
    expect(verdicts).toEqual([{ kind: "broken", reason }]);
    expect(passed.equals(good)).toBe(true);
  });

  it("ends the stream when a skipped packet has no room for its identifier", () => {
    const lying = Buffer.concat([Buffer.from([0x32, 0xac, 0x02, 0xff, 0xff]), Buffer.alloc(298, 1)]);
    expect(run([lying]).verdicts).toEqual([{ kind: "broken", reason: "packet identifier" }]);
  });

  it("ends the stream at an oversized PUBLISH where skipping is not allowed", () => {
    expect(run([publish("a", 600, 0)], "break", 2).verdicts).toEqual([{ kind: "broken", reason: "packet too large" }]);
  });

  it("takes any bytes without throwing, and never passes more than it got", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), (chunks) => {
        const { passed } = run(chunks);
        expect(passed.length).toBeLessThanOrEqual(Buffer.concat(chunks).length);
      }),
      { numRuns: 2_000 },
    );
  });
});
