/**
 * Device discovery: one retained message that names a device with all its components (home-assistant.io/integrations/mqtt,
 * "Device discovery payload"). Members of a device and of the origin have their documented short names.
 */
import { EMPTY_BYTES, utf8Bytes } from "../../base/bytes.js";
import type { DeviceId, DeviceRecord } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import { type Component, componentsOf } from "./components.js";
import {
  availabilityTopic,
  discoveryTopic,
  gatewayAvailabilityTopic,
  type HomeAssistantNames,
  OFFLINE,
  ONLINE,
  uniqueId,
} from "./topics.js";

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** The device and everything that can be read or set of it. Undefined where nothing can. */
export function discoveryOf(
  names: HomeAssistantNames,
  record: DeviceRecord,
  profile: DeviceProfile,
): RetainedMessage | undefined {
  const components = componentsOf(names, record, profile);
  if (Object.keys(components).length === 0) return undefined;
  const device = {
    ids: [uniqueId(names, record.id)],
    name: record.name,
    mf: profile.vendor,
    mdl: profile.title,
    via_device: uniqueId(names, undefined),
  };
  const availability = [gatewayAvailabilityTopic(names), availabilityTopic(names, record.id)];
  return { topic: discoveryTopic(names, record.id), payload: message(names, device, components, availability) };
}

/** The gateway itself: what the devices refer to, with one entity that says whether it is there. Goes out before them. */
export function gatewayDiscovery(names: HomeAssistantNames): RetainedMessage {
  const id = uniqueId(names, undefined);
  const device = { ids: [id], name: `edgeseal ${names.gateway}`, mf: "edgeseal", mdl: "Gateway" };
  const connection: Component = {
    p: "binary_sensor",
    unique_id: `${id}/connection`,
    name: "Connection",
    device_class: "connectivity",
    entity_category: "diagnostic",
    state_topic: gatewayAvailabilityTopic(names),
    payload_on: ONLINE,
    payload_off: OFFLINE,
  };
  return { topic: discoveryTopic(names, undefined), payload: message(names, device, { connection }, []) };
}

/** An empty retained message takes the device and all its entities away. */
export function removalOf(names: HomeAssistantNames, device: DeviceId): RetainedMessage {
  return { topic: discoveryTopic(names, device), payload: EMPTY_BYTES };
}

function message(
  names: HomeAssistantNames,
  device: Readonly<Record<string, unknown>>,
  components: Readonly<Record<string, Component>>,
  availability: readonly string[],
): Uint8Array {
  const origin = { name: "edgeseal", ...(names.software === undefined ? {} : { sw: names.software }) };
  // Said as `online` and `offline`, which is what Home Assistant expects where nothing else is named.
  const available =
    availability.length === 0
      ? {}
      : {
          availability: availability.map((topic) => ({ topic })),
          availability_mode: "all",
        };
  return utf8Bytes(JSON.stringify({ dev: device, o: origin, cmps: components, ...available, qos: 1 }));
}
