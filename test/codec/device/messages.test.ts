/** Messages of the device protocol: vectors, round trips, and damage of every byte. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { DomainError } from "../../../src/base/error.js";
import { decodeDeviceMessage, decodeDeviceMessageOf } from "../../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../../src/codec/device/encode.js";
import type { DeviceMessage, EventMessage, IdentityMessage, StateMessage } from "../../../src/codec/device/messages.js";
import { eventSigningBytes, identitySigningBytes, stateSigningBytes } from "../../../src/codec/device/signingBytes.js";
import { canonical } from "../wire/cbor.js";
import { deviceMessages } from "./arbitrary.js";

interface Vectors {
  readonly messages: readonly {
    readonly name: string;
    readonly message: Record<string, unknown>;
    readonly hex: string;
  }[];
  readonly signing: readonly { readonly message: string; readonly device: string; readonly hex: string }[];
  readonly refused: readonly { readonly name: string; readonly hex: string; readonly code: string }[];
}

const VECTORS = JSON.parse(readFileSync("test/vectors/device/messages.json", "utf8")) as Vectors;
const BYTE_FIELDS = ["publicKey", "signature", "id", "nonce"];

function messageOf(fields: Record<string, unknown>): DeviceMessage {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    BYTE_FIELDS.includes(name) ? fromHex(value as string) : value,
  ]);
  return Object.fromEntries(entries) as DeviceMessage;
}

/** The error's code, or undefined when it is taken. */
function refusal(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DomainError && thrown.family === "input") return thrown.code as string;
    throw thrown;
  }
}

describe("vectors", () => {
  it.each(VECTORS.messages)("$name is these bytes, and these bytes are it", ({ message, hex }) => {
    expect(toHex(encodeDeviceMessage(messageOf(message)))).toBe(hex);
    expect(decodeDeviceMessage(fromHex(hex))).toEqual(messageOf(message));
  });

  it.each(VECTORS.refused)("$name is refused", ({ hex, code }) => {
    expect(refusal(() => decodeDeviceMessage(fromHex(hex)))).toBe(code);
  });

  it.each(VECTORS.signing)("what is signed of: $message", ({ message: name, device, hex }) => {
    const found = VECTORS.messages.find((vector) => vector.name === name);
    const message = messageOf(found?.message ?? {}) as StateMessage | EventMessage | IdentityMessage;
    const bytes =
      message.kind === "state"
        ? stateSigningBytes(device, message)
        : message.kind === "event"
          ? eventSigningBytes(device, message)
          : identitySigningBytes(device, message);
    expect(toHex(bytes)).toBe(hex);
  });
});

