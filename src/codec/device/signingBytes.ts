/**
 * What a device signs, as fixed layouts and not as CBOR: a device needs no encoder to hash them. Each begins with a tag of
 * 16 bytes and the device's id, so that a signature counts for one purpose and one device. The signature is over the
 * suite's hash of these bytes. docs/protocol.md has the tables.
 */
import { concatBytes, EMPTY_BYTES, int64Bytes, utf8Bytes } from "../../base/bytes.js";
import { DEVICE_KEY_BYTES, NONCE_BYTES } from "./limits.js";
import type { EventMessage, IdentityMessage, StateMessage, WireDeviceValue } from "./messages.js";
import { AFFORDANCE_NAME, checkName, DEVICE_ID, LABEL, PROFILE_ID } from "./names.js";
import { DeviceMessageError } from "./problems.js";
import { textValueBytes } from "./value.js";

const STATE_TAG = utf8Bytes("edgeseal/state-1");
const EVENT_TAG = utf8Bytes("edgeseal/event-1");
const IDENTITY_TAG = utf8Bytes("edgeseal/ident-1");

const VALUE_ABSENT = 0;
const VALUE_BOOLEAN = 1;
const VALUE_INTEGER = 2;
const VALUE_TEXT = 3;

/** @throws DeviceMessageError for a name or value that could not be in a message. */
export function stateSigningBytes(device: string, message: Omit<StateMessage, "signature">): Uint8Array {
  const values = message.values.flatMap(([name, value]) => [
    shortText("name", AFFORDANCE_NAME, name),
    valueBytes(value),
  ]);
  return concatBytes([STATE_TAG, ...countBytes(device, message), uint16Bytes(message.values.length), ...values]);
}

/** @throws DeviceMessageError for a name or value that could not be in a message. */
export function eventSigningBytes(device: string, message: Omit<EventMessage, "signature">): Uint8Array {
  const name = shortText("name", AFFORDANCE_NAME, message.name);
  return concatBytes([EVENT_TAG, ...countBytes(device, message), name, valueBytes(message.value)]);
}

/** @throws DeviceMessageError for a name that could not be in a message, a nonce or key of another length. */
export function identitySigningBytes(device: string, message: Omit<IdentityMessage, "signature">): Uint8Array {
  return concatBytes([
    IDENTITY_TAG,
    shortText("device", DEVICE_ID, device),
    exactly("nonce", NONCE_BYTES, message.nonce),
    uint64Bytes("birth", message.birth),
    shortText("profile", PROFILE_ID, message.profile),
    shortText("serial", LABEL, message.serial),
    shortText("software", LABEL, message.software),
    exactly("public key", DEVICE_KEY_BYTES, message.publicKey),
  ]);
}

function countBytes(
  device: string,
  message: { readonly birth: number; readonly sequence: number; readonly uptimeMs: number },
): Uint8Array[] {
  return [
    shortText("device", DEVICE_ID, device),
    uint64Bytes("birth", message.birth),
    uint64Bytes("sequence", message.sequence),
    uint64Bytes("uptime", message.uptimeMs),
  ];
}

/** u8 length and ASCII: every name that passes is shorter than 256. */
function shortText(field: string, pattern: RegExp, text: string): Uint8Array {
  const bytes = utf8Bytes(checkName(field, pattern, text));
  return concatBytes([Uint8Array.of(bytes.length), bytes]);
}

function valueBytes(value: WireDeviceValue | undefined): Uint8Array {
  if (value === undefined) return Uint8Array.of(VALUE_ABSENT);
  if (typeof value === "boolean") return Uint8Array.of(VALUE_BOOLEAN, value ? 1 : 0);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NUMBER", field: "value" });
    return concatBytes([Uint8Array.of(VALUE_INTEGER), int64Bytes(value)]);
  }
  const text = textValueBytes("value", value);
  return concatBytes([Uint8Array.of(VALUE_TEXT), uint16Bytes(text.length), text]);
}

function uint16Bytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255);
}

function uint64Bytes(field: string, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NUMBER", field });
  return int64Bytes(value);
}

function exactly(field: string, length: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== length)
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field, length: bytes.length });
  return bytes;
}

export const NO_SIGNATURE: Uint8Array = EMPTY_BYTES;
