/** Topics of the device protocol: `dev/<id>/<kind>`, one level for the id, so that an access list can name it. */
import { checkName, DEVICE_ID } from "./names.js";

export const DEVICE_TOPIC_ROOT = "dev";

export const DEVICE_TOPIC_KINDS = [
  "birth",
  "state",
  "event",
  "death",
  "command",
  "ack",
  "challenge",
  "identity",
] as const;

export type DeviceTopicKind = (typeof DEVICE_TOPIC_KINDS)[number];

/** What a device publishes; the other two kinds, `command` and `challenge`, it only subscribes to. */
export const FROM_DEVICE_KINDS: ReadonlySet<DeviceTopicKind> = new Set<DeviceTopicKind>([
  "birth",
  "state",
  "event",
  "death",
  "ack",
  "identity",
]);

const KINDS: ReadonlySet<string> = new Set(DEVICE_TOPIC_KINDS);

export interface DeviceTopic {
  readonly id: string;
  readonly kind: DeviceTopicKind;
}

/** @throws DeviceMessageError `DEVICE_MESSAGE_NAME` for an id that is none. */
export function deviceTopic(id: string, kind: DeviceTopicKind): string {
  return `${DEVICE_TOPIC_ROOT}/${checkName("device", DEVICE_ID, id)}/${kind}`;
}

/** Filter for this kind of all devices, `dev/+/<kind>`. */
export function deviceTopicFilter(kind: DeviceTopicKind): string {
  return `${DEVICE_TOPIC_ROOT}/+/${kind}`;
}

/** Undefined for every other topic. */
export function parseDeviceTopic(topic: string): DeviceTopic | undefined {
  const [root, id, kind, ...more] = topic.split("/", 4);
  if (root !== DEVICE_TOPIC_ROOT || id === undefined || kind === undefined || more.length > 0) return undefined;
  return DEVICE_ID.test(id) && KINDS.has(kind) ? { id, kind: kind as DeviceTopicKind } : undefined;
}