describe("every message", () => {
  it("comes back as it was, and nothing of it is a view of the payload", () => {
    fc.assert(
      fc.property(deviceMessages, (message) => {
        const bytes = encodeDeviceMessage(message);
        const decoded = decodeDeviceMessage(bytes);
        bytes.fill(0);
        expect(decoded).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused or means the same when a byte is flipped or missing", () => {
    fc.assert(
      fc.property(deviceMessages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, place, mask) => {
        const bytes = encodeDeviceMessage(message);
        const at = place % bytes.length;
        const flipped = new Uint8Array(bytes);
        flipped[at] = (bytes[at] as number) ^ mask;
        for (const damaged of [flipped, bytes.slice(0, at), bytes.slice(at + 1)]) {
          let again: DeviceMessage | undefined;
          const code = refusal(() => {
            again = decodeDeviceMessage(damaged);
          });
          if (code !== undefined) continue;
          // One spelling: what was read is written as the same bytes.
          expect(toHex(encodeDeviceMessage(again as DeviceMessage))).toBe(toHex(damaged));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("cut short anywhere is refused", () => {
    for (const { hex } of VECTORS.messages) {
      const bytes = fromHex(hex);
      for (let length = 0; length < bytes.length; length++) {
        expect(refusal(() => decodeDeviceMessage(bytes.slice(0, length)))).toMatch(/^WIRE_/);
      }
    }
  });

  it("is taken only where its kind belongs", () => {
    const bytes = encodeDeviceMessage({ kind: "death", birth: 3 });
    expect(decodeDeviceMessageOf("death", bytes).birth).toBe(3);
    expect(refusal(() => decodeDeviceMessageOf("birth", bytes))).toBe("DEVICE_MESSAGE_MISPLACED");
  });
});

describe("text of any length and script", () => {
  it("is written with the shortest head", () => {
    for (const unit of ["x", "é", "厨", "😀"]) {
      for (const length of [1, 7, 8, 23, 24, 31, 32, 63, 64, 85, 86, 127, 128, 170, 255, 256]) {
        const value = unit.repeat(length);
        if (Buffer.byteLength(value) > 1_024) continue;
        const bytes = encodeDeviceMessage({
          kind: "state",
          birth: 1,
          sequence: 1,
          uptimeMs: 0,
          values: [["t", value]],
          signature: new Uint8Array(0),
        });
        expect(decodeDeviceMessage(bytes)).toMatchObject({ values: [["t", value]] });
      }
    }
  });
});

describe("what is signed", () => {
  const message = { kind: "state", birth: 1, sequence: 2, uptimeMs: 3, values: [["a", 1]] } as const;

  it("differs by device, type of value and place of names", () => {
    const variants = [
      stateSigningBytes("d", message),
      stateSigningBytes("e", message),
      stateSigningBytes("d", { ...message, values: [["a", true]] }),
      stateSigningBytes("d", { ...message, values: [["a", "1"]] }),
      stateSigningBytes("d", { ...message, values: [] }),
      stateSigningBytes("d", { ...message, sequence: 3, uptimeMs: 2 }),
      eventSigningBytes("d", { kind: "event", birth: 1, sequence: 2, uptimeMs: 3, name: "a", value: 1 }),
    ].map(toHex);
    expect(new Set(variants).size).toBe(variants.length);
  });

  it("begins with a tag of 16 bytes", () => {
    expect(Buffer.from(stateSigningBytes("d", message).subarray(0, 16)).toString()).toBe("edgeseal/state-1");
  });
});

describe("what no reader would take", () => {
  const state = {
    kind: "state",
    birth: 1,
    sequence: 1,
    uptimeMs: 0,
    values: [],
    signature: new Uint8Array(0),
  } as const;
  const command = {
    kind: "command",
    sender: "g",
    sequence: 1,
    id: new Uint8Array(16),
    expiresAt: 1,
    target: "on",
  } as const;
  const wrong: readonly (readonly [string, DeviceMessage, string])[] = [
    ["a fraction", { ...state, values: [["a", 1.5]] }, "DEVICE_MESSAGE_NUMBER"],
    ["no number", { ...state, values: [["a", Number.NaN]] }, "DEVICE_MESSAGE_NUMBER"],
    ["a number beyond 2^53", { ...state, values: [["a", 2 ** 53]] }, "DEVICE_MESSAGE_NUMBER"],
    ["half a character", { ...state, values: [["a", "\ud800"]] }, "DEVICE_MESSAGE_TEXT"],
    ["a long text", { ...state, values: [["a", "x".repeat(1_025)]] }, "DEVICE_MESSAGE_LENGTH"],
    [
      "a name twice",
      {
        ...state,
        values: [
          ["a", 1],
          ["a", 2],
        ],
      },
      "DEVICE_MESSAGE_NAME_TWICE",
    ],
    [
      "65 values",
      { ...state, values: Array.from({ length: 65 }, (_, i) => [`v${i}`, i] as const) },
      "DEVICE_MESSAGE_LENGTH",
    ],
    [
      "9 long texts",
      { ...state, values: Array.from({ length: 9 }, (_, i) => [`v${i}`, "x".repeat(1_000)] as const) },
      "DEVICE_MESSAGE_TOO_LARGE",
    ],
    ["a birth of 0", { ...state, birth: 0 }, "DEVICE_MESSAGE_NUMBER"],
    ["an id of 8 bytes", { ...command, id: new Uint8Array(8) }, "DEVICE_MESSAGE_LENGTH"],
    ["a hostile target", { ...command, target: "a/#" }, "DEVICE_MESSAGE_NAME"],
    ["a hostile sender", { ...command, sender: "g\n" }, "DEVICE_MESSAGE_NAME"],
    ["a result of nobody", { kind: "ack", id: new Uint8Array(16), result: "sent" as "done" }, "DEVICE_MESSAGE_NAME"],
  ];

  it.each(wrong)("is not written: %s", (_, message, code) => {
    expect(refusal(() => encodeDeviceMessage(message))).toBe(code);
  });

  it("minus zero is zero", () => {
    const bytes = encodeDeviceMessage({ ...state, values: [["a", -0]] });
    expect(bytes).toEqual(canonical([2, 1, 1, 0, [["a", 0]], new Uint8Array(0)]));
  });
});
