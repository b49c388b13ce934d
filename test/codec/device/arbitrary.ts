/** Any message of the device protocol that may be written. */
import fc from "fast-check";
import type { DeviceMessage } from "../../../src/codec/device/messages.js";

const LETTERS = [..."ABCXYZabcxyz0189_-"];

const id = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 64 });
const affordance = fc.string({ unit: fc.constantFrom(...LETTERS, "."), minLength: 1, maxLength: 64 });
const profilePart = fc.string({ unit: fc.constantFrom(..."az09_-"), minLength: 1, maxLength: 64 });
const label = fc.string({ unit: "grapheme-ascii", maxLength: 64 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const first = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const value = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger().map((n) => n + 0),
  fc.string({ unit: "binary", maxLength: 250 }),
);
const signature = fc.oneof(bytes(0), bytes(64), bytes(65));
const optional = fc.option(value, { nil: undefined }).map((one) => (one === undefined ? {} : { value: one }));
const born = {
  birth: first,
  profile: fc.tuple(profilePart, profilePart).map(([a, b]) => `${a}/${b}`),
  serial: label,
  software: label,
};
const counts = { birth: first, sequence: first, uptimeMs: count };
const values = fc.uniqueArray(fc.tuple(affordance, value), { maxLength: 7, selector: ([name]) => name });

export const deviceMessages: fc.Arbitrary<DeviceMessage> = fc.oneof(
  fc.record({ kind: fc.constant("birth" as const), ...born, publicKey: fc.oneof(bytes(0), bytes(64)) }),
  fc.record({ kind: fc.constant("state" as const), ...counts, values, signature }),
  fc
    .tuple(fc.record({ kind: fc.constant("event" as const), ...counts, name: affordance, signature }), optional)
    .map(([event, given]) => ({ ...event, ...given })),
  fc.record({ kind: fc.constant("death" as const), birth: first }),
  fc
    .tuple(
      fc.record({
        kind: fc.constant("command" as const),
        sender: id,
        sequence: first,
        id: bytes(16),
        expiresAt: count,
        target: affordance,
      }),
      optional,
    )
    .map(([command, given]) => ({ ...command, ...given })),
  fc.record({
    kind: fc.constant("ack" as const),
    id: bytes(16),
    result: fc.constantFrom("done" as const, "refused" as const, "failed" as const, "expired" as const),
  }),
  fc.record({ kind: fc.constant("challenge" as const), nonce: bytes(32) }),
  fc
    .tuple(
      fc.record({ kind: fc.constant("identity" as const), nonce: bytes(32), ...born }),
      fc.oneof(
        fc.record({ publicKey: bytes(64), signature: fc.oneof(bytes(64), bytes(65)) }),
        fc.record({ publicKey: bytes(0), signature: bytes(0) }),
      ),
    )
    .map(([identity, key]) => ({ ...identity, ...key })),
);
