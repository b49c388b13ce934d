/** `edgeseal profile`: checking files, the library, and what other programs want of a profile. */
import type { Binding } from "../../device/binding.js";
import { addressProblem } from "../../device/convert/address.js";
import { DEVICE_ID } from "../../device/device.js";
import type { ActionSpec, DeviceProfile, EventSpec, PropertySpec, SafeDirection } from "../../device/profile.js";
import type { DeviceValue, ValueType } from "../../device/value.js";
import { inUnit } from "../../device/wot/terms.js";
import { type ThingInfo, thingDescription, thingModel } from "../../device/wot/thing.js";
import { type Description, describe } from "../../text/describe.js";
import { findProfile, loadProfiles } from "../profiles/library.js";
import { ProfileFileError, type ProfileMistake } from "../profiles/problems.js";
import { readProfile } from "../profiles/read.js";
import { CommandError } from "./problems.js";

/** Files of one check. */
export const CHECKED_FILES_MAX = 1_024;

export interface MistakeLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  readonly advice?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface CheckedFile {
  readonly file: string;
  readonly id?: string;
  readonly mistakes: readonly MistakeLine[];
}

/** Every file by itself: a bad one does not hide the next. */
export async function checkProfiles(files: readonly string[]): Promise<{ readonly files: readonly CheckedFile[] }> {
  if (files.length > CHECKED_FILES_MAX) {
    throw new CommandError({ code: "COMMAND_USAGE", reason: `at most ${CHECKED_FILES_MAX} files at once` });
  }
  const checked: CheckedFile[] = [];
  for (const file of files) {
    const { profile, mistakes } = await readProfile(file);
    checked.push({
      file,
      ...(profile === undefined ? {} : { id: profile.id }),
      mistakes: mistakes.map(mistakeLine),
    });
  }
  return { files: checked };
}

export interface ListedProfile {
  readonly id: string;
  readonly title: string;
  readonly class: string;
  readonly protocol: Binding["protocol"];
  readonly safetyClass: number;
  readonly file: string;
}

/** @param folder of one's own, beside the profiles that come with edgeseal. */
export async function listProfiles(
  folder: string | undefined,
): Promise<{ readonly profiles: readonly ListedProfile[]; readonly mistakes: readonly MistakeLine[] }> {
  const { profiles, files, mistakes } = await loadProfiles({ folder });
  return {
    profiles: [...profiles.values()]
      .map((profile) => ({
        id: profile.id,
        title: profile.title,
        class: profile.deviceClass,
        protocol: profile.binding.protocol,
        safetyClass: profile.safetyClass,
        file: files.get(profile.id) ?? "",
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    mistakes: mistakes.map(mistakeLine),
  };
}

/** A profile as one JSON object, numbers in their units. */
export interface ShownProfile {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly class: string;
  readonly safetyClass: number;
  readonly properties: readonly object[];
  readonly actions: readonly object[];
  readonly events: readonly object[];
  readonly binding: Binding;
}

/**
 * @param name the profile's id, or a file's path, which ends in `.yaml`.
 * @throws ProfileFileError
 */
export async function showProfile(name: string, folder: string | undefined): Promise<ShownProfile> {
  const profile = await profileNamed(name, folder);
  return {
    id: profile.id,
    title: profile.title,
    ...(profile.description === undefined ? {} : { description: profile.description }),
    class: profile.deviceClass,
    safetyClass: profile.safetyClass,
    properties: [...profile.properties.values()].map(shownProperty),
    actions: [...profile.actions.values()].map(shownAction),
    events: [...profile.events.values()].map(shownEvent),
    binding: profile.binding,
  };
}

export interface ExportOptions {
  readonly as: "tm" | "td";
  readonly device?: string | undefined;
  readonly name?: string | undefined;
  readonly base?: string | undefined;
  readonly address?: string | undefined;
  readonly password: boolean;
}

/**
 * A Thing Model, or the Thing Description of one device.
 * @throws ProfileFileError, CommandError `COMMAND_USAGE`
 */
export async function exportProfile(
  name: string,
  folder: string | undefined,
  options: ExportOptions,
): Promise<Record<string, unknown>> {
  const profile = await profileNamed(name, folder);
  return options.as === "tm" ? thingModel(profile) : thingDescription(profile, thingOf(options));
}

function thingOf({ device, name, base, address, password }: ExportOptions): ThingInfo {
  const usage = (reason: string): never => {
    throw new CommandError({ code: "COMMAND_USAGE", reason });
  };
  const id = device ?? usage("a Thing Description needs --device ID");
  if (!DEVICE_ID.test(id)) usage("--device takes 1 to 64 letters, digits, - and _");
  const at = base ?? usage("a Thing Description needs --base, such as mqtt://127.0.0.1:1883");
  if (!/^[a-z][a-z0-9+.-]*:[^\s]+$/.test(at)) usage("--base takes an address such as mqtt://127.0.0.1:1883");
  const place = address ?? id;
  if (addressProblem(place) !== undefined) usage("--address takes the device's place on its link");
  return { id, name: name ?? id, base: at.replace(/\/+$/, ""), address: place, password };
}

/**
 * @param name the profile's id, or a file's path, which ends in `.yaml`.
 * @throws ProfileFileError
 */
export async function profileNamed(name: string, folder: string | undefined): Promise<DeviceProfile> {
  if (!name.endsWith(".yaml")) return await findProfile(name, { folder });
  const { profile, mistakes } = await readProfile(name);
  if (profile !== undefined) return profile;
  throw new ProfileFileError({ code: "PROFILE_FILES_BAD", files: 1, mistakes: mistakes.length });
}

function mistakeLine({ file, line, column, problem }: ProfileMistake): MistakeLine {
  const { code, sentence, advice, data }: Description = describe(problem);
  const values = data === undefined || Object.keys(data).length === 0 ? {} : { data };
  return { file, line, column, code, message: sentence, ...(advice === undefined ? {} : { advice }), ...values };
}

function shownType(type: ValueType): object {
  switch (type.kind) {
    case "number": {
      const unit = type.unit === undefined ? {} : { unit: type.unit };
      const { kind, decimals } = type;
      return { type: kind, min: inUnit(type, type.min), max: inUnit(type, type.max), decimals, ...unit };
    }
    case "choice":
      return { type: type.kind, choices: type.choices };
    case "text":
      return { type: type.kind, charactersMax: type.charactersMax };
    case "boolean":
      return { type: type.kind };
  }
}

function shownSafe(type: ValueType, safe: SafeDirection | undefined): "lower" | "higher" | DeviceValue[] | undefined {
  return safe?.kind === "values" ? safe.values.map((value) => inUnit(type, value)) : safe?.kind;
}

function shownProperty(spec: PropertySpec): object {
  const { name, capability, title, type, readable, writable, safetyClass, staleAfterMs } = spec;
  const access = readable ? (writable ? "read-write" : "read") : "write";
  return {
    name,
    capability,
    title,
    ...shownType(type),
    access,
    safetyClass,
    safe: shownSafe(type, spec.safe),
    staleAfterMs,
  };
}

function shownAction({ input, ...spec }: ActionSpec): object {
  return { ...spec, ...(input === undefined ? {} : { input: shownType(input) }) };
}

function shownEvent({ data, ...spec }: EventSpec): object {
  return { ...spec, ...(data === undefined ? {} : { data: shownType(data) }) };
}
