/**
 * Values in messages. An integer stands as itself, a text as a text, and a boolean as an array of the one integer 0 or 1:
 * so `1` and `true` are two spellings of two things, and the reader needs neither tags nor simple values.
 */
import { utf8Bytes } from "../../base/bytes.js";
import type { CborReader } from "../wire/cborReader.js";
import { integer, type WireValue } from "../wire/cborWriter.js";
import { VALUE_TEXT_BYTES_MAX } from "./limits.js";
import type { WireDeviceValue } from "./messages.js";
import { DeviceMessageError } from "./problems.js";

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * UTF-8 of a text value.
 * @throws DeviceMessageError `DEVICE_MESSAGE_TEXT` for what is no text, `DEVICE_MESSAGE_LENGTH` beyond VALUE_TEXT_BYTES_MAX
 */
export function textValueBytes(field: string, text: string): Uint8Array {
  if (LONE_SURROGATE.test(text)) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_TEXT", field });
  const bytes = utf8Bytes(text);
  if (bytes.length > VALUE_TEXT_BYTES_MAX) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field, length: bytes.length });
  }
  return bytes;
}

/** @throws DeviceMessageError `DEVICE_MESSAGE_NUMBER` for a fraction or one beyond 2^53 - 1, and as textValueBytes */
export function valueToWire(field: string, value: WireDeviceValue): WireValue {
  if (typeof value === "boolean") return [value ? 1 : 0];
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NUMBER", field });
    // Minus zero would be a float on the wire.
    return integer(value + 0);
  }
  if (typeof value !== "string") throw new DeviceMessageError({ code: "DEVICE_MESSAGE_TEXT", field });
  textValueBytes(field, value);
  return value;
}

/** @throws WireError */
export function readValue(reader: CborReader, field: string): WireDeviceValue {
  if (reader.atArray) {
    reader.fixedArray(field, 1);
    return reader.uint(field, 1) === 1;
  }
  return reader.atText ? reader.utf8(field, VALUE_TEXT_BYTES_MAX) : reader.int(field);
}

/** A value that may be missing, as null. @throws as valueToWire */
export function optionalToWire(field: string, value: WireDeviceValue | undefined): WireValue {
  return value === undefined ? null : valueToWire(field, value);
}
