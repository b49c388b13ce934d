/** Forms: how an affordance is reached, in the words of the W3C binding templates for MQTT and Modbus. */
import type { ModbusBinding, ModbusPoint, MqttBinding } from "../binding.js";
import { topicOf } from "../convert/address.js";
import type { DeviceProfile } from "../profile.js";
import type { ValueType } from "../value.js";
import { conversionTerm, type WotObject } from "./terms.js";

/** Where a device is; in a Thing Model both are placeholders. */
export interface ThingPlace {
  /** The link: `mqtt://broker:1883`, `modbus+tcp://10.0.0.7:502`, `serial:/dev/ttyUSB0`. */
  readonly base: string;
  /** The device's address on it. */
  readonly address: string;
}

export type FormUse = "read" | "write" | "invoke" | "event";

/** At least one form, as a TD needs it. */
export function formsOf(
  profile: DeviceProfile,
  place: ThingPlace,
  name: string,
  use: FormUse,
  type: ValueType | undefined,
): WotObject[] {
  const { binding } = profile;
  switch (binding.protocol) {
    case "mqtt":
      return use === "read" || use === "event"
        ? mqttReads(binding, place, name, use, type)
        : mqttWrites(binding, place, name, use, type);
    case "modbus":
      return modbusForms(binding, place, name, use, type);
    case "edgeseal":
      return [nativeForm(place, name, use)];
  }
}

const OPERATIONS: Readonly<Record<FormUse, readonly string[]>> = {
  read: ["observeproperty", "unobserveproperty"],
  write: ["writeproperty"],
  invoke: ["invokeaction"],
  event: ["subscribeevent", "unsubscribeevent"],
};

function mqttReads(
  binding: MqttBinding,
  { base, address }: ThingPlace,
  name: string,
  use: FormUse,
  type: ValueType | undefined,
): WotObject[] {
  return binding.reads
    .filter(({ to }) => to === name)
    .map((read) => ({
      href: base,
      op: OPERATIONS[use],
      contentType: read.path.length === 0 ? "text/plain" : "application/json",
      "mqv:controlPacket": "subscribe",
      "mqv:filter": topicOf(read.topic, address),
      ...(read.path.length === 0 ? {} : { "edgeseal:path": read.path }),
      ...(read.when === undefined
        ? {}
        : { "edgeseal:when": { "edgeseal:path": read.when.path, "edgeseal:equals": read.when.equals } }),
      ...conversionTerm(read.convert, type),
    }));
}

function mqttWrites(
  binding: MqttBinding,
  { base, address }: ThingPlace,
  name: string,
  use: FormUse,
  type: ValueType | undefined,
): WotObject[] {
  return binding.writes
    .filter(({ from }) => from === name)
    .map((write) => ({
      href: base,
      op: OPERATIONS[use],
      contentType: /^\s*[[{]/.test(write.payload) && write.payload !== "{value}" ? "application/json" : "text/plain",
      "mqv:controlPacket": "publish",
      "mqv:topic": topicOf(write.topic, address),
      "edgeseal:payload": write.payload,
      ...conversionTerm(write.convert, type),
    }));
}

const ENTITIES: Readonly<Record<ModbusPoint["table"], string>> = {
  coil: "Coil",
  discrete: "DiscreteInput",
  input: "InputRegister",
  holding: "HoldingRegister",
};
const XSD_TYPES: Readonly<Record<ModbusPoint["kind"], string>> = {
  bit: "xsd:boolean",
  u16: "xsd:unsignedShort",
  i16: "xsd:short",
  u32: "xsd:unsignedInt",
  i32: "xsd:int",
  f32: "xsd:float",
};

function modbusForms(
  binding: ModbusBinding,
  { base, address }: ThingPlace,
  name: string,
  use: FormUse,
  type: ValueType | undefined,
): WotObject[] {
  const points = use === "read" ? binding.reads : binding.writes;
  // `<line>/<unit>`: the line is the link itself.
  const unit = address.includes("/") ? address.slice(address.lastIndexOf("/") + 1) : address;
  return points
    .filter((point) => point.name === name)
    .map((point) => {
      const quantity = point.kind === "u32" || point.kind === "i32" || point.kind === "f32" ? 2 : 1;
      return {
        href: `${base}/${unit}/${point.address}?quantity=${quantity}`,
        op: use === "read" ? ["readproperty"] : OPERATIONS[use],
        contentType: "application/octet-stream",
        "modv:entity": ENTITIES[point.table],
        "modv:type": XSD_TYPES[point.kind],
        "modv:zeroBasedAddressing": true,
        ...(quantity === 2 ? { "modv:mostSignificantWord": point.words === "big" } : {}),
        ...(use === "read" ? { "modv:pollingTime": binding.pollMs } : {}),
        ...conversionTerm(point.convert, type),
      };
    });
}

/** Our own protocol: kinds of messages are the last level of the topic; on a serial line they are frames. */
function nativeForm({ base, address }: ThingPlace, name: string, use: FormUse): WotObject {
  const kind = use === "read" ? "state" : use === "event" ? "event" : "command";
  const head = { href: base, op: OPERATIONS[use], contentType: "application/cbor", "edgeseal:name": name };
  if (base.startsWith("serial:")) return { ...head, "edgeseal:device": address, "edgeseal:message": kind };
  const sends = kind === "command";
  return {
    ...head,
    "mqv:controlPacket": sends ? "publish" : "subscribe",
    [sends ? "mqv:topic" : "mqv:filter"]: `dev/${address}/${kind}`,
  };
}
