/** How SM2 ties a message to its signer: the value Z of GB/T 32918.2-2016. It takes a hash but no curve arithmetic. */
import { concatBytes, utf8Bytes } from "../base/bytes.js";
import { CURVES } from "./curves.js";
import { fromInteger } from "./integers.js";
import { sm3 } from "./sm3.js";

export const SM2_USER_ID: Uint8Array = utf8Bytes("1234567812345678");

const CURVE = CURVES.sm;

/** ENTL (length of the id in bits, 16-bit) || id || a || b || Gx || Gy; the key's coordinates follow. */
const IDENTITY_PREFIX = concatBytes([
  Uint8Array.of((SM2_USER_ID.length * 8) >> 8, (SM2_USER_ID.length * 8) & 0xff),
  SM2_USER_ID,
  fromInteger(CURVE.a),
  fromInteger(CURVE.b),
  fromInteger(CURVE.Gx),
  fromInteger(CURVE.Gy),
]);

/** Z of the standard, section 5.5: the 32-byte hash that ties a message to the signer's 64-byte key. */
export function sm2Identity(publicKey: Uint8Array): Uint8Array {
  return sm3(concatBytes([IDENTITY_PREFIX, publicKey]));
}
