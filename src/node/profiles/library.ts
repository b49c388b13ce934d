/** The profiles that a node knows: those that come with edgeseal, and a folder of one's own. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DeviceProfile } from "../../device/profile.js";
import { ProfileFileError, type ProfileFileProblem, type ProfileMistake } from "./problems.js";
import { readProfile } from "./read.js";

/** Files in one folder with its sub-folders. */
export const PROFILE_FILES_MAX = 1_024;
const ENDING = ".yaml";

export interface ProfileLibrary {
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
  /** Where each comes from. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are left out; the others are there. */
  readonly mistakes: readonly ProfileMistake[];
}

export interface LibraryOptions {
  /** A folder of one's own, `<vendor>/<model>.yaml`. */
  readonly folder?: string | undefined;
  /** Only these are read; a gateway needs those of its devices. Absent: all. */
  readonly wanted?: ReadonlySet<string>;
  /** The folder that comes with edgeseal, for tests. */
  readonly shipped?: string;
}

/** Every profile of both folders. Bad files and profiles that are there twice are left out and named. */
export async function loadProfiles(options: LibraryOptions = {}): Promise<ProfileLibrary> {
  const profiles = new Map<string, DeviceProfile>();
  const files = new Map<string, string>();
  const mistakes: ProfileMistake[] = [];
  const wrong = (file: string, problem: ProfileFileProblem): void => {
    mistakes.push({ file, line: 0, column: 0, problem });
  };
  const folders = [options.shipped ?? shippedFolder(), ...(options.folder === undefined ? [] : [options.folder])];
  for (const folder of folders) {
    for (const { file, id } of filesOf(folder, wrong)) {
      if (options.wanted?.has(id) === false) continue;
      const read = await readProfile(file);
      mistakes.push(...read.mistakes);
      if (read.profile === undefined) continue;
      const other = files.get(read.profile.id);
      if (read.profile.id !== id) wrong(file, { code: "PROFILE_FILE_NAME", expected: `${read.profile.id}${ENDING}` });
      else if (other !== undefined) wrong(file, { code: "PROFILE_FILE_TWICE", id, other });
      else {
        profiles.set(id, read.profile);
        files.set(id, file);
      }
    }
  }
  return { profiles, files, mistakes };
}

/**
 * One profile by its id.
 * @throws ProfileFileError `PROFILE_UNKNOWN`
 */
export async function findProfile(id: string, options: LibraryOptions = {}): Promise<DeviceProfile> {
  const library = await loadProfiles({ ...options, wanted: new Set([id]) });
  const profile = library.profiles.get(id);
  if (profile !== undefined) return profile;
  const folders = [options.shipped ?? shippedFolder(), ...(options.folder === undefined ? [] : [options.folder])];
  const known = folders.flatMap((folder) => filesOf(folder, () => undefined).map((file) => file.id));
  const { nearestOf } = await import("../config/validate.js");
  throw new ProfileFileError({ code: "PROFILE_UNKNOWN", id, nearest: nearestOf(id, known) });
}

/** In the package that this file belongs to, wherever it was compiled to. */
export function shippedFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = join(folder, "device-profiles");
    if (existsSync(join(folder, "package.json")) && existsSync(found)) return found;
    if (dirname(folder) === folder) return found;
  }
}

/** In order of their names, so that of two with one id it is always the same that counts. */
function filesOf(
  folder: string,
  wrong: (file: string, problem: ProfileFileProblem) => void,
): { readonly file: string; readonly id: string }[] {
  const found: { readonly file: string; readonly id: string }[] = [];
  for (const vendor of entriesOf(folder, "folders", wrong)) {
    for (const name of entriesOf(join(folder, vendor), "files", wrong)) {
      if (found.length === PROFILE_FILES_MAX) {
        wrong(folder, { code: "PROFILE_FOLDER_FULL", max: PROFILE_FILES_MAX });
        return found;
      }
      found.push({ file: join(folder, vendor, name), id: `${vendor}/${basename(name, ENDING)}` });
    }
  }
  return found;
}

function entriesOf(
  folder: string,
  what: "folders" | "files",
  wrong: (file: string, problem: ProfileFileProblem) => void,
): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => (what === "folders" ? entry.isDirectory() : entry.isFile() && entry.name.endsWith(ENDING)))
      .map(({ name }) => name)
      .sort();
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    wrong(folder, { code: "PROFILE_FOLDER_UNREADABLE", reason });
    return [];
  }
}
