/**
 * The operator's file of devices: which there are, what they are, and whether they may take part. It is the first source of
 * registrations; the other one is the chain.
 */
import { readFileSync, statSync } from "node:fs";
import type { LineCounter, Node as YamlNode } from "yaml";
import { equalBytes, fromHex, toHex } from "../../base/bytes.js";
import type { Millis } from "../../base/clock.js";
import type { DeviceId, DeviceRecord, Registration, RegistrationSource } from "../../device/device.js";
import { nearestOf } from "../config/validate.js";
import { fieldName, valueAt } from "../fieldPaths.js";
import { DeviceFileError, type DeviceFileProblem } from "./deviceFileProblems.js";
import type { DeviceFileValues } from "./deviceSchema.js";

/** DEVICES_MAX devices with everything they may have said of them in some hundred bytes each. */
export const DEVICE_FILE_BYTES_MAX = 2 * 1024 * 1024;
/** Further mistakes wait until these are repaired. */
export const MISTAKES_SHOWN_MAX = 64;

export type DeviceStatus = "active" | "suspended" | "retired";

/** One device of the file, with its defaults. */
export interface InstalledDevice {
  readonly id: DeviceId;
  readonly profile: string;
  readonly link: string;
  readonly address: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly owner?: string;
  /** X || Y, 64 bytes; absent: any key or none. */
  readonly publicKey?: Uint8Array;
  readonly trustTier: number;
  readonly status: DeviceStatus;
  /** Where it stands in the file. */
  readonly line: number;
}

export type ReadDevices =
  | { readonly devices: readonly InstalledDevice[]; readonly mistakes: readonly [] }
  | { readonly devices?: undefined; readonly mistakes: readonly DeviceFileProblem[] };

/** What is to be installed by the file. Retired devices and suspended ones are known, the core does not hear them. */
export function recordOf(device: InstalledDevice, joinedAt: Millis): DeviceRecord {
  const { id, profile, link, address, name, groups, owner, publicKey } = device;
  return {
    ...{ id, profile, link, address, name, groups },
    ...(owner === undefined ? {} : { owner }),
    voucher: publicKey === undefined ? { kind: "gateway" } : { kind: "key", publicKey },
    joinedAt,
  };
}

/** @throws DeviceFileError with the first mistake. */
export async function loadDeviceFile(path: string): Promise<readonly InstalledDevice[]> {
  const { devices, mistakes } = await readDeviceFile(path);
  const [first] = mistakes;
  if (first !== undefined) throw new DeviceFileError(first);
  return devices ?? [];
}

/** All mistakes of the file. Never throws for what is in it or that it is not there. */
export async function readDeviceFile(path: string): Promise<ReadDevices> {
  const whole = { path, line: 0, column: 0 };
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > DEVICE_FILE_BYTES_MAX) {
      return { mistakes: [{ code: "DEVICES_TOO_LARGE", ...whole, size, limit: DEVICE_FILE_BYTES_MAX }] };
    }
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    return { mistakes: [{ code: "DEVICES_UNREADABLE", ...whole, reason }] };
  }
  return await parseDeviceFile(path, text);
}

/** @param path for the mistakes. */
export async function parseDeviceFile(path: string, text: string): Promise<ReadDevices> {
  const [{ LineCounter, parseDocument }, schema] = await Promise.all([import("yaml"), import("./deviceSchema.js")]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    return { mistakes: [{ code: "DEVICES_YAML", path, ...placeAt(lines, error.pos[0]), reason: error.message }] };
  }
  takeTextsAsWritten(document.contents);
  let value: unknown;
  try {
    // Anchors and aliases are not needed here and could make a small file huge.
    value = document.toJS({ maxAliasCount: 0 }) ?? [];
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "unreadable";
    return { mistakes: [{ code: "DEVICES_YAML", path, line: 1, column: 1, reason }] };
  }
  const file = new FileOfDevices(path, lines, document.contents);
  const parsed = schema.deviceFileSchema.safeParse(value);
  if (!parsed.success) {
    const known = Object.keys(itemsOf(schema.deviceFileJsonSchema()));
    const issues = parsed.error.issues as readonly Issue[];
    const mistakes = issues.slice(0, MISTAKES_SHOWN_MAX).flatMap((issue) => file.mistakesOf(issue, value, known));
    return { mistakes };
  }
  const devices = parsed.data.map((one, index) => installed(one, file.place([index]).line, schema.TRUST_TIER_DEFAULT));
  const twice = file.twice(devices);
  return twice.length === 0 ? { devices, mistakes: [] } : { mistakes: twice.slice(0, MISTAKES_SHOWN_MAX) };
}

/** The only value of a device that is a number. */
const NUMBERS: ReadonlySet<string> = new Set(["trustTier"]);

/** YAML reads `17`, `1e3` and `0xab` as numbers; as an id or a key they are what was written. */
function takeTextsAsWritten(root: YamlNode | null): void {
  for (const device of membersOf(root)) {
    for (const { key, value } of membersOf(device) as readonly { readonly key?: unknown; readonly value?: unknown }[]) {
      if (!isScalar(value) || (isScalar(key) && NUMBERS.has(String(key.value)))) continue;
      const isNumber = typeof value.value === "number" || typeof value.value === "bigint";
      if (isNumber && typeof value.source === "string") value.value = value.source;
    }
  }
}

