/** One profile file: YAML to a profile, or to its mistakes with line and column. */
import { readFileSync, statSync } from "node:fs";
import type { Document, LineCounter } from "yaml";
import { buildProfile } from "../../device/profile/build.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { ProfileFileProblem, ProfileMistake } from "./problems.js";

export const PROFILE_FILE_BYTES_MAX = 64 * 1024;

export type ReadProfile =
  | { readonly profile: DeviceProfile; readonly mistakes: readonly [] }
  | { readonly profile?: undefined; readonly mistakes: readonly ProfileMistake[] };

/** Never throws for what is in the file or not there. */
export async function readProfile(file: string): Promise<ReadProfile> {
  const whole = (problem: ProfileFileProblem): ReadProfile => ({ mistakes: [{ file, line: 0, column: 0, problem }] });
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > PROFILE_FILE_BYTES_MAX) {
      return whole({ code: "PROFILE_FILE_TOO_LARGE", size, limit: PROFILE_FILE_BYTES_MAX });
    }
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "not UTF-8";
    return whole({ code: "PROFILE_FILE_UNREADABLE", reason });
  }
  return await parseProfile(file, text);
}

/** @param file its name, for the mistakes. */
export async function parseProfile(file: string, text: string): Promise<ReadProfile> {
  const [{ LineCounter, parseDocument }, { validateProfile }] = await Promise.all([
    import("yaml"),
    import("./validate.js"),
  ]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return { mistakes: [{ file, line, column: col, problem: { code: "PROFILE_FILE_YAML", reason: error.message } }] };
  }
  let value: unknown;
  try {
    // Anchors and aliases are not needed here and could make a small file huge.
    value = document.toJS({ maxAliasCount: 0 });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "unreadable";
    return { mistakes: [{ file, line: 1, column: 1, problem: { code: "PROFILE_FILE_YAML", reason } }] };
  }
  const validated = validateProfile(value);
  if (validated.source === undefined) {
    return {
      mistakes: validated.issues.map(({ path, key, problem }) => ({
        file,
        ...placeOf(document, lines, path, key),
        problem,
      })),
    };
  }
  const { profile, problems } = buildProfile(validated.source);
  if (profile !== undefined) return { profile, mistakes: [] };
  return {
    mistakes: problems.map((problem) => ({ file, ...placeOf(document, lines, problem.path, undefined), problem })),
  };
}

/** Where a value starts, or the key that names it; of what is missing, what should hold it. */
function placeOf(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
  key: string | undefined,
): { readonly line: number; readonly column: number } {
  for (let length = path.length; length >= 0; length--) {
    const holder = document.getIn(path.slice(0, length), true);
    const offset = key !== undefined && length === path.length ? keyOffset(holder, key) : offsetOf(holder);
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}

function keyOffset(node: unknown, key: string): number | undefined {
  if (typeof node !== "object" || node === null || !("items" in node) || !Array.isArray(node.items)) return undefined;
  for (const item of node.items as readonly { readonly key?: unknown }[]) {
    const name = item.key;
    if (typeof name === "object" && name !== null && "value" in name && String(name.value) === key)
      return offsetOf(name);
  }
  return undefined;
}
