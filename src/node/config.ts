/**
 * The configuration of one node: `edgeseal.yaml`, read and never written. What a field means is said in its schema
 * (config/schema.ts) and, generated from it, in docs/operating/configuration.md.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { fileId, readChecked } from "./config/checked.js";
import { ConfigError } from "./config/problems.js";
import type { ConfigValues } from "./config/schema.js";

export const CONFIG_BYTES_MAX = 256 * 1024;
export const CONFIG_FILE_DEFAULT = "edgeseal.yaml";
/** The schema's default; a test keeps both the same. */
export const DATA_DIR_DEFAULT = "data";
/** Digits of the number in a client's default name. */
const CLIENT_DIGITS = 8;

export type BrokerConfig = ConfigValues["brokers"][number];

export interface Config extends Omit<ConfigValues, "dataDir" | "client" | "sync"> {
  /** Absolute path of the file. */
  readonly path: string;
  /** Its folder, where the relative paths in it start. */
  readonly folder: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly client: string;
  readonly sync: Omit<ConfigValues["sync"], "mode"> & { readonly mode: "skip" | "forward" };
}

export interface LoadedConfig {
  readonly config: Config;
  /** Of the file's bytes, for `writeChecked`. */
  readonly fileId: string;
  /** As in the file, for `writeChecked`; undefined when they came from there. */
  readonly fresh: ConfigValues | undefined;
}

/**
 * @param path of the YAML file.
 * @throws ConfigError
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return rememberedConfig(path) ?? (await validatedConfig(path));
}

/**
 * Like `loadConfig`, but a changed file is read and validated by a child process, so that a process meant to run for months
 * is not left with the memory of two libraries it never needs again.
 * @throws ConfigError
 */
export async function loadConfigSparingly(path: string): Promise<LoadedConfig> {
  const remembered = rememberedConfig(path);
  if (remembered !== undefined) return remembered;
  const { checkInChild } = await import("./config/checkInChild.js");
  // Where no child can be had, memory matters less than running.
  return (await checkInChild(resolve(path))) ?? (await validatedConfig(path));
}

/** The configuration of a file in the usual place that was validated before: not even the YAML has to be parsed. */
function rememberedConfig(path: string): LoadedConfig | undefined {
  const absolute = resolve(path);
  const bytes = readConfigFile(absolute);
  const id = fileId(bytes);
  const usual = readChecked(resolve(dirname(absolute), DATA_DIR_DEFAULT), id);
  return usual === undefined ? undefined : { config: resolveConfig(absolute, usual), fileId: id, fresh: undefined };
}

async function validatedConfig(path: string): Promise<LoadedConfig> {
  const absolute = resolve(path);
  const bytes = readConfigFile(absolute);
  const id = fileId(bytes);
  const value = await parseYaml(absolute, bytes);
  const checked = readChecked(dataDirOf(absolute, value), id);
  if (checked !== undefined) return { config: resolveConfig(absolute, checked), fileId: id, fresh: undefined };
  const { validateConfig } = await import("./config/validate.js");
  const fresh = validateConfig(absolute, value);
  return { config: resolveConfig(absolute, fresh), fileId: id, fresh };
}

/** The parsed file, before any validation. @throws ConfigError */
export async function readConfigValue(path: string): Promise<unknown> {
  const absolute = resolve(path);
  return await parseYaml(absolute, readConfigFile(absolute));
}

function readConfigFile(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    const problem = reason === "ENOENT" ? "CONFIG_NOT_FOUND" : "CONFIG_UNREADABLE";
    throw new ConfigError({ code: problem, path, reason }, { cause: thrown });
  }
  if (bytes.length <= CONFIG_BYTES_MAX) return bytes;
  throw new ConfigError({ code: "CONFIG_TOO_LARGE", path, size: bytes.length, limit: CONFIG_BYTES_MAX });
}

async function parseYaml(path: string, bytes: Uint8Array): Promise<unknown> {
  const { parseDocument } = await import("yaml");
  // Anchors and aliases are not needed here and could make a small file huge.
  const document = parseDocument(new TextDecoder().decode(bytes), { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const reason = error.message.split("\n")[0] ?? error.code;
    throw new ConfigError({ code: "CONFIG_YAML", path, line: error.linePos?.[0].line ?? 0, reason });
  }
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "unreadable";
    throw new ConfigError({ code: "CONFIG_YAML", path, line: 0, reason }, { cause: thrown });
  }
}

/** Where the data directory lies according to a file that is not validated yet. */
function dataDirOf(path: string, value: unknown): string {
  const named = typeof value === "object" && value !== null && "dataDir" in value ? value.dataDir : undefined;
  return resolve(dirname(path), typeof named === "string" ? named : DATA_DIR_DEFAULT);
}

function resolveConfig(path: string, values: ConfigValues): Config {
  const folder = dirname(path);
  const dataDir = resolve(folder, values.dataDir);
  return {
    ...values,
    path,
    folder,
    dataDir,
    client: values.client ?? defaultClient(values.role, dataDir),
    sync: { ...values.sync, mode: values.sync.mode ?? modeOf(values.role) },
  };
}

/** Whoever publishes certifies every header; whoever only follows takes the newest. */
function modeOf(role: ConfigValues["role"]): "skip" | "forward" {
  return role === "publisher" || role === "participant" ? "forward" : "skip";
}

/** The same at every start, different for every node of one broker. */
function defaultClient(role: string, dataDir: string): string {
  const digits = createHash("sha256").update(`${hostname()}\n${dataDir}`).digest("hex").slice(0, CLIENT_DIGITS);
  return `${role}-${digits}`;
}
