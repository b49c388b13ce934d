/** Places in what was read from a file: what stands there, and how people name it. */

export type FieldPath = readonly (string | number)[];

/** `binding.reads[0].topic` */
export function fieldName(path: FieldPath): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${part}`)).join("");
}

/** Undefined where there is no such place; nothing is inherited. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
