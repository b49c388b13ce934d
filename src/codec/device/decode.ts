/** Bytes as messages of the device protocol: docs/protocol.md, "Device protocol". Every message has one spelling only. */
import { copyBytes } from "../../base/bytes.js";
import { CborReader } from "../wire/cborReader.js";
import { ACK_RESULTS, DEVICE_MESSAGE_KIND } from "./encode.js";
import {
  DEVICE_KEY_BYTES,
  DEVICE_MESSAGE_BYTES_MAX,
  DEVICE_SIGNATURE_BYTES,
  MESSAGE_ID_BYTES,
  NONCE_BYTES,
  STATE_VALUES_MAX,
} from "./limits.js";
import type {
  AckMessage,
  BirthMessage,
  CommandMessage,
  DeviceMessage,
  EventMessage,
  IdentityMessage,
  StateMessage,
  WireDeviceValue,
} from "./messages.js";
import {
  AFFORDANCE_NAME,
  checkName,
  DEVICE_ID,
  LABEL,
  NAME_CHARS_MAX,
  PROFILE_CHARS_MAX,
  PROFILE_ID,
} from "./names.js";
import { DeviceMessageError } from "./problems.js";
import { readValue } from "./value.js";

type Kind = DeviceMessage["kind"];

const KIND_OF_NUMBER: ReadonlyMap<number, Kind> = new Map(
  Object.entries(DEVICE_MESSAGE_KIND).map(([kind, number]) => [number, kind as Kind]),
);
/** Items of a message, its kind included. */
const ITEMS: Readonly<Record<Kind, number>> = {
  birth: 6,
  state: 6,
  event: 7,
  death: 2,
  command: 7,
  ack: 3,
  challenge: 2,
  identity: 8,
};
const ITEMS_MAX = 8;

/** Nothing of what comes back is a view of `bytes`. @throws WireError, DeviceMessageError */
export function decodeDeviceMessage(bytes: Uint8Array): DeviceMessage {
  if (bytes.length > DEVICE_MESSAGE_BYTES_MAX) {
    throw new DeviceMessageError({
      code: "DEVICE_MESSAGE_TOO_LARGE",
      size: bytes.length,
      limit: DEVICE_MESSAGE_BYTES_MAX,
    });
  }
  // The kind says how many items there have to be: read the frame twice rather than guess once.
  const peek = new CborReader(bytes);
  peek.array("message", ITEMS_MAX);
  const number = peek.uint("kind");
  const kind = KIND_OF_NUMBER.get(number);
  if (kind === undefined) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_KIND", got: number });
  const reader = new CborReader(bytes);
  reader.fixedArray("message", ITEMS[kind]);
  reader.uint("kind");
  const message = READERS[kind](reader);
  reader.end();
  return message;
}

/**
 * The same, of the one kind that its topic is for.
 * @throws WireError, DeviceMessageError `DEVICE_MESSAGE_MISPLACED` for a whole message of another kind
 */
export function decodeDeviceMessageOf<K extends Kind>(
  expected: K,
  bytes: Uint8Array,
): Extract<DeviceMessage, { readonly kind: K }> {
  const message = decodeDeviceMessage(bytes);
  if (message.kind !== expected) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_MISPLACED", expected, got: message.kind });
  }
  return message as Extract<DeviceMessage, { readonly kind: K }>;
}

const READERS: Readonly<Record<Kind, (reader: CborReader) => DeviceMessage>> = {
  birth: (reader) => ({ kind: "birth", ...readBorn(reader) }),
  state: readState,
  event: readEvent,
  death: (reader) => ({ kind: "death", birth: readCount(reader, "birth") }),
  command: readCommand,
  ack: readAck,
  challenge: (reader) => ({ kind: "challenge", nonce: readNonce(reader) }),
  identity: readIdentity,
};

