/** From commands to the messages that a device understands. */
import type { MqttPublish } from "../binding.js";
import type { DeviceProfile } from "../profile.js";
import type { DeviceValue, ValueType } from "../value.js";
import { topicOf } from "./address.js";
import { isProblem, type ValueProblem } from "./problems.js";
import { convertOut, type RawValue } from "./value.js";

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface MqttSender {
  /** Hex of the command's id. */
  readonly commandId: string;
  /** The gateway's name, `[A-Za-z0-9_-]{1,64}`. */
  readonly client: string;
}

const PLACEHOLDER = /\{(?:value|client|id|address)\}/g;
const UTF8 = new TextEncoder();

/**
 * The message for one command.
 * @param target a writable property or an action of the profile.
 * @param value absent for actions without an argument.
 */
export function writeMqtt(
  profile: DeviceProfile,
  address: string,
  target: string,
  value: DeviceValue | undefined,
  sender: MqttSender,
): MqttMessage | ValueProblem {
  const { binding } = profile;
  if (binding.protocol !== "mqtt") {
    return { code: "DEVICE_BINDING_OTHER", expected: "mqtt", found: binding.protocol };
  }
  const write = binding.writes.find(({ from }) => from === target);
  const property = profile.properties.get(target);
  const action = profile.actions.get(target);
  if (write === undefined) return { code: "DEVICE_TARGET_UNKNOWN", target };
  const type: ValueType | undefined = property === undefined ? action?.input : property.type;
  if (type === undefined) {
    if (value !== undefined) return { code: "DEVICE_VALUE_UNWANTED", target };
    return messageOf(write, address, sender, undefined);
  }
  if (value === undefined) return { code: "DEVICE_VALUE_MISSING", target };
  const raw = convertOut(write.convert, type, value);
  return isProblem(raw) ? raw : messageOf(write, address, sender, raw);
}

/** What is sent after each connect so that the device says how it is. */
export function refreshMqtt(profile: DeviceProfile, address: string, sender: MqttSender): MqttMessage[] {
  const { binding } = profile;
  if (binding.protocol !== "mqtt") return [];
  return (binding.refresh ?? []).map((publish) => messageOf(publish, address, sender, undefined));
}

function messageOf(
  { topic, payload }: MqttPublish,
  address: string,
  sender: MqttSender,
  value: RawValue | undefined,
): MqttMessage {
  return { topic: topicOf(topic, address), payload: UTF8.encode(filled(payload, address, sender, value)) };
}

function filled(payload: string, address: string, sender: MqttSender, value: RawValue | undefined): string {
  if (payload === "{value}" && typeof value === "string") return value;
  return payload.replace(PLACEHOLDER, (placeholder) => {
    if (placeholder === "{value}") return value === undefined ? "" : JSON.stringify(value);
    if (placeholder === "{client}") return insideJsonText(sender.client);
    return insideJsonText(placeholder === "{id}" ? sender.commandId : address);
  });
}

/** An address may hold a quotation mark; it must not end a text of the payload. */
function insideJsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
