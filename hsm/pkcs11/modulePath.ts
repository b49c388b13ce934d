/**
 * Which files may be loaded as a PKCS#11 module. Whoever can exchange that file sees the PIN and signs what he likes, so
 * the file and every folder above it, links resolved, must be out of reach of anybody but root.
 */
import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, sep } from "node:path";
import { Pkcs11Error, type Pkcs11Problem } from "./problems.js";

export interface ModuleRules {
  /** Folders modules may lie in, after resolving links. */
  readonly folders: readonly string[];
  /** Users who may own the file and the folders above it. */
  readonly owners: readonly number[];
}

export const MODULE_RULES: ModuleRules = {
  folders: ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/opt"],
  owners: [0],
};

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

type Why = Extract<Pkcs11Problem, { code: "PKCS11_MODULE_REFUSED" }>["why"];

/**
 * The path to load, links resolved.
 * @throws Pkcs11Error `PKCS11_MODULE_REFUSED`
 */
export function checkedModulePath(path: string, rules: ModuleRules = MODULE_RULES): string {
  const refuse = (why: Why, place: string): never => {
    throw new Pkcs11Error({ code: "PKCS11_MODULE_REFUSED", path, why, place });
  };
  if (!isAbsolute(path)) return refuse("relative", path);
  const real = resolved(path) ?? refuse("missing", path);
  if (!rules.folders.some((folder) => real.startsWith(folderPrefix(folder)))) return refuse("not-allowed", real);
  if (!statSync(real).isFile()) return refuse("not-a-file", real);
  for (let place = real; ; place = dirname(place)) {
    const why = faultOf(statSync(place), rules.owners);
    if (why !== undefined) return refuse(why, place);
    if (dirname(place) === place) return real;
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function folderPrefix(folder: string): string {
  const real = resolved(folder) ?? folder;
  return real.endsWith(sep) ? real : `${real}${sep}`;
}

function faultOf(stats: Stats, owners: readonly number[]): Why | undefined {
  if (!owners.includes(stats.uid)) return "owner";
  // In a sticky folder (/tmp) others may add files, but not exchange one that is not theirs.
  const guarded = stats.isDirectory() && (stats.mode & STICKY) !== 0;
  return (stats.mode & OTHERS_WRITE) !== 0 && !guarded ? "writable" : undefined;
}
