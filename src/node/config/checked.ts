/**
 * The values of the configuration file that was validated last, kept in the data directory. A start that meets the same
 * file again takes them from here and loads no schema: that saves some 50 ms and 5 MB on the way to the first header.
 * Whoever can write this file can write the state beside it, so it needs no more protection than that.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileDurably } from "../dataDir/files.js";
import type { ConfigValues } from "./schema.js";

export const CHECKED_FILE = "config.checked.json";

/** First half of the SHA-256 of the JSON schema; a test tells when it has to change. Values of another schema are void. */
export const CONFIG_SCHEMA_ID = "e70d4ca683a23bf903fd1ec918dad302";

interface Checked {
  readonly schema: string;
  readonly file: string;
  readonly values: ConfigValues;
}

/** Fingerprint of the file's bytes. */
export function fileId(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The values recorded for exactly this file, or undefined. A damaged record is none. */
export function readChecked(dataDir: string, file: string): ConfigValues | undefined {
  let checked: Partial<Checked> | null;
  try {
    checked = JSON.parse(readFileSync(join(dataDir, CHECKED_FILE), "utf8"));
  } catch {
    return undefined;
  }
  return checked?.schema === CONFIG_SCHEMA_ID && checked.file === file ? checked.values : undefined;
}

/** To be called by whoever holds the data directory. */
export function writeChecked(dataDir: string, file: string, values: ConfigValues): void {
  const checked: Checked = { schema: CONFIG_SCHEMA_ID, file, values };
  writeFileDurably(join(dataDir, CHECKED_FILE), `${JSON.stringify(checked)}\n`);
}
