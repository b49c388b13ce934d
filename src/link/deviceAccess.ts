/**
 * Who may do what at a broker of devices: a device speaks below `dev/<its id>/` and hears its own commands only, a bridge
 * keeps to its own topics, and the gateway may do everything. The name that counts is the user where there is a login,
 * else the client id; without a login a name is only what somebody says.
 */
import { DEVICE_ID } from "../codec/device/names.js";
import { FROM_DEVICE_KINDS, parseDeviceTopic } from "../codec/device/topics.js";
import type { BrokerAccess, BrokerClient } from "./brokerHooks.js";
import { hasWildcard } from "./topics.js";

export interface DeviceAccessOptions {
  /** Names that may publish and subscribe to everything: gateways, Home Assistant. */
  readonly trusted: ReadonlySet<string>;
  /**
   * Devices and bridges with topics of their own, by name: what they publish and subscribe to lies below one of these
   * (`zigbee2mqtt`, `tele/plug-1`), whole levels without wildcards.
   */
  readonly below?: ReadonlyMap<string, readonly string[]>;
}

type Access = Required<Pick<BrokerAccess, "mayPublish" | "maySubscribe">>;

export function deviceAccess({ trusted, below }: DeviceAccessOptions): Access {
  const isBelow = (name: string, topic: string): boolean =>
    (below?.get(name) ?? []).some((prefix) => topic === prefix || topic.startsWith(`${prefix}/`));
  return {
    mayPublish(client, topic) {
      const name = nameOf(client);
      if (trusted.has(name) || isBelow(name, topic)) return true;
      const device = parseDeviceTopic(topic);
      return device !== undefined && device.id === name && FROM_DEVICE_KINDS.has(device.kind);
    },
    maySubscribe(client, filter) {
      const name = nameOf(client);
      if (trusted.has(name) || isBelow(name, filter)) return true;
      if (hasWildcard(filter) || !DEVICE_ID.test(name)) return false;
      const device = parseDeviceTopic(filter);
      return device !== undefined && device.id === name && !FROM_DEVICE_KINDS.has(device.kind);
    },
  };
}

function nameOf({ username, clientId }: BrokerClient): string {
  return username ?? clientId;
}
