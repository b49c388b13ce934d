/**
 * The provisioning bundle: one JSON file with all that a new node needs, made by the operator of the chain
 * (docs/operating/provisioning.md). It holds secrets, and it says whom to trust: its fingerprint has to be compared with
 * the operator's by another way than the one it came.
 */
import type { Millis } from "../base/clock.js";
import { type Anchor, anchorFromJson } from "../chain/anchor.js";
import { BundleError } from "./bundle/problems.js";
import { isJsonObject, type JsonObject } from "./jsonObject.js";

export const BUNDLE_VERSION = 1;
const BROKERS_MAX = 16;
const LIST_MAX = 256;
const TEXT_CHARACTERS_MAX = 1_024;
const PEM_CHARACTERS_MAX = 1024 * 1024;

/** Roles that a bundle can make; a participant is made by `chain init`. */
export const BUNDLE_ROLES = ["light", "publisher", "gateway"] as const;
export type BundleRole = (typeof BUNDLE_ROLES)[number];

export interface BundleBroker {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly protocolVersion?: 4 | 5;
  readonly insecure?: boolean;
}

/** Names of the files that a broker's secrets were written to. */
export interface BundleFiles {
  readonly password?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface Bundle {
  readonly anchor: Anchor;
  readonly role: BundleRole;
  readonly client?: string;
  readonly brokers: readonly BundleBroker[];
  readonly rpc: { readonly endpoints: readonly string[]; readonly ca?: string };
  readonly watch: readonly string[];
}

/**
 * @param now when the bundle is accepted; an anchor that names no time, or a later one, counts from here.
 * @throws BundleError `BUNDLE_VERSION`, `BUNDLE_FIELD`; ChainError `ANCHOR_MALFORMED`, `ANCHOR_NEEDS_SEALERS`
 */
export function readBundle(value: JsonObject, now: Millis): Bundle {
  if (value.edgesealBundle !== BUNDLE_VERSION) {
    throw new BundleError({
      code: "BUNDLE_VERSION",
      found: String(value.edgesealBundle ?? "").slice(0, 20),
      known: BUNDLE_VERSION,
    });
  }
  checkKeys(value, "", ["edgesealBundle", "anchor", "role", "client", "brokers", "rpc", "watch"]);
  const anchor = anchorFromJson(value.anchor, now);
  const brokers = readList(value.brokers, "brokers", BROKERS_MAX, readBroker);
  const named = value.role ?? "light";
  const role = BUNDLE_ROLES.find((known) => known === named) ?? wrong("role", "light, publisher or gateway");
  const client = optionalText(value, "client", "client");
  return {
    anchor: { ...anchor, acceptedAt: Math.min(anchor.acceptedAt, now) },
    role,
    ...(client === undefined ? {} : { client }),
    brokers,
    rpc: readRpc(value.rpc),
    watch: readList(value.watch, "watch", LIST_MAX, readText),
  };
}

function readRpc(value: unknown): Bundle["rpc"] {
  if (value === undefined) return { endpoints: [] };
  if (!isJsonObject(value)) wrong("rpc", "an object");
  checkKeys(value, "rpc", ["endpoints", "ca"]);
  const ca = optionalText(value, "ca", "rpc.ca", PEM_CHARACTERS_MAX);
  return {
    endpoints: readList(value.endpoints, "rpc.endpoints", LIST_MAX, readText),
    ...(ca === undefined ? {} : { ca }),
  };
}

const BROKER_KEYS = [
  "url",
  "username",
  "password",
  "ca",
  "certificate",
  "key",
  "serverName",
  "protocolVersion",
  "insecure",
];

function readBroker(value: unknown, field: string): BundleBroker {
  if (!isJsonObject(value)) wrong(field, "an object");
  checkKeys(value, field, BROKER_KEYS);
  const { protocolVersion, insecure } = value;
  if (protocolVersion !== undefined && protocolVersion !== 4 && protocolVersion !== 5) {
    wrong(`${field}.protocolVersion`, "4 or 5");
  }
  if (insecure !== undefined && typeof insecure !== "boolean") wrong(`${field}.insecure`, "true or false");
  const text = (name: string, max?: number) => {
    const found = optionalText(value, name, `${field}.${name}`, max);
    return found === undefined ? {} : { [name]: found };
  };
  return {
    url: readText(value.url, `${field}.url`),
    ...text("username"),
    ...text("password"),
    ...text("ca", PEM_CHARACTERS_MAX),
    ...text("certificate", PEM_CHARACTERS_MAX),
    ...text("key", PEM_CHARACTERS_MAX),
    ...text("serverName"),
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(insecure === undefined ? {} : { insecure }),
  };
}

function readList<T>(value: unknown, field: string, max: number, readItem: (item: unknown, field: string) => T): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > max) wrong(field, `a list of at most ${max}`);
  return value.map((item: unknown, i) => readItem(item, `${field}[${i}]`));
}

function optionalText(record: JsonObject, name: string, field: string, max?: number): string | undefined {
  const value = record[name];
  return value === undefined ? undefined : readText(value, field, max);
}

function readText(value: unknown, field: string, max: number = TEXT_CHARACTERS_MAX): string {
  if (typeof value !== "string" || value === "" || value.length > max) wrong(field, `a text of 1 to ${max} characters`);
  return value;
}

/** A misspelt field would be left out in silence, and with it perhaps the CA. */
function checkKeys(record: JsonObject, at: string, known: readonly string[]): void {
  const unknown = Object.keys(record).find((key) => !known.includes(key));
  if (unknown !== undefined) wrong(at === "" ? unknown : `${at}.${unknown}`, `there is no such field`);
}

function wrong(field: string, expected: string): never {
  throw new BundleError({ code: "BUNDLE_FIELD", field, reason: expected });
}
