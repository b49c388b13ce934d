/** Paths of the file system of names (BFS). Source: checkPathValid in precompiled/common/Utilities.cpp, from 3.2 on. */
import { utf8Bytes } from "../../base/bytes.js";

/** FISCO: 56 before 3.3. With it every path is the key of a record, and of a record of its parent. */
export const PATH_BYTES_MAX = 256;
/** FS_PATH_MAX_LEVEL */
export const PATH_LEVELS_MAX = 6;

const NAME = /^[A-Za-z0-9_]+[A-Za-z0-9_\-#@.]*$/;

/**
 * A path in the one form that records are kept under: single slashes, none at the end. Undefined for what FISCO calls an
 * invalid path. A path without a slash in front is valid, as in FISCO, and names nothing.
 */
export function normalPath(text: string): string | undefined {
  if (text === "" || text.length > PATH_BYTES_MAX || utf8Bytes(text).length > PATH_BYTES_MAX) return undefined;
  if (text === "/") return text;
  const absolute = text.startsWith("/");
  const names = text.slice(absolute ? 1 : 0, text.endsWith("/") ? -1 : undefined).split(/\/+/);
  if (names.length > PATH_LEVELS_MAX || !names.every((name) => NAME.test(name))) return undefined;
  return `${absolute ? "/" : ""}${names.join("/")}`;
}

/** Of a normal path other than "/". */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { parent: slash === 0 ? "/" : path.slice(0, slash), name: path.slice(slash + 1) };
}

export function joinPath(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}
