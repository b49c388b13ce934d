/** The bytes of an anchor on the token: tag, then session and reserved height as 64-bit big-endian numbers. */
import { concatBytes, equalBytes, utf8Bytes } from "../../src/base/bytes.js";
import type { AnchorValue } from "../../src/crypto/keyBackend.js";
import { Pkcs11Error } from "./problems.js";

const TAG = utf8Bytes("edgeseal-anchor1");
export const ANCHOR_BYTES = TAG.length + 16;

export function encodeAnchor({ session, reserved }: AnchorValue): Uint8Array {
  for (const value of [session, reserved]) {
    if (!Number.isSafeInteger(value) || value < 0) throw new Pkcs11Error({ code: "PKCS11_ANCHOR_INVALID", length: 0 });
  }
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, BigInt(session));
  numbers.setBigUint64(8, BigInt(reserved));
  return concatBytes([TAG, new Uint8Array(numbers.buffer)]);
}

/** @throws Pkcs11Error `PKCS11_ANCHOR_INVALID`: an anchor that cannot be read must never count as absent. */
export function decodeAnchor(bytes: Uint8Array): AnchorValue {
  const invalid = new Pkcs11Error({ code: "PKCS11_ANCHOR_INVALID", length: bytes.length });
  if (bytes.length !== ANCHOR_BYTES || !equalBytes(bytes.subarray(0, TAG.length), TAG)) throw invalid;
  const numbers = new DataView(bytes.buffer, bytes.byteOffset + TAG.length, 16);
  const session = Number(numbers.getBigUint64(0));
  const reserved = Number(numbers.getBigUint64(8));
  if (!Number.isSafeInteger(session) || !Number.isSafeInteger(reserved)) throw invalid;
  return { session, reserved };
}

/** The highest of each: what a write that was broken off left beside its successor must not lower anything. */
export function highestAnchor(values: readonly AnchorValue[]): AnchorValue | undefined {
  if (values.length === 0) return undefined;
  return {
    session: Math.max(...values.map(({ session }) => session)),
    reserved: Math.max(...values.map(({ reserved }) => reserved)),
  };
}

export function isLower(value: AnchorValue, than: AnchorValue | undefined): boolean {
  return than !== undefined && (value.session < than.session || value.reserved < than.reserved);
}
