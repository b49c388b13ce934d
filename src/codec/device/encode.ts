/** Messages of the device protocol as bytes: docs/protocol.md, "Device protocol". */
import { encodeWire, integer, type WireValue } from "../wire/cborWriter.js";
import {
  DEVICE_KEY_BYTES,
  DEVICE_MESSAGE_BYTES_MAX,
  DEVICE_SIGNATURE_BYTES,
  MESSAGE_ID_BYTES,
  NONCE_BYTES,
  STATE_VALUES_MAX,
} from "./limits.js";
import type { AckMessage, BirthMessage, DeviceMessage } from "./messages.js";
import { AFFORDANCE_NAME, checkName, DEVICE_ID, LABEL, PROFILE_ID } from "./names.js";
import { DeviceMessageError } from "./problems.js";
import { optionalToWire, valueToWire } from "./value.js";

/** First item of each message. */
export const DEVICE_MESSAGE_KIND = {
  birth: 1,
  state: 2,
  event: 3,
  death: 4,
  command: 5,
  ack: 6,
  challenge: 7,
  identity: 8,
} as const satisfies Readonly<Record<DeviceMessage["kind"], number>>;

/** The index is what travels. */
export const ACK_RESULTS: readonly AckMessage["result"][] = ["done", "refused", "failed", "expired"];

/**
 * @throws DeviceMessageError for a message that no reader would take: a bad name, a number that is no integer from 0 (or 1)
 *   to 2^53 - 1, a key or signature of another length, more than DEVICE_MESSAGE_BYTES_MAX.
 */
export function encodeDeviceMessage(message: DeviceMessage): Uint8Array {
  const bytes = encodeWire([DEVICE_MESSAGE_KIND[message.kind], ...itemsOf(message)]);
  if (bytes.length > DEVICE_MESSAGE_BYTES_MAX) {
    throw new DeviceMessageError({
      code: "DEVICE_MESSAGE_TOO_LARGE",
      size: bytes.length,
      limit: DEVICE_MESSAGE_BYTES_MAX,
    });
  }
  return bytes;
}

function itemsOf(message: DeviceMessage): WireValue[] {
  switch (message.kind) {
    case "birth":
      return bornItems(message);
    case "state":
      return [
        ...countItems(message),
        valueItems(message.values),
        someBytes("signature", DEVICE_SIGNATURE_BYTES, message.signature),
      ];
    case "event":
      return [
        ...countItems(message),
        checkName("name", AFFORDANCE_NAME, message.name),
        optionalToWire("value", message.value),
        someBytes("signature", DEVICE_SIGNATURE_BYTES, message.signature),
      ];
    case "death":
      return [count("birth", message.birth, 1)];
    case "command":
      return [
        checkName("sender", DEVICE_ID, message.sender),
        count("sequence", message.sequence, 1),
        exactBytes("id", MESSAGE_ID_BYTES, message.id),
        count("expiry", message.expiresAt, 0),
        checkName("target", AFFORDANCE_NAME, message.target),
        optionalToWire("value", message.value),
      ];
    case "ack":
      return [exactBytes("id", MESSAGE_ID_BYTES, message.id), resultItem(message.result)];
    case "challenge":
      return [exactBytes("nonce", NONCE_BYTES, message.nonce)];
    case "identity":
      if ((message.publicKey.length === 0) !== (message.signature.length === 0)) {
        throw new DeviceMessageError({ code: "DEVICE_MESSAGE_KEY_UNPROVEN" });
      }
      return [
        exactBytes("nonce", NONCE_BYTES, message.nonce),
        ...bornItems(message),
        someBytes("signature", DEVICE_SIGNATURE_BYTES, message.signature),
      ];
  }
}

function bornItems(message: Omit<BirthMessage, "kind">): WireValue[] {
  return [
    count("birth", message.birth, 1),
    checkName("profile", PROFILE_ID, message.profile),
    checkName("serial", LABEL, message.serial),
    checkName("software", LABEL, message.software),
    someBytes("public key", [DEVICE_KEY_BYTES], message.publicKey),
  ];
}

function countItems(message: { readonly birth: number; readonly sequence: number; readonly uptimeMs: number }) {
  return [
    count("birth", message.birth, 1),
    count("sequence", message.sequence, 1),
    count("uptime", message.uptimeMs, 0),
  ];
}

function valueItems(values: readonly (readonly [string, Parameters<typeof valueToWire>[1]])[]): WireValue[] {
  if (values.length > STATE_VALUES_MAX) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field: "values", length: values.length });
  }
  const names = new Set<string>();
  return values.map(([name, value]) => {
    checkName("name", AFFORDANCE_NAME, name);
    if (names.has(name)) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NAME_TWICE", name });
    names.add(name);
    return [name, valueToWire(name, value)];
  });
}

function resultItem(result: AckMessage["result"]): number {
  const index = ACK_RESULTS.indexOf(result);
  if (index < 0) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NAME", field: "result" });
  return index;
}

function count(field: string, value: number, least: 0 | 1): WireValue {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NUMBER", field });
  }
  return integer(value + 0);
}

function exactBytes(field: string, length: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== length) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field, length: bytes.length });
  }
  return bytes;
}

/** Of one of these lengths, or empty. */
function someBytes(field: string, lengths: readonly number[], bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 0 && !lengths.includes(bytes.length)) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field, length: bytes.length });
  }
  return bytes;
}
