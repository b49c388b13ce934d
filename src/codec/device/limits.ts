/** Limits of the device protocol. Names are checked in `names.ts`. */

/** Largest message, over MQTT; a serial line carries less (`frame.ts`). */
export const DEVICE_MESSAGE_BYTES_MAX = 8_192;
/** Values in one state message. */
export const STATE_VALUES_MAX = 64;
/** UTF-8 of a text value: 256 characters of any script. */
export const VALUE_TEXT_BYTES_MAX = 1_024;
export const NONCE_BYTES = 32;
export const MESSAGE_ID_BYTES = 16;
/** X || Y. */
export const DEVICE_KEY_BYTES = 64;
/** r || s of `sm`, r || s || recovery id of `ecdsa`. */
export const DEVICE_SIGNATURE_BYTES: readonly number[] = [64, 65];