function readBorn(reader: CborReader): Omit<BirthMessage, "kind"> {
  return {
    birth: readCount(reader, "birth"),
    profile: checkName("profile", PROFILE_ID, reader.text("profile", PROFILE_CHARS_MAX)),
    serial: checkName("serial", LABEL, reader.text("serial", NAME_CHARS_MAX)),
    software: checkName("software", LABEL, reader.text("software", NAME_CHARS_MAX)),
    publicKey: readSome(reader, "public key", [DEVICE_KEY_BYTES]),
  };
}

function readState(reader: CborReader): StateMessage {
  const birth = readCount(reader, "birth");
  const sequence = readCount(reader, "sequence");
  const uptimeMs = reader.uint("uptime");
  const values: (readonly [string, WireDeviceValue])[] = [];
  const names = new Set<string>();
  for (let left = reader.array("values", STATE_VALUES_MAX); left > 0; left--) {
    reader.fixedArray("value", 2);
    const name = readAffordance(reader, "name");
    if (names.has(name)) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NAME_TWICE", name });
    names.add(name);
    values.push([name, readValue(reader, name)]);
  }
  const signature = readSome(reader, "signature", DEVICE_SIGNATURE_BYTES);
  return { kind: "state", birth, sequence, uptimeMs, values, signature };
}

function readEvent(reader: CborReader): EventMessage {
  const birth = readCount(reader, "birth");
  const sequence = readCount(reader, "sequence");
  const uptimeMs = reader.uint("uptime");
  const name = readAffordance(reader, "name");
  const value = readOptional(reader);
  const signature = readSome(reader, "signature", DEVICE_SIGNATURE_BYTES);
  return { kind: "event", birth, sequence, uptimeMs, name, ...value, signature };
}

function readCommand(reader: CborReader): CommandMessage {
  return {
    kind: "command",
    sender: checkName("sender", DEVICE_ID, reader.text("sender", NAME_CHARS_MAX)),
    sequence: readCount(reader, "sequence"),
    id: copyBytes(reader.fixedBytes("id", MESSAGE_ID_BYTES)),
    expiresAt: reader.uint("expiry"),
    target: readAffordance(reader, "target"),
    ...readOptional(reader),
  };
}

function readAck(reader: CborReader): AckMessage {
  const id = copyBytes(reader.fixedBytes("id", MESSAGE_ID_BYTES));
  return {
    kind: "ack",
    id,
    result: ACK_RESULTS[reader.uint("result", ACK_RESULTS.length - 1)] as AckMessage["result"],
  };
}

function readIdentity(reader: CborReader): IdentityMessage {
  const nonce = readNonce(reader);
  const born = readBorn(reader);
  const signature = readSome(reader, "signature", DEVICE_SIGNATURE_BYTES);
  if ((born.publicKey.length === 0) !== (signature.length === 0)) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_KEY_UNPROVEN" });
  }
  return { kind: "identity", nonce, ...born, signature };
}

function readAffordance(reader: CborReader, field: string): string {
  return checkName(field, AFFORDANCE_NAME, reader.text(field, NAME_CHARS_MAX));
}

function readOptional(reader: CborReader): { readonly value?: WireDeviceValue } {
  return reader.tryNull() ? {} : { value: readValue(reader, "value") };
}

function readNonce(reader: CborReader): Uint8Array {
  return copyBytes(reader.fixedBytes("nonce", NONCE_BYTES));
}

/** Births and sequences count from 1: 0 stands for "keeps no count" elsewhere. */
function readCount(reader: CborReader, field: string): number {
  const value = reader.uint(field);
  if (value === 0) throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NUMBER", field });
  return value;
}

/** A byte string of one of these lengths, or empty. */
function readSome(reader: CborReader, field: string, lengths: readonly number[]): Uint8Array {
  const bytes = copyBytes(reader.bytes(field, Math.max(...lengths)));
  if (bytes.length !== 0 && !lengths.includes(bytes.length)) {
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_LENGTH", field, length: bytes.length });
  }
  return bytes;
}
