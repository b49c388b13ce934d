/**
 * Encoding of wire values: cbor-x with positional arrays only, no records, no tags.
 * cbor-x writes integers above 32 bits as floats unless they are bigint; `uint` chooses the form that is shortest in CBOR.
 */
import { Encoder } from "cbor-x";

export type WireValue = number | bigint | string | Uint8Array | null | readonly WireValue[];

const ENCODER = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
const UINT32_MAX = 0xffff_ffff;

/** An integer in the form that cbor-x writes shortest. */
export function integer(value: number): number | bigint {
  return value > UINT32_MAX || value < -UINT32_MAX - 1 ? BigInt(value) : value;
}

export function bigInteger(value: bigint): number | bigint {
  return value <= BigInt(UINT32_MAX) ? Number(value) : value;
}

/** Deterministic CBOR (RFC 8949 section 4.2) of a value made of integers, byte strings, ASCII text, null and arrays. */
export function encodeWire(value: WireValue): Uint8Array {
  const encoded = ENCODER.encode(value);
  // The encoder reuses one large buffer; what leaves this room must not change under its owner.
  return new Uint8Array(encoded);
}
