/** The port under Modbus RTU: one answer for one request, out of whatever the line brings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../src/base/bytes.js";
import { crc16, RtuPort } from "../../src/link/rtuPort.js";
import type { OpenedPort } from "../../src/link/serialPort.js";

/** Read two input registers of unit 1 from 0, and the answer 230.2: the frames have their CRC. */
const REQUEST = withCrc("010400000002");
const ANSWER = withCrc("01040443663333");
const EXCEPTION = withCrc("018402");

function withCrc(hex: string): Uint8Array {
  const frame = fromHex(hex);
  const crc = crc16(frame);
  return Uint8Array.of(...frame, crc & 255, crc >> 8);
}

function make() {
  const written: string[] = [];
  const opened: OpenedPort = {
    write: async (bytes) => void written.push(toHex(bytes)),
    close: async () => {},
  };
  const port = new RtuPort(opened);
  const answers: string[] = [];
  port.on("data", (frame: Uint8Array) => answers.push(toHex(frame)));
  return { port, written, answers };
}

describe("the port under Modbus RTU", () => {
  it("has the CRC of the specification", () => {
    // Modbus over Serial Line V1.02, appendix B: the frame 02 07 ends with 41 12.
    expect(crc16(fromHex("0207"))).toBe(0x1241);
  });

  it.each([
    ["an answer", ANSWER],
    ["an exception", EXCEPTION],
  ])("hands on %s that comes in pieces, once", (_, answer) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (piece) => {
        const { port, answers, written } = make();
        port.write(Buffer.from(REQUEST));
        for (let at = 0; at < answer.length; at += piece) port.received(answer.subarray(at, at + piece));
        port.received(answer);
        expect(written).toEqual([toHex(REQUEST)]);
        expect(answers).toEqual([toHex(answer)]);
        expect(port.strayBytes).toBe(answer.length);
      }),
    );
  });

  it("finds the answer behind noise of any kind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const { port, answers } = make();
        port.write(Buffer.from(REQUEST));
        port.received(noise);
        // Noise that happens to be an answer has one chance in 65,536, and then it is one.
        fc.pre(answers.length === 0);
        port.received(ANSWER);
        expect(answers).toEqual([toHex(ANSWER)]);
        expect(port.strayBytes).toBe(noise.length);
      }),
    );
  });

  it.each([
    ["of another unit", withCrc("02040443663333")],
    ["of another function", withCrc("01030443663333")],
    ["of another length", withCrc("0104024366")],
    ["with a count of bytes that is not its own", withCrc("01040643663333")],
    ["that is the echo of the request", REQUEST],
    ["with a bent byte", ANSWER.map((byte, i) => (i === 3 ? byte ^ 0x40 : byte))],
    ["of an exception to something else", withCrc("018302")],
  ])("does not hand on a frame %s", (_, frame) => {
    const { port, answers } = make();
    port.write(Buffer.from(REQUEST));
    port.received(frame);
    expect(answers).toEqual([]);
    port.received(ANSWER);
    expect(answers).toEqual([toHex(ANSWER)]);
  });

  it("hands on nothing that comes before a request or after it was given up", () => {
    const { port, answers } = make();
    port.received(ANSWER);
    port.write(Buffer.from(REQUEST));
    port.received(ANSWER.subarray(0, 4));
    port.giveUp();
    port.received(concatBytes([ANSWER.subarray(4), ANSWER]));
    expect(answers).toEqual([]);
    expect(port.strayBytes).toBe(3 * ANSWER.length);
  });
});
