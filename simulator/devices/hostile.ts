/** Devices with bad intentions: what they publish instead of, or beside, what an honest one does. Each is to be noticed. */
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { DeviceMessage } from "../../src/codec/device/messages.js";
import type { DeviceTopicKind } from "../../src/codec/device/topics.js";
import type { DeviceId } from "../../src/device/device.js";
import { mixed, within } from "./curves.js";
import type { DeviceNow, NativeDevice } from "./nativeDevice.js";

export const HOSTILE_KINDS = [
  /** Readings in a neighbour's name, and births of devices that nobody has. */
  "forger",
  /** Its own old messages again. */
  "replayer",
  /** Readings that its profile does not allow. */
  "outOfRange",
  /** Readings of another type than its profile says. */
  "wrongType",
  /** A burst of readings in every second. */
  "flooder",
  /** Bytes that are no message. */
  "garbage",
  /** Another device with the id of its neighbour, at the broker too. */
  "clone",
] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

/** Messages of a flooder at a time. */
export const FLOOD_MESSAGES = 50;

const FORGED_BIRTH = 1_000_000;

/** One publication: bytes as they are, below whichever id it chose. */
export interface HostileMessage {
  readonly device: DeviceId;
  readonly kind: DeviceTopicKind;
  readonly bytes: Uint8Array;
}

export interface HostileContext {
  readonly device: NativeDevice;
  /** The id that it abuses. */
  readonly victim: DeviceId;
  readonly seed: number;
  /** Acts so far. */
  readonly count: number;
  /** Of a replayer: an honest message of its past. */
  readonly recorded: Uint8Array | undefined;
}

/** Empty for a clone: that one acts by connecting. */
export function hostileMessages(kind: HostileKind, context: HostileContext, now: DeviceNow): HostileMessage[] {
  const { device, victim, seed, count } = context;
  const own = (message: DeviceMessage): HostileMessage => ({
    device: device.id,
    kind: message.kind,
    bytes: encodeDeviceMessage(message),
  });
  switch (kind) {
    case "forger": {
      const birth = { ...device.birthMessage(), serial: "FORGED" };
      const stranger = `${device.id}-forged-${count}`;
      // A forger does not know its victim's counts: it can only make some up.
      const forged = { ...device.state(now), birth: FORGED_BIRTH, sequence: count + 1 };
      return [
        { device: stranger, kind: "birth", bytes: encodeDeviceMessage(birth) },
        { device: victim, kind: "state", bytes: encodeDeviceMessage(forged) },
      ];
    }
    case "replayer":
      return context.recorded === undefined ? [] : [{ device: device.id, kind: "state", bytes: context.recorded }];
    case "outOfRange":
    case "wrongType":
      return [own(device.stateOf(badValues(kind, device, now), now))];
    case "flooder":
      return Array.from({ length: FLOOD_MESSAGES }, () => own(device.state(now)));
    case "garbage": {
      const length = within(mixed(seed, count), 1, 64);
      const bytes = Uint8Array.from({ length }, (_, i) => mixed(seed, count, i));
      // Never by chance the head of a message: arrays begin with 0x80 to 0x9f.
      bytes[0] = 0xff;
      return [{ device: device.id, kind: "state", bytes }];
    }
    case "clone":
      return [];
  }
}

function badValues(kind: "outOfRange" | "wrongType", device: NativeDevice, now: DeviceNow) {
  return device.model.properties.map((property) => {
    const { name, type } = property;
    const value = device.value(property, now);
    if (kind === "wrongType") return [name, typeof value === "string" ? 1 : `${String(value)}!`] as const;
    return [name, type.kind === "number" ? type.max + 1 : value] as const;
  });
}
