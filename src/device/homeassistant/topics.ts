/**
 * Topics shared with Home Assistant. Ours stand under `edgeseal/1/gateway/<gateway>`; those of discovery and of its birth are
 * Home Assistant's (home-assistant.io/integrations/mqtt, "MQTT discovery" and "Birth and last will messages").
 */
import { DEVICE_ID, type DeviceId } from "../device.js";
import type { SafetyClass } from "../profile.js";

export const DISCOVERY_PREFIX = "homeassistant";
/** Lock, heater and gas are not for everybody who may publish on the broker. */
export const SAFETY_CLASS_MAX: SafetyClass = 1;

export interface HomeAssistantNames {
  /** The gateway's name: `[A-Za-z0-9_-]{1,64}`. */
  readonly gateway: string;
  /** Left out: DISCOVERY_PREFIX. */
  readonly prefix?: string;
  /** Version of edgeseal, for people. */
  readonly software?: string;
  /** Controls of a higher class are only shown. Left out: SAFETY_CLASS_MAX. */
  readonly safetyClassMax?: SafetyClass;
}

export const ONLINE = "online";
export const OFFLINE = "offline";

const base = (names: HomeAssistantNames): string => `edgeseal/1/gateway/${names.gateway}`;
const deviceBase = (names: HomeAssistantNames, device: DeviceId): string => `${base(names)}/device/${device}`;

/** Home Assistant says `online` and `offline` here. */
export function statusTopic(names: HomeAssistantNames): string {
  return `${names.prefix ?? DISCOVERY_PREFIX}/status`;
}

/** `device` is the kind of discovery; the node id keeps gateways apart whose devices have the same names. */
export function discoveryTopic(names: HomeAssistantNames, device: DeviceId | undefined): string {
  const prefix = `${names.prefix ?? DISCOVERY_PREFIX}/device`;
  if (device === undefined) return `${prefix}/edgeseal-gateway-${names.gateway}/config`;
  return `${prefix}/edgeseal-${names.gateway}/${device}/config`;
}

/** Of the gateway: also the topic of its last will. */
export function gatewayAvailabilityTopic(names: HomeAssistantNames): string {
  return `${base(names)}/availability`;
}

export function availabilityTopic(names: HomeAssistantNames, device: DeviceId): string {
  return `${deviceBase(names, device)}/availability`;
}

export function stateTopic(names: HomeAssistantNames, device: DeviceId): string {
  return `${deviceBase(names, device)}/state`;
}

export function eventTopic(names: HomeAssistantNames, device: DeviceId, event: string): string {
  return `${deviceBase(names, device)}/event/${event}`;
}

export function setTopic(names: HomeAssistantNames, device: DeviceId, target: string): string {
  return `${deviceBase(names, device)}/set/${target}`;
}

/** Every command topic of the gateway. */
export function setFilter(names: HomeAssistantNames): string {
  return `${base(names)}/device/+/set/+`;
}

/** Which device and target a command topic names; undefined for any other topic. */
export function readSetTopic(
  names: HomeAssistantNames,
  topic: string,
): { readonly device: DeviceId; readonly target: string } | undefined {
  const start = `${base(names)}/device/`;
  if (!topic.startsWith(start)) return undefined;
  const [device = "", set, target = "", ...more] = topic.slice(start.length).split("/");
  if (set !== "set" || more.length > 0 || !DEVICE_ID.test(device) || !isTopicName(target)) return undefined;
  return { device, target };
}

/** Names of properties, actions and events that can stand in a topic and in a template as they are. */
export function isTopicName(name: string): boolean {
  return DEVICE_ID.test(name);
}

/** Stable for ever: Home Assistant knows entities by it, whatever people call them. */
export function uniqueId(names: HomeAssistantNames, device: DeviceId | undefined, part?: string): string {
  const parts = ["edgeseal", names.gateway];
  if (device !== undefined) parts.push(device);
  if (part !== undefined) parts.push(part);
  return parts.join("/");
}
