/** `edgeseal profile try`: what a message of a device would say by its profile, and what the device would be told. */
import { addressProblem } from "../../device/convert/address.js";
import { mqttTopics, readMqtt } from "../../device/convert/mqttRead.js";
import { writeMqtt } from "../../device/convert/mqttWrite.js";
import { DeviceValueError } from "../../device/convert/problems.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { DeviceValue, ValueType } from "../../device/value.js";
import { inUnit } from "../../device/wot/terms.js";
import { type Description, describe } from "../../text/describe.js";
import { CommandError } from "./problems.js";
import { profileNamed } from "./profile.js";

const SAMPLE_SENDER = { commandId: "00000000000000000000000000000000", client: "gateway" };

export interface TriedMessage {
  /** Topics on which the profile hears a device at this address. */
  readonly topics: readonly string[];
  readonly readings: readonly { readonly name: string; readonly value: DeviceValue; readonly unit?: string }[];
  readonly events: readonly { readonly name: string; readonly value?: DeviceValue }[];
  readonly availability?: string;
  readonly problems: readonly { readonly name?: string; readonly code: string; readonly message: string }[];
}

/**
 * @param name profile id, or a file that ends in `.yaml`.
 * @throws ProfileFileError, CommandError, DeviceValueError
 */
export async function tryMessage(
  name: string,
  folder: string | undefined,
  address: string,
  topic: string,
  payload: string,
): Promise<TriedMessage> {
  const profile = await mqttProfile(name, folder, address);
  const found = readMqtt(profile, address, topic, new TextEncoder().encode(payload));
  return {
    topics: mqttTopics(profile, address),
    readings: found.readings.map(([property, value]) => shown(profile, property, value)),
    events: found.events,
    ...(found.availability === undefined ? {} : { availability: found.availability }),
    problems: found.problems.map((one) => {
      const { code, sentence }: Description = describe(one.problem);
      return { ...(one.name === undefined ? {} : { name: one.name }), code, message: sentence };
    }),
  };
}

export interface TriedCommand {
  readonly topic: string;
  readonly payload: string;
}

/**
 * @param word `name=value`, numbers in their unit, or the name of an action without an argument.
 * @throws ProfileFileError, CommandError, DeviceValueError
 */
export async function tryCommand(
  name: string,
  folder: string | undefined,
  address: string,
  word: string,
): Promise<TriedCommand> {
  const profile = await mqttProfile(name, folder, address);
  const cut = word.indexOf("=");
  const target = cut < 0 ? word : word.slice(0, cut);
  const type = profile.properties.get(target)?.type ?? profile.actions.get(target)?.input;
  const value = cut < 0 ? undefined : valueTyped(word.slice(cut + 1), type);
  const message = writeMqtt(profile, address, target, value, SAMPLE_SENDER);
  if ("code" in message) throw new DeviceValueError(message);
  return { topic: message.topic, payload: new TextDecoder().decode(message.payload) };
}

async function mqttProfile(name: string, folder: string | undefined, address: string): Promise<DeviceProfile> {
  const problem = addressProblem(address);
  if (problem !== undefined) throw new DeviceValueError(problem);
  const profile = await profileNamed(name, folder);
  const found = profile.binding.protocol;
  if (found !== "mqtt") throw new DeviceValueError({ code: "DEVICE_BINDING_OTHER", expected: "mqtt", found });
  return profile;
}

function shown(profile: DeviceProfile, name: string, value: DeviceValue): TriedMessage["readings"][number] {
  const type = profile.properties.get(name)?.type;
  if (type === undefined) return { name, value };
  const unit = type.kind === "number" ? type.unit : undefined;
  return { name, value: inUnit(type, value), ...(unit === undefined ? {} : { unit }) };
}

/** What a person typed, as the profile counts. */
function valueTyped(text: string, type: ValueType | undefined): DeviceValue {
  if (type?.kind === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw new CommandError({ code: "COMMAND_USAGE", reason: "--set takes true or false for this name" });
  }
  if (type?.kind !== "number") return text;
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) {
    throw new CommandError({ code: "COMMAND_USAGE", reason: "--set takes a number for this name" });
  }
  return Math.round(number * 10 ** type.decimals);
}
