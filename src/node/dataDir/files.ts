/** Small files that are whole or not there, whenever the power fails. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export const UNFINISHED_SUFFIX = ".unfinished";
const OWNER_ONLY = 0o600;

/** Written aside, synced, renamed, and the folder synced; readable by the owner alone. Throws what the system throws. */
export function writeFileDurably(path: string, content: string | Uint8Array, mode: number = OWNER_ONLY): void {
  const aside = `${path}${UNFINISHED_SUFFIX}`;
  // What an interrupted write left behind would keep its own mode.
  rmSync(aside, { force: true });
  const file = openSync(aside, "wx", mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  // Windows cannot open a folder; its file systems keep a rename in their journal.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