function membersOf(node: unknown): readonly unknown[] {
  return typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items) ? node.items : [];
}

function isScalar(node: unknown): node is { value: unknown; readonly source?: unknown } {
  return typeof node === "object" && node !== null && "value" in node && "source" in node;
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

interface LineAndColumn {
  readonly line: number;
  readonly column: number;
}

function placeAt(lines: LineCounter, offset: number): LineAndColumn {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function itemsOf(schema: Readonly<Record<string, unknown>>): object {
  const items = schema.items as { readonly properties?: object } | undefined;
  return items?.properties ?? {};
}

function installed(one: DeviceFileValues[number], line: number, trustTier: number): InstalledDevice {
  const { id, profile, link, address, owner, publicKey } = one;
  return {
    ...{ id, profile, link, address, line },
    name: one.name ?? id,
    groups: one.groups ?? [],
    ...(owner === undefined ? {} : { owner }),
    ...(publicKey === undefined ? {} : { publicKey: fromHex(publicKey) }),
    trustTier: one.trustTier ?? trustTier,
    status: one.status ?? "active",
  };
}

/** Places in one file. */
class FileOfDevices {
  readonly #path: string;
  readonly #lines: LineCounter;
  readonly #root: YamlNode | null;

  constructor(path: string, lines: LineCounter, root: YamlNode | null) {
    this.#path = path;
    this.#lines = lines;
    this.#root = root;
  }

  mistakesOf(issue: Issue, value: unknown, known: readonly string[]): DeviceFileProblem[] {
    const parts = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    const path = this.#path;
    if (issue.code === "unrecognized_keys") {
      return (issue.keys ?? []).map((key) => ({
        ...{ code: "DEVICES_KEY_UNKNOWN", path, ...this.place(parts, key) },
        ...{ field: fieldName([...parts, key]), nearest: nearestOf(key, known) },
      }));
    }
    const missing = valueAt(value, parts) === undefined;
    const reason = missing ? "it is missing" : issue.message;
    return [{ code: "DEVICES_VALUE", path, ...this.place(parts), field: fieldName(parts), reason }];
  }

  /** Ids are never used twice; an address and a key may be another's that is retired. */
  twice(devices: readonly InstalledDevice[]): DeviceFileProblem[] {
    const seen = new Map<string, number>();
    const problems: DeviceFileProblem[] = [];
    for (const [index, device] of devices.entries()) {
      const names: ["id" | "address" | "key", string, string][] = [["id", device.id, "id"]];
      if (device.status !== "retired") {
        names.push(["address", `${device.link} ${device.address}`, "address"]);
        if (device.publicKey !== undefined) names.push(["key", toHex(device.publicKey), "publicKey"]);
      }
      for (const [what, value, field] of names) {
        const place = this.place([index, field]);
        const otherLine = seen.get(`${what} ${value}`);
        if (otherLine === undefined) seen.set(`${what} ${value}`, place.line);
        else problems.push({ code: "DEVICES_TWICE", path: this.#path, ...place, what, value, otherLine });
      }
    }
    return problems;
  }

  /** Where a value starts, or the key that names it; of what is missing, what should hold it. */
  place(path: readonly (string | number)[], key?: string): LineAndColumn {
    for (let length = path.length; length >= 0; length--) {
      const holder = nodeAt(this.#root, path.slice(0, length));
      const offset = key !== undefined && length === path.length ? keyOffset(holder, key) : offsetOf(holder);
      if (offset !== undefined) return placeAt(this.#lines, offset);
    }
    return { line: 1, column: 1 };
  }
}

function nodeAt(root: unknown, path: readonly (string | number)[]): unknown {
  let at = root;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !("get" in at) || typeof at.get !== "function") return undefined;
    at = at.get(part, true);
  }
  return at;
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}

function keyOffset(node: unknown, key: string): number | undefined {
  const members = membersOf(node) as readonly { readonly key?: unknown }[];
  return offsetOf(members.find(({ key: name }) => isScalar(name) && String(name.value) === key)?.key);
}

/** Registrations out of the file. */
export class FileRegistrations implements RegistrationSource {
  readonly #path: string;
  #devices: ReadonlyMap<DeviceId, InstalledDevice>;

  constructor(path: string, devices: readonly InstalledDevice[]) {
    this.#path = path;
    this.#devices = byId(devices);
  }

  /** The file was read again; whoever asks next gets the new answer. */
  replace(devices: readonly InstalledDevice[]): void {
    this.#devices = byId(devices);
  }

  registration({ id, voucher }: DeviceRecord): Registration {
    const device = this.#devices.get(id);
    if (device === undefined) return { verdict: "unknown" };
    if (device.status !== "active") return { verdict: device.status };
    if (device.publicKey !== undefined) {
      // Whoever has no key, where the file names one, is not that device.
      const proven = voucher.kind === "key" && equalBytes(voucher.publicKey, device.publicKey);
      if (!proven) return { verdict: "key-mismatch" };
    }
    return { verdict: "registered", trustTier: device.trustTier, evidence: { kind: "file", path: this.#path } };
  }
}

function byId(devices: readonly InstalledDevice[]): ReadonlyMap<DeviceId, InstalledDevice> {
  return new Map(devices.map((device) => [device.id, device]));
}
